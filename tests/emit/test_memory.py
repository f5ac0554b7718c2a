"""Arrays, views, stacks, calls and effects: emitted, uncompiled and compiled, against the interpreter."""

from __future__ import annotations

import numpy as np
import pytest

from srcgrad.ir.build import int_const
from srcgrad.ir.nodes import Call, Callee, Const, Function, Print, Raise, Slice, Sym
from srcgrad.ir.types import BOOL, FLOAT32, FLOAT64, INT64, PY_FLOAT, Layout, Scalar, stack_of
from tests.emit.making import Made, array, real
from tests.emit.running import check, compiled, module_of

X = np.arange(1.0, 7.0)
M = np.arange(12.0).reshape(3, 4)


def whole(m: Made, base: Sym, axis: int, step: int = 1) -> Slice:
    n = m.b.dim(base, axis)
    start = int_const(0) if step > 0 else m.b.op("sub", n, int_const(1))
    return Slice(start, n, int_const(step))


def test_a_load_does_not_move_past_a_store() -> None:
    m = Made(x=array())
    a = m.b.copy(m.params[0], "a")
    old = m.b.load(a, (int_const(0),), "old")
    m.b.store(a, (int_const(0),), real(9.0))
    m.b.store(a, (int_const(1),), old)
    check(m.done(a), X)


def test_a_load_does_not_move_past_a_store_through_a_view() -> None:
    m = Made(x=array())
    a = m.b.copy(m.params[0], "a")
    row = m.b.view(a, (Slice(int_const(1), int_const(3), int_const(1)),), (0,), "row")
    old = m.b.load(a, (int_const(1),), "old")
    m.b.store(row, (int_const(0),), real(9.0))
    check(m.done(a, m.b.op("add", old, real(1.0))), X)


def test_a_load_moves_past_a_store_to_other_memory() -> None:
    m = Made(x=array())
    a = m.b.alloc((int_const(6),), np.dtype(np.float64), 0.0, "a")
    old = m.b.load(m.params[0], (int_const(0),), "old")
    m.b.store(a, (int_const(0),), real(9.0))
    m.b.store(a, (int_const(1),), old)
    assert "a[1] = x[0]" in check(m.done(a), X)


def test_a_load_does_not_move_into_a_loop() -> None:
    m = Made(x=array())
    a = m.b.copy(m.params[0], "a")
    old = m.b.load(a, (int_const(2),), "old")

    def body(i):
        m.b.store(a, (i,), old)
        return ()

    m.loop(body, stop=5)
    check(m.done(a), X)


def test_updates_of_elements() -> None:
    m = Made(x=array())
    a = m.b.copy(m.params[0], "a")
    m.b.store(a, (int_const(-1),), real(2.0), accumulate=True)
    m.b.store(a, (int_const(1),), m.b.op("neg", m.b.load(a, (int_const(0),))), accumulate=True)
    m.b.store(a, (int_const(2),), m.b.op("mul", m.b.load(a, (int_const(2),)), real(3.0)))
    text = check(m.done(a), X)
    assert all(line in text for line in ("a[-1] += 2.0", "a[1] -= a[0]", "a[2] *= 3.0"))


@pytest.mark.parametrize("layout", [Layout.C, Layout.F, Layout.ANY])
def test_copies_are_contiguous(layout: Layout) -> None:
    given = {Layout.C: M, Layout.F: np.asfortranarray(M), Layout.ANY: np.arange(48.0).reshape(6, 8)[::2, ::2]}[layout]
    m = Made(x=array(2, layout=layout))
    function = m.done(m.b.copy(m.params[0]))
    text = check(function, given)
    assert module_of(text)["f"](given)[0].flags.c_contiguous
    assert compiled(text, "f")(given)[0].flags.c_contiguous


def test_allocations() -> None:
    m = Made(n=INT64)
    (n,) = m.params
    arrays = [
        m.b.alloc((n,), np.dtype(np.float64), 0.0),
        m.b.alloc((n, int_const(2)), np.dtype(np.float32), 0.0),
        m.b.alloc((n,), np.dtype(np.int64), 7),
        m.b.alloc((n,), np.dtype(np.bool_), True),
        m.b.alloc((n,), np.dtype(np.float64), float("inf")),
        m.b.alloc((), np.dtype(np.float64), -0.0),
        m.b.alloc((), np.dtype(np.float32), 1.5),
    ]
    empty = m.b.alloc((int_const(1), n), np.dtype(np.int32), None)
    m.loop(lambda i: m.b.store(empty, (int_const(0), i), Const(3, Scalar(np.dtype(np.int32)))) or (), stop=n)
    text = check(m.done(*arrays, empty), 3)
    assert "mem.zeros((n, 2), dtype=np.float32)" in text and "np.full(n, math.inf)" in text
    assert np.signbit(module_of(text)["f"](2)[5])


