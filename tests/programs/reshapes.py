"""Arrays with another shape: names of the same memory where NumPy certainly gives one, copies elsewhere."""

import numpy as np

from tests.harness.registry import program


def matrix(rng):
    return (rng.uniform(0.5, 1.5, (6, 4)),)


def stack(rng):
    return (rng.uniform(0.2, 1.0, (2, 3, 4)), rng.uniform(0.2, 1.0, (4, 5)))


@program(matrix)
def written_through_the_new_shape(a):
    b = a.reshape(-1)
    b[3] = b[2] * 2.0
    a[0, 1] *= b[3]
    return np.sum(a * a[::-1]) + b[1]


@program(stack)
def stack_times_matrix(a, c):
    product = (a * 2.0) @ c
    return np.sum(np.tanh(product.reshape(6, -1)) * product.reshape(-1, 5))


@program(stack)
def overwritten_after_the_product(a, c):
    b = a.reshape(-1, 4)
    d = b @ c
    a[:] = a * d.reshape(2, 3, 5)[:, :, 1:]
    return np.sum(b * b) + d[0, 0]


@program(matrix)
def returned_under_two_names(a):
    y = a * 2.0
    return y, y.reshape(-1)


@program(matrix)
def returned_as_it_came(a):
    return a.reshape(2, -1)


@program(matrix)
def carried_around_a_loop(a):
    total = 0.0
    for k in range(3):
        b = a.reshape(-1, 3) * (k + 1.0)
        a = np.sin(b).reshape(6, 4)
        total += np.sum(a**3)
    return total


@program(matrix)
def columns_first(a):
    z = a.T.reshape(-1)
    w = np.asfortranarray(a).reshape(4, 6)
    return np.sum(z * np.arange(z.size)) + np.sum(w[1] * w[2])


@program(matrix)
def parts_of_the_flat_array(a):
    return np.sum(np.ravel(a)[::2] * a.flatten()[1::2]) + np.sum(np.expand_dims(a, 1) * a)


@program(matrix)
def reshaped_while_it_changes(a):
    b = a.copy()
    k = 0
    while k < 3:
        c = b.reshape(b.size)
        c[k + 1] = c[k] * c[k + 1]
        b = b * 1.5
        k += 1
    return np.sum(b**2)


@program(matrix)
def rows_as_small_matrices(a):
    out = np.zeros(a.shape)
    for i in range(a.shape[0]):
        row = a[i] * a[i - 1]
        m = row.reshape(2, 2)
        out.reshape(-1)[i * 4 : (i + 1) * 4] = (m @ m).ravel()
    return np.sum(out * a)


@program(matrix)
def kept_in_a_list(a):
    kept = [(a * (k + 1.0)).reshape(4, 6) for k in range(3)]
    total = 0.0
    for each in kept:
        total += np.sum(each[0] * each[1].reshape(2, 3)[1, 0])
    return total


@program(lambda rng: (rng.uniform(0.5, 1.5, (3, 4)) + 1j * rng.uniform(0.5, 1.5, (3, 4)),))
def complex_numbers_reshaped(a):
    b = a.reshape(2, 6)
    b[1, 2] = b[0, 1] * 1j
    return np.sum(np.abs(a @ a.reshape(4, 3)) ** 2)


@program(matrix)
def read_before_it_changes_in_vain(a):
    total = np.sum(a.reshape(-1) ** 2)
    for i in range(a.shape[0]):
        a[i] = np.exp(a[i])
    return total


@program(matrix)
def chosen_shape(a):
    b = a.reshape(4, 6) if a[0, 0] > 1.0 else a.reshape(8, 3) * 2.0
    return np.sum(b.reshape(-1)[:12] * b.reshape(-1)[12:])
