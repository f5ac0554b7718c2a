"""Derivatives that a function computes: `grad(f)(x)` and `jvp(f, (x,), (v,))` in the user's code.

In: a callee and evaluated arguments. Out: the value of the derivative. The callee is lowered as a function of its own,
`Context.differentiate` makes its derivative, and the statements of that are written where the call stands: for what
differentiates the function around, they are code like any other.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from srcgrad.config import Options, Transform
from srcgrad.errors import ArgumentError, Unsupported
from srcgrad.frontend.arrays import materialise, shape
from srcgrad.frontend.closing import check_snapshots, copied, own_results, with_copies
from srcgrad.frontend.context import Arguments, Context, Inner, Refused, Unknown, caller
from srcgrad.frontend.elementwise import array_of, force, same_length
from srcgrad.frontend.kinds import Merge, coerce, converted, reference_type, rename
from srcgrad.frontend.ownership import reachable_helpers, written_by
from srcgrad.frontend.parameters import bind_parameters, defaults_of
from srcgrad.frontend.scalars import cast, present, settle
from srcgrad.frontend.source import Source, argument_names, source_of, unwrap
from srcgrad.frontend.statics import is_dynamic, static_object
from srcgrad.frontend.values import (
    BOTTOM,
    NONE,
    Arr,
    Closure,
    Derived,
    Num,
    NumberList,
    Record,
    Static,
    Value,
    describe,
    new_token,
    tuple_of,
    whole,
)  # fmt: skip
from srcgrad.infer.derivation import Derivation, differentiated
from srcgrad.ir.nodes import Atom, Block, Function, Statement, Sym
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import clone_block, defined_symbols, free_symbols

_GRADIENTS = (Transform.GRAD, Transform.VALUE_AND_GRAD)


# -- what is asked for --------------------------------------------------------------------------------------------


def derived(ctx: Context, transform: Transform, arguments: Arguments) -> Value:
    """The value of a call of `grad`, `value_and_grad` or `jvp`."""
    if transform is Transform.JVP:
        return _jvp(ctx, arguments)
    if transform is Transform.PRIMAL and len(arguments.positional) == 1:
        return arguments.positional[0]
    if transform not in _GRADIENTS:
        ctx.refuse(
            f"{transform.value} is not compiled inside a function",
            label="called here",
            why="only grad, value_and_grad and jvp are",
            advice="take it outside, or write it as a loop over jvp(f, (x,), (v,)), of grad(f) for a Hessian",
        )
    names = ("fun", "argnums")
    given = {**dict(zip(names, arguments.positional)), **arguments.keywords}
    callee = given.pop("fun", BOTTOM)
    if callee is BOTTOM or len(arguments.positional) > len(names):
        ctx.refuse(f"{transform.value} needs a function", why="it was called without one, or with too many arguments",
                   advice=f"write {transform.value}(f)(x)")  # fmt: skip
    known = {name: _known(ctx, name, value) for name, value in given.items()}
    plain = {name: known.pop(name) for name in ("argnums", "argnames", "has_aux") if name in known}
    return Derived(callee, Derivation(transform, **plain, options=_options(ctx, known)))


def _known(ctx: Context, name: str, value: Value) -> Any:
    found = static_object(value)
    if is_dynamic(found):
        ctx.refuse(f"{name} must be known before the function runs", label=describe(value),
                   why="it decides which code is made", advice="write a constant")  # fmt: skip
    return found


def _options(ctx: Context, given: dict[str, Any]) -> Options:
    """The options of a derivative inside a function; those of compilation are the function's around."""
    names = [field.name for field in dataclasses.fields(Options)]
    for name in given:
        if name not in names:
            why = f"the options are: {', '.join(names)}"
            ctx.refuse(f"there is no option {name!r}", label="here", why=why, advice="leave it out")
    return Options(**given)


@caller(Derived)
def call_derived(ctx: Context, callee: Derived, arguments: Arguments) -> Value:
    """A gradient, called."""
    derivation = callee.derivation
    if derivation.transform not in _GRADIENTS:
        name = derivation.transform.value
        ctx.refuse(
            f"the {name} of a function is not compiled inside another",
            label="called here",
            why="only grad, value_and_grad and jvp are",
            advice="take it outside, or write it as a loop over jvp(f, (x,), (v,)), of grad(f) for a Hessian",
        )
    if derivation.options.holomorphic:
        _refuse_complex(ctx)
    bound = _bound(ctx, callee.callee, arguments)
    try:
        positions, bare = differentiated(derivation.argnums, derivation.argnames, bound.names, bound.function)
    except ArgumentError as error:
        raise Refused(replace(error.diagnostics[0], span=ctx.span)) from None
    call = _Call(ctx, callee.callee, bound, frozenset(positions))
    function, template, made = call.lowered(lambda value: _value_to_differentiate(ctx, value, derivation))
    transform = Transform.VALUE_AND_GRAD
    results = call.spliced(function, transform, derivation.options.strong_zero, ())
    value = rename(template, dict(zip(made, results)))
    gradients = iter(results[len(made) :])
    each = [call.gradient(position, gradients) for position in sorted(positions)]
    by_position = dict(zip(sorted(positions), each))
    gradient: Value = by_position[positions[0]] if bare else tuple_of([by_position[p] for p in positions])
    assert isinstance(value, Record)
    own, aux = value.items[0], value.items[1:]
    if derivation.transform is Transform.GRAD:
        return tuple_of([gradient, *aux]) if aux else gradient
    return tuple_of([tuple_of([own, *aux]) if aux else own, gradient])


