"""`scipy.optimize.root` takes `jacobian(equations)`: a string of springs between two walls, in equilibrium."""

import numpy as np
from scipy.optimize import root

from srcgrad import jacobian


def forces(x, load):
    """On each of the masses: two springs that stiffen when they are stretched, and its own load."""
    out = np.empty_like(x)
    for k in range(x.shape[0]):
        left = x[k] - (x[k - 1] if k > 0 else 0.0)
        right = (x[k + 1] if k + 1 < x.shape[0] else 0.0) - x[k]
        out[k] = right + right**3 - left - left**3 + load[k]
    return out


def main():
    load = np.sin(np.arange(1.0, 13.0))
    found = root(forces, np.zeros(12), args=(load,), jac=jacobian(forces))
    largest = np.abs(forces(found.x, load)).max()
    print(f"{found.nfev} evaluations, {found.njev} Jacobian(s): largest force left {largest:.1e}")
    return found.success, largest


if __name__ == "__main__":
    main()
