"""Several lambdas on one line: the text of the one that was given is found."""

from srcgrad.frontend.source import source_of

branches, other = lambda x: x if x > 0 else x * 2, lambda x: x if x > 0 else x * 3
shortcut, product = lambda x: x > 0 and x, lambda x: x * x
outer = lambda x: (lambda x: x + 1.0)(x)
without_arguments = lambda: lambda x: x if x > 0 else -x


def text(function):
    node = source_of(function).node
    with open(__file__) as file:
        line = file.read().splitlines()[node.lineno - 1]
    return line[node.col_offset : node.end_col_offset]


def test_bodies_without_an_instruction_of_their_own():
    assert text(branches) == "lambda x: x if x > 0 else x * 2"
    assert text(other) == "lambda x: x if x > 0 else x * 3"
    assert text(shortcut) == "lambda x: x > 0 and x"
    assert text(product) == "lambda x: x * x"


def test_nested():
    assert text(outer) == "lambda x: (lambda x: x + 1.0)(x)"
    assert text(without_arguments()) == "lambda x: x if x > 0 else -x"
