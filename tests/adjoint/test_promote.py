"""Sums carried by loops: what is promoted, what must stay in memory, and that the gradient is the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import srcgrad
from srcgrad.adjoint import promote as module
from srcgrad.adjoint.promote import promote
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Call,
    Callee,
    For,
    Function,
    If,
    Raise,
    Slice,
    Sym,
    While,
)  # fmt: skip
from srcgrad.ir.printer import to_text
from srcgrad.ir.types import FLOAT32, INT64, Array
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from srcgrad.opt import optimise
from tests.adjoint.making import additions_in_loops, same_results
from tests.ir.make import VECTOR, for_, function, if_, num, sym, while_

ZERO, ONE, TWO = map(int_const, range(3))


def promoted(before: Function, *arguments: Any) -> Function:
    """`promote` on a function: valid, the same results, and nothing more to be found."""
    verify(before)
    after = promote(before)
    verify(after)
    verify(optimise(after, final=True))
    if arguments:
        assert same_results(run(before, *arguments), run(after, *arguments)), to_text(after)
    assert promote(after) is after, to_text(after)
    return after


def stays(before: Function) -> None:
    verify(before)
    assert promote(before) is before, to_text(promote(before))


def sums(size: Atom, body: Callable[..., Sequence[Atom]], *params: Sym, n: Atom) -> Function:
    """A function that allocates zeros, runs a loop `body(builder, zeros, i)` and returns the zeros."""
    b = Builder()
    a = b.alloc((size,), np.dtype(np.float64), 0.0)
    for_(b, ZERO, n, ONE, (), lambda i: body(b, a, i))
    return function(b, params, a)


# -- promoted ----------------------------------------------------------------------------------------------------


def test_text_of_the_result() -> None:
    x, n, m = sym("x", VECTOR), sym("n", INT64), sym("m", INT64)

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        b.store(a, (m,), b.load(x, (i,)), accumulate=True)
        return ()

    after = promoted(sums(int_const(3), body, x, n, m, n=n), np.array([0.1, 0.2, 0.7]), 3, 2)
    text = to_text(after)
    assert "carrying" in text and "ne " in text, text
    assert additions_in_loops(after) == 0


@pytest.mark.parametrize("n", [0, 1, 5])
def test_no_iteration_does_not_touch_memory(n: int) -> None:
    """The subscript is out of range when nothing is added; the interpreter would raise an IndexError."""
    x = sym("x", VECTOR)

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        b.store(a, (TWO,), b.load(x, (i,)), accumulate=True)
        return ()

    b = Builder()
    size, count = sym("size", INT64), sym("n", INT64)
    a = b.alloc((size,), np.dtype(np.float64), 0.0)
    for_(b, ZERO, count, ONE, (), lambda i: body(b, a, i))
    before = function(b, (x, size, count), a)
    after = promoted(before, np.linspace(0.1, 1.0, 5), 3 if n else 0, n)
    assert additions_in_loops(after) == 0
    with pytest.raises(IndexError):  # the same subscript does matter once the loop runs
        run(after, np.ones(5), 0, 1)


@pytest.mark.parametrize("threshold", [-1.0, 0.5, 9.0])
def test_branch(threshold: float) -> None:
    """A branch that is never taken does not touch memory either; the subscript 7 is out of range."""
    x, limit, k, n = sym("x", VECTOR), sym("limit"), sym("k", INT64), sym("n", INT64)

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        v = b.load(x, (i,))

        def then() -> tuple[()]:
            b.store(a, (k,), v, accumulate=True)
            return ()

        def orelse() -> tuple[()]:
            b.store(a, (ZERO,), b.op("neg", v), accumulate=True)
            return ()

        if_(b, b.op("gt", v, limit), then, orelse)
        return ()

    values = np.array([0.2, 0.9, 0.4, 0.8])
    after = promoted(sums(TWO, body, x, limit, k, n, n=n), values, threshold, 7 if threshold > 1 else 1, 4)
    assert additions_in_loops(after) == 0


def test_branch_with_results_and_two_additions() -> None:
    x, n = sym("x", VECTOR), sym("n", INT64)

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        v = b.load(x, (i,))
        b.store(a, (ONE,), v, accumulate=True)

        def then() -> tuple[Atom]:
            b.store(a, (ONE,), v, accumulate=True)
            b.store(a, (ONE,), b.op("mul", v, v), accumulate=True)
            return (b.op("exp", v),)

        (w,) = if_(b, b.op("gt", v, num(0.5)), then, lambda: (v,))
        b.store(a, (ONE,), w, accumulate=True)
        return ()

    after = promoted(sums(TWO, body, x, n, n=n), np.array([0.2, 0.9, 0.4, 0.8]), 4)
    (loop,) = (s for s in walk(after.body) if isinstance(s, For))
    assert len(loop.parameters) == 1  # all four share one sum
    assert additions_in_loops(after) == 0


def test_one_sum_for_a_nest() -> None:
    """The outermost loop that allows it carries the sum, through loops of both kinds and a branch."""
    x, n = sym("x", VECTOR), sym("n", INT64)

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        def inner(j: Sym) -> tuple[()]:
            v = b.op("mul", b.load(x, (i,)), b.load(x, (j,)))

            def then() -> tuple[()]:
                b.store(a, (ONE,), v, accumulate=True)
                return ()

            if_(b, b.op("lt", i, j), then)
            b.store(a, (i,), v, accumulate=True)
            return ()

        def again(k: Sym, p: Sym) -> tuple[Atom]:
            b.store(a, (ONE,), p, accumulate=True)
            return (b.op("mul", p, num(0.5)),)

        for_(b, ZERO, n, ONE, (), inner, reverse=True)
        while_(b, (b.load(x, (i,)),), lambda k, p: b.op("gt", p, num(0.1)), again)
        return ()

    after = promoted(sums(int_const(4), body, x, n, n=n), np.array([0.2, 0.9, 0.4, 0.8]), 4)
    outer, inner, again = (s for s in walk(after.body) if isinstance(s, (For, While)))
    assert [len(s.parameters) for s in (outer, inner, again)] == [1, 2, 2]  # a[1]; also a[i]; also p
    assert additions_in_loops(after) == 1  # that of the sum of a[i], in the outer loop


def test_loop_that_carries_values_already() -> None:
    x, n = sym("x", VECTOR), sym("n", INT64)
    b = Builder()
    a = b.alloc((TWO,), np.dtype(np.float64), 2.5)

    def body(i: Sym, p: Sym) -> tuple[Atom]:
        q = b.op("add", p, b.load(x, (i,)))
        b.store(a, (int_const(-1),), q, accumulate=True)
        return (q,)

    (total,) = for_(b, ZERO, n, ONE, (num(0.0),), body)
    after = promoted(function(b, (x, n), a, total), np.array([0.2, 0.9, 0.4]), 3)
    assert additions_in_loops(after) == 0


def test_float32_stays_float32() -> None:
    single = Array(np.dtype(np.float32), 1)
    x, n = sym("x", single), sym("n", INT64)
    b = Builder()
    a = b.alloc((ONE,), np.dtype(np.float32), 0.0)

    def body(i: Sym) -> tuple[()]:
        b.store(a, (ZERO,), b.load(x, (i,)), accumulate=True)
        return ()

    for_(b, ZERO, n, ONE, (), body)
    before = function(b, (x, n), a)
    values = np.linspace(0.1, 1.0, 50, dtype=np.float32)
    after = promoted(before, values, 50)
    (loop,) = (s for s in walk(after.body) if isinstance(s, For))
    assert [p.type for p in (*loop.parameters, *loop.initial, *loop.results)] == [FLOAT32] * 3
    assert np.array_equal(run(before, values, 50)[0], run(after, values, 50)[0])  # memory was zero: same order


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_special_values_reach_memory(special: float) -> None:
    x, n = sym("x", VECTOR), sym("n", INT64)

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        b.store(a, (ZERO,), b.load(x, (i,)), accumulate=True)
        return ()

    after = promoted(sums(ONE, body, x, n, n=n), np.array([1.0, special, 2.0]), 3)
    assert np.array_equal(run(after, np.array([1.0, special, 2.0]), 3)[0], [special], equal_nan=True)


def test_subscript_in_range_needs_no_branch() -> None:
    """`a` has as many rows as the outer loop has iterations: the row's sum is added without a question."""
    n = sym("n", INT64)

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        def inner(j: Sym) -> tuple[()]:
            b.store(a, (i,), num(0.5), accumulate=True)
            return ()

        for_(b, ZERO, i, ONE, (), inner)
        return ()

    after = promoted(sums(n, body, n, n=n), 5)
    assert not any(isinstance(s, If) for s in walk(after.body)), to_text(after)


