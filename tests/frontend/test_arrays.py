"""Views, slices, index arrays, array expressions: against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srcgrad.errors import Unsupported
from tests.frontend.running import check, lowered

RNG = np.random.default_rng(3)

BOUND = st.one_of(st.none(), st.integers(-7, 7))
STEP = st.sampled_from([None, 1, 2, 3, -1, -2])


@settings(max_examples=150, deadline=None)
@given(BOUND, BOUND, STEP, BOUND, BOUND, STEP)
def test_slices_of_slices(a, b, c, d, e, f):
    first, second = slice(a, b, c), slice(d, e, f)

    def sliced(x):
        y = x[first]
        return y[second], y.shape[0]

    check(sliced, RNG.random(5))


@settings(max_examples=100, deadline=None)
@given(st.integers(-7, 7), st.integers(-7, 7), STEP)
def test_slices_with_run_time_bounds(lo, hi, step):
    def sliced(x, a, b):
        return x[a:b:step]

    check(sliced, RNG.random(5), lo, hi)


def test_composed_views_are_written_through():
    def f(a):
        b = a[1:, ::2].T
        c = b[-1]
        c[:] = c * 2
        b[0, -1] = 7.0
        c[c.shape[0] - 1] += 1.0
        return a, b

    check(f, RNG.random((4, 5)))


def test_element_of_a_reversed_view_with_negative_index():
    def f(a, k):
        r = a[::-1]
        return r[k], r[-k], r[-1], a[::-2][1]

    check(f, RNG.random(6), 2)


def test_overlapping_slice_assignment():
    def f(a):
        a[1:] = a[:-1]
        a[:-1] += a[1:]
        a[::-1] = a
        return a

    check(f, RNG.random(6))


def test_swapped_buffers_may_be_the_same_memory():
    def f(a, b, n):
        for _ in range(n):
            a[1:] = b[:-1]
            a, b = b, a
        return a, b

    check(f, RNG.random(4), RNG.random(4), 3)


def test_broadcasting_of_known_ones():
    def f(a, b):
        return a[:, None] * b + np.ones((1, 3)), (a[None, :] - a[:, None]) ** 2

    check(f, RNG.random(3), RNG.random(3))


def test_lengths_that_differ_raise():
    def f(a, b):
        return a + b

    check(f, RNG.random(3), RNG.random(3))
    with pytest.raises(ValueError, match="broadcast"):
        check(f, RNG.random(3), RNG.random(4))


def test_index_arrays():
    def f(a, m, i, j):
        a[i] += 1.0
        a[i] *= 2.0
        m[i, 1] = a[j]
        return a, a[i].sum(), m[i], m[i, j], m[1, i]

    check(f, RNG.random(5), RNG.random((5, 5)), np.array([0, 2, 2]), np.array([1, 1, 4]))


def test_floats_are_no_subscripts():
    with pytest.raises(Unsupported, match="must hold integers or truth values"):
        lowered(lambda a: a[a * 0.5], RNG.random(3))


def test_reductions():
    def f(a):
        return (
            a.sum(), a.sum(axis=0), a.mean(axis=1), a.max(), np.min(a, axis=1, keepdims=True), a.std(),
            np.var(a, axis=0), np.prod(a), np.any(a > 0.9), np.all(a > 0.0),
            np.argmax(a[0]), a[1].argmin(), np.linalg.norm(a),
        )  # fmt: skip

    check(f, RNG.random((3, 4)))


def test_products():
    def f(m, v):
        return m @ v, v @ m, m @ m, v @ v, np.dot(m, v), np.outer(v, v), np.trace(m), np.cumsum(v), np.diff(v)

    check(f, RNG.random((3, 3)), RNG.random(3))


def test_makers():
    def f(n, x):
        return (
            np.zeros(n), np.ones((2, n)), np.full(3, x), np.arange(n), np.arange(1, n), np.arange(0.0, 1.0, 0.3),
            np.linspace(0.0, 1.0, n), np.eye(n), np.array([[1.0, x], [x, 2.0]]), np.array([1, 2]),
            np.zeros(2, np.int64), np.full((2, 2), 7), np.zeros_like(np.ones(n)),
            np.ones(n).astype(np.float32), np.arange(6).reshape(2, -1),
        )  # fmt: skip

    check(f, 4, 2.5)


def test_np_array_copies_and_asarray_does_not():
    def f(a):
        b, c = np.array(a), np.asarray(a)
        b[0] = 5.0
        c[1] = 6.0
        return a, b

    check(f, RNG.random(3))


def test_reshape_of_an_argument_that_is_only_read():
    def f(p):
        w, b = p[:6].reshape(2, 3), p[6:]
        return w @ b

    check(f, RNG.random(9))


def test_reshape_of_memory_that_changes():
    def written_after(a):
        b = a.reshape(2, 2)
        a[0] = 5.0
        return b

    def written_through(a):
        b = a.ravel()
        b[0] = 5.0
        return b

    def written_before(a):
        c = np.zeros(4)
        for i in range(4):
            c[i] = a[i] * i
        return c.reshape(2, 2)

    for changing in (written_after, written_through):
        check(changing, RNG.random(4))
        with pytest.raises(Unsupported, match="changed after it was reshaped"):
            lowered(changing, RNG.random(8)[::2])  # a view, or a copy? NumPy's own choice
    check(written_before, RNG.random(4))


def test_reshape_of_memory_that_numpy_may_have_in_another_order():
    """NumPy's results have the order of their operands in memory: a reshape of `a.T * 2` copies there."""

    def of_a_transpose(a):
        x = a.T * 2.0
        q = x.reshape(-1)
        q[0] = 9.0
        return x

    def carried(a):
        x = a * 1.0
        for _ in range(2):
            q = x.reshape(-1)
            q[0] = 9.0
            x = x.T * 2.0
        return x

    def like_columns(a):
        x = np.zeros_like(a.T)
        x.ravel()[0] = a[0, 0]
        return x

    def joined(a):
        x = np.concatenate((a.T, a.T))
        x.reshape(-1)[1] = 5.0
        return x

    def by_rows(a):
        x = (a.T * 2.0).copy()
        x.reshape(-1)[1] = 5.0
        y = a.T @ a
        y.reshape(-1)[1] = 5.0
        return x[0, 1] + y[0, 1]

    for unknown in (of_a_transpose, carried, like_columns, joined):
        with pytest.raises(Unsupported, match="changed after it was reshaped"):
            lowered(unknown, RNG.random((3, 3)))
    check(by_rows, RNG.random((3, 3)))
    with pytest.raises(Unsupported, match="changed after it was reshaped"):
        lowered(filled_through_another_shape, np.asfortranarray(RNG.random((3, 4))))
    check(filled_through_another_shape, RNG.random((3, 4)))


