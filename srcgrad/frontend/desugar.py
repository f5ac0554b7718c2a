"""Control flow made structured: `break`, `continue`, early `return` and loop `else` become `if` and flags.

In: the statements of a function. Out: statements without those four, over the node classes defined here. The
input tree is left as it is. Wherever an exit ends a branch, what follows moves into the other branch, so that flags are
only needed to leave loops and for branches that exit on some of their paths:

    if c:                          if c:
        return a        becomes        SetReturn(a)
    REST                           else:
                                       REST
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

RESULT = "result#"
"""The variable that holds what the function returns; `#` keeps it apart from the user's names."""


class SetReturn(ast.stmt):
    """`RESULT = value`, for a `return` statement."""

    _fields = ("value",)
    value: ast.expr


class SetFlag(ast.stmt):
    """`flag = on`."""

    _fields = ()
    _attributes = ("lineno", "col_offset", "end_lineno", "end_col_offset")
    flag: str
    on: bool


class FlagsClear(ast.expr):
    """True when none of the flags is set."""

    _fields = ()
    flags: tuple[str, ...]


class ForLoop(ast.stmt):
    """A `for` loop that ends early when one of `stop` is set."""

    _fields = ("target", "iter", "body")
    target: ast.expr
    iter: ast.expr
    body: list[ast.stmt]
    stop: tuple[str, ...]


class WhileLoop(ast.stmt):
    """A `while` loop that ends early when one of `stop` is set."""

    _fields = ("test", "body")
    test: ast.expr
    body: list[ast.stmt]
    stop: tuple[str, ...]


class Enter(ast.stmt):
    """The beginning of a `with` statement, whose body follows."""

    _fields = ("items",)
    items: list[ast.withitem]


class Emit(ast.stmt):
    """Hand the value of `elt` to whoever runs the loop it stands in; `sink` may set the variables `names`."""

    _fields = ("elt",)
    elt: ast.expr
    names: tuple[str, ...]
    sink: Callable[[Any], None]


class Computed(ast.expr):
    """An expression that is a function of the frontend."""

    _fields = ()
    compute: Callable[[], Any]


class Exit(enum.Enum):
    BREAK = "break"
    CONTINUE = "continue"
    RETURN = "return"


@dataclass(frozen=True)
class _LoopFlags:
    broke: str
    continued: str


def desugar(body: list[ast.stmt], is_lambda_body: bool = False) -> list[ast.stmt]:
    """The statements of a function body in structured form."""
    if may_exit(body) and not always_exits(body):
        last = ast.Return(ast.copy_location(ast.Constant(None), body[-1]))
        body = [*body, ast.copy_location(last, body[-1])]
    result = _Desugar().block(body, None)
    read = set(_flags_read(result))
    first = [_set_flag("returned#", False, body[0])] if "returned#" in read else []
    return [*first, *_without_dead_flags(result, read)]


def return_statement(value: ast.expr) -> list[ast.stmt]:
    """The body of a lambda."""
    statement = SetReturn()
    statement.value = value
    return [ast.copy_location(statement, value)]


def may_exit(statements: Iterable[ast.stmt]) -> frozenset[Exit]:
    """The ways in which control may leave a list of statements before its end (exceptions apart)."""
    found: set[Exit] = set()
    for statement in statements:
        match statement:
            case ast.Break():
                found.add(Exit.BREAK)
            case ast.Continue():
                found.add(Exit.CONTINUE)
            case ast.Return():
                found.add(Exit.RETURN)
            case ast.If(body=body, orelse=orelse):
                found |= may_exit(body) | may_exit(orelse)
            case ast.With(body=body):
                found |= may_exit(body)
            case ast.For(body=body, orelse=orelse) | ast.While(body=body, orelse=orelse):
                found |= (may_exit(body) & {Exit.RETURN}) | may_exit(orelse)
            case _:
                pass
    return frozenset(found)


def always_exits(statements: list[ast.stmt]) -> bool:
    """Does control never reach the end of these statements?"""
    return any(map(_always, statements))


def _always(statement: ast.stmt) -> bool:
    match statement:
        case ast.Break() | ast.Continue() | ast.Return() | ast.Raise():
            return True
        case ast.If(body=body, orelse=orelse):
            return always_exits(body) and always_exits(orelse)
        case ast.With(body=body):
            return always_exits(body)
        case ast.While(test=ast.Constant(value=test), body=body) if test:
            return not _breaks(body)
        case _:
            return False


def _breaks(body: list[ast.stmt]) -> bool:
    return Exit.BREAK in may_exit(body)


