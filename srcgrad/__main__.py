"""The command line: `python -m srcgrad`, or `srcgrad` where the package is installed.

Exit status: 0 all is well, 1 a derivative or the demonstration is wrong, 2 the command could not be carried out (no
such function, arguments that do not fit, an unsupported construct).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from srcgrad.app import commands, demo
from srcgrad.app.targets import TargetError
from srcgrad.config import Transform
from srcgrad.errors import SrcgradError

DESCRIPTION = """\
Machine-code gradients of ordinary Python. The commands look into any function of yours, as it is: nothing has to be
decorated or rewritten for them."""

EXAMPLES = """\
examples:
  python -m srcgrad demo
      fit a mixture of two normals to the Old Faithful data with scipy and a generated gradient
  python -m srcgrad show model.py:energy --args "np.ones((4, 3)), 2.0"
      print the adjoint of `energy` for arguments of these types (the numbers do not matter)
  python -m srcgrad show model.py:energy --args "np.ones((4, 3)), cutoff=2.0" --mode value_and_grad --argnums 0,1
  python -m srcgrad check package.model:energy --args "np.random.rand(4, 3), 2.0"
      compare reverse and forward mode with finite differences at these arguments
  python -m srcgrad report model.py:simulate --args "np.ones(10), 100"
      print what the reverse sweep keeps, why, where, and how many bytes

exit status: 0 all is well; 1 a derivative is wrong; 2 the command could not be carried out"""

TARGET = "the function: path/to/file.py:function or package.module:function"
ARGS = (
    "its arguments, as they would stand in a call; np, math and the names of the function's module may be used. "
    "Their types and dimensions decide what is generated"
)
MODE = "what to derive: grad (the default) or value_and_grad of one real result; vjp (reverse) or jvp (forward) of any"
ARGNUMS = "which arguments to differentiate, counted from 0, separated by commas (default: 0)"
MODES = {mode.value: mode for mode in Transform if mode is not Transform.PRIMAL}


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command; returns the exit status."""
    options = parser().parse_args(argv)
    try:
        return options.run(options)
    except (TargetError, SrcgradError) as error:
        print(error, file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(
        prog="python -m srcgrad",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = top.add_subparsers(required=True, metavar="command")
    example = subparsers.add_parser("demo", help="fit a Gaussian mixture to real data, and show all that was done")
    picture = "where to write the picture of the fit (default: old_faithful.svg)"
    example.add_argument("--picture", type=Path, default=Path("old_faithful.svg"), metavar="FILE", help=picture)
    example.set_defaults(run=lambda options: demo.run(options.picture))
    show = _function_command(subparsers, "show", "print the generated derivative as Python source")
    show.set_defaults(run=lambda options: commands.show(_query(options)))
    report = _function_command(subparsers, "report", "print what the reverse sweep keeps in memory, and why")
    report.set_defaults(run=lambda options: commands.report(_query(options)))
    for command in (show, report):
        command.add_argument("--mode", choices=MODES, default=Transform.GRAD.value, help=MODE)
    check = _function_command(subparsers, "check", "compare the derivatives with finite differences")
    check.set_defaults(run=lambda options: commands.check(_query(options)), mode=Transform.VJP.value)
    return top


def _function_command(subparsers: argparse._SubParsersAction, name: str, what: str) -> argparse.ArgumentParser:
    command = subparsers.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    command.add_argument("target", metavar="file.py:function", help=TARGET)
    command.add_argument("--args", default="", metavar='"..."', help=ARGS)
    command.add_argument("--argnums", type=_positions, default=(0,), metavar="N[,N...]", help=ARGNUMS)
    return command


def _positions(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of positions such as 0 or 0,2") from None


def _query(options: argparse.Namespace) -> commands.Query:
    return commands.Query(options.target, options.args, MODES[options.mode], options.argnums)


if __name__ == "__main__":
    sys.exit(main())
