"""The compiler's table of contents: the one place that knows the order of the stages.

    source -> frontend -> typed IR -> realify -> simplify -> adjoint or tangent -> plan -> simplify -> emit -> backend
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from srcgrad.adjoint.clear import clear_late
from srcgrad.adjoint.distribute import distribute
from srcgrad.adjoint.driver import Adjoint, reverse_mode
from srcgrad.adjoint.flip import flip
from srcgrad.adjoint.gather import gather
from srcgrad.adjoint.promote import promote
from srcgrad.adjoint.reassociate import reassociate
from srcgrad.adjoint.reciprocals import reciprocals
from srcgrad.adjoint.report import report
from srcgrad.adjoint.sink import sink
from srcgrad.adjoint.tangent import forward_mode
from srcgrad.config import Options
from srcgrad.emit import Nested, emit, entry_name
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.frontend import Lowered, lower
from srcgrad.infer.captured import Captured
from srcgrad.infer.raised import Key, Raised
from srcgrad.infer.signature import Leaf, Node, Spec, Static, leaves
from srcgrad.ir.nodes import Function, Sym
from srcgrad.ir.types import Scalar
from srcgrad.ir.visit import defined_symbols
from srcgrad.opt import optimise
from srcgrad.opt.first_touch import first_touch
from srcgrad.opt.hoist_loads import hoist_loads
from srcgrad.opt.tangents import drop_tangents
from srcgrad.realify import Border, border_of, joined_spec, parts_spec, realify, seeds_of, with_complex_border


class Transform(enum.Enum):
    """What to compile of the user's function."""

    PRIMAL = "primal"
    GRAD = "grad"
    VALUE_AND_GRAD = "value_and_grad"
    VJP = "vjp"
    JVP = "jvp"


@dataclass(frozen=True)
class Request:
    """A function, the specs of its arguments (one per parameter, defaults filled in), and what is wanted.

    `argnums` are the differentiated parameters (positions in `specs`), in the user's order. The entry point
    takes the leaves of all arguments in order; for VJP they are followed by one cotangent per floating leaf of
    the output, for JVP by one tangent per floating leaf of the parameters in `argnums`."""

    function: Callable[..., Any]
    specs: tuple[Spec, ...]
    transform: Transform
    argnums: tuple[int, ...] = (0,)
    has_aux: bool = False
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Built:
    """What the pipeline makes: a Python module as text, whose function `entry` computes the transform.

    `entry` returns the leaves of `result` as a flat tuple, or the bare value when there is exactly one and
    `result` is a Leaf; `result` is the structure to rebuild from them:
    PRIMAL out · GRAD grads (or (grads, aux)) · VALUE_AND_GRAD (value, grads) (or ((value, aux), grads)) ·
    VJP (out, grads) · JVP (out, out_tangent). `grads` is bare for one argnum (the API wraps it where
    the user gave a tuple of one). When `result` is made of plain (nested) tuples, `entry` returns that nesting itself.

    `captured` are the constants the code was compiled for. `captured_arrays` are further leaves of the entry point:
    they stand right after the leaves of the arguments, before cotangents or tangents. `written` are the positions
    (among the leaves of the arguments) of the arrays that the user's function writes into. `raised` are the user's
    exceptions that stand for those of compiled code."""

    entry: str
    source: str
    result: Spec
    report: str
    primal: Function
    function: Function
    captured: tuple[Captured, ...] = ()
    captured_arrays: tuple[Captured, ...] = ()
    written: tuple[int, ...] = ()
    raised: tuple[tuple[Key, Raised], ...] = ()


def build(request: Request) -> Built:
    """Compile a request down to Python text. Raises `Unsupported` for what cannot be done right."""
    given = lower(request.function, request.specs)
    _check_output(request, given)
    lowered = replace(given, function=realify(given.function), out=parts_spec(given.out))
    inner = replace(request, specs=tuple(map(parts_spec, request.specs)))
    primal = optimise(lowered.function)
    made = _TRANSFORMS[request.transform](inner, lowered, primal)
    function = _after_differentiation(made.function, primal)
    result = joined_spec(made.result)
    function = with_complex_border(function, _arguments(request, given), _results(result, made.gradients))
    outside = _arguments(replace(request, transform=Transform.PRIMAL), given)
    primal = with_complex_border(primal, outside, border_of((given.out,)))
    text = emit(function, nesting(result), header=_header(request))
    return Built(
        entry=entry_name(function), source=text, result=result, report=made.report,
        primal=primal, function=function,
        captured=lowered.captured, captured_arrays=lowered.captured_arrays, written=lowered.written,
        raised=lowered.raised,
    )  # fmt: skip


