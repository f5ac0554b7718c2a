"""The tool as a process, spoken to as an eval does."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Tool:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.gradbench"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **message: Any) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        response: dict[str, Any] = json.loads(self.process.stdout.readline())
        return response


@pytest.fixture(scope="module")
def tool() -> Iterator[Tool]:
    started = Tool()
    yield started
    started.process.communicate(timeout=30)
    assert started.process.returncode == 0


def test_a_start_is_answered_with_the_name_of_the_tool(tool: Tool) -> None:
    assert tool.ask(id=0, kind="start", eval="hello") == {"id": 0, "tool": "srcgrad"}


def test_a_module_that_is_there_can_be_defined(tool: Tool) -> None:
    assert tool.ask(id=1, kind="define", module="hello") == {"id": 1, "success": True}


@pytest.mark.parametrize("module", ["knot", "__init__", "os", ""])
def test_other_modules_are_declined(tool: Tool, module: str) -> None:
    response = tool.ask(id=2, kind="define", module=module)
    assert response["id"] == 2
    assert response["success"] is False
    assert "hello" in response["error"]


def test_an_evaluation_gives_its_output_and_its_time(tool: Tool) -> None:
    response = tool.ask(id=3, kind="evaluate", module="hello", function="double", input=3.5)
    (timing,) = response.pop("timings")
    assert response == {"id": 3, "success": True, "output": 7.0}
    assert timing["name"] == "evaluate"
    assert isinstance(timing["nanoseconds"], int) and timing["nanoseconds"] > 0


def test_a_function_runs_as_often_and_as_long_as_asked(tool: Tool) -> None:
    sent = {"x": [0.5, 1.5], "n": 4, "min_runs": 7, "min_seconds": 0}
    few = tool.ask(id=4, kind="evaluate", module="llsq", function="primal", input=sent)
    assert len(few["timings"]) == 7
    long = tool.ask(id=5, kind="evaluate", module="llsq", function="primal", input=sent | {"min_seconds": 0.02})
    assert sum(timing["nanoseconds"] for timing in long["timings"]) >= 0.02e9


@pytest.mark.parametrize(
    ("module", "function", "sent", "reason"),
    [
        ("knot", "square", 1.0, "knot"),
        ("hello", "triple", 1.0, "triple"),
        ("llsq", "gradient", {"x": [1.0]}, "KeyError: 'n'"),
        ("llsq", "gradient", {"x": ["one"], "n": 3}, "ValueError"),
    ],
)
def test_what_cannot_be_evaluated_is_told_and_the_tool_goes_on(
    tool: Tool, module: str, function: str, sent: Any, reason: str
) -> None:
    response = tool.ask(id=6, kind="evaluate", module=module, function=function, input=sent)
    assert response["success"] is False
    assert reason in response["error"]
    assert "output" not in response
    assert tool.ask(id=7, kind="evaluate", module="hello", function="square", input=3)["output"] == 9.0


@pytest.mark.parametrize("message", [{"kind": "analysis", "of": 3, "valid": True}, {"kind": "something new"}])
def test_other_messages_are_acknowledged(tool: Tool, message: dict[str, Any]) -> None:
    assert tool.ask(id=8, **message) == {"id": 8}
