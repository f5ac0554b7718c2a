"""Every rule of the operation table against differences, the table against itself, and wrong rules against the test."""

import importlib
import math
import pickle

import numpy as np
import pytest
from scipy import special as scipy_special

from srcgrad.ops.formula import parse
from srcgrad.ops.registry import Op, Operands, Result, alias, all_ops, by_callable, by_name, op
from tests.ops.rules import evaluate, float_positions, operations_in, partial, points, rule_error

POINTS = 25
TOLERANCE = 2e-8
CASES = [
    pytest.param(o, k, id=f"{o.name}-{o.arguments[k]}")
    for o in all_ops()
    if o.result is not Result.BOOL and o.name not in ("stop_gradient", "hold", "with_tangent", "half_pow")
    for k in float_positions(o)
    if not (o.result is Result.NAMED and (np.dtype(o.name).kind != "f" or o.name == "float32"))
]
# Zero almost everywhere, with steps: nothing to differentiate again.
FLAT = {"sign", "floor", "ceil", "trunc", "rint", "floordiv", "heaviside"}


@pytest.mark.parametrize("record, position", CASES)
def test_partial_agrees_with_differences(record, position):
    for values in points(record, POINTS):
        error = rule_error(record, position, values)
        assert error < TOLERANCE, f"{record.name}{values} by {record.arguments[position]}: off by {error}"


@pytest.mark.parametrize("record", [o for o in all_ops() if o.differentiable], ids=lambda o: o.name)
def test_formulas_use_operations_that_differentiate_again(record):
    for formula in record.partials:
        for name in operations_in(formula) if formula is not None else ():
            used = by_name(name)  # KeyError: a formula names what does not exist
            discrete = used.result is Result.BOOL or not float_positions(used)
            assert used.differentiable or discrete or name in FLAT, f"{record.name}: {name} has no derivative"


def test_flat_operations_have_no_partials_but_the_step_height():
    assert {o.name for o in all_ops() if o.name in FLAT and o.differentiable} == {"heaviside"}


@pytest.mark.parametrize("record", all_ops(), ids=lambda o: o.name)
def test_record_is_complete(record):
    assert by_name(record.name) is record
    assert pickle.loads(pickle.dumps(record)) is record
    assert len(record.partials) == record.arity
    assert record.operands is Operands.BOOL or len(record.domain) == record.arity
    assert [record.source.count(f"{{{k}}}") for k in range(record.arity)] == [1] * record.arity
    for function in record.aliases:
        if isinstance(function, str):
            module, _, name = function.rpartition(".")
            function = getattr(importlib.import_module(module), name)
        assert by_callable(function) is record
    assert record.cost >= 1


@pytest.mark.parametrize("record", [o for o in all_ops() if o.commutative], ids=lambda o: o.name)
def test_commutative_operations_commute(record):
    domain = record.domain or ((0, 2), (0, 2))
    rng = np.random.default_rng(1)
    for _ in range(20):
        values = [rng.uniform(low, high) for low, high in domain]
        if record.operands is Operands.INT:
            values = [np.int64(v) for v in values]
        elif record.operands is Operands.BOOL:
            values = [np.bool_(v > 1) for v in values]
        assert record.evaluate(*values) == record.evaluate(*reversed(values))


def test_evaluate_keeps_float32():
    for record in all_ops():
        if record.result is Result.FLOAT or (record.result is Result.SAME and float_positions(record)):
            for values in points(record, 2, np.float32):
                result = record.evaluate(*values)
                assert np.float32(result) == result, record


# -- conventions at special points --------------------------------------------------------------------------------

