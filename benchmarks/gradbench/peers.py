"""The commands of evals and tools, in a checkout of GradBench, and whether they can run here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.gradbench.problems import NAMES
from benchmarks.gradbench.relay import Command

TOOLS = ("srcgrad", "manual", "tapenade", "jax", "pytorch", "tensorflow")
_IN_PYTHON = {"jax": "jax", "pytorch": "torch", "tensorflow": "tensorflow"}
_ROOT = Path(__file__).resolve().parents[2]
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1",
}


@dataclass(frozen=True)
class Place:
    """A checkout, the Pythons to run its evals ("eval") and tools with, and where compiled gradients are kept."""

    checkout: Path
    cache: Path
    pythons: dict[str, str] = field(default_factory=dict)

    def python(self, name: str) -> str:
        return self.pythons.get(name) or self.pythons.get("") or sys.executable

    def environment(self, *folders: Path) -> dict[str, str]:
        """Of a child: one thread, our sources and theirs to import, and the C++ headers."""
        found = {**os.environ, **_ONE_THREAD, "SRCGRAD_CACHE_DIR": str(self.cache)}
        theirs = self.checkout / "python" / "gradbench"
        given = [found["PYTHONPATH"]] if found.get("PYTHONPATH") else []
        found["PYTHONPATH"] = os.pathsep.join([*map(str, folders), str(theirs), *given])
        if not (self.checkout / "cpp" / "json.hpp").exists():  # nlohmann's JSON, as Debian's package has it
            given = [found["CPLUS_INCLUDE_PATH"]] if found.get("CPLUS_INCLUDE_PATH") else []
            found["CPLUS_INCLUDE_PATH"] = os.pathsep.join([*given, "/usr/include/nlohmann"])
        return found

    def eval(self, name: str, flags: list[str]) -> Command:
        script = f"python/gradbench/gradbench/evals/{name}/run.py"
        return Command((self.python("eval"), script, *flags), self.checkout, self.environment())

    def tool(self, name: str) -> Command:
        if name == "srcgrad":
            words: tuple[str, ...] = (sys.executable, "-m", "benchmarks.gradbench")
            return Command(words, _ROOT, self.environment(_ROOT))
        script = f"python/gradbench/gradbench/tools/{name}/run.py"
        words = (self.python(name), script)
        if name == "manual":
            words = (self.python(name), "python/gradbench/gradbench/cpp.py", name)
        elif name == "jax":
            words = (self.python(name), "-m", "benchmarks.gradbench.blocked", str(self.checkout / script))
        return Command(words, self.checkout, self.environment(_ROOT))

    def missing(self, tool: str, name: str) -> str | None:
        """Why a tool can't be run on an eval here; None where it can."""
        if tool == "srcgrad":
            return None if name in NAMES else "there is no such problem"
        if not self.lists(tool, name):
            return "its evals.txt does not list the eval"
        if tool in _IN_PYTHON:
            return self._imports(tool)
        return None if shutil.which("make") and shutil.which("c++") else "there is no make and c++"

    def lists(self, tool: str, name: str) -> bool:
        """Is an eval among those that a tool says it has?"""
        file = self.checkout / "tools" / tool / "evals.txt"
        listed = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return name in [line.split()[0] for line in listed if line.strip()]

    def _imports(self, tool: str) -> str | None:
        needed = f"import {_IN_PYTHON[tool]}"
        done = subprocess.run([self.python(tool), "-c", needed], capture_output=True, env=self.environment())
        return f"{self.python(tool)} can't import {_IN_PYTHON[tool]}" if done.returncode else None

    def build_reference(self, name: str) -> str | None:
        """Compile `manual`, which evals compare results with. Returns why it can't be."""
        command = ["make", "-C", "tools/manual", f"bin/{name}"]
        try:
            done = subprocess.run(
                command, cwd=self.checkout, capture_output=True, text=True, env=self.environment(), timeout=600.0
            )
        except OSError as error:
            return str(error)
        errors = [line for line in done.stderr.splitlines() if "error" in line]
        return (errors or ["make failed"])[0] if done.returncode else None
