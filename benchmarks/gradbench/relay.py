"""Between an eval's process and a tool's: every line of the one is handed to the other, and read on the way."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

Message = dict[str, Any]


class Silence(Exception):
    """A process ended, or was ended for taking too long, when a line was expected of it."""


@dataclass(frozen=True)
class Command:
    """What to start, where, and with what in its environment."""

    words: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]


class Talker:
    """A process that is spoken to in lines; what it writes to stderr is only shown when it fails."""

    def __init__(self, command: Command, seconds: float) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._seconds = seconds
        self._late = False
        self._process = subprocess.Popen(
            command.words,
            cwd=command.folder,
            env=command.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Talker:
        return self

    def __exit__(self, *_: object) -> None:
        """Both ends close their pipes; one that does not go by itself is ended."""
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(10.0)
        except subprocess.TimeoutExpired:
            self._end()
            self._process.wait()
        _pipe(self._process.stdout).close()
        self._errors.close()

    def say(self, line: str) -> None:
        try:
            _pipe(self._process.stdin).write(line)
            _pipe(self._process.stdin).flush()
        except BrokenPipeError:
            raise Silence(self._why()) from None

    def hear(self) -> str:
        """The next line, or "" at the end of the output of a process that ended well."""
        timer = threading.Timer(self._seconds, self._end)
        timer.start()
        line = _pipe(self._process.stdout).readline()
        timer.cancel()
        if not line and (self._late or self._process.wait() != 0):
            raise Silence(self._why())
        return line

    def _end(self) -> None:
        self._late = True
        self._process.kill()

    def _why(self) -> str:
        if self._late:
            return f"no answer in {self._seconds:.0f} s"
        self._errors.seek(0)
        said = self._errors.read().strip().splitlines()
        return said[-1] if said else f"ended with exit status {self._process.wait()}"


def conversation(asking: Command, answering: Command, seconds: float) -> Generator[tuple[Message, Message], None, None]:
    """All messages of an eval with a tool's responses. Raises `Silence` where one of them fails."""
    with Talker(answering, seconds) as tool, Talker(asking, seconds) as judge:
        while line := judge.hear():
            tool.say(line)
            response = tool.hear()
            if not response:
                raise Silence("the tool ended before the eval did")
            judge.say(response)
            yield json.loads(line), json.loads(response)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None, "both ends are pipes"
    return pipe
