"""What becomes of loops: kernels of which kind, and what the emulation of them gives."""

from __future__ import annotations

import numpy as np
import pytest

import srcgrad
from srcgrad.backend.device.emulation import Emulation
from srcgrad.backend.device.modules import emulation, host_function
from srcgrad.backend.device.tracing import Race, Tracing
from srcgrad.config import Options, Target
from srcgrad.device import turn
from srcgrad.ir.nodes import Kernel, Store
from srcgrad.ir.visit import walk
from tests.device import programs
from tests.device.programs import ARGUMENTS

CUDA = Options(target=Target.CUDA)


def lowered(program, arguments=None):
    arguments = ARGUMENTS[program] if arguments is None else arguments
    wrt = tuple(k for k, a in enumerate(arguments) if np.asarray(a).dtype.kind == "f")
    return srcgrad.value_and_grad(program, argnums=wrt, target="cuda").lower(*arguments).built, wrt


def check(program, arguments, built, wrt, device, rtol=1e-9):
    entry = host_function(built.entry, built.source, device)
    value, gradients = entry(*(a if isinstance(a, np.ndarray) else np.asarray(a)[()] for a in arguments))
    expected, slopes = srcgrad.value_and_grad(program, argnums=wrt)(*arguments)
    assert value == pytest.approx(expected, rel=rtol)
    gradients = gradients if len(wrt) > 1 else (gradients,)
    for found, wanted in zip(gradients, slopes, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("program", ARGUMENTS, ids=lambda p: p.__name__)
def test_emulation_and_no_races(program):
    built, wrt = lowered(program)
    rtol = 1e-4 if program is programs.narrow else 1e-9
    check(program, ARGUMENTS[program], built, wrt, emulation(), rtol)
    check(program, ARGUMENTS[program], built, wrt, Tracing(), rtol)


LINES = {
    "elementwise": ["strip, j: a thread for each iteration of these loops; sum by trees; atomic sums into w_bar"],
    "scatter": ["i: a thread for each iteration; atomic sums into out"],
    "recurrence": ["t: one thread (iterations meet in 'h')"],
    "paths": ["i: a thread for each iteration; sum by trees"],
    "with_own_memory": ["each with its own own"],
    "cube": ["i, j, k: a thread for each iteration of these loops"],
    "permuted": ["i: a thread for each iteration"], "spread": ["sum by trees; atomic sums into x_bar"],
    "halved": ["i: a thread for each iteration; sum by trees"], "feeding": ["i: a loop of the host"],
    "heat": ["a loop of the host (iterations meet in 'u')"],
    "dense": ["strip, j: a thread for each iteration of these loops; atomic sums into b_bar"],
}


@pytest.mark.parametrize("name", LINES)
def test_report(name):
    report = lowered(getattr(programs, name))[0].report
    for line in LINES[name]:
        assert line in report, report


def kernels_of(built):
    return [s for s in walk(built.function.body) if isinstance(s, Kernel)]


def atomics_of(built):
    return [s for h in built.function.helpers for s in walk(h.body) if isinstance(s, Store) and s.atomic]


def test_a_stencil_is_gathered_without_atomics():
    assert not atomics_of(lowered(programs.heat)[0])


def test_sums_over_pairs_are_turned_where_there_are_many(monkeypatch):
    """One thread for each element that is added to; where there are few elements, atomic additions."""
    built, wrt = lowered(programs.pairs)
    assert "if n >= 256:" in built.source and atomics_of(built)
    monkeypatch.setattr(turn, "LEAST", 2)
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", "")
    request = srcgrad.value_and_grad(programs.pairs, argnums=wrt, target="cuda", fastmath=True)
    turned = request.lower(*ARGUMENTS[programs.pairs]).built
    assert "if n >= 2:" in turned.source
    check(programs.pairs, ARGUMENTS[programs.pairs], turned, wrt, Tracing())


def test_a_missing_atomic_is_found():
    """The trace tells a race: the test of the tests."""
    built, _ = lowered(programs.scatter)
    text = built.source.replace("atomic.add(out, place[i], ", "plain(out, place[i], ")
    assert text != built.source
    text = text.replace("\ndef scatter", "\ndef plain(a, i, v):\n    a[i] += v\n\n\ndef scatter")
    with pytest.raises(Race, match="touch one element"):
        host_function(built.entry, text, Tracing())(*ARGUMENTS[programs.scatter])


def test_nothing_to_run():
    built, _ = lowered(programs.elementwise)
    for device in (emulation(), Emulation(compiled=False)):
        value, gradients = host_function(built.entry, built.source, device)(np.zeros((0, 7)), np.ones(7))
        assert value == 0.0 and gradients[0].shape == (0, 7) and not gradients[1].any()


def greatest_of(x):
    return np.max(x)


def over_the_sum(x):
    return (1.0 / np.sum(x)) * x[0]


def test_the_host_divides_as_compiled_code_does():
    for program, x in ((greatest_of, np.array([1.0, np.nan, 2.0])), (over_the_sum, np.array([1.0, -1.0]))):
        built, _ = lowered(program, (x,))
        expected = srcgrad.value_and_grad(program)(x)
        for device in (emulation(), Tracing()):
            with np.errstate(all="ignore"):
                value, gradient = host_function(built.entry, built.source, device)(x)
            np.testing.assert_equal(value, expected[0])
            np.testing.assert_array_equal(gradient, expected[1])
