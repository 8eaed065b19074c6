"""The programs that the demo runs beside itself: the control plane, the installer, the manager.

What flows in: command lines. What flows out: running processes with a log file each, that end when told to. The main thread only:
the kernel's death signal follows the thread that started a process.
"""

import math
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable

STOP_SECONDS = 15.0
"""How long a process may take to end after SIGTERM; the manager promises 10."""
LOOK_SECONDS = 0.1
"""How often to look whether a program has done its work."""
LINE_LENGTH = 500
"""Of a log line in a message, in characters."""


class FailedError(Exception):
    """A program ended, or would not end, and the message says so."""


class Process:
    """A running program."""

    def __init__(self, name: str, command: list[str], log: pathlib.Path, *, is_progress_shown: bool = False) -> None:
        """Start *command*.

        Args:
            name: How messages call it.
            command: The program, without a shell.
            log: Where its output goes.
            is_progress_shown: Leave its standard error, a progress display say, to the user instead.
        """
        self.name = name
        self._log = log
        with log.open("wb") as out:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "demo.child", str(os.getpid()), *command],
                cwd=pathlib.Path(__file__).resolve().parent.parent,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=None if is_progress_shown else subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the demo, which then ends its processes in the right order
            )

    def require_running(self) -> None:
        """Raise if the program has ended.

        Raises:
            FailedError: It has.
        """
        if self._popen.poll() is not None:
            raise FailedError(f"{self.name} ended with exit code {self._popen.returncode}: {self.last_lines(3)}")

    def result(self, timeout_seconds: float, pause: Callable[[float], None]) -> str:
        """Wait until the program has done its work; it has ended afterwards, however the wait ends.

        Args:
            timeout_seconds: The sum of all pauses.
            pause: Lets some seconds pass, or raises what ends the wait.

        Returns:
            What it printed.

        Raises:
            FailedError: It ended with another exit code than 0, or did not end in time.
        """
        try:
            looks = math.ceil(timeout_seconds / LOOK_SECONDS)
            while self._popen.poll() is None:
                if not looks:
                    raise FailedError(f"{self.name} did not end within {timeout_seconds:g} s: {self.last_lines(3)}")
                looks -= 1
                pause(LOOK_SECONDS)
        finally:
            code = self.stop()
        if code != 0:
            raise FailedError(f"{self.name} ended with exit code {code}: {self.last_lines(3)}")
        return self.last_lines(3)

    def stop(self) -> int:
        """End the program; kill it if it takes too long.

        Returns:
            Its exit code.
        """
        if self._popen.poll() is None:
            self._popen.terminate()
            try:
                self._popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        return self._popen.wait()

    def last_lines(self, number: int) -> str:
        """Return the last *number* lines of the log; a line that holds a stack is cut."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-number:]
        return "\n".join(line if len(line) <= LINE_LENGTH else line[:LINE_LENGTH] + "…" for line in lines)