def test_zero_dimensional_arrays() -> None:
    m = Made(x=array(0), y=array(2))
    x, y = m.params
    a = m.b.copy(x, "a")
    m.b.store(a, (), m.b.op("mul", m.b.load(x, ()), real(2.0)), accumulate=True)
    row = m.b.copy(y, "b")
    element = m.b.view(row, (int_const(1), int_const(2)), (), "element")
    m.b.store(element, (), real(-1.0))
    check(m.done(a, row, m.b.load(element, ())), np.array(3.0), M)


@pytest.mark.parametrize(
    ("start", "length", "step"),
    [(0, 6, 1), (1, 3, 1), (2, 0, 1), (0, 3, 2), (1, 2, 3), (5, 6, -1), (4, 2, -2), (4, 3, -2), (2, 0, -1), (0, 1, -3)],
)
def test_slices(start: int, length: int, step: int) -> None:
    m = Made(x=array(), start=INT64, length=INT64, step=INT64)
    x, *bounds = m.params
    constant = m.b.view(x, (Slice(*map(int_const, (start, length, step))),), (0,))
    mixed = m.b.view(x, (Slice(bounds[0], bounds[1], int_const(step)),), (0,))
    dynamic = m.b.view(x, (Slice(*bounds),), (0,))
    check(m.done(*(m.b.copy(v) for v in (constant, mixed, dynamic))), X, start, length, step)


def test_whole_and_reversed_slices_are_short() -> None:
    m = Made(x=array(2))
    (x,) = m.params
    rows = m.b.view(x, (whole(m, x, 0, -1), whole(m, x, 1)), (0, 1), "rows")
    row = m.b.view(x, (int_const(1), whole(m, x, 1)), (0,), "row")
    turned = m.b.view(x, (whole(m, x, 0), whole(m, x, 1)), (1, 0), "turned")
    text = check(m.done(*(m.b.copy(v) for v in (rows, row, turned))), M)
    assert {"rows = x[::-1]", "row = x[1]", "turned = x.T"} <= {line.strip() for line in text.splitlines()}


def test_permutation_of_three() -> None:
    m = Made(x=array(3))
    (x,) = m.params
    view = m.b.view(x, (whole(m, x, 0), whole(m, x, 1, -1), whole(m, x, 2)), (2, 0, 1), "v")
    element = m.b.load(view, (int_const(1), int_const(0), int_const(2)))
    check(m.done(m.b.copy(view), element), np.arange(24.0).reshape(2, 3, 4))


def test_one_variable_for_fresh_memory_and_a_view() -> None:
    """Numba must give one type to arrays of different layout."""
    m = Made(x=array(2, layout=Layout.F), c=BOOL)
    x, c = m.params

    def view():
        return (m.b.view(x, (whole(m, x, 0, -1), whole(m, x, 1)), (0, 1)),)

    (a,) = m.branch(c, lambda: (m.b.copy(x),), view, "a")
    function = m.done(m.b.copy(a))
    check(function, np.asfortranarray(M), True)
    check(function, np.asfortranarray(M), False)


@pytest.mark.parametrize("ndim", [0, 1, 2])
def test_stacks_of_arrays(ndim: int) -> None:
    m = Made(x=array(ndim, layout=Layout.ANY if ndim else Layout.C))
    (x,) = m.params
    stack = m.b.new_stack(array(ndim, layout=Layout.ANY))
    m.b.push(stack, m.b.copy(x))
    m.b.push(stack, x)
    second, first = m.b.pop(stack), m.b.pop(stack)
    check(m.done(m.b.copy(first), m.b.copy(second)), np.asarray(np.ones((6,) * ndim)[(slice(None, None, 2),) * ndim]))


def test_a_store_through_a_popped_reference() -> None:
    """Where a list comprehension makes the stack, Numba takes this store for dead."""
    m = Made(x=array())
    a = m.b.copy(m.params[0], "a")
    stack = m.b.new_stack(array(), "tape")
    m.b.push(stack, a)
    popped = m.b.pop(stack, "popped")
    m.b.store(popped, (int_const(0),), real(7.0))
    check(m.done(a), X)


@pytest.mark.parametrize("type_", [FLOAT64, FLOAT32, INT64, BOOL])
def test_stacks_of_scalars(type_: Scalar) -> None:
    m = Made(x=type_, n=INT64)
    x, n = m.params
    stack = m.b.new_stack(type_, "tape")
    m.loop(lambda i: m.b.push(stack, x) or (), stop=n)
    m.b.pop(stack)
    function = m.done(m.b.pop(stack))
    check(function, type_.dtype.type(1), 3)


def test_raise_in_a_branch() -> None:
    m = Made(x=FLOAT64)
    (x,) = m.params

    def refuse():
        m.b.emit(Raise(ValueError, 'must be "positive"'))
        return (real(0.0),)

    (y,) = m.branch(m.b.op("le", x, real(0.0)), refuse, lambda: (m.b.op("sqrt", x),), "y")
    function = m.done(y)
    check(function, 4.0)
    text = check(function, -1.0)
    assert "y = 0.0" not in text


