"""Structured control flow: the shapes that exits take, and that they compute the same."""

import ast
import itertools
import textwrap

import pytest

from srcgrad.frontend.desugar import FlagsClear, ForLoop, SetFlag, SetReturn, WhileLoop, desugar
from srcgrad.frontend.liveness import liveness
from tests.frontend.running import check


def structured(text):
    return desugar(ast.parse(textwrap.dedent(text)).body[0].body)


def nodes(body, kind):
    return [n for statement in body for n in ast.walk(statement) if isinstance(n, kind)]


def test_an_early_return_moves_the_rest_into_else_without_flags():
    body = structured("""
        def f(x):
            if x > 0:
                return x
            y = x * 2
            return y
    """)
    assert [type(s) for s in body] == [ast.If]
    assert len(nodes(body, SetReturn)) == 2
    assert not nodes(body, SetFlag)


def test_continue_needs_no_flag_where_the_rest_can_move():
    body = structured("""
        def f(n):
            for i in range(n):
                if i:
                    continue
                g(i)
    """)
    assert not nodes(body, SetFlag)
    (loop,) = nodes(body, ForLoop)
    assert loop.stop == ()


def test_break_and_return_stop_a_loop():
    body = structured("""
        def f(n):
            while True:
                if n:
                    break
                if n > 3:
                    return 1
            return 2
    """)
    (loop,) = nodes(body, WhileLoop)
    assert loop.stop == ("broke#1", "returned#")
    assert any(test.flags == ("returned#",) for test in nodes(body, FlagsClear))


def test_no_exit_is_left():
    body = structured("""
        def f(n):
            for i in range(n):
                for j in range(i):
                    if j == 2:
                        if i == 3:
                            return i
                        break
                else:
                    continue
                if i > 4:
                    break
            else:
                return -1
            return n
    """)
    assert not nodes(body, ast.Break | ast.Continue | ast.Return)


def test_liveness_at_a_loop():
    body = structured("""
        def f(n):
            s = t = 0
            for i in range(n):
                u = i * 2
                s = s + u
            return s
    """)
    facts = liveness(body, ["n"])
    (loop,) = nodes(body, ForLoop)
    assert "s" in facts.head[loop]
    assert not {"u", "i", "t"} & facts.head[loop]


def exits(n, a, b, c):
    total = 0.0
    for i in range(n):
        if i == a:
            total += 1.0
            if total > 2.0:
                continue
            total += 0.25
        elif i == b:
            if total > 1.0:
                break
            total += 0.5
        for j in range(i):
            if j == c:
                if total > 3.0:
                    return total, i
                break
            total += 0.125
        else:
            total += 0.0625
            continue
        total *= 1.5
    else:
        return -total, n
    return total, -1


@pytest.mark.parametrize("numbers", [*itertools.product((0, 1, 6), (0, 3), (2, 9), (1, 4))])
def test_every_kind_of_exit(numbers):
    check(exits, *numbers)
