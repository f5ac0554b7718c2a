"""Calls: a user's function is lowered where it is called, in a scope of its own.

In: a callee (Python function, closure, partial, method, class) and evaluated arguments. Out: the value of the call.
A function that is being inlined already, with the same structure of arguments, is recursive: it becomes a helper
(see `recursion`).
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import types
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from srcgrad.config import Transform
from srcgrad.errors import Diagnostic
from srcgrad.frontend.array_likes import with_arrays
from srcgrad.frontend.branch import branch
from srcgrad.frontend.constants import constant
from srcgrad.frontend.context import (
    FUNCTIONS,
    METHODS,
    Arguments,
    Context,
    Refused,
    Scope,
    caller,
    of_kind,
)
from srcgrad.frontend.derivatives import derived
from srcgrad.frontend.desugar import RESULT, desugar, return_statement
from srcgrad.frontend.elementwise import elementwise, force, noted_as_view
from srcgrad.frontend.liveness import Liveness, liveness
from srcgrad.frontend.numbas import NUMBAS
from srcgrad.frontend.operations import call_operation
from srcgrad.frontend.parameters import bind_parameters, defaults_of, refuse_results
from srcgrad.frontend.procedures import call_procedure
from srcgrad.frontend.recursion import Activation, call_recursive, key_of
from srcgrad.frontend.scalars import settle
from srcgrad.frontend.source import Source, argument_names, source_of, unwrap
from srcgrad.frontend.special_methods import special
from srcgrad.frontend.statics import static_object
from srcgrad.frontend.strength import given, numbers_of, taken
from srcgrad.frontend.subset import refusals
from srcgrad.frontend.targets import kept
from srcgrad.frontend.text import call_text_method, is_text_method
from srcgrad.frontend.values import (
    BOTTOM,
    NONE,
    Arr,
    ArrayExpr,
    Choice,
    Closure,
    Conflict,
    Derived,
    Generator,
    Maybe,
    Method,
    Num,
    Partial,
    Record,
    Static,
    Value,
    describe,
)  # fmt: skip
from srcgrad.infer.captured import Captured, Kind
from srcgrad.infer.signature import is_namedtuple
from srcgrad.ir.nodes import Atom
from srcgrad.library import quoted, refuse
from srcgrad.ops.procedures import procedure_by_function
from srcgrad.ops.registry import Op, by_callable, by_name

_VIEWING = (
    np.broadcast_to, np.broadcast_arrays, np.diagonal, np.diag, np.einsum, np.atleast_2d, np.atleast_3d,
    quoted(np.diagonal),
)  # fmt: skip


@dataclass(frozen=True)
class Prepared:
    """A function ready to be lowered: its structured body and its liveness."""

    body: list[ast.stmt]
    liveness: Liveness
    problems: tuple[Diagnostic, ...]


@functools.lru_cache(maxsize=1024)
def prepare(source: Source) -> Prepared:
    """Check and restructure a function's body, once."""
    problems = tuple(refusals(source))
    node = source.node
    body = return_statement(node.body) if isinstance(node, ast.Lambda) else desugar(node.body)
    return Prepared(body, liveness(body, argument_names(node)), problems)


# -- kinds of callees ---------------------------------------------------------------------------------------------


