"""Derived code is remembered on disk: found again by an equal task only, and derived anew where anything is wrong."""

import subprocess
import sys

import numpy as np
import pytest

import srcgrad
from srcgrad.backend import cache, store
from srcgrad.config import Transform
from srcgrad.pipeline import build, derive
from srcgrad.transforms import Request

SCALE = 2.0


def scaled(x):
    return SCALE * np.sum(x * x)


def other(x):
    return SCALE * np.sum(x * x * x)


@pytest.fixture
def derived(tmp_path, monkeypatch):
    """The tasks that were derived, in a fresh directory."""
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", str(tmp_path / "cache"))
    tasks = []

    def noting(task):
        tasks.append(task)
        return derive(task)

    monkeypatch.setattr(store, "derive", noting)
    return tasks


def gradient_of(function, dtype=np.float64):
    return srcgrad.grad(function).lower(np.ones(3, dtype))


def test_derived_once(derived):
    first, second = gradient_of(scaled), gradient_of(scaled)
    assert len(derived) == 1
    assert (first.source, first.report()) == (second.source, second.report())
    assert second.primal.name == "scaled" and len(second.function.params) == 1  # read when asked for


def test_told_apart_by_function_constants_types_and_transform(derived, monkeypatch):
    gradient_of(scaled)
    gradient_of(other)
    gradient_of(scaled, np.float32)
    srcgrad.value_and_grad(scaled).lower(np.ones(3))
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 3.0)
    np.testing.assert_array_equal(srcgrad.grad(scaled)(np.ones(3)), 6.0)
    assert len(derived) == 5


def test_a_broken_file_is_derived_anew(derived):
    gradient_of(scaled)
    (file,) = cache.directory().glob("*.derived")
    file.write_bytes(file.read_bytes()[:-10])
    assert "def scaled" in gradient_of(scaled).source
    assert len(derived) == 2
    gradient_of(scaled)
    assert len(derived) == 2


def test_not_without_the_cache(derived):
    srcgrad.grad(scaled, cache=False).lower(np.ones(3))
    assert len(derived) == 1 and not list(cache.directory().glob("*.derived"))


def test_a_task_that_cannot_be_written_down_is_derived(derived, monkeypatch):
    monkeypatch.setattr(store.pickle, "dumps", lambda *_: (_ for _ in ()).throw(TypeError("cannot pickle")))
    assert "def scaled" in gradient_of(scaled).source


def test_a_compiler_that_changed_does_not_read_what_another_wrote(derived, monkeypatch):
    gradient_of(scaled)
    monkeypatch.setattr(cache, "compiler", lambda: "another")
    gradient_of(scaled)
    assert len(derived) == 2


PROGRAM = """
import numpy as np, srcgrad
from srcgrad.backend import store
from tests.backend.test_store import scaled
store.derive = None
print(srcgrad.grad(scaled)(np.ones(3)))
"""


def test_found_by_another_process(derived):
    srcgrad.grad(scaled)(np.ones(3))
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stdout == "[4. 4. 4.]\n", done.stderr


def test_the_kind_of_container_makes_no_difference_to_the_code():
    function = lambda pair: pair[0] * pair[1]
    codes = []
    for values in ((2.0, 3.0), [2.0, 3.0]):
        request = Request(function, (srcgrad.infer.signature.describe(values),), Transform.GRAD)
        codes.append(build(request).source)
    assert codes[0] == codes[1]
