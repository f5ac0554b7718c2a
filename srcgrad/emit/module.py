"""The generated module: header, imports, helpers, entry point.

In: an IR function and how its results nest. Out: the text of a Python module that runs under CPython with NumPy as it
is, and under Numba when each of its functions is compiled. The same function gives the same text, byte for byte.
"""

from __future__ import annotations

import re

from srcgrad.emit.control import Printer
from srcgrad.emit.folding import Folding
from srcgrad.emit.interference import Interference
from srcgrad.emit.lines import INDENT, MAX_WIDTH, Lines, wrapped
from srcgrad.emit.naming import Names
from srcgrad.emit.uses import Uses, terminates
from srcgrad.ir.nodes import Function

Nested = int | tuple["Nested", ...]

_IMPORTS = (  # groups, each of (what the code mentions, the line that brings it)
    ((r"\bmath\.", "import math"),),
    ((r"\bnp\.", "import numpy as np"), (r"(?<!\.)\buint64\(", "from numpy import uint64")),
    ((r"\bspecial\.", "from srcgrad.runtime import special"),),
)


def emit(function: Function, result: Nested, header: str = "") -> str:
    """The module that computes `function`, whose results are nested as `result` says: an integer is the position
    of a result, a tuple is a tuple. `header` becomes the docstring of the module."""
    functions = [*function.helpers, function]
    taken = {f.name for f in functions}
    texts = []
    for each in functions:
        nested = result if each is function else _flat(len(each.body.results))
        texts.append("\n".join(_function(each, nested, taken)))
    code = "\n\n\n".join(texts) + "\n"
    parts = [_docstring(header)] if header else []
    parts += ["\n".join(lines) for lines in _imports(code)]
    return "\n\n".join(parts) + ("\n\n\n" if parts else "") + code


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


def _function(function: Function, nested: Nested, taken: set[str]) -> list[str]:
    uses = Uses(function)
    folding = Folding(function, uses)
    names = Names(function, folding, Interference(function, folding), taken)
    lines = Lines(home=function.span.file, depth=1)
    printer = Printer(folding, names, lines)
    printer.block(function.body)
    if not terminates(function.body):
        lines.lines += wrapped(*_return(nested, [printer.text(atom) for atom in function.body.results]), INDENT)
    params = [names[p] for p in function.params]
    return [*wrapped(f"def {function.name}(", params, "):", ""), *lines.lines]


def _return(nested: Nested, values: list[str]) -> tuple[str, list[str], str]:
    """The return statement in three parts: before, between (one text per item) and after."""
    if isinstance(nested, int):
        return "return ", [values[nested]], ""
    items = [_nest(item, values) for item in nested]
    if len(items) == 1:
        return "return (", items, ",)"
    if len(", ".join(items)) > MAX_WIDTH - len(INDENT + "return "):
        return "return (", items, ")"
    return ("return ", items, "") if items else ("return ()", [], "")


def _nest(nested: Nested, values: list[str]) -> str:
    if isinstance(nested, int):
        return values[nested]
    items = [_nest(item, values) for item in nested]
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
