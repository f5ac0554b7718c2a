"""TensorFlow's lesson on eager execution and `GradientTape`.

A tape records what runs, to play it backwards. Here nothing is recorded: the derivative is a function by itself.
`value_and_grad` gives value and gradient, `vjp` what a persistent tape gives: one run, products with many cotangents.
"""

import numpy as np

from srcgrad import grad, jvp, value_and_grad, vjp


def cube(x):
    return x**3


def layer(x, weights, offset):
    return np.tanh(x @ weights + offset)


def mean_square(x, weights, offset):
    return np.mean(layer(x, weights, offset) ** 2)


def main():
    # with tf.GradientTape() as tape: tape.watch(x); y = x**3 ... tape.gradient(y, x)
    value, slope = value_and_grad(cube)(3.0)
    print(f"x**3 at 3 is {value}, its derivative {slope}")

    # tape.gradient(loss, [weights, offset])
    rng = np.random.default_rng(0)
    x, weights, offset = np.array([[1.0, 2.0, 3.0]]), rng.normal(size=(3, 2)), np.zeros(2)
    by_weights, by_offset = grad(mean_square, argnums=(1, 2))(x, weights, offset)
    print("gradients have the shapes of what they belong to:", by_weights.shape, by_offset.shape)

    # a persistent tape: the layer runs once, and gives its derivatives for each of its two results
    _, pullback = vjp(layer, x, weights, offset)
    rows = [pullback(np.array([unit]))[2] for unit in np.eye(2)]
    print("d layer / d offset, row by row:", *rows)

    # tf.autodiff.ForwardAccumulator: the other direction
    _, tangent = jvp(layer, (x, weights, offset), (None, None, np.ones(2)))
    print("along offset (1, 1):", tangent)

    # a tape around a tape
    second = grad(grad(cube))(3.0)
    print(f"the second derivative of x**3 at 3 is {second}")
    return slope, rows, tangent, second


if __name__ == "__main__":
    main()
