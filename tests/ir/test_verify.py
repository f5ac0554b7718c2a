"""The verifier accepts what is right and names what is wrong, in deliberately broken functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from srcgrad.errors import InternalError
from srcgrad.ir.build import Builder, bool_const, int_const
from srcgrad.ir.nodes import (
    Alloc,
    Block,
    Call,
    Callee,
    Const,
    Dim,
    For,
    Function,
    If,
    Let,
    Load,
    NewStack,
    Pop,
    Push,
    Raise,
    Slice,
    Store,
    View,
    While,
)  # fmt: skip
from srcgrad.ir.types import BOOL, FLOAT32, FLOAT64, INT64, PY_FLOAT
from srcgrad.ir.verify import verify
from srcgrad.ops.registry import by_name
from tests.ir.make import MATRIX, VECTOR, for_, function, if_, num, sym, while_
from tests.ir.test_interp import factorial

ZERO, ONE = int_const(0), int_const(1)
BROKEN: dict[str, tuple[Callable[[], Function], str]] = {}


def broken(message: str) -> Callable[[Callable[[], Function]], Callable[[], Function]]:
    def register(make: Callable[[], Function]) -> Callable[[], Function]:
        BROKEN[make.__name__] = (make, message)
        return make

    return register


def of(*statements, params=(), results=()) -> Function:
    return Function("f", tuple(params), Block(tuple(statements), tuple(results)))


def test_a_program_with_everything_is_right() -> None:
    b, x, s, n = Builder(), sym("x", MATRIX), sym("s"), sym("n", INT64)
    a = b.copy(x)
    row = b.view(a, (ZERO, Slice(ZERO, n, ONE)), (0,))
    stack = b.new_stack(VECTOR)

    def body(i, p, q):
        b.push(stack, q)
        b.store(q, (i,), p)
        return (b.op("powi", p, int_const(2)), q)

    r, q = for_(b, ZERO, n, ONE, (s, row), body)
    popped = b.pop(stack)
    t, trips = while_(b, (r,), lambda k, p: b.op("lt", p, num(9.0)), lambda k, p: (b.op("exp", p),))
    (u,) = if_(b, b.op("lt", t, r), lambda: (b.load(popped, (ZERO,)),), lambda: (b.cast(trips, FLOAT64),))
    w = b.op("select", bool_const(True), u, Const(1.0, PY_FLOAT))
    verify(function(b, (x, s, n), w, q, a))
    verify(factorial())


@broken("defined twice")
def defined_twice() -> Function:
    t = sym("t")
    let = Let(t, by_name("neg"), (num(1.0),))
    return of(let, let)


@broken("defined twice")
def parameter_defined_again() -> Function:
    t = sym("t")
    return of(Let(t, by_name("neg"), (num(1.0),)), params=(t,))


@broken("used where it is not defined")
def used_before() -> Function:
    t, u = sym("t"), sym("u")
    return of(Let(u, by_name("neg"), (t,)), Let(t, by_name("neg"), (num(1.0),)))


@broken("used where it is not defined")
def used_after_its_block() -> Function:
    b = Builder()
    inside = []
    if_(b, bool_const(True), lambda: inside.append(b.op("neg", num(1.0))) or ())
    return function(b, (), inside[0])


@broken("used where it is not defined")
def loop_index_outside() -> Function:
    b = Builder()
    with b.loop(ZERO, ONE) as i:
        pass
    return function(b, (), i)


@broken("used where it is not defined")
def condition_value_in_body() -> Function:
    b, inside = Builder(), []

    def test(k):
        inside.append(b.op("lt", k, ONE))
        return inside[0]

    while_(b, (), test, lambda k: b.op("not_", inside[0]) and ())
    return function(b, ())


@broken("add needs all one dtype, got float64, float32")
def mixed_dtypes() -> Function:
    return of(Let(sym("t"), by_name("add"), (num(1.0), Const(1.0, FLOAT32))))


@broken("exp needs all one floating dtype, got int64")
def exp_of_an_integer() -> Function:
    return of(Let(sym("t", INT64), by_name("exp"), (ONE,)))


@broken("powi needs a floating base and an integer")
def powi_of_floats() -> Function:
    return of(Let(sym("t"), by_name("powi"), (num(1.0), num(1.0))))


@broken("select needs a bool")
def select_on_integer() -> Function:
    return of(Let(sym("t"), by_name("select"), (ONE, num(1.0), num(1.0))))


@broken("neg takes 1 operands, got 2")
def wrong_arity() -> Function:
    return of(Let(sym("t"), by_name("neg"), (num(1.0), num(1.0))))


@broken("result of lt: got .float64., expected .bool.")
def comparison_as_float() -> Function:
    return of(Let(sym("t"), by_name("lt"), (num(1.0), num(1.0))))


@broken("result of float32: got .float64., expected .float32.")
def cast_to_something_else() -> Function:
    return of(Let(sym("t"), by_name("float32"), (num(1.0),)))


@broken("takes scalars only")
def arithmetic_on_arrays() -> Function:
    x = sym("x", VECTOR)
    return of(Let(sym("t"), by_name("neg"), (x,)), params=(x,))


@broken("constant 1 of type float64")
def constant_of_the_wrong_class() -> Function:
    return of(Let(sym("t"), by_name("neg"), (Const(1, FLOAT64),)))


@broken("load of .* with 1 subscripts")
def too_few_subscripts() -> Function:
    x = sym("x", MATRIX)
    return of(Load(sym("t"), x, (ZERO,)), params=(x,))


@broken("load subscript is float64")
def float_subscript() -> Function:
    x = sym("x", VECTOR)
    return of(Load(sym("t"), x, (num(0.0),)), params=(x,))


@broken("result of load: got .float32., expected .float64.")
def load_as_another_dtype() -> Function:
    x = sym("x", VECTOR)
    return of(Load(sym("t", FLOAT32), x, (ZERO,)), params=(x,))


@broken("load of .*which is float64 and not an array")
def load_of_a_scalar() -> Function:
    s = sym("s")
    return of(Load(sym("t"), s, (ZERO,)), params=(s,))


@broken("stored value: got .int64., expected .float64.")
def store_of_another_dtype() -> Function:
    b = Builder()
    b.store(b.alloc((ONE,), np.float64, 0.0), (ZERO,), ONE)
    return function(b, ())


@broken("dim 1 of float64")
def dim_out_of_range() -> Function:
    x = sym("x", VECTOR)
    return of(Dim(sym("n", INT64), x, 1), params=(x,))


@broken("extents")
def alloc_with_too_few_extents() -> Function:
    return of(Alloc(sym("a", MATRIX), (ONE,), None))


@broken("fill: got .int64., expected .float64.")
def alloc_with_an_integer_fill() -> Function:
    return of(Alloc(sym("a", VECTOR), (ONE,), ZERO))


@broken("permutation .0, 0. of 2 dimensions")
def view_with_a_bad_permutation() -> Function:
    x, whole = sym("x", MATRIX), Slice(ZERO, ONE, ONE)
    return of(View(sym("v", MATRIX), x, (whole, whole), (0, 0)), params=(x,))


@broken("view keeps 1 dimensions")
def view_of_the_wrong_rank() -> Function:
    x = sym("x", MATRIX)
    return of(View(sym("v", MATRIX), x, (ZERO, Slice(ZERO, ONE, ONE)), (0,)), params=(x,))


@broken("parameter x#.* is stored into")
def store_into_a_parameter() -> Function:
    x = sym("x", VECTOR)
    return of(Store(x, (ZERO,), num(1.0)), params=(x,))


@broken("parameter x#.* is stored into")
def store_into_a_parameter_through_a_view_and_a_loop() -> Function:
    b, x = Builder(), sym("x", MATRIX)
    row = b.view(x, (ZERO, Slice(ZERO, ONE, ONE)), (0,))
    a = b.alloc((ONE,), np.float64, 0.0)

    def swap(i, p, q):
        b.store(p, (ZERO,), num(1.0))
        return (q, p)

    for_(b, ZERO, int_const(2), ONE, (a, row), swap)
    return function(b, (x,))


@broken("parameter x#.* is stored into")
def store_into_a_parameter_from_a_stack() -> Function:
    b, x = Builder(), sym("x", VECTOR)
    stack = b.new_stack(VECTOR)
    b.push(stack, x)
    b.store(b.pop(stack), (ZERO,), num(1.0))
    return function(b, (x,))


@broken("condition of if: got .float64., expected .bool.")
def branch_on_a_float() -> Function:
    return of(If((), num(1.0), Block(()), Block(())))


@broken("yield of if: got .., expected .float64.")
def branch_that_yields_nothing() -> Function:
    return of(If((sym("r"),), bool_const(True), Block((), (num(1.0),)), Block(())))


def loop(**changes: object) -> Function:
    p, r, i = sym("p"), sym("r"), sym("i", INT64)
    s = For((r,), i, ZERO, ONE, ONE, (p,), (num(1.0),), Block((), (p,)))
    return of(replace(s, **changes))


@broken("for with step 0")
def step_zero() -> Function:
    return loop(step=ZERO)


@broken("bounds of for")
def float_bound() -> Function:
    return loop(stop=num(3.0))


@broken("initial values of loop: got .., expected .float64.")
def loop_without_initial_value() -> Function:
    return loop(initial=())


@broken("yield of loop: got .int64., expected .float64.")
def loop_that_changes_type() -> Function:
    return loop(body=Block((), (ONE,)))


@broken("results of loop")
def loop_result_of_another_type() -> Function:
    return loop(results=(sym("r", INT64),))


@broken("index of for")
def loop_with_a_float_index() -> Function:
    return loop(index=sym("i"))


@broken("condition of while: got .int64., expected .bool.")
def while_on_an_integer() -> Function:
    return of(While((), sym("n", INT64), sym("k", INT64), (), (), Block((), (ONE,)), Block(())))


@broken("condition of while: got .., expected .bool.")
def while_without_condition() -> Function:
    return of(While((), sym("n", INT64), sym("k", INT64), (), (), Block(()), Block(())))


@broken("pushed value: got .int64., expected .float64.")
def push_of_another_type() -> Function:
    b = Builder()
    stack = b.new_stack(FLOAT64)
    b.emit(Push(stack, ONE))
    return function(b, ())


@broken("popped value: got .bool., expected .float64.")
def pop_of_another_type() -> Function:
    b = Builder()
    b.emit(Pop(sym("t", BOOL), b.new_stack(FLOAT64)))
    return function(b, ())


@broken("pop from float64")
def pop_from_a_scalar() -> Function:
    s = sym("s")
    return of(Pop(sym("t"), s), params=(s,))


@broken("raise of")
def raise_of_no_exception() -> Function:
    return of(Raise(int, "what"))  # type: ignore[arg-type]


@broken("no helper for the call of g")
def call_of_a_stranger() -> Function:
    return of(Call((), Callee("g", (), ()), ()))


@broken("arguments of factorial: got .float64., expected .int64.")
def call_with_the_wrong_argument() -> Function:
    f = factorial()
    (call,) = f.body.statements
    return replace(f, body=Block((replace(call, arguments=(num(1.0),)),), f.body.results))


@broken("results of its callee: got .., expected .int64.")
def helper_that_returns_nothing() -> Function:
    f = factorial()
    return replace(f, helpers=(replace(f.helpers[0], body=Block(())),))


@broken("new stack of type float64")
def stack_that_is_none() -> Function:
    return of(NewStack(sym("t")))


@pytest.mark.parametrize("name", list(BROKEN))
def test_broken_functions_are_refused(name: str) -> None:
    make, message = BROKEN[name]
    with pytest.raises(InternalError, match=message):
        verify(make())


def test_all_problems_are_listed() -> None:
    f = of(Let(sym("t"), by_name("neg"), (sym("u"),)), If((), ONE, Block(()), Block(())))
    with pytest.raises(InternalError) as caught:
        verify(f)
    assert len(caught.value.diagnostics) == 2


def test_memory_that_only_meets_a_parameter_may_be_written() -> None:
    """A loop carries the parameter and fresh memory in two slots that do not mix."""
    b, x = Builder(), sym("x", VECTOR)
    a = b.alloc((ONE,), np.float64, 0.0)

    def body(i, p, q):
        b.store(q, (ZERO,), b.load(p, (ZERO,)))
        return (p, q)

    r = for_(b, ZERO, ONE, ONE, (x, a), body)
    verify(function(b, (x,), r[1]))


def test_types_are_compared_up_to_weakness() -> None:
    verify(of(Let(sym("t"), by_name("add"), (num(1.0), Const(2.0, PY_FLOAT)))))
