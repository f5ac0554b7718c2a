"""Likelihoods, filters, recurrent cells, trees and series: models people fit."""

import math

import numpy as np

from tests.harness.registry import program


@program(
    lambda rng: (rng.dirichlet(np.ones(2)), rng.standard_normal(2), rng.uniform(0.5, 1.5, 2), rng.standard_normal(5)),
    argnums=(0, 1, 2),
)
def gaussian_mixture(w, mu, sigma, data):
    total = 0.0
    terms = np.empty(len(w))
    for x in data:
        top = -math.inf
        for k in range(len(w)):
            z = (x - mu[k]) / sigma[k]
            terms[k] = math.log(w[k]) - math.log(sigma[k]) - 0.5 * z * z
            top = max(top, terms[k])
        s = 0.0
        for k in range(len(w)):
            s += math.exp(terms[k] - top)
        total += top + math.log(s)
    return total


@program(lambda rng: (rng.standard_normal((4, 2)) * 0.5, rng.standard_normal(2), rng.standard_normal((5, 2))))
def lstm_cell_loop(gates, h, xs):
    c = np.zeros(2)
    for t in range(xs.shape[0]):
        for j in range(2):
            z = xs[t, j] + h[j]
            f = 1.0 / (1.0 + math.exp(-(gates[0, j] * z)))
            i = 1.0 / (1.0 + math.exp(-(gates[1, j] * z)))
            o = 1.0 / (1.0 + math.exp(-(gates[2, j] * z)))
            g = math.tanh(gates[3, j] * z)
            c[j] = f * c[j] + i * g
            h[j] = o * math.tanh(c[j])
    return h[0] * h[1] + c[0]


@program(lambda rng: (rng.uniform(0.1, 0.3), rng.uniform(0.1, 0.3), rng.standard_normal(6)))
def kalman_filter_loglik(q, r, ys):
    m = 0.0
    p = 1.0
    ll = 0.0
    for y in ys:
        m = 0.9 * m
        p = 0.81 * p + q
        s = p + r
        k = p / s
        e = y - m
        ll -= 0.5 * (math.log(2.0 * math.pi * s) + e * e / s)
        m = m + k * e
        p = (1.0 - k) * p
    return ll


@program(lambda rng: (100.0, rng.uniform(95.0, 99.0), 0.03, rng.uniform(0.2, 0.3), 5))
def binomial_american_put(spot, strike, rate, vol, n):
    dt = 1.0 / n
    up = math.exp(vol * math.sqrt(dt))
    p = (math.exp(rate * dt) - 1.0 / up) / (up - 1.0 / up)
    disc = math.exp(-rate * dt)
    v = np.zeros(n + 1)
    for j in range(n + 1):
        v[j] = max(strike - spot * up ** (2 * j - n), 0.0)
    for i in range(n - 1, -1, -1):
        for j in range(i + 1):
            hold = disc * (p * v[j + 1] + (1.0 - p) * v[j])
            v[j] = max(hold, strike - spot * up ** (2 * j - i))
    return v[0]


@program(
    lambda rng: (
        rng.standard_normal((3, 3)),
        rng.standard_normal(3),
        rng.standard_normal((3, 2)),
        np.array([0, 1, 1, 0]),
    )
)
def hidden_markov_forward(trans, init, emit, obs):
    n = 3
    alpha = np.empty(n)
    new = np.empty(n)
    for i in range(n):
        alpha[i] = init[i] + emit[i, obs[0]]
    for t in range(1, len(obs)):
        for j in range(n):
            top = alpha[0] + trans[0, j]
            for i in range(1, n):
                top = max(top, alpha[i] + trans[i, j])
            s = 0.0
            for i in range(n):
                s += math.exp(alpha[i] + trans[i, j] - top)
            new[j] = top + math.log(s) + emit[j, obs[t]]
        for j in range(n):
            alpha[j] = new[j]
    s = 0.0
    for i in range(n):
        s += math.exp(alpha[i])
    return math.log(s)


@program(lambda rng: (rng.standard_normal(6),))
def prefix_sums_then_product(a):
    p = np.zeros(len(a) + 1)
    for i in range(len(a)):
        p[i + 1] = p[i] + a[i]
    s = 0.0
    for i in range(len(a)):
        s += p[i] * p[i + 1] * a[i]
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 5), rng.uniform(0.2, 0.8)))
def horner(c, x):
    y = 0.0
    for i in range(len(c) - 1, -1, -1):
        y = y * x + c[i]
    return y


@program(lambda rng: (rng.uniform(0.5, 1.5, 5), rng.uniform(0.2, 0.8)))
def continued_fraction(c, x):
    y = c[len(c) - 1]
    for i in range(len(c) - 2, -1, -1):
        y = c[i] + x / y
    return y


