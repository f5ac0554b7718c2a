"""The cache directory, content-addressed files, and modules that import like any other."""

import importlib
import inspect
import os
import stat
import sys
from pathlib import Path

import pytest

from srcgrad.backend import cache, cpu, loader
from srcgrad.config import Options

TEXT = '"""A module."""\n\n\ndef entry(x):\n    return x + 1.0\n'


def test_the_directory_is_private(cache_directory):
    assert cache.directory() == cache_directory
    assert stat.S_IMODE(cache_directory.stat().st_mode) == 0o700


def test_a_directory_that_others_could_read_is_closed(cache_directory):
    cache_directory.mkdir(mode=0o755)
    cache.directory()
    assert stat.S_IMODE(cache_directory.stat().st_mode) == 0o700


def test_a_directory_of_someone_else_is_not_used(cache_directory, monkeypatch):
    cache_directory.mkdir()
    owner = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: owner)
    found = cache.directory()
    assert found != cache_directory and found.is_dir()


def test_where_nothing_can_be_written_a_temporary_directory_serves(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", str(tmp_path / "file" / "below"))
    module = loader.load("entry", TEXT, {})
    assert module.entry(1.0) == 2.0
    assert not str(module.__file__).startswith(str(tmp_path))


def test_a_module_has_a_file_a_source_and_a_name(cache_directory):
    module = loader.load("entry", TEXT, {})
    assert os.path.dirname(module.__file__) == str(cache_directory)
    assert Path(module.__file__).read_text() == TEXT
    assert inspect.getsource(module.entry).startswith("def entry")
    assert sys.modules[module.__name__] is module
    assert module.entry.__module__.startswith("srcgrad_generated.entry_")
    assert [name for name in os.listdir(cache_directory) if name.endswith(".tmp")] == []


def test_a_module_can_be_imported_by_name_alone():
    name = loader.load("entry", TEXT, {}).__name__
    del sys.modules[name]
    assert importlib.import_module(name).entry(1.0) == 2.0


def test_a_module_that_does_not_exist_is_an_import_error():
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("srcgrad_generated.nothing_0000")


@pytest.mark.parametrize(
    "other",
    [
        lambda: loader.load("entry", TEXT + "\n", {}),
        lambda: loader.load("entry", TEXT, {"fastmath": True}),
        lambda: loader.load("entry", TEXT, {"fastmath": {"nsz"}}),
    ],
)
def test_text_and_options_make_the_name(other):
    first = loader.load("entry", TEXT, {})
    assert loader.load("entry", TEXT, {}) is first
    assert other().__name__ != first.__name__


def test_the_environment_is_part_of_the_name(monkeypatch):
    first = cache.module_name("entry", TEXT, {})
    monkeypatch.setattr(cache, "environment", lambda: "another version")
    assert cache.module_name("entry", TEXT, {}) != first


def test_a_damaged_file_is_written_again(cache_directory):
    name = cache.module_name("entry", TEXT, {})
    path = cache.write(name, TEXT)
    path.write_text("raise SystemExit")
    assert cache.write(name, TEXT).read_text() == TEXT


RECURSIVE = """
def even(n):
    if n == 0:
        return True
    return odd(n - 1)


def odd(n):
    if n == 0:
        return False
    return even(n - 1)


def entry(n):
    return even(n)
"""


def test_functions_of_a_module_call_each_other_compiled():
    module = cpu.compile_module("entry", RECURSIVE, Options())
    assert module.entry(10) is True and module.entry(7) is False
    assert module.even.signatures and module.odd.signatures


def test_numbas_cache_lies_beside_the_module(cache_directory):
    cpu.compile_module("entry", TEXT, Options()).entry(1.0)
    assert list(cache_directory.rglob("*.nbi"))


def test_without_cache_no_machine_code_is_kept(cache_directory):
    cpu.compile_module("entry", TEXT, Options(cache=False)).entry(1.0)
    assert list(cache_directory.rglob("*.nbi")) == []


def test_options_reach_numba():
    fast = cpu.jit_options(Options(fastmath=True))
    assert fast["fastmath"] == {"reassoc", "contract", "nsz", "arcp"}
    assert cpu.jit_options(Options())["fastmath"] is False
    assert cpu.jit_options(Options(nogil=True))["nogil"] is True


def test_boundscheck_raises():
    text = "def entry(x, i):\n    return x[i]\n"
    checked = cpu.compile_module("entry", text, Options(boundscheck=True))
    numpy = pytest.importorskip("numpy")
    with pytest.raises(IndexError):
        checked.entry(numpy.zeros(3), 5)


def test_division_follows_numpy():
    module = cpu.compile_module("entry", "def entry(x):\n    return 1.0 / x\n", Options())
    assert module.entry(0.0) == float("inf")
