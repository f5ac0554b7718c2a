"""The lessons in TensorFlow, PyTorch and JAX, as their tutorials teach them: one file for each framework.

Each file has `run(lesson)`, as `benchmarks.frameworks.ours` has it, and `prepare()`, which keeps the framework to one
thread. A framework is imported when its file is."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

PEERS = {"torch": "PyTorch", "tensorflow": "TensorFlow", "jax": "JAX"}


def find(name: str) -> ModuleType | str:
    """The module of a peer, ready to run, or why there is none."""
    _import_triton()
    if find_spec(name) is None:
        return f"{PEERS[name]} is not installed: it is left out (python -m pip install -e '.[bench]')"
    try:
        module = import_module(f"benchmarks.frameworks.peers.with_{name}")
        module.prepare()
    except Exception as error:  # a peer that does not start here is no failure of ours
        return f"{PEERS[name]} cannot be used here: {type(error).__name__}: {error}"
    return module


def _import_triton() -> None:
    """PyTorch's CUDA build brings Triton, which ends the process when it is imported after TensorFlow: so it comes
    first."""
    if find_spec("triton") is not None:
        import_module("triton")