@pytest.mark.parametrize(("size", "subscript"), [("n", "i + 1"), ("n", "i - 1"), ("n - 1", "i"), ("m", "i")])
def test_subscript_not_proven_needs_a_branch(size: str, subscript: str) -> None:
    b, n, m = Builder(), sym("n", INT64), sym("m", INT64)
    extent = {"n": n, "m": m}.get(size) or b.op("sub", n, ONE)
    a = b.alloc((extent,), np.dtype(np.float64), 0.0)

    def outer(i: Sym) -> tuple[()]:
        at = {"i": i}.get(subscript) or b.op("add" if "+" in subscript else "sub", i, ONE)

        def inner(j: Sym) -> tuple[()]:
            b.store(a, (at,), num(0.5), accumulate=True)
            return ()

        for_(b, ZERO, ZERO, ONE, (), inner)
        return ()

    for_(b, ZERO, n, ONE, (), outer)
    after = promoted(function(b, (n, m), a), 5, 2)
    assert sum(isinstance(s, If) for s in walk(after.body)) == 1


def test_no_more_sums_than_registers() -> None:
    x, n = sym("x", VECTOR), sym("n", INT64)
    count = module._MOST_CARRIED + 5

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        for k in range(5):
            b.store(a, (int_const(k),), b.load(x, (i,)), accumulate=True)

        def inner(j: Sym) -> tuple[()]:
            for k in range(5, count):
                b.store(a, (int_const(k),), b.load(x, (j,)), accumulate=True)
            return ()

        for_(b, ZERO, n, ONE, (), inner)
        return ()

    after = promoted(sums(int_const(count), body, x, n, n=n), np.linspace(0, 1, 3), 3)
    outer, inner = (s for s in walk(after.body) if isinstance(s, For))
    assert len(outer.parameters) == len(inner.parameters) == module._MOST_CARRIED  # the inner loop's come first
    assert additions_in_loops(after) == 5


