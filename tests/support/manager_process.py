"""`coxswain run` as a process of its own, as a user runs it, with everything that it prints kept for the test to read.

What flows in: a kubeconfig and flags. What flows out: a running process, its output and its metrics. It is ended by the test.
"""

import pathlib
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from typing import Self

from tests.support import cluster


class ManagerProcess:
    """A context manager around the process."""

    def __init__(
        self, kubeconfig: pathlib.Path, log: pathlib.Path, *flags: str, program: Sequence[str] = ("controller",)
    ) -> None:
        self.log = log
        self._command = [
            *(sys.executable, "-m", *program, "run", "--kubeconfig", str(kubeconfig), "--log-level", "debug"),
            *("--metrics-bind-address", "127.0.0.1:0", "--health-probe-bind-address", "127.0.0.1:0", *flags),
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self._earlier_output = 0
        """How many characters the log held when the present process started."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start the process; return at once."""
        self._earlier_output = len(self.output)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output, cwd=cluster.ROOT)

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    def wait_until_working(self) -> None:
        """Wait until the workers run."""
        cluster.eventually(lambda: "Starting workers" in self._own_output, 30, lambda: self.output[-2000:])

    def __exit__(self, *_: object) -> None:
        assert self.terminate() == 0, self.output[-3000:]

    def terminate(self, timeout_seconds: float = 10.0) -> int:
        """Send SIGTERM and wait; return the exit code.

        Raises:
            subprocess.TimeoutExpired: It did not end; it is killed then.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout_seconds)
        finally:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """Send SIGKILL and wait for the end; `start` makes a new process that goes on with the same log."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def wait(self, timeout_seconds: float) -> int:
        """Wait for the process to end by itself; return the exit code."""
        assert self._process is not None
        return self._process.wait(timeout_seconds)

    @property
    def output(self) -> str:
        """Everything that it printed so far."""
        return self.log.read_text() if self.log.exists() else ""

    @property
    def _own_output(self) -> str:
        """What the present process printed so far."""
        return self.output[self._earlier_output :]

    def fetch(self, name: str, path: str) -> str:
        """Return what it serves as "metrics" or "health probes", on the port that its log tells."""
        found = re.search(rf'"Serving {name}".*"port": (\d+)', self._own_output)
        assert found, self.output[-2000:]
        with urllib.request.urlopen(f"http://127.0.0.1:{found.group(1)}{path}", timeout=5) as answer:
            return answer.read().decode()

    def metrics(self) -> dict[str, float]:
        """Return its metrics by series."""
        lines = self.fetch("metrics", "/metrics").splitlines()
        return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}

    def mutating_requests(self) -> float:
        """Return how many requests it has sent that could change something, the Events and the Lease not excepted."""
        names = ("POST", "PUT", "PATCH", "DELETE")
        return sum(
            value
            for series, value in self.metrics().items()
            if series.startswith("rest_client_requests_total") and any(f'method="{name}"' in series for name in names)
        )
