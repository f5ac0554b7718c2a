"""What NumPy raises an exception for is refused, or raises one: it never gives a number."""

from __future__ import annotations

import numpy as np
import pytest

import srcgrad
from tests.library.mistakes import MISTAKES

A = np.random.default_rng(0).uniform(0.2, 1.5, (3, 4))
VALUES = {"a": A, "v": A[0].copy(), "t": np.ones((2, 3, 4)), "s": np.eye(3) + 0.1}


@pytest.mark.parametrize("line", MISTAKES.split("\n")[1:-1])
@pytest.mark.filterwarnings("ignore")
def test_it_raises(line, tmp_path, plain_python):
    path = tmp_path / "expression.py"
    source = f"import numpy as np\n\n\ndef f(a, v, t, s):\n    return {line}\n"
    path.write_text(source)
    scope: dict = {}
    exec(compile(source, str(path), "exec"), scope)
    arguments = tuple(VALUES.values())
    with pytest.raises(Exception):  # noqa: B017 - which one is NumPy's business
        scope["f"](*arguments)
    expected = (srcgrad.errors.SrcgradError, ValueError, IndexError, TypeError, np.linalg.LinAlgError)
    with pytest.raises(expected):
        srcgrad.differentiable(scope["f"])(*arguments)
