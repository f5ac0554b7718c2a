"""Loops and branches: which value is in which variable at which time. Every case is run in three ways."""

from __future__ import annotations

import numpy as np

from srcgrad.ir.build import int_const
from srcgrad.ir.nodes import Atom, Function
from srcgrad.ir.types import BOOL, FLOAT64, INT64
from tests.emit.making import Made, array, real
from tests.emit.running import check

X = np.array([1.0, 2.0, 4.0, 8.0])


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def test_sum_is_one_variable() -> None:
    m = Made(x=array(), y=array())
    x, y = m.params

    def body(i, s):
        t = m.b.op("mul", m.b.load(x, (i,)), m.b.load(y, (i,)))
        return (m.b.op("add", s, t),)

    (s,) = m.loop(body, real(0.0), stop=m.b.dim(x, 0), hints="s")
    text = check(m.done(s), X, X + 1)
    assert text.endswith(
        "def f(x, y):\n    s = 0.0\n    for i in range(x.shape[0]):\n        s += x[i] * y[i]\n    return (s,)\n"
    )


def test_swap_is_a_tuple_assignment() -> None:
    m = Made(a=FLOAT64, b=FLOAT64, n=INT64)
    a, b = m.loop(lambda i, a, b: (b, a), *m.params[:2], stop=m.params[2], hints="a b")
    text = check(m.done(a, b), 1.0, 2.0, 3)
    assert "a, b = b, a" in lines(text)


def test_fibonacci() -> None:
    m = Made(n=INT64)
    a, b = m.loop(lambda i, a, b: (b, m.b.op("add", a, b)), int_const(0), int_const(1), stop=m.params[0], hints="a b")
    assert "a, b = b, a + b" in lines(check(m.done(a, b), 10))


def test_rotation_of_three_with_a_bystander() -> None:
    m = Made(a=FLOAT64, b=FLOAT64, c=FLOAT64, n=INT64)

    def body(i, a, b, c, d):
        return (b, c, a, m.b.op("add", a, d))

    results = m.loop(body, *m.params[:3], real(0.5), stop=m.params[3], hints="a b c d")
    text = check(m.done(*results), 1.0, 2.0, 3.0, 4)
    assert lines(text)[-3:-1] == ["d += a", "a, b, c = b, c, a"]


def test_two_independent_swaps() -> None:
    m = Made(a=FLOAT64, b=FLOAT64, c=FLOAT64, d=FLOAT64)
    results = m.loop(lambda i, a, b, c, d: (b, a, d, c), *m.params, hints="a b c d")
    text = check(m.done(*results), 1.0, 2.0, 3.0, 4.0)
    assert {"a, b = b, a", "c, d = d, c"} <= set(lines(text))


def test_lost_copy() -> None:
    """The value before the last step is used after the loop."""
    m = Made(x=FLOAT64)

    def body(i, s, previous):
        return (m.b.op("mul", s, real(2.0)), s)

    s, previous = m.loop(body, m.params[0], real(0.0), hints="s previous")
    check(m.done(s, previous, m.b.op("add", s, previous)), 1.5)


def test_initial_value_is_used_after_the_loop() -> None:
    m = Made(x=FLOAT64)
    first = m.b.op("mul", m.params[0], real(3.0), hint="s")
    (s,) = m.loop(lambda i, s: (m.b.op("add", s, first),), first, hints="s")
    (r,) = m.loop(lambda i, s: (m.b.op("mul", s, first),), first, hints="s")
    check(m.done(s, r, first), 1.5)


def test_result_is_used_after_another_loop_overwrote_its_source() -> None:
    m = Made(x=FLOAT64)
    (s,) = m.loop(lambda i, s: (m.b.op("add", s, real(1.0)),), m.params[0], hints="s")
    (r,) = m.loop(lambda i, s: (m.b.op("mul", s, real(2.0)),), s, hints="s")
    check(m.done(s, r, m.b.op("sub", s, r)), 1.5)


def test_index_is_used_after_the_loop() -> None:
    m = Made(n=INT64)
    (last,) = m.loop(lambda i, last: (i,), int_const(-1), stop=m.params[0], hints="i")
    function = m.done(last, m.b.op("add", last, int_const(1)))
    check(function, 4)
    check(function, 0)


def test_body_may_not_clobber_the_index() -> None:
    m = Made(x=array())
    (x,) = m.params

    def body(i, k, s):
        t = m.b.load(x, (k,))
        return (i, m.b.op("add", s, m.b.op("mul", t, m.b.load(x, (i,)))))

    check(m.done(*m.loop(body, int_const(0), real(0.0), stop=4, hints="i s")), X)


def test_nested_loops_carry_the_same_variable() -> None:
    m = Made(n=INT64)

    def outer(i, s, t):
        (inner,) = m.loop(lambda j, s: (m.b.op("add", s, m.b.cast(j, FLOAT64)),), s, stop=i, hints="s")
        return (m.b.op("add", inner, t), s)

    check(m.done(*m.loop(outer, real(1.0), real(0.5), stop=m.params[0], hints="s t")), 5)


