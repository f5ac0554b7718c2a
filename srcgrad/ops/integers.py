"""Functions of integers: number theory and counting. Their derivatives are zero."""

from __future__ import annotations

import math

import numpy as np

from srcgrad.ops.registry import Operands, Result, op

op("gcd", "x y", evaluate=np.gcd, source="np.gcd({0}, {1})", result=Result.SAME, operands=Operands.INT,
   aliases=(math.gcd, np.gcd), cost=40, commutative=True, domain=((-60, 60), (-60, 60)))  # fmt: skip
op("lcm", "x y", evaluate=np.lcm, source="np.lcm({0}, {1})", result=Result.SAME, operands=Operands.INT,
   aliases=(math.lcm, np.lcm), cost=40, commutative=True, domain=((-60, 60), (-60, 60)))  # fmt: skip
op("factorial", "n", evaluate=lambda n: np.int64(math.factorial(int(n))), source="special.factorial({0})",
   result=Result.INT, operands=Operands.INT, aliases=(math.factorial,), cost=20, domain=((0, 20),))  # fmt: skip
op("comb", "n k", evaluate=lambda n, k: np.int64(math.comb(int(n), int(k))), source="special.comb({0}, {1})",
   result=Result.INT, operands=Operands.INT, aliases=(math.comb,), cost=40, domain=((0, 40), (0, 40)))  # fmt: skip
op("isqrt", "n", evaluate=lambda n: np.int64(math.isqrt(int(n))), source="special.isqrt({0})",
   result=Result.INT, operands=Operands.INT, aliases=(math.isqrt,), cost=20, domain=((0, 10**9),))  # fmt: skip
