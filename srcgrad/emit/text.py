"""Python text with its binding strength: parentheses exactly where Python's grammar needs them.

In: templates such as `{0} + {1}` and operand texts. Out: one text. Whether an operand needs parentheses at its place
is not looked up in a table: Python's own parser is asked whether the text without them means the same.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import Enum
from functools import cache


class Level(Enum):
    """The outermost construct of an expression; the value is a sample of it."""

    TERNARY = "u if v else w"
    OR = "u or v"
    AND = "u and v"
    NOT = "not u"
    COMPARE = "u < v"
    BIT_OR = "u | v"
    BIT_XOR = "u ^ v"
    BIT_AND = "u & v"
    SHIFT = "u << v"
    SUM = "u + v"
    PRODUCT = "u * v"
    UNARY = "-u"
    POWER = "u ** v"
    NUMBER = "1"
    ATOM = "u"


@dataclass(frozen=True)
class Text:
    """An expression's text and its outermost construct."""

    text: str
    level: Level = Level.ATOM

    def __str__(self) -> str:
        return self.text


_BINARY: dict[type, Level] = {
    ast.BitOr: Level.BIT_OR, ast.BitXor: Level.BIT_XOR, ast.BitAnd: Level.BIT_AND,
    ast.LShift: Level.SHIFT, ast.RShift: Level.SHIFT, ast.Add: Level.SUM, ast.Sub: Level.SUM,
    ast.Mult: Level.PRODUCT, ast.Div: Level.PRODUCT, ast.FloorDiv: Level.PRODUCT, ast.Mod: Level.PRODUCT,
    ast.MatMult: Level.PRODUCT, ast.Pow: Level.POWER,
}  # fmt: skip



def _parse(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


@cache
def level_of(template: str) -> Level:
    """The outermost construct of a template."""
    match _parse(template.format(*(f"p{k}" for k in range(10)))):
        case ast.IfExp():
            return Level.TERNARY
        case ast.BoolOp(op=ast.Or()):
            return Level.OR
        case ast.BoolOp():
            return Level.AND
        case ast.UnaryOp(op=ast.Not()):
            return Level.NOT
        case ast.UnaryOp():
            return Level.UNARY
        case ast.Compare():
            return Level.COMPARE
        case ast.BinOp(op=operator):
            return _BINARY[type(operator)]
        case ast.Constant(value=int() | float()):
            return Level.NUMBER
        case None:
            raise ValueError(f"not an expression: {template!r}")
        case _:
            return Level.ATOM


@cache
def needs_parentheses(template: str, position: int, level: Level) -> bool:
    """Whether an operand of that level must be parenthesised at that position of the template."""
    if level is Level.ATOM:
        return False
    names = [f"p{k}" for k in range(10)]
    bare, wrapped = list(names), list(names)
    bare[position], wrapped[position] = level.value, f"({level.value})"
    without, with_ = _parse(template.format(*bare)), _parse(template.format(*wrapped))
    assert with_ is not None, template
    unreadable = template == "-{0}" and level is Level.UNARY
    return unreadable or without is None or ast.dump(without) != ast.dump(with_)


def apply(template: str, *operands: Text) -> Text:
    """The template with its operands filled in."""
    filled = [f"({o.text})" if needs_parentheses(template, k, o.level) else o.text for k, o in enumerate(operands)]
    if template == "{0}":
        return operands[0]
    return Text(template.format(*filled), level_of(template))


@cache
def printed_once(template: str, position: int) -> bool:
    """Whether the operand is evaluated at most once where the template is."""
    return template.count(f"{{{position}}}") <= 1


@cache
def conditional(template: str, position: int) -> bool:
    """Whether the operand is evaluated on some paths only: in an arm of a ternary, or after `and` / `or`."""
    tree = _parse(template.format(*(f"p{k}" for k in range(10))))
    assert tree is not None, template
    for node in ast.walk(tree):
        arms: list[ast.expr] = []
        if isinstance(node, ast.IfExp):
            arms = [node.body, node.orelse]
        elif isinstance(node, ast.BoolOp):
            arms = node.values[1:]
        for arm in arms:
            if any(isinstance(n, ast.Name) and n.id == f"p{position}" for n in ast.walk(arm)):
                return True
    return False