@caller(Static)
def call_static(ctx: Context, callee: Static, arguments: Arguments) -> Value:
    """A call of a Python object that is known at compile time."""
    target = callee.value
    if isinstance(target, np.ufunc) and target.nout == 1 and len(arguments.positional) == target.nin + 1:
        *operands, out = arguments.positional  # the output may follow the operands
        arguments = Arguments(tuple(operands), {**arguments.keywords, "out": out})
    if _is_numpys(target):
        arguments = with_arrays(ctx, target, arguments)
    if "out" in arguments.keywords and _is_numpys(target):
        return _into_out(ctx, callee, arguments)
    if "dtype" in arguments.keywords and isinstance(target, np.ufunc):
        return _in_dtype(ctx, callee, arguments)
    if (known := getattr(target, "__srcgrad_derivation__", None)) is not None:
        return ctx.call(Derived(Static(known[0]), known[1]), arguments)
    if isinstance(transform := getattr(target, "__srcgrad_derives__", None), Transform):
        return derived(ctx, transform, arguments)
    handler, numbers = _lookup(target), numbers_of(target)
    if handler is not None:
        return _viewing(ctx, target, arguments, given(ctx, numbers, handler(ctx, taken(ctx, numbers, arguments))))
    if target is refuse:
        _refuse_for_library(ctx, str(static_object(arguments.positional[0])))
    if (own := quoted(target)) is not None:
        return _viewing(ctx, target, arguments, call_function(ctx, own, arguments))
    if (procedure := procedure_by_function(target)) is not None:
        return call_procedure(ctx, procedure, arguments)
    if is_text_method(target):
        return call_text_method(ctx, target, arguments)
    op = _operation(target)
    if op is not None:
        return call_operation(ctx, op, arguments, numbers)
    target = unwrap(target) if callable(target) else target
    if (scalar_function := _of_elements(target)) is not None:
        return _element_by_element(ctx, scalar_function, arguments)
    match target:
        case types.FunctionType():
            return _viewing(ctx, target, arguments, call_function(ctx, target, arguments))
        case types.MethodType():
            receiver = Static(target.__self__)
            return ctx.call(Static(target.__func__), Arguments((receiver, *arguments.positional), arguments.keywords))
        case functools.partial():
            return _call_partial_object(ctx, target, arguments)
        case type():
            return construct(ctx, target, arguments)
    call = vars(type(target)).get("__call__")
    if isinstance(call, types.FunctionType):
        ctx.capture(Captured(Kind.ATTRIBUTE, type(target), "__call__", call))
        return call_function(ctx, call, Arguments((callee, *arguments.positional), arguments.keywords))
    ctx.refuse(
        f"srcgrad has no rule for {_name_of(target)}",
        label="called here",
        why="it is not written in Python that srcgrad can read, and no operation is registered for it",
        advice="write it out, or pass its result as an argument if it does not depend on the inputs",
    )


def _viewing(ctx: Context, target: Any, arguments: Arguments, result: Value) -> Value:
    """The result of a function of NumPy's that gives a view, or may, where a copy is made here."""
    if target not in _VIEWING or ctx.in_library:
        return result
    for original in arguments.positional:
        if isinstance(original, Arr) and (target is not np.diag or original.ndim > 1):
            result = noted_as_view(ctx, original, result)
    return result


def _refuse_for_library(ctx: Context, text: str) -> NoReturn:
    """What a quoted function refuses, at the call that the user wrote."""
    title, _, advice = text.partition(": ")
    why = "what srcgrad has in its place does less"
    raise Refused(Diagnostic(title, ctx.users_span, "called here", why, advice))


def _is_numpys(target: Any) -> bool:
    return isinstance(target, np.ufunc) or str(getattr(target, "__module__", "")).partition(".")[0] == "numpy"


def _into_out(ctx: Context, callee: Static, arguments: Arguments) -> Value:
    """`np.add(a, b, out=c, where=mask)`."""
    rest = {name: value for name, value in arguments.keywords.items() if name not in ("out", "where")}
    out, mask = arguments.keywords["out"], arguments.keywords.get("where")
    if isinstance(out, Record) and len(out.items) == 1:
        out = out.items[0]
    result = ctx.call(callee, Arguments(arguments.positional, rest))
    if out == NONE:
        return result
    if not isinstance(out, Arr):
        ctx.refuse(
            "out= needs an array",
            label=describe(out),
            why="the result is written into it",
            advice="give an array, or leave it out",
        )
    if mask is not None:
        result = ctx.call(Static(np.where), Arguments((mask, result, out)))
    ctx.call(Static(np.copyto), Arguments((out, result)))
    return out


