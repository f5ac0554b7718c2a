"""`python -m benchmarks.parallel`: each gradient on one core and on two, against JAX and PyTorch on the same cores.

Every figure is taken in a process that is kept to so many cores. Ends with status 1 where parallel and serial gradients
differ."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

NAMES = ("heston", "forces", "stencil", "heat", "mixture", "scatter")
COLUMNS = ("serial", "parallel", "jax", "torch")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parallel", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--cores", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    print("gradient, ms:" + "".join(f"{c:>11}" for c in COLUMNS) + "   serial grad/primal   parallel/serial")
    rows: list[dict[str, Any]] = []
    for name in options.only:
        for cores in options.cores:
            row = {"name": name, "cores": cores, **_measured(name, cores, options)}
            rows.append(row)
            cells = "".join(f"{row[c]:11.2f}" if c in row else f"{'-':>11}" for c in COLUMNS)
            ratio = row["serial"] / row["primal serial"]
            print(f"{name:10} {cores}  {cells}{ratio:18.2f}{row['parallel'] / row['serial']:18.2f}", flush=True)
    for name in options.only:
        one, most = (next(r for r in rows if r["name"] == name and r["cores"] == c) for c in
                     (min(options.cores), max(options.cores)))  # fmt: skip
        print(f"{name:10} {one['parallel'] / most['parallel']:.2f} times as fast on {most['cores']} cores")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file, indent=1)
    return 1 if any(row["difference"] > 1e-9 or not row["finite"] for row in rows) else 0


def _measured(name: str, cores: int, options: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.parallel.measure", name, str(cores)]
    command += ["--scale", str(options.scale), "--rounds", str(options.rounds)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name} on {cores} cores: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
