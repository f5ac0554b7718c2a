"""Complex scalars and arrays: arithmetic, parts, elementary functions, loops, in-place writes, products."""

import cmath

import numpy as np

from tests.harness.registry import program


def two(rng):
    return complex(0.7, -0.4), complex(-0.3, 1.1)


def left_and_right(rng):
    return (complex(-0.6, 0.3),)


def one(rng):
    return (complex(0.7, -0.4),)


def complex_normal(rng, *shape):
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def arrays(*shapes):
    return lambda rng: tuple(complex_normal(rng, *shape) for shape in shapes)


vector = arrays((5,))


@program(two)
def arithmetic(z, w):
    return z * w + z / w - w**3 + z**-2 + (z - 1.5) * 2j - -w


@program(two)
def with_real_numbers(z, w):
    x = z.real * 2.0
    return x * z + z / x + (3 - w) / 2 + x**2 * 1j, x


@program(two)
def powers(z, w):
    return z**w + z**0.5 + 2.0**w + w**1.5


@program(lambda rng: (0j, 5.5), lambda rng: (0j, 2.0))
def powers_of_zero(z, y):
    return z**y + z**2 + z


@program(one, left_and_right)
def elementary(z):
    return np.array(
        [np.exp(z), np.log(z), np.sqrt(z), np.sin(z), np.cos(z), np.tan(z), np.sinh(z), np.cosh(z), np.tanh(z)]
    )


@program(one, left_and_right)
def inverse_functions(z):
    return np.array([np.arcsin(z), np.arccos(z), np.arctan(z), np.arcsinh(z), np.arccosh(z), np.arctanh(z)])


@program(one, left_and_right)
def further_functions(z):
    return np.array(
        [np.expm1(z), np.log1p(z), np.exp2(z), np.log2(z), np.log10(z), np.square(z), np.reciprocal(z), np.sign(z)]
    )


@program(one, left_and_right)
def functions_of_cmath(z):
    r, phi = cmath.polar(z)
    return cmath.exp(z) * cmath.rect(r, phi) + cmath.sqrt(z) * cmath.phase(z) + cmath.log(z, 2.0)


@program(lambda rng: (-1.3, 0.4))
def from_real_arguments(x, y):
    return cmath.sqrt(x) * y + complex(x, y) ** 2 + complex(y) * 1j + complex(real=x)


@program(one, left_and_right)
def parts_of_a_number(z):
    return z.real * z.imag + abs(z) + np.angle(z) + z.conjugate().imag + np.real(z) * np.imag(np.conj(z))


@program(one, left_and_right)
def branches_on_parts(z):
    w = z * z if z.real > 0 else 1.0
    if abs(w) > 0.2 and z != 0 and not np.isnan(z):
        w = w + 1j * z
    return w


@program(one)
def iteration_to_escape(z):
    w = z
    n = 0
    while abs(w) < 10 and n < 50:
        w = w * w + z + 1
        n += 1
    return w


@program(vector)
def horner(a):
    s = 0
    for k in range(len(a)):
        s = s * a[k] + 1
    return abs(s) ** 2


@program(arrays((5,), (5,)))
def elementwise(a, b):
    return np.abs(a * b + np.exp(a)) ** 2 + (a / b).real + np.angle(a) * np.imag(b.conj())


@program(lambda rng: (complex_normal(rng, 6), rng.standard_normal(6)))
def real_and_complex_arrays(a, x):
    return (a * x + x).sum() + np.where(x > 0, a, x).prod()


@program(vector)
def parts_written(a):
    b = a.copy()
    b.real = b.imag * 2
    b.imag[1:] += b.real[:-1] ** 2
    b.imag *= 1.5
    b[0] += 2j
    return b


@program(arrays((4, 5)))
def parts_of_views(a):
    b = a.T[1:4, ::-1].copy()
    b.T[0].real[::2] = a[1, :2].imag
    return b.imag[::-1] @ a.real[:, :3], b.real.T * a.imag[:, 1:4]


