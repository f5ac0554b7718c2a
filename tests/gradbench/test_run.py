"""The runner, on a folder laid out as a checkout, with an eval of ours in it: what it relays, keeps and prints."""

import json
from pathlib import Path

import pytest

from benchmarks.gradbench import plot, run, table
from benchmarks.gradbench.peers import TOOLS
from benchmarks.gradbench.record import Record, Records

EVAL = """
import json, sys
number = 0
def send(**message):
    global number
    print(json.dumps({"id": number, **message}), flush=True)
    response = json.loads(sys.stdin.readline())
    assert response["id"] == number
    number += 1
    return response
send(kind="start", eval="hello")
if send(kind="define", module=MODULE)["success"]:
    for x in (1.5, 2.5):
        for function, expected in (("square", x * x), ("double", FACTOR * x)):
            of = number
            response = send(kind="evaluate", module="hello", function=function, input=x, description=f"x={x}")
            right = response["output"] == expected
            send(kind="analysis", of=of, valid=right, error=f"{response['output']} is not {expected}")
"""
DEAF = "import sys; sys.exit('this tool has no ears')"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return lay_out(tmp_path)


def lay_out(folder: Path, module: str = "hello", factor: float = 2.0, tool: str = DEAF) -> Path:
    source = folder / "python" / "gradbench" / "gradbench"
    for path in (source / "evals" / "hello", source / "tools" / "tapenade"):
        path.mkdir(parents=True)
    settings = f"MODULE, FACTOR = {module!r}, {factor!r}\n"
    (source / "evals" / "hello" / "run.py").write_text(settings + EVAL, encoding="utf-8")
    (source / "tools" / "tapenade" / "run.py").write_text(tool, encoding="utf-8")
    for name, evals in (("tapenade", "hello\nlstm\n"), ("jax", "gmm error\n")):
        (folder / "tools" / name).mkdir(parents=True)
        (folder / "tools" / name / "evals.txt").write_text(evals, encoding="utf-8")
    return folder


def main(checkout: Path, *words: str) -> int:
    return run.main(["--checkout", str(checkout), "--eval", "hello", *words])


def test_our_tool_is_validated_and_timed(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = checkout / "measured.json"
    assert main(checkout, "--tool", "srcgrad", "--rounds", "2", "--json", str(file)) == 0
    rows = json.loads(file.read_text(encoding="utf-8"))
    assert [(row["size"], row["function"], row["tool"]) for row in rows] == [
        (size, function, "srcgrad") for size in ("x=1.5", "x=2.5") for function in ("square", "double")
    ]
    assert all(row["valid"] and row["runs"] == 2 and row["seconds"] > 0 for row in rows)
    printed = capsys.readouterr().out
    assert [line.split()[:3] for line in printed.splitlines() if line.startswith("hello   ")] == [
        ["hello", "x=1.5", "srcgrad"],
        ["hello", "x=2.5", "srcgrad"],
    ]


def test_a_result_that_the_eval_rejects_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(lay_out(tmp_path, factor=3.0), "--tool", "srcgrad") == 1
    assert "wrong: 3.0 is not 4.5" in capsys.readouterr().out


def test_a_module_that_we_do_not_have_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(lay_out(tmp_path, module="knot"), "--tool", "srcgrad") == 1
    assert "there is no module 'knot'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tool", "reason"), [("jax", "its evals.txt does not list the eval"), ("tapenade", "this tool has no ears")]
)
def test_a_peer_that_cannot_run_is_skipped_with_a_line(
    checkout: Path, capsys: pytest.CaptureFixture[str], tool: str, reason: str
) -> None:
    assert main(checkout, "--tool", "srcgrad", tool) == 0
    printed = capsys.readouterr().out
    assert any(tool in line and reason in line for line in printed.splitlines())


def test_a_peer_that_is_silent_for_too_long_is_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow = lay_out(tmp_path, tool="import time; time.sleep(60)")
    assert main(slow, "--tool", "tapenade", "--timeout", "0.5") == 0
    assert "no answer in 0 s" in capsys.readouterr().out


def test_the_median_leaves_out_the_first_run_of_each_process() -> None:
    record = Record("llsq", "n=1", "gradient", "jax")
    record.add([9_000_000_000, 1_000, 3_000])
    record.add([8_000_000_000, 2_000])
    assert record.seconds == 2e-6
    assert record.compiling == pytest.approx(8.0 - 2e-6)
    assert record.json()["runs"] == 5


def test_a_function_that_ran_once_has_the_time_of_that_run() -> None:
    record = Record("llsq", "n=1", "gradient", "jax")
    record.add([4_000])
    assert (record.seconds, record.compiling) == (4e-6, None)


def test_a_plot_without_matplotlib_is_refused_before_anything_runs(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(plot.importlib.util, "find_spec", {}.get)
    with pytest.raises(SystemExit):
        main(checkout, "--tool", "srcgrad", "--plot", str(checkout / "plot.png"))
    said = capsys.readouterr()
    assert "pip install matplotlib" in said.err and not said.out


def test_the_summary_has_a_line_for_each_input_and_a_column_for_each_tool() -> None:
    records = Records()
    for tool, function, gradient in (("srcgrad", 1000, 2000), ("manual", 3000, 4000), ("jax", 5000, 8000)):
        records.of("lse", "n=9", "primal", tool).add([function])
        records.of("lse", "n=9", "gradient", tool).add([gradient])
    records.of("lse", "n=9", "gradient", "jax").valid = False
    head, _, row = table.summary(records, TOOLS)
    assert head == "| eval | input | manual, ms | srcgrad, ms | srcgrad | jax | srcgrad's gradient / its function |"
    assert row == "| lse | n=9 | 0.004 | 0.002 | 0.5 | - | 2 |"
