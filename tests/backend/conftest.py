"""Every test of the back end has its own directory of generated modules, and imports them afresh."""

import sys

import pytest

from srcgrad.backend import loader


@pytest.fixture(autouse=True)
def cache_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", str(tmp_path / "generated"))
    monkeypatch.setattr(loader, "_files", {})
    for name in [name for name in sys.modules if name.startswith(f"{loader.PACKAGE}.")]:
        monkeypatch.delitem(sys.modules, name)
    yield tmp_path / "generated"
    for name in [name for name in sys.modules if name.startswith(f"{loader.PACKAGE}.")]:
        del sys.modules[name]
