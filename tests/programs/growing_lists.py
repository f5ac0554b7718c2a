"""Lists that grow in loops whose number of iterations is known at run time only."""

import numpy as np

from tests.harness.registry import program


def vector(rng):
    return (rng.uniform(0.3, 1.4, 7),)


@program(vector, lambda rng: (np.zeros(0),))
def appended_in_each_iteration(a):
    out = []
    for i in range(a.shape[0]):
        out.append(a[i] * a[i])
    return np.sum(np.array(out) * a)


@program(vector)
def appended_on_a_condition_and_read(a):
    out = [1.0]
    for x in a:
        if x > 0.7:
            out.append(x * out[-1])
    s = 0.0
    for y in out:
        s += y * y
    return s * len(out)


@program(lambda rng: (rng.uniform(1.0, 1.5),))
def appended_in_a_while_loop(x):
    xs = [x]
    n = 0
    while xs[-1] < 50.0 and n < 40:
        xs.append(xs[-1] * 1.5 + 0.1)
        n += 1
    return sum(xs)


@program(vector)
def appended_in_nested_loops(a):
    out = []
    for i in range(len(a)):
        for j in range(i):
            out.append(a[i] * a[j])
        out.append(a[i])
    return np.array(out)


@program(vector)
def appended_until_break(a):
    out = []
    for i in range(len(a)):
        if a[i] < 0.35:
            break
        out.append(a[i] ** 2)
    return np.array(out).sum() * a[0]


@program(vector)
def lists_of_integers_and_floats(a):
    places = []
    mixed = []
    for i in range(len(a)):
        if a[i] > 0.6:
            places.append(i)
            mixed.append(i)
            mixed.append(a[i])
    total = 0.0
    for k in places:
        total += a[k] * a[k]
    return total + sum(mixed) + len(places)


@program(vector)
def list_as_a_stack(a):
    stack = [a[0], a[1]]
    for i in range(2, len(a)):
        y = stack.pop()
        stack.append(y * a[i])
        if a[i] > 0.8:
            stack.append(a[i])
    s = 0.0
    while len(stack) > 0:
        s += stack.pop() ** 2
    return s


@program(lambda rng: (rng.uniform(0.3, 1.4, 7), 4))
def extended_in_a_loop(a, k):
    p = []
    q = []
    for i in range(k):
        p.append(a[i])
        q += [p[i] * 2.0]
    return sum(p) * sum(q)


def collected(a, low):
    found = []
    for x in a:
        if x > low:
            found.append(x)
    return found


@program(vector)
def a_helper_returns_a_list_that_grew(a):
    s = 0.0
    for x in collected(a, 0.5):
        s += x**3
    return s + len(collected(a, 0.9))


@program(vector, lambda rng: (np.array([0.1, 0.2]),))
def truth_of_a_list_that_grew(a):
    xs = []
    for i in range(len(a)):
        if a[i] > 0.6:
            xs.append(a[i])
    if not xs:
        return a[0] * 2.0
    s = sum(xs) / len(xs) if xs else 0.0
    while xs:
        x = xs.pop()
        s += x * x
        if x > 1.2:
            xs.append(x * 0.3)
    return s if xs == [] else 0.0


def differences(a, n):
    if n == 0:
        return a
    found = []
    for i in range(1, len(a)):
        found.append(a[i] - a[i - 1] * a[i])
    return differences(found, n - 1) if n > 1 else found


@program(vector)
def recursion_over_lists_of_run_time_length(a):
    s = 0.0
    for x in differences([v * 1.0 for v in a], 2):
        s += x * x
    return s


@program(lambda rng: (rng.uniform(0.3, 1.4, 5), True), lambda rng: (rng.uniform(0.3, 1.4, 5), False))
def one_of_two_lists_of_run_time_length(a, c):
    squares = [x * x for x in a]
    plain = [x for x in a]
    t = 0.0
    for v in squares if c else plain:
        t += v * v
    return t