def _value_to_differentiate(ctx: Context, value: Value, derivation: Derivation) -> Record:
    """What a function returned, as a tuple: the number to differentiate, and what else there is."""
    aux: tuple[Value, ...] = ()
    if derivation.has_aux:
        if not isinstance(value, Record) or len(value.items) != 2:
            ctx.refuse("with has_aux=True the function must return a pair (value, aux)", label=describe(value),
                       why="the second is handed on as it is", advice="return a pair")  # fmt: skip
        aux = value.items[1:]
        value = value.items[0]
    if isinstance(value, Num) and value.type.is_complex:
        _refuse_complex(ctx)
    if not isinstance(value, Num) or not value.type.is_float:
        ctx.refuse(
            "grad differentiates functions that return one real number",
            label=describe(value),
            why="a gradient has one entry for each entry of the argument",
            advice="sum the result, return one entry of it, or use jvp",
        )
    return tuple_of([value, *aux])


def _jvp(ctx: Context, arguments: Arguments) -> Value:
    """`jvp(fun, primals, tangents)`."""
    names = ("fun", "primals", "tangents")
    given = {**dict(zip(names, arguments.positional)), **arguments.keywords}
    found = [given.pop(name, BOTTOM) for name in names]
    if BOTTOM in found or len(arguments.positional) > len(names):
        ctx.refuse("jvp takes a function, primals and tangents", why="the call does not fit",
                   advice="write jvp(f, (x,), (v,))")  # fmt: skip
    callee, primals, tangents = found
    options = _options(ctx, {name: _known(ctx, name, value) for name, value in given.items()})
    if not isinstance(primals, Record) or not isinstance(tangents, Record) or len(primals.items) != len(tangents.items):
        ctx.refuse("jvp takes a tuple of primals and one of as many tangents", label=describe(tangents),
                   why="each argument of the function has its tangent", advice="write jvp(f, (x,), (v,))")  # fmt: skip
    bound = _bound(ctx, callee, Arguments(primals.items))
    moving = frozenset(k for k, tangent in enumerate(tangents.items) if tangent != NONE)
    if bound.starred is not None and any(k >= bound.starred for k in moving):
        ctx.refuse("jvp of a function with *args is not compiled inside another", label="called here",
                   why="its tangents have no names", advice="give it named parameters")  # fmt: skip
    call = _Call(ctx, callee, bound, moving)
    function, template, made = call.lowered(lambda value: _something(ctx, value))
    seeds = [atom for k in sorted(moving) for atom in call.tangents(k, tangents.items[k])]
    results = call.spliced(function, Transform.JVP, options.strong_zero, seeds)
    value = rename(template, dict(zip(made, results)))
    dots = iter(results[len(made) :])
    return tuple_of([value, _floating_part(template, lambda _: next(dots))])


def _something(ctx: Context, value: Value) -> Value:
    """What a function returned, if that is anything."""
    if value == NONE:
        ctx.refuse(
            "a function that returns nothing is not differentiated inside another",
            label="called here",
            why="what it writes into its arguments stays in it",
            advice="return the array it writes",
        )
    return value


def _refuse_complex(ctx: Context) -> NoReturn:
    ctx.refuse(
        "a derivative inside a function is not compiled for complex numbers",
        label="called here",
        why="the two conventions for complex derivatives would meet",
        advice="differentiate with respect to the real and imaginary parts",
    )


# -- the parameters of the callee ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bound:
    """The arguments of a callee by parameter (a method's object left out)."""

    function: str
    names: list[str]
    values: list[Value]
    arguments: Callable[[list[Value]], Arguments]
    starred: int | None = None


