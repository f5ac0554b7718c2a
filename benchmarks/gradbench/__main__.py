"""`python -m benchmarks.gradbench` is the tool; `python -m benchmarks.gradbench run` compares it with others."""

from __future__ import annotations

import sys

from benchmarks.gradbench.tool import serve

if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
