"""The grammar of the IR: structured control flow in static single assignment form.

Scalars and array *references* are assigned once. `If` yields values; `For` and `While` carry a tuple of values
(initial, body parameter, yielded), so there are no phi nodes and no jumps. Arrays are memory, changed by `Store`,
`Product` and `External`.

    function  = Function(name, params, body, helpers)
    block     = Block(statements, results)
    statement = Let | Dim | Load | Store | Product | External | Alloc | Copy | View | Reshape | Reinterpret
              | If | For | While | NewStack | Push | Pop | Raise | Print | Barrier | Call | Launch | Kernel
    atom      = Sym | Const

Invariants (checked by `ir.verify`)
- A `Sym` is defined exactly once and used only where its definition dominates the use: later in the same block,
  or in a block nested under a later statement. Symbols are objects; text names are chosen only in `emit`.
- Operands of an arithmetic `Let` have one dtype: the frontend inserts the casts.
- Parameters of a function are never stored into: the frontend copies an argument that is written. What a
  procedure writes is among its results.
- Complex values exist in what the frontend makes, and at the borders of what is emitted: `realify` takes them apart
  into real and imaginary parts before anything is differentiated, and puts parameters and results together after.
- `Barrier` exists only in what the frontend makes: `device.phases` takes the loops around it apart.
- `Alloc`, `Copy` make fresh memory; `View`, `Reshape`, `Reinterpret`, `If`, `For`, `While` and `Pop` may name memory
  that has a name already.
- Subscripts wrap like NumPy's: -1 is the last element. An out-of-range subscript is undefined (as in Numba).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from srcgrad.ir.fold import Fold
from srcgrad.ir.types import INT64, Scalar, Type
from srcgrad.ops.procedures import Procedure
from srcgrad.ops.registry import Op
from srcgrad.span import NOWHERE, Span


@dataclass(frozen=True, eq=False)
class Sym:
    """A variable. Equality is identity; `hint` is the user's name for it, if any."""

    hint: str
    type: Type

    def __repr__(self) -> str:
        return f"{self.hint}#{id(self) % 9973}"


@dataclass(frozen=True)
class Const:
    """A scalar known at compile time (`value` is a Python bool, int, float or complex; inf and nan included)."""

    value: Any
    type: Scalar

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and (repr(self.value), self.type) == (repr(other.value), other.type)

    def __hash__(self) -> int:
        return hash((repr(self.value), self.type))


Atom = Sym | Const


@dataclass(frozen=True, eq=False)
class Block:
    """Statements in order, and the values the block hands to the statement (or function) that owns it."""

    statements: tuple[Statement, ...]
    results: tuple[Atom, ...] = ()


