"""On a GPU: the same programs as in the emulation, other libraries' arrays, and the corpus. `pytest -m gpu`."""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

import srcgrad
import srcgrad.cuda
from srcgrad.backend.device import modules
from srcgrad.backend.device.modules import gpu
from srcgrad.config import Options, Target, Transform
from tests.device import barrier_programs, programs
from tests.device.barrier_programs import CASES as WAITING
from tests.device.programs import ARGUMENTS
from tests.device.test_kernels import lowered
from tests.device.test_user_kernels import CASES as USERS
from tests.harness.case import cases
from tests.harness.paths import built, check_close, check_leaves, interpreted, on_device, reverse, weights
from tests.harness.registry import all_programs


def missing() -> str:
    """Why no test here can run; empty where they can."""
    try:
        gpu(False)
    except srcgrad.ArgumentError as error:
        return str(error).splitlines()[0]
    return ""


REASON = missing()
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(bool(REASON), reason=REASON or "there is a GPU")]
EACH = 12  # of the corpus, one program in so many


@pytest.mark.parametrize("program", ARGUMENTS, ids=lambda p: p.__name__)
def test_gpu_equals_cpu(program):
    _, wrt = lowered(program)
    arguments = ARGUMENTS[program]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value, found = srcgrad.value_and_grad(program, argnums=wrt, target="cuda")(*arguments)
    expected, slopes = srcgrad.value_and_grad(program, argnums=wrt)(*arguments)
    rtol = 1e-4 if program is programs.narrow else 1e-9
    assert value == pytest.approx(expected, rel=rtol)
    for a, b in zip(found, slopes, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("program", list(all_programs())[::EACH], ids=lambda p: p.name)
def test_the_corpus(program):
    options = Options(target=Target.CUDA)
    for case in cases(program)[:1]:
        rtol, atol = case.tolerances(1e-9, 2e-4)
        made, serial = built(case, Transform.VJP, options), built(case, Transform.VJP)
        _, expected = reverse(case, interpreted(serial), serial, weights(case))
        device = gpu(False)
        runner = on_device(made, device)

        def moved(*leaves, runner=runner, device=device):
            given = [device.upload(a) if isinstance(a, np.ndarray) else a for a in leaves]
            return [device.download(a) if hasattr(a, "copy_to_host") else a for a in runner(*given)]

        results, found = reverse(case, moved, made, weights(case))
        check_leaves("on the GPU", results, case, rtol)
        check_close("derivative on the GPU", found, expected, rtol, atol)


@pytest.mark.parametrize("library", ["cupy", "torch"])
def test_arrays_of_other_libraries(library):
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    module = import_module(library)
    host = np.random.default_rng(0).random((50, 70))
    x = module.asarray(host) if library == "cupy" else module.as_tensor(host, device="cuda")
    for part, own in ((x, host), (x[1:, ::2], host[1:, ::2]), (x.T, host.T)):
        found = srcgrad.grad(square_sum, target="cuda")(part)
        assert type(found) is type(x)
        back = found.get() if library == "cupy" else found.cpu().numpy()
        np.testing.assert_allclose(back, 3.0 * own**2)


def square_sum(x):
    return np.sum(x**3)


def test_a_tensor_that_requires_a_gradient_is_refused():
    torch = pytest.importorskip("torch")
    x = torch.ones(3, device="cuda", dtype=torch.float64, requires_grad=True)
    with pytest.raises(srcgrad.ArgumentError, match=r"detach"):
        srcgrad.grad(square_sum, target="cuda")(x)


def test_numpy_arrays_are_moved_with_one_warning(monkeypatch):
    monkeypatch.setattr(modules, "_warned", False)
    gradient = srcgrad.grad(square_sum, target="cuda")
    with pytest.warns(UserWarning, match="copied to the GPU for each call"):
        found = gradient(np.ones((3, 4)))
    assert type(found) is np.ndarray and np.all(found == 3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradient(np.ones((3, 4)))


def test_arrays_stay_on_the_device():
    x = srcgrad.to_device(np.random.default_rng(0).random((300, 200)))
    first = srcgrad.grad(square_sum, target="cuda")(x)
    second = srcgrad.grad(square_sum, target="cuda")(first[10:20])
    np.testing.assert_allclose(np.asarray(second), 3.0 * np.asarray(first)[10:20] ** 2)
    out, pullback = srcgrad.vjp(programs_sin, x, target="cuda")
    np.testing.assert_allclose(np.asarray(out), np.sin(np.asarray(x)))
    (back,) = pullback(out)
    np.testing.assert_allclose(np.asarray(back), np.sin(np.asarray(x)) * np.cos(np.asarray(x)))


def programs_sin(x):
    return np.sin(x)


def test_large_arrays():
    """More than one block in each direction, and more threads than slots."""
    rng = np.random.default_rng(0)
    arguments = {
        programs.elementwise: (rng.random((3001, 517)), rng.random(517)),
        programs.paths: (1.0, 0.3, rng.normal(size=(200_001, 5))),
        programs.with_own_memory: (rng.random((200_001, 3)),),
        programs.scatter: (rng.random(100_001), rng.integers(0, 4, 100_001)),
        programs.pairs: (rng.normal(size=5001), rng.random(5001)),
        programs.cube: (rng.random((70, 33, 129)),),
    }
    for program, given in arguments.items():
        built_, wrt = lowered(program, given)
        value, found = srcgrad.value_and_grad(program, argnums=wrt, target="cuda")(*given)
        expected, slopes = srcgrad.value_and_grad(program, argnums=wrt)(*given)
        assert value == pytest.approx(expected, rel=1e-9), program
        for a, b in zip(found, slopes, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8, err_msg=built_.entry)


@pytest.mark.parametrize("function", WAITING, ids=lambda f: f.__name__)
def test_kernels_that_wait(function, monkeypatch):
    """The launch against numba's own, with its barriers; the adjoint against the emulation."""
    launch, arguments, written, wrt = WAITING[function]
    cuda = gpu(False).cuda
    if function is barrier_programs.by_a_function:
        monkeypatch.setattr(barrier_programs, "fetch", cuda.jit(device=True)(barrier_programs.fetch))
    theirs = [cuda.to_device(a) if isinstance(a, np.ndarray) else a for a in arguments]
    cuda.jit(function)[launch](*theirs)
    monkeypatch.undo()
    given = [srcgrad.to_device(a) if isinstance(a, np.ndarray) else a for a in arguments]
    launched = srcgrad.cuda.kernel(function)[launch]
    rtol = 1e-5 if function is barrier_programs.in_branches else 1e-11
    out, pullback = launched.vjp(*given)
    np.testing.assert_allclose(np.asarray(out), theirs[written].copy_to_host(), rtol=rtol)
    cotangent = np.random.default_rng(1).uniform(0.5, 1.5, out.shape)
    found = pullback(srcgrad.to_device(cotangent))
    monkeypatch.setenv(modules.EMULATE, "1")
    expected = srcgrad.cuda.kernel(function)[launch].vjp(*arguments)[1](cotangent)
    for position in wrt:
        np.testing.assert_allclose(np.asarray(found[position]), expected[position], rtol=rtol, atol=rtol)


@pytest.mark.parametrize("name", USERS)
def test_kernels_of_the_user(name):
    launch, arguments, wrt, written = USERS[name]
    given = [srcgrad.to_device(a) if isinstance(a, np.ndarray) else a for a in arguments]
    before = np.asarray(given[written])
    out, pullback = launch.vjp(*given)
    np.testing.assert_array_equal(np.asarray(given[written]), before)
    cotangent = np.random.default_rng(1).uniform(0.5, 1.5, out.shape)
    gradients = pullback(srcgrad.to_device(cotangent))
    launch(*given)
    np.testing.assert_allclose(np.asarray(given[written]), np.asarray(out))
    for position in wrt:
        direction = np.random.default_rng(2).uniform(0.5, 1.5, np.shape(arguments[position]))
        ends = []
        for sign in (1.0, -1.0):
            moved = list(arguments)
            moved[position] = moved[position] + sign * 1e-6 * direction
            moved = [srcgrad.to_device(a) if isinstance(a, np.ndarray) else a for a in moved]
            launch(*moved)
            ends.append(np.sum(np.asarray(moved[written]) * cotangent))
        slope = (ends[0] - ends[1]) / 2e-6
        assert np.sum(np.asarray(gradients[position]) * direction) == pytest.approx(slope, rel=1e-5)