@program(vector)
def in_place(a):
    b = np.zeros(5, dtype=complex)
    for i in range(1, 5):
        b[i] = b[i - 1] * a[i] + a[i - 1] ** 2
        a[i] *= b[i]
    b[1:3] += a[2:4]
    return b


@program(vector)
def filled(a):
    b = np.full(5, 1 - 2j)
    c = np.ones_like(a)
    c[2:] = a[2:] * b[:3]
    return np.sum(c * b), np.empty(3, np.complex128).shape[0]


@program(vector)
def reductions(a):
    return (
        np.linalg.norm(a) + np.var(a) + a.std() + abs(a.mean()) + np.vdot(a, a * 1j).imag,
        np.prod(a), np.cumsum(a), np.dot(a, a[::-1]), np.trapezoid(a), np.linalg.norm(a, 1),
    )  # fmt: skip


@program(arrays((3, 4)))
def along_axes(a):
    return a.sum(axis=0), np.mean(a, axis=1, keepdims=True), a.var(axis=0), np.linalg.norm(a, axis=1)


@program(arrays((3, 4)))
def shapes(a):
    flat = np.concatenate((a[0], a[1].conj()))
    return a.T.conj() @ a, np.abs(flat), a.reshape(4, 3)[::-1].imag, np.stack((a[:, 0], a[:, 1])), np.roll(a, 1, 1)


@program(arrays((3, 4), (4, 2)), arrays((12, 14), (14, 13)))
def matrix_product(a, b):
    return a @ b


@program(lambda rng: (complex_normal(rng, 9, 10), rng.standard_normal((10, 11))))
def product_with_a_real_matrix(a, b):
    c = np.zeros((9, 11), np.complex128)
    c += a @ b
    return (b.T @ a.T).T + c * 1j


@program(arrays((2, 9, 9), (9, 9)))
def products_of_stacks(a, b):
    return a @ b + b.T @ a


@program(lambda rng: (rng.standard_normal(6),))
def discrete_fourier_transform(x):
    n = len(x)
    out = np.zeros(n, dtype=np.complex128)
    for k in range(n):
        for j in range(n):
            out[k] += x[j] * np.exp(-2j * np.pi * k * j / n)
    return np.abs(out) ** 2


@program(lambda rng: (complex_normal(rng, 8),))
def fast_fourier_transform(a):
    def transform(x):
        n = x.shape[0]
        if n == 1:
            return x.copy()
        even, odd = transform(x[::2]), transform(x[1::2])
        turned = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
        return np.concatenate((even + turned, even - turned))

    return transform(a)


@program(lambda rng: (complex(0.4, 0.3), 5))
def recursion(z, n):
    def power(w, k):
        return 1.0 + 0j if k == 0 else w * power(w, k - 1)

    return power(z, n)


@program(lambda rng: (complex_normal(rng, 5).astype(np.complex64), rng.standard_normal(5).astype(np.float32)))
def single_precision(a, x):
    return a * x + np.exp(1j * x), np.abs(a) ** 2


@program(lambda rng: ((complex(0.3, 0.4), 2.0), {"w": complex_normal(rng, 3), "n": 2}))
def in_containers(pair, params):
    z, x = pair
    return {"sum": z * x + params["w"].sum() * params["n"], "w": params["w"] * 1j, "abs": abs(z)}


@program(lambda rng: (complex_normal(rng, 4, 3).T,), lambda rng: (complex_normal(rng, 6, 8)[::2, ::2],))
def of_any_layout(a):
    return a * a.conj() * 1j + a.sum()


@program(lambda rng: (complex_normal(rng, 4), complex_normal(rng, 4)))
def procedure(a, out):
    for i in range(4):
        out[i] = a[i] * a[3 - i].conjugate()


@program(lambda rng: (complex_normal(rng, 3), 2))
def tests_of_values(a, n):
    kinds = np.array([1 + 2j, 3.0, -1j])
    real = np.isreal(kinds)
    total = 0j
    for i in range(3):
        if real[i] or kinds[i] == 1 + 2j:
            total += a[i] ** n
    return total, np.iscomplexobj(a), np.isrealobj(a.real), isinstance(total, complex)
