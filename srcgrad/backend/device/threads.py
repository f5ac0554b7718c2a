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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

import numba
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
    called = list(_called(function))
    waits = any({"syncthreads", "shared"} & set(each.__code__.co_names) for each in called)
    loops = (_Waiting if waits else _Loops)(_AXES[:rank], _tag(function))
    for each in called[1:]:
        _refuse_indices(each)
    translated = _Thread(function, loops, source)
    thread = ast.fix_missing_locations(translated.visit(node))
    shape = [*(f"{what}_{a}{loops.tag}" for what in ("blocks", "threads") for a in loops.axes), f"bytes{loops.tag}"]
    own = [*loops.indices, *shape, *(s.name for s in translated.shared), *names]
    thread.name, thread.decorator_list = f"{name}_thread{loops.tag}", []
    before = [ast.copy_location(ast.arg(n), node) for n in own[: len(own) - len(names)]]
    thread.args.args = [*before, *thread.args.args]
    np_, prange = f"np{loops.tag}", f"prange{loops.tag}"
    lines = [f"import numpy as {np_}", f"from numba import prange as {prange}", "", "", ast.unparse(thread)]
    lines += ["", "", f"def {name}({', '.join([*shape, *names])}):"]
    lines += [f"{_INDENT}{s.name} = {s.made(loops)}" for s in translated.shared]
    indent = _INDENT
    for index, extent in loops.nest():
        lines.append(f"{indent}for {index} in {prange}({extent}):")
        indent += _INDENT
    lines.append(f"{indent}{thread.name}({', '.join(own)})")
    own_names = _written_down(function, name, "\n".join(lines) + "\n")
    declare(own_names[thread.name], Source(thread, source.file, name))
    return own_names[name]


# -- loops ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Loops:
    """One loop along each axis, over all threads. The `tag` makes names that the kernel does not have."""

    axes: tuple[str, ...]
    tag: str

    def nest(self) -> list[tuple[str, str]]:
        """The loops from the outside in: index and extent."""
        return [(self.grid(a), self.in_all(a)) for a in reversed(self.axes)]

    @property
    def indices(self) -> list[str]:
        return [index for index, _ in self.nest()]

    def blocks(self, axis: str) -> str:
        return f"blocks_{axis}{self.tag}"

    def threads(self, axis: str) -> str:
        return f"threads_{axis}{self.tag}"

    def in_all(self, axis: str) -> str:
        """How many threads there are."""
        return f"{self.blocks(axis)} * {self.threads(axis)}"

    def grid(self, axis: str) -> str:
        return f"at_{axis}{self.tag}"

    def thread(self, axis: str) -> str:
        return f"({self.grid(axis)} % {self.threads(axis)})"

    def block(self, axis: str) -> str:
        return f"({self.grid(axis)} // {self.threads(axis)})"


@dataclass(frozen=True)
class _Waiting(_Loops):
    """Loops over blocks, and in them loops over the threads of a block."""

    def nest(self) -> list[tuple[str, str]]:
        axes = [*reversed(self.axes)]
        return [(self.block(a), self.blocks(a)) for a in axes] + [(self.thread(a), self.threads(a)) for a in axes]

    def grid(self, axis: str) -> str:
        return f"({self.block(axis)} * {self.threads(axis)} + {self.thread(axis)})"

    def thread(self, axis: str) -> str:
        return f"thread_{axis}{self.tag}"

    def block(self, axis: str) -> str:
        return f"block_{axis}{self.tag}"


