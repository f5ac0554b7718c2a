"""Checks that move up, and stores that nothing reads."""

from __future__ import annotations

import numpy as np

from srcgrad.ir.build import Builder, int_const
from srcgrad.ir.interp import run
from srcgrad.ir.nodes import Atom, Block, Dim, For, Function, If, Print, Raise, Statement, Store, Sym
from srcgrad.ir.types import BOOL
from srcgrad.ir.verify import verify
from srcgrad.ir.visit import walk
from srcgrad.opt.checks import raise_early
from srcgrad.opt.dead_stores import dead_stores
from tests.ir.make import VECTOR, function, num, sym

ZERO = int_const(0)


def kinds(function: Function) -> list[type]:
    return [type(s) for s in function.body.statements]


def stores(function: Function) -> list[Store]:
    return [s for s in walk(function.body) if isinstance(s, Store)]


def unless_equal(b: Builder, n: Atom, m: Atom) -> None:
    differ = b.op("ne", n, m)
    b.emit(If((), differ, Block((Raise(ValueError, "shapes differ"),)), Block(())))


def squares(b: Builder, x: Sym, n: Atom) -> Sym:
    out = b.alloc((n,), np.dtype(float), 0.0, "out")
    with b.loop(ZERO, n) as i:
        value = b.load(x, (i,))
        b.store(out, (i,), b.op("mul", value, value))
    return out


def test_a_check_passes_work() -> None:
    b = Builder()
    x, y = sym("x", VECTOR), sym("y", VECTOR)
    n = b.dim(x, 0)
    out = squares(b, x, n)
    unless_equal(b, n, b.dim(y, 0))
    before = function(b, (x, y), out)
    after = raise_early(before)
    verify(after)
    assert kinds(after).index(If) < kinds(after).index(For)
    assert raise_early(after) is after


def test_checks_keep_their_order_and_stay_behind_what_prints() -> None:
    b = Builder()
    x, y = sym("x", VECTOR), sym("y", VECTOR)
    n = b.dim(x, 0)
    unless_equal(b, n, int_const(3))
    out = squares(b, x, n)
    b.emit(print_of(out, b))
    unless_equal(b, n, b.dim(y, 0))
    before = function(b, (x, y), out)
    assert raise_early(before) is before


def print_of(out: Sym, b: Builder) -> Statement:
    return Print(("first", b.load(out, (ZERO,))))


def test_a_check_of_what_was_computed_stays() -> None:
    b = Builder()
    x = sym("x", VECTOR)
    out = squares(b, x, b.dim(x, 0))
    small = b.op("lt", b.load(out, (ZERO,)), num(1.0))
    assert small.type == BOOL
    b.emit(If((), small, Block((Raise(ValueError, "small"),)), Block(())))
    before = function(b, (x,), out)
    assert raise_early(before) is before


def cleared(*, read_later: bool, shifted: bool = False) -> Function:
    """A loop that reads an array and clears it behind itself."""
    b = Builder()
    x = sym("x", VECTOR)
    n = b.dim(x, 0)
    t, out = squares(b, x, n), b.alloc((n,), np.dtype(float), 0.0, "out")
    with b.loop(ZERO, n) as i:
        b.store(out, (i,), b.load(t, (i,)))
        b.store(t, (b.op("sub", n, b.op("add", i, int_const(1))) if shifted else i,), num(0.0))
    total = b.load(t, (ZERO,)) if read_later else num(0.0)
    return function(b, (x,), out, total)


def test_clearing_that_nothing_reads() -> None:
    before = cleared(read_later=False)
    after = dead_stores(before)
    verify(after)
    assert len(stores(after)) == len(stores(before)) - 1
    assert np.array_equal(run(after, np.arange(3.0))[0], np.arange(3.0) ** 2)
    assert dead_stores(after) is after


def test_clearing_that_is_read_stays() -> None:
    for before in (cleared(read_later=True), cleared(read_later=False, shifted=True)):
        assert dead_stores(before) is before


def twice(second: int, *, accumulate: bool, read_between: bool) -> Function:
    b = Builder()
    x = sym("x", VECTOR)
    b.store(out := b.alloc((b.dim(x, 0),), np.dtype(float), 7.0, "out"), (ZERO,), num(0.0))
    value = b.load(out if read_between else x, (int_const(1),))
    b.store(out, (int_const(second),), value, accumulate)
    return function(b, (x,), out)


def test_elements_set_twice() -> None:
    for accumulate in (False, True):
        before = twice(0, accumulate=accumulate, read_between=False)
        after = dead_stores(before)
        verify(after)
        (store,) = stores(after)
        assert not store.accumulate
        assert np.array_equal(run(after, np.arange(3.0))[0], [1.0, 7.0, 7.0])
        other, read = (twice(1 - k, accumulate=accumulate, read_between=bool(k)) for k in range(2))
        assert dead_stores(other) is other
        assert dead_stores(read) is read


def test_dimensions_are_no_reads() -> None:
    b = Builder()
    x = sym("x", VECTOR)
    t = squares(b, x, b.dim(x, 0))
    total = b.load(t, (ZERO,))
    b.store(t, (ZERO,), num(0.0))
    n = b.dim(t, 0)
    before = function(b, (x,), total, n)
    after = dead_stores(before)
    assert len(stores(after)) == 1
    assert any(isinstance(s, Dim) for s in after.body.statements)