@dataclass(frozen=True, eq=False)
class Let:
    """`result = op(*arguments)`: a pure scalar operation."""

    result: Sym
    op: Op
    arguments: tuple[Atom, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Dim:
    """`result = array.shape[axis]` (axis is a non-negative constant)."""

    result: Sym
    array: Sym
    axis: int
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Load:
    """`result = array[index]`, one element."""

    result: Sym
    array: Sym
    index: tuple[Atom, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Store:
    """`array[index] = value`, or `array[index] += value` where `accumulate` (at once, where `atomic`: several threads
    of a kernel may add to one element)."""

    array: Sym
    index: tuple[Atom, ...]
    value: Atom
    accumulate: bool = False
    span: Span = NOWHERE
    atomic: bool = False


@dataclass(frozen=True, eq=False)
class Product:
    """`array += left @ right`, three floating matrices of one dtype, or `array = left @ right` where it does not
    `accumulate`; `array` shares no memory with the other two.

    A factor is taken with its dimensions exchanged where it is `transposed`. Arrays of three dimensions are matrices of
    complex numbers as pairs of parts; there, a factor may be `conjugated`, too."""

    array: Sym
    left: Sym
    right: Sym
    transposed: tuple[bool, bool] = (False, False)
    conjugated: tuple[bool, bool] = (False, False)
    span: Span = NOWHERE
    accumulate: bool = True


@dataclass(frozen=True, eq=False)
class External:
    """Fill `outputs` by a procedure of BLAS or LAPACK. They share no memory with one another or with the inputs.

    What is not linear in a procedure has its derivative written down beside it, once: where it stands in a derivative
    (`derived`), none is known."""

    procedure: Procedure
    outputs: tuple[Sym, ...]
    inputs: tuple[Sym, ...]
    span: Span = NOWHERE
    derived: bool = False

    @property
    def factors(self) -> tuple[Sym, ...]:
        """The inputs that a linear procedure is not linear in: what its transpose reads, too."""
        return self.inputs[:-1] if self.procedure.transpose is not None else ()


@dataclass(frozen=True, eq=False)
class Alloc:
    """`result = np.full(shape, fill)`; `fill=None` leaves the memory uninitialised. C order. A `tape` holds what the
    forward sweep leaves for the reverse sweep."""

    result: Sym
    shape: tuple[Atom, ...]
    fill: Const | None
    span: Span = NOWHERE
    tape: bool = False


@dataclass(frozen=True, eq=False)
class Copy:
    """`result = array.copy()`: fresh memory in C order."""

    result: Sym
    array: Sym
    span: Span = NOWHERE


@dataclass(frozen=True)
class Slice:
    """`start : : step` with `length` elements along one dimension of the base; all are int64 atoms.

    The frontend has resolved negative and missing bounds: 0 <= start, and every element is inside the base."""

    start: Atom
    length: Atom
    step: Atom


@dataclass(frozen=True, eq=False)
class View:
    """`result` names part of `array`: one entry per dimension of the base, an atom (which drops the dimension)
    or a `Slice`; then the remaining dimensions are permuted, `result.shape[k] = kept.shape[permutation[k]]`.

    Of a complex array one more entry, the last, picks the real (0) or the imaginary (1) parts."""

    result: Sym
    array: Sym
    entries: tuple[Atom | Slice, ...]
    permutation: tuple[int, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Reshape:
    """`result` names the memory of `array`, whose elements lie one behind the other, with other extents (int64 atoms,
    of the same product)."""

    result: Sym
    array: Sym
    shape: tuple[Atom, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Reinterpret:
    """`result` names the memory of `array`: complex numbers as pairs (real, imaginary part) along one more dimension,
    the last; or such pairs as complex numbers."""

    result: Sym
    array: Sym
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class If:
    """Run one of two blocks; `results[k]` is that block's k-th result."""

    results: tuple[Sym, ...]
    condition: Atom
    then: Block
    orelse: Block
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class For:
    """`for index in range(start, stop, step)`, or the same indices backwards where `reverse`.

    `parameters[k]` is `initial[k]` in the first iteration and then what `body` yielded at k; `results[k]` is the
    last of these (`initial[k]` when no iteration ran). The bounds are evaluated once. `step` is not zero. The user says
    that the iterations of a `parallel` loop need nothing of one another."""

    results: tuple[Sym, ...]
    index: Sym
    start: Atom
    stop: Atom
    step: Atom
    parameters: tuple[Sym, ...]
    initial: tuple[Atom, ...]
    body: Block
    reverse: bool = False
    span: Span = NOWHERE
    parallel: bool = False


@dataclass(frozen=True, eq=False)
class While:
    """Repeat `body` while `condition` (a block over `counter` and the parameters, yielding one bool) holds.

    `counter` is 0, 1, 2, ... in `condition` and in `body`; `trips` is how often `body` ran."""

    results: tuple[Sym, ...]
    trips: Sym
    counter: Sym
    parameters: tuple[Sym, ...]
    initial: tuple[Atom, ...]
    condition: Block
    body: Block
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class NewStack:
    """`result` is an empty stack."""

    result: Sym
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Push:
    stack: Sym
    value: Atom
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Pop:
    """Take the newest value off the stack (which is not empty)."""

    result: Sym
    stack: Sym
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Raise:
    """Leave the function with the user's exception; `exception` is a builtin exception class."""

    exception: type[BaseException]
    message: str
    values: tuple[Atom, ...] = ()
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Print:
    """The user's `print`: a sequence of literal strings and values."""

    items: tuple[str | Atom, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Barrier:
    """No thread of a block goes on before all have come here. The parallel loops around are those over the blocks of a
    grid, and inside of them as many over the threads of a block."""

    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Callee:
    """The identity of a function that stays a call (recursion): what it is called and its type."""

    name: str
    parameters: tuple[Type, ...]
    results: tuple[Type, ...]


@dataclass(frozen=True, eq=False)
class Call:
    """`results = callee(*arguments)`; the callee's `Function` is among the caller's `helpers`."""

    results: tuple[Sym, ...]
    callee: Callee
    arguments: tuple[Atom, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, eq=False)
class Launch:
    """A loop whose iterations run at the same time: `callee(first, last, *initial, *arguments)` runs those from
    `first` up to `last`, and is called for the blocks into which 0, ..., `count` - 1 are divided.

    `results[k]` is `initial[k]` and what the calls give, folded by `folds[k]`; the calls get the neutral value of a
    fold in place of the initial one, where there is one. `work` is about how many operations that are in all. Into the
    arrays at the positions `sums` of the arguments, the calls only add: they may add to zeros of their own, which are
    added up after; or `atomic` is called in place of the callee, which makes its `additions` (about so many)
    atomically."""

    results: tuple[Sym, ...]
    callee: Callee
    count: Atom
    work: Atom
    folds: tuple[Fold, ...]
    initial: tuple[Atom, ...]
    arguments: tuple[Atom, ...]
    span: Span = NOWHERE
    sums: tuple[int, ...] = ()
    atomic: Callee | None = None
    additions: Atom = Const(0, INT64)


@dataclass(frozen=True, eq=False)
class Kernel:
    """Loops whose iterations are the threads of a GPU: `callee(i, ..., *initial, *arguments)` is run for each
    0 <= i < `counts[0]`, and so on. `results[k]` is `initial[k]` and what the threads give,
    folded by `folds[k]`; a thread gets a neutral value in place of the initial one, where there is one. `folds[k]` is
    None for what the only thread there is makes of `initial[k]`. With `slots`, the indices are followed by a number
    below that, which no two threads have at the same time."""

    results: tuple[Sym, ...]
    callee: Callee
    counts: tuple[Atom, ...]
    folds: tuple[Fold | None, ...]
    initial: tuple[Atom, ...]
    arguments: tuple[Atom, ...]
    span: Span = NOWHERE
    slots: Atom | None = None


Statement = (
    Let | Dim | Load | Store | Product | External | Alloc | Copy | View | Reshape | Reinterpret | If | For | While
    | NewStack | Push | Pop | Raise | Print | Barrier | Call | Launch | Kernel
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Function:
    """A function over scalars, arrays and stacks; `body.results` are its results.

    `helpers` are the functions that stay calls, each with its `callee`; the helpers may call one another."""

    name: str
    params: tuple[Sym, ...]
    body: Block
    span: Span = NOWHERE
    helpers: tuple[Function, ...] = ()
    callee: Callee | None = None
    result_hints: tuple[str, ...] = field(default=())


def blocks(statement: Statement) -> tuple[Block, ...]:
    """The blocks nested directly in a statement."""
    match statement:
        case If(then=then, orelse=orelse):
            return (then, orelse)
        case For(body=body):
            return (body,)
        case While(condition=condition, body=body):
            return (condition, body)
        case _:
            return ()


def definitions(statement: Statement) -> tuple[Sym, ...]:
    """The symbols a statement defines in the block it stands in (not those inside its nested blocks)."""
    match statement:
        case If(results=results) | For(results=results):
            return results
        case Call(results=results) | Launch(results=results) | Kernel(results=results):
            return results
        case While(results=results, trips=trips):
            return (*results, trips)
        case Store() | Product() | External() | Push() | Raise() | Print() | Barrier():
            return ()
        case _:
            return (statement.result,)


def operands(statement: Statement) -> tuple[Atom, ...]:
    """The atoms a statement uses itself (not those used inside its nested blocks)."""
    match statement:
        case Let(arguments=arguments) | Call(arguments=arguments):
            return arguments
        case Launch(count=count, work=work, initial=initial, arguments=arguments):
            return (count, work, statement.additions, *initial, *arguments)
        case Kernel(counts=counts, slots=slots, initial=initial, arguments=arguments):
            return (*counts, *(() if slots is None else (slots,)), *initial, *arguments)
        case Dim(array=array) | Copy(array=array) | Reinterpret(array=array):
            return (array,)
        case Load(array=array, index=index):
            return (array, *index)
        case Store(array=array, index=index, value=value):
            return (array, *index, value)
        case Product(array=array, left=left, right=right):
            return (array, left, right)
        case External(outputs=outputs, inputs=inputs):
            return (*outputs, *inputs)
        case Alloc(shape=shape):
            return shape
        case View(array=array, entries=entries):
            return (array, *_view_atoms(entries))
        case Reshape(array=array, shape=shape):
            return (array, *shape)
        case If(condition=condition):
            return (condition,)
        case For(start=start, stop=stop, step=step, initial=initial):
            return (start, stop, step, *initial)
        case While(initial=initial):
            return initial
        case Push(stack=stack, value=value):
            return (stack, value)
        case Pop(stack=stack):
            return (stack,)
        case Raise(values=values):
            return values
        case Print(items=items):
            return tuple(item for item in items if not isinstance(item, str))
        case _:
            return ()


def written_arrays(statement: Statement) -> tuple[Sym, ...]:
    """The arrays a statement itself may write into; a call may write into any array or stack it is given."""
    match statement:
        case Store(array=array) | Product(array=array):
            return (array,)
        case External(outputs=outputs):
            return outputs
        case Call(arguments=arguments) | Launch(arguments=arguments) | Kernel(arguments=arguments):
            return tuple(a for a in arguments if isinstance(a, Sym) and not isinstance(a.type, Scalar))
        case _:
            return ()


def _view_atoms(entries: tuple[Atom | Slice, ...]) -> Iterator[Atom]:
    for entry in entries:
        if isinstance(entry, Slice):
            yield from (entry.start, entry.length, entry.step)
        else:
            yield entry