def _after_differentiation(function: Function, primal: Function) -> Function:
    """The passes that pay on adjoint code, each followed by the clean-up it makes possible."""
    function = drop_tangents(function)
    exact = {symbol for f in (primal, *primal.helpers) for symbol in defined_symbols(f.body)}
    function = optimise(reciprocals(optimise(function, final=True), exact), final=True)
    function = optimise(flip(promote(clear_late(distribute(gather(sink(function)))))), final=True)
    function = optimise(hoist_loads(first_touch(function)), final=True)
    return reassociate(function, exact)


@dataclass(frozen=True)
class _Made:
    """A transformed function, the structure of what it returns, and the report on it. `gradients` is the path to the
    gradients in that structure, if it has any: `()` where it is nothing else, `(1,)` where they come second."""

    function: Function
    result: Spec
    report: str
    gradients: tuple[int, ...] | None = None


def _make_primal(request: Request, lowered: Lowered, primal: Function) -> _Made:
    return _Made(primal, lowered.out, f"{primal.name}: the primal; nothing is kept")


def _make_vjp(request: Request, lowered: Lowered, primal: Function) -> _Made:
    outputs = [k for k, leaf in enumerate(leaves(lowered.out)) if _is_floating(leaf)]
    adjoint = _adjoint(request, primal, outputs, seeded=True)
    gradients = tuple(gradient_spec(request.specs[k]) for k in request.argnums)
    return _made(adjoint, adjoint.function, tuple_spec(lowered.out, tuple_spec(*gradients)), (1,))


def _make_value_and_grad(request: Request, lowered: Lowered, primal: Function) -> _Made:
    adjoint = _adjoint(request, primal, [0], seeded=False)
    return _made(adjoint, adjoint.function, tuple_spec(lowered.out, _gradients(request)), (1,))


def _make_grad(request: Request, lowered: Lowered, primal: Function) -> _Made:
    """The adjoint without the value; its auxiliary results stay, after the gradients."""
    adjoint = _adjoint(request, primal, [0], seeded=False)
    count = len(primal.body.results)
    results = adjoint.function.body.results
    value = lowered.out.children[0] if request.has_aux and isinstance(lowered.out, Node) else lowered.out
    kept = (*results[count:], *results[len(tuple(leaves(value))) : count])
    function = replace(adjoint.function, body=replace(adjoint.function.body, results=kept))
    result = _gradients(request)
    if request.has_aux:
        assert isinstance(lowered.out, Node)
        result = tuple_spec(result, lowered.out.children[1])
    return _made(adjoint, function, result, (0,) if request.has_aux else ())


def _make_jvp(request: Request, lowered: Lowered, primal: Function) -> _Made:
    wrt, strong_zero = _wrt(request, primal), request.options.strong_zero
    function = forward_mode(primal, wrt, name=f"{primal.name}_jvp", strong_zero=strong_zero)
    result = tuple_spec(lowered.out, gradient_spec(lowered.out))
    return _Made(function, result, f"{function.name}: forward mode; nothing is kept")


_TRANSFORMS: dict[Transform, Callable[[Request, Lowered, Function], _Made]] = {
    Transform.PRIMAL: _make_primal,
    Transform.GRAD: _make_grad,
    Transform.VALUE_AND_GRAD: _make_value_and_grad,
    Transform.VJP: _make_vjp,
    Transform.JVP: _make_jvp,
}


def _adjoint(request: Request, primal: Function, outputs: list[int], *, seeded: bool) -> Adjoint:
    name = f"{primal.name}_{request.transform.value}"
    wrt = _wrt(request, primal)
    return reverse_mode(primal, wrt, outputs, name=name, seeded=seeded, strong_zero=request.options.strong_zero)


def _made(adjoint: Adjoint, function: Function, result: Spec, gradients: tuple[int, ...]) -> _Made:
    return _Made(function, result, report(function.name, adjoint.plan, adjoint.shadows), gradients)


# -- complex arguments and results --------------------------------------------------------------------------------


def _arguments(request: Request, given: Lowered) -> Border:
    """The parameters of the entry point: the leaves of all arguments, captured arrays, cotangents or tangents."""
    plain = border_of(request.specs)
    hidden = given.function.params[len(plain.types) :]
    seeds: tuple[Leaf, ...] = ()
    if request.transform is Transform.VJP:
        seeds = tuple(seeds_of(given.out))
    elif request.transform is Transform.JVP:
        seeds = tuple(seed for k in request.argnums for seed in seeds_of(request.specs[k]))
    types = (*plain.types, *(symbol.type for symbol in hidden), *(seed.type for seed in seeds))
    is_cotangent = request.transform is Transform.VJP
    return Border(types, frozenset(range(len(types) - len(seeds), len(types))) if is_cotangent else frozenset())


def _results(result: Spec, gradients: tuple[int, ...] | None) -> Border:
    """The results of the entry point: gradients leave conjugated."""
    types = border_of((result,)).types
    if gradients is None:
        return Border(types)
    before: list[Spec] = []
    part = result
    for k in gradients:
        assert isinstance(part, Node)
        before += part.children[:k]
        part = part.children[k]
    first = len(border_of(before).types)
    return Border(types, frozenset(range(first, first + len(border_of((part,)).types))))


