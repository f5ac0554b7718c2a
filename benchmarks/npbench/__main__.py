"""`python -m benchmarks.npbench CHECKOUT`: NPBench's NumPy kernels, unmodified, differentiated, verified and timed.

CHECKOUT is a clone of github.com/spcl/npbench. Every kernel with real floating output is differentiated with respect
to all its floating arguments together. The columns: milliseconds per call of NumPy, of the primal compiled by us, of
NPBench's own Numba version, of our gradient and of JAX's; the gradient over the primal and over JAX's; seconds to
compile the gradient; megabytes of memory that it took; with --disk, milliseconds of a first call in a process that
finds the code in the disk cache. The exit status is 1 where a gradient is wrong.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.npbench import checkout

Record = dict[str, Any]
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_JAX = {"JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"}
_TIMES = ("numpy", "primal", "numba", "gradient", "jax")
_HEADER = (
    f"{'':<26} {'':<8} {'milliseconds per call':^54} {'gradient over':^17} {'compile':>8} {'memory':>8}\n"
    f"{'kernel':<26} {'':<8} {'NumPy':>10} {'primal':>10} {'Numba':>10} {'gradient':>10} {'JAX':>10}"
    f" {'primal':>8} {'JAX':>8} {'s':>8} {'MB':>8}"
)


def main() -> int:
    options = _parser().parse_args()
    print(_HEADER, flush=True)
    records = []
    for name in options.only or checkout.names(options.checkout):
        records.append(_run(name, options))
        if options.disk and "compile" in records[-1]:
            records[-1]["disk"] = _first_call_from_disk(name, options)
        print(_line(records[-1]), flush=True)
    print("\n".join(_summary(records)))
    if options.json:
        options.json.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    return 1 if any(record["verdict"] in ("wrong", "failed") for record in records) else 0


def _run(name: str, options: argparse.Namespace) -> Record:
    flags = ["--rounds", str(options.rounds)]
    flags += [flag for flag in ("--no-jax", "--no-check") if getattr(options, flag[2:].replace("-", "_"))]
    return _measured(name, options, flags, {})


def _first_call_from_disk(name: str, options: argparse.Namespace) -> float | None:
    """Seconds of the first call in a process that finds everything in the disk cache, less those of the second."""
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(2):
            record = _measured(name, options, ["--from-disk"], {"SRCGRAD_CACHE_DIR": directory})
    return record.get("disk")


def _measured(name: str, options: argparse.Namespace, flags: list[str], variables: dict[str, str]) -> Record:
    """What the measuring process printed."""
    command = [sys.executable, "-m", "benchmarks.npbench.measure", str(options.checkout), name]
    command += ["--preset", options.preset, *flags]
    environment = {**os.environ, **_ONE_THREAD, **_JAX, **variables}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=options.timeout)
    except subprocess.TimeoutExpired:
        return {"kernel": name, "verdict": "failed", "reason": f"not done in {options.timeout:.0f} s"}
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return {"kernel": name, "verdict": "failed", "reason": reason}
    record: Record = json.loads(lines[-1])
    record.setdefault("verdict", "-")
    return record


def _line(record: Record) -> str:
    """One row under the header; a second line says why a kernel or JAX's version of it has no figures."""
    start = f"{record['kernel']:<26} {record['verdict']:<8}"
    if "compile" not in record:
        return f"{start} {record.get('reason', '')}"
    seconds = record.get("seconds", {})
    times = " ".join(_cell(seconds.get(key), 10, 1e3) for key in _TIMES)
    ratios = " ".join(_cell(_ratio(record, "gradient", other), 8) for other in ("primal", "jax"))
    notes = [f"JAX: {record['no_jax']}"] if "no_jax" in record else []
    if record.get("jax_difference", 0.0) > 1e-3:
        differs = f"JAX's gradient differs by {record['jax_difference']:.0e}"
        notes.append(f"{differs}: other outputs, or another order of them")
    if record["verdict"] == "wrong":
        notes.append(f"identity {record['identity']:.0e}, differences {record['differences']:.0e}")
    row = f"{start} {times} {ratios} {record['compile']:>8.2f} {record['memory'] / 1e6:>8.0f}"
    if record.get("disk") is not None:
        row += f" {1e3 * record['disk']:>8.0f}"
    return "\n".join([row, *(f"{'':<26} {note}" for note in notes)])


def _cell(value: float | None, width: int, scale: float = 1.0) -> str:
    return f"{'-':>{width}}" if value is None else f"{value * scale:>{width}.{2 if scale == 1.0 else 3}f}"


def _ratio(record: Record, above: str, below: str) -> float | None:
    seconds = record.get("seconds", {})
    return seconds[above] / seconds[below] if above in seconds and below in seconds else None


def _summary(records: list[Record]) -> Iterator[str]:
    """Counts of the verdicts, geometric means of the ratios, and the median compile time."""
    verdicts = [record["verdict"] for record in records]
    yield ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in sorted(set(verdicts)))
    pairs = (("gradient", "primal"), ("gradient", "jax"), ("primal", "numba"), ("primal", "numpy"))
    for above, below in pairs:
        ratios = [ratio for record in records if (ratio := _ratio(record, above, below)) is not None]
        if ratios:
            yield f"{above}/{below}: geometric mean {_geometric(ratios):.2f} over {len(ratios)}, most {max(ratios):.2f}"
    compiling = [record["compile"] for record in records if "compile" in record]
    if compiling:
        yield f"compile: median {statistics.median(compiling):.2f} s, most {max(compiling):.2f} s"
    disk = [1e3 * record["disk"] for record in records if record.get("disk") is not None]
    if disk:
        yield f"first call from disk: median {statistics.median(disk):.0f} ms, most {max(disk):.0f} ms"


def _geometric(ratios: Iterable[float]) -> float:
    return math.exp(statistics.mean(map(math.log, ratios)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.npbench", description=__doc__)
    parser.add_argument("checkout", type=Path, help="a clone of github.com/spcl/npbench")
    parser.add_argument("--only", nargs="+", metavar="KERNEL", help="these kernels only (names in bench_info)")
    parser.add_argument("--preset", default="S", choices=("S", "M", "L", "paper"), help="NPBench's sizes (default S)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds, of which the least counts; 0: only verify")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds for one kernel (default 600)")
    parser.add_argument("--no-jax", action="store_true", help="leave JAX out")
    parser.add_argument("--no-check", action="store_true", help="do not verify the gradients")
    parser.add_argument("--disk", action="store_true", help="also measure first calls from the disk cache, in ms")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured to FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
