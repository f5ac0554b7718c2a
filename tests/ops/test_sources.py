"""The text an operation is printed as, compiled by Numba, against what the operation means (`evaluate`).

All operations of one signature go into one compiled function: compiling is what costs.
"""

import math
from collections.abc import Callable

import numba
import numpy as np
import pytest

from srcgrad.ops.registry import Op, Operands, Result, all_ops
from srcgrad.runtime import special
from srcgrad.runtime import vector_math as vm
from tests.ops.rules import float_positions, points

MODULES = {"np": np, "math": math, "special": special, "vm": vm}
FLOATS = [o for o in all_ops() if o.operands in (Operands.FLOAT, Operands.SAME) and float_positions(o)]
MIXED = [o for o in all_ops() if o.operands is Operands.FLOAT_INT]
# Operations on integers of any width; the derivative of what an integer array holds is nobody's concern.
INTEGERS = [
    o for o in all_ops() if o.operands in (Operands.INT, Operands.SAME) and o.name not in ("factorial", "comb", "isqrt")
]
COUNTING = [o for o in all_ops() if o.name in ("factorial", "comb", "isqrt")]
CASTS = [o for o in all_ops() if o.operands is Operands.ANY]
SPECIAL_VALUES = (
    0.0, -0.0, 0.5, 1.0, -1.0, 2.0, -2.5, 3.0, 700.0, -800.0, 1e300, -1e-300, math.inf, -math.inf, math.nan,
)  # fmt: skip


def compiled(ops: list[Op], arity: int, text: Callable[[Op], str] = lambda o: o.source) -> Callable:
    """`(a, b, ...) -> (op1(a, b, ...), op2(a, b, ...), ...)` as machine code."""
    names = "abc"[:arity]
    body = ", ".join(f"({text(o).format(*names)})" for o in ops)
    namespace = dict(MODULES)
    exec(f"def run({', '.join(names)}):\n    return ({body},)", namespace)
    return numba.njit(error_model="numpy", fastmath=False)(namespace["run"])


def uncompiled(record: Op) -> Callable:
    names = "abc"[: record.arity]
    return eval(f"lambda {', '.join(names)}: {record.source.format(*names)}", dict(MODULES))


def by_arity(ops: list[Op]) -> list:
    arities = sorted({o.arity for o in ops})
    return [pytest.param([o for o in ops if o.arity == n], n, id=f"arity{n}") for n in arities]


def expected_value(record: Op, values: tuple) -> float:
    with np.errstate(all="ignore"):
        return float(record.evaluate(*values))


def assert_same(record: Op, values: tuple, found: float, rel: float) -> None:
    expected = expected_value(record, values)
    if record.name == "lgamma" and values[0] == -math.inf:
        assert math.isinf(found)
        return
    np.testing.assert_allclose(float(found), expected, rtol=rel, atol=rel * 1e-3, err_msg=f"{record.name}{values}")


@pytest.mark.parametrize("ops, arity", by_arity(FLOATS))
def test_compiled_text_on_the_domain(ops, arity):
    run = compiled(ops, arity)
    for record in ops:
        for values in points(record, 10):
            assert_same(record, values, run(*values)[ops.index(record)], 4e-15)


@pytest.mark.parametrize("ops, arity", by_arity(FLOATS))
def test_compiled_text_on_special_values(ops, arity):
    run = compiled(ops, arity)
    grid = np.array(np.meshgrid(*[SPECIAL_VALUES] * arity)).reshape(arity, -1).T
    for row in grid:
        values = tuple(map(np.float64, row))
        for record, found in zip(ops, run(*values)):
            if not _libraries_differ(record, values):
                assert_same(record, values, found, 4e-14)


def _libraries_differ(record: Op, values: tuple) -> bool:
    """Where the libraries have no common answer (poles, np.power(-inf, 0.5)), or none to many digits."""
    x = float(values[0])
    match record.name:
        case "gamma" | "digamma" | "trigamma":
            return x <= 0 or x > 1e200
        case "sin" | "cos" | "tan" | "sinc":
            return abs(x) > 1e200
        case "pow" | "half_pow":
            return x == -math.inf and values[1] == 0.5
        case _:
            return False


@pytest.mark.parametrize("ops, arity", by_arity(FLOATS))
def test_compiled_text_in_float32(ops, arity):
    """float32 in, at least float32 accuracy out: emit casts what comes out wider."""
    run = compiled(ops, arity)
    for record in ops:
        for values in points(record, 4, np.float32):
            assert_same(record, tuple(map(np.float64, values)), run(*values)[ops.index(record)], 4e-5)


