"""`python -m benchmarks.gradbench run --checkout PATH`: GradBench's evals, with srcgrad and other tools, one by one.

PATH is a clone of github.com/gradbench/gradbench. Evals and tools are processes of it, as they are; results are
validated by the evals. Everything runs on one core. A time is the median of all runs but the first of a process, which
compiles in some tools: how much longer it took stands in a column of its own. The exit status is 1 where srcgrad fails.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.gradbench import plot, table
from benchmarks.gradbench.peers import TOOLS, Place
from benchmarks.gradbench.problems import NAMES
from benchmarks.gradbench.record import SEARCHES, Record, Records
from benchmarks.gradbench.relay import Message, Silence, conversation

INPUTS = {
    "llsq": "-n 1024 16392",
    "lse": "-n 10000 320000",
    "ode": "-n 1000 10000 -s 10 100",
    "det": "-l 5 7 9",
    "gmm": "-d 2 10 64 -k 10 25",
    "lstm": "-l 2 4 -c 1024 4096",
    "ba": "--max 2",
    "kmeans": "-k 10 100 -n 1000 10000 -d 8",
    "ht": "--model small --max 4",
}  # a selection of GradBench's own sizes, for less than its hours


def main(words: list[str]) -> int:
    parser = _parser()
    options = parser.parse_args(words)
    reason = plot.missing() if options.plot else None
    if reason:
        parser.error(reason)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # children inherit it
    records = Records()
    with tempfile.TemporaryDirectory() as cache:
        place = Place(options.checkout.resolve(), Path(cache), dict(map(_python, options.python)))
        print(table.HEADER, flush=True)
        for name in options.eval or NAMES:
            _compare(place, name, options, records)
            print("\n".join(table.lines(records, name)), flush=True)
    print("\n".join(["", *table.summary(records, TOOLS)]))
    if options.json:
        rows = [record.json() for record in records.all.values()]
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        plot.draw(records, options.plot)
    ours = [record for record in records.all.values() if record.tool == "srcgrad"]
    return 0 if all(record.valid for record in ours) else 1


def _compare(place: Place, name: str, options: argparse.Namespace, records: Records) -> None:
    """All tools on one eval, taking turns; a line says so where one can't be run."""
    problem = place.build_reference(name) if place.lists("manual", name) else None
    if problem:
        print(f"{name}: GradBench's reference can't be compiled: {problem}")
    tools = []
    for tool in options.tool or TOOLS:
        reason = place.missing(tool, name)
        if reason:
            print(f"{name}: without {tool}: {reason}", flush=True)
        else:
            tools.append(tool)
    for _ in range(options.rounds):
        for tool in list(tools):
            failure = _measure(place, name, tool, options, records)
            if failure:
                print(f"{name}: {tool}: {failure}", flush=True)
                tools.remove(tool)


def _measure(place: Place, name: str, tool: str, options: argparse.Namespace, records: Records) -> str | None:
    """One eval with one tool. Returns what went wrong, if the eval did not come to its end."""
    flags = [] if name == "hello" else ["--min-runs", str(options.runs), "--min-seconds", str(options.seconds)]
    given = options.inputs if options.inputs is not None else "" if options.all else INPUTS.get(name, "")
    asked: dict[int, Record] = {}
    failure = None
    try:
        talk = conversation(place.eval(name, flags + shlex.split(given)), place.tool(tool), options.timeout)
        with contextlib.closing(talk):
            for message, response in talk:
                if message["kind"] == "define" and not response["success"]:
                    failure = f"skipped, it can't be defined: {_last(response.get('error'))}"
                    break
                _keep(message, response, asked, partial(records.of, name, tool=tool))
    except Silence as silence:
        failure = str(silence)
    if failure and tool == "srcgrad":
        records.of(name, "", "", tool).valid = False
    return failure


def _keep(message: Message, response: Message, asked: dict[int, Record], record: Callable[..., Record]) -> None:
    """The times of an evaluation, and what the eval said of it."""
    if message["kind"] == "evaluate":
        size, function = message.get("description") or "-", message["function"]
        found = record(function, "search") if function in SEARCHES else record(size, function)
        asked[message["id"]] = found
        timings = response.get("timings") or []
        found.add([each["nanoseconds"] for each in timings if each["name"] == "evaluate"])
        if not response["success"]:
            found.valid, found.error = False, response.get("error")
    elif message["kind"] == "analysis" and not message["valid"]:
        asked[message["of"]].valid, asked[message["of"]].error = False, message.get("error")


def _last(text: str | None) -> str:
    return (text or "no reason given").strip().splitlines()[-1]


def _python(word: str) -> tuple[str, str]:
    """`jax=PATH` is for one tool (or `eval=PATH`), `PATH` for all that have none of their own."""
    name, equals, path = word.partition("=")
    return (name, path) if equals else ("", word)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradbench run", description=__doc__.split("\n\n")[1])
    add = parser.add_argument
    add("--checkout", type=Path, required=True, help="a clone of github.com/gradbench/gradbench")
    add("--eval", nargs="+", choices=NAMES, help="these evals only")
    add("--tool", nargs="+", choices=TOOLS, help="these tools only")
    add("--python", nargs="+", default=[], metavar="[NAME=]PATH", help="the Python of evals (NAME eval) and of tools")
    add("--all", action="store_true", help="all of GradBench's inputs, not only a selection")
    add("--inputs", metavar="FLAGS", help="flags for the eval in place of the selection, such as '-n 100 -s 10'")
    add("--runs", type=int, default=10, help="runs of each function, at least (default 10)")
    add("--seconds", type=float, default=0.5, help="seconds of runs of each function, at least (default 0.5)")
    add("--rounds", type=int, default=1, help="turns of the tools at each eval (default 1)")
    add("--timeout", type=float, default=300.0, help="seconds for one answer (default 300)")
    add("--json", type=Path, metavar="FILE", help="write everything measured to FILE")
    add("--plot", type=Path, metavar="FILE", help="draw the ratios to manual into FILE (needs matplotlib)")
    return parser
