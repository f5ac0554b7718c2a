"""GradBench's protocol from the tool's side: a message a line on stdin, a response a line on stdout."""

from __future__ import annotations

import json
import traceback
from typing import Any, TextIO

from benchmarks.gradbench import problems

Message = dict[str, Any]


def serve(lines: TextIO, out: TextIO) -> None:
    """Answer every message until there are no more, or nobody listens."""
    for line in lines:
        message = json.loads(line)
        try:
            print(json.dumps({"id": message["id"], **answer(message)}), file=out, flush=True)
        except BrokenPipeError:
            return


def answer(message: Message) -> Message:
    """The response to one message, without its id."""
    match message.get("kind"):
        case "start":
            return {"tool": "srcgrad"}
        case "define":
            return _define(message["module"])
        case "evaluate":
            return _evaluate(message["module"], message["function"], message["input"])
        case _:
            return {}


def _define(module: str) -> Message:
    if module not in problems.NAMES:
        return {"success": False, "error": f"there is no module {module!r}; there are {', '.join(problems.NAMES)}"}
    try:
        problems.functions(module)
    except Exception:
        return {"success": False, "error": traceback.format_exc()}
    return {"success": True}


def _evaluate(module: str, function: str, sent: Any) -> Message:
    """An error of any kind is told to the eval, so that it can go on with its next input."""
    if module not in problems.NAMES or function not in problems.functions(module):
        return {"success": False, "error": f"there is no function {function!r} in a module {module!r}"}
    try:
        output, timings = problems.functions(module)[function].evaluate(sent)
    except Exception:
        return {"success": False, "error": traceback.format_exc()}
    return {"success": True, "output": output, "timings": timings}
