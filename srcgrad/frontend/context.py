"""What lowering a function carries along: the builder, the scopes, what was captured, what went wrong.

The lowering is spread over many files that call one another; they meet here. Each registers its handlers in the
tables below (by AST node type, by kind of callee, by Python callable) and calls back through `Context`, so that the
files do not import one another in circles.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np

from srcgrad.config import Transform
from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.frontend.desugar import RESULT, SetReturn
from srcgrad.frontend.liveness import Liveness
from srcgrad.frontend.source import Source
from srcgrad.frontend.values import BOTTOM, Arr, ArrayExpr, Num, Undefined, Value
from srcgrad.infer.captured import Captured
from srcgrad.infer.raised import Key, Raised
from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import Atom, Callee, Const, Function, Statement, Sym
from srcgrad.ir.types import PY_INT, Array, Layout
from srcgrad.library import quoting
from srcgrad.span import Span

_LIBRARY = Path(quoting.__file__).parent


def is_librarys(span: Span) -> bool:
    """Does a place belong to the library that stands for NumPy's functions?"""
    return Path(span.file).parent == _LIBRARY


class Unknown(Exception):
    """The value of an expression is not known in this round; the statement that needs it gives nothing."""


class Refused(Exception):
    """An expression cannot be compiled; the statement it stands in is given up, lowering goes on."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.title)
        self.diagnostic = diagnostic


@dataclass(frozen=True)
class Arguments:
    """The arguments of a call, evaluated."""

    positional: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.positional) + len(self.keywords)


@dataclass(eq=False)
class Scope:
    """The variables of one function that is being lowered (or of a comprehension inside it).

    `outer` is where free names are looked up next: the defining scope of a nested function; `function` the Python
    function, whose cells and globals come last. `returned` has what each `return` statement gives."""

    source: Source
    liveness: Liveness
    outer: Scope | None
    function: Any
    env: dict[str, Value] = field(default_factory=dict)
    returned: dict[Span, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class CapturedArray:
    """A global or closed-over array, which becomes a hidden parameter."""

    captured: Captured
    symbol: Sym


@dataclass(eq=False)
class Helper:
    """A recursive function that stays a call: its prototypes of parameters and result, found so far, and the
    symbols from around it that it uses."""

    key: object
    name: str
    result: Value = BOTTOM
    result_symbols: tuple[Sym, ...] = ()
    params: dict[str, Value] = field(default_factory=dict)
    param_symbols: tuple[Sym, ...] = ()
    callee: Callee | None = None
    captured: tuple[Sym, ...] = ()


@dataclass(frozen=True, eq=False)
class Snapshot:
    """`made` was copied from `original`, where Python may have given the very memory: neither may change afterwards.
    `title`, `why` and `advice` are for the user whose program changes one."""

    original: Sym | None
    made: Sym
    span: Span
    title: str
    why: str
    advice: str


@dataclass(frozen=True)
class Inner:
    """A function to be differentiated inside of another: the positions of the parameters that are, and how.

    The derivative has the same parameters, for JVP followed by a tangent for each of `wrt`; it gives the results of the
    function, and after these the gradients of its first result (VALUE_AND_GRAD), or the tangents of its floating
    results (JVP)."""

    function: Function
    wrt: tuple[int, ...]
    transform: Transform
    strong_zero: bool


Differentiate = Callable[[Inner], Function]
Handler = Callable[["Context", Any], Any]
CallHandler = Callable[["Context", Any, Arguments], Value]

EXPRESSIONS: dict[type, Handler] = {}
STATEMENTS: dict[type, Handler] = {}
CALLERS: dict[type, CallHandler] = {}
FUNCTIONS: dict[Any, Callable[[Context, Arguments], Value]] = {}
METHODS: dict[tuple[type, str], CallHandler] = {}
ATTRIBUTES: dict[tuple[type, str], Handler] = {}

F = TypeVar("F", bound=Callable[..., Any])


def expression(*kinds: type[ast.expr]) -> Callable[[F], F]:
    """Register the handler of expression nodes: `(ctx, node) -> Value`."""
    return _register(EXPRESSIONS, kinds)


def statement(*kinds: type[ast.stmt]) -> Callable[[F], F]:
    """Register the handler of statement nodes: `(ctx, node) -> None`."""
    return _register(STATEMENTS, kinds)


def caller(*kinds: type) -> Callable[[F], F]:
    """Register how values of a kind are called: `(ctx, callee, arguments) -> Value`."""
    return _register(CALLERS, kinds)


def function(*callables: Any) -> Callable[[F], F]:
    """Register what a call of a Python function means: `(ctx, arguments) -> Value`."""
    return _register(FUNCTIONS, callables)


def method(kinds: tuple[type, ...], *names: str) -> Callable[[F], F]:
    """Register a method of values: `(ctx, receiver, arguments) -> Value`."""
    return _register(METHODS, [(kind, name) for kind in kinds for name in names])


def attribute(kinds: tuple[type, ...], *names: str) -> Callable[[F], F]:
    """Register an attribute of values: `(ctx, receiver) -> Value`."""
    return _register(ATTRIBUTES, [(kind, name) for kind in kinds for name in names])


Handled = TypeVar("Handled")


def of_kind(table: dict[tuple[type, str], Handled], value: Value, name: str) -> Handled | None:
    """What a table of methods or attributes has for a value: under its own type, or one that it is a kind of."""
    found = (table.get((kind, name)) for kind in type(value).__mro__)
    return next((handler for handler in found if handler is not None), None)


def _register(table: dict, keys: Any) -> Callable[[F], F]:
    def add(handler: F) -> F:
        for key in keys:
            assert key not in table, f"{key} has two handlers"
            table[key] = handler
        return handler

    return add


class Context:
    """The state of one run of the frontend."""

    def __init__(
        self,
        mixed_orders: bool = False,
        sums_of_arrays: frozenset[Span] = frozenset(),
        differentiate: Differentiate | None = None,
    ) -> None:
        self.differentiate = differentiate
        self.builder = Builder()
        self.scopes: list[Scope] = []
        self.diagnostics: list[Diagnostic] = []
        self.unknowns: list[Diagnostic] = []
        self.constants: dict[tuple, Captured] = {}
        self.arrays: dict[tuple, CapturedArray] = {}
        self.raised: dict[Key, Raised] = {}
        self.terminated = False
        self.clock = 0
        self.written: list[tuple[int, Sym | None]] = []
        self.born: dict[Sym, int] = {}
        self.nonnegative: set[Sym] = set()
        self.at_most_one: set[Atom] = set()  # lengths of slices such as a[:1]
        self.fresh: set[Sym] = set()
        self.reshaped: dict[Sym, Sym] = {}  # arrays that name the memory of another: which
        # NumPy gives results the order that their operands have in memory; here all fresh arrays have rows one after
        # the other. Once anything but rows was met, only the arrays in `in_rows` certainly have them in NumPy as well.
        self.mixed_orders = mixed_orders
        self.relies_on_rows = False
        self.in_rows: set[Sym] = set()
        # calls of `sum` that turned out to be of arrays: the 0 it starts from is no array, and the loop has one type
        self.sums_of_arrays = sums_of_arrays
        self.more_sums_of_arrays: set[Span] = set()
        self.parameters: set[Sym] = set()
        self.kept_apart: set[Sym] = set()  # parameters that may share memory with no other
        self.shapes: dict[Sym, tuple[Atom, ...]] = {}
        self.dims: list[dict[object, Atom]] = [{}]
        self.units: set[object] = set()  # the dimensions of arrays from outside whose length is 1
        self.calls: list[Any] = []
        self.loop_types: dict[tuple, tuple[dict[str, Value], frozenset[Sym]]] = {}
        self.inlining: list[object] = []
        self.snapshots: list[Snapshot] = []
        self.helpers: dict[object, Helper] = {}
        self.functions: dict[Callee, Function] = {}

    # -- where we are -----------------------------------------------------------------------------------------

    @property
    def scope(self) -> Scope:
        return self.scopes[-1]

    @property
    def env(self) -> dict[str, Value]:
        return self.scope.env

    @property
    def span(self) -> Span:
        return self.builder.span

    @contextmanager
    def at(self, node: ast.AST) -> Iterator[None]:
        """Statements emitted and diagnostics raised inside the `with` belong to `node`."""
        previous = self.builder.span
        if hasattr(node, "lineno"):  # nodes of our own making belong to the user's node around them
            self.builder.span = self.scope.source.span(node)
        try:
            yield
        finally:
            self.builder.span = previous

    @contextmanager
    def at_users_call(self) -> Iterator[None]:
        """Statements emitted inside the `with` belong to the call that the library is read for."""
        previous, self.builder.span = self.builder.span, self.users_span
        try:
            yield
        finally:
            self.builder.span = previous

    # -- the walk ---------------------------------------------------------------------------------------------

    def expr(self, node: ast.expr) -> Value:
        """The value of an expression; the statements that compute it are emitted."""
        handler = EXPRESSIONS.get(type(node))
        with self.at(node):
            if handler is None:
                self.refuse(
                    f"srcgrad does not read a {type(node).__name__} expression",
                    why="it is outside the subset of Python that is compiled",
                    advice="compute it outside and pass it as an argument",
                )
            value = handler(self, node)
        if value is BOTTOM:
            raise Unknown
        return value

    def run(self, body: list[ast.stmt]) -> None:
        """Lower statements; those after a certain `raise` are dropped."""
        for node in body:
            if self.terminated:
                return
            with self.at(node):
                handler = STATEMENTS.get(type(node))
                if handler is None:
                    self.diagnostics.append(
                        Diagnostic(
                            f"srcgrad does not read a {type(node).__name__} statement",
                            self.span,
                            "here",
                            "it is outside the subset of Python that is compiled",
                            "write it with assignments, if, for and while",
                        )
                    )
                    continue
                try:
                    handler(self, node)
                except Unknown:
                    self.forget(node)
                except Refused as refused:
                    self.diagnostics.append(refused.diagnostic)
                    self.forget(node)

    def forget(self, node: ast.AST) -> None:
        """The names a statement assigns have no known value now."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                self.env[inner.id] = BOTTOM
            elif isinstance(inner, SetReturn | ast.Return):
                self.env[RESULT] = BOTTOM

    def call(self, callee: Value, arguments: Arguments) -> Value:
        """Call a value."""
        handler = CALLERS.get(type(callee))
        if handler is None:
            self.refuse(
                "this is not a function",
                why="only functions known at compile time can be called",
                advice="call a function of the module, a nested function, or one passed as an argument",
            )
        return handler(self, callee, arguments)

    # -- refusing ---------------------------------------------------------------------------------------------

    def refuse(
        self, title: str, *, label: str = "", why: str = "", advice: str = "", node: ast.AST | None = None
    ) -> NoReturn:
        """Give up the statement that is being lowered."""
        span = self.span if node is None else self.scope.source.span(node)
        raise Refused(Diagnostic(title, span, label, why, advice))

    def unknown(self, name: str) -> NoReturn:
        """A name was read that has no value (in this round, or at all)."""
        self.unknowns.append(
            Diagnostic(
                f"the variable {name!r} is read before it is assigned",
                self.span,
                "read here",
                "no path through the function gives it a value first",
                "assign it before this line",
            )
        )
        raise Unknown

    def finish(self) -> None:
        """Raise what was found, all at once."""
        problems = self.diagnostics or self.unknowns[:1]
        if problems:
            raise Unsupported(*dict.fromkeys(problems))

    # -- rounds -----------------------------------------------------------------------------------------------

    @contextmanager
    def block(self) -> Iterator[list[Statement]]:
        """Collect the statements of a nested block."""
        self.dims.append({})
        try:
            with self.builder.block() as statements:
                yield statements
        finally:
            self.dims.pop()

    def dim(self, key: object) -> Atom | None:
        """A length (of `(array, axis)`), or the length that an atom was checked to equal, if it was computed in a
        block that encloses this one."""
        found = next((layer[key] for layer in reversed(self.dims) if key in layer), None)
        return Const(1, PY_INT) if found is None and key in self.units else found

    def mark(self) -> tuple[int, int]:
        """Where the records of problems stand, to be given to `rewind` when a round is thrown away."""
        return len(self.diagnostics), len(self.unknowns)

    def rewind(self, mark: tuple[int, int]) -> None:
        del self.diagnostics[mark[0] :]
        del self.unknowns[mark[1] :]

    # -- order of effects -------------------------------------------------------------------------------------

    def wrote(self, base: Sym | None) -> None:
        """Memory was written; `None` where it is not known which."""
        self.clock += 1
        self.written.append((self.clock, base))

    def writes(self) -> int:
        """How often memory was written so far."""
        return len(self.written)

    def allocated(self, symbol: Sym) -> None:
        """Fresh memory was made."""
        self.clock += 1
        self.fresh.add(symbol)
        self.born[symbol] = self.clock

    def changed_since(self, moment: int) -> bool:
        """Was memory written, since the clock showed `moment`, that was there already?"""
        return any(
            when > moment and (base is None or self.born.get(self.memory_of(base), 0) <= moment)
            for when, base in reversed(self.written)
        )

    @property
    def in_library(self) -> bool:
        """Is the code that is read the library's, which stands for NumPy's?"""
        return is_librarys(self.span)

    @property
    def users_span(self) -> Span:
        """Where in the user's code we are: the call that the library is read for."""
        spans = [call[0] for call in self.calls if isinstance(call, tuple) and isinstance(call[0], Span)]
        outside = [span for span in (*spans, self.span) if not is_librarys(span)]
        return outside[-1] if outside else self.span

    def note_parameter(self, symbol: Sym) -> None:
        """Whether an array from outside has its rows one after the other."""
        if isinstance(symbol.type, Array) and symbol.type.layout is Layout.C:
            self.in_rows.add(symbol)
        elif isinstance(symbol.type, Array) and symbol.type.ndim > 1:
            self.mixed_orders = True

    def memory_of(self, base: Sym) -> Sym:
        """The array whose memory a symbol names, as far as that is known."""
        return self.reshaped.get(base, base)

    # -- small services ---------------------------------------------------------------------------------------

    def path(self, node: Any) -> tuple:
        """A node together with the calls it is being inlined through."""
        return (*self.calls, node)

    def capture(self, captured: Captured) -> None:
        """Record a constant that was read from outside the arguments."""
        self.constants.setdefault((captured.kind, id(captured.holder), captured.name), captured)

    def no_value(self, name: str) -> Undefined:
        return Undefined(name)


def is_array(value: Value) -> bool:
    return isinstance(value, Arr | ArrayExpr)


def is_number(value: Value) -> bool:
    return isinstance(value, Num)


def is_static_dtype(value: Any) -> bool:
    """Can NumPy read this Python object as a dtype of numbers?"""
    if isinstance(value, np.dtype):
        return value.kind in "biufc"
    return isinstance(value, type) and (value in (float, int, bool, complex) or issubclass(value, np.generic))