def test_print(capsys: pytest.CaptureFixture) -> None:
    m = Made(x=FLOAT64)
    m.b.emit(Print(("x is", m.params[0], Const(2, INT64))))
    text = check(m.done(m.params[0]), 1.5)
    assert "print('x is', x, 2)" in text
    assert capsys.readouterr().out.splitlines()[:2] == ["x is 1.5 2", "x is 1.5 2"]


def factorial_helper(callee: Callee) -> Function:
    """n!, and how many calls it took; the stack remembers the arguments."""
    m = Made(n=INT64, tape=stack_of(INT64))
    n, tape = m.params

    def recurse():
        m.b.push(tape, n)
        results = (Sym("below", INT64), Sym("calls", INT64))
        m.b.emit(Call(results, callee, (m.b.op("sub", n, int_const(1)), tape)))
        return (m.b.op("mul", n, results[0]), m.b.op("add", results[1], int_const(1)))

    found = m.branch(m.b.op("le", n, int_const(1)), lambda: (int_const(1), int_const(1)), recurse, "value calls")
    made = m.done(*found, name=callee.name)
    return Function(made.name, made.params, made.body, callee=callee)


def test_recursive_helper() -> None:
    callee = Callee("factorial", (INT64, stack_of(INT64)), (INT64, INT64))
    m = Made(n=INT64)
    tape = m.b.new_stack(INT64, "tape")
    value, calls = Sym("value", INT64), Sym("calls", INT64)
    m.b.emit(Call((value, calls), callee, (m.params[0], tape)))
    unused, only = Sym("unused", INT64), Sym("only", INT64)
    m.b.emit(Call((unused, only), callee, (int_const(3), tape)))
    last = m.b.pop(tape, "last")
    text = check(m.done(value, calls, only, last, helpers=(factorial_helper(callee),)), 5)
    assert "_, only = factorial(3, tape)" in text and text.index("def factorial") < text.index("def f(")


def test_float32_stays_float32() -> None:
    m = Made(x=array(dtype=np.float32), c=FLOAT32)
    x, c = m.params
    t = m.b.load(x, (int_const(1),))
    u = m.b.op("add", m.b.op("exp", t), m.b.op("mul", Const(0.1, FLOAT32), c))
    v = m.b.op("powi", u, Const(3, INT64))
    w = m.b.op("mul", m.b.op("sqrt", v), m.b.op("select", m.b.op("lt", t, c), t, c))
    function = m.done(w)
    given = (np.array([1, 2], np.float32), np.float32(2.5))
    text = check(function, *given, rtol=1e-5)
    assert module_of(text)["f"](*given)[0].dtype == np.float32
    assert np.float32 is type(module_of(text)["f"](*given)[0])


def test_small_integers_wrap_as_in_numpy() -> None:
    small = Scalar(np.dtype(np.int8))
    m = Made(x=array(dtype=np.int8))
    t = m.b.load(m.params[0], (int_const(0),))
    a = m.b.alloc((int_const(1),), np.dtype(np.int64), 0)
    m.b.store(a, (int_const(0),), m.b.cast(m.b.op("add", t, Const(100, small)), INT64))
    check(m.done(a), np.array([100], np.int8))


@pytest.mark.parametrize("value", [0.0, -0.0, -1.5, float("inf"), float("-inf"), float("nan"), 1e-30])
def test_constants(value: float) -> None:
    m = Made(x=FLOAT64)
    (x,) = m.params
    results = [m.b.op("sub", x, Const(value, PY_FLOAT)), m.b.op("powi", Const(value, FLOAT64), int_const(2))]
    results.append(m.b.op("neg", Const(value, FLOAT64)))
    single = m.b.cast(m.b.op("add", Const(value, FLOAT32), Const(0.0, FLOAT32)), FLOAT64)
    check(m.done(*results, single, Const(value, FLOAT64)), 2.0)


@pytest.mark.parametrize(("start", "offset", "cast"), [(1, -1, True), (1, -2, False), (2, 1, True), (0, 0, False)])
def test_subscripts_are_cast_where_they_are_not_negative(start: int, offset: int, cast: bool) -> None:
    m = Made(x=array())
    (x,) = m.params
    a = m.b.copy(x, "a")

    def body(i):
        m.b.store(a, (i,), m.b.load(x, (m.b.op("add", i, int_const(offset)),)), accumulate=True)
        return ()

    m.loop(body, start=start, stop=m.b.op("sub", m.b.dim(x, 0), int_const(2)))
    text = check(m.done(a), X)
    assert ("x[uint64(" in text) == cast and ("a[uint64(i)]" in text) == (start > 0)


def test_a_subscript_that_may_be_negative_is_not_cast() -> None:
    m = Made(x=array(), low=INT64)
    x, low = m.params
    (s,) = m.loop(lambda i, s: (m.b.op("add", s, m.b.load(x, (i,))),), real(0.0), start=low, stop=3, hints="s")
    assert "uint64" not in check(m.done(s), X, -4)
