"""A callee as a function of its own, and its derivative written where the call stands.

In: a callee with its arguments by parameter, and which of them are differentiated. Out: an IR function of these and of
what it uses from around it; then the results of its derivative, whose statements are in the function around. Memory
from around is not written: what the callee writes into its arguments stays in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from srcgrad.config import Transform
from srcgrad.errors import Unsupported
from srcgrad.frontend.arrays import materialise, shape
from srcgrad.frontend.callee_parameters import Bound
from srcgrad.frontend.closing import check_snapshots, own_results, with_copies
from srcgrad.frontend.context import Context, Inner, Refused, Unknown
from srcgrad.frontend.elementwise import array_of, force, same_length
from srcgrad.frontend.kinds import Merge, coerce, converted, reference_type
from srcgrad.frontend.ownership import reachable_helpers, written_by
from srcgrad.frontend.scalars import cast, present, settle
from srcgrad.frontend.values import (
    BOTTOM,
    NONE,
    Arr,
    Num,
    NumberList,
    Record,
    Static,
    Value,
    describe,
    new_token,
    whole,
)  # fmt: skip
from srcgrad.ir.nodes import Atom, Block, Function, Statement, Sym
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import clone_block, defined_symbols, free_symbols


@dataclass
class InnerCall:
    """A callee on its way to being differentiated: its parameters are symbols of its own."""

    ctx: Context
    callee: Value
    bound: Bound
    moving: frozenset[int]
    values: list[Value] = field(default_factory=list)
    symbols: list[Sym] = field(default_factory=list)
    atoms: list[Atom] = field(default_factory=list)
    active: list[Sym] = field(default_factory=list)
    homes: dict[Sym, Sym] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pairs = zip(self.bound.names, self.bound.values)
        self.values = [
            self._opened(force(self.ctx, value, name), name, k in self.moving) for k, (name, value) in enumerate(pairs)
        ]

    def _opened(self, value: Value, hint: str, moving: bool) -> Value:
        """The argument as the callee sees it: arrays and what is differentiated are parameters, all else is itself."""
        ctx = self.ctx
        match settle(ctx, value):
            case Num(atom) as number if moving and number.type.is_inexact:
                if number.type.is_complex:
                    refuse_complex(ctx)
                return Num(self._parameter(hint, number.type, atom, True))
            case Num() if moving and hint in self.bound.names:
                ctx.refuse(
                    f"the argument {hint!r} to differentiate is {describe(value)}",
                    label="called here",
                    why="only floating-point numbers have derivatives",
                    advice=f"pass float({hint})",
                )
            case Arr() as array:
                if array.dtype.kind == "c":
                    refuse_complex(ctx)
                active = moving and array.dtype.kind == "f"
                symbol = self._parameter(hint, reference_type(array), materialise(ctx, array, hint), active)
                assert isinstance(symbol, Sym)
                self.homes[symbol] = ctx.memory_of(array.base)
                ctx.shapes[symbol] = shape(ctx, array)
                ctx.note_parameter(symbol)
                return whole(symbol)
            case NumberList(array):
                opened = self._opened(array, hint, moving)
                assert isinstance(opened, Arr)
                return NumberList(opened)
            case Record(container, keys, items):
                inner = tuple(self._opened(item, f"{hint}_{key}", moving) for key, item in zip(keys, items))
                return Record(container, keys, inner, new_token(container))
            case settled:
                return settled

    def _parameter(self, hint: str, type_: Any, atom: Atom, active: bool) -> Sym:
        symbol = Sym(hint, type_)
        self.symbols.append(symbol)
        self.atoms.append(atom)
        if active:
            self.active.append(symbol)
        return symbol

    def lowered(self, checked: Callable[[Value], Value]) -> tuple[Function, Value, list[Sym]]:
        """The callee as a function of its parameters and of what it uses from around it; the value it returns, and the
        symbols in that which stand for its results."""
        ctx = self.ctx
        if not self.active:
            ctx.refuse(
                "there is nothing to differentiate",
                label="called here",
                why="none of these arguments holds a floating-point number",
                advice="choose another argument",
            )
        around = [dict(scope.env) for scope in ctx.scopes]
        before = ctx.writes()
        merge = Merge()
        with ctx.block() as statements:
            value = present(ctx, force(ctx, ctx.call(self.callee, self.bound.arguments(self.values)), "result"))
            if value is BOTTOM:
                raise Unknown
            value = checked(value)
            template = merge.open(value, "result")
            results = coerce(ctx, value, template, frozenset(merge.made))
        assert [dict(scope.env) for scope in ctx.scopes] == around, "a function changes variables around it"
        del ctx.written[before:]  # memory of its own: what is not, is refused
        return self._closed(statements, results), template, merge.made

    def _closed(self, statements: Sequence[Statement], results: list[Atom]) -> Function:
        ctx = self.ctx
        block = Block(tuple(statements), tuple(results))
        around = free_symbols(block, tuple(self.symbols))
        try:
            helpers = reachable_helpers(block, ctx.functions)
        except KeyError:
            ctx.refuse(
                "a recursive function differentiates one that calls it",
                label="called here",
                why="neither can be compiled before the other",
                advice="take the derivative outside",
            )
        span = ctx.span
        function = Function(_name(self.bound.function), (*self.symbols, *around), block, span, helpers)
        self._check(function)
        self.symbols += around
        self.atoms += around
        stores = written_by(function)
        written = [symbol for symbol in function.params if symbol in stores]
        self._refuse_writes(written, around)
        return own_results(replace(function, body=with_copies(function.body, written, span)), span)

    def _check(self, function: Function) -> None:
        """What was copied in here, where Python might not have."""
        ctx = self.ctx
        try:
            check_snapshots(ctx, function)
        except Unsupported as error:
            raise Refused(error.diagnostics[0]) from None
        inside = set(defined_symbols(function.body))
        ctx.snapshots = [shot for shot in ctx.snapshots if shot.made not in inside]

    def _refuse_writes(self, written: Sequence[Sym], around: Sequence[Sym]) -> None:
        """Arrays from outside are not written, nor may one that is written have a second name."""
        ctx = self.ctx
        for symbol in written:
            if symbol in around:
                ctx.refuse(f"a function that is differentiated here writes into {symbol.hint!r}", label="called here",
                           why="the array belongs to the code around it", advice="pass it as an argument")  # fmt: skip
            own = self.homes[symbol]
            for other, home in self.homes.items():
                if other is symbol:
                    continue
                known = all(memory in ctx.fresh or memory in ctx.parameters for memory in (own, home))
                if home is not own and known:
                    ctx.kept_apart |= {own, home} & ctx.parameters  # seen when the function is called
                else:
                    ctx.refuse(
                        f"the argument {symbol.hint!r} is written, and may share memory with {other.hint!r}",
                        label="called here", why="which of them changes would be unknown",
                        advice=f"pass a copy: {symbol.hint}.copy()",
                    )  # fmt: skip

    # -- its derivative, in place -------------------------------------------------------------------------------

    def spliced(
        self, function: Function, transform: Transform, strong_zero: bool, seeds: Sequence[Atom]
    ) -> tuple[Atom, ...]:
        """The results of the derivative, whose statements are written here."""
        ctx = self.ctx
        if ctx.differentiate is None:
            ctx.refuse("derivatives inside a function are not compiled here", advice="take them outside")
        positions = tuple(self.symbols.index(symbol) for symbol in self.active)
        try:
            made = ctx.differentiate(Inner(function, positions, transform, strong_zero))
        except Unsupported as error:
            ctx.diagnostics.extend(error.diagnostics[1:])
            raise Refused(error.diagnostics[0]) from None
        made = own_results(made, ctx.span)
        ctx.functions.update({helper.callee: helper for helper in made.helpers if helper.callee is not None})
        mapping: dict[Sym, Atom] = dict(zip(made.params, (*self.atoms, *seeds), strict=True))
        block = clone_block(made.body, mapping)
        ctx.builder.extend(block.statements)
        for atom in block.results:
            if isinstance(atom, Sym) and not isinstance(atom.type, Scalar):
                ctx.allocated(atom)
                ctx.in_rows.add(atom)
        return block.results

    def gradient(self, position: int, gradients: Iterator[Atom]) -> Value:
        """The gradient of an argument, in its structure."""
        return floating_part(self.values[position], gradients, frozenset(self.active))

    def tangents(self, position: int, given: Value) -> Iterator[Atom]:
        """The tangents of what is differentiated in an argument."""
        return self._matched(self.values[position], force(self.ctx, given, "tangent"))

    def _matched(self, value: Value, given: Value) -> Iterator[Atom]:
        ctx = self.ctx
        given = settle(ctx, given)
        match value, given:
            case Num(Sym() as symbol), Num(atom) if symbol in self.active:
                yield cast(ctx, atom, value.type)
            case (Arr() | NumberList()), (Arr() | NumberList()):
                own = value.array if isinstance(value, NumberList) else value
                if own.base not in self.active:
                    return
                array = array_of(ctx, given)
                if array.ndim != own.ndim:
                    self._refuse_tangent(given)
                for a, b in zip(ctx.shapes[own.base], shape(ctx, array)):
                    same_length(ctx, a, b, "a tangent has another shape than its primal")
                yield materialise(ctx, array if array.dtype == own.dtype else converted(ctx, array, own.dtype))
            case Record(keys=keys), Record() if set(keys) == set(given.keys):
                for key, item in zip(keys, value.items):
                    yield from self._matched(item, given.get(key) or NONE)
            case (Num() | Arr() | NumberList()), Static(None) if not self._is_active(value):
                return
            case (Num() | Arr() | NumberList() | Record()), _ if self._is_active(value):
                self._refuse_tangent(given)
            case _:
                return

    def _is_active(self, value: Value) -> bool:
        match value:
            case Num(atom):
                return atom in self.active
            case Arr(base):
                return base in self.active
            case NumberList(array):
                return array.base in self.active
            case Record(items=items):
                return any(map(self._is_active, items))
        return False

    def _refuse_tangent(self, given: Value) -> NoReturn:
        self.ctx.refuse(
            "a tangent does not have the structure of its primal",
            label=describe(given),
            why="each number moves in a direction of its own",
            advice="give it the same structure and shape",
        )


def floating_part(value: Value, atoms: Iterator[Atom], active: frozenset[Sym] | None = None) -> Value:
    """The structure of a value, the next of `atoms` for each floating leaf (that is `active`), and None for others."""
    match value:
        case Num(own) if value.type.is_float and (active is None or own in active):
            return Num(next(atoms))
        case Arr(base) if value.dtype.kind == "f" and (active is None or base in active):
            found = next(atoms)
            assert isinstance(found, Sym)
            return whole(found)
        case NumberList(array):
            inner = floating_part(array, atoms, active)
            return NumberList(inner) if isinstance(inner, Arr) else NONE
        case Record(container, keys, items):
            return Record(
                container, keys, tuple(floating_part(item, atoms, active) for item in items), new_token(container)
            )
        case _:
            return NONE


def _name(function: str) -> str:
    return function if function.isidentifier() else "inner"


def refuse_complex(ctx: Context) -> NoReturn:
    """Complex numbers are not differentiated inside a function."""
    ctx.refuse(
        "a derivative inside a function is not compiled for complex numbers",
        label="called here",
        why="the two conventions for complex derivatives would meet",
        advice="differentiate with respect to the real and imaginary parts",
    )