def _bound(ctx: Context, callee: Value, arguments: Arguments) -> _Bound:
    found = _signature(ctx, callee)
    if found is None:  # a function of a library: it has no names for its parameters
        if arguments.keywords:
            ctx.refuse(
                "keyword arguments cannot be told apart here",
                label=describe(callee),
                why="this function's parameters have no names",
                advice="give the arguments by position",
            )
        names = [f"x{k}" for k in range(len(arguments.positional))]
        return _Bound(describe(callee), names, list(arguments.positional), lambda values: Arguments(tuple(values)))
    source, defaults, receiver = found
    env = bind_parameters(ctx, source, defaults, Arguments((*receiver, *arguments.positional), arguments.keywords))
    names = argument_names(source.node)[len(receiver) :]
    a = source.node.args
    stars = [a.vararg.arg] if a.vararg else []
    by_name = {arg.arg for arg in a.kwonlyargs} | ({a.kwarg.arg} if a.kwarg else set())

    def arrange(values: list[Value]) -> Arguments:
        positional: list[Value] = []
        keywords: dict[str, Value] = {}
        for name, value in zip(names, values):
            if name in stars and isinstance(value, Record):
                positional += value.items
            elif name in by_name and a.kwarg and name == a.kwarg.arg and isinstance(value, Record):
                keywords.update(zip(map(str, value.keys), value.items))
            elif name in by_name:
                keywords[name] = value
            else:
                positional.append(value)
        return Arguments(tuple(positional), keywords)

    starred = names.index(stars[0]) if stars else None
    return _Bound(source.name, names, [env[name] for name in names], arrange, starred)


def _signature(ctx: Context, callee: Value) -> tuple[Source, dict[str, Value], tuple[Value, ...]] | None:
    """The source of a callee, its defaults, and the object it is a method of, if any."""
    match callee:
        case Closure(source, _, defaults):
            return source, dict(defaults), ()
        case Derived(inner):
            return _signature(ctx, inner)
        case Static(target):
            if (known := getattr(target, "__srcgrad_derivation__", None)) is not None:
                return _signature(ctx, Static(known[0]))
            target = unwrap(target) if callable(target) else target
            if isinstance(target, types.FunctionType):
                return source_of(target), defaults_of(ctx, target), ()
            if isinstance(target, types.MethodType) and isinstance(target.__func__, types.FunctionType):
                return source_of(target.__func__), defaults_of(ctx, target.__func__), (Static(target.__self__),)
    return None


# -- the callee as a function of its own --------------------------------------------------------------------------


@dataclass
class _Call:
    """A callee on its way to being differentiated: its parameters are symbols of its own."""

    ctx: Context
    callee: Value
    bound: _Bound
    moving: frozenset[int]
    values: list[Value] = field(default_factory=list)
    symbols: list[Sym] = field(default_factory=list)
    atoms: list[Atom] = field(default_factory=list)
    active: list[Sym] = field(default_factory=list)

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
                    _refuse_complex(ctx)
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
                    _refuse_complex(ctx)
                active = moving and array.dtype.kind == "f"
                symbol = self._parameter(hint, reference_type(array), materialise(ctx, array, hint), active)
                assert isinstance(symbol, Sym)
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
        copies = {symbol: Sym(symbol.hint, copied(symbol)) for symbol in function.params if symbol in stores}
        self._refuse_writes(copies, around)
        return own_results(replace(function, body=with_copies(function.body, copies, span)), span)

    def _check(self, function: Function) -> None:
        """What was copied in here, where Python might not have."""
        ctx = self.ctx
        try:
            check_snapshots(ctx, function)
        except Unsupported as error:
            raise Refused(error.diagnostics[0]) from None
        inside = set(defined_symbols(function.body))
        ctx.snapshots = [shot for shot in ctx.snapshots if shot.made not in inside]

    def _refuse_writes(self, copies: dict[Sym, Sym], around: Sequence[Sym]) -> None:
        """Arrays from outside are not written, nor may one that is written have a second name."""
        ctx = self.ctx
        homes = {s: ctx.memory_of(a) for s, a in zip(self.symbols, self.atoms) if isinstance(a, Sym)}
        for symbol in copies:
            if symbol in around:
                ctx.refuse(f"a function that is differentiated here writes into {symbol.hint!r}", label="called here",
                           why="the array belongs to the code around it", advice="pass it as an argument")  # fmt: skip
            for other, home in homes.items():
                if other is symbol or other in around or isinstance(other.type, Scalar):
                    continue
                own = homes[symbol]
                if home is not own and home in ctx.parameters and own in ctx.parameters:
                    ctx.kept_apart.add(own)  # seen when the function is called
                elif home is own or (home not in ctx.fresh and own not in ctx.fresh):
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
        return _floating_part(self.values[position], lambda _: next(gradients), frozenset(self.active))

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


def _floating_part(value: Value, atom: Callable[[Value], Atom], active: frozenset[Sym] | None = None) -> Value:
    """The structure of a value with other atoms for its floating leaves (those that are `active`), None for others."""
    match value:
        case Num(own) if value.type.is_float and (active is None or own in active):
            return Num(atom(value))
        case Arr(base) if value.dtype.kind == "f" and (active is None or base in active):
            found = atom(value)
            assert isinstance(found, Sym)
            return whole(found)
        case NumberList(array):
            inner = _floating_part(array, atom, active)
            return NumberList(inner) if isinstance(inner, Arr) else NONE
        case Record(container, keys, items):
            return Record(
                container, keys, tuple(_floating_part(item, atom, active) for item in items), new_token(container)
            )
        case _:
            return NONE


def _name(function: str) -> str:
    return function if function.isidentifier() else "inner"