def _in_dtype(ctx: Context, callee: Static, arguments: Arguments) -> Value:
    """`np.add(a, b, dtype=np.float64)`."""
    rest = {name: value for name, value in arguments.keywords.items() if name != "dtype"}
    kind = arguments.keywords["dtype"]
    if kind == NONE:
        return ctx.call(callee, Arguments(arguments.positional, rest))
    as_arrays = (ctx.call(Static(np.asarray), Arguments((value, kind))) for value in arguments.positional)
    return ctx.call(callee, Arguments(tuple(as_arrays), rest))


def _of_elements(target: Any) -> types.FunctionType | None:
    """The function of numbers behind one that `np.vectorize` or `numba.vectorize` applies to every element."""
    if isinstance(target, np.vectorize) and target.signature is None and not target.excluded:
        return target.pyfunc if isinstance(target.pyfunc, types.FunctionType) else None
    if type(target).__name__ == "DUFunc" and type(target).__module__.startswith("numba"):
        return target._dispatcher.py_func
    return None


def _element_by_element(ctx: Context, function: types.FunctionType, arguments: Arguments) -> Value:
    if not any(isinstance(value, Arr | ArrayExpr) for value in arguments.positional):
        return call_function(ctx, function, arguments)

    def compute(*atoms: Atom) -> Atom:
        found = settle(ctx, call_function(ctx, function, Arguments(tuple(map(Num, atoms)), arguments.keywords)))
        if not isinstance(found, Num):
            ctx.refuse(
                "a vectorised function must give one number",
                label=describe(found),
                why="it is called for each element",
                advice="return a number on every path",
            )
        return found.atom

    return elementwise(ctx, compute, *arguments.positional)


def _lookup(target: Any) -> Any:
    if str(getattr(target, "__module__", "")).startswith("numba"):
        target = NUMBAS.get(getattr(target, "__name__", ""), target)
    try:
        return FUNCTIONS.get(target)
    except TypeError:
        return None


def _operation(target: Any) -> Op | None:
    name = getattr(target, "__srcgrad_op__", None)
    return by_name(name) if isinstance(name, str) else by_callable(target)


def _name_of(target: Any) -> str:
    module = getattr(target, "__module__", None) or ""
    name = getattr(target, "__qualname__", None) or getattr(target, "__name__", None)
    if name is None:
        return f"an object of type {type(target).__name__}"
    return f"{module}.{name}".removeprefix("builtins.").removeprefix(".")


def _call_partial_object(ctx: Context, target: functools.partial, arguments: Arguments) -> Value:
    def stored(value: Any, holder: Any, key: Any) -> Value:
        where = Captured(Kind.ITEM, holder, key, value)
        ctx.capture(where)
        return constant(ctx, value, f"partial_{key}", where)

    first = tuple(stored(v, target.args, k) for k, v in enumerate(target.args))
    keywords = {k: stored(v, target.keywords, k) for k, v in target.keywords.items()}
    merged = Arguments((*first, *arguments.positional), {**keywords, **arguments.keywords})
    return ctx.call(Static(target.func), merged)


@caller(Partial)
def call_partial(ctx: Context, callee: Partial, arguments: Arguments) -> Value:
    keywords = {**dict(callee.keywords), **arguments.keywords}
    return ctx.call(callee.callee, Arguments((*callee.positional, *arguments.positional), keywords))


@caller(Choice)
def call_choice(ctx: Context, callee: Choice, arguments: Arguments) -> Value:
    """Which function is called is known at run time only: a branch on it."""
    if callee.first == NONE:
        return ctx.call(settle(ctx, callee), arguments)
    values = tuple(force(ctx, v) for v in arguments.positional)
    forced = Arguments(values, {k: force(ctx, v) for k, v in arguments.keywords.items()})
    return branch(
        ctx,
        callee.is_first,
        lambda: force(ctx, ctx.call(callee.first, forced)),
        lambda: force(ctx, ctx.call(callee.second, forced)),
        None,
    )


@caller(Method)
def call_method(ctx: Context, callee: Method, arguments: Arguments) -> Value:
    handler = of_kind(METHODS, callee.receiver, callee.name)
    assert handler is not None
    return handler(ctx, callee.receiver, arguments)


