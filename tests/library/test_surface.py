"""NumPy's surface, expression by expression: value, dtype and shape are NumPy's, and the derivatives agree.

Generated code runs as plain Python here: what is tested is what becomes of an expression, not Numba.
"""

from __future__ import annotations

import copy
import math
import re

import numpy as np
import pytest

import srcgrad
from srcgrad.testing import check_grads
from tests.library.surface import SURFACE

RNG = np.random.default_rng(3)
VALUES = {
    "a": RNG.uniform(0.2, 1.5, (3, 4)), "b": RNG.uniform(0.2, 1.5, (3, 4)),
    "v": RNG.uniform(0.2, 0.9, 5), "w": RNG.uniform(0.2, 1.5, 5), "t": RNG.uniform(0.2, 1.5, (2, 3, 4)),
    "s": RNG.uniform(-1, 1, (3, 3)) + 3 * np.eye(3), "n": RNG.uniform(-1.5, 1.5, (3, 4)), "x": 0.7, "y": 1.3, "k": 2,
    "i": np.array([2, 0, 2, 1]), "m": np.array([True, False, True, True, False]), "j": np.arange(12).reshape(3, 4),
    "z": RNG.standard_normal(4) + 1j * RNG.standard_normal(4), "f": RNG.uniform(0.2, 1.5, (3, 4)).astype(np.float32),
    "C": RNG.standard_normal((3, 4)) + 1j * RNG.standard_normal((3, 4)),
    "D": RNG.standard_normal((3, 3)) + 1j * RNG.standard_normal((3, 3)) + 2 * np.eye(3),
}  # fmt: skip
LINES = [line for line in SURFACE.splitlines() if line and not line.startswith("#")]


def function_of(line: str, path) -> tuple:
    """The function that computes the expression (or runs the statements), and its arguments."""
    names = [name for name in VALUES if re.search(rf"(?<![\w.'\"]){name}(?![\w(='\"])", line)]
    body = "\n".join("    " + part.strip() for part in line.split(";")) if ";" in line else f"    return {line}"
    source = f"import math\nimport numpy as np\n\n\ndef f({', '.join(names)}):\n{body}\n"
    path.write_text(source)
    scope = {"np": np, "math": math}
    exec(compile(source, str(path), "exec"), scope)
    return scope["f"], tuple(copy.deepcopy(VALUES[name]) for name in names)


def leaves(value):
    """The arrays and numbers of a result."""
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in leaves(item)]
    return [np.asarray(value)]


@pytest.mark.parametrize("line", LINES)
def test_value_and_derivatives(line, tmp_path, plain_python):
    function, arguments = function_of(line, tmp_path / "expression.py")
    with np.errstate(all="ignore"):
        expected = leaves(function(*copy.deepcopy(arguments)))
        found = leaves(srcgrad.differentiable(function)(*copy.deepcopy(arguments)))
        assert len(found) == len(expected)
        for mine, numpys in zip(found, expected, strict=True):
            assert (mine.shape, mine.dtype) == (numpys.shape, numpys.dtype)
            loose = numpys.dtype in (np.float32, np.complex64)
            np.testing.assert_allclose(mine, numpys, rtol=1e-5 if loose else 1e-9, atol=1e-7 if loose else 1e-12)
        single = any(each.dtype == np.float32 for each in [*expected, *map(np.asarray, arguments)])
        if any(each.dtype.kind in "fc" for each in expected):
            check_grads(function, arguments, **({"rtol": 1e-2} if single else {}))
