"""The interpreter, against what Python and NumPy do themselves."""

from __future__ import annotations

import typing

import numpy as np
import pytest

from srcgrad.errors import InternalError
from srcgrad.ir import interp, nodes
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Call, Callee, Const, Function, Print, Raise, Slice
from srcgrad.ir.types import FLOAT32, FLOAT64, INT64, Array
from tests.ir.make import MATRIX, VECTOR, block, for_, function, if_, num, sym, while_

ZERO, ONE = int_const(0), int_const(1)


def test_every_statement_kind_is_executed() -> None:
    machine = interp._Machine(Function("none", (), nodes.Block(())))
    assert set(machine.execute) == set(typing.get_args(nodes.Statement))


def test_scalars_take_the_declared_dtype() -> None:
    b, s, h, n = Builder(), sym("s"), sym("h", FLOAT32), sym("n", INT64)
    f = function(b, (s, h, n), b.op("add", s, num(1.0)), b.op("mul", h, h), b.op("add", n, ONE), b.op("lt", n, ONE))
    results = run(f, 1, 0.1, 2.0)
    assert [type(r) for r in results] == [np.float64, np.float32, np.int64, np.bool_]
    assert results == (2.0, np.float32(0.1) * np.float32(0.1), 3, False)


def test_division_by_zero_is_ieee() -> None:
    b, s = Builder(), sym("s")
    assert run(function(b, (s,), b.op("div", num(1.0), s)), 0.0) == (np.inf,)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("start", "stop", "step"), [(0, 5, 1), (7, -2, -3), (3, 3, 1), (0, 7, 2), (2, 0, 1)])
def test_loops_visit_the_indices_of_range(start: int, stop: int, step: int, reverse: bool) -> None:
    b = Builder()

    def body(i, p):
        return (b.op("add", b.op("mul", p, int_const(10)), i),)

    (r,) = for_(b, int_const(start), int_const(stop), int_const(step), (ONE,), body, reverse)
    expected, indices = 1, list(range(start, stop, step))
    for i in indices[::-1] if reverse else indices:
        expected = 10 * expected + i
    assert run(function(b, (), r)) == (expected,)


def test_carried_values_swap_at_once() -> None:
    b = Builder()
    r = for_(b, ZERO, int_const(3), ONE, (num(1.0), num(2.0)), lambda i, p, q: (q, p))
    assert run(function(b, (), *r)) == (2.0, 1.0)


def test_while_counts_its_trips() -> None:
    b, s = Builder(), sym("s")
    results = while_(b, (s,), lambda k, p: b.op("gt", p, num(1.0)), lambda k, p: (b.op("mul", p, num(0.5)),))
    f = function(b, (s,), *results)
    assert run(f, 10.0) == (0.625, 4)
    assert run(f, 0.5) == (0.5, 0)


def test_branches() -> None:
    b, s = Builder(), sym("s")
    (r,) = if_(b, b.op("lt", s, num(0.0)), lambda: (b.op("neg", s),), lambda: (s,))
    f = function(b, (s,), r)
    assert run(f, -3.0) == run(f, 3.0) == (3.0,)


@pytest.mark.parametrize(
    ("start", "length", "step", "key"),
    [(1, 2, 1, slice(1, 3)), (3, 4, -1, slice(None, None, -1)), (0, 2, 2, slice(0, 4, 2)), (2, 0, 1, slice(2, 2))],
)
def test_views_share_memory(start: int, length: int, step: int, key: slice) -> None:
    b, x = Builder(), sym("x", MATRIX)
    rows = Slice(int_const(start), int_const(length), int_const(step))
    columns = Slice(ZERO, int_const(3), ONE)
    view = b.view(x, (rows, columns), (1, 0))
    array = np.arange(12.0).reshape(4, 3)
    (result,) = run(function(b, (x,), view), array)
    np.testing.assert_array_equal(result, array[key].T)
    assert length == 0 or np.shares_memory(result, array)


def test_a_view_of_one_element_is_still_a_view() -> None:
    b, n = Builder(), sym("n", INT64)
    a = b.alloc((n,), np.float64, 0.0)
    b.store(b.view(a, (ONE,), ()), (), num(5.0))
    np.testing.assert_array_equal(run(function(b, (n,), a), 3)[0], [0.0, 5.0, 0.0])


def test_memory() -> None:
    b, x = Builder(), sym("x", VECTOR)
    a = b.copy(x)
    b.store(a, (int_const(-1),), num(4.0), accumulate=True)
    array = np.array([1.0, 2.0])
    copied, n, t = run(function(b, (x,), a, b.dim(a, 0), b.load(a, (ONE,))), array)
    assert (list(copied), n, t, list(array)) == ([1.0, 6.0], 2, 6.0, [1.0, 2.0])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32])
def test_uninitialised_memory_shows(dtype: type) -> None:
    b = Builder()
    (array,) = run(function(b, (), b.alloc((int_const(2),), np.dtype(dtype), None)))
    assert array.dtype == dtype and array.shape == (2,)
    assert np.isnan(array).all() if array.dtype.kind == "f" else (abs(array) > 10**9).all()


def test_stacks_are_last_in_first_out() -> None:
    b, x = Builder(), sym("x", VECTOR)
    stack = b.new_stack(FLOAT64)
    with b.loop(ZERO, int_const(3)) as i:
        b.push(stack, b.load(x, (i,)))
    first, second = b.pop(stack), b.pop(stack)
    assert run(function(b, (x,), first, second), np.array([1.0, 2.0, 3.0])) == (3.0, 2.0)


def factorial() -> Function:
    """n! by recursion: a helper that calls itself."""
    callee = Callee("factorial", (INT64,), (INT64,))
    b, n = Builder(), sym("n", INT64)

    def recurse():
        r = sym("r", INT64)
        b.emit(Call((r,), callee, (b.op("sub", n, ONE),)))
        return (b.op("mul", n, r),)

    (r,) = if_(b, b.op("gt", n, ONE), recurse, lambda: (ONE,))
    helper = Function("factorial", (n,), b.finish((r,)), callee=callee)
    b, n, r = Builder(), sym("n", INT64), sym("r", INT64)
    b.emit(Call((r,), callee, (n,)))
    return Function("main", (n,), b.finish((r,)), helpers=(helper,))


def test_helpers_call_themselves() -> None:
    assert run(factorial(), 5) == (120,)


def test_raise_and_print(capsys: pytest.CaptureFixture[str]) -> None:
    b, s = Builder(), sym("s")
    b.emit(Print(("s is", s)))
    b.emit(Raise(ZeroDivisionError, "no"))
    with pytest.raises(ZeroDivisionError, match="no"):
        run(function(b, (s,), s), 2.0)
    assert capsys.readouterr().out == "s is 2.0\n"


def test_malformed_programs_are_internal_errors() -> None:
    b = Builder()
    stack = b.new_stack(FLOAT64)
    with pytest.raises(InternalError, match="empty stack"):
        run(function(b, (), b.pop(stack)))
    with pytest.raises(InternalError, match="before it is defined"):
        run(function(Builder(), (), sym("y")))
    with pytest.raises(InternalError, match="takes 1 arguments"):
        run(function(Builder(), (sym("y"),), Const(1.0, FLOAT64)))
    with pytest.raises(InternalError, match="float64, 1-d"):
        run(function(Builder(), (sym("y", Array(np.dtype(np.float64), 2)),)), np.ones(3))
    broken = Function("f", (), block(Builder(), lambda: ()), helpers=())
    assert run(broken) == ()