AT = [
    ("abs", (0.0,), (0.0,)),
    ("fabs", (-0.0,), (0.0,)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("hypot", (3.0, 4.0), (0.6, 0.8)),
    ("minimum", (1.0, 1.0), (0.5, 0.5)),
    ("maximum", (1.0, 1.0), (0.5, 0.5)),
    ("fmin", (1.0, math.nan), (1.0, 0.0)),
    ("fmax", (math.nan, 1.0), (0.0, 1.0)),
    ("fmax", (2.0, 2.0), (0.5, 0.5)),
    ("pow", (0.0, 0.0), (0.0, 0.0)),
    ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (-2.0, 2.0), (-4.0, math.nan)),
    ("pow", (2.0, 0.0), (0.0, math.log(2.0))),
    ("powi", (0.0, 0), (0.0, 0.0)),
    ("powi", (0.0, 1), (1.0, 0.0)),
    ("powi", (0.0, 2), (0.0, 0.0)),
    ("powi", (-2.0, -1), (-0.25, 0.0)),
    ("sqrt", (0.0,), (math.inf,)),
    ("cbrt", (0.0,), (math.inf,)),
    ("cbrt", (-8.0,), (1 / 12,)),
    ("mod", (-2.4, 1.0), (1.0, 3.0)),
    ("fmod", (-2.4, 1.0), (1.0, 2.0)),
    ("remainder", (-2.6, 1.0), (1.0, 3.0)),
    ("copysign", (-2.0, 3.0), (-1.0, 0.0)),
    ("copysign", (2.0, -0.0), (-1.0, 0.0)),
    ("heaviside", (0.0, 0.5), (0.0, 1.0)),
    ("logaddexp", (-math.inf, -math.inf), (0.5, 0.5)),
    ("logaddexp", (-math.inf, 1.0), (0.0, 1.0)),
    ("logaddexp", (1.0, 1.0), (0.5, 0.5)),
    ("logaddexp2", (-math.inf, -math.inf), (0.5, 0.5)),
    ("sinc", (0.0,), (0.0,)),
    ("xlogy", (0.0, 0.0), (-math.inf, 0.0)),
    ("xlogy", (0.0, 2.0), (math.log(2.0), 0.0)),
]


@pytest.mark.parametrize("name, values, expected", AT)
def test_derivative_at_special_points(name, values, expected):
    record = by_name(name)
    integers = record.operands is Operands.FLOAT_INT
    arguments = tuple(np.int64(v) if integers and k else np.float64(v) for k, v in enumerate(values))
    found = [partial(record, k, arguments) for k in range(record.arity)]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


# -- accuracy where differences cannot see it -----------------------------------------------------------------------

ACCURATE = [
    ("expm1", -30.0, math.exp(-30.0)),
    ("asin", 1 - 2**-40, 1 / math.sqrt(2**-40 * (2 - 2**-40))),
    ("acos", 1 - 2**-40, -1 / math.sqrt(2**-40 * (2 - 2**-40))),
    ("atanh", 1 - 2**-40, 1 / (2**-40 * (2 - 2**-40))),
    ("asinh", 1e200, 1e-200),
    ("acosh", 1e200, 1e-200),
    ("log1p", -1 + 2**-40, 2.0**40),
    ("sinc", 1e-6, -math.pi**2 / 3 * 1e-6),
    ("erfc", 6.0, -2 / math.sqrt(math.pi) * math.exp(-36.0)),
    ("log_expit", 40.0, math.exp(-40.0)),
]


@pytest.mark.parametrize("name, x, expected", ACCURATE)
def test_partial_does_not_cancel(name, x, expected):
    assert partial(by_name(name), 0, (np.float64(x),)) == pytest.approx(expected, rel=1e-11)


def test_sinc_derivative_is_continuous_where_the_series_ends():
    sinc = by_name("sinc")
    below, above = (partial(sinc, 0, (np.float64(x),)) for x in (0.5, np.nextafter(0.5, 1)))
    assert below == pytest.approx(above, rel=1e-14)


# -- the test itself ------------------------------------------------------------------------------------------------


def _variant(name: str, *partials: str) -> Op:
    """An unregistered copy of an operation with other partials."""
    true = by_name(name)
    formulas = tuple(parse(p, (*true.arguments, "r")) for p in partials)
    return Op(
        true.name, true.arguments, true.result, true.operands, true.evaluate, true.source, formulas,
        domain=true.domain, kinks=true.kinks,
    )  # fmt: skip


