"""The text of a kernel as loops over its threads.

In: a function as `numba.cuda.jit` takes it, and how many axes it is launched with. Out: a function of blocks, threads
and the kernel's arguments, in a file of its own: `prange` loops in which the indices of CUDA are those of the loops,
atomic additions are `+=`, and memory that a block shares is a part of an array of all blocks. Where threads wait for
one another there are loops over blocks, and in them loops over threads; else one loop along each axis. What is said
about a thread points at the kernel as the user wrote it.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from srcgrad.backend import cache
from srcgrad.errors import Diagnostic, Unsupported
from srcgrad.frontend.source import Source, declare, source_of

_AXES = ("x", "y", "z")
_REFUSED = {
    "syncwarp": "a barrier of a warp", "shfl_sync": "a shuffle", "shfl_down_sync": "a shuffle",
    "shfl_up_sync": "a shuffle", "shfl_xor_sync": "a shuffle", "threadfence": "a fence",
    "laneid": "the place in a warp", "const": "constant memory",
}  # fmt: skip
_ADVICE = "write what each thread computes by itself, or the whole as NumPy code, which becomes kernels"
_INDENT = "    "


def as_loops(function: FunctionType, rank: int) -> Callable[..., None]:
    """`launched(blocks..., threads..., shared_bytes, arguments...)`."""
    source = source_of(function)
    node = copy.deepcopy(source.node)
    assert isinstance(node, ast.FunctionDef)
    names, name = [a.arg for a in node.args.args], node.name
    waits = _mentions(function, {"syncthreads", "shared"}, set())
    loops = (_Waiting if waits else _Loops)(_AXES[:rank])
    translated = _Thread(function, loops, source)
    thread = ast.fix_missing_locations(translated.visit(node))
    shape = [*(f"{what}_{a}" for what in ("blocks", "threads") for a in loops.axes), "shared_bytes"]
    own = [*loops.indices, *shape, *(s.name for s in translated.shared), *names]
    thread.name, thread.decorator_list = f"{name}_thread", []
    before = [ast.copy_location(ast.arg(n), node) for n in own[: len(own) - len(names)]]
    thread.args.args = [*before, *thread.args.args]
    lines = ["import numpy as np", "from numba import prange", "", "", ast.unparse(thread)]
    lines += ["", "", f"def {name}({', '.join([*shape, *names])}):"]
    lines += [f"{_INDENT}{s.name} = {s.made(loops.axes)}" for s in translated.shared]
    indent = _INDENT
    for index, extent in loops.nest():
        lines.append(f"{indent}for {index} in prange({extent}):")
        indent += _INDENT
    lines.append(f"{indent}{name}_thread({', '.join(own)})")
    own_names = _written_down(function, name, "\n".join(lines) + "\n")
    declare(own_names[thread.name], Source(thread, source.file, name))
    return own_names[name]


# -- loops ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Loops:
    """One loop along each axis, over all threads."""

    axes: tuple[str, ...]

    def nest(self) -> list[tuple[str, str]]:
        """The loops from the outside in: index and extent."""
        return [(f"at_{a}", f"blocks_{a} * threads_{a}") for a in reversed(self.axes)]

    @property
    def indices(self) -> list[str]:
        return [index for index, _ in self.nest()]

    def grid(self, axis: str) -> str:
        return f"at_{axis}"

    def thread(self, axis: str) -> str:
        return f"(at_{axis} % threads_{axis})"

    def block(self, axis: str) -> str:
        return f"(at_{axis} // threads_{axis})"


@dataclass(frozen=True)
class _Waiting(_Loops):
    """Loops over blocks, and in them loops over the threads of a block."""

    def nest(self) -> list[tuple[str, str]]:
        axes = [*reversed(self.axes)]
        return [(f"block_{a}", f"blocks_{a}") for a in axes] + [(f"thread_{a}", f"threads_{a}") for a in axes]

    def grid(self, axis: str) -> str:
        return f"(block_{axis} * threads_{axis} + thread_{axis})"

    def thread(self, axis: str) -> str:
        return f"thread_{axis}"

    def block(self, axis: str) -> str:
        return f"block_{axis}"


@dataclass(frozen=True)
class _Shared:
    """Memory that a block shares."""

    name: str
    shape: str
    dtype: str

    def made(self, axes: tuple[str, ...]) -> str:
        """The text of the array of all blocks."""
        blocks = ", ".join(f"blocks_{a}" for a in reversed(axes))
        return f"np.zeros(({blocks}, {self.shape}), {self.dtype})"


# -- a thread ---------------------------------------------------------------------------------------------------------


@dataclass
class _Thread(ast.NodeTransformer):
    """What one thread does, with the indices of loops in the place of CUDA's."""

    function: FunctionType
    loops: _Loops
    source: Source
    shared: list[_Shared] = field(default_factory=list)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        path, call = self._path(node.value), node.value
        if path and isinstance(call, ast.Call) and path[0] == "atomic":
            if path[1:] not in (["add"], ["sub"]) or len(call.args) != 3:
                raise self._refused(node, f"cuda.{'.'.join(path)}", "only atomic sums have a derivative")
            array, index, value = map(self.visit, call.args)
            target = ast.Subscript(array, index, ast.Store())
            return ast.copy_location(ast.AugAssign(target, ast.Add() if path[1] == "add" else ast.Sub(), value), node)
        return node if path == ["syncthreads"] else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        path = self._path(node)
        if not path:
            return self.generic_visit(node)
        match path:
            case ["grid"]:
                return self._of_each_axis(node, self.loops.grid)
            case ["gridsize"]:
                return self._of_each_axis(node, lambda a: f"blocks_{a} * threads_{a}")
            case ["local", "array"]:
                return self._parsed("np.empty(0, 0)", node, [self.visit(a) for a in node.args])
            case ["shared", "array"]:
                return self._shared(node)
        used = "only sums whose result nobody uses have a derivative" if path[0] == "atomic" else ""
        raise self._refused(node, f"cuda.{'.'.join(path)}", used)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        path = self._path(node)
        if not path:
            return self.generic_visit(node)
        texts: dict[str, Callable[[str], str]] = {
            "threadIdx": self.loops.thread, "blockIdx": self.loops.block, "blockDim": lambda a: f"threads_{a}",
            "gridDim": lambda a: f"blocks_{a}",
        }  # fmt: skip
        if len(path) == 2 and path[0] in texts and path[1] in _AXES:
            if path[1] not in self.loops.axes:
                return self._parsed("1" if path[0] in ("blockDim", "gridDim") else "0", node)
            return self._parsed(texts[path[0]](path[1]), node)
        raise self._refused(node, f"cuda.{'.'.join(path)}", "")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        found = _names(self.function).get(node.id)
        dtype = getattr(np, str(found), None) if type(found).__module__.startswith("numba") else None
        return self._parsed(f"np.{found}", node) if isinstance(dtype, type) else node

    def _shared(self, node: ast.Call) -> ast.AST:
        """The part of this block: the shape is constant, so that the array can be made outside of the loops."""
        given = dict(zip(("shape", "dtype"), map(self.visit, node.args)))
        given.update({k.arg: self.visit(k.value) for k in node.keywords if k.arg in ("shape", "dtype")})
        if len(given) < 2:
            raise self._refused(node, "cuda.shared.array", "it has a shape and a dtype")
        shape, dtype = given["shape"], ast.unparse(given["dtype"])
        local = {n.id for n in ast.walk(shape) if isinstance(n, ast.Name)} & set(self.function.__code__.co_varnames)
        if local:
            why = f"its shape is constant in CUDA, and {min(local)!r} is a variable"
            raise self._refused(node, "cuda.shared.array", why, "write the number, or a name of the module's")
        parts = shape.elts if isinstance(shape, ast.Tuple) else [shape]
        text = ", ".join(map(ast.unparse, parts))
        if text == "0":  # as much as the launch says
            kind = eval(dtype, {**_names(self.function), "np": np})
            text = f"shared_bytes // {np.dtype(kind).itemsize}"
        made = _Shared(f"shared_{len(self.shared) + 1}", text, dtype)
        self.shared.append(made)
        own = ", ".join(self.loops.block(a) for a in reversed(self.loops.axes))
        return self._parsed(f"{made.name}[{own}]", node)

    def _of_each_axis(self, node: ast.Call, text: Callable[[str], str]) -> ast.AST:
        given = node.args[0]
        if not isinstance(given, ast.Constant) or given.value not in (1, 2, 3) or isinstance(given.value, complex):
            raise self._refused(node, "cuda.grid", "its argument is the literal 1, 2 or 3")
        parts = [text(a) if a in self.loops.axes else "0" for a in _AXES[: int(given.value)]]
        return self._parsed(f"({', '.join(parts)})", node)

    def _parsed(self, text: str, at: ast.AST, arguments: list[ast.AST] | None = None) -> ast.AST:
        made = ast.parse(text, mode="eval").body
        if arguments is not None:
            assert isinstance(made, ast.Call)
            made.args = arguments  # type: ignore[assignment]
        return ast.copy_location(made, at)

    def _path(self, node: ast.AST) -> list[str]:
        """`cuda.atomic.add` is ["atomic", "add"], where `cuda` is that module; else empty."""
        path: list[str] = []
        current = node.func if isinstance(node, ast.Call) else node
        while isinstance(current, ast.Attribute):
            path.insert(0, current.attr)
            current = current.value
        if not path or not isinstance(current, ast.Name):
            return []
        module = getattr(_names(self.function).get(current.id), "__name__", "")
        return path if module == "numba.cuda" else []

    def _refused(self, node: Any, what: str, why: str, advice: str = "") -> Unsupported:
        part = what.split(".")[1]
        if part in _REFUSED:
            why = f"{_REFUSED[part]}: threads of a warp that talk to one another are not differentiated"
            advice = "share memory of the block between cuda.syncthreads()"
        advice = advice or _ADVICE
        title = f"{what} is not supported in a kernel"
        return Unsupported(Diagnostic(title, self.source.span(node), why=why, advice=advice))


# -- names and files --------------------------------------------------------------------------------------------------


def _names(function: FunctionType) -> dict[str, Any]:
    """What the names outside of a function stand for."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or ())
    return {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}


def _mentions(function: FunctionType, words: set[str], seen: set[Any]) -> bool:
    """Does a function, or one that it calls by name, mention one of the words?"""
    if function in seen:
        return False
    seen.add(function)
    code = function.__code__
    if words & set(code.co_names):
        return True
    names = _names(function)
    called = (names.get(name) for name in (*code.co_names, *code.co_freevars))
    called = (getattr(c, "py_func", c) for c in called)
    return any(_mentions(c, words, seen) for c in called if isinstance(c, FunctionType))


def _written_down(function: FunctionType, name: str, text: str) -> dict[str, Any]:
    """The functions of a text that has a file, among the names of the kernel as they are now (for Numba, too, they are
    constants)."""
    key = hashlib.sha256(text.encode()).hexdigest()[:24]
    path = cache.write(f"kernel_{name}_{key}", text)
    own = _names(function)
    exec(compile(text, str(path), "exec"), own)
    made: FunctionType = own[name]
    made.__module__, made.__qualname__ = function.__module__, function.__qualname__
    return own