@dataclass(frozen=True)
class _Shared:
    """Memory that a block shares; `dynamic` is as much as the launch says."""

    name: str
    shape: str
    dtype: str
    dynamic: bool

    def made(self, loops: _Loops) -> str:
        """The text of the array of all blocks."""
        blocks = ", ".join(map(loops.blocks, reversed(loops.axes)))
        return f"np{loops.tag}.zeros(({blocks}, {self.shape}), {self.dtype})"


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
            named = {k.arg: k.value for k in call.keywords}
            given = [*call.args, *(named[n] for n in ("ary", "idx", "val")[len(call.args) :] if n in named)]
            if path[1:] not in (["add"], ["sub"]) or len(given) != 3:
                raise self._refused(node, f"cuda.{'.'.join(path)}", "only atomic sums have a derivative")
            array, index, value = map(self.visit, given)
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
                return self._of_each_axis(node, lambda a: f"({self.loops.in_all(a)})")
            case ["local", "array"]:
                shape, dtype = self._shape_and_dtype(node, "cuda.local.array")
                return self._parsed(f"np{self.loops.tag}.empty({shape}, {dtype})", node)
            case ["shared", "array"]:
                return self._shared(node)
        used = "only sums whose result nobody uses have a derivative" if path[0] == "atomic" else ""
        raise self._refused(node, f"cuda.{'.'.join(path)}", used)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        path = self._path(node)
        if not path:
            found = _resolved(node, _names(self.function))
            return self._dtype(found, node) or self.generic_visit(node)
        texts: dict[str, Callable[[str], str]] = {
            "threadIdx": self.loops.thread, "blockIdx": self.loops.block, "blockDim": self.loops.threads,
            "gridDim": self.loops.blocks,
        }  # fmt: skip
        if len(path) == 2 and path[0] in texts and path[1] in _AXES:
            if path[1] not in self.loops.axes:
                return self._parsed("1" if path[0] in ("blockDim", "gridDim") else "0", node)
            return self._parsed(texts[path[0]](path[1]), node)
        raise self._refused(node, f"cuda.{'.'.join(path)}", "")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        is_local = node.id in self.function.__code__.co_varnames
        return node if is_local else self._dtype(_names(self.function).get(node.id), node) or node

    def _dtype(self, found: Any, node: ast.AST) -> ast.AST | None:
        """NumPy's name for a number's type of Numba's."""
        dtype = getattr(np, str(found), None) if type(found).__module__.startswith("numba") else None
        return self._parsed(f"np{self.loops.tag}.{found}", node) if isinstance(dtype, type) else None

    def _shape_and_dtype(self, node: ast.Call, what: str) -> tuple[str, str]:
        """Both as text. The shape is constant in CUDA, so that it can be known here."""
        given = dict(zip(("shape", "dtype"), node.args))
        given.update({k.arg: k.value for k in node.keywords if k.arg in ("shape", "dtype")})
        if len(given) < 2:
            raise self._refused(node, what, "it has a shape and a dtype")
        local = {n.id for n in ast.walk(given["shape"]) if isinstance(n, ast.Name)}
        local &= set(self.function.__code__.co_varnames)
        if local:
            why = f"its shape is constant in CUDA, and {min(local)!r} is a variable"
            raise self._refused(node, what, why, "write the number, or a name of the module's")
        shape = eval(ast.unparse(given["shape"]), _names(self.function))
        lengths = shape if isinstance(shape, tuple) else (shape,)
        return f"({', '.join(map(str, map(int, lengths)))},)", ast.unparse(self.visit(given["dtype"]))

    def _shared(self, node: ast.Call) -> ast.AST:
        """The part of this block of an array that is made outside of the loops."""
        shape, dtype = self._shape_and_dtype(node, "cuda.shared.array")
        dynamic = shape == "(0,)"
        before = [made for made in self.shared if made.dynamic] if dynamic else []
        if before and before[0].dtype != dtype:
            why = "all arrays of length 0 are the same memory, and it has another dtype already"
            raise self._refused(node, "cuda.shared.array", why, "give each array its length")
        if dynamic:
            kind = eval(dtype, {**_names(self.function), f"np{self.loops.tag}": np})
            shape = f"bytes{self.loops.tag} // {np.dtype(kind).itemsize}"
        made = before[0] if before else None
        if made is None:
            name = f"shared_{len(self.shared) + 1}{self.loops.tag}"
            made = _Shared(name, shape.strip("()").rstrip(","), dtype, dynamic)
            self.shared.append(made)
        own = ", ".join(map(self.loops.block, reversed(self.loops.axes)))
        return self._parsed(f"{made.name}[{own}]", node)

    def _of_each_axis(self, node: ast.Call, text: Callable[[str], str]) -> ast.AST:
        given = node.args[0]
        if not isinstance(given, ast.Constant) or given.value not in (1, 2, 3) or isinstance(given.value, complex):
            raise self._refused(node, "cuda.grid", "its argument is the literal 1, 2 or 3")
        parts = [text(a) if a in self.loops.axes else "0" for a in _AXES[: int(given.value)]]
        return self._parsed(f"({', '.join(parts)})", node)

    def _parsed(self, text: str, at: ast.AST) -> ast.AST:
        return ast.copy_location(ast.parse(text, mode="eval").body, at)

    def _path(self, node: ast.AST) -> list[str]:
        """`cuda.atomic.add` is ["atomic", "add"], where `cuda` is that module; else empty."""
        return _path(node, _names(self.function))

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