def test_in_a_helper() -> None:
    """The arrays of a helper may be one and the same: a load of either keeps both in memory."""
    for loads in (False, True):
        a, other, n = sym("a", VECTOR), sym("b", VECTOR), sym("n", INT64)
        b = Builder()

        def body(i: Sym, b=b, a=a, other=other, loads=loads) -> tuple[()]:
            b.store(a, (ZERO,), b.load(other, (i,)) if loads else num(0.5), accumulate=True)
            return ()

        for_(b, ZERO, n, ONE, (), body)
        callee = Callee("h", (VECTOR, VECTOR, INT64), ())
        helper = Function("h", (a, other, n), b.finish(), callee=callee)
        main, m = Builder(), sym("m", INT64)
        memory = main.alloc((int_const(4),), np.dtype(np.float64), 1.0)
        main.emit(Call((), callee, (memory, memory, m)))
        before = Function("f", (m,), main.finish((memory,)), helpers=(helper,))
        after = promote(before)
        assert (after is before) == loads
        assert same_results(run(before, 3), run(after, 3))


# -- left alone --------------------------------------------------------------------------------------------------


def _other_use(kind: str, b: Builder, a: Sym, i: Sym) -> Atom:
    """Something besides an addition that happens to `a`; a number that comes of it."""
    match kind:
        case "load":
            return b.load(a, (i,))
        case "load behind":
            with b.block() as inside:
                value = b.load(a, (ONE,))
            (value,) = b.if_(b.op("gt", i, ZERO), Block(tuple(inside), (value,)), Block((), (num(0.0),)), ("t",))
            return value
        case "store":
            b.store(a, (i,), num(3.0))
        case "copy":
            return b.load(b.copy(a), (i,))
        case "view":
            view = b.view(a, (Slice(ZERO, TWO, ONE),), (0,))
            return b.load(view, (ZERO,))
        case "push":
            stack = b.new_stack(a.type)
            b.push(stack, a)
            return b.load(b.pop(stack), (ONE,))
        case "inner loop":
            for_(b, ZERO, TWO, ONE, (), lambda j: (b.store(a, (j,), num(3.0)), ())[1])
    return num(1.0)


