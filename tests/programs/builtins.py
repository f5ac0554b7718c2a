"""Python's own functions: abs, min, max, sum, round, pow, divmod, int, float, len, bool, any, all."""

import math

import numpy as np

from tests.harness.registry import program


def two(rng):
    return rng.uniform(0.2, 0.8), rng.uniform(1.2, 1.8)


def vector(rng):
    return (rng.uniform(-1.0, 1.0, 5),)


@program(two, lambda rng: (-0.5, -0.7))
def absolute_value(x, y):
    return abs(x) * y + abs(x - y) ** 2


@program(two, lambda rng: (1.5, 0.4))
def min_and_max(x, y):
    return max(x, y) * x + min(x, y) ** 2 * y


@program(two)
def min_and_max_of_many(x, y):
    return max(x, y, x * y, 0.1) * min(3.0, y, x) + max(x, 2) + min(0, y)


@program(two)
def max_of_a_tuple(x, y):
    return max((x, y * y)) * min((x, y))


@program(vector)
def max_of_an_array_by_loop(a):
    m = a[0]
    for v in a:
        m = max(m, v)
    s = 0.0
    for v in a:
        s += math.exp(v - m)
    return m + math.log(s)


@program(two)
def sum_of_a_tuple(x, y):
    return sum((x, y, x * y)) * sum([x, x])


@program(vector)
def sum_of_an_array(a):
    return sum(a) * a[0]


@program(vector)
def sum_of_generator(a):
    return sum(v * v for v in a) + sum(a[i] * a[i - 1] for i in range(1, len(a)))


@program(lambda rng: (2.7, 1.3))
def rounding(x, y):
    return round(x) * y + int(y) * x


@program(two)
def pow_function(x, y):
    return pow(x, 2) + pow(x, y) + pow(2, 3) * x


@program(lambda rng: (0.7, 7, 3))
def divmod_of_ints(x, n, m):
    q, r = divmod(n, m)
    return x**q * (r + 1)


@program(lambda rng: (0.7, 3))
def conversions(x, n):
    return float(n) * x + int(2.9) * x + float(x) * bool(n)


@program(vector)
def length_of_things(a):
    return len(a) * a[0] ** 2 + len((1, 2, 3)) * a[1]


@program(lambda rng: (rng.uniform(0.5, 1.5, (2, 3)),))
def length_of_a_matrix(m):
    s = 0.0
    for i in range(len(m)):
        for j in range(len(m[i])):
            s += m[i, j] ** 2
    return s


@program(two)
def any_and_all(x, y):
    if all((x > 0.0, y > 0.0)) and any((x > 1.0, y > 1.0)):
        return x * y
    return x


@program(vector)
def list_comprehension(a):
    w = [v * v for v in (a[0], a[1], a[2])]
    return w[0] * w[1] + w[2]


@program(two)
def list_of_known_length(x, y):
    w = [x, y, x * y]
    w[0] = w[1] * w[2]
    return w[0] * w[-1] + sum(w)


@program(vector)
def range_as_value(a):
    r = range(1, len(a), 2)
    s = 0.0
    for i in r:
        s += a[i] ** 2
    return s * len(r)


@program(vector)
def enumerate_of_reversed(a):
    s = 0.0
    for i, v in enumerate(reversed(a)):
        s = s * v + i
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 4), rng.uniform(0.5, 1.5, 4), rng.uniform(0.5, 1.5, 4)))
def zip_of_three_with_range(a, b, c):
    s = 0.0
    for i, x, y, z in zip(range(4), a, b, c):
        s += x * y**i * z
    return s


@program(vector)
def array_methods_that_say_shape(a):
    s = 0.0
    for i in range(a.shape[0]):
        s += a[i] ** 2 / a.size + a.ndim
    return s


@program(two)
def isinstance_decided_early(x, y):
    if isinstance(x, (int, float)):
        z = x * y
    else:
        z = x[0]
    if isinstance(y, np.ndarray):
        z = z * y[0]
    return z


@program(lambda rng: (rng.uniform(0.5, 1.5, 2), rng.uniform(0.5, 1.5, (3, 5))))
def sum_of_slices(k, p):
    return sum(k[j] * p[:, j : j + 3] for j in range(len(k)))


@program(lambda rng: (rng.uniform(0.5, 1.5, 4), rng.uniform(0.5, 1.5, 4)))
def sum_of_a_list_of_arrays_that_is_written(a, b):
    s = sum([a, b * a, a])
    s[0] = 2.0 * s[1]
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 4),))
def sum_of_one_array_is_a_copy(a):
    s = sum([a])
    s[0] = 5.0
    return s * a


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 4)),))
def sums_of_sums_of_arrays(a):
    return sum(sum(a[i] * a[j] for j in range(2)) for i in range(3))
