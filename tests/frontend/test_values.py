"""What stays known at compile time, and what becomes of it where paths meet."""

import functools
import math
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

from srcgrad.errors import Unsupported
from srcgrad.infer.signature import Leaf, Node
from srcgrad.ir.nodes import Const, For, If, Let, View, While
from srcgrad.ir.visit import walk
from tests.frontend.running import check, execute, lowered

RNG = np.random.default_rng(5)
TABLE = np.array([1.0, 2.0, 4.0])
SETTINGS = {"gain": 2.5, "weights": np.array([0.5, 0.25])}
Point = namedtuple("Point", "x y")


@dataclass
class Body:
    mass: float
    position: np.ndarray

    def energy(self):
        return self.mass * self.position @ self.position


class Model:
    rate = 0.5

    def __init__(self):
        self.offset = np.array([3.0, 1.0])

    def __call__(self, x):
        return self.rate * x + self.offset[1]


def kinds(function, *arguments):
    return [type(s) for s in walk(lowered(function, *arguments).function.body)]


def test_a_maybe_none_variable():
    def best(a):
        top = None
        for v in a:
            if top is None or v > top:
                top = v
        return top

    check(best, RNG.random(5))
    with pytest.raises(TypeError):
        execute(best, np.zeros(0))


def test_a_choice_of_functions():
    def pick(x, flag):
        f = math.sin if flag else math.cos
        return f(x) * f(2.0)

    check(pick, 0.7, True)
    check(pick, 0.7, False)


def test_a_condition_known_at_compile_time_leaves_no_branch():
    def mode(x, how="fast", scale=None):
        if scale is None:
            scale = 2.0
        if how == "fast":
            return x * scale
        raise ValueError(how)

    assert If not in kinds(mode, 1.5)
    check(mode, 1.5)


def test_lists_are_changed_in_place():
    def build(x):
        w = [0.0] * 3
        for i in range(3):
            w[i] = x * i
        w.append(x)
        w[-1] += 1.0
        return w[1] + w[2] * w[3] + len(w)

    check(build, 1.5)


def test_a_shared_list_is_refused():
    def shared(x):
        w = [x, x]
        v = w
        w[0] = 1.0
        return v[0]

    with pytest.raises(Unsupported, match="several names"):
        lowered(shared, 1.0)


def test_a_list_changed_under_a_loop_is_refused():
    def moving(x):
        w = [x, x, x]
        s = 0.0
        for k, v in enumerate(w):
            s += v
            w[2] = s + k
        return s

    with pytest.raises(Unsupported, match="while a loop runs over it"):
        lowered(moving, 1.0)


def test_lists_of_run_time_length():
    def lists(a, n):
        v = [a[i] * 2 for i in range(n)]
        w = [0.0] * n
        for i in range(n):
            w[i] = v[i] + 1
        return sum(v) + max(w) + len(v) + np.sum(np.array([x * x for x in w]))

    check(lists, RNG.random(4), 3)


def test_records_in_and_out():
    def move(p, d):
        q = p._replace(x=p.x * 2)
        return q, {"a": d["w"] * q.x, **d}

    check(move, Point(1.0, 2.0), {"w": np.ones(3), "b": 2.0})
    out = lowered(move, Point(1.0, 2.0), {"w": np.ones(3), "b": 2.0}).out
    assert isinstance(out, Node) and isinstance(out.children[0], Node) and out.children[0].container is Point


def test_argument_names_follow_the_structure():
    def f(p, d, b):
        return p.x + d["w"][0] + b.mass

    result = lowered(f, Point(1.0, 2.0), {"w": np.ones(2)}, Body(2.0, np.ones(2)))
    assert result.argument_names == ("p.x", "p.y", "d['w']", "b.mass", "b.position")


def test_methods_of_dataclass_arguments():
    check(lambda b: b.energy() + b.mass, Body(2.0, np.array([1.0, 3.0])))


def test_globals_closures_and_objects_are_captured():
    factor, model = 3.0, Model()

    def f(x):
        return factor * x + TABLE[2] + SETTINGS["gain"] * SETTINGS["weights"][1] + model(x) + model.offset.sum()

    check(f, 2.0)
    result = lowered(f, 2.0)
    assert len(result.captured_arrays) == 3
    assert {"SETTINGS", "rate", "factor"} <= {str(c.name) for c in result.captured}
    assert all(c.holds() for c in result.captured)