def test_a_carried_array_is_swapped() -> None:
    m = Made(x=array())
    a = m.b.copy(m.params[0], "a")
    b = m.b.alloc((int_const(4),), np.dtype(np.float64), 0.0, "b")

    def body(i, a, b):
        m.b.store(b, (i,), m.b.op("add", m.b.load(a, (i,)), real(1.0)))
        return (b, a)

    check(m.done(*m.loop(body, a, b, hints="a b")), X)


def test_swap_inside_a_branch() -> None:
    m = Made(a=FLOAT64, b=FLOAT64, n=INT64)

    def body(i, a, b):
        odd = m.b.op("eq", m.b.op("mod", i, int_const(2)), int_const(1))
        return m.branch(odd, lambda: (b, a), lambda: (m.b.op("add", a, b), b), "a b")

    text = check(m.done(*m.loop(body, *m.params[:2], stop=m.params[2], hints="a b")), 1.0, 2.0, 5)
    assert {"a, b = b, a", "a += b"} <= set(lines(text))


def test_branches_of_one_choice_become_elif() -> None:
    m = Made(x=FLOAT64)
    (x,) = m.params

    def less(bound: float) -> Atom:
        return m.b.op("lt", x, real(bound))

    def otherwise() -> tuple[Atom, ...]:
        with m.b.block() as statements:
            condition = less(1.0)
        m.b.extend(statements)
        return m.branch(condition, lambda: (m.b.op("add", x, real(1.0)),), lambda: (x,), "y")

    (y,) = m.branch(less(0.0), lambda: (m.b.op("neg", x),), otherwise, "y")
    function = m.done(y)
    for value in (-1.0, 0.5, 2.0):
        text = check(function, value)
    assert "elif x < 1.0:" in lines(text)


def test_an_empty_branch_is_negated() -> None:
    m = Made(x=FLOAT64, c=BOOL)
    x, c = m.params
    first = m.b.op("mul", x, x, hint="y")
    (y,) = m.branch(c, lambda: (first,), lambda: (m.b.op("add", first, real(1.0)),), "y")
    function = m.done(y)
    text = check(function, 2.0, True)
    check(function, 2.0, False)
    assert {"if not c:", "y += 1.0"} <= set(lines(text))


def collatz() -> Function:
    m = Made(n=INT64)

    def body(k, n):
        odd = m.b.op("eq", m.b.op("mod", n, int_const(2)), int_const(1))
        up = m.b.op("add", m.b.op("mul", n, int_const(3)), int_const(1))
        return (m.b.op("select", odd, up, m.b.op("floordiv", n, int_const(2))),)

    n, trips = m.while_(lambda k, n: (m.b.op("gt", n, int_const(1)),), body, m.params[0], hints="n")
    return m.done(n, trips)


def test_while_with_trips() -> None:
    text = check(collatz(), 27)
    assert {"while n > 1:", "k += 1"} <= set(lines(text))


def test_while_with_statements_in_its_condition() -> None:
    m = Made(x=array())
    (x,) = m.params

    def test(k, s):
        t = m.b.load(x, (m.b.op("mod", k, int_const(4)),), "t")
        return (m.b.op("lt", m.b.op("add", s, m.b.op("mul", t, t)), real(40.0)),)

    def body(k, s):
        return (m.b.op("add", s, m.b.cast(k, FLOAT64)),)

    text = check(m.done(*m.while_(test, body, real(0.0), hints="s")), X)
    assert "while True:" in lines(text) and "break" in lines(text)


def test_counter_is_not_printed_when_unused() -> None:
    m = Made(x=FLOAT64)
    s, _ = m.while_(
        lambda k, s: (m.b.op("lt", s, real(9.0)),), lambda k, s: (m.b.op("mul", s, real(2.0)),), *m.params, hints="x"
    )
    text = check(m.done(s), 1.0)
    assert "k" not in text.split("def")[1]


def test_unused_values_are_not_printed() -> None:
    m = Made(x=array())
    (x,) = m.params
    m.b.op("mul", m.b.load(x, (int_const(0),)), real(2.0))
    m.b.alloc((int_const(3),), np.dtype(np.float64), 0.0)
    s, _unused = m.loop(
        lambda i, s, u: (m.b.op("add", s, real(1.0)), m.b.op("mul", u, s)), real(0.0), real(1.0), hints="s u"
    )
    m.loop(lambda i, u: (m.b.op("mul", u, s),), real(1.0), hints="v")
    text = check(m.done(s), X)
    assert text == "def f(x):\n    s = 0.0\n    for i in range(3):\n        s += 1.0\n    return (s,)\n"


def test_a_dynamic_range_reads_its_start_in_every_iteration() -> None:
    """The carried value starts as the start of the range, which must survive."""
    m = Made(low=INT64, step=INT64)
    low, step = m.params
    start = m.b.op("mul", low, int_const(2), hint="p")

    def body(i, p, s):
        return (m.b.op("add", p, int_const(10)), m.b.op("add", m.b.op("mul", s, int_const(3)), i))

    p, s = m.loop(body, start, int_const(0), start=start, stop=9, step=step, reverse=True, hints="p s")
    check(m.done(p, s), 1, 2)