@program(lambda rng: (rng.uniform(0.5, 1.5, 5), rng.uniform(0.1, 0.9), 5))
def clenshaw_recurrence(c, x, n):
    b1 = 0.0
    b2 = 0.0
    for k in range(n - 1, 0, -1):
        b1, b2 = 2.0 * x * b1 - b2 + c[k], b1
    return x * b1 - b2 + c[0]


@program(lambda rng: (np.array([0.0, 1.0, 2.5, 4.0]), rng.standard_normal(4), rng.uniform(0.5, 3.5, 3)))
def piecewise_linear_interpolation(xs, ys, points):
    s = 0.0
    for x in points:
        lo, hi = 0, len(xs) - 1
        while hi - lo > 1:
            mid = (lo + hi) // 2
            if xs[mid] > x:
                hi = mid
            else:
                lo = mid
        w = (x - xs[lo]) / (xs[hi] - xs[lo])
        s += (1.0 - w) * ys[lo] + w * ys[hi] * s
    return s


@program(lambda rng: (rng.uniform(0.1, 0.2), rng.uniform(0.7, 0.8), rng.standard_normal(6)))
def garch_likelihood(alpha, beta, r):
    var = 0.5
    ll = 0.0
    for i in range(len(r)):
        ll += math.log(var) + r[i] ** 2 / var
        var = 0.05 + alpha * r[i] ** 2 + beta * var
    return ll


@program(lambda rng: (rng.standard_normal((3, 2)), rng.standard_normal(3), rng.standard_normal((4, 2))))
def two_layer_network(w, v, data):
    loss = 0.0
    for n in range(data.shape[0]):
        y = 0.0
        for i in range(3):
            z = 0.0
            for j in range(2):
                z += w[i, j] * data[n, j]
            y += v[i] * (z if z > 0.0 else 0.1 * z)
        loss += (y - 1.0) ** 2
    return loss / data.shape[0]


@program(lambda rng: (rng.uniform(0.2, 2.8, 6), 3))
def soft_histogram(a, bins):
    h = np.zeros(bins)
    for v in a:
        k = int(v)
        w = v - k
        h[k] += 1.0 - w * w
        if k + 1 < bins:
            h[k + 1] += w * w
    s = 0.0
    for k in range(bins):
        s += h[k] * h[k]
    return s


@program(lambda rng: (rng.standard_normal(4), rng.standard_normal(5)))
def dynamic_time_warping(a, b):
    n, m = len(a), len(b)
    d = np.full((n + 1, m + 1), np.inf)
    d[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (a[i - 1] - b[j - 1]) ** 2
            d[i, j] = cost + min(d[i - 1, j], d[i, j - 1], d[i - 1, j - 1])
    return d[n, m]


@program(lambda rng: (rng.standard_normal(7), rng.uniform(0.1, 0.9)))
def exponential_smoothing_two_passes(a, w):
    for i in range(1, len(a)):
        a[i] = w * a[i] + (1.0 - w) * a[i - 1]
    for i in range(len(a) - 2, -1, -1):
        a[i] = w * a[i] + (1.0 - w) * a[i + 1]
    return a[0] * a[3] + a[6]


@program(lambda rng: (rng.uniform(0.5, 1.5, 4), 20))
def gradient_descent_unrolled(x, steps):
    lr = 0.02
    for _ in range(steps):
        for i in range(len(x)):
            g = 4.0 * x[i] ** 3 - 2.0 * x[i] * x[i - 1]
            x[i] -= lr * g
    return x[0] * x[1] + x[2] * x[3]


@program(lambda rng: (rng.uniform(0.5, 1.5, 6),))
def welford_variance(a):
    mean = 0.0
    m2 = 0.0
    n = 0
    for v in a:
        n += 1
        d = v - mean
        mean += d / n
        m2 += d * (v - mean)
    return m2 / (n - 1) * mean


@program(lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5), 5))
def arithmetic_geometric_mean(a, b, n):
    for _ in range(n):
        a, b = 0.5 * (a + b), math.sqrt(a * b)
    return a


@program(lambda rng: (rng.uniform(0.1, 0.9), rng.uniform(0.8, 1.2)))
def kepler_equation(m, e):
    e = 0.5 * e
    x = m
    for k in range(30):
        dx = (x - e * math.sin(x) - m) / (1.0 - e * math.cos(x))
        x -= dx
        if abs(dx) < 1e-14:
            break
    return math.cos(x) - e


@program(*[lambda rng, seed=seed: (np.random.default_rng(seed).normal(size=30), rng.random(30)) for seed in (3, 4, 5)])
def weights_of_the_greatest_number(a, w):
    edges = np.linspace(a.min(), a.max(), 8)
    return np.histogram(a * 1.0, 7, weights=w)[0] * (1.0 if edges[7] == a.max() else 2.0)
