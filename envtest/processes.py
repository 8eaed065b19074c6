"""Child processes that log to a file, stop on request and never outlive us.

What flows in: commands. What flows out: running processes, and the tail of their logs when they fail. Any thread may call; the
processes themselves are all started by the one thread of a `Starter`, because the parent-death signal fires when the *thread*
that started a process ends. Mirrors sigs.k8s.io/controller-runtime pkg/internal/testing/process; deviation: death
with the parent.
"""

import concurrent.futures
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_LAUNCHER = pathlib.Path(__file__).with_name("parent_death.py")
_TAIL_LINES = 15


@dataclass(frozen=True)
class User:
    """A user and a group, by number."""

    user: int
    group: int

    def __str__(self) -> str:
        return f"{self.user}:{self.group}"


class Process:
    """One child process."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], log: pathlib.Path) -> None:
        self.name = name
        self.log = log
        self._popen = popen

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        return self._popen.poll()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM); harmless if it has ended."""
        self._popen.terminate()

    def kill(self) -> None:
        """End it and all that it started (SIGKILL), and wait until it is gone."""
        if self._popen.poll() is None:
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()

    def tail(self) -> str:
        """Return the last lines of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])


class Starter:
    """The one long-lived thread that starts processes."""

    def __init__(self) -> None:
        self._thread = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="envtest-starter")

    def start(self, command: Sequence[str], log: pathlib.Path, user: User | None = None) -> Process:
        """Start *command*; it appends its output to *log*.

        Args:
            command: Absolute path of the program, then its arguments.
            log: The file, made if missing.
            user: Whom to run it as, which only root can choose; None is ourselves.

        Returns:
            The running process; it is killed when this starter is closed or our process ends, however it ends.
        """
        return self._thread.submit(self._start, list(command), log, user).result()

    def close(self) -> None:
        """End the thread, and so everything it started that still runs."""
        self._thread.shutdown(wait=True)

    @staticmethod
    def _start(command: list[str], log: pathlib.Path, user: User | None) -> Process:
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(user or "-")]
        with log.open("ab") as output:
            # A session of its own: Ctrl-C in a terminal reaches us only, and we stop the processes in order.
            popen = subprocess.Popen(  # noqa: SIM115, RUF100
                [*launcher, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        return Process(pathlib.Path(command[0]).name, popen, log)


def stop(processes: Iterable[Process], grace_seconds: float) -> None:
    """Stop *processes* together: SIGTERM, and SIGKILL for those that are still there after the grace period.

    Args:
        processes: What to stop; ended ones are fine.
        grace_seconds: How long they may take, all together.
    """
    waiting = list(processes)
    for process in waiting:
        process.terminate()
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(process.exit_code() is None for process in waiting):
        time.sleep(0.02)
    for process in waiting:
        process.kill()
