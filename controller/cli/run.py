"""`coxswain run`: run operators until SIGTERM or SIGINT.

What flows in: flags and signals. What flows out: a manager that runs in the main thread. A first signal ends it in good order,
a second one at once with exit code 1. Mirrors the `main.go` that kubebuilder scaffolds.
"""

import argparse
import os
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType

import structlog

from controller import controller, http_server, manager, operators
from controller.cli import connection
from controller.client import transport

_log = structlog.get_logger("controller.cli.run")

MOST_WORKERS = 1000
"""Per controller; each is a thread."""
LONGEST_SECONDS = 31_536_000
"""A year: no thread can wait much longer than that."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", found: Sequence[operators.Operator]) -> None:
    """Add the command to *commands*."""
    parser = commands.add_parser("run", help="run the operators", description="Run the operators until SIGTERM.")
    connection.add_flags(parser)
    defaults = manager.Options()
    names = ",".join(operator.name for operator in found)
    parser.add_argument("--namespace", default="", help="watch only this namespace (default: all)")
    parser.add_argument("--operators", default=names, metavar="A,B", help=f"which operators to run (default: {names})")
    parser.add_argument("--metrics-bind-address", default=defaults.metrics_bind_address, metavar="HOST:PORT", help="0: off")
    parser.add_argument(
        "--health-probe-bind-address", default=defaults.health_probe_bind_address, metavar="HOST:PORT", help="0: off"
    )
    parser.add_argument("--max-concurrent-reconciles", type=positive_int, default=4, metavar="N", help="workers per controller")
    parser.add_argument(
        "--sync-period", type=positive_float, default=defaults.sync_period_seconds, metavar="SECONDS", help="default: 10 h"
    )
    for flag in {flag.name: flag for operator in found for flag in operator.flags}.values():
        parser.add_argument(f"--{flag.name}", default=flag.default, help=flag.help.replace("%", "%%"))
    parser.set_defaults(execute=execute)


def positive_int(text: str) -> int:
    """Parse a whole number above 0."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MOST_WORKERS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MOST_WORKERS}")
    return int(text)


def positive_float(text: str) -> float:
    """Parse a number of seconds above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0 and at most {LONGEST_SECONDS}")
    return number


def execute(arguments: argparse.Namespace) -> int:
    """Run the manager; return 0 if it was told to end and did."""
    stop = _Stop()
    stop.install()
    try:
        a_manager = _set_up(arguments)
        stop.then(a_manager.stop)
        a_manager.run()
    except (
        transport.ConfigError,
        operators.OperatorError,
        http_server.BindError,
        manager.StartError,
        controller.CacheSyncTimeoutError,
    ) as error:
        _log.error("Cannot run", error=str(error))
        return 1
    return 0


def _set_up(arguments: argparse.Namespace) -> manager.Manager:
    """Make the manager, with the chosen operators in it.

    Raises:
        operators.OperatorError: One is unknown, or none is chosen, or one refuses its flags.
    """
    chosen = _chosen(arguments.operators)
    a_manager = manager.Manager(connection.load(arguments), _options(arguments))
    flags = {name.replace("_", "-"): value for name, value in vars(arguments).items()}
    for operator in chosen:
        try:
            operator.setup(a_manager, {flag.name: flags[flag.name] for flag in operator.flags})
        except ValueError as error:
            raise operators.OperatorError(f"operator {operator.name} cannot be set up: {error}") from error
    return a_manager


def _chosen(text: str) -> list[operators.Operator]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise operators.OperatorError(f"--operators={text}: name at least one operator")
    try:
        return operators.discover(names)
    except operators.OperatorError as error:
        raise operators.OperatorError(f"--operators={text}: {error}") from error


def _options(arguments: argparse.Namespace) -> manager.Options:
    return manager.Options(
        namespace=arguments.namespace,
        metrics_bind_address=arguments.metrics_bind_address,
        health_probe_bind_address=arguments.health_probe_bind_address,
        max_concurrent_reconciles=arguments.max_concurrent_reconciles,
        sync_period_seconds=arguments.sync_period,
    )


class _Stop:
    """Turns signals into one call, also when the signal comes before there is anything to call."""

    def __init__(self) -> None:
        self._signals = 0
        self._call: Callable[[], None] | None = None

    def install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def then(self, call: Callable[[], None]) -> None:
        """Call *call* at the first signal, or now if it has come already."""
        self._call = call
        if self._signals:
            call()

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (the interpreter's signature)
        self._signals += 1
        if self._signals > 1:
            os._exit(1)
        if self._call is not None:
            # A handler runs between any two instructions of the main thread, which may hold the very lock that the call takes.
            threading.Thread(target=self._call, daemon=True).start()
