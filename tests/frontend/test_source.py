"""Finding the text of a function, and the caret of a diagnostic."""

import functools
import linecache

import numpy as np
import pytest

from srcgrad.errors import Unsupported
from srcgrad.frontend.source import source_of, unwrap
from tests.frontend.running import check, lowered

PAIR = (lambda x: x * 2.0, lambda x: x * 3.0)


def test_two_lambdas_on_a_line():
    assert [source_of(f).node.body.right.value for f in PAIR] == [2.0, 3.0]
    check(PAIR[0], 1.5)
    check(PAIR[1], 1.5)


def test_wrappers_are_looked_through():
    @functools.lru_cache
    def cached(x):
        return x * x

    class Wrapper:
        __srcgrad_primal__ = staticmethod(PAIR[0])

    class Dispatcher:
        py_func = staticmethod(PAIR[1])

    assert unwrap(cached) is cached.__wrapped__
    assert unwrap(Wrapper()) is PAIR[0]
    assert unwrap(Dispatcher()) is PAIR[1]


def test_decorated_functions_are_found_behind_their_decorators():
    def decorate(f):
        return f

    @decorate
    @decorate
    def g(x):
        return x + 1.0

    check(g, 1.0)


def test_text_that_is_not_there():
    namespace = {}
    exec("def made(x):\n    return x", namespace)
    with pytest.raises(Unsupported, match="not through exec"):
        lowered(namespace["made"], 1.0)


def test_text_that_has_changed(tmp_path):
    path = tmp_path / "moving.py"
    path.write_text("def f(x):\n    return x\n")
    namespace = {}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    path.write_text("# a comment\ndef g(x):\n    return x\n")
    linecache.clearcache()
    with pytest.raises(Unsupported, match="has changed"):
        lowered(namespace["f"], 1.0)


def test_the_caret_stands_under_the_culprit():
    def f(x):
        """Ünïcode in front does not shift the caret."""
        return ("é", x.nothing)

    with pytest.raises(Unsupported) as caught:
        lowered(f, 1.0)
    (found,) = caught.value.diagnostics
    assert found.span.text[found.span.column : found.span.end_column] == "x.nothing"


def test_spans_follow_inlined_functions():
    def inner(x):
        return np.fft.fft(x)

    def outer(x):
        return inner(x) + 1.0

    with pytest.raises(Unsupported) as caught:
        lowered(outer, 1.0)
    assert caught.value.diagnostics[0].span.function == "inner"
