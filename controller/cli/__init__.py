"""The command line: `coxswain run`, `coxswain install`, `coxswain version`.

What flows in: arguments, and signals. What flows out: a running manager or a finished job, and an exit code: 0 done, 1 failed,
2 wrong usage. The main thread only. Flags are named as kubebuilder scaffolds them; each operator adds its own
(`operators.Flag`).
"""

import argparse
import sys
from collections.abc import Sequence

from controller import logs, operators
from controller.cli import install, run, version


def build_parser(found: Sequence[operators.Operator]) -> argparse.ArgumentParser:
    """Build the parser for the commands and the flags of the operators *found*."""
    parser = argparse.ArgumentParser(prog="coxswain", description="Kubernetes operators, and the framework they are built with.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (run, install, version):
        command.add_parser(commands, found)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    try:
        found = operators.discover()
    except operators.OperatorError as error:
        print(f"coxswain: {error}", file=sys.stderr)
        return 1
    arguments = build_parser(found).parse_args(argv)
    logs.configure(getattr(arguments, "log_level", "info"), getattr(arguments, "log_format", "console"), sys.stderr)
    code: int = arguments.execute(arguments)
    return code