@pytest.mark.parametrize(
    "name, partials, position",
    [
        ("sin", ("-cos(x)",), 0),
        ("exp", ("r * 1.000001",), 0),
        ("tanh", ("1 - r",), 0),
        ("div", ("1 / y", "r / y"), 1),
        ("hypot", ("y / r", "x / r"), 0),
        ("atan2", ("x / (x * x + y * y)", "y / (x * x + y * y)"), 1),
        ("maximum", ("1.0 if x < y else 0.0", "1.0 if y > x else 0.0"), 0),
        ("mod", ("1", "-floordiv(x, y) + 1"), 1),
        ("abs", ("1.0",), 0),
    ],
)
def test_a_wrong_rule_is_caught(name, partials, position):
    wrong = _variant(name, *partials)
    assert max(rule_error(wrong, position, values) for values in points(wrong, POINTS)) > 10 * TOLERANCE


def test_a_right_rule_written_differently_passes():
    other = _variant("tan", "1 / (cos(x) * cos(x))")
    assert max(rule_error(other, 0, values) for values in points(other, POINTS)) < TOLERANCE


# -- the registry ---------------------------------------------------------------------------------------------------


def test_every_function_of_math_is_known_or_left_to_the_frontend():
    spelled_out = {
        "ceil", "dist", "floor", "frexp", "fsum", "hypot", "isclose", "log", "modf", "perm", "prod", "trunc", "ulp",
        "sumprod", "fma",
    }  # fmt: skip
    functions = {name for name in dir(math) if callable(getattr(math, name)) and not name.startswith("_")}
    missing = {name for name in functions if by_callable(getattr(math, name)) is None}
    assert missing <= spelled_out


@pytest.mark.parametrize(
    "function, name",
    [
        (math.exp, "exp"), (np.exp, "exp"), (np.arcsin, "asin"), (np.asin, "asin"), (np.deg2rad, "radians"),
        (np.logaddexp, "logaddexp"), (scipy_special.expit, "expit"), (scipy_special.psi, "digamma"),
        (scipy_special.gammaln, "lgamma"), (math.fabs, "fabs"), (abs, "abs"), (np.absolute, "abs"),
        (np.true_divide, "div"), (np.remainder, "mod"),
    ],
)  # fmt: skip
def test_callables_mean_operations(function, name):
    assert by_callable(function) is by_name(name)


def test_unknown_and_unhashable_callables_mean_nothing():
    class Unhashable:
        __hash__ = None

        def __call__(self, x):
            return x

    assert by_callable(Unhashable()) is None
    assert by_callable(np.linalg.svd) is None
    with pytest.raises(KeyError):
        by_name("no such operation")


def test_registering_twice_or_wrongly_is_refused():
    before = len(all_ops())
    with pytest.raises(ValueError, match="already registered"):
        op("exp", "x", "r", evaluate=np.exp, source="np.exp({0})")
    with pytest.raises(ValueError, match="1 partials for 2 arguments"):
        op("new", "x y", "1", evaluate=np.add, source="{0} + {1}")
    with pytest.raises(ValueError, match="already means"):
        op("new", "x", "r", evaluate=np.exp, source="np.exp({0})", aliases=(math.sin,))
    with pytest.raises(ValueError, match="already means"):
        alias(math.sin, by_name("cos"))
    with pytest.raises(ValueError, match="not a derivative formula"):
        op("new", "x", "z + 1", evaluate=np.exp, source="np.exp({0})")
    assert len(all_ops()) == before
    assert by_callable(math.sin) is by_name("sin")


def test_formula_evaluator_of_the_tests():
    formula = parse("float(n) * powi(x, n - 1 if n != 0 else 0) + (1.0 if x < 0 else 2)", ("x", "n", "r"))
    assert evaluate(formula, {"x": np.float64(3.0), "n": np.int64(2)}) == 8.0
    assert evaluate(formula, {"x": np.float64(-3.0), "n": np.int64(0)}) == 1.0
