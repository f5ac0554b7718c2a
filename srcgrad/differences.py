"""Derivatives by finite differences: the yardstick that shares nothing with the compiler.

In: a Python function, its arguments (any nesting of containers, scalars and arrays) and tangents of the same
structure. Out: the directional derivative as one vector over the floating leaves of the output, with an estimate of
its error. Differences are central, at ten step sizes, extrapolated to step zero (Richardson, in Ridders' form, which
takes the entry of the tableau that agrees best with its neighbours: so a kink close by, crossed by the longer steps
only, does no harm). float32 inputs are promoted to float64 first. A complex number counts as two: its real and its
imaginary part. The function always gets fresh copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from srcgrad.infer.signature import Leaf, Node, Spec, Static, describe, flatten, leaves, unflatten
from srcgrad.ir.types import PY_FLOAT, Array, Layout

_FIRST_STEP = 2.0**-6
_LEVELS = 10


def numerical_jvp(
    fun: Callable, primals: tuple, tangents: tuple, *, written: tuple[int, ...] | None = None
) -> tuple[np.ndarray, float]:
    """The directional derivative of `fun` at `primals` along `tangents`, and an estimate of its largest error.

    Entries of `tangents` that belong to no floating leaf (ints, strings, None) are ignored. The result runs over all
    floating leaves of the output in order; a procedure's output are the arrays it writes, which are found by trial
    unless their positions among the leaves of the arguments are given as `written`."""
    spec = describe(primals)
    direction = [part for part, _ in _paired(tangents, spec)]
    positions = written_leaves(fun, primals) if written is None else written

    def along(step: float) -> np.ndarray:
        return float_vector(evaluate(fun, _moved(primals, spec, direction, step), positions))

    steps = [_FIRST_STEP * 2.0**-k for k in range(_LEVELS)]
    with np.errstate(all="ignore"):
        quotients = [(along(step) - along(-step)) / (2.0 * step) for step in steps]
        return _extrapolate(quotients)


def _extrapolate(quotients: list[np.ndarray]) -> tuple[np.ndarray, float]:
    """The best entry, element by element, of the Richardson tableau over halved steps."""
    best = quotients[-1]
    error = np.full(best.shape, np.inf)
    previous: list[np.ndarray] = []
    for quotient in quotients:
        row = [quotient]
        for k, above in enumerate(previous):
            factor = 4.0 ** (k + 1)
            row.append(row[k] + (row[k] - above) / (factor - 1.0))
            change = np.maximum(abs(row[k + 1] - row[k]), abs(row[k + 1] - above))
            better = change < error
            best = np.where(better, row[k + 1], best)
            error = np.where(better, change, error)
        previous = row
    return best, float(error.max(initial=0.0))


def evaluate(fun: Callable, args: tuple, written: tuple[int, ...] | None = None) -> Any:
    """What `fun` returns on copies of `args`; for a procedure, the tuple of the arrays it writes."""
    fresh = copy_tree(args)
    out = fun(*fresh)
    if out is not None:
        return out
    every = list(flatten(fresh, describe(fresh)))
    positions = written_leaves(fun, args) if written is None else written
    arrays = tuple(every[k] for k in positions)
    return arrays[0] if len(arrays) == 1 else arrays


def written_leaves(fun: Callable, args: tuple) -> tuple[int, ...]:
    """The leaves of the arguments that are arrays which `fun`, if it is a procedure, writes: those that it cannot
    do without writing. Empty for a function that returns something."""
    fresh = copy_tree(args)
    if fun(*fresh) is not None:
        return ()
    spec = describe(args)
    arrays = [k for k, leaf in enumerate(leaves(spec)) if isinstance(leaf.type, Array)]
    return tuple(k for k in arrays if _needs_to_write(fun, args, spec, k))


def _needs_to_write(fun: Callable, args: tuple, spec: Spec, position: int) -> bool:
    fresh = copy_tree(args)
    before = list(flatten(args, spec))[position]
    array = list(flatten(fresh, spec))[position]
    array.flags.writeable = False
    try:
        fun(*fresh)
    except (ValueError, TypeError):  # NumPy's refusal, or that of a compiled function
        return True
    return not np.array_equal(before, array, equal_nan=array.dtype.kind in "fc")


# -- structures -------------------------------------------------------------------------------------------------------


def copy_tree(value: Any) -> Any:
    """A copy whose arrays are fresh memory with the same layout (C, Fortran or strided)."""
    spec = describe(value)
    return unflatten(spec, map(fresh_copy, flatten(value, spec)))


def fresh_copy(leaf: Any, dtype: np.dtype | None = None) -> Any:
    """A scalar as it is; an array in new memory of the same layout."""
    if not isinstance(leaf, np.ndarray):
        return leaf
    kind = describe(leaf)
    assert isinstance(kind, Leaf) and isinstance(kind.type, Array)
    dtype = dtype or leaf.dtype
    if kind.type.layout is not Layout.ANY:
        return np.array(leaf, dtype=dtype, order=kind.type.layout.value, copy=True)
    room = np.empty(tuple(2 * n for n in leaf.shape), dtype)
    strided = room[tuple(slice(None, None, 2) for _ in leaf.shape)]
    strided[...] = leaf
    return strided


def is_float_leaf(leaf: Leaf) -> bool:
    """Does it hold floating-point or complex numbers?"""
    return leaf.type.is_inexact


def float_leaves(value: Any, spec: Spec | None = None) -> Iterator[Any]:
    """The leaves of `value` at the places where `spec` (that of `value` itself by default) has floating ones."""
    for part, leaf in _paired(value, describe(value) if spec is None else spec):
        if is_float_leaf(leaf):
            yield part


def _paired(value: Any, spec: Spec) -> Iterator[tuple[Any, Leaf]]:
    """Each leaf of `spec` with what stands at its place in `value`, where None may stand for a whole container."""
    if isinstance(spec, Leaf):
        yield value, spec
    elif isinstance(spec, Node):
        one_level = Node(spec.container, spec.keys, (Leaf(PY_FLOAT),) * len(spec.children))
        parts = [None] * len(spec.children) if value is None else flatten(value, one_level)
        for part, child in zip(parts, spec.children, strict=True):
            yield from _paired(part, child)


def float_vector(value: Any, spec: Spec | None = None) -> np.ndarray:
    """All floating numbers of a structure, in order, as float64. A missing (None) leaf counts as zero: it needs
    `spec` to have its shape, so it may stand for a scalar only."""
    parts = [np.ravel(_wide(0.0 if leaf is None else leaf)).view(np.float64) for leaf in float_leaves(value, spec)]
    return np.concatenate([np.zeros(0), *parts])


def _wide(leaf: Any) -> np.ndarray:
    """In double precision."""
    return np.asarray(leaf, np.complex128 if np.iscomplexobj(leaf) else np.float64)


def conjugated(value: Any) -> Any:
    """A structure with the conjugates of its complex leaves. A gradient g, and a cotangent, stand for the derivatives
    (re g, -im g) by the real and the imaginary part."""
    spec = describe(value)
    return unflatten(spec, (np.conj(leaf) if np.iscomplexobj(leaf) else leaf for leaf in flatten(value, spec)))


def like(value: Any, numbers: np.ndarray) -> Any:
    """A cotangent or tangent for `value`: its structure, `numbers` in the floating leaves, None in all others."""
    spec, given = describe(value), iter(numbers)

    def leaf(old: Any) -> Any:
        kind = describe(old)
        if not isinstance(kind, Leaf) or not is_float_leaf(kind):
            return None
        if isinstance(old, np.ndarray):
            new = fresh_copy(old)
            for index in np.ndindex(old.shape):
                new[index] = number(old)
            return new
        return type(old)(number(old))

    def number(old: Any) -> Any:
        return complex(next(given), next(given)) if np.iscomplexobj(old) else next(given)

    return unflatten(_hollow(spec), map(leaf, list(flatten(value, spec))))


def like_each(values: tuple, numbers: np.ndarray) -> tuple:
    """Tangents for arguments: as `like`, with None for every argument that holds no floats."""
    sizes = [float_vector(value).size for value in values]
    pieces = np.split(numbers, np.cumsum(sizes)[:-1]) if values else []
    return tuple(like(value, piece) if _has_floats(value) else None for value, piece in zip(values, pieces))


def _has_floats(value: Any) -> bool:
    return any(map(is_float_leaf, leaves(describe(value))))


def _hollow(spec: Spec) -> Spec:
    """The structure with None for constants."""
    if isinstance(spec, Node):
        return Node(spec.container, spec.keys, tuple(map(_hollow, spec.children)))
    return spec if isinstance(spec, Leaf) else Static(None)


def _moved(primals: tuple, spec: Spec, direction: list, step: float) -> tuple:
    """`primals + step * direction`, in float64."""

    def leaf(pair: tuple[Any, Any, Leaf]) -> Any:
        old, tangent, kind = pair
        if not is_float_leaf(kind):
            return fresh_copy(old)
        if isinstance(old, np.ndarray):
            new = fresh_copy(old, _wide(old).dtype)
            new += step * _wide(tangent)
            return new
        moved = _wide(old)[()] + step * _wide(tangent)[()]
        return moved if isinstance(old, np.generic) else moved.item()

    triples = zip(flatten(primals, spec), direction, leaves(spec), strict=True)
    assert isinstance(spec, Node)
    return unflatten(spec, map(leaf, triples))