def test_compiled_results_have_the_dtype_of_the_table():
    for arity in (1, 2):
        ops = [o for o in FLOATS if o.arity == arity]
        run = compiled(ops, arity)
        run(*[np.float64(0.5)] * arity)
        (signature,) = run.nopython_signatures
        for record, type_ in zip(ops, signature.return_type):
            assert type_ == (numba.boolean if record.result is Result.BOOL else numba.float64), record


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 5, 17])
def test_literal_text_of_integer_powers(exponent):
    (powi,) = [o for o in MIXED if o.literal_source]
    run = numba.njit(eval(f"lambda a: {powi.literal_source.format('a', exponent)}"), error_model="numpy")
    for x in (-1.5, 0.0, 0.7, 3.0):
        assert_same(powi, (np.float64(x), np.int64(exponent)), run(x), 4e-15)


def test_compiled_text_of_mixed_operands():
    run = compiled(MIXED, 2)
    for record in MIXED:
        for values in points(record, 20):
            assert_same(record, values, run(*values)[MIXED.index(record)], 2e-14)


def test_integer_powers_of_zero_do_not_raise():
    (powi,) = [o for o in MIXED if o.literal_source]
    run = compiled([powi], 2)
    for n in (-3, -2, -1, 0, 1, 2):
        for x in (0.0, -0.0):
            assert_same(powi, (np.float64(x), np.int64(n)), run(x, n)[0], 0.0)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8, np.uint64, np.uint8])
def test_compiled_text_of_integers(dtype):
    """Compiled, narrow integers come out in 64 bits; cast back, as emit does, they are what NumPy has."""
    rng = np.random.default_rng(5)
    for arity in (1, 2):
        ops = [o for o in INTEGERS if o.arity == arity]
        run = compiled(ops, arity)
        for _ in range(30):
            values = [rng.integers(-9, 10) for _ in range(arity)]
            values = tuple(dtype(abs(v)) if np.dtype(dtype).kind == "u" else dtype(v) for v in values)
            for record, found in zip(ops, run(*values)):
                if record.name in ("lshift", "rshift", "ipow") and not 0 <= values[1] < 4:
                    continue
                if record.name == "reciprocal" and values[0] == 0:
                    continue
                with np.errstate(all="ignore"):
                    expected = record.evaluate(*values)
                if record.result is Result.SAME:
                    found = np.asarray(found).astype(dtype)[()]
                assert found == expected, (record, values, found, expected)


def test_compiled_text_of_counting():
    for record in COUNTING:
        run = compiled([record], record.arity)
        for values in points(record, 30):
            assert run(*values)[0] == record.evaluate(*values)


@pytest.mark.parametrize("value", [2.75, -2.75, np.float32(-1.5), np.int64(-3), np.uint8(200), np.int32(7), True, 0.0])
def test_casts(value):
    """Every dtype to every dtype: the value and the exact type, compiled and in the interpreter."""
    run = compiled(CASTS, 1)
    results = run(value)
    for record, found, type_ in zip(CASTS, results, run.nopython_signatures[-1].return_type):
        dtype = np.dtype(record.name)
        with np.errstate(all="ignore"):
            expected = record.evaluate(value)
        assert expected.dtype == dtype
        assert numba.np.numpy_support.as_dtype(type_) == dtype
        undefined = dtype.kind == "u" and isinstance(value, float | np.float32) and value < 0
        assert undefined or found == expected, (record, value)


def test_select_and_logic():
    ops = [o for o in all_ops() if o.operands is Operands.BOOL and o.arity == 2]
    run = compiled(ops, 2)
    for a in (False, True):
        for b in (False, True):
            for record, found in zip(ops, run(a, b)):
                assert found == record.evaluate(a, b), record
    (select,) = [o for o in all_ops() if o.operands is Operands.BOOL_SAME_SAME]
    run = compiled([select], 3)
    assert run(True, 1.0, 2.0) == (1.0,)
    assert run(False, 1.0, 2.0) == (2.0,)


def test_text_runs_without_numba_too():
    """Under plain Python on NumPy scalars, at least on the domain."""
    for record in (*FLOATS, *MIXED):
        for values in points(record, 3):
            assert_same(record, values, uncompiled(record)(*values), 2e-14)


def test_overflow_and_domain_errors_do_not_raise_uncompiled():
    for record in FLOATS:
        if record.arity == 1:
            for x in (-3.0, 0.0, 2000.0, math.inf, math.nan):
                with np.errstate(all="ignore"):
                    uncompiled(record)(np.float64(x))
