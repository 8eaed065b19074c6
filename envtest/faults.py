"""What goes wrong with which request: the plan that a server, or a proxy before one, asks about each call.

What flows in: a test's rules, at any time. What flows out: for each call a `Fault` or None, for each frame of a watch how late it
is, and for each list how old. Threads of the server ask, any thread may change the plan. It knows nothing of HTTP, so that every
kind of server can ask it. No upstream file.
"""

import enum
import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from envtest import calls

_REASONS = {
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}


class Cut(enum.Enum):
    """Where a request's connection is cut."""

    BEFORE = "before"
    """The server never gets the request."""
    AFTER = "after"
    """The server has done it, and the answer is lost: of a watch all of it, the head too."""
    MIDDLE = "middle"
    """The server has done it, and half of the answer comes: of a watch, the head and half of a frame."""


@dataclass(frozen=True)
class Refusal:
    """An answer in the server's place."""

    code: int
    """Of HTTP: 409, 410, 429, 500 and the like."""
    retry_after_seconds: int | None = None
    """What the header Retry-After says; None: there is none."""
    message: str = "refused by plan"

    def to_json(self) -> bytes:
        """Return the Status that says so."""
        reason = _REASONS.get(self.code, "")
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message}
        details = {} if self.retry_after_seconds is None else {"retryAfterSeconds": self.retry_after_seconds}
        return json.dumps({**status, "reason": reason, "details": details, "code": self.code}).encode()


@dataclass(frozen=True)
class Fault:
    """What happens to one request; of several things the one that stands first, after the delay."""

    cut: Cut | None = None
    """Where the connection is cut; None: it is not."""
    on_cut: Callable[[], None] = lambda: None
    """Called at that moment, before the client can notice, by the thread that serves the request."""
    refusal: Refusal | None = None
    """What is answered; the server never gets the request. Of a watch that has begun, the last frame says so."""
    delay_seconds: float = 0.0
    """How long the request is held before the server gets it, or anything else happens."""
    frames: int | None = None
    """Of a watch: it begins well, and the fault happens after so many frames; None: at its beginning."""
    silent_seconds: float = 0.0
    """Before the cut the connection stays open for so long, and nothing comes: a half-open one, with `math.inf` until the client
    goes."""

    def __str__(self) -> str:
        """Say it in a few words, for a log."""
        parts = [
            f"delay {self.delay_seconds:.2f} s" if self.delay_seconds else "",
            f"after {self.frames} frames" if self.frames is not None else "",
            f"silence {self.silent_seconds} s" if self.silent_seconds else "",
            f"cut {self.cut.value}" if self.cut else f"{self.refusal.code}" if self.refusal else "",
        ]
        return ", ".join(part for part in parts if part)


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
        self._schedule: Callable[[calls.Call], Fault | None] = lambda _: None
        self._lags: dict[str, float] = {}
        """Seconds by resource; "" is for those that have none of their own."""
        self._views: dict[str, str] = {}
        """Versions by resource, likewise."""
        self._losses: dict[str, int] = {}
        """How often frames were lost, by resource; "" counts those of all."""

    def set_lag(self, seconds: float, resource: str = "") -> None:
        """Deliver each frame of a watch *seconds* after it came, in order; watches that run already follow at once.

        Initial events and bookmarks are frames too. Lists are answered at once, but whoever follows a list by a watch is late
        from there on.

        Args:
            seconds: How late; 0 for not at all, `math.inf` to freeze watches.
            resource: Such as ``deployments.apps``; "" for all that have no lag of their own.
        """
        with self._lock:
            self._lags[resource] = seconds

    def set_view(self, resource_version: str, resource: str = "") -> None:
        """Answer lists as of an older version, and show nothing newer by watches, as a server that lags behind.

        A get is left alone: no server may answer one from an older view. A watch that would begin with a list is refused, as by
        servers that do not know it.

        Args:
            resource_version: The version; "" for the present.
            resource: Such as ``deployments.apps``; "" for all that have no view of their own.
        """
        with self._lock:
            self._views[resource] = resource_version

    def lose(self, resource: str = "") -> None:
        """Drop what is held back of the watches that run, and end them by 410: what they did not show is never seen.

        Args:
            resource: Whose watches; "" for all.
        """
        with self._lock:
            self._losses[resource] = self._losses.get(resource, 0) + 1

    def follow(self, schedule: Callable[[calls.Call], Fault | None]) -> None:
        """Ask *schedule* about each call for which there is no rule; it is asked by one thread at a time."""
        with self._lock:
            self._schedule = schedule

    def lag_seconds(self, call: calls.Call) -> float:
        """Say how late the frames of the watch *call* are now."""
        with self._lock:
            is_frozen = self._views.get(call.resource, self._views.get(""))
            return math.inf if is_frozen else self._lags.get(call.resource, self._lags.get("", 0.0))

    def view(self, call: calls.Call) -> str:
        """Say as of which version the list *call* is answered now; "" for the present."""
        with self._lock:
            return self._views.get(call.resource, self._views.get("", ""))

    def losses(self, call: calls.Call) -> int:
        """Say how often frames of the watch *call* were lost, or would have been."""
        with self._lock:
            return self._losses.get(call.resource, 0) + self._losses.get("", 0)

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
                return self._schedule(call)
            self._rules.remove(due)
            return due.fault
