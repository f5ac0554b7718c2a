"""A dozen programs whose generated adjoints are kept as golden texts: read them when they change."""

import math

import numpy as np


def polynomial(x):
    return 3.0 * x**3 - x * math.sin(x)


def branch(x, limit):
    if x > limit:
        y = math.log(x)
    else:
        y = x * x
    return y * y


def dot(x, y):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] * y[i]
    return s


def logistic_map(x, r, n):
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


def newton_root(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


def overwritten(x):
    for i in range(1, x.shape[0]):
        x[i] = x[i] * x[i - 1]
    return x[x.shape[0] - 1]


def heat(u, steps):
    v = u.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            v[i] = u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, v = v, u
    total = 0.0
    for i in range(u.shape[0]):
        total += u[i] * u[i]
    return total


def pair_energy(x):
    e = 0.0
    for i in range(x.shape[0]):
        for j in range(i):
            r2 = (x[i] - x[j]) ** 2
            if r2 > 4.0:
                continue
            e += math.exp(-r2)
    return e


def first_above(x, limit):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * x[i]
        if total > limit:
            return total * x[i]
    return total


def work_array(x, w):
    terms = np.empty(w.shape[0])
    loss = 0.0
    for i in range(x.shape[0]):
        for k in range(w.shape[0]):
            terms[k] = x[i] * w[k]
        top = 0.0
        for k in range(w.shape[0]):
            top += math.exp(terms[k])
        loss += math.log(top)
    return loss


def power(x, n):
    if n == 0:
        return 1.0
    half = power(x, n // 2)
    return half * half * x if n % 2 else half * half


def row_scale(a, s):
    for i in range(a.shape[0]):
        row = a[i]
        for j in range(row.shape[0]):
            row[j] = row[j] * s[i] + math.sin(row[j])
    return a[0, 0] * a[1, 1]


VECTOR = np.linspace(0.3, 1.2, 5)
ARGUMENTS = {
    polynomial: (1.3,),
    branch: (1.3, 1.0),
    dot: (VECTOR, VECTOR[::-1].copy()),
    logistic_map: (0.3, 3.7, 6),
    newton_root: (2.0,),
    overwritten: (VECTOR,),
    heat: (VECTOR, 3),
    pair_energy: (VECTOR,),
    first_above: (VECTOR, 0.9),
    work_array: (VECTOR, VECTOR[:3].copy()),
    power: (1.1, 5),
    row_scale: (np.outer(VECTOR[:3], VECTOR[:4]), VECTOR[:3].copy()),
}
