"""The command line: ``python -m envtest assets`` and ``python -m envtest up``.

What flows in: arguments and signals. What flows out: for ``assets`` a folder's name on standard output; for ``up`` a kubeconfig
and a control plane that lives until SIGTERM or SIGINT. Progress goes to standard error. The main thread does it all.
"""

import argparse
import pathlib
import signal
import sys
import time
from collections.abc import Sequence

from envtest import binaries, controlplane, kubeconfig, versions

_LOOK_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; those of the process if None.

    Returns:
        The exit code: 0, or 1 if something failed and standard error says what.
    """
    parser = argparse.ArgumentParser(prog="python -m envtest", description="A Kubernetes control plane on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in [
        ("assets", _assets, "print a folder with the programs, fetching what is missing"),
        ("up", _up, "run a control plane until SIGTERM or SIGINT"),
    ]:
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        command.add_argument("--version", default=versions.DEFAULT, help="version of Kubernetes (default: %(default)s)")
        command.add_argument("--no-build", action="store_true", help="fail rather than compile, which takes minutes")
        command.set_defaults(run=run)
    command.add_argument("--kubeconfig-out", required=True, type=pathlib.Path, help="file to write; removed at the end")
    command.add_argument("--nodes", type=int, default=0, help="number of simulated nodes (default: %(default)s)")
    command.add_argument("--crds", type=pathlib.Path, help="folder of CRDs to install first")
    parsed = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(parsed.run(parsed))
    except KeyboardInterrupt:
        return 0
    except (binaries.BinariesError, controlplane.ControlPlaneError) as error:
        _say(str(error))
        return 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _assets(parsed: argparse.Namespace) -> int:
    options = binaries.Options(parsed.version, allow_build=not parsed.no_build, with_kubectl=True, report=_say)
    print(binaries.folder_of(binaries.find(options)))
    return 0


def _up(parsed: argparse.Namespace) -> int:
    options = controlplane.Options(
        version=parsed.version, nodes=parsed.nodes, crds=parsed.crds, allow_build=not parsed.no_build, report=_say
    )
    control_plane = controlplane.ControlPlane(options)
    target: pathlib.Path = parsed.kubeconfig_out
    _refuse_foreign(target)
    try:
        control_plane.start()
        control_plane.write_kubeconfig(target)
        _say(f"Kubernetes {parsed.version} is ready after {control_plane.start_seconds:.1f} s: {control_plane.url}")
        _say(f"kubectl --kubeconfig {target} get nodes")
        while not (failed := control_plane.failed_components()):
            time.sleep(_LOOK_SECONDS)
        for name, tail in failed.items():
            _say(f"{name} ended by itself; the end of its log:\n{tail}")
        return 1
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):  # stopping has begun; it takes less than 3 s
            signal.signal(number, signal.SIG_IGN)
        began = time.monotonic()
        control_plane.stop()
        target.unlink(missing_ok=True)
        _say(f"stopped after {time.monotonic() - began:.1f} s")


def _refuse_foreign(target: pathlib.Path) -> None:
    """Protect a kubeconfig that another program wrote; one that a killed run of ours left behind may go."""
    if target.exists() and not kubeconfig.is_ours(target):
        raise controlplane.ControlPlaneError(f"{target} exists and is not a kubeconfig of ours: choose another file")


if __name__ == "__main__":
    sys.exit(main())
