"""The generated module: header, imports, helpers, entry point.

In: an IR function and how its results nest. Out: the text of a Python module that runs under CPython with NumPy as it
is, and under Numba when each of its functions is compiled. The same function gives the same text, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from srcgrad.config import Target
from srcgrad.emit.control import Printer
from srcgrad.emit.device import HOST, THREAD, description, least_given
from srcgrad.emit.folding import Folding
from srcgrad.emit.interference import Interference
from srcgrad.emit.launches import in_parallel, launcher
from srcgrad.emit.lines import INDENT, Lines, wrapped
from srcgrad.emit.naming import Names, unique_name
from srcgrad.emit.statements import PLAIN, Dialect
from srcgrad.emit.uses import Uses, terminates
from srcgrad.ir.nodes import Callee, External, Function, Kernel, Launch, Raise
from srcgrad.ir.visit import walk

PARALLEL = "_parallel"  # the variable of a generated module that names its functions with parallel loops
KERNELS = "_kernels"  # the one that describes what its threads do

Nested = int | tuple["Nested", ...]

_IMPORTS = (  # groups, each of (what the code mentions, the line that brings it)
    ((r"\bmath\.", "import math"),),
    ((r"\bnp\.", "import numpy as np"), (r"\bprange\(", "from numba import prange"),
     (r"(?<!\.)\buint64\(", "from numpy import uint64")),
    ((r"\batomics\.", "from srcgrad.runtime import atomics"),
     (r"\bblas\.", "from srcgrad.runtime import blas"),
     (r"\bcomplex_blas\.", "from srcgrad.runtime import complex_blas"),
     (r"\bdenormals\.", "from srcgrad.runtime import denormals"),
     (r"\blapack\.", "from srcgrad.runtime import lapack"),
     (r"\bmem\.", "from srcgrad.runtime import memory as mem"),
     (r"\bpar\.", "from srcgrad.runtime import threads as par"),
     (r"\bspecial\.", "from srcgrad.runtime import special"),
     (r"\bstacks\.", "from srcgrad.runtime import stacks"),
     (r"\bvm\.", "from srcgrad.runtime import vector_math as vm")),
)


def entry_name(function: Function) -> str:
    """What the generated module calls the function: its own name, unless that is no name in Python."""
    return unique_name(function.name.replace("<lambda>", "lambda_"), ())


def emit(
    function: Function, result: Nested, header: str = "", target: Target = Target.CPU, flush: bool = False
) -> str:  # fmt: skip
    """The module that computes `function`, whose results are nested as `result` says: an integer is the position
    of a result, a tuple is a tuple. `header` becomes the docstring of the module. With `flush`, numbers too small for
    full precision are zero (where nothing can be raised, which would leave it so)."""
    everything = (s for f in (function, *function.helpers) for s in walk(f.body))
    kernels = {s.callee: description(s) for s in everything if isinstance(s, Kernel)}
    host = HOST if target is Target.CUDA else PLAIN
    functions = [*function.helpers, function]
    taken = [entry_name(function)]
    callees: dict[Callee, str] = {}
    for helper in function.helpers:
        assert helper.callee is not None
        callees[helper.callee] = unique_name(helper.name, taken)
        taken.append(callees[helper.callee])
    home = _home(function)
    least = least_given(function) if kernels else {}
    texts: list[str] = []
    parallel: list[str] = []
    for each in functions:
        nested = result if each is function else _flat(len(each.body.results))
        name = taken[0] if each is function or each.callee is None else callees[each.callee]
        launches = [s for s in walk(each.body) if isinstance(s, Launch)]
        texts += ["\n".join(launcher(s, callees[s.callee], callees.get(s.atomic, ""))) for s in launches]  # type: ignore[arg-type]
        parallel += [in_parallel(callees[s.callee]) for s in launches]
        dialect = THREAD if each.callee in kernels else host
        flushes = flush and each is function and not _may_raise(functions)
        known = least.get(each.callee) if each.callee else None
        texts.append("\n".join(_function(each, name, nested, taken, callees, home, dialect, flushes, known)))
    if parallel:
        texts.append(f"{PARALLEL} = {tuple(parallel)!r}")
    if kernels:
        lines = [f"{INDENT}{callees[callee]!r}: {what!r}," for callee, what in kernels.items()]
        texts.append("\n".join([f"{KERNELS} = {{  # indices, slots, folds", *lines, "}"]))
    code = "\n\n\n".join(texts) + "\n"
    parts = [_docstring(header)] if header else []
    parts += ["\n".join(lines) for lines in _imports(code)]
    return "\n\n".join(parts) + ("\n\n\n" if parts else "") + code


def _may_raise(functions: list[Function]) -> bool:
    """May compiled code leave one of them by an exception?"""
    return any(isinstance(s, (Raise, External)) for f in functions for s in walk(f.body))


def _home(function: Function) -> str:
    """The file that line numbers refer to: where the function stands, else where its first statement does."""
    spans = [function.span, *(s.span for f in (function, *function.helpers) for s in walk(f.body))]
    return next((span.file for span in spans if span.line), "")


def _flat(count: int) -> Nested:
    return 0 if count == 1 else tuple(range(count))


def _docstring(header: str) -> str:
    text = header.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{text}"""' if not text.endswith('"') else f'"""{text} """'


def _imports(code: str) -> list[list[str]]:
    """The import lines that the code needs, in groups."""
    statements = [line.split("# ")[0] for line in code.splitlines()]
    groups = [[line for what, line in group if any(re.search(what, s) for s in statements)] for group in _IMPORTS]
    return [group for group in groups if group]


def _function(
    function: Function, name: str, nested: Nested, taken: list[str], callees: dict[Callee, str], home: str,
    dialect: Dialect = PLAIN, flush: bool = False, least: Mapping[int, int] | None = None,
) -> list[str]:  # fmt: skip
    uses = Uses(function)
    folding = Folding(function, uses, {function.params[k]: low for k, low in (least or {}).items()})
    state = "arithmetic"
    names = Names(function, folding, Interference(function, folding), [*taken, state] if flush else taken)
    lines = Lines(home=home, depth=1)
    printer = Printer(folding, names, lines, callees, dialect)
    printer.block(function.body)
    gives_nothing = function.callee is not None and not function.body.results
    if not terminates(function.body) and not gives_nothing:
        lines.lines += [f"{INDENT}denormals.restore({state})"] if flush else []
        lines.lines += _return(nested, [printer.text(atom) for atom in function.body.results])
    if not any(not line.lstrip().startswith("#") for line in lines.lines):
        lines.lines.append(INDENT + "pass")
    params = [names[p] for p in function.params]
    begin = [f"{INDENT}{state} = denormals.flush()"] if flush else []
    return [*wrapped(f"def {name}(", params, "):", ""), *begin, *lines.lines]


def _return(nested: Nested, values: list[str]) -> list[str]:
    """The return statement, in parentheses where it does not fit on one line."""
    pieces = _nest(nested, values)
    if len(pieces) == 1:  # in parentheses of several lines it would become a tuple of one
        return [f"{INDENT}return {pieces[0]}"]
    if isinstance(nested, tuple) and len(nested) > 1:  # a tuple needs no parentheses of its own
        pieces = [pieces[0][1:], *pieces[1:-1], pieces[-1][:-1]]
    lines = wrapped("return ", pieces, "", INDENT)
    return lines if len(lines) == 1 else wrapped("return (", pieces, ")", INDENT)


def _nest(nested: Nested, values: list[str]) -> list[str]:
    """The pieces between the commas of a nested tuple."""
    if isinstance(nested, int):
        return [values[nested]]
    pieces = [piece for item in nested for piece in _nest(item, values)] or [""]
    pieces[0] = f"({pieces[0]}"
    pieces[-1] += ",)" if len(nested) == 1 else ")"
    return pieces
