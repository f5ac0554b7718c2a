"""TensorFlow's first lesson: constants, placeholders and variables, and a graph that is built once and run many times.

Here the graph is a function. Its parameters are the placeholders, what it reads from around it are constants, and the
variables are values that go in and come out. `.lower(...)` builds for given types without running; a call runs.
"""

import numpy as np

from srcgrad import differentiable, value_and_grad

SLOPE, OFFSET = 0.3, -0.3


@differentiable
def add(a, b):
    return a + b


@differentiable
def line(x):
    return SLOPE * x + OFFSET  # constants: known when the function is compiled


@value_and_grad
def loss(variables, x, y):
    """The squared error of a line whose slope and offset are variables."""
    slope, offset = variables
    return np.sum((slope * x + offset - y) ** 2)


def main():
    print("c = a + b:", add(2.0, 3.0), add(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    print("what was built for two arrays:\n")
    print(add.lower(np.ones(2), np.ones(2)).source)
    x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, -1.0, -2.0, -3.0])
    print("the line at", x, "is", line(x))

    variables = (SLOPE, OFFSET)
    loss.lower(variables, x, y)  # built here, once
    for _ in range(1000):  # and run many times
        value, (slope, offset) = loss(variables, x, y)
        variables = (variables[0] - 0.01 * slope, variables[1] - 0.01 * offset)
    print(f"loss {value:.2e} at slope {variables[0]:.4f}, offset {variables[1]:.4f}")
    return value, variables


if __name__ == "__main__":
    main()
