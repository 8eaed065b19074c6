"""Asking the manager how it does, over its own HTTP endpoints.

What flows in: ports on this machine. What flows out: whether it is ready, and how often it has reconciled. The main thread only.
"""

import http.client
import socket

from demo import observation
from workqueue import clock as clocks

TIMEOUT_SECONDS = 5.0


class Probe:
    """The metrics and health endpoints of one manager."""

    def __init__(self, controller: str, clock: clocks.Clock) -> None:
        self.metrics_address, self.health_address = (f"127.0.0.1:{port}" for port in free_ports(2))
        self._controller = controller
        self._clock = clock
        self._total = 0
        self._rose_at: float | None = None

    def is_ready(self) -> bool:
        """Ask /readyz."""
        return get(self.health_address, "/readyz") is not None

    def reconciles(self) -> observation.Reconciles | None:
        """Ask /metrics how often the controller ran; None while nobody answers."""
        text = get(self.metrics_address, "/metrics")
        if text is None:
            return None
        counted = observation.count_reconciles(text, self._controller)
        now = self._clock.monotonic()
        if counted.total != self._total:
            self._total, self._rose_at = counted.total, now
        since = None if self._rose_at is None else now - self._rose_at
        return observation.Reconciles(counted.total, counted.failed, since)


def get(address: str, path: str) -> str | None:
    """Return the body of *path* if *address* answers it with 200, else None."""
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.read().decode() if response.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on; if somebody takes one before the manager does, the manager says so and ends."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
