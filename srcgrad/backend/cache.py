"""Where generated modules live on disk: one private directory, files named after the hash of what made them.

In: the text of a module and everything else that decides its machine code. Out: the path of a file that holds
exactly that text. Invariant: the directory belongs to this user and nobody else can write to it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import stat
import sys
import tempfile
from pathlib import Path

import numba
import numpy as np

PACKAGE = Path(__file__).resolve().parent.parent
_VARIABLE = "SRCGRAD_CACHE_DIR"
# What generated code links with, and how it is compiled.
_CODE_GENERATION = ("runtime", "backend/cpu.py", "backend/numba_passes.py")


def directory() -> Path:
    """The directory of generated modules: `SRCGRAD_CACHE_DIR`, else the user's cache directory, else (where that
    cannot be used safely) a temporary directory that lives as long as the process."""
    return _directory(os.environ.get(_VARIABLE) or str(_user_cache() / "srcgrad"))


@functools.lru_cache(maxsize=16)
def _directory(wanted: str) -> Path:
    path = Path(wanted).expanduser()
    return path.resolve() if make_private(path) else Path(_temporary().name)


@functools.lru_cache(maxsize=1)
def _temporary() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="srcgrad-", ignore_cleanup_errors=True)


def _user_cache() -> Path:
    match sys.platform:
        case "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        case "darwin":
            return Path.home() / "Library" / "Caches"
        case _:
            return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def make_private(path: Path) -> bool:
    """Create the directory if need be, for this user only. False where it cannot be written, or is not ours."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid"):
            status = path.stat()
            if status.st_uid != os.getuid():
                return False
            if stat.S_IMODE(status.st_mode) & 0o077:
                path.chmod(0o700)
        with tempfile.TemporaryFile(dir=path):
            return True
    except OSError:
        return False


@functools.lru_cache(maxsize=1)
def environment() -> str:
    """What besides text and options decides the machine code: versions, and the sources generated code links with."""
    digest = hashlib.sha256()
    for version in (numba.__version__, np.__version__, platform.python_version(), sys.implementation.name):
        digest.update(version.encode() + b"\0")
    for part in _CODE_GENERATION:
        root = PACKAGE / part
        for file in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


@functools.lru_cache(maxsize=1)
def compiler() -> str:
    """What identifies this compiler: its files, by size and time of change, and the versions it runs with."""
    digest = hashlib.sha256(repr((numba.__version__, np.__version__, sys.version)).encode())
    for file in sorted(PACKAGE.rglob("*.py")):
        status = file.stat()
        digest.update(repr((file.relative_to(PACKAGE).as_posix(), status.st_size, status.st_mtime_ns)).encode())
    return digest.hexdigest()


def module_name(name: str, text: str, options: dict[str, object]) -> str:
    """A name for the module that no other text, options or environment shares."""
    described = repr(sorted((key, sorted(v) if isinstance(v, set) else v) for key, v in options.items()))
    digest = hashlib.sha256("\0".join((text, described, environment())).encode()).hexdigest()
    return f"{re.sub(r'[^0-9A-Za-z_]', '_', name)[:60]}_{digest[:24]}"


def write(name: str, text: str) -> Path:
    """The file `name`.py with exactly this text, written at once or not at all."""
    path = directory() / f"{name}.py"
    content = text.encode()
    try:
        if path.read_bytes() == content:
            return path
    except OSError:
        pass
    return write_bytes(path.name, content)


def write_bytes(name: str, content: bytes) -> Path:
    """The file with this content, written at once or not at all."""
    path = directory() / name
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
