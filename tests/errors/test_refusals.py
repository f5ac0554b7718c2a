"""Every refusal: its message, the user's line, the caret and the advice, as goldens; rewritten by `--update-golden`."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from srcgrad.errors import InternalError, SrcgradError
from tests.errors import cases
from tests.errors.cases import REFUSALS, Refusal

GOLDEN = Path(__file__).parent / "golden"


def normalised(message: str) -> str:
    """The text without this machine's paths and without line numbers, the caret still under the culprit."""
    text = message.replace(str(Path(cases.__file__)), "cases.py")
    text = re.sub(r"cases\.py:\d+", "cases.py:LINE", text)
    text = re.sub(r"0x[0-9a-f]{6,}", "0xADDRESS", text)
    lines = text.split("\n")
    for k, line in enumerate(lines):
        found = re.match(r"  (\d+) \| ", line)
        if found:
            lines[k] = "  # | " + line[found.end() :]
            width = found.end()
            if k + 1 < len(lines) and lines[k + 1][:width].strip() == "|":
                lines[k + 1] = "    | " + lines[k + 1][width:]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def caught(case: Refusal) -> SrcgradError:
    with pytest.raises(SrcgradError) as error:
        case.provoke()
    assert not isinstance(error.value, InternalError), f"an internal error reached the user: {error.value}"
    return error.value


@pytest.mark.parametrize("case", REFUSALS, ids=lambda c: c.name)
def test_message(case: Refusal, update_golden: bool) -> None:
    text = normalised(str(caught(case)))
    golden = GOLDEN / f"{case.name}.txt"
    if update_golden:
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(text)
    assert golden.exists(), f"no golden for {case.name}: run pytest --update-golden and read it"
    assert text == golden.read_text()


@pytest.mark.parametrize("case", REFUSALS, ids=lambda c: c.name)
def test_a_diagnostic_says_what_why_or_what_instead(case: Refusal) -> None:
    for diagnostic in caught(case).diagnostics:
        assert diagnostic.title
        assert diagnostic.why or diagnostic.advice, "neither a reason nor a way out"


def test_goldens_belong_to_cases() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} <= {case.name for case in REFUSALS}


@pytest.mark.parametrize("case", REFUSALS, ids=lambda c: c.name)
def test_errors_pickle(case: Refusal) -> None:
    error = caught(case)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_caret_stands_under_the_culprit() -> None:
    (case,) = (c for c in REFUSALS if c.name == "attribute_write")
    lines = normalised(str(caught(case))).split("\n")
    (k,) = (k for k, line in enumerate(lines) if line.startswith("  # | "))
    column = lines[k + 1].index("^")
    width = lines[k + 1].count("^")
    assert lines[k][column : column + width] == "BODY.mass"
