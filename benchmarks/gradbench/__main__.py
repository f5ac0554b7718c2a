"""`python -m benchmarks.gradbench` is the tool; `python -m benchmarks.gradbench run` compares it with others."""

from __future__ import annotations

import sys

from benchmarks.gradbench import run, tool

if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        sys.exit(run.main(sys.argv[2:]))
    tool.serve(sys.stdin, sys.stdout)