def test_a_captured_array_may_not_be_written():
    def f(x):
        TABLE[0] = x
        return x

    with pytest.raises(Unsupported, match="TABLE"):
        lowered(f, 1.0)


def test_bound_methods_partials_and_recursion_through_arguments():
    check(Model().__call__, 1.5)

    def integrate(f, a, b, depth):
        m = 0.5 * (a + b)
        if depth == 0:
            return (b - a) * f(m)
        return integrate(f, a, m, depth - 1) + integrate(f, m, b, depth - 1)

    def user(x):
        g = functools.partial(lambda k, t: math.exp(-k * t * t), x)
        return integrate(g, 0.0, x, 3)

    check(user, 0.8)
    assert len(lowered(user, 0.8).function.helpers) == 1


def test_a_recursive_closure_gets_its_variables_as_parameters():
    def f(x, a, n):
        def rec(k):
            return x if k == 0 else math.sin(rec(k - 1)) * a[k]

        return rec(n)

    check(f, 1.3, RNG.random(6), 5)


def test_types_of_carried_variables_settle():
    def f(a):
        s = 0
        t = s
        for v in a:
            s, t = s + v, s
        return s, t

    check(f, RNG.random(4))


def test_float32_stays_float32():
    def f(a):
        s = 0.0
        for v in a:
            s += 0.5 * v * v
        return s

    check(f, RNG.random(4).astype(np.float32))


def test_a_loop_without_exits_is_a_for_and_with_exits_a_while():
    def plain(n):
        s = 0
        for i in range(n):
            if i % 2:
                continue
            s += i
        return s

    def leaving(n):
        s = 0
        for i in range(n):
            if i > 3:
                break
            s += i
        else:
            s = -1
        return s

    assert For in kinds(plain, 3) and While not in kinds(plain, 3)
    assert While in kinds(leaving, 3)
    for n in (0, 3, 9):
        check(plain, n)
        check(leaving, n)


def test_rows_are_views_that_cost_nothing():
    def f(a):
        s = 0.0
        for i in range(a.shape[0]):
            row = a[i, 1:]
            row[0] = row[1] * 2
            s += row[0]
        return s, a

    assert View not in kinds(f, RNG.random((3, 3)))
    check(f, RNG.random((3, 3)))


def test_variables_that_may_be_unassigned_raise_at_run_time():
    def f(n):
        for i in range(n):
            y = i * 2.0
        return y

    check(f, 3)
    with pytest.raises(UnboundLocalError):
        execute(f, 0)


def test_a_variable_that_is_never_assigned_first_is_refused():
    def f(x):
        y = y + x  # noqa: F821
        return y

    with pytest.raises(Unsupported, match="read before it is assigned"):
        lowered(f, 1.0)


def test_all_errors_are_reported_at_once():
    def f(x):
        a = np.fft.fft(x)
        b = unknown_name(x)  # noqa: F821
        return a + b

    with pytest.raises(Unsupported) as caught:
        lowered(f, 1.0)
    assert [d.span.text.strip().split(" =")[0] for d in caught.value.diagnostics] == ["a", "b"]


def test_procedures_return_what_they_write():
    def f(a, n, b, c):
        a[0] = b[0] * n
        c[...] = a

    result = lowered(f, np.ones(2), 3, np.ones(2), np.zeros(2))
    assert result.written == (0, 3)
    got = execute(f, np.ones(2), 3, np.full(2, 5.0), np.zeros(2))
    np.testing.assert_array_equal(got[0], [15.0, 1.0])
    np.testing.assert_array_equal(got[1], [15.0, 1.0])


def test_a_helper_that_writes_its_argument():
    def fill(a, i):
        if i < a.shape[0]:
            a[i] = i * 2.0
            fill(a, i + 1)

    def f(a):
        fill(a, 1)
        return a

    assert lowered(f, np.ones(4)).written == (0,)
    check(f, np.ones(4))


def test_weak_constants_keep_their_type():
    def f(x):
        return 2 * x

    result = lowered(f, np.float32(1.5))
    assert isinstance(result.out, Leaf) and result.out.type.dtype == np.float32
    (let,) = (s for s in walk(result.function.body) if isinstance(s, Let))
    assert any(isinstance(a, Const) and a.type.dtype == np.float32 for a in let.arguments)
