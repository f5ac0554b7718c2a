"""Kernels of the user's own, with adjoints.

In: a function as `numba.cuda.jit` takes it. Out: a `Kernel`, launched as there, `k[blocks, threads](x, y, out)`, whose
launches have `vjp`. A launch is read as what it is, a loop over threads that need nothing of one another: the indices
of CUDA become those of the loop, atomic additions become `+=`, and the rest of srcgrad does what it does with any loop.
The threads of the adjoint are those of the kernel, where no sum has to be turned around.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import textwrap
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from srcgrad.api import differentiable, vjp
from srcgrad.backend import cache
from srcgrad.backend.device.modules import assign
from srcgrad.backend.parameters import python_function
from srcgrad.errors import ArgumentError, Diagnostic, Unsupported
from srcgrad.span import Span

__all__ = ["Kernel", "Launch", "kernel"]

_AXES = ("x", "y", "z")
_SHARED = {
    "shared": "memory that a block of threads shares", "syncthreads": "a barrier", "syncwarp": "a barrier",
    "shfl_sync": "a shuffle", "shfl_down_sync": "a shuffle", "shfl_up_sync": "a shuffle",
    "shfl_xor_sync": "a shuffle", "threadfence": "a fence", "laneid": "the place in a warp", "const": "constant memory",
}  # fmt: skip


def kernel(function: Callable[..., None]) -> Kernel:
    """A kernel with an adjoint, from a function as `numba.cuda.jit` takes it (or what that made of it).

    The function may use `cuda.grid`, `cuda.gridsize`, `threadIdx`, `blockIdx`, `blockDim`, `gridDim`,
    `cuda.local.array`, `cuda.atomic.add` and `sub` whose results are not used, and functions of its own. Shared memory
    and barriers are refused with `Unsupported`: threads that talk to one another are not differentiated."""
    return Kernel(python_function(function))


class Kernel:
    """`kernel[blocks, threads]` is a `Launch`; both are ints or tuples of up to three, x first, as in CUDA."""

    def __init__(self, function: Callable[..., None]) -> None:
        self._function = function
        functools.update_wrapper(self, function, updated=())
        self._launched: dict[int, Callable[..., None]] = {}

    def __getitem__(self, configuration: tuple[Any, Any]) -> Launch:
        if not isinstance(configuration, tuple) or len(configuration) != 2:
            raise ArgumentError(
                Diagnostic("a kernel is launched with blocks and threads", advice="write kernel[blocks, threads](...)")
            )
        blocks, threads = (tuple(c) if isinstance(c, tuple) else (c,) for c in configuration)
        rank = max(len(blocks), len(threads))
        if rank > 3 or any(int(n) != n or n < 1 for n in (*blocks, *threads)):
            why = f"{blocks} blocks of {threads} threads"
            raise ArgumentError(Diagnostic("blocks and threads are one to three positive integers each", why=why))
        extents = [(*map(int, c), *(1,) * (rank - len(c))) for c in (blocks, threads)]
        if rank not in self._launched:
            self._launched[rank] = _loops(self._function, rank)
        return Launch(self._launched[rank], (*extents[0], *extents[1]))

    def __call__(self, *arguments: Any) -> None:
        raise ArgumentError(
            Diagnostic(f"{self.__name__} is a kernel", advice=f"write {self.__name__}[blocks, threads](...)")  # type: ignore[attr-defined]
        )


class Launch:
    """A kernel with its blocks and threads. Calling it runs the kernel, which writes into its arguments."""

    def __init__(self, launched: Callable[..., None], extents: tuple[int, ...]) -> None:
        self._launched, self._extents = launched, extents

    def __call__(self, *arguments: Any) -> None:
        """Run it. The arrays that the kernel writes are written: NumPy's, or arrays on the GPU."""
        compiled = differentiable(self._launched, target="cuda")
        results = compiled(*self._extents, *arguments)
        written = compiled.last_built().written
        new = results if isinstance(results, tuple) else (results,)
        for position, value in zip(written, new, strict=True):
            assign(arguments[position - len(self._extents)], value)

    def vjp(self, *arguments: Any) -> tuple[Any, Callable[[Any], tuple]]:
        """`(out, pullback)`: what the arrays that the kernel writes would hold after it (a tuple where there are
        several; the arguments stay as they are), and the function from cotangents of these to one gradient per
        argument, None for those that have none."""
        out, pullback = vjp(self._launched, *self._extents, *arguments, target="cuda")
        count = len(self._extents)

        def of_arguments(cotangents: Any) -> tuple:
            return pullback(cotangents)[count:]

        return out, of_arguments

    def source(self, *arguments: Any) -> str:
        """The generated Python of the adjoint."""
        return vjp(self._launched, *self._extents, *arguments, target="cuda")[1].source  # type: ignore[attr-defined]


# -- a launch as a loop -----------------------------------------------------------------------------------------------


