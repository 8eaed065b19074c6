"""`python -m demo`: one MicroServiceDeploy from creation to removal, on a Kubernetes API of the demo's own.

What flows in: flags, and SIGINT or SIGTERM to end early. What flows out: the story on the console; exit code 0 if it held, 1 if a
step did not, 130 if it was interrupted. Nothing is left behind in any case.
"""

import argparse
import pathlib
import shutil
import signal
import sys
import threading
from collections.abc import Callable

from rich import console

from demo import narrator, observation, runner, story, world
from workqueue import clock as clocks

LINGER_SECONDS = 3.0
"""On a terminal a reader needs time between the steps."""
INTERRUPTED = 130
"""The exit code of a program that SIGINT ended, as shells count."""


def main(argv: list[str] | None = None) -> int:
    """Tell the story; return the exit code."""
    arguments = _parser().parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    out = console.Console()
    a_world = world.World(arguments.control_plane, stop, clocks.RealClock())
    try:
        code = _tell(a_world, out, arguments)
    except world.InterruptedByUserError:
        code = 0 if arguments.keep else INTERRUPTED
    finally:
        trouble = a_world.close()
    out.print(f"Cleaned up{', but ' + trouble if trouble else ''}.", markup=False, highlight=False)
    return code or int(bool(trouble))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description="Show one MicroServiceDeploy from creation to removal.")
    parser.add_argument(
        "--control-plane",
        choices=list(world.CONTROL_PLANES),
        default="embedded",
        help="the Kubernetes API that it runs on: "
        + "; ".join(f"{kind}: {text}" for kind, text in world.CONTROL_PLANES.items())
        + " (default: %(default)s)",
    )
    parser.add_argument("--keep", action="store_true", help="stay before the removal, to look around, until Ctrl-C")
    parser.add_argument("--record", type=pathlib.Path, metavar="FILE", help="write the table of this run as an SVG picture")
    return parser


def _tell(a_world: world.World, out: console.Console, arguments: argparse.Namespace) -> int:
    hint = look_hint(a_world.kubeconfig)
    steps = story.steps(a_world)
    with narrator.Narrator(out, steps, hint) as a_narrator:
        a_narrator.say(f"Look yourself, once it runs: {hint}")
        after = _after(a_world, a_narrator, arguments)
        linger_seconds = LINGER_SECONDS if out.is_terminal else 0.0
        return runner.Runner(a_world, a_narrator, clocks.RealClock(), after, linger_seconds).run(steps)


def _after(
    a_world: world.World, a_narrator: narrator.Narrator, arguments: argparse.Namespace
) -> Callable[[story.Step, observation.Observation], None]:
    """Return what to do when a step holds: record the whole picture, and stay at it if asked to."""

    def after(step: story.Step, seen: observation.Observation) -> None:
        if step.is_last_with_resource and arguments.record:
            a_narrator.record(seen, arguments.record)
        if step.is_last_with_resource and arguments.keep:
            a_narrator.say("Staying here until Ctrl-C.")
            while True:
                a_narrator.show(a_world.look())
                a_world.pause()

    return after


def look_hint(kubeconfig: pathlib.Path) -> str:
    """Return a command line that shows the same with kubectl; the control plane brings one if there is none."""
    kubectl = "kubectl" if shutil.which("kubectl") else "$(.venv/bin/python -m envtest assets)/kubectl"
    return f"{kubectl} --kubeconfig {kubeconfig} -n {world.NAMESPACE} get microservicedeploys,all"


if __name__ == "__main__":
    sys.exit(main())
