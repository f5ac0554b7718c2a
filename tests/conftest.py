"""Options of the test run, Hypothesis profiles, and one private directory of generated modules per session."""

import importlib
import os
import pkgutil

import numba
import pytest
from hypothesis import HealthCheck, settings

import srcgrad.runtime

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example]
settings.register_profile("default", deadline=None, suppress_health_check=_QUIET, derandomize=True)
settings.register_profile("long", deadline=None, suppress_health_check=_QUIET, max_examples=5000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="thousands of random programs instead of hundreds")
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected texts with what came out")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("long" if config.getoption("--long") else "default")


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Machine code made by the tests goes to a directory of this run, unless `SRCGRAD_CACHE_DIR` names one."""
    os.environ.setdefault("SRCGRAD_CACHE_DIR", str(tmp_path_factory.mktemp("generated")))


@pytest.fixture
def plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Generated code runs uncompiled, as with NUMBA_DISABLE_JIT=1; what it imports stays compiled for later tests."""
    for module in pkgutil.iter_modules(srcgrad.runtime.__path__, "srcgrad.runtime."):
        importlib.import_module(module.name)
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