def _path(node: ast.AST, names: dict[str, Any]) -> list[str]:
    path: list[str] = []
    current = node.func if isinstance(node, ast.Call) else node
    while isinstance(current, ast.Attribute):
        path.insert(0, current.attr)
        current = current.value
    if not path or not isinstance(current, ast.Name):
        return []
    return path if getattr(names.get(current.id), "__name__", "") == "numba.cuda" else []


def _resolved(node: ast.Attribute, names: dict[str, Any]) -> Any:
    """What `module.name` stands for; None where that is not known."""
    holder = names.get(node.value.id) if isinstance(node.value, ast.Name) else None
    return getattr(holder, node.attr, None) if isinstance(holder, ModuleType) else None


def _tag(function: FunctionType) -> str:
    """What makes the names of generated code other ones than those of the kernel."""
    code, names = function.__code__, _names(function)
    local = {*code.co_varnames, *code.co_cellvars}
    taken = {*local, *code.co_names, *names}
    taken -= {name for name, meant in (("np", np), ("prange", numba.prange)) if names.get(name, meant) is meant} - local
    tag = ""
    while taken & _generated(function.__name__, tag):
        tag += "_"
    return tag


def _generated(name: str, tag: str) -> set[str]:
    """The names of generated code."""
    along = (f"{stem}_{a}" for stem in ("at", "block", "blocks", "thread", "threads") for a in _AXES)
    arrays = (f"shared_{k}" for k in range(1, 100))
    return {f"{each}{tag}" for each in (*along, *arrays, "bytes", "np", "prange", f"{name}_thread")}


def _called(function: FunctionType) -> Iterator[FunctionType]:
    """A function, and those that it calls by name."""
    pending, seen = [function], {function}
    while pending:
        current = pending.pop(0)
        yield current
        names = _names(current)
        found = (names.get(name) for name in (*current.__code__.co_names, *current.__code__.co_freevars))
        for each in (getattr(f, "py_func", f) for f in found):
            if isinstance(each, FunctionType) and each not in seen:
                seen.add(each)
                pending.append(each)


def _refuse_indices(function: FunctionType) -> None:
    """Functions that a kernel calls are read as they stand: they may wait, but do not know which thread they are."""
    if not any(getattr(v, "__name__", "") == "numba.cuda" for v in _names(function).values()):
        return
    source = source_of(function)
    for node in ast.walk(source.node):
        path = _path(node, _names(function)) if isinstance(node, ast.Attribute) else []
        if path and path != ["syncthreads"]:
            raise Unsupported(
                Diagnostic(
                    f"cuda.{'.'.join(path)} is supported in the kernel itself only",
                    source.span(node),
                    f"{function.__name__!r} is called by a kernel",
                    "functions that a kernel calls are read without CUDA's indices, memory and atomics",
                    "use it in the kernel, and pass what comes of it",
                )
            )


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
