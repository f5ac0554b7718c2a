"""Gathering: the same numbers as the scatter, for every size of the domain; and nothing where it must not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from srcgrad import grad
from srcgrad.adjoint.distribute import distribute
from srcgrad.adjoint.gather import gather
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Alloc, Atom, Block, For, Function, If, Slice, Store, Sym
from srcgrad.ir.types import INT64, Array
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from srcgrad.opt import optimise
from srcgrad.testing import check_grads
from tests.adjoint.scatters import Stencil, arguments, scatter, time_loop
from tests.ir.make import MATRIX, VECTOR, num

CROSS = ((0, 1), (0, -1), (1, 0), (-1, 0), (0, 0))
SHAPES = {
    "three points": Stencil(((-1,), (0,), (1,)), (1,), (1,)),
    "two points, one side": Stencil(((0,), (1,)), (0,), (1,)),
    "neither at its own": Stencil(((1,), (3,)), (0,), (3,)),
    "lagging": Stencil(((-2,), (-3,)), (3,), (0,)),
    "high start": Stencil(((-1,), (2,)), (4,), (5,)),
    "one place twice": Stencil(((-1,), (1,), (-1,)), (1,), (1,)),
    "nothing cleared": Stencil(((-1,), (1,)), (1,), (1,), clear=None),
    "set to one": Stencil(((-1,), (1,)), (1,), (1,), clear=1.0),
    "forwards": Stencil(((-1,), (1,)), (1,), (1,), reverse=False),
    "coefficient": Stencil(((-1,), (0,), (1,)), (1,), (1,), coefficient=True),
    "two arrays": Stencil(((-1,), (0,), (1,), (2,)), (1,), (2,), second=True),
    "one of two arrays": Stencil(((-1,), (0,), (1,)), (1,), (1,), second=True),
    "five points": Stencil(CROSS, (1, 1), (1, 1)),
    "rows only": Stencil(((-1, 0), (1, 0)), (1, 0), (1, 0)),
    "columns only": Stencil(((0, -1), (0, 1)), (0, 1), (0, 1)),
    "diagonal": Stencil(((0, 0), (1, 1), (-1, -1)), (1, 1), (1, 1), coefficient=True),
    "lopsided": Stencil(((0, 2), (-1, 0), (3, 1)), (1, 2), (3, 4)),
    "nine points": Stencil(tuple(itertools.product((-1, 0, 1), repeat=2)), (1, 1), (1, 1)),
    "plane and two arrays": Stencil((*CROSS, (1, 1)), (2, 1), (1, 3), second=True),
}
SOLID = {
    "seven points": Stencil(
        ((0, 0, 0), (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)), (1, 1, 1), (1, 1, 1)
    ),
    "lopsided solid": Stencil(((0, 0, 0), (2, 0, -1), (0, 1, 0)), (0, 2, 1), (2, 1, 0)),
    "outer dimensions only": Stencil(((0, 0, 0), (1, 1, 0)), (0, 0, 0), (1, 1, 0)),
}


def same_results(function: Function, other: Function, args: list) -> None:
    for a, b in zip(run(function, *args), run(other, *args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)


def gathered(function: Function, guarded: bool = False) -> Function:
    """The gathered function, well formed; also after clean-up."""
    new = gather(function, guarded)
    assert new is not function
    verify(new)
    return new


def cells(ndim: int) -> list[tuple[int, ...]]:
    """Domains of every size from empty (and one that would be negative) to one with several cells in the core."""
    most = {1: 12, 2: 7, 3: 4}[ndim]
    return [*itertools.product(range(-1, most), repeat=ndim), tuple(range(6, 6 + ndim))]


@pytest.mark.parametrize("stencil", SHAPES.values(), ids=SHAPES.keys())
def test_same_numbers_in_one_and_two_dimensions(stencil: Stencil) -> None:
    function = scatter(stencil)
    new = gathered(function)
    clean = optimise(new, final=True)
    for size in cells(stencil.ndim):
        args = arguments(stencil, size)
        same_results(function, new, args)
        same_results(function, clean, args)


@pytest.mark.parametrize("guarded", [False, True], ids=["frame", "guarded"])
@pytest.mark.parametrize("how", [{}, {"zeros": True}, {"clamped": True}, {"clamped": True, "zeros": True}], ids=str)
@pytest.mark.parametrize("stencil", SHAPES.values(), ids=SHAPES.keys())
def test_same_numbers_in_other_forms(stencil: Stencil, how: dict[str, bool], guarded: bool) -> None:
    """Also where the array is shorter than the stencil is wide: nothing is touched that is not there."""
    function = scatter(replace(stencil, **how))
    new = optimise(gathered(function, guarded), final=True)
    for size in itertools.product((-3, -1, 0, 1, 2, 3, 6), repeat=stencil.ndim):
        same_results(function, new, arguments(stencil, size))


def test_zeros_are_assigned() -> None:
    for clamped in (False, True):
        stencil = replace(SHAPES["five points"], zeros=True, clamped=clamped)
        for guarded in (False, True):
            new = optimise(gathered(scatter(stencil), guarded), final=True)
            fills = {s.result.hint: s.fill for s in walk(new.body) if isinstance(s, Alloc)}
            assert fills["u"] is None


@pytest.mark.parametrize("stencil", SOLID.values(), ids=SOLID.keys())
def test_same_numbers_in_three_dimensions(stencil: Stencil) -> None:
    function = optimise(scatter(stencil), final=True)
    new = optimise(gathered(function), final=True)
    for size in cells(3):
        same_results(function, new, arguments(stencil, size))


@pytest.mark.parametrize("seed", range(40))
def test_random_stencils(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ndim = int(rng.integers(1, 3))
    count = int(rng.integers(2, 7))
    offsets = [tuple(int(o) for o in rng.integers(-2, 3, ndim)) for _ in range(count)]
    if len(set(offsets)) < 2:
        offsets.append(tuple(o + 1 for o in offsets[0]))
    low = tuple(max(0, -min(o)) + int(rng.integers(0, 2)) for o in zip(*offsets, strict=True))
    high = tuple(max(0, max(o)) + int(rng.integers(0, 2)) for o in zip(*offsets, strict=True))
    stencil = Stencil(tuple(offsets), low, high, coefficient=bool(seed % 2), reverse=bool(seed % 3))
    function = scatter(stencil)
    new = gathered(function)
    for size in itertools.product((0, 1, 2, 3, 5, 9), repeat=ndim):
        same_results(function, new, arguments(stencil, size, seed))


@pytest.mark.parametrize("cells_", [(1, 1), (2, 3), (4, 6), (7, 5)])
def test_ping_pong(cells_: tuple[int, int]) -> None:
    stencil = Stencil(CROSS, (1, 1), (1, 1), coefficient=True)
    function = time_loop(stencil, 3)
    u, _, v, c = arguments(stencil, cells_)
    same_results(function, gathered(function), [u, v, c])


def test_the_core_is_one_nest_with_one_addition() -> None:
    """What makes it fast: no overlapping additions in an innermost loop, and one for each array."""
    new = gathered(scatter(SHAPES["five points"]))
    plain = [s for s in walk(new.body) if isinstance(s, For) and _is_straight(s.body)]
    additions = [[t for t in s.body.statements if isinstance(t, Store) and t.accumulate] for s in plain]
    assert sorted(map(len, additions)) == [0, 1]  # the clear and the core; the frame has branches


def _is_straight(block: Block) -> bool:
    return not any(isinstance(s, (For, If)) for s in block.statements)


# -- what must be left alone ---------------------------------------------------------------------------------------


def nest(write: Callable[[Builder, Sym, Sym, Sym], None], start: int = 1, reverse: bool = False) -> Function:
    """f(u0, v0): copies u, v and a loop over i in range(start, len(v) - 1) whose body is written by `write`."""
    u0, v0 = Sym("u0", VECTOR), Sym("v0", VECTOR)
    b = Builder()
    u, v = b.copy(u0), b.copy(v0)
    stop = b.op("sub", b.dim(v, 0), int_const(1))
    with b.loop(int_const(start), stop, reverse=reverse) as i:
        write(b, u, v, i)
    return Function("f", (u0, v0), b.finish((u, v)))


def at(b: Builder, i: Atom, offset: int) -> tuple[Atom]:
    return (b.op("add", i, int_const(offset)),)


def add(b: Builder, u: Sym, i: Atom, *offsets: int, value: Atom | None = None) -> None:
    for offset in offsets:
        b.store(u, at(b, i, offset), num(1.0) if value is None else value, accumulate=True)


def reads_what_it_adds_to(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    add(b, u, i, -1, 1, value=b.load(u, (i,)))


def one_offset(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    add(b, u, i, 1, 1, value=b.load(v, (i,)))


def maybe_negative(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    add(b, u, i, -2, 0, value=b.load(v, (i,)))


def clears_another(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    add(b, u, i, -1, 1, value=b.load(v, (i,)))
    b.store(v, at(b, i, 1), num(0.0))


def reads_after_clearing(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    b.store(v, (i,), num(0.0))
    add(b, u, i, -1, 1, value=b.load(v, (i,)))


def reads_a_cleared_neighbour(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    t = b.op("add", b.load(v, (i,)), b.load(v, at(b, i, 1)))
    b.store(v, (i,), num(0.0))
    add(b, u, i, -1, 1, value=t)


def clears_one_place(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    add(b, u, i, -1, 1, value=b.load(v, (int_const(0),)))
    b.store(v, (int_const(0),), num(0.0))


def sets_what_it_adds_to(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    b.store(u, (i,), num(0.0))
    add(b, u, i, -1, 1, value=b.load(v, (i,)))


def twice_the_index(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    double = b.op("mul", i, int_const(2))
    add(b, u, double, 0, 1)


def is_dear(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    add(b, u, i, -1, 0, 1, value=b.op("exp", b.load(v, (i,))))


def too_many(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    add(b, u, i, *range(10), value=b.load(v, (i,)))


def too_far_apart(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    add(b, u, i, 0, 100, value=b.load(v, (i,)))


def table_of_subscripts(b: Builder, u: Sym, v: Sym, i: Sym) -> None:
    place = b.op("int64", b.load(v, (i,)))
    add(b, u, i, 0, 1, value=b.load(v, (place,)))


LEFT_ALONE = [
    reads_what_it_adds_to, one_offset, maybe_negative, clears_another, reads_after_clearing,
    reads_a_cleared_neighbour, clears_one_place, sets_what_it_adds_to, twice_the_index, is_dear, too_many,
    too_far_apart, table_of_subscripts,
]  # fmt: skip


@pytest.mark.parametrize("write", LEFT_ALONE, ids=lambda w: w.__name__)
@pytest.mark.parametrize("reverse", [False, True])
def test_left_alone(write: Callable, reverse: bool) -> None:
    function = nest(write, reverse=reverse)
    verify(function)
    assert gather(function) is function


def test_a_start_that_keeps_subscripts_from_wrapping() -> None:
    """The same body as `maybe_negative`, which is left alone from 1 on."""
    function = nest(maybe_negative, start=2)
    rng = np.random.default_rng(6)
    for n in range(9):
        same_results(function, gathered(function), [rng.normal(size=n), rng.normal(size=n)])


def aliased(make: Callable[[Builder, Sym, Sym], tuple[Sym, Sym]]) -> Function:
    """Adds to one and reads the other of two arrays made of copies of the arguments."""
    u0, v0 = Sym("u0", VECTOR), Sym("v0", VECTOR)
    b = Builder()
    u, v = make(b, b.copy(u0), b.copy(v0))
    with b.loop(int_const(1), b.op("sub", b.dim(v, 0), int_const(1))) as i:
        add(b, u, i, -1, 1, value=b.load(v, (i,)))
    return Function("f", (u0, v0), b.finish((u, v)))


def test_a_view_of_the_same_memory_is_left_alone() -> None:
    def view(b: Builder, u: Sym, v: Sym) -> tuple[Sym, Sym]:
        return u, b.view(u, (Slice(int_const(0), b.dim(u, 0), int_const(1)),), (0,))

    function = aliased(view)
    assert gather(function) is function


def test_one_of_two_buffers_is_left_alone() -> None:
    def choice(b: Builder, u: Sym, v: Sym) -> tuple[Sym, Sym]:
        test = b.op("gt", b.dim(u, 0), int_const(5))
        return u, b.if_(test, Block((), (u,)), Block((), (v,)), ("w",))[0]

    function = aliased(choice)
    assert gather(function) is function


def test_distinct_buffers_are_gathered() -> None:
    function = aliased(lambda b, u, v: (u, v))
    rng = np.random.default_rng(0)
    same_results(function, gathered(function), [rng.normal(size=9), rng.normal(size=9)])


def two_deep(stop_of: Callable[[Builder, Sym, Sym], Atom], index_of: Callable[[Builder, Sym, Sym, int], tuple]):
    u0, v0 = Sym("u0", MATRIX), Sym("v0", MATRIX)
    b = Builder()
    u, v = b.copy(u0), b.copy(v0)
    rows = b.op("sub", b.dim(v, 0), int_const(1))
    with b.loop(int_const(1), rows, "i") as i, b.loop(int_const(1), stop_of(b, v, i), "j") as j:
        for offset in (-1, 1):
            b.store(u, index_of(b, i, j, offset), b.load(v, (i, j)), accumulate=True)
    return Function("f", (u0, v0), b.finish((u, v)))


def test_a_triangle_is_gathered_row_by_row() -> None:
    """The inner bound moves with i: only the inner loop is a nest of its own."""
    function = two_deep(lambda b, v, i: i, lambda b, i, j, o: (i, *at(b, j, o)))
    new = gathered(function)
    assert isinstance(new.body.statements[-1], For)
    rng = np.random.default_rng(1)
    for n in range(9):
        same_results(function, new, [rng.normal(size=(n, n + 1)), rng.normal(size=(n, n + 1))])


def test_one_index_in_two_subscripts_is_left_alone() -> None:
    function = two_deep(lambda b, v, i: b.dim(v, 1), lambda b, i, j, o: (*at(b, j, o), j))
    assert gather(function) is function


def test_an_index_in_no_subscript() -> None:
    """Each row adds to the same places: the outer loop stays outermost."""
    u0, v0 = Sym("u0", VECTOR), Sym("v0", MATRIX)
    b = Builder()
    u, v = b.copy(u0), b.copy(v0)
    rows, columns = b.dim(v, 0), b.op("sub", b.dim(v, 1), int_const(1))
    with b.loop(int_const(0), rows, "i") as i, b.loop(int_const(1), columns, "j") as j:
        add(b, u, j, -1, 1, value=b.load(v, (i, j)))
    function = Function("f", (u0, v0), b.finish((u,)))
    new = gathered(function)
    rng = np.random.default_rng(2)
    for rows, columns in itertools.product((0, 1, 3), range(9)):
        same_results(function, new, [rng.normal(size=columns), rng.normal(size=(rows, columns))])


def test_other_additions_keep_their_loop() -> None:
    """Additions through a table commute with the rest: they are made in a nest of their own."""
    u0, v0, table = Sym("u0", VECTOR), Sym("v0", VECTOR), Sym("table", Array(np.dtype(np.int64), 1))
    b = Builder()
    u, v = b.copy(u0), b.copy(v0)
    with b.loop(int_const(1), b.op("sub", b.dim(v, 0), int_const(1))) as i:
        t = b.load(v, (i,))
        b.store(v, (i,), num(0.0))
        add(b, u, i, -1, 1, value=t)
        b.store(u, (b.load(table, (i,)),), t, accumulate=True)
    function = Function("f", (u0, v0, table), b.finish((u, v)))
    new = gathered(function)
    rng = np.random.default_rng(3)
    for n in range(1, 10):
        same_results(function, new, [rng.normal(size=n), rng.normal(size=n), rng.integers(-n, n, n)])


def test_steps_other_than_one_are_left_alone() -> None:
    u0, v0 = Sym("u0", VECTOR), Sym("v0", VECTOR)
    b = Builder()
    u, v, i = b.copy(u0), b.copy(v0), Sym("i", INT64)
    stop = b.op("sub", b.dim(v, 0), int_const(1))
    with b.block() as statements:
        add(b, u, i, -1, 1, value=b.load(v, (i,)))
    b.emit(For((), i, int_const(1), stop, int_const(2), (), (), Block(tuple(statements))))
    function = Function("f", (u0, v0), b.finish((u,)))
    assert gather(function) is function


def carrying(value: Callable[[Builder, Sym, Sym], Atom]) -> Function:
    """A loop that carries a sum and adds `value(b, element, sum)` to two elements."""
    u0, v0 = Sym("u0", VECTOR), Sym("v0", VECTOR)
    b = Builder()
    u, v, i = b.copy(u0), b.copy(v0), Sym("i", INT64)
    total, out = Sym("s", num(0.0).type), Sym("s", num(0.0).type)
    stop = b.op("sub", b.dim(v, 0), int_const(1))
    with b.block() as statements:
        t = b.load(v, (i,))
        add(b, u, i, -1, 1, value=value(b, t, total))
        b.store(v, (i,), num(0.0))
        new = b.op("add", total, t)
    b.emit(For((out,), i, int_const(1), stop, int_const(1), (total,), (num(0.0),), Block(tuple(statements), (new,))))
    return Function("f", (u0, v0), b.finish((u, v, out)))


@pytest.mark.parametrize("rewrite", [gather, distribute])
@pytest.mark.parametrize("length", [2, 3, 4, 9])
def test_a_carried_sum_has_a_loop_of_its_own(rewrite: Callable[[Function], Function], length: int) -> None:
    before = carrying(lambda b, t, total: t)
    after = rewrite(before)
    verify(after)
    assert after is not before
    arrays = np.arange(1.0, length + 1), np.linspace(-1.0, 2.0, length)
    same_results(before, after, [*arrays])


@pytest.mark.parametrize("rewrite", [gather, distribute])
def test_a_carried_value_that_is_stored_is_left_alone(rewrite: Callable[[Function], Function]) -> None:
    function = carrying(lambda b, t, total: b.op("mul", t, total))
    assert rewrite(function) is function


# -- Python functions, all the way ---------------------------------------------------------------------------------


def heat(start, rate, steps):
    u, v = start.copy(), start.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                v[i, j] = u[i, j] + rate[i, j] * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, v = v, u
    total = 0.0
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            total += (1.0 + i + 2.0 * j) * u[i, j] ** 2
    return total


def upwind(u, speed):
    v = np.zeros(u.shape[0])
    for i in range(2, u.shape[0]):
        v[i] = u[i] - speed[i] * (1.5 * u[i] - 2.0 * u[i - 1] + 0.5 * u[i - 2])
    total = 0.0
    for i in range(v.shape[0]):
        total += v[i] * v[i] * (1.0 + i)
    return total


def solid(u):
    v = np.zeros(u.shape)
    for i in range(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            for k in range(1, u.shape[2] - 1):
                around = u[i - 1, j, k] + u[i + 1, j, k] + u[i, j - 1, k] + u[i, j + 1, k] + u[i, j, k + 1]
                v[i, j, k] = u[i, j, k] * around
    total = 0.0
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            for k in range(u.shape[2]):
                total += v[i, j, k] * (1.0 + i + 2.0 * j + 3.0 * k)
    return total


PYTHON = {
    "heat": (heat, lambda rng, n: (rng.normal(size=(n, n + 1)), rng.uniform(0.1, 0.3, (n, n + 1)), 3)),
    "upwind": (upwind, lambda rng, n: (rng.normal(size=n), rng.uniform(0.1, 0.9, n))),
    "solid": (solid, lambda rng, n: (rng.normal(size=(n, 4, n + 1)),)),
}


@pytest.mark.parametrize(("function", "inputs"), PYTHON.values(), ids=PYTHON.keys())
def test_gradients_of_stencils_agree_with_differences(function: Callable, inputs: Callable) -> None:
    rng = np.random.default_rng(4)
    for n in (1, 2, 3, 4, 5, 6, 9):
        check_grads(function, inputs(rng, n), modes=("rev",))


def test_the_adjoint_of_a_stencil_is_printed_in_gather_form() -> None:
    gradient = grad(heat)
    gradient(*PYTHON["heat"][1](np.random.default_rng(5), 5))
    assert "for i in range(2, " in gradient.source
    assert "gap" in gradient.source
