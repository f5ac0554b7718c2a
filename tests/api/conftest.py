"""The tests of the public functions share one directory of generated modules."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def cache_directory(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("SRCGRAD_CACHE_DIR", str(tmp_path_factory.mktemp("generated")))
    yield
    patch.undo()
