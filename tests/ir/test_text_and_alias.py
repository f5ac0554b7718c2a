"""The printer's text, and the alias classes."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import numpy as np

from srcgrad.ir.alias import alias_classes
from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.nodes import Call, Callee, Const, Function, Print, Raise, Slice
from srcgrad.ir.printer import to_text
from srcgrad.ir.types import FLOAT32, FLOAT64, INT64, Stack
from srcgrad.ir.visit import clone_block
from tests.ir.make import MATRIX, VECTOR, for_, function, if_, num, sym, while_
from tests.ir.test_interp import factorial

ZERO, ONE = int_const(0), int_const(1)


def everything() -> Function:
    b, x, t, n = Builder(), sym("x", MATRIX), sym("t"), sym("n", INT64)
    a = b.alloc((n, ONE), np.float64, None)
    c = b.copy(x)
    v = b.view(c, (Slice(ZERO, n, ONE), Slice(n, ONE, int_const(-1))), (1, 0))
    stack = b.new_stack(FLOAT32)

    def body(i, p):
        b.store(a, (i, ZERO), p)
        b.push(stack, Const(0.5, FLOAT32))
        return (b.op("sub", p, num(-0.0)),)

    (r,) = for_(b, ZERO, n, int_const(2), (t,), body, reverse=True)

    def raises():
        b.emit(Raise(ValueError, "it's wrong"))
        return ()

    if_(b, b.op("lt", r, num(np.inf)), raises)
    w = while_(b, (r,), lambda k, p: b.op("lt", k, n), lambda k, p: (b.op("exp", p),))
    b.store(v, (ZERO, b.dim(v, 1)), b.load(x, (ZERO, ZERO)), accumulate=True)
    b.emit(Print(("t =", b.pop(stack))))
    return Function("f", (x, t, n), b.finish((a, w[1])))


def test_text() -> None:
    assert to_text(everything()) == dedent("""\
        function f(x: float64[:, :]C, t: float64, n: int64):
            a: float64[:, :]C = alloc (n, 1) fill nothing
            a_1: float64[:, :]C = copy x
            v: float64[:, :]A = view a_1[0 by 1 for n, n by -1 for 1] permuted (1, 0)
            stack: stack[float32] = new stack
            r: float64 = for i in reversed range(0, n, 2) carrying p: float64 = t:
                store a[i, 0] = p
                push stack, 0.5:float32
                t_1: float64 = sub p, -0.0
                yield t_1
            t_2: bool = lt r, inf
            if t_2:
                raise ValueError("it's wrong")
            else:
                yield
            r_1: float64, trips: int64 = while counting k carrying p_1: float64 = r:
                t_3: bool = lt k, n
                yield t_3
            do:
                t_4: float64 = exp p_1
                yield t_4
            n_1: int64 = dim v, 1
            t_5: float64 = load x[0, 0]
            store v[0, n_1] += t_5
            t_6: float32 = pop stack
            print 't =', t_6
            return a, trips
        """).replace("\n            else:\n                yield\n", "\n").replace("    else:\n        yield\n", "")


def test_text_is_deterministic_and_names_are_unique() -> None:
    f = everything()
    mapping = {}
    clone = replace(f, body=clone_block(f.body, mapping))
    assert to_text(f) == to_text(clone)
    b = Builder()
    results = [b.op("neg", num(1.0), hint=hint) for hint in ("t", "t_1", "t", "t", "")]
    names = to_text(function(b, (), *results)).splitlines()[-1].removeprefix("    return ").split(", ")
    assert len(set(names)) == len(results)


def test_helpers_are_printed() -> None:
    text = to_text(factorial())
    assert "function main(n: int64):\n    r: int64 = call factorial(n)\n    return r\n" in text
    assert "function factorial(n: int64):" in text


def test_fresh_memory_is_apart_until_something_connects_it() -> None:
    b, x, y, n = Builder(), sym("x", VECTOR), sym("y", VECTOR), sym("n", INT64)
    a, c, d = b.copy(x), b.copy(a_source := y), b.alloc((n,), np.float64, 0.0)
    v = b.view(a, (Slice(ZERO, ONE, ONE),), (0,))
    (chosen,) = if_(b, b.op("lt", n, ONE), lambda: (v,), lambda: (c,))
    classes = alias_classes(function(b, (x, y, n), chosen))
    assert classes.same(v, a) and classes.same(chosen, a) and classes.same(chosen, c)
    assert not any(classes.same(p, q) for p in (x, a_source, d) for q in (x, a_source, d, a) if p is not q)


def test_loops_and_stacks_connect() -> None:
    b, n = Builder(), sym("n", INT64)
    a, c, d = (b.alloc((n,), np.float64, 0.0) for _ in range(3))
    inside = []

    def swap(i, p, q):
        inside.append(p)
        return (q, p)

    r = for_(b, ZERO, n, ONE, (a, c), swap)
    stack, numbers = b.new_stack(VECTOR), b.new_stack(FLOAT64)
    b.push(stack, d)
    b.push(numbers, num(1))
    popped = b.pop(stack)
    classes = alias_classes(function(b, (n,), *r))
    assert classes.same(r[0], c) and classes.same(inside[0], c) and classes.same(popped, d)
    assert not classes.same(popped, a) and not classes.same(numbers, stack)


def test_calls_connect_results_with_arguments_of_the_same_dtype() -> None:
    floats, singles = VECTOR, replace(VECTOR, dtype=np.dtype(np.float32))
    callee = Callee("g", (floats, singles, Stack(floats)), (floats,))
    b, n, r = Builder(), sym("n", INT64), sym("r", floats)
    a, c, e = b.alloc((n,), np.float64, 0.0), b.alloc((n,), np.float32, 0.0), b.alloc((n,), np.float64, 0.0)
    stack = b.new_stack(floats)
    b.emit(Call((r,), callee, (a, c, stack)))
    classes = alias_classes(function(b, (n,), r))
    assert classes.same(r, a) and classes.same(b_pop := stack, a)
    assert not classes.same(r, c) and not classes.same(r, e) and b_pop is stack


def test_parameters_of_a_helper_may_be_the_same_array() -> None:
    params = (sym("x", VECTOR), sym("y", VECTOR), sym("z", replace(VECTOR, dtype=np.dtype(np.float32))))
    helper = Function("h", params, Builder().finish(), callee=Callee("h", tuple(p.type for p in params), ()))
    classes = alias_classes(helper)
    assert classes.same(params[0], params[1]) and not classes.same(params[0], params[2])
    assert not alias_classes(replace(helper, callee=None)).same(params[0], params[1])