@caller(Record)
def call_record(ctx: Context, callee: Record, arguments: Arguments) -> Value:
    """An object of the user's class that can be called."""
    found = special(ctx, "__call__", callee, *arguments.positional, **arguments.keywords)
    if found is not None:
        return found
    ctx.refuse(
        "this is not a function",
        label=describe(callee),
        why="only functions known at compile time can be called",
        advice="call a function of the module, a nested function, or one passed as an argument",
    )


@caller(Closure)
def call_closure(ctx: Context, callee: Closure, arguments: Arguments) -> Value:
    scope = callee.scope
    return inline(ctx, callee.source, scope.function, scope, dict(callee.defaults), arguments)


def call_function(ctx: Context, target: types.FunctionType, arguments: Arguments) -> Value:
    """A plain Python function."""
    source = source_of(target)
    for name in ("__code__", "__defaults__", "__kwdefaults__"):  # reloading a module in place replaces them
        if part := getattr(target, name):
            ctx.capture(Captured(Kind.PART, target, name, part))
    defaults = defaults_of(ctx, target)
    return inline(ctx, source, target, None, defaults, arguments)


def construct(ctx: Context, target: type, arguments: Arguments) -> Value:
    """A namedtuple or a dataclass is a record; other classes are not compiled."""
    if dataclasses.is_dataclass(target):
        names = tuple(f.name for f in dataclasses.fields(target) if f.init)
        if "__post_init__" in dir(target) or len(names) < len(dataclasses.fields(target)):
            ctx.refuse(
                "a dataclass with __post_init__ is not built in compiled code",
                why="its code would not run",
                advice="build the object outside and pass it as an argument",
            )
        defaults = {
            f.name: constant(ctx, f.default, f.name, None)
            for f in dataclasses.fields(target)
            if f.default is not dataclasses.MISSING
        }
    elif is_namedtuple(target):
        names = tuple(target._fields)  # type: ignore[attr-defined]
        defaults = {
            name: constant(ctx, value, name, None)
            for name, value in target._field_defaults.items()  # type: ignore[attr-defined]
        }
    else:
        ctx.refuse(
            f"an object of class {target.__name__!r} cannot be built here",
            label="constructed here",
            why="only tuples, namedtuples and dataclasses are values of compiled code",
            advice="build it outside and pass it as an argument",
        )
    given = dict(zip(names, arguments.positional))
    items = {**defaults, **given, **arguments.keywords}
    missing = [name for name in names if name not in items]
    if missing or len(arguments.positional) > len(names) or set(items) - set(names):
        ctx.refuse(
            f"the arguments do not fit {target.__name__}",
            why=f"its fields are {', '.join(names)}",
            advice="give every field without a default once",
        )
    return Record(target, names, tuple(force(ctx, items[name], name) for name in names))


# -- inlining -----------------------------------------------------------------------------------------------------


def inline(
    ctx: Context,
    source: Source,
    function: Any,
    outer: Scope | None,
    defaults: dict[str, Value],
    arguments: Arguments,
) -> Value:
    """Lower the body of a function with its parameters bound to `arguments`."""
    prepared = prepare(source)
    if prepared.problems:
        ctx.diagnostics.extend(p for p in prepared.problems if p not in ctx.diagnostics)
        return BOTTOM
    bound = bind_parameters(ctx, source, defaults, arguments)
    values = {name: force(ctx, value, name) for name, value in bound.items()}
    values = {name: kept(ctx, value) if isinstance(value, Generator) else value for name, value in values.items()}

    def body(env: dict[str, Value]) -> Value:
        ctx.scopes.append(Scope(source, prepared.liveness, outer, function, env))
        try:
            ctx.run(prepared.body)
            found = BOTTOM if ctx.terminated else ctx.env.get(RESULT, NONE)
            if isinstance(found, Conflict):
                refuse_results(ctx, source)
            return found.value if isinstance(found, Maybe) else found
        finally:
            ctx.scopes.pop()

    activation = Activation(key_of(source, outer, values), source.name, values, body)
    return call_recursive(ctx, activation)