def filled_through_another_shape(a):
    x = np.zeros_like(a)
    q = x.ravel()
    q[0] = a[0, 0]
    return x


def test_in_place_operation_that_does_not_fit_is_refused():
    def f(a):
        a += 0.5
        return a

    with pytest.raises(Unsupported, match="does not fit"):
        lowered(f, np.arange(3))


def test_repeated_fancy_update_adds_once():
    def f(a, i):
        a[i] += a[i]
        return a

    check(f, RNG.random(3), np.array([1, 1, 1]))


def test_arrays_returned_are_fresh():
    def f(a, flag):
        b = a if flag else a[::-1]
        return b

    for flag in (True, False):
        check(f, RNG.random(3), flag)


def test_joining():
    def f(a, b, m, k):
        return (
            np.concatenate((a, b)), np.concatenate([m, m], axis=1), np.hstack((a, b)), np.vstack((a, a)),
            np.hstack((m, m)), np.stack((a, a)), np.stack([a, a], axis=1), np.append(a, 2.0), np.roll(a, k), np.flip(m),
            np.flip(m, axis=0), np.cross(a, a[::-1]), np.squeeze(m[:1], axis=0),
        )  # fmt: skip

    check(f, RNG.random(3), RNG.random(2), RNG.random((2, 3)), -2)


def written_with_a_new_axis(a):
    b = a[:, None]
    b[0] = 3.0
    return a


def read_with_a_new_axis(a):
    b = a[None]
    a[0, 0] = 3.0
    return b * 2.0


def written_diagonal(a):
    d = np.diagonal(a)
    a[0, 0] = 3.0
    return d * a


def diagonal_method(a):
    d = a.diagonal()
    a[0, 0] = 3.0
    return d * a


def broadcast_before_it_changes(a):
    b = np.broadcast_to(a, (2, *a.shape))
    a[0, 0] = 3.0
    return b * 2.0


def einsum_as_a_view(a):
    d = np.einsum("ij->ji", a)
    d[0, 1] = 3.0
    return a


@pytest.mark.parametrize(
    "function",
    [written_with_a_new_axis, read_with_a_new_axis, written_diagonal, diagonal_method, broadcast_before_it_changes,
     einsum_as_a_view],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_views_that_are_copies_here_may_not_change(function):
    with pytest.raises(Unsupported, match="changed after another view of it was made"):
        lowered(function, RNG.random((3, 3)))


def test_copies_inside_recursive_functions_may_not_change_either():
    def f(a, n):
        def g(x, k):
            if k == 0:
                return 1.0
            y = x.reshape(-1)
            y[0] = 0.5
            return g(x, k - 1)

        z = a * 1.0
        return z * g(z, n)

    def only_read(a, n):
        def g(x, k):
            if k == 0:
                return 1.0
            y = x.reshape(-1)
            return y[0] * g(x, k - 1)

        return a * g(a * 1.0, n)

    with pytest.raises(Unsupported, match="changed after it was reshaped"):
        lowered(f, RNG.random((3, 3)), 2)
    check(only_read, RNG.random((3, 3)), 2)


def test_the_same_without_a_change():
    def f(a):
        b = a[:, None] * np.diagonal(a)
        c = np.broadcast_to(a, (2, *a.shape)) + np.einsum("ij->ji", a)
        a[0, 0] = 3.0
        d = np.atleast_2d(a[0])
        return np.sum(b) + np.sum(c * a) + d[0, 1]

    check(f, RNG.random((3, 3)))


def test_copies_or_not():
    def conjugated(a):
        x = np.conj(a)
        x[0] = 2.0
        y = a.astype(np.float64, copy=False)
        y[1] = 3.0
        z = np.array(a, copy=False)
        z[2] = 4.0
        return a * 2.0 + x

    check(conjugated, RNG.random(4))
