"""`scipy.integrate.solve_ivp` takes `jacobian(rates, argnums=1)`: stiff chemistry (Robertson, 1966) by an implicit
method, with exact Jacobians instead of differences."""

import numpy as np
from scipy.integrate import solve_ivp

from srcgrad import jacobian


def rates(t, y):
    slow, fast, quick = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
    return np.array([fast - slow, slow - fast - quick, quick])


def main():
    given = {"method": "BDF", "rtol": 1e-8, "atol": 1e-12}
    found = solve_ivp(rates, (0.0, 4e4), [1.0, 0.0, 0.0], jac=jacobian(rates, argnums=1), **given)
    print(f"{found.t.size} steps, {found.nfev} evaluations, {found.njev} Jacobians; at t = 40000: {found.y[:, -1]}")
    return found


if __name__ == "__main__":
    main()
