"""The compiler's table of contents: the one place that knows the order of the stages.

    source -> frontend -> typed IR -> phases -> realify -> simplify -> adjoint or tangent -> plan -> simplify
           -> emit -> backend
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from srcgrad.adjoint.clear import clear_late
from srcgrad.adjoint.distribute import distribute
from srcgrad.adjoint.driver import Adjoint, reverse_mode
from srcgrad.adjoint.flip import flip
from srcgrad.adjoint.gather import gather
from srcgrad.adjoint.inner import differentiate
from srcgrad.adjoint.promote import promote
from srcgrad.adjoint.reassociate import reassociate
from srcgrad.adjoint.reciprocals import reciprocals
from srcgrad.adjoint.report import report
from srcgrad.adjoint.sink import sink
from srcgrad.adjoint.tangent import forward_mode
from srcgrad.adjoint.uncovered import uncovered
from srcgrad.analysis.early import checks_of
from srcgrad.analysis.facts import Facts, facts_of
from srcgrad.analysis.races import refuse_races
from srcgrad.config import Options, Target, Transform
from srcgrad.device import in_phases, on_device
from srcgrad.device.report import report_of_kernels
from srcgrad.emit import emit, entry_name
from srcgrad.frontend import Inner, lower
from srcgrad.infer.captured import Captured
from srcgrad.infer.raised import Key, Raised
from srcgrad.infer.signature import Leaf, Node, Spec, leaves
from srcgrad.ir.nodes import Function, Sym
from srcgrad.ir.visit import defined_symbols
from srcgrad.opt import optimise
from srcgrad.opt.accumulate import accumulate_in_parallel
from srcgrad.opt.contract import contract, hoist_parts
from srcgrad.opt.first_touch import first_touch
from srcgrad.opt.half_powers import half_powers
from srcgrad.opt.hoist_loads import hoist_loads
from srcgrad.opt.narrow import narrow
from srcgrad.opt.simplify import simplify
from srcgrad.opt.tangents import drop_tangents
from srcgrad.parallel import in_parallel
from srcgrad.parallel.report import report_of_loops
from srcgrad.realify import Border, border_of, realify, seeds_of, with_complex_border
from srcgrad.transforms import Request, Task, check_output, is_floating, nesting, result_of, task_of

IR = tuple[Function, Function]


@dataclass(frozen=True)
class Code:
    """What is derived from a task: a Python module as text, whose function `entry` computes the transform, the report,
    and facts about the code. `checks` gives what it raises at once, `load` the IR of the primal and of what the text
    does."""

    entry: str
    source: str
    report: str
    facts: Facts
    checks: Callable[[], Function]
    load: Callable[[], IR]


@dataclass(frozen=True)
class Built:
    """What the pipeline makes of a request.

    The entry point returns the leaves of `result` as a flat tuple, or the bare value when there is exactly one and
    `result` is a Leaf; `result` is the structure to rebuild from them:
    PRIMAL out · GRAD grads (or (grads, aux)) · VALUE_AND_GRAD (value, grads) (or ((value, aux), grads)) ·
    VJP (out, grads) · JVP (out, out_tangent). `grads` is bare for one argnum (the API wraps it where
    the user gave a tuple of one). When `result` is made of plain (nested) tuples, `entry` returns that nesting.

    `captured` are the constants the code was compiled for. `captured_arrays` are further leaves of the entry point:
    they stand right after the leaves of the arguments, before cotangents or tangents. `written` are the positions
    (among the leaves of the arguments) of the arrays that the user's function writes into. `raised` are the user's
    exceptions that stand for those of compiled code."""

    code: Code
    result: Spec
    captured: tuple[Captured, ...] = ()
    captured_arrays: tuple[Captured, ...] = ()
    written: tuple[int, ...] = ()
    raised: tuple[tuple[Key, Raised], ...] = ()

    @property
    def entry(self) -> str:
        return self.code.entry

    @property
    def source(self) -> str:
        return self.code.source

    @property
    def report(self) -> str:
        return self.code.report

    @property
    def primal(self) -> Function:
        """The IR of the user's function."""
        return self._ir[0]

    @property
    def function(self) -> Function:
        """The IR of what the source does."""
        return self._ir[1]

    @cached_property
    def _ir(self) -> IR:
        return self.code.load()


def derive(task: Task) -> Code:
    """The code for a task: everything behind the frontend. Raises `Unsupported` for what cannot be done right."""
    inner = task.in_parts(realify(task.function))
    primal = optimise(accumulate_in_parallel(inner.function))
    if task.options.target is Target.CUDA:
        primal = optimise(narrow(primal, functions=True))
    refuse_races(primal)
    made, text = _TRANSFORMS[task.transform](inner, primal)
    function, loops = _after_differentiation(made, primal, task.options)
    text = "\n".join([text, *loops])
    result, gradients = result_of(task)
    function = with_complex_border(function, _arguments(task, task.transform), _results(result, gradients))
    primal = with_complex_border(primal, _arguments(task, Transform.PRIMAL), border_of((task.out,)))
    options = task.options
    flush = options.fastmath and not options.boundscheck and options.target is Target.CPU
    source = emit(function, nesting(result), task.header, options.target, flush)
    return Code(
        entry_name(function), source, text, facts_of(primal, function), lambda: checks_of(function),
        lambda: (primal, function),
    )  # fmt: skip


