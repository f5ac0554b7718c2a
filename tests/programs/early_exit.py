"""`break`, `continue`, early and multiple `return`, alone and nested."""

import math

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.2, 1.0, 7),)


@program(lambda rng: (0.7,), lambda rng: (1.7,))
def early_return(x):
    if x < 1.0:
        return x * x
    y = math.sin(x)
    return y * x


@program(lambda rng: (0.7,), lambda rng: (1.7,), lambda rng: (2.7,), lambda rng: (-1.0,))
def many_returns(x):
    if x < 0.0:
        return 0.0
    if x < 1.0:
        return x
    elif x < 2.0:
        y = x * x
        if y > 100.0:
            return y
    else:
        return math.exp(-x)
    return y * y


@program(vector, lambda rng: (np.array([0.3, 0.9, 1.2, 0.1]),))
def return_inside_loop(a):
    s = 0.0
    for v in a:
        s = s * v + v
        if s > 1.5:
            return s * s
    return math.sin(s)


@program(vector, lambda rng: (np.full(7, 0.3),))
def return_inside_nested_loops(a):
    s = 1.0
    for i in range(len(a)):
        for j in range(i):
            s = s * (1.0 + 0.3 * a[i] * a[j])
            if s > 2.0:
                return s * a[j]
        s = s + 0.01 * a[i]
    return s


@program(lambda rng: (1.2,), lambda rng: (0.5,))
def return_inside_while(x):
    k = 0
    while k < 10:
        x = x * 1.2
        if x > 3.0:
            return x * k
        k += 1
    return math.sin(x)


@program(vector)
def break_with_values_after(a):
    s = 0.0
    k = 0
    for i in range(len(a)):
        s += a[i] * a[i]
        k = i
        if s > 0.9:
            break
        s = s * 1.1
    return s * a[k]


@program(vector)
def break_in_inner_loop(a):
    s = 0.0
    for i in range(len(a)):
        t = 1.0
        for j in range(len(a)):
            t = t * a[j]
            if t < 0.3 * a[i]:
                break
            t = t + 0.05
        s = s + t * a[i] + 0.1 * s * t
    return s


@program(vector, lambda rng: (rng.uniform(2.0, 3.0, 4),))
def break_else(a):
    s = 1.0
    for v in a:
        s *= v
        if s > 5.0:
            break
    else:
        s = s * s + 1.0
    return s * a[0]


@program(vector)
def break_before_first_update(a):
    s = a[0]
    for v in a:
        if v > -1.0:
            break
        s = s * v
    return s * s


@program(vector)
def continue_skips(a):
    s = 0.0
    for i in range(len(a)):
        if i % 2 == 1:
            continue
        s += a[i] * math.sin(s + a[i])
    return s


@program(vector)
def continue_on_data_and_break(a):
    s = 0.0
    for i, v in enumerate(a):
        if v < 0.4:
            s += 0.1 * v
            continue
        s += v * v
        if i > 4:
            break
        s *= 1.05
    return s


@program(lambda rng: (rng.uniform(0.2, 1.0, (4, 4)),))
def continue_in_inner_break_in_outer(m):
    s = 0.0
    for i in range(4):
        for j in range(4):
            if i == j:
                continue
            s += m[i, j] * m[j, i] * (1.0 + s)
        if s > 4.0:
            break
        s *= m[i, i]
    return s


@program(vector)
def flag_from_inner_loop(a):
    s = 0.0
    found = False
    for i in range(len(a)):
        for j in range(i + 1, len(a)):
            if a[i] + a[j] > 1.5:
                found = True
                break
        if found:
            s = a[i] * a[j] + s
            break
        s = s + a[i]
    return s * s


@program(lambda rng: (rng.uniform(0.2, 1.0, 6), 3), lambda rng: (rng.uniform(0.2, 1.0, 6), 99))
def search_then_use(a, key):
    where = -1
    for i in range(len(a)):
        if i * i >= key + 1:
            where = i
            break
    if where < 0:
        return a[0]
    return a[where] * a[where - 1]


@program(vector)
def break_after_array_write(a):
    for i in range(1, len(a)):
        a[i] = a[i] * a[i - 1]
        if a[i] < 0.2:
            break
        a[i] = math.sin(a[i])
    return a[1] + a[2] * a[3] + a[6]


@program(vector)
def return_after_array_write(a):
    b = a.copy()
    for i in range(1, len(a)):
        b[i] = b[i] * b[i - 1]
        if b[i] < 0.2:
            return b[i] * b[0]
    return b[6]


@program(lambda rng: (1.3, 0), lambda rng: (1.3, 1), lambda rng: (1.3, 2))
def return_from_each_level(x, level):
    for i in range(3):
        x = x * 1.1
        if level == 0:
            return x
        j = 0
        while j < 3:
            x = math.sin(x) + j
            if level == 1 and j == 2:
                return x * x
            j += 1
    return x**3


@program(lambda rng: (rng.uniform(0.2, 1.0),))
def unreachable_code(x):
    return x * x
    return x


@program(vector)
def continue_before_and_after_store(a):
    out = np.zeros(len(a))
    for i in range(len(a)):
        out[i] = a[i] * 2.0
        if i % 2:
            continue
        out[i] *= a[i]
    s = 0.0
    for v in out:
        s += v * v
    return s


@program(lambda rng: (rng.uniform(0.5, 1.0, 5), 0.8))
def break_in_while_in_for(a, x):
    s = 0.0
    for v in a:
        y = v
        while True:
            y = y * x
            if y < 0.3:
                break
            s += y * v
        s = s * 1.01 + y
    return s
