"""PyTorch's lesson on autograd: `requires_grad`, `backward()`, the `.grad` that adds up, and `zero_grad()`.

Here no array carries a flag or a gradient. Which arguments are differentiated is said by `argnums`; gradients are
returned, or written (`out=`) or added (`out=add_to(...)`) into arrays of the caller's.
"""

import numpy as np

from srcgrad import add_to, grad, stop_gradient


def misfit(weights, offset, x, y):
    return np.sum((x @ weights + offset - y) ** 2)


def partly(x):
    return np.sum(x * stop_gradient(x))  # x * x.detach()


def main():
    rng = np.random.default_rng(0)
    x, y, weights, offset = rng.normal(size=(8, 3)), rng.normal(size=8), rng.normal(size=3), np.zeros(1)
    gradient = grad(misfit, argnums=(0, 1))  # weights and offset "require" gradients

    # loss.backward() of PyTorch: returned
    by_weights, by_offset = gradient(weights, offset, x, y)
    print("returned:", by_weights, by_offset)

    # .grad after zero_grad() and backward(): written over what was there
    buffers = (np.full(3, np.nan), np.full(1, np.nan))
    gradient(weights, offset, x, y, out=buffers)
    print("written: ", *buffers)

    # backward() again and again: added up, here over two halves of the data, as if it had been one batch
    buffers[0][:], buffers[1][:] = 0.0, 0.0  # zero_grad()
    for half in (slice(0, 4), slice(4, 8)):
        gradient(weights, offset, x[half], y[half], out=add_to(buffers))
    print("added:   ", *buffers)

    print("with a part held constant:", grad(partly)(np.array([1.0, 2.0])))
    return (by_weights, by_offset), buffers


if __name__ == "__main__":
    main()
