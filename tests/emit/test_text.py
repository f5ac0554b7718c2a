"""The text itself: parentheses, ranges, names, comments, nesting of results."""

from __future__ import annotations

import ast
from dataclasses import replace
from itertools import chain, product

import numpy as np
import pytest
from numba import prange

import srcgrad
from srcgrad.emit import Nested, emit, entry_name, module
from srcgrad.emit.copies import schedule
from srcgrad.emit.naming import base_name, unique_name
from srcgrad.emit.text import Level, Text, apply, conditional, level_of, printed_once
from srcgrad.ir.build import int_const
from srcgrad.ir.nodes import Call, Callee, Sym
from srcgrad.ir.types import FLOAT64, INT64
from srcgrad.ops.registry import all_ops
from srcgrad.span import Span
from tests.emit.making import Made, array, real
from tests.emit.running import check, flat, module_of

BOUNDS = [(0, 5), (1, 6), (4, 0), (0, 0), (3, 3), (5, -2), (-3, 4), (7, 1), (2, 3)]


@pytest.mark.parametrize("step", [1, 2, 3, -1, -2, -3])
@pytest.mark.parametrize("reverse", [False, True])
def test_ranges(step: int, reverse: bool) -> None:
    """Constant and unknown bounds and steps visit the same indices in the same order."""
    for start, stop in BOUNDS:
        m = Made(start=INT64, stop=INT64, step=INT64)

        def hashed(i, s, m=m):
            return (m.b.op("add", m.b.op("mul", s, int_const(17)), m.b.op("add", i, int_const(50))),)

        begin, end, by = m.params
        results = []
        known = [(start, stop), (begin, stop), (start, end), (begin, end)]
        for first, last, stride in [*((a, b, step) for a, b in known), (begin, end, by)]:
            results += m.loop(hashed, int_const(0), start=first, stop=last, step=stride, reverse=reverse, hints="s")
        check(m.done(*results), start, stop, step, compile=(start, stop) == (1, 6))


def test_reversed_ranges_are_simple() -> None:
    m = Made(x=array())
    n = m.b.dim(m.params[0], 0)
    a = m.b.copy(m.params[0], "a")

    def body(i):
        m.b.store(a, (i,), real(0.0))
        return ()

    m.loop(body, stop=n, reverse=True)
    m.loop(body, start=1, stop=m.b.op("sub", n, int_const(1)), reverse=True)
    texts = check(m.done(a), np.ones(4)).splitlines()
    assert "    for i in range(n - 1, -1, -1):" in texts and "    for i in range(n - 2, 0, -1):" in texts


@pytest.mark.parametrize("template", sorted({op.source for op in all_ops()}))
def test_parentheses_keep_the_meaning(template: str) -> None:
    """A folded operand means what it means alone, at every place of every operation."""
    for position, level in product(range(10), Level):
        if f"{{{position}}}" not in template:
            continue
        names = [Text(f"p{k}") for k in range(10)]
        names[position] = Text(level.value, level)
        got = ast.parse(apply(template, *names).text, mode="eval")
        wrapped = [n.text for n in names]
        wrapped[position] = f"({level.value})"
        assert ast.dump(got) == ast.dump(ast.parse(template.format(*wrapped), mode="eval"))
        assert level_of(template) in Level


def test_no_needless_parentheses() -> None:
    product_, sum_ = Text("a * b", Level.PRODUCT), Text("a + b", Level.SUM)
    assert apply("{0} + {1}", sum_, product_).text == "a + b + a * b"
    assert apply("{0} + {1}", product_, sum_).text == "a * b + (a + b)"
    assert apply("math.exp({0})", sum_).text == "math.exp(a + b)"
    assert apply("-{0}", Text("x ** 2", Level.POWER)).text == "-x ** 2"
    assert apply("{0} ** {1}", Text("-x", Level.UNARY), Text("2", Level.NUMBER)).text == "(-x) ** 2"
    assert apply("-{0}", Text("-1.0", Level.UNARY)).text == "-(-1.0)"


def test_operands_that_may_not_be_expressions() -> None:
    assert printed_once("{0} + {1}", 0) and not printed_once("({0} > 0) - ({0} < 0)", 0)
    assert conditional("{1} if {0} else {2}", 1) and not conditional("{1} if {0} else {2}", 0)
    assert conditional("{0} and {1}", 1) and not conditional("{0} and {1}", 0)


@pytest.mark.parametrize(
    ("hint", "name"),
    [("x", "x"), ("lambda", "lambda_"), ("np", "np"), ("sum", "sum_"), ("a.b", "a_b"), ("2x", "v_2x"), ("", "t"),
     ("x_bar", "x_bar"), ("λ", "λ"), ("match", "match_"), ("_", "t")],
)  # fmt: skip
def test_base_names(hint: str, name: str) -> None:
    assert base_name(hint) == name


def test_names_do_not_collide() -> None:
    m = Made(np=FLOAT64, f=FLOAT64, sum=FLOAT64, sum_=FLOAT64, x_1=FLOAT64, x=FLOAT64)
    squares = [m.b.op("exp", p, hint="x") for p in m.params]
    squares = [m.b.op("mul", s, s, hint="x") for s in squares]
    text = check(m.done(*squares), *(0.1 * k for k in range(6)), rtol=1e-14)
    names = [a.arg for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef) for a in n.args.args]
    assert names == ["np_1", "f_1", "sum_", "sum__1", "x_1", "x"]


