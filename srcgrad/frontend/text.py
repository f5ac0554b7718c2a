"""Text: f-strings, `%`, `.format`, `str` and the methods of strings.

In: constants and run-time numbers. Out: a string known at compile time, or a `Text`, which has run-time numbers in it
and is good for messages and `print` only.
"""

from __future__ import annotations

import ast
import re
import string
import types
from collections.abc import Iterator
from typing import Any

from srcgrad.frontend.constants import constant
from srcgrad.frontend.context import Arguments, Context, expression, function
from srcgrad.frontend.scalars import settle
from srcgrad.frontend.statics import is_dynamic, static_object
from srcgrad.frontend.values import Num, Record, Shown, Static, Text, Value, describe

Parts = tuple[str | Shown, ...]

_PERCENT = re.compile(
    r"%(?:(?P<flags>[-+ #0]*)(?P<width>\d*)(?P<precision>\.\d+)?(?P<kind>[diouxXeEfFgGsra])|(?P<literal>%))"
)


def text_parts(value: Value, spec: str = "") -> Parts:
    """A value as it shows in a message. `spec` is what stands behind `!` or `:` in a replacement field, with it."""
    match value:
        case Text(parts) if spec in ("", "!s"):
            return parts
        case Num(atom) if is_dynamic(static_object(value)):
            return (Shown(atom, spec),)
    obj = static_object(value)
    if is_dynamic(obj):
        if isinstance(value, Record) and spec in ("", "!s", "!r"):
            return _items(value)
        return (f"<{describe(value)}>",)
    return (_format_constant(obj, spec),)


def _items(value: Record) -> Parts:
    """A tuple or list with run-time numbers in it."""
    opening, closing = ("[", "]") if value.container is list else ("(", ")")
    parts: list[str | Shown] = [opening]
    for k, item in enumerate(value.items):
        parts += [*([", "] if k else []), *text_parts(item, "!r")]
    return (*parts, ",)" if len(value.items) == 1 and closing == ")" else closing)


def _format_constant(obj: Any, spec: str) -> str:
    try:
        return str(("{" + spec + "}").format(obj))
    except (ValueError, TypeError):
        return str(obj)


def text_of(parts: Parts) -> Static | Text:
    """The value of a concatenation: a constant where nothing in it is known at run time only."""
    literal = [part for part in parts if isinstance(part, str)]
    return Static("".join(literal)) if len(literal) == len(parts) else Text(parts)


def template(parts: Parts) -> str:
    """The text as a template for `str.format`, with one field per run-time number."""
    return "".join(
        p.replace("{", "{{").replace("}", "}}") if isinstance(p, str) else "{" + p.spec + "}" for p in parts
    )


# -- f-strings, % and .format --------------------------------------------------------------------------------------


@expression(ast.JoinedStr)
def f_string(ctx: Context, node: ast.JoinedStr) -> Value:
    parts: list[str | Shown] = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
            continue
        assert isinstance(part, ast.FormattedValue)
        value = settle(ctx, ctx.expr(part.value))
        conversion = "" if part.conversion < 0 else "!" + chr(part.conversion)
        spec = "" if part.format_spec is None else static_object(ctx.expr(part.format_spec))
        parts += text_parts(value, conversion + (f":{spec}" if isinstance(spec, str) and spec else ""))
    return text_of(tuple(parts))


def percent(ctx: Context, text: str, right: Value) -> Value:
    """`text % right`."""
    given = right.items if isinstance(right, Record) and right.container is tuple else (right,)
    values = iter(given)
    parts: list[str | Shown] = []
    end = 0
    for match in _PERCENT.finditer(text):
        parts.append(text[end : match.start()])
        end = match.end()
        if match["literal"]:
            parts.append("%")
            continue
        value = next(values, None)
        if value is None:
            break
        parts += text_parts(value, _spec(match))
    parts.append(text[end:])
    return text_of(tuple(part for part in parts if part != ""))


def _spec(match: re.Match[str]) -> str:
    """The replacement field of `str.format` that stands for a `%` conversion."""
    flags, kind = match["flags"], match["kind"]
    width, precision = match["width"], match["precision"] or ""
    if kind in "sra":
        align = ("<" if "-" in flags else ">") if width else ""
        spec = f"{align}{width}{precision}"
        return {"s": "", "r": "!r", "a": "!a"}[kind] + (f":{spec}" if spec else "")
    sign = "+" if "+" in flags else " " if " " in flags else ""
    zero = "0" if "0" in flags and "-" not in flags and width else ""
    align = "<" if "-" in flags and width else ""
    return f":{align}{sign}{'#' if '#' in flags else ''}{zero}{width}{precision}{'d' if kind in 'iu' else kind}"


def _format(text: str, arguments: Arguments) -> Parts | None:
    """`text.format(...)`; None where the fields are more than names and numbers."""
    parts: list[str | Shown] = []
    numbers = iter(range(len(arguments.positional)))
    for literal, name, spec, conversion in string.Formatter().parse(text):
        parts.append(literal)
        if name is None:
            continue
        key: int | str | None = next(numbers, None) if name == "" else int(name) if name.isdigit() else name
        value = _argument(arguments, key)
        if value is None or "{" in (spec or ""):
            return None
        parts += text_parts(value, (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else ""))
    return tuple(part for part in parts if part != "")


def _argument(arguments: Arguments, key: int | str | None) -> Value | None:
    if isinstance(key, int):
        return arguments.positional[key] if key < len(arguments.positional) else None
    return arguments.keywords.get(key) if key is not None else None


# -- calls ----------------------------------------------------------------------------------------------------------


def is_text_method(target: object) -> bool:
    """Is this a method of a string, bound to one that is known at compile time?"""
    return isinstance(target, types.BuiltinMethodType) and isinstance(target.__self__, str)


def call_text_method(ctx: Context, target: Any, arguments: Arguments) -> Value:
    """A call of a method of a constant string: done at compile time where the arguments are constants."""
    if target.__name__ == "format":
        parts = _format(target.__self__, arguments)
        return Static("{...}") if parts is None else text_of(parts)
    if target.__name__ == "join" and len(arguments) == 1 and isinstance(arguments.positional[0], Record):
        return _join(target.__self__, arguments.positional[0])
    values = [static_object(v) for v in arguments.positional]
    keywords = {name: static_object(v) for name, v in arguments.keywords.items()}
    if any(map(is_dynamic, (*values, *keywords.values()))):
        ctx.refuse(
            f"str.{target.__name__} with a run-time value",
            label="called here",
            why="strings are constants of the compiled code",
            advice="call it with constants, or outside the function",
        )
    try:
        return constant(ctx, target(*values, **keywords), target.__name__, None)
    except (TypeError, ValueError, LookupError) as error:
        ctx.refuse(
            f"str.{target.__name__} fails: {error}",
            why="it is called when the function is compiled, with these constants",
            advice="correct the call",
        )


def _join(separator: str, items: Record) -> Value:
    parts: list[str | Shown] = []
    for k, item in enumerate(_each(items)):
        parts += [*([separator] if k else []), *text_parts(item)]
    return text_of(tuple(parts))


def _each(items: Record) -> Iterator[Value]:
    yield from (map(Static, items.keys) if items.container is dict else items.items)


def _shown(function_: Any, spec: str) -> None:
    @function(function_)
    def shown(ctx: Context, arguments: Arguments) -> Value:
        parts = [text_parts(settle(ctx, value), spec) for value in arguments.positional[:1]]
        return text_of(tuple(part for each in parts for part in each))


_shown(str, "!s")
_shown(repr, "!r")
_shown(format, "")
