"""`coxswain version`: what is installed here.

What flows in: the installed package's metadata. What flows out: one line on standard output.
"""

import argparse
import importlib.metadata
import platform
from collections.abc import Sequence
from typing import Any

from controller import operators


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", found: Sequence[operators.Operator]) -> None:
    """Add the command to *commands*."""
    parser = commands.add_parser("version", help="print the version")
    parser.set_defaults(execute=lambda _: execute(found))


def execute(found: Sequence[operators.Operator]) -> int:
    """Print the versions of Coxswain and Python, and the operators found."""
    names = ", ".join(operator.name for operator in found) or "none"
    version: Any = importlib.metadata.version("coxswain")
    print(f"coxswain {version} (Python {platform.python_version()}; operators: {names})")
    return 0
