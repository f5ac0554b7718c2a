"""The compiler's table of contents: the one place that knows the order of the stages.

    source -> frontend -> typed IR -> simplify -> adjoint or tangent -> plan -> simplify -> emit -> backend
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
    lowered = lower(request.function, request.specs)
    primal = optimise(lowered.function)
    made = _TRANSFORMS[request.transform](request, lowered, primal)
    function = _after_differentiation(made.function, primal)
    text = emit(function, nesting(made.result), header=_header(request))
    return Built(
        entry=entry_name(function), source=text, result=made.result, report=made.report,
        primal=primal, function=function,
        captured=lowered.captured, captured_arrays=lowered.captured_arrays, written=lowered.written,
        raised=lowered.raised,
    )  # fmt: skip


def _after_differentiation(function: Function, primal: Function) -> Function:
    """The passes that pay on adjoint code, each followed by the clean-up it makes possible."""
    exact = {symbol for f in (primal, *primal.helpers) for symbol in defined_symbols(f.body)}
    function = optimise(reciprocals(optimise(function, final=True), exact), final=True)
    function = optimise(flip(promote(clear_late(distribute(gather(sink(function)))))), final=True)
    function = optimise(hoist_loads(first_touch(function)), final=True)
    return reassociate(function, exact)


@dataclass(frozen=True)
class _Made:
    """A transformed function, the structure of what it returns, and the report on it."""

    function: Function
    result: Spec
    report: str


def _make_primal(request: Request, lowered: Lowered, primal: Function) -> _Made:
    return _Made(primal, lowered.out, f"{primal.name}: the primal; nothing is kept")


def _make_vjp(request: Request, lowered: Lowered, primal: Function) -> _Made:
    outputs = [k for k, leaf in enumerate(leaves(lowered.out)) if _is_floating(leaf)]
    adjoint = _adjoint(request, primal, outputs, seeded=True)
    gradients = tuple(gradient_spec(request.specs[k]) for k in request.argnums)
    return _made(adjoint, adjoint.function, tuple_spec(lowered.out, tuple_spec(*gradients)))


def _make_value_and_grad(request: Request, lowered: Lowered, primal: Function) -> _Made:
    _check_scalar(request, lowered, primal)
    adjoint = _adjoint(request, primal, [0], seeded=False)
    return _made(adjoint, adjoint.function, tuple_spec(lowered.out, _gradients(request)))


def _make_grad(request: Request, lowered: Lowered, primal: Function) -> _Made:
    """The adjoint without the value; its auxiliary results stay, after the gradients."""
    _check_scalar(request, lowered, primal)
    adjoint = _adjoint(request, primal, [0], seeded=False)
    count = len(primal.body.results)
    results = adjoint.function.body.results
    kept = (*results[count:], *(results[1:count] if request.has_aux else ()))
    function = replace(adjoint.function, body=replace(adjoint.function.body, results=kept))
    result = _gradients(request)
    if request.has_aux:
        assert isinstance(lowered.out, Node)
        result = tuple_spec(result, lowered.out.children[1])
    return _made(adjoint, function, result)


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


def _made(adjoint: Adjoint, function: Function, result: Spec) -> _Made:
    return _Made(function, result, report(function.name, adjoint.plan, adjoint.shadows))


def _check_scalar(request: Request, lowered: Lowered, primal: Function) -> None:
    """`grad` differentiates one floating scalar (the first of a pair where there is an auxiliary result)."""
    out = lowered.out
    if request.has_aux:
        if not isinstance(out, Node) or len(out.children) != 2:
            raise ArgumentError(
                Diagnostic(
                    f"{primal.name} must return a pair (value, aux) with has_aux=True", primal.span,
                    advice="return the value to differentiate first, everything else second",
                )
            )  # fmt: skip
        out = out.children[0]
    if not isinstance(out, Leaf) or not isinstance(out.type, Scalar) or not out.type.is_float:
        what = out.in_words()
        raise ArgumentError(
            Diagnostic(
                f"grad needs a function that returns one real number; {primal.name} returns {what}", primal.span,
                why="a gradient is defined for one floating-point number only",
                advice="use vjp for products with a cotangent, jacobian for all derivatives, has_aux=True where only "
                "the first of two results is to be differentiated, or return a sum",
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
            return spec if _is_floating(spec) else Static(None)
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
