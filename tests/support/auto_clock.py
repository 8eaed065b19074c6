"""A clock for code that polls in one thread: every wait passes at once and moves the time on by its timeout.

What flows in: waits. What flows out: their time, without any waiting. One thread only; with several, use the fake clock.
"""

import datetime
import threading


class AutoClock:
    """Time moves when somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        """Return the seconds waited so far."""
        return self.seconds

    def now(self) -> datetime.datetime:
        """Return a wall-clock time that moves along."""
        return datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC) + datetime.timedelta(seconds=self.seconds)

    def wait(self, condition: threading.Condition, timeout_seconds: float | None) -> bool:
        """Let the timeout pass; nobody else could notify."""
        self.seconds += timeout_seconds or 0.0
        return False

    def wait_event(self, event: threading.Event, timeout_seconds: float | None) -> bool:
        """Return at once if *event* is set, else let the timeout pass."""
        if not event.is_set():
            self.seconds += timeout_seconds or 0.0
        return event.is_set()