@pytest.mark.parametrize("kind", ["load", "load behind", "store", "copy", "view", "push", "inner loop"])
@pytest.mark.parametrize("first", [True, False])
def test_memory_that_is_used_otherwise(kind: str, first: bool) -> None:
    n = sym("n", INT64)

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        value = _other_use(kind, b, a, i) if first else num(2.0)
        b.store(a, (ONE,), value, accumulate=True)
        if not first:
            _other_use(kind, b, a, i)
        return ()

    stays(sums(int_const(4), body, n, n=n))


def test_a_view_taken_before_the_loop() -> None:
    """Additions through the array, loads through a view of it."""
    b, n = Builder(), sym("n", INT64)
    a = b.alloc((int_const(4),), np.dtype(np.float64), 1.0)
    view = b.view(a, (Slice(ONE, TWO, ONE),), (0,))

    def body(i: Sym) -> tuple[()]:
        b.store(a, (ONE,), b.load(view, (ZERO,)), accumulate=True)
        return ()

    for_(b, ZERO, n, ONE, (), body)
    stays(function(b, (n,), a))


def test_additions_through_two_names_commute() -> None:
    """Both names get a sum of their own, although they are one element."""
    b, x, n = Builder(), sym("x", VECTOR), sym("n", INT64)
    a = b.alloc((int_const(4),), np.dtype(np.float64), 1.0)
    view = b.view(a, (Slice(ONE, TWO, ONE),), (0,))

    def body(i: Sym) -> tuple[()]:
        b.store(a, (ONE,), b.load(x, (i,)), accumulate=True)
        b.store(view, (ZERO,), num(0.25), accumulate=True)
        b.store(a, (i,), num(0.125), accumulate=True)
        return ()

    for_(b, ZERO, n, ONE, (), body)
    after = promoted(function(b, (x, n), a), np.array([0.3, 0.4, 0.5]), 3)
    assert additions_in_loops(after) == 1


def test_a_carried_reference() -> None:
    """The loop carries two buffers that change places: what `p` is changes, and the loads hit both."""
    for loads in (True, False):
        b, n = Builder(), sym("n", INT64)
        first = b.alloc((TWO,), np.dtype(np.float64), 1.0)
        second = b.alloc((TWO,), np.dtype(np.float64), 2.0)

        def body(i: Sym, p: Sym, q: Sym, b=b, first=first, loads=loads) -> tuple[Atom, Atom]:
            b.store(p, (ZERO,), num(0.5), accumulate=True)
            b.store(first, (ZERO,), b.load(q, (ONE,)) if loads else num(0.25), accumulate=True)
            return q, p

        for_(b, ZERO, n, ONE, (first, second), body)
        before = function(b, (n,), first, second)
        if loads:
            stays(before)
        else:  # `first` is the same in all iterations, `p` is not
            assert additions_in_loops(promoted(before, 5)) == 1


def test_arrays_and_subscripts_made_in_the_loop() -> None:
    n = sym("n", INT64)

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        own = b.alloc((TWO,), np.dtype(np.float64), 0.0)
        b.store(own, (ZERO,), num(1.0), accumulate=True)
        b.store(a, (b.op("mod", i, TWO),), num(1.0), accumulate=True)
        return ()

    stays(sums(TWO, body, n, n=n))


def test_plain_stores_and_integers() -> None:
    b, n = Builder(), sym("n", INT64)
    a = b.alloc((TWO,), np.dtype(np.float64), 0.0)
    counts = b.alloc((TWO,), np.dtype(np.int64), 0)

    def body(i: Sym) -> tuple[()]:
        b.store(a, (ZERO,), num(1.0))
        b.store(counts, (ZERO,), ONE, accumulate=True)
        return ()

    for_(b, ZERO, n, ONE, (), body)
    stays(function(b, (n,), a, counts))


