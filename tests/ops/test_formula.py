"""The formula language: what it reads, what it refuses, which values a formula needs."""

import pytest

from srcgrad.ops.formula import Apply, Name, Number, names_in, parse

X, Y, R = Name("x"), Name("y"), Name("r")
NAMES = ("x", "y", "r")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("x", X),
        ("1", Number(1)),
        ("-2.5", Number(-2.5)),
        ("-x", Apply("neg", (X,))),
        ("x + y", Apply("add", (X, Y))),
        ("x - y * r", Apply("sub", (X, Apply("mul", (Y, R))))),
        ("-r / y", Apply("div", (Apply("neg", (R,)), Y))),
        ("x ** 2", Apply("pow", (X, Number(2)))),
        ("-x ** 2", Apply("neg", (Apply("pow", (X, Number(2))),))),
        ("x // y", Apply("floordiv", (X, Y))),
        ("x % y", Apply("mod", (X, Y))),
        ("x < y", Apply("lt", (X, Y))),
        ("x <= y", Apply("le", (X, Y))),
        ("x > y", Apply("gt", (X, Y))),
        ("x >= y", Apply("ge", (X, Y))),
        ("x == y", Apply("eq", (X, Y))),
        ("x != y", Apply("ne", (X, Y))),
        ("0.0 if r == 0 else x / r", Apply("select", (Apply("eq", (R, Number(0))), Number(0.0), Apply("div", (X, R))))),
        ("hypot(x, cos(y))", Apply("hypot", (X, Apply("cos", (Y,))))),
    ],
)
def test_parse(text, expected):
    assert parse(text, NAMES) == expected


@pytest.mark.parametrize(
    "text",
    ["z", "x < y < r", "x.real", "x[0]", "cos(x=1)", "lambda: x", "x and y", "'x'", "np.cos(x)", "+x", "x @ y", "x,"],
)
def test_outside_the_language(text):
    with pytest.raises(ValueError, match="not a derivative formula"):
        parse(text, NAMES)


def test_the_refusal_quotes_the_culprit_and_the_formula():
    with pytest.raises(ValueError, match=r"'z' in 'x \* cos\(z\)'"):
        parse("x * cos(z)", NAMES)


@pytest.mark.parametrize(
    "text, expected",
    [("1", set()), ("r", {"r"}), ("x / r", {"x", "r"}), ("cos(y)", {"y"}), ("1.0 if x < y else 0.0", {"x", "y"})],
)
def test_names_in(text, expected):
    assert names_in(parse(text, NAMES)) == expected
