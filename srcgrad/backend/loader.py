"""Generated text becomes an ordinary importable module `srcgrad_generated.<name>_<hash>`.

In: the text of a module. Out: the module object. The modules are found through `sys.meta_path`, so tracebacks, pdb,
pickle and Numba's on-disk cache treat them like any other source file.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

from srcgrad.backend import cache

PACKAGE = "srcgrad_generated"


class GeneratedFinder:
    """Finds the package of generated modules, and its members in the cache directory."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == PACKAGE:
            package = ModuleSpec(fullname, None, is_package=True)
            package.submodule_search_locations = []  # the members come from this finder only
            return package
        package_name, _, name = fullname.rpartition(".")
        if package_name != PACKAGE:
            return None
        file = _files.get(name) or cache.directory() / f"{name}.py"
        return spec_from_file_location(fullname, file) if file.is_file() else None


_files: dict[str, Path] = {}


def install() -> None:
    """Make generated modules importable (once)."""
    if not any(finder is GeneratedFinder for finder in sys.meta_path):
        sys.meta_path.append(GeneratedFinder)


def load(name: str, text: str, options: dict[str, object]) -> ModuleType:
    """The module with this text; the same object whenever text and options are the same."""
    unique = cache.module_name(name, text, options)
    fullname = f"{PACKAGE}.{unique}"
    module = sys.modules.get(fullname)
    if module is None:
        _files[unique] = cache.write(unique, text)
        install()
        module = importlib.import_module(fullname)
    return module


install()