# -- what grad takes ----------------------------------------------------------------------------------------------


def _check_output(request: Request, lowered: Lowered) -> None:
    """`grad` differentiates one floating scalar (the first of a pair where there is an auxiliary result): a real one,
    or under `holomorphic=True` a complex one."""
    if request.transform not in (Transform.GRAD, Transform.VALUE_AND_GRAD):
        return
    out, primal = lowered.out, lowered.function
    if request.has_aux:
        if not isinstance(out, Node) or len(out.children) != 2:
            raise ArgumentError(
                Diagnostic(
                    f"{primal.name} must return a pair (value, aux) with has_aux=True", primal.span,
                    advice="return the value to differentiate first, everything else second",
                )
            )  # fmt: skip
        out = out.children[0]
    if request.options.holomorphic:
        _check_holomorphic(request, out, primal)
    elif isinstance(out, Leaf) and isinstance(out.type, Scalar) and out.type.is_complex:
        raise ArgumentError(
            Diagnostic(
                f"grad needs a function that returns one real number; {primal.name} returns a complex one", primal.span,
                why="a complex result has four real derivatives, unless the function is holomorphic",
                advice="return a real number, as z.real or abs(z), or promise that it is: grad(f, holomorphic=True)",
            )
        )  # fmt: skip
    elif not isinstance(out, Leaf) or not isinstance(out.type, Scalar) or not out.type.is_float:
        what = out.in_words()
        raise ArgumentError(
            Diagnostic(
                f"grad needs a function that returns one real number; {primal.name} returns {what}", primal.span,
                why="a gradient is defined for one floating-point number only",
                advice="use vjp for products with a cotangent, jacobian for all derivatives, has_aux=True where only "
                "the first of two results is to be differentiated, or return a sum",
            )
        )  # fmt: skip


def _check_holomorphic(request: Request, out: Spec, primal: Function) -> None:
    kinds = [leaf.type for k in request.argnums for leaf in leaves(request.specs[k]) if leaf.type.is_inexact]
    is_number = isinstance(out, Leaf) and isinstance(out.type, Scalar) and out.type.is_complex
    if not is_number or not all(kind.is_complex for kind in kinds):
        what = "differentiates real arguments" if is_number else f"returns {out.in_words()}"
        raise ArgumentError(
            Diagnostic(
                f"holomorphic=True needs complex arguments and one complex result; {primal.name} {what}", primal.span,
                why="a holomorphic function maps complex numbers to complex numbers",
                advice="leave holomorphic=True out for a real result, or pass complex numbers",
            )
        )  # fmt: skip


def _wrt(request: Request, primal: Function) -> list[Sym]:
    """The floating parameters of the arguments to differentiate, in the order of `argnums`."""
    found: list[Sym] = []
    for position in request.argnums:
        first = sum(len(tuple(leaves(spec))) for spec in request.specs[:position])
        own = tuple(leaves(request.specs[position]))
        found += [primal.params[first + k] for k, leaf in enumerate(own) if _is_floating(leaf)]
    return found


def _is_floating(leaf: Leaf) -> bool:
    return leaf.type.is_float


def gradient_spec(spec: Spec) -> Spec:
    """The structure of the gradient (or tangent) of a value: floating leaves stay, all else becomes None."""
    match spec:
        case Leaf():
            return spec if spec.type.is_inexact else Static(None)
        case Node(container, keys, children):
            return Node(container, keys, tuple(map(gradient_spec, children)))
        case _:
            return Static(None)


def tuple_spec(*children: Spec) -> Node:
    return Node(tuple, tuple(range(len(children))), children)


def _gradients(request: Request) -> Spec:
    specs = tuple(gradient_spec(request.specs[k]) for k in request.argnums)
    return specs[0] if len(specs) == 1 else tuple_spec(*specs)


def nesting(result: Spec) -> Nested:
    """How the entry point nests its results: as `result` says where that is tuples of leaves, else flat."""
    count = len(tuple(leaves(result)))
    if not _is_plain(result):
        return tuple(range(count))
    return _nest(result, iter(range(count)))


def _is_plain(spec: Spec) -> bool:
    if isinstance(spec, Node):
        return spec.container is tuple and bool(spec.children) and all(map(_is_plain, spec.children))
    return isinstance(spec, Leaf)


def _nest(spec: Spec, numbers: Iterator[int]) -> Nested:
    if isinstance(spec, Node):
        return tuple(_nest(child, numbers) for child in spec.children)
    return next(numbers)


def _header(request: Request) -> str:
    names = {Transform.PRIMAL: "Primal", Transform.JVP: "Tangent"}
    what = names.get(request.transform, "Adjoint")
    return f"{what} of {getattr(request.function, '__qualname__', request.function)}, generated by srcgrad."
