"""The command line: ``python -m envtest`` with ``assets``, ``up``, ``nginx`` or ``container``.

What flows in: arguments and signals. What flows out: for ``assets`` and ``nginx`` a path on standard output; for ``up`` a
kubeconfig and a control plane, for ``container`` a program, that live until SIGTERM or SIGINT. Progress goes to standard error.
The main thread does it all.
"""

import argparse
import json
import pathlib
import signal
import sys
import time
from collections.abc import Sequence

from envtest import binaries, controlplane, kubeconfig, local_container, nginx, versions
from envtest.embedded import server

_LOOK_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; those of the process if None.

    Returns:
        The exit code: 0, or 1 if something failed and standard error says what.
    """
    parsed = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(parsed.run(parsed))
    except KeyboardInterrupt:
        return 0
    except (
        binaries.BinariesError,
        controlplane.ControlPlaneError,
        nginx.NginxError,
        local_container.ContainerError,
    ) as error:
        _say(str(error))
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m envtest", description="A Kubernetes control plane on this machine, and what belongs to it."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in [
        ("assets", _assets, "print a folder with the programs, fetching what is missing"),
        ("up", _up, "run a control plane until SIGTERM or SIGINT"),
    ]:
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        command.add_argument("--version", default=versions.DEFAULT, help="version of Kubernetes (default: %(default)s)")
        command.add_argument("--no-build", action="store_true", help="fail rather than compile, which takes minutes")
        command.set_defaults(run=run)
    kinds = {"real": "etcd and Kubernetes' own programs", "embedded": "a twin in memory, which starts at once"}
    command.add_argument(
        "--control-plane",
        choices=list(kinds),
        default="real",
        help="; ".join(f"{kind}: {text}" for kind, text in kinds.items()) + " (default: %(default)s)",
    )
    command.add_argument("--kubeconfig-out", required=True, type=pathlib.Path, help="file to write; removed at the end")
    command.add_argument("--nodes", type=int, default=0, help="number of simulated nodes (default: %(default)s)")
    command.add_argument("--metrics", action="store_true", help="serve metrics.k8s.io, with a CPU use that can be set")
    command.add_argument("--crds", type=pathlib.Path, help="folder of CRDs to install first")
    command = commands.add_parser("nginx", help="print the path of nginx, fetching it if need be")
    command.set_defaults(run=_nginx)
    command = commands.add_parser("container", help="run one container of a pod as a process until SIGTERM or SIGINT")
    command.add_argument("--pod-file", required=True, type=pathlib.Path, help="the pod as the API has it, in JSON")
    command.add_argument("--name", required=True, help="the container; its program must be nginx")
    command.add_argument(
        "--secret-file", default=[], action="append", type=pathlib.Path, help="a Secret, likewise; may be repeated"
    )
    command.add_argument(
        "--port", default=[], action="append", type=_ports, metavar="POD=HERE", help="exchange a port; repeatable"
    )
    command.set_defaults(run=_container)
    return parser


def _ports(text: str) -> tuple[int, int]:
    pod, _, here = text.partition("=")
    return int(pod), int(here)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _assets(parsed: argparse.Namespace) -> int:
    options = binaries.Options(parsed.version, allow_build=not parsed.no_build, with_kubectl=True, report=_say)
    print(binaries.folder_of(binaries.find(options)))
    return 0


def _nginx(_: argparse.Namespace) -> int:
    print(nginx.find(_say))
    return 0


def _container(parsed: argparse.Namespace) -> int:
    options = local_container.Options(
        pod=json.loads(parsed.pod_file.read_text(encoding="utf-8")),
        name=parsed.name,
        programs={"nginx": nginx.find(_say)},
        secrets=dict(_secret(path) for path in parsed.secret_file),
        ports=dict(parsed.port),
    )
    with local_container.LocalContainer(options) as running:
        _say(f"{parsed.name} listens on 127.0.0.1:{running.port}")
        while (code := running.exit_code()) is None:
            time.sleep(_LOOK_SECONDS)
        _say(f"{parsed.name} ended by itself with exit code {code}; its log:\n{running.tail()}")
        return 1


def _secret(path: pathlib.Path) -> tuple[str, dict[str, str]]:
    secret = json.loads(path.read_text(encoding="utf-8"))
    return secret["metadata"]["name"], secret.get("data") or {}


def _up(parsed: argparse.Namespace) -> int:
    options = controlplane.Options(
        version=parsed.version,
        nodes=parsed.nodes,
        metrics=parsed.metrics,
        crds=parsed.crds,
        allow_build=not parsed.no_build,
        report=_say,
    )
    make = server.EmbeddedControlPlane if parsed.control_plane == "embedded" else controlplane.ControlPlane
    control_plane = make(options)
    target: pathlib.Path = parsed.kubeconfig_out
    _refuse_foreign(target)
    try:
        control_plane.start()
        control_plane.write_kubeconfig(target)
        what = "An API server in memory, as of Kubernetes" if parsed.control_plane == "embedded" else "Kubernetes"
        _say(f"{what} {parsed.version} is ready after {control_plane.start_seconds:.1f} s: {control_plane.url}")
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
