"""Derivative formulas: a small expression language with Python's syntax, parsed once when a rule is registered.

A formula is made of the argument names of its operation, the result `r`, numbers, `+ - * / **`, unary minus,
comparisons, `a if c else b` (both sides are evaluated: it becomes a `select`) and calls of other operations by
name. `float(n)` casts an integer argument to the dtype of the result.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """An argument of the operation, or its result `r`."""

    name: str


@dataclass(frozen=True)
class Number:
    value: float | int


@dataclass(frozen=True)
class Apply:
    """Another operation, by its name in the table, on sub-formulas."""

    op: str
    arguments: tuple[Formula, ...]


Formula = Name | Number | Apply

_BINARY: dict[type, str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
}
_COMPARE: dict[type, str] = {
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}


def parse(text: str, names: tuple[str, ...]) -> Formula:
    """Read `text` as a formula over `names`. Raises `ValueError` for anything outside the language."""
    return _convert(ast.parse(text, mode="eval").body, names, text)


def names_in(formula: Formula) -> frozenset[str]:
    """The argument names (and possibly `r`) that a formula uses: the values it needs."""
    match formula:
        case Name(name):
            return frozenset({name})
        case Apply(_, arguments):
            return frozenset().union(*map(names_in, arguments))
        case _:
            return frozenset()


def _convert(node: ast.expr, names: tuple[str, ...], text: str) -> Formula:
    def convert(child: ast.expr) -> Formula:
        return _convert(child, names, text)

    match node:
        case ast.Name(id=name) if name in names:
            return Name(name)
        case ast.Constant(value=int() | float() as value):
            return Number(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return Number(-value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Apply("neg", (convert(operand),))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            return Apply(_BINARY[type(operator)], (convert(left), convert(right)))
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARE:
            return Apply(_COMPARE[type(operator)], (convert(left), convert(right)))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return Apply("select", (convert(test), convert(body), convert(orelse)))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            return Apply(function, tuple(map(convert, arguments)))
        case _:
            raise ValueError(f"not a derivative formula: {ast.unparse(node)!r} in {text!r}")