def build(request: Request, derive: Callable[[Task], Code] = derive) -> Built:
    """Compile a request down to Python text; `derive` may remember what it derived before."""
    lowered = lower(request.function, request.specs, lambda inner: differentiate(_in_phases(inner)))
    lowered = replace(lowered, function=in_phases(lowered.function))
    check_output(request, lowered)
    task = task_of(request, lowered)
    return Built(
        derive(task.anonymous()), result_of(task)[0],
        captured=lowered.captured, captured_arrays=lowered.captured_arrays, written=lowered.written,
        raised=lowered.raised,
    )  # fmt: skip


def _in_phases(inner: Inner) -> Inner:
    return replace(inner, function=in_phases(inner.function))


def _after_differentiation(function: Function, primal: Function, options: Options) -> tuple[Function, list[str]]:
    """The passes that pay on adjoint code, each followed by the clean-up it makes possible; and what the report says
    about parallel loops. (These are chosen while each iteration makes its own work arrays.)"""
    on_gpu = options.target is Target.CUDA
    function = drop_tangents(function)
    exact = {symbol for f in (primal, *primal.helpers) for symbol in defined_symbols(f.body)}
    function = optimise(reciprocals(optimise(function, final=True), exact), final=True)
    function = uncovered(gather(sink(function), guarded=on_gpu), guarded=on_gpu)
    function = optimise(flip(promote(clear_late(distribute(function)))), final=True)
    if on_gpu:  # where threads share an array, none has a part of its own
        function, kernels = on_device(optimise(first_touch(function, threads=True), final=True))
        return function, [report_of_kernels(kernels)]
    function, parts = contract(function)
    function = optimise(hoist_loads(first_touch(function)), final=True)
    loops: list[str] = []
    if options.parallel:
        function, verdicts = in_parallel(function)
        function, loops = simplify(function), [report_of_loops(verdicts)]
    return half_powers(reassociate(hoist_parts(function, parts), exact), exact), loops


# -- the transforms -----------------------------------------------------------------------------------------------


def _primal(task: Task, primal: Function) -> tuple[Function, str]:
    return primal, f"{primal.name}: the primal; nothing is kept"


def _vjp(task: Task, primal: Function) -> tuple[Function, str]:
    outputs = [k for k, leaf in enumerate(leaves(task.out)) if is_floating(leaf)]
    return _reported(_adjoint(task, primal, outputs, seeded=True))


def _value_and_grad(task: Task, primal: Function) -> tuple[Function, str]:
    return _reported(_adjoint(task, primal, [0], seeded=False))


def _grad(task: Task, primal: Function) -> tuple[Function, str]:
    """The adjoint without the value; its auxiliary results stay, after the gradients."""
    adjoint = _adjoint(task, primal, [0], seeded=False)
    count = len(primal.body.results)
    results = adjoint.function.body.results
    value = task.out.children[0] if task.has_aux and isinstance(task.out, Node) else task.out
    kept = (*results[count:], *results[len(tuple(leaves(value))) : count])
    function = replace(adjoint.function, body=replace(adjoint.function.body, results=kept))
    return function, report(function.name, adjoint.plan, adjoint.shadows)


def _jvp(task: Task, primal: Function) -> tuple[Function, str]:
    wrt, strong_zero = _wrt(task, primal), task.options.strong_zero
    function = forward_mode(primal, wrt, name=f"{primal.name}_jvp", strong_zero=strong_zero)
    return function, f"{function.name}: forward mode; nothing is kept"


_TRANSFORMS: dict[Transform, Callable[[Task, Function], tuple[Function, str]]] = {
    Transform.PRIMAL: _primal, Transform.GRAD: _grad, Transform.VALUE_AND_GRAD: _value_and_grad, Transform.VJP: _vjp,
    Transform.JVP: _jvp,
}  # fmt: skip


def _adjoint(task: Task, primal: Function, outputs: list[int], *, seeded: bool) -> Adjoint:
    name = f"{primal.name}_{task.transform.value}"
    wrt = _wrt(task, primal)
    return reverse_mode(primal, wrt, outputs, name=name, seeded=seeded, strong_zero=task.options.strong_zero)


def _reported(adjoint: Adjoint) -> tuple[Function, str]:
    return adjoint.function, report(adjoint.function.name, adjoint.plan, adjoint.shadows)


def _wrt(task: Task, primal: Function) -> list[Sym]:
    """The floating parameters of the arguments to differentiate, in the order of `argnums`."""
    found: list[Sym] = []
    for position in task.argnums:
        first = sum(len(tuple(leaves(spec))) for spec in task.specs[:position])
        own = tuple(leaves(task.specs[position]))
        found += [primal.params[first + k] for k, leaf in enumerate(own) if is_floating(leaf)]
    return found


# -- complex arguments and results --------------------------------------------------------------------------------


def _arguments(task: Task, transform: Transform) -> Border:
    """The parameters of the entry point: the leaves of all arguments, captured arrays, cotangents or tangents."""
    plain = border_of(task.specs)
    hidden = task.function.params[len(plain.types) :]
    seeds: tuple[Leaf, ...] = ()
    if transform is Transform.VJP:
        seeds = tuple(seeds_of(task.out))
    elif transform is Transform.JVP:
        seeds = tuple(seed for k in task.argnums for seed in seeds_of(task.specs[k]))
    types = (*plain.types, *(symbol.type for symbol in hidden), *(seed.type for seed in seeds))
    is_cotangent = transform is Transform.VJP
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
