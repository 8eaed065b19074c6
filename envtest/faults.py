"""What goes wrong with which request: the plan that a server, or a proxy before one, asks about each call.

What flows in: a test's rules, at any time. What flows out: for each call a `Fault` or None, and for each frame of a watch how
late it is. Threads of the server ask, any thread may change the plan. It knows nothing of HTTP, so that every kind of server can
ask it. No upstream file.
"""

import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass

from envtest import calls


class Cut(enum.Enum):
    """Where a request's connection is cut."""

    BEFORE = "before"
    """The server never gets the request."""
    AFTER = "after"
    """The server has done it, and the answer is lost: of a watch all of it, the head too."""


@dataclass(frozen=True)
class Fault:
    """What happens to one request."""

    cut: Cut
    on_cut: Callable[[], None] = lambda: None
    """Called at that moment, before the client can notice, by the thread that serves the request."""


@dataclass
class _Rule:
    ordinal: int
    fault: Fault
    matches: Callable[[calls.Call], bool]
    seen: int = 0


def is_write(call: calls.Call) -> bool:
    """Match every request that may change something."""
    return call.is_write


class Faults:
    """A plan that can be changed at any time; without rules nothing goes wrong."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._lags: dict[str, float] = {}
        """Seconds by resource; "" is for those that have none of their own."""

    def set_lag(self, seconds: float, resource: str = "") -> None:
        """Deliver each frame of a watch *seconds* after it came, in order; watches that run already follow at once.

        Initial events and bookmarks are frames too. Lists are answered at once, but whoever follows a list by a watch is late
        from there on.

        Args:
            seconds: How late; 0 for not at all.
            resource: Such as ``deployments.apps``; "" for all that have no lag of their own.
        """
        with self._lock:
            self._lags[resource] = seconds

    def lag_seconds(self, call: calls.Call) -> float:
        """Say how late the frames of the watch *call* are now."""
        with self._lock:
            return self._lags.get(call.resource, self._lags.get("", 0.0))

    def at(self, ordinal: int, fault: Fault, matches: Callable[[calls.Call], bool] = is_write) -> None:
        """Let *fault* happen once.

        Args:
            ordinal: To which of the requests that match, counted from 1 and from now on.
            fault: What happens.
            matches: Which requests count.
        """
        with self._lock:
            self._rules.append(_Rule(ordinal, fault, matches))

    def decide(self, call: calls.Call) -> Fault | None:
        """Count *call*, and say what happens to it."""
        with self._lock:
            matching = [rule for rule in self._rules if rule.matches(call)]
            for rule in matching:
                rule.seen += 1
            due = next((rule for rule in matching if rule.seen >= rule.ordinal), None)
            if due is None:
                return None
            self._rules.remove(due)
            return due.fault
