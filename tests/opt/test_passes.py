"""Each pass on programs written by hand: what comes out, as text, and that it computes the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from textwrap import dedent

import numpy as np
import pytest

from srcgrad.ir.build import Builder, bool_const, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Call, Callee, Const, Function, If, Print, Raise, Slice, Sym
from srcgrad.ir.printer import to_text
from srcgrad.ir.types import FLOAT32, FLOAT64, INT64
from srcgrad.ir.verify import verify
from srcgrad.opt.carried import carried
from srcgrad.opt.cse import cse
from srcgrad.opt.dce import dce
from srcgrad.opt.driver import optimise
from srcgrad.opt.forward_store import forward_store
from srcgrad.opt.hoist import hoist
from srcgrad.opt.simplify import simplify
from tests.ir.make import MATRIX, VECTOR, for_, function, if_, num, sym, while_
from tests.opt.equal import outcome, same

ZERO, ONE, TWO = int_const(0), int_const(1), int_const(2)


def check(each: Callable[[Function], Function], before: Function, expected: str, *arguments: object) -> None:
    """`each` makes the body `expected` of `before`, finds nothing the second time, and keeps the meaning."""
    verify(before)
    after = each(before)
    verify(after)
    body = "\n".join(line[4:] for line in to_text(after).strip().splitlines()[1:])
    assert body == dedent(expected).strip()
    assert each(after) is after
    assert same(outcome(before, *arguments), outcome(after, *arguments))


def unchanged(each: Callable[[Function], Function], before: Function) -> None:
    verify(before)
    assert each(before) is before, to_text(each(before))


# -- simplify ----------------------------------------------------------------------------------------------------


def scalar(write: Callable[[Builder, Sym, Sym], object], type_=FLOAT64) -> Function:
    b, x, y = Builder(), sym("x", type_), sym("y", type_)
    return function(b, (x, y), write(b, x, y))


FLOAT_RULES = {
    "return x": [
        lambda b, x, y: b.op("mul", x, num(1)),
        lambda b, x, y: b.op("mul", num(1), x),
        lambda b, x, y: b.op("div", x, num(1)),
        lambda b, x, y: b.op("sub", x, num(0.0)),
        lambda b, x, y: b.op("add", x, num(-0.0)),
        lambda b, x, y: b.op("add", num(-0.0), x),
        lambda b, x, y: b.op("powi", x, ONE),
        lambda b, x, y: b.op("pow", x, num(1)),
        lambda b, x, y: b.op("select", b.op("lt", x, y), x, x),
        lambda b, x, y: b.op("select", bool_const(False), y, x),
        lambda b, x, y: b.op("neg", b.op("neg", x)),
    ],
    "return 1.0": [lambda b, x, y: b.op("powi", x, ZERO), lambda b, x, y: b.op("add", num(0.5), num(0.5))],
    "t_1: float64 = sub x, y\nreturn t_1": [
        lambda b, x, y: b.op("add", x, b.op("neg", y)),
        lambda b, x, y: b.op("add", b.op("neg", y), x),
    ],
    "t_1: float64 = add x, y\nreturn t_1": [lambda b, x, y: b.op("sub", x, b.op("neg", y))],
    "t: float64 = neg x\nreturn t": [
        lambda b, x, y: b.op("mul", num(-1), x),
        lambda b, x, y: b.op("div", x, num(-1)),
        lambda b, x, y: b.op("sub", num(-0.0), x),
    ],
    "t_1: bool = ne x, y\nreturn t_1": [lambda b, x, y: b.op("not_", b.op("eq", x, y))],
    "t: float64 = powi x, 2\nreturn t": [lambda b, x, y: b.op("powi", x, TWO)],
}
FLOAT_STAYS = [
    lambda b, x, y: b.op("mul", x, num(0)),
    lambda b, x, y: b.op("add", x, num(0.0)),
    lambda b, x, y: b.op("sub", x, num(-0.0)),
    lambda b, x, y: b.op("sub", num(0.0), x),
    lambda b, x, y: b.op("sub", x, x),
    lambda b, x, y: b.op("div", x, x),
    lambda b, x, y: b.op("eq", x, x),
    lambda b, x, y: b.op("not_", b.op("lt", x, y)),
    lambda b, x, y: b.op("neg", b.op("sub", x, y)),
    lambda b, x, y: b.op("add", b.op("add", x, num(1)), num(2)),
    lambda b, x, y: b.op("sub", b.op("add", x, y), y),
    lambda b, x, y: b.op("mul", b.op("neg", x), y),
]
INT_RULES = {
    "return x": [
        lambda b, x, y: b.op("add", x, ZERO),
        lambda b, x, y: b.op("sub", b.op("add", x, y), y),
        lambda b, x, y: b.op("sub", b.op("add", y, x), y),
        lambda b, x, y: b.op("add", b.op("sub", x, y), y),
        lambda b, x, y: b.op("sub", b.op("add", x, TWO), TWO),
        lambda b, x, y: b.op("floordiv", x, ONE),
    ],
    "return 0": [
        lambda b, x, y: b.op("mul", x, ZERO),
        lambda b, x, y: b.op("sub", x, x),
        lambda b, x, y: b.op("mod", x, ONE),
    ],
    "return 1": [lambda b, x, y: b.op("sub", b.op("add", x, TWO), b.op("add", ONE, x))],
    "return True": [lambda b, x, y: b.op("le", x, x)],
    "return False": [lambda b, x, y: b.op("ne", x, x)],
    "t_1: int64 = add x, 3\nreturn t_1": [
        lambda b, x, y: b.op("add", b.op("add", x, ONE), TWO),
        lambda b, x, y: b.op("add", TWO, b.op("add", ONE, x)),
    ],
    "t_1: int64 = sub x, 1\nreturn t_1": [
        lambda b, x, y: b.op("add", b.op("sub", x, TWO), ONE),
        lambda b, x, y: b.op("sub", b.op("add", x, ONE), TWO),
    ],
    "t_1: int64 = mul x, 4\nreturn t_1": [lambda b, x, y: b.op("mul", TWO, b.op("mul", x, TWO))],
    "t_1: bool = ge x, y\nreturn t_1": [lambda b, x, y: b.op("not_", b.op("lt", x, y))],
    "t: int64 = sub x, 1\nreturn t": [lambda b, x, y: b.op("add", x, int_const(-1))],
}


@pytest.mark.parametrize(
    ("type_", "expected", "write"),
    [
        (type_, text, write)
        for type_, table in ((FLOAT64, FLOAT_RULES), (INT64, INT_RULES))
        for text, group in table.items()
        for write in group
    ],
)
def test_algebra(type_, expected: str, write) -> None:
    before = scalar(write, type_)
    text = to_text(dce(simplify(before)))
    strip = text.replace("t_1", "t")
    assert "\n".join(line[4:] for line in strip.strip().splitlines()[1:]) == expected.replace("t_1", "t")
    values = (0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan) if type_ is FLOAT64 else (0, 1, -7, 2**63 - 1, -(2**63))
    for x in values:
        for y in values:
            assert same(run(before, x, y), run(simplify(before), x, y)), (x, y)


@pytest.mark.parametrize("write", FLOAT_STAYS)
def test_what_is_not_exact_stays(write) -> None:
    unchanged(simplify, scalar(write))


def test_division_of_integers_by_zero_is_not_folded() -> None:
    unchanged(simplify, scalar(lambda b, x, y: b.op("floordiv", ONE, ZERO), INT64))
    check(simplify, scalar(lambda b, x, y: b.op("floordiv", int_const(7), TWO)), "return 3", 0.0, 0.0)


def test_folding_wraps_and_rounds_like_the_dtype() -> None:
    big = int_const(2**63 - 1)
    check(simplify, scalar(lambda b, x, y: b.op("add", big, ONE)), f"return {-(2**63)}", 0, 0)
    tenth = Const(float(np.float32(0.1)), FLOAT32)
    expected = float(np.float32(0.1) * np.float32(0.1))
    check(simplify, scalar(lambda b, x, y: b.op("mul", tenth, tenth)), f"return {expected}:float32", 0, 0)


def test_casts_of_casts() -> None:
    b, h, n, s = Builder(), sym("h", FLOAT32), sym("n", INT64), sym("s")
    there_and_back = b.cast(b.cast(h, FLOAT64), FLOAT32)
    lossy = b.cast(b.cast(n, FLOAT64), INT64)
    rounded = b.cast(b.cast(s, FLOAT32), FLOAT64)
    check(
        lambda f: dce(simplify(f)),
        function(b, (h, n, s), there_and_back, lossy, rounded),
        """
        t: float64 = float64 n
        t_1: int64 = int64 t
        t_2: float32 = float32 s
        t_3: float64 = float64 t_2
        return h, t_1, t_3
        """,
        1.5, 2**53 + 1, 0.1,
    )  # fmt: skip


def test_decided_branches_and_loops_dissolve() -> None:
    b, s = Builder(), sym("s")
    (r,) = if_(b, bool_const(True), lambda: (b.op("exp", s),), lambda: (b.op("sin", s),))
    (q,) = for_(b, ZERO, ZERO, ONE, (r,), lambda i, p: (b.op("sin", p),))
    (u,) = for_(b, int_const(3), int_const(4), ONE, (q,), lambda i, p: (b.op("mul", p, b.cast(i, FLOAT64)),))
    v, trips = while_(b, (u,), lambda k, p: bool_const(False), lambda k, p: (b.op("sin", p),))
    check(
        simplify,
        function(b, (s,), v, trips),
        """
        t: float64 = exp s
        t_1: float64 = mul t, 3.0
        return t_1, 0
        """,
        0.5,
    )


def test_conditions_are_known_inside_their_branches() -> None:
    b, s = Builder(), sym("s")
    positive, small = b.op("gt", s, num(0)), b.op("lt", s, num(1))

    def both():
        return (b.op("select", small, s, num(2)), b.op("not_", positive))

    r = if_(b, b.op("and_", positive, small), both, lambda: (num(0), small))
    check(
        simplify,
        function(b, (s,), *r),
        """
        t: bool = gt s, 0.0
        t_1: bool = lt s, 1.0
        t_2: bool = and_ t, t_1
        r: float64, r_1: bool = if t_2:
            yield s, False
        else:
            yield 0.0, t_1
        return r, r_1
        """,
        0.5,
    )


def test_extents_come_from_the_definition() -> None:
    b, x, n = Builder(), sym("x", MATRIX), sym("n", INT64)
    a = b.alloc((n, TWO), np.float64, 0.0)
    v = b.view(a, (Slice(ZERO, n, ONE), Slice(ZERO, ONE, ONE)), (1, 0))
    c = b.copy(b.copy(x))
    f = function(b, (x, n), b.dim(a, 1), b.dim(v, 1), b.dim(v, 0), b.dim(c, 0))
    check(lambda f: dce(simplify(f)), f, "n_1: int64 = dim x, 0\nreturn 2, n, 1, n_1", np.ones((2, 3)), 3)


# -- carried -----------------------------------------------------------------------------------------------------


def test_invariant_and_duplicate_slots() -> None:
    b, s, n = Builder(), sym("s"), sym("n", INT64)

    def body(i, p, q, k, m):
        t = b.op("mul", b.op("add", p, q), k)
        return (t, t, m, k)  # k and m start alike and swap

    r = for_(b, ZERO, n, ONE, (s, s, num(2), num(2)), body)
    check(
        carried,
        function(b, (s, n), *r),
        """
        r: float64 = for i in range(0, n, 1) carrying p: float64 = s:
            t: float64 = add p, p
            t_1: float64 = mul t, 2.0
            yield t_1
        return r, r, 2.0, 2.0
        """,
        1.5, 3,
    )  # fmt: skip


def test_slots_that_differ_stay() -> None:
    b, s, n = Builder(), sym("s"), sym("n", INT64)
    r = for_(b, ZERO, n, ONE, (s, num(2)), lambda i, p, q: (q, p))
    unchanged(carried, function(b, (s, n), *r))


def test_invariance_is_seen_through_an_inner_loop() -> None:
    b, s, n = Builder(), sym("s"), sym("n", INT64)

    def outer(i, p):
        return for_(b, ZERO, n, ONE, (p,), lambda j, q: (q,))

    (r,) = for_(b, ZERO, n, ONE, (s,), outer)
    f = function(b, (s, n), r)
    assert to_text(carried(f)).splitlines()[-1] == "    return s"
    check(lambda f: dce(carried(f)), f, "return s", 1.0, 2)


def test_branch_results_that_are_no_choice() -> None:
    b, s = Builder(), sym("s")
    (c,) = (b.op("lt", s, num(0)),)
    t = b.op("exp", s)
    r = if_(b, c, lambda: (t, s, num(1), s), lambda: (t, num(1), num(1), num(1)))
    check(
        carried,
        function(b, (s,), *r),
        """
        t: bool = lt s, 0.0
        t_1: float64 = exp s
        r: float64 = if t:
            yield s
        else:
            yield 1.0
        return t_1, r, 1.0, r
        """,
        -1.0,
    )


# -- cse ---------------------------------------------------------------------------------------------------------


def test_repeated_expressions() -> None:
    b, x, y = Builder(), sym("x"), sym("y")
    first = b.op("mul", x, y)
    (r,) = if_(b, b.op("lt", x, y), lambda: (b.op("mul", y, x),), lambda: (b.op("sub", y, x),))
    after = b.op("sub", y, x)  # the one inside the branch is not in scope
    check(
        cse,
        function(b, (x, y), first, r, after),
        """
        t: float64 = mul x, y
        t_1: bool = lt x, y
        r: float64 = if t_1:
            yield t
        else:
            t_2: float64 = sub y, x
            yield t_2
        t_3: float64 = sub y, x
        return t, r, t_3
        """,
        1.5, 2.0,
    )  # fmt: skip


def test_order_and_sign_of_zero_matter() -> None:
    b, x, y = Builder(), sym("x"), sym("y")
    values = (b.op("sub", x, y), b.op("sub", y, x), b.op("mul", x, num(0.0)), b.op("mul", x, num(-0.0)))
    unchanged(cse, function(b, (x, y), *values))


def test_loads_merge_only_where_nothing_is_stored() -> None:
    b, x = Builder(), sym("x", VECTOR)
    first = b.load(x, (ZERO,))
    a = b.copy(x)
    held = b.load(a, (ZERO,))
    b.store(b.view(a, (Slice(ZERO, ONE, ONE),), (0,)), (ZERO,), num(9))
    f = function(b, (x,), first, b.load(x, (ZERO,)), held, b.load(a, (ZERO,)))
    check(
        cse,
        f,
        """
        t: float64 = load x[0]
        a: float64[:]C = copy x
        t_1: float64 = load a[0]
        v: float64[:]A = view a[0 by 1 for 1]
        store v[0] = 9.0
        t_2: float64 = load a[0]
        return t, t, t_1, t_2
        """,
        np.array([1.0, 2.0]),
    )


def writing_helper() -> tuple[Function, Callee]:
    callee = Callee("write", (VECTOR,), ())
    b, a = Builder(), sym("a", VECTOR)
    b.store(a, (ZERO,), num(7))
    return Function("write", (a,), b.finish(()), callee=callee), callee


@pytest.mark.parametrize("each", [cse, forward_store, optimise])
def test_a_call_may_write_what_it_is_given(each) -> None:
    helper, callee = writing_helper()
    b, x = Builder(), sym("x", VECTOR)
    a = b.copy(x)
    before = b.load(a, (ZERO,))
    b.emit(Call((), callee, (a,)))
    f = replace(function(b, (x,), before, b.load(a, (ZERO,))), helpers=(helper,))
    unchanged(each, f)
    assert run(f, np.array([1.0])) == (1.0, 7.0)


# -- dce ---------------------------------------------------------------------------------------------------------


def test_what_feeds_only_itself_is_dead() -> None:
    b, s, n = Builder(), sym("s"), sym("n", INT64)

    def body(i, p, q, r):
        return (b.op("exp", p), b.op("sin", r), b.op("sin", q))

    r = for_(b, ZERO, n, ONE, (s, s, s), body)
    while_(b, (s,), lambda k, p: b.op("lt", p, s), lambda k, p: (b.op("exp", p),))
    check(
        dce,
        function(b, (s, n), r[0]),
        """
        r: float64 = for i in range(0, n, 1) carrying p: float64 = s:
            t: float64 = exp p
            yield t
        return r
        """,
        0.5, 2,
    )  # fmt: skip


def test_memory_that_is_never_read_is_dead() -> None:
    b, x, n = Builder(), sym("x", VECTOR), sym("n", INT64)
    a, c = b.alloc((n,), np.float64, 0.0), b.copy(x)
    with b.loop(ZERO, n) as i:
        b.store(b.view(a, (Slice(i, ONE, ONE),), (0,)), (ZERO,), b.load(x, (i,)))
        b.store(c, (i,), num(1))
    check(
        dce,
        function(b, (x, n), c),
        """
        a: float64[:]C = copy x
        for i in range(0, n, 1):
            store a[i] = 1.0
        return a
        """,
        np.ones(3), 3,
    )  # fmt: skip


def test_memory_read_under_another_name_is_alive() -> None:
    b, n = Builder(), sym("n", INT64)
    a, c = b.alloc((n,), np.float64, 0.0), b.alloc((n,), np.float64, 0.0)

    def swap(i, p, q):
        b.store(p, (i,), num(1))
        return (q, p)

    r = for_(b, ZERO, n, ONE, (a, c), swap)
    unchanged(dce, function(b, (n,), b.load(r[1], (ZERO,)), r[0]))


@pytest.mark.parametrize("popped", [False, True])
def test_a_stack_lives_when_it_is_popped(popped: bool) -> None:
    b, s, n = Builder(), sym("s"), sym("n", INT64)
    stack = b.new_stack(FLOAT64)
    with b.loop(ZERO, n) as i:
        b.push(stack, b.cast(i, FLOAT64))
    result = s
    if popped:
        b.pop(stack)  # unused, but the next pop must see the value below
        result = b.pop(stack)
    f = function(b, (s, n), result)
    if popped:
        unchanged(dce, f)
    else:
        check(dce, f, "return s", 1.0, 3)


def test_effects_and_their_conditions_are_alive() -> None:
    b, s = Builder(), sym("s")
    b.emit(Print(("seen", b.op("exp", s))))
    with b.block() as statements:
        b.emit(Raise(ValueError, "negative"))
    from_raise = function(b, (s,), s)
    unchanged(dce, from_raise)
    b.emit(If((), b.op("lt", s, num(0)), replace(from_raise.body, statements=tuple(statements), results=()), EMPTY))
    f = function(b, (s,), s)
    unchanged(dce, f)
    with pytest.raises(ValueError, match="negative"):
        run(f, -1.0)


EMPTY = function(Builder(), ()).body


# -- forward_store -----------------------------------------------------------------------------------------------


def test_what_was_stored_is_not_loaded() -> None:
    b, x, s, n = Builder(), sym("x", VECTOR), sym("s"), sym("n", INT64)
    a = b.copy(x)
    b.store(a, (n,), s)
    stored = b.load(a, (n,))
    b.store(a, (ZERO,), num(1), accumulate=True)  # n may be 0
    again, twice = b.load(a, (n,)), b.load(a, (n,))
    check(
        forward_store,
        function(b, (x, s, n), stored, again, twice),
        """
        a: float64[:]C = copy x
        store a[n] = s
        store a[0] += 1.0
        t: float64 = load a[n]
        return s, t, t
        """,
        np.ones(2), 5.0, 0,
    )  # fmt: skip


def test_constant_subscripts_are_apart_unless_they_wrap() -> None:
    b, x, s = Builder(), sym("x", VECTOR), sym("s")
    a = b.copy(x)
    b.store(a, (ZERO,), s)
    b.store(a, (ONE,), num(2))
    kept = b.load(a, (ZERO,))
    b.store(a, (int_const(-1),), num(3))
    lost = b.load(a, (ONE,))
    b.store(a, (ZERO,), s)
    b.store(b.view(a, (Slice(ZERO, ONE, ONE),), (0,)), (ONE,), num(4))
    aliased = b.load(a, (ZERO,))
    after = forward_store(function(b, (x, s), kept, lost, aliased))
    assert after.body.results[0] is s
    assert to_text(after).count("load") == 2


@pytest.mark.parametrize("written", [False, True])
def test_what_a_loop_writes_is_forgotten(written: bool) -> None:
    b, x, s, n = Builder(), sym("x", VECTOR), sym("s"), sym("n", INT64)
    a, c = b.copy(x), b.copy(x)
    b.store(a, (ZERO,), s)

    def body(i, p):
        t = b.op("add", p, b.load(a, (ZERO,)))
        b.store(a if written else c, (i,), t)
        return (t,)

    (r,) = for_(b, ZERO, n, ONE, (s,), body)
    f = function(b, (x, s, n), r, b.load(a, (ZERO,)), c)
    if written:
        unchanged(forward_store, f)
    else:
        after = forward_store(f)
        assert "load" not in to_text(after)
        assert same(run(f, np.ones(3), 2.0, 3), run(after, np.ones(3), 2.0, 3))


def test_parameters_of_a_helper_may_be_one_array() -> None:
    callee = Callee("h", (VECTOR, VECTOR), (FLOAT64,))
    b, a, c = Builder(), sym("a", VECTOR), sym("c", VECTOR)
    b.store(a, (ZERO,), num(1))
    b.store(c, (ZERO,), num(2))
    helper = Function("h", (a, c), b.finish((b.load(a, (ZERO,)),)), callee=callee)
    b, x, r = Builder(), sym("x", VECTOR), sym("r")
    copy = b.copy(x)
    b.emit(Call((r,), callee, (copy, copy)))
    f = replace(function(b, (x,), r), helpers=(helper,))
    assert run(f, np.ones(1)) == run(optimise(f), np.ones(1)) == (2.0,)


# -- hoist -------------------------------------------------------------------------------------------------------


def test_invariant_statements_leave_the_loops() -> None:
    b, x, n = Builder(), sym("x", MATRIX), sym("n", INT64)
    a = b.copy(x)

    def outer(i):
        def inner(j):
            m = b.dim(x, 1)
            last = b.op("sub", m, ONE)
            row = b.op("mul", i, TWO)
            b.store(a, (i, last), b.cast(b.op("add", row, b.op("floordiv", j, m)), FLOAT64))
            return ()

        return for_(b, ZERO, n, ONE, (), inner)

    for_(b, ZERO, n, ONE, (), outer)
    check(
        hoist,
        function(b, (x, n), a),
        """
        a: float64[:, :]C = copy x
        n_1: int64 = dim x, 1
        t: int64 = sub n_1, 1
        for i in range(0, n, 1):
            t_1: int64 = mul i, 2
            for i_1 in range(0, n, 1):
                t_2: int64 = floordiv i_1, n_1
                t_3: int64 = add t_1, t_2
                t_4: float64 = float64 t_3
                store a[i, t] = t_4
        return a
        """,
        np.ones((2, 2)), 2,
    )  # fmt: skip


def invariant(name: str, *operands: object, type_=FLOAT64, branch: bool = False) -> Function:
    """A loop that uses `name(*operands)` of parameters only."""
    b, s, n = Builder(), sym("s", type_), sym("n", INT64)
    atoms = [s if o == "s" else n if o == "n" else o for o in operands]

    def body(i, p):
        def use():
            t = b.op(name, *atoms)
            return (b.op("add", p, t),)

        return if_(b, b.op("lt", i, n), use, lambda: (p,)) if branch else use()

    (r,) = for_(b, ZERO, n, ONE, (s,), body)
    return function(b, (s, n), r)


def test_what_may_trap_or_cost_stays() -> None:
    unchanged(hoist, invariant("floordiv", "n", "s", type_=INT64))
    assert hoist(invariant("floordiv", "n", int_const(2), type_=INT64)) is not None
    for name, operands in (("div", ("s", "s")), ("log", ("s",)), ("exp", ("s",)), ("mul", ("s", "s"))):
        unchanged(hoist, invariant(name, *operands))
        unchanged(lambda f: hoist(f, final=True), invariant("log", "s"))


@pytest.mark.parametrize("name", ["floordiv", "mod"])
def test_division_by_a_constant_moves(name: str) -> None:
    f = invariant(name, "n", int_const(2), type_=INT64)
    assert to_text(hoist(f)).index(name) < to_text(hoist(f)).index("for")


def test_the_last_hoist_moves_more_but_nothing_dear_out_of_a_branch() -> None:
    def last(f: Function) -> Function:
        return hoist(f, final=True)

    for f, name in ((invariant("mul", "s", "s"), "mul"), (invariant("exp", "s"), "exp")):
        assert to_text(last(f)).index(name) < to_text(last(f)).index("for")
    unchanged(last, invariant("exp", "s", branch=True))
    cheap = invariant("mul", "s", "s", branch=True)
    assert to_text(last(cheap)).index("mul") < to_text(last(cheap)).index("for")


def test_nothing_leaves_a_branch_that_is_in_no_loop() -> None:
    b, s = Builder(), sym("s")
    (r,) = if_(b, b.op("lt", s, num(0)), lambda: (b.op("add", s, s),), lambda: (s,))
    unchanged(hoist, function(b, (s,), r))


def test_loads_stay_in_loops_that_may_not_run() -> None:
    b, x, s, n = Builder(), sym("x", VECTOR), sym("s"), sym("n", INT64)
    (r,) = for_(b, ZERO, n, ONE, (s,), lambda i, p: (b.op("add", p, b.load(x, (n,))),))
    unchanged(hoist, function(b, (x, s, n), r))


# -- all together ------------------------------------------------------------------------------------------------


def test_nothing_to_do_gives_the_same_object() -> None:
    b, s = Builder(), sym("s")
    f = function(b, (s,), b.op("exp", s))
    assert optimise(f) is f


def test_the_passes_feed_one_another() -> None:
    b, s, n = Builder(), sym("s"), sym("n", INT64)
    a = b.alloc((TWO,), np.float64, 0.0)
    b.store(a, (ZERO,), b.op("mul", s, num(1)))

    def body(i, p, q):
        t = b.op("mul", b.load(a, (ZERO,)), q)
        return (b.op("add", p, b.op("neg", t)), q)

    r = for_(b, ZERO, n, ONE, (num(0), num(3)), body)
    check(
        optimise,
        function(b, (s, n), r[0]),
        """
        r: float64 = for i in range(0, n, 1) carrying p: float64 = 0.0:
            t: float64 = mul s, 3.0
            t_1: float64 = sub p, t
            yield t_1
        return r
        """,
        1.5, 3,
    )  # fmt: skip


def test_helpers_are_optimised_too() -> None:
    helper, callee = writing_helper()
    b, a = Builder(), sym("a", VECTOR)
    b.op("exp", num(1))
    b.store(a, (ZERO,), b.op("add", num(3), num(4)))
    f = Function("f", (), EMPTY, helpers=(Function("write", (a,), b.finish(()), callee=callee),))
    (after,) = optimise(f).helpers
    assert to_text(after).splitlines()[1:] == to_text(helper).splitlines()[1:]
