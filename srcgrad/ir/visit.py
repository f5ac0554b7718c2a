"""Walking and rewriting IR: what every pass would otherwise write again.

`substitute` renames uses, `clone` gives every definition inside a block a fresh symbol (so that a block can stand
in two places), `walk` visits statements in program order, `free_symbols` finds what a block uses from outside.
The rewriters return the same object when nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from operator import is_
from typing import Any, get_args

from srcgrad.ir.nodes import (
    Atom,
    Block,
    Const,
    For,
    Function,
    Let,
    Load,
    Slice,
    Statement,
    Sym,
    While,
    blocks,
    definitions,
    operands,
)  # fmt: skip


def walk(block: Block) -> Iterator[Statement]:
    """Every statement of a block and of the blocks nested in it, outer before inner, in program order."""
    for statement in block.statements:
        yield statement
        for inner in blocks(statement):
            yield from walk(inner)


def loops_of(loop: For) -> list[For]:
    """A loop and those inside it, outer before inner."""
    return [loop, *(s for s in walk(loop.body) if isinstance(s, For))]


def inner_symbols(statement: Statement) -> tuple[Sym, ...]:
    """What a statement defines for its nested blocks: index, counter and parameters of a loop."""
    match statement:
        case For(index=index, parameters=parameters):
            return (index, *parameters)
        case While(counter=counter, parameters=parameters):
            return (counter, *parameters)
        case _:
            return ()


def defined_symbols(block: Block) -> Iterator[Sym]:
    """Every symbol defined anywhere inside a block."""
    for statement in walk(block):
        yield from definitions(statement)
        yield from inner_symbols(statement)


def used_symbols(block: Block) -> Iterator[Sym]:
    """Every use of a symbol inside a block, results included, with repetitions."""
    for statement in block.statements:
        yield from (atom for atom in operands(statement) if isinstance(atom, Sym))
        for inner in blocks(statement):
            yield from used_symbols(inner)
    yield from (atom for atom in block.results if isinstance(atom, Sym))


def mentions(statement: Statement, atom: Atom) -> bool:
    """Does a statement, or one inside it, use a value, or does a block in it hand the value on?"""
    return any(a is atom for a in operands(statement)) or any(uses(block, atom) for block in blocks(statement))


def uses(block: Block, atom: Atom) -> bool:
    """Does a block mention a value, or hand it on?"""
    return any(mentions(s, atom) for s in block.statements) or any(a is atom for a in block.results)


def free_symbols(block: Block, bound: tuple[Sym, ...] = ()) -> tuple[Sym, ...]:
    """The symbols a block uses but does not define, in order of first use, without repetition.

    `bound` are the parameters and index of the loop that owns the block."""
    inside = set(defined_symbols(block)) | set(bound)
    return tuple(dict.fromkeys(symbol for symbol in used_symbols(block) if symbol not in inside))


def map_atoms(statement: Statement, atom: Callable[[Atom], Atom], block: Callable[[Block], Block]) -> Statement:
    """The statement with `atom` applied to its operands and `block` to its nested blocks."""
    if isinstance(statement, Let):  # the two commonest kinds, without the generic machinery: passes live here
        arguments = _map_tuple(statement.arguments, atom)
        if arguments is statement.arguments:
            return statement
        return Let(statement.result, statement.op, arguments, statement.span)
    if isinstance(statement, Load):
        array, index = atom(statement.array), _map_tuple(statement.index, atom)
        if array is statement.array and index is statement.index:
            return statement
        assert isinstance(array, Sym)
        return Load(statement.result, array, index, statement.span)
    changes: dict[str, Any] = {}
    for name in _OPERAND_FIELDS[type(statement)]:
        old = getattr(statement, name)
        new = _map_value(old, atom, block)
        if new is not old:
            changes[name] = new
    return replace(statement, **changes) if changes else statement


def _operand_fields(kind: type) -> tuple[str, ...]:
    """The fields of a statement class that hold operands and blocks, not what it defines."""
    skip = {"result", "results", "parameters", "trips", "counter", "span"} | ({"index"} if kind is For else set())
    return tuple(field.name for field in fields(kind) if field.name not in skip)


_OPERAND_FIELDS: dict[type, tuple[str, ...]] = {kind: _operand_fields(kind) for kind in get_args(Statement)}


def _map_tuple(atoms: tuple[Atom, ...], atom: Callable[[Atom], Atom]) -> tuple[Atom, ...]:
    new = tuple(map(atom, atoms))
    return atoms if all(map(is_, new, atoms)) else new


def _map_value(value: object, atom: Callable[[Atom], Atom], block: Callable[[Block], Block]) -> object:
    match value:
        case Sym() | Const():
            return atom(value)
        case Block():
            return block(value)
        case Slice(start, length, step):
            new = (atom(start), atom(length), atom(step))
            return value if all(a is b for a, b in zip(new, (start, length, step))) else Slice(*new)
        case tuple():
            mapped = tuple(_map_value(item, atom, block) for item in value)
            return value if all(a is b for a, b in zip(mapped, value)) else mapped
        case _:
            return value


def map_definitions(statement: Statement, rename: Callable[[Sym], Sym]) -> Statement:
    """The statement with `rename` applied to everything it defines (for itself and for its nested blocks)."""
    changes: dict[str, Any] = {}
    names = ["result", "trips", "counter"] + (["index"] if isinstance(statement, For) else [])
    for name in names:
        if hasattr(statement, name):
            changes[name] = rename(getattr(statement, name))
    for name in ("results", "parameters"):
        if hasattr(statement, name):
            changes[name] = tuple(map(rename, getattr(statement, name)))
    changes = {name: new for name, new in changes.items() if new != getattr(statement, name)}
    return replace(statement, **changes) if changes else statement


def substitute(block: Block, mapping: Mapping[Sym, Atom]) -> Block:
    """The block with every *use* of a mapped symbol replaced."""
    if not mapping:
        return block

    def atom(old: Atom) -> Atom:
        return mapping.get(old, old) if isinstance(old, Sym) else old

    def rewrite(inner: Block) -> Block:
        statements = tuple(map_atoms(statement, atom, rewrite) for statement in inner.statements)
        results = tuple(map(atom, inner.results))
        same = all(a is b for a, b in zip(statements, inner.statements))
        if same and all(a is b for a, b in zip(results, inner.results)):
            return inner
        return Block(statements, results)

    return rewrite(block)


def fresh(symbol: Sym) -> Sym:
    """A new symbol with the same name hint and type."""
    return Sym(symbol.hint, symbol.type)


def clone_statement(statement: Statement, mapping: dict[Sym, Atom]) -> Statement:
    """A copy with fresh symbols for all it defines; `mapping` renames uses and is extended by the new symbols."""

    def rename(old: Sym) -> Sym:
        new = fresh(old)
        mapping[old] = new
        return new

    def atom(old: Atom) -> Atom:
        return mapping.get(old, old) if isinstance(old, Sym) else old

    renamed = map_atoms(statement, atom, lambda inner: inner)  # operands first: they see the old scope
    renamed = map_definitions(renamed, rename)
    return map_atoms(renamed, lambda old: old, lambda inner: clone_block(inner, mapping))


def clone_block(block: Block, mapping: dict[Sym, Atom]) -> Block:
    """A copy of a block with fresh symbols for everything defined in it; see `clone_statement`."""
    statements = tuple(clone_statement(statement, mapping) for statement in block.statements)
    results = tuple(mapping.get(a, a) if isinstance(a, Sym) else a for a in block.results)
    return Block(statements, results)


def rebuild(function: Function, body: Block) -> Function:
    """The function with another body; the same object when the body is the same."""
    return function if body is function.body else replace(function, body=body)

