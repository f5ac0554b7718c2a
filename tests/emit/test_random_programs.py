"""The emitter never miscompiles: random programs, emitted, against the interpreter."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emit.random_ir import SIZE, Generator
from tests.emit.running import check

ARGUMENTS = (1.5, 3, np.arange(1.0, SIZE + 1), np.linspace(-1.0, 2.0, SIZE))


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(5, 60))
def test_uncompiled_equals_interpreter(random: Random, size: int) -> None:
    check(Generator(random, size).function(), *ARGUMENTS, compile=False)


@pytest.mark.parametrize("seed", range(8))
def test_compiled_equals_interpreter(seed: int) -> None:
    check(Generator(Random(seed), 40).function(), *ARGUMENTS)