def test_the_condition_of_a_while() -> None:
    """Conditions hand on no values of their own: an addition in one stays, and so do those next to it."""
    b, limit = Builder(), sym("limit")
    a = b.alloc((TWO,), np.dtype(np.float64), 0.0)

    def test(k: Sym, p: Sym) -> Atom:
        b.store(a, (ZERO,), p, accumulate=True)
        return b.op("lt", p, limit)

    def body(k: Sym, p: Sym) -> tuple[Atom]:
        b.store(a, (ONE,), p, accumulate=True)
        return (b.op("add", p, num(1.0)),)

    while_(b, (num(0.0),), test, body)
    stays(function(b, (limit,), a))


def test_an_exception_in_the_loop() -> None:
    x, n = sym("x", VECTOR), sym("n", INT64)

    def body(b: Builder, a: Sym, i: Sym) -> tuple[()]:
        v = b.load(x, (i,))
        b.store(a, (ZERO,), v, accumulate=True)
        with b.block() as then:
            b.emit(Raise(ValueError, "negative"))
            b.store(a, (ZERO,), v, accumulate=True)
        b.if_(b.op("lt", v, num(0.0)), Block(tuple(then)), Block(()), ())
        return ()

    after = promoted(sums(ONE, body, x, n, n=n), np.array([1.0, 2.0]), 2)
    with pytest.raises(ValueError, match="negative"):
        run(after, np.array([1.0, -2.0]), 2)


# -- whole programs ----------------------------------------------------------------------------------------------


def pairs(x, p):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(i):
            d = x[i] - x[j]
            if d * d > p[1]:
                continue
            total += p[0] / (p[2] + d * d)
    return total


def oscillator(x, p):
    u, v, loss = x[0], x[1], 0.0
    for _ in range(30):
        u, v = u + 0.05 * v * p[1], v - 0.05 * (p[0] * u + p[2] * v * v)
        loss += u * u * p[0]
    return loss


def wrapped(x, p):
    total = 0.0
    for i in range(x.shape[0]):
        k = 0
        while k < i:
            total += x[i] * p[-1] + np.sin(p[k % 3]) * x[-2]
            k += 1
    return total


def reused(x, p):
    q = p.copy()
    for i in range(x.shape[0]):
        q[0] = q[0] * 0.5 + x[i] * q[1]
        if q[0] > 1.0:
            q[2] += q[0] * x[0]
    return q[0] + q[2] * q[2]


@pytest.mark.parametrize("program", [pairs, oscillator, wrapped, reused])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gradients_of_programs(program: Callable, dtype: type) -> None:
    rng = np.random.default_rng(5)
    x, p = rng.uniform(0.2, 1.0, 6), np.array([0.7, 0.3, 0.9])
    gradient = srcgrad.grad(program, argnums=(0, 1))
    got = gradient(x.astype(dtype), p.astype(dtype))
    for position, part in enumerate(got):
        assert part.dtype == dtype
        for k in range(part.size):
            h = np.zeros(part.size)
            h[k] = 1e-6
            up, down = ((x + s * h, p) if position == 0 else (x, p + s * h) for s in (1, -1))
            expected = (program(*up) - program(*down)) / 2e-6
            assert part[k] == pytest.approx(expected, rel=1e-6 if dtype is np.float64 else 2e-4, abs=1e-6)


def test_the_pass_is_in_the_pipeline() -> None:
    gradient = srcgrad.grad(oscillator, argnums=(0, 1))
    x, p = np.array([1.0, 0.5]), np.array([0.7, 0.3, 0.9])
    gradient(x, p)
    lines = gradient.source.splitlines()
    additions = [line for line in lines if line.lstrip().startswith("p_bar[")]
    assert len(additions) == 3 and all(line.startswith(" " * 4) and line[8:9] != " " for line in additions)
    empty = srcgrad.grad(lambda x, p: sum(p[0] * x[i] for i in range(x.shape[0])), argnums=(0, 1))
    assert [part.size for part in empty(np.zeros(0), np.zeros(0))] == [0, 0]
