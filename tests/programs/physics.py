"""Small numeric programs of the real kind: time stepping and particle systems."""

import math

import numpy as np

from tests.harness.registry import program


@program(lambda rng: (rng.standard_normal((3, 2)), rng.standard_normal((3, 2)) * 0.1, np.array([1.0, 2.0, 0.5]), 3))
def n_body_leapfrog(pos, vel, mass, steps):
    n = pos.shape[0]
    dt = 0.05
    acc = np.zeros((n, 2))
    for t in range(steps):
        for i in range(n):
            acc[i, 0] = 0.0
            acc[i, 1] = 0.0
        for i in range(n):
            for j in range(n):
                if i == j:
                    continue
                dx = pos[j, 0] - pos[i, 0]
                dy = pos[j, 1] - pos[i, 1]
                r2 = dx * dx + dy * dy + 0.1
                w = mass[j] / (r2 * math.sqrt(r2))
                acc[i, 0] += w * dx
                acc[i, 1] += w * dy
        for i in range(n):
            for k in range(2):
                vel[i, k] += dt * acc[i, k]
                pos[i, k] += dt * vel[i, k]
    e = 0.0
    for i in range(n):
        e += 0.5 * mass[i] * (vel[i, 0] ** 2 + vel[i, 1] ** 2) + pos[i, 0] * pos[i, 1]
    return e


@program(lambda rng: (rng.uniform(0.5, 1.0), 0.0, rng.uniform(0.9, 1.1), 8))
def velocity_verlet(x, v, k, steps):
    dt = 0.1
    a = -k * x - x**3
    for _ in range(steps):
        x = x + v * dt + 0.5 * a * dt * dt
        new = -k * x - x**3
        v = v + 0.5 * (a + new) * dt
        a = new
    return 0.5 * v * v + 0.5 * k * x * x


@program(lambda rng: (rng.uniform(0.9, 1.1, 2), rng.uniform(0.5, 1.5, 4), 6))
def lotka_volterra_rk4(y, p, steps):
    h = 0.1
    k = np.zeros((4, 2))
    z = np.zeros(2)
    for _ in range(steps):
        for s in range(4):
            c = 0.0 if s == 0 else (1.0 if s == 3 else 0.5)
            for i in range(2):
                z[i] = y[i] + (h * c * k[s - 1, i] if s > 0 else 0.0)
            k[s, 0] = p[0] * z[0] - p[1] * z[0] * z[1]
            k[s, 1] = p[2] * z[0] * z[1] - p[3] * z[1]
        for i in range(2):
            y[i] += h / 6.0 * (k[0, i] + 2.0 * k[1, i] + 2.0 * k[2, i] + k[3, i])
    return y[0] * y[1]


def lorenz(x, y, z, s, r, b):
    return s * (y - x), x * (r - z) - y, x * y - b * z


@program(lambda rng: (1.0, 1.1, 0.9, 10.0, 28.0, 8.0 / 3.0, 5))
def lorenz_midpoint(x, y, z, s, r, b, steps):
    h = 0.01
    for _ in range(steps):
        u, v, w = lorenz(x, y, z, s, r, b)
        u, v, w = lorenz(x + 0.5 * h * u, y + 0.5 * h * v, z + 0.5 * h * w, s, r, b)
        x, y, z = x + h * u, y + h * v, z + h * w
    return x * y + z


@program(lambda rng: (rng.uniform(0.5, 1.5, 8), 0.2, 4))
def heat_equation(u, kappa, steps):
    for _ in range(steps):
        left = u[0]
        for i in range(1, len(u) - 1):
            here = u[i]
            u[i] = here + kappa * (left - 2.0 * here + u[i + 1])
            left = here
    s = 0.0
    for i in range(len(u)):
        s += u[i] ** 2
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 8), rng.uniform(0.8, 1.2, 8), 4))
def wave_equation(u, c, steps):
    old = u.copy()
    new = np.zeros_like(u)
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            new[i] = 2.0 * u[i] - old[i] + 0.1 * c[i] ** 2 * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        old, u, new = u, new, old
    return u[3] * old[4]


@program(lambda rng: (rng.uniform(0.5, 1.5, 8), 0.1, 4))
def burgers_with_periodic_ends(u, nu, steps):
    n = len(u)
    v = np.empty(n)
    for t in range(steps):
        for i in range(n):
            flux = 0.5 * (u[(i + 1) % n] ** 2 - u[i - 1] ** 2)
            v[i] = u[i] - 0.05 * flux + nu * (u[(i + 1) % n] - 2.0 * u[i] + u[i - 1])
        for i in range(n):
            u[i] = v[i]
    s = 0.0
    for i in range(n):
        s += (u[i] - 1.0) ** 2
    return s


@program(lambda rng: (np.arange(12.0).reshape(4, 3) * 0.5 + rng.uniform(-0.1, 0.1, (4, 3)), 2.5))
def lennard_jones_with_cutoff(pos, cutoff):
    e = 0.0
    for i in range(pos.shape[0]):
        for j in range(i):
            r2 = 0.0
            for k in range(3):
                d = pos[i, k] - pos[j, k]
                r2 += d * d
            if r2 > cutoff * cutoff:
                continue
            s6 = (1.0 / r2) ** 3
            e += 4.0 * (s6 * s6 - s6)
    return e


@program(lambda rng: (rng.uniform(0.5, 1.0), rng.uniform(1.0, 2.0), 6))
def projectile_until_it_lands(vx, vy, steps):
    x = 0.0
    y = 1.0
    dt = 0.05
    while y > 0.0:
        px, py = x, y
        speed = math.sqrt(vx * vx + vy * vy)
        vx -= dt * 0.1 * speed * vx
        vy -= dt * (9.81 + 0.1 * speed * vy)
        x += dt * vx
        y += dt * vy
    w = py / (py - y)
    return px + w * (x - px)


@program(lambda rng: (rng.uniform(0.8, 1.2, (4, 5)), 2))
def five_point_stencil_nonlinear(u, steps):
    n, m = u.shape
    v = u.copy()
    for t in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                lap = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j]
                v[i, j] = u[i, j] + 0.1 * lap * u[i, j] - 0.01 * u[i, j] ** 3
        u, v = v, u
    s = 0.0
    for i in range(n):
        for j in range(m):
            s += u[i, j] * u[i, j]
    return s


@program(lambda rng: (rng.uniform(0.5, 1.5, 4), rng.uniform(0.1, 0.2, 4)))
def simulated_spring_chain(x, v):
    for t in range(4):
        for i in range(len(x)):
            f = -x[i]
            if i > 0:
                f += 0.5 * (x[i - 1] - x[i])
            if i < len(x) - 1:
                f += 0.5 * (x[i + 1] - x[i]) ** 3
            v[i] += 0.1 * f
        for i in range(len(x)):
            x[i] += 0.1 * v[i]
    return x[0] * v[1] + x[3]


@program(lambda rng: (rng.uniform(0.2, 0.3), rng.uniform(3.2, 3.4), 9))
def logistic_map(x, r, n):
    s = 0.0
    for _ in range(n):
        x = r * x * (1.0 - x)
        s += math.log(abs(r * (1.0 - 2.0 * x)))
    return s / n