def test_function_names_are_names() -> None:
    """A helper may be called like the function, a lambda has no name, a builtin is not hidden."""
    callee = Callee("range", (FLOAT64,), (FLOAT64,))
    helper = Made(x=FLOAT64)
    made = helper.done(helper.b.op("neg", helper.params[0]), name="range")
    m = Made(range=FLOAT64)
    result = Sym("range", FLOAT64)
    m.b.emit(Call((result,), callee, m.params))
    (s,) = m.loop(lambda i, s: (m.b.op("add", s, result),), real(0.0), hints="s")
    helpers = (replace(made, callee=callee),)
    text = check(m.done(s, name="range_", helpers=helpers), 1.5, compile=False)
    assert "def range_(" in text and "def range__1(" in text
    unnamed = m.done(s, name="<lambda>", helpers=helpers)
    assert entry_name(unnamed) == "lambda_" and "def lambda_(" in emit(unnamed, 0)


def test_long_expressions_are_broken_up() -> None:
    m = Made(**{f"quite_a_long_name_{k}": FLOAT64 for k in range(12)})
    total = m.params[0]
    for p in m.params[1:]:
        total = m.b.op("add", m.b.op("mul", total, p), p)
    text = check(m.done(total), *([1.5] * 12))
    assert max(map(len, text.splitlines())) <= 110
    assert text.count("=") >= 3


def span(line: int, text: str, file: str = "prog.py") -> Span:
    return Span(file, line, 0, line, len(text), text)


def test_the_users_lines_are_quoted_once_per_run() -> None:
    m = Made(x=array())
    (x,) = m.params
    a = m.b.copy(x, "a")
    m.b.span = span(12, "    a[0], a[1] = 1.0, 2.0")
    m.b.store(a, (int_const(0),), real(1.0))
    m.b.store(a, (int_const(1),), real(2.0))
    m.b.span = span(13, "    a[2] = 3.0  # the same text")
    m.b.store(a, (int_const(2),), real(3.0))
    m.b.span = span(12, "    a[0], a[1] = 1.0, 2.0")
    m.b.store(a, (int_const(3),), real(4.0))
    m.b.span = span(3, "    out[4] = 5.0 ", "elsewhere/other.py")
    m.b.store(a, (int_const(4),), real(5.0))
    text = emit(m.done(a), 0)
    comment = "    # line 12: a[0], a[1] = 1.0, 2.0"
    other = "    # other.py, line 3: out[4] = 5.0"
    assert [line for line in text.splitlines() if "#" in line] == [comment, comment, other]


@pytest.mark.parametrize(
    ("nested", "returned"),
    [(1, "return y"), ((0, (1, 0)), "return x, (y, x)"), ((0,), "return (x,)"), (((1,), 0), "return (y,), x"),
     ((), "return ()")],
)  # fmt: skip
def test_nesting_of_results(nested: Nested, returned: str) -> None:
    m = Made(x=FLOAT64, y=FLOAT64)
    text = emit(m.done(*m.params), nested)
    assert text.splitlines()[-1].strip() == returned
    value = module_of(text)["f"](1.0, 2.0)
    pick = lambda n: (1.0, 2.0)[n] if isinstance(n, int) else tuple(map(pick, n))
    assert value == pick(nested)


def test_many_results_and_parameters_are_wrapped() -> None:
    m = Made(**{f"a_parameter_{k}": FLOAT64 for k in range(20)})
    text = check(m.done(*m.params), *map(float, range(20)))
    assert max(map(len, text.splitlines())) <= 110


def test_header_and_imports() -> None:
    m = Made(x=array())
    a = m.b.alloc((m.b.dim(m.params[0], 0),), np.dtype(float), float("nan"))
    text = emit(m.done(a), 0, header='Says """hello""" \\')
    assert ast.get_docstring(ast.parse(text)) == 'Says """hello""" \\'
    assert "import math\n\nimport numpy as np\n" in text and "special" not in text
    assert emit(Made(x=FLOAT64).done(real(1.0)), flat(1)).startswith("def f(x):")


def test_schedule_orders_copies() -> None:
    def moves(text: str) -> list[tuple[str, frozenset[str]]]:
        return [(m[0], frozenset(m[2:])) for m in text.split()]

    assert schedule(moves("a=b b=c")) == [[0], [1]]
    assert schedule(moves("a=b c=a")) == [[1], [0]]
    assert schedule(moves("a=ab b=b")) == [[0], [1]]
    assert schedule(moves("a=b b=a c=a")) == [[2], [0, 1]]
    assert schedule(moves("a=b b=a c=d d=c")) == [[0, 1], [2, 3]]
    assert schedule(moves("a=b b=c c=a")) == [[0, 1, 2]]


def test_a_long_single_result_stays_single():
    """Parentheses over several lines end with a comma, which would make a tuple of one number."""
    assert module._return(0, ["x + " * 40 + "y"]) == ["    return " + "x + " * 40 + "y"]
    assert module._return((0,), ["x" * 120]) == ["    return (" + "x" * 120 + ",)"]


def test_no_variable_has_the_name_of_a_module():
    for _, line in chain(*module._IMPORTS):
        name = line.split()[-1]
        assert unique_name(name, ()) != name, line


def test_a_function_with_the_name_of_a_module():
    def par(stacks):
        lapack = 0.0
        for denormals in prange(len(stacks)):
            lapack += stacks[denormals] ** 3 * stacks[0]
        return lapack

    x = np.linspace(0.5, 1.5, 7)
    expected = 3 * x**2 * x[0]
    expected[0] += np.sum(x**3)
    np.testing.assert_allclose(srcgrad.grad(par, parallel=True)(x), expected, rtol=1e-14)
