"""Kernels and inputs of an NPBench checkout.

In: the path of a checkout and the name of a kernel (a file in its `bench_info`). Out: a `Kernel`: the function of one
of its implementations, and the arguments that NPBench's own initialisation makes. Nothing of NPBench is copied here.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Kernel:
    """A kernel's description. `function(implementation)` loads the code; `arguments` are by name, in order."""

    name: str
    folder: Path
    module: str
    entry: str
    arguments: dict[str, Any]
    outputs: tuple[str, ...]

    def function(self, implementation: str) -> Callable[..., Any]:
        """The function of `MODULE_implementation.py`. Raises `FileNotFoundError` where there is no such file."""
        path = self.folder / f"{self.module}_{implementation}.py"
        return getattr(_load(path, self.folder), self.entry)

    def has(self, implementation: str) -> bool:
        return (self.folder / f"{self.module}_{implementation}.py").exists()

    def rounding(self) -> float:
        """The machine epsilon of the narrowest floats among the arguments."""
        kinds = [value.dtype for value in self.arguments.values() if isinstance(value, np.ndarray)]
        return max((float(np.finfo(kind).eps) for kind in kinds if kind.kind == "f"), default=np.finfo(float).eps)

    def in_double(self) -> Kernel:
        """The same kernel on float64 inputs, for finite differences."""
        return replace(self, arguments={name: _doubled(value) for name, value in self.arguments.items()})


def names(checkout: Path) -> list[str]:
    """All kernels of the checkout. Raises `FileNotFoundError` where it is none."""
    found = sorted(path.stem for path in (checkout / "bench_info").glob("*.json"))
    if not found:
        raise FileNotFoundError(f"{checkout} is no NPBench checkout: it has no bench_info/*.json")
    return found


def read(checkout: Path, name: str, preset: str) -> Kernel:
    """The kernel `name` with NPBench's inputs of the size `preset` (S, M, L or paper)."""
    info = json.loads((checkout / "bench_info" / f"{name}.json").read_text(encoding="utf-8"))["benchmark"]
    folder = checkout / "npbench" / "benchmarks" / info["relative_path"]
    values: dict[str, Any] = dict(info["parameters"][preset])
    init = info.get("init")
    if init:
        start = getattr(_load(folder / f"{info['module_name']}.py", folder), init["func_name"])
        made = start(*(values[key] for key in init["input_args"]))
        outputs = init["output_args"]
        values.update(zip(outputs, made if len(outputs) > 1 else (made,), strict=True))
    arguments = {key: _plain(values[key]) for key in info["input_args"]}
    return Kernel(name, folder, info["module_name"], info["func_name"], arguments, tuple(info["output_args"]))


def is_real(value: Any) -> bool:
    """Whether a value is a real floating number or an array of such (NumPy's, JAX's)."""
    return isinstance(value, float) or (hasattr(value, "dtype") and np.dtype(value.dtype).kind == "f")


def _plain(value: Any) -> Any:
    """Python's own numbers for NumPy's scalars; sparse vectors and the like as they are."""
    return value.item() if isinstance(value, np.generic) else value


def _doubled(value: Any) -> Any:
    narrow = isinstance(value, np.ndarray) and value.dtype == np.float32
    return value.astype(np.float64) if narrow else value


def _load(path: Path, folder: Path) -> Any:
    """A module from its file, in the folder it expects its neighbours in."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