class _Desugar:
    """Rewrites blocks, innermost last; numbers the flags of the loops it meets."""

    def __init__(self) -> None:
        self.loops = 0

    def block(self, statements: list[ast.stmt], loop: _LoopFlags | None) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        pending = list(statements)
        while pending:
            statement, *pending = pending
            match statement:
                case ast.Return() | ast.Break() | ast.Continue():
                    return out + self.leave(statement, loop)
                case ast.With(items=items, body=body):
                    enter = Enter()
                    enter.items = items
                    pending = [ast.copy_location(enter, statement), *body, *pending]
                case ast.If() if may_exit([statement]):
                    return out + self.branch(statement, pending, loop)
                case ast.If(test=test, body=body, orelse=orelse):
                    out.append(_if(test, self.block(body, loop), self.block(orelse, loop), statement))
                case ast.For() | ast.While():
                    rest = self.loop(statement, out, pending, loop)
                    if rest is not None:
                        return out + rest
                    pending = self.after
                case ast.Raise():
                    return [*out, statement]
                case _:
                    out.append(statement)
        return out

    def leave(self, statement: ast.stmt, loop: _LoopFlags | None) -> list[ast.stmt]:
        """What stands for a `return`, `break` or `continue`."""
        match statement:
            case ast.Return(value=value):
                kept = SetReturn()
                kept.value = value or ast.copy_location(ast.Constant(None), statement)
                return [ast.copy_location(kept, statement), _set_flag("returned#", True, statement)]
            case ast.Break() if loop:
                return [_set_flag(loop.broke, True, statement)]
            case _:
                return [_set_flag(loop.continued, True, statement)] if loop else []

    def branch(self, node: ast.If, rest: list[ast.stmt], loop: _LoopFlags | None) -> list[ast.stmt]:
        """An `if` some path of which exits, followed by `rest`."""
        if always_exits(node.body):
            return [_if(node.test, self.block(node.body, loop), self.block([*node.orelse, *rest], loop), node)]
        if always_exits(node.orelse):
            return [_if(node.test, self.block([*node.body, *rest], loop), self.block(node.orelse, loop), node)]
        first = _if(node.test, self.block(node.body, loop), self.block(node.orelse, loop), node)
        if not rest:
            return [first]
        flags = tuple(self.flag(kind, loop) for kind in Exit if kind in may_exit([node]))
        return [first, _if(_clear(flags, rest[0]), self.block(rest, loop), [], rest[0])]

    def flag(self, kind: Exit, loop: _LoopFlags | None) -> str:
        if kind is Exit.RETURN or loop is None:
            return "returned#"
        return loop.broke if kind is Exit.BREAK else loop.continued

    def loop(
        self, node: ast.For | ast.While, out: list[ast.stmt], rest: list[ast.stmt], outer: _LoopFlags | None
    ) -> list[ast.stmt] | None:
        """Append the loop to `out`. Gives what stands for `rest` if that is guarded, else sets `after`."""
        self.loops += 1
        flags = _LoopFlags(f"broke#{self.loops}", f"continued#{self.loops}")
        exits = may_exit(node.body)
        stop = tuple(self.flag(k, flags) for k in (Exit.BREAK, Exit.RETURN) if k in exits)
        body = [_set_flag(flags.continued, False, node), *self.block(node.body, flags)]
        if Exit.BREAK in exits:
            out.append(_set_flag(flags.broke, False, node))
        out.append(_loop(node, body, stop))
        self.after = [*node.orelse, *rest]
        if not stop or not self.after:
            return None
        if node.orelse and Exit.BREAK in exits:
            guarded = ast.If(_clear(stop, node.orelse[0]), node.orelse, [])
            self.after = [ast.copy_location(guarded, node.orelse[0]), *rest]
            if Exit.RETURN not in exits:
                return None
            return [_if(_clear(("returned#",), node), self.block(self.after, outer), [], node)]
        if Exit.RETURN not in exits:
            return None
        return [_if(_clear(("returned#",), node), self.block(self.after, outer), [], node)]


def _if(test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt], at: ast.AST) -> ast.If:
    return ast.copy_location(ast.If(test, body, orelse), at)


def _clear(flags: tuple[str, ...], at: ast.AST) -> FlagsClear:
    node = FlagsClear()
    node.flags = flags
    return ast.copy_location(node, at)


def _set_flag(flag: str, on: bool, at: ast.AST) -> SetFlag:
    node = SetFlag()
    node.flag, node.on = flag, on
    return ast.copy_location(node, at)


def _loop(node: ast.For | ast.While, body: list[ast.stmt], stop: tuple[str, ...]) -> ast.stmt:
    loop: ForLoop | WhileLoop
    if isinstance(node, ast.For):
        loop = ForLoop()
        loop.target, loop.iter = node.target, node.iter
    else:
        loop = WhileLoop()
        loop.test = node.test
    loop.body, loop.stop = body, stop
    return ast.copy_location(loop, node)


def _flags_read(statements: list[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ForLoop | WhileLoop):
            yield from statement.stop
        if isinstance(statement, ast.If) and isinstance(statement.test, FlagsClear):
            yield from statement.test.flags
        for inner in _blocks(statement):
            yield from _flags_read(inner)


def _blocks(statement: ast.stmt) -> tuple[list[ast.stmt], ...]:
    match statement:
        case ast.If(body=body, orelse=orelse):
            return (body, orelse)
        case ForLoop(body=body) | WhileLoop(body=body):
            return (body,)
        case _:
            return ()


def _without_dead_flags(statements: list[ast.stmt], read: set[str]) -> list[ast.stmt]:
    """The (fresh) statements without the setting of flags that nobody asks for."""
    for statement in statements:
        for inner in _blocks(statement):
            inner[:] = _without_dead_flags(inner, read)
    return [s for s in statements if not (isinstance(s, SetFlag) and s.flag not in read)]