def _loops(function: Callable[..., None], rank: int) -> Callable[..., None]:
    """`launched(blocks..., threads..., arguments...)`: the threads as a `prange`, in a file of its own."""
    text = textwrap.dedent(inspect.getsource(function))
    tree = ast.parse(text)
    (node,) = (n for n in tree.body if isinstance(n, ast.FunctionDef))
    names, name = [a.arg for a in node.args.args], node.name
    thread = _Thread(function, rank, text).visit(node)
    axes = _AXES[:rank]
    shape = [f"{what}_{a}" for what in ("blocks", "threads") for a in axes]
    own = [f"at_{a}" for a in axes]
    thread.name, thread.decorator_list = f"{name}_thread", []
    thread.args.args = [*(ast.arg(n) for n in (*own, *shape)), *thread.args.args]
    lines = ["import numpy as np", "from numba import prange", "", "", ast.unparse(ast.fix_missing_locations(thread))]
    lines += ["", "", f"def {name}({', '.join([*shape, *names])}):"]
    indent = "    "
    for k, a in enumerate(reversed(axes)):
        loop = "prange" if k == 0 else "range"
        lines.append(f"{indent}for at_{a} in {loop}(blocks_{a} * threads_{a}):")
        indent += "    "
    lines.append(f"{indent}{name}_thread({', '.join([*own, *shape, *names])})")
    return _written_down(function, name, "\n".join(lines) + "\n")


def _written_down(function: Callable[..., None], name: str, text: str) -> Callable[..., None]:
    """The function of a text that has a file, with the globals of the kernel as they are now (for Numba, too, they are
    constants)."""
    key = hashlib.sha256(text.encode()).hexdigest()[:24]
    path = cache.write(f"kernel_{name}_{key}", text)
    own = dict(function.__globals__)
    exec(compile(text, str(path), "exec"), own)
    made: FunctionType = own[name]
    made.__module__, made.__qualname__ = function.__module__, function.__qualname__
    return made


class _Thread(ast.NodeTransformer):
    """What one thread does, with numbers in the place of CUDA's."""

    def __init__(self, function: Callable[..., None], rank: int, text: str) -> None:
        self._globals: dict[str, Any] = function.__globals__
        self._function = function
        self._rank = rank
        self._lines = text.splitlines()
        self._first = function.__code__.co_firstlineno

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        path, call = self._path(node.value), node.value
        if path and isinstance(call, ast.Call) and path[0] == "atomic":
            if path[1:] not in (["add"], ["sub"]) or len(call.args) != 3:
                raise self._refused(node, f"cuda.{'.'.join(path)}", "only atomic sums have a derivative")
            array, index, value = map(self.visit, call.args)
            target = ast.Subscript(array, index, ast.Store())
            return ast.copy_location(ast.AugAssign(target, ast.Add() if path[1] == "add" else ast.Sub(), value), node)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        path = self._path(node)
        if not path:
            return self.generic_visit(node)
        match path:
            case ["grid"]:
                return self._of_each_axis(node, lambda a: f"at_{a}")
            case ["gridsize"]:
                return self._of_each_axis(node, lambda a: f"blocks_{a} * threads_{a}")
            case ["local", "array"]:
                return self._parsed("np.empty(0, 0)", node, [self.visit(a) for a in node.args])
        used = "only sums whose result nobody uses have a derivative" if path[0] == "atomic" else ""
        raise self._refused(node, f"cuda.{'.'.join(path)}", used)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        path = self._path(node)
        if not path:
            return self.generic_visit(node)
        texts = {
            "threadIdx": "at_{a} % threads_{a}", "blockIdx": "at_{a} // threads_{a}", "blockDim": "threads_{a}",
            "gridDim": "blocks_{a}",
        }  # fmt: skip
        if len(path) == 2 and path[0] in texts and path[1] in _AXES:
            if _AXES.index(path[1]) >= self._rank:
                return self._parsed("1" if path[0] in ("blockDim", "gridDim") else "0", node)
            return self._parsed(f"({texts[path[0]].format(a=path[1])})", node)
        raise self._refused(node, f"cuda.{'.'.join(path)}", "")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        found = self._globals.get(node.id)
        dtype = getattr(np, str(found), None) if type(found).__module__.startswith("numba") else None
        return self._parsed(f"np.{found}", node) if isinstance(dtype, type) else node

    def _of_each_axis(self, node: ast.Call, text: Callable[[str], str]) -> ast.AST:
        given = node.args[0]
        if not isinstance(given, ast.Constant) or given.value not in (1, 2, 3) or isinstance(given.value, complex):
            raise self._refused(node, "cuda.grid", "its argument is the literal 1, 2 or 3")
        parts = [text(a) if k < self._rank else "0" for k, a in enumerate(_AXES[: int(given.value)])]
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
        module = getattr(self._globals.get(current.id), "__name__", "")
        return path if module == "numba.cuda" else []

    def _refused(self, node: Any, what: str, why: str) -> Unsupported:
        text = self._lines[node.lineno - 1]
        code = self._function.__code__
        span = Span(
            code.co_filename, self._first + node.lineno - 1, node.col_offset, self._first + node.end_lineno - 1,
            node.end_col_offset, text, self._function.__name__,
        )  # fmt: skip
        part = what.split(".")[1]
        if part in _SHARED:
            why = f"{_SHARED[part]}: threads that talk to one another are not differentiated"
        advice = "write what each thread computes by itself, or the whole as NumPy code, which becomes kernels"
        return Unsupported(Diagnostic(f"{what} is not supported in a kernel", span, why=why, advice=advice))
