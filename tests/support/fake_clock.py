"""A clock that a test moves by hand.

What flows in: `FakeClock.step` from the test's thread. What flows out: wake-ups of whoever waits on the clock. Waits end because
of a notification, because the event is set, or because a step passed their deadline; no real time is involved, except that a test
which would hang for ever fails after `PATIENCE_SECONDS`.
"""

import datetime
import threading
from dataclasses import dataclass

PATIENCE_SECONDS = 20.0
"""How long in real time a test waits for another thread before it fails."""
RESOLUTION_SECONDS = 1e-9
"""Waits shorter than this pass at once, so that rounding cannot leave a deadline a hair in the future."""
START = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC)


@dataclass(eq=False)
class _Waiter:
    condition: threading.Condition
    deadline: float | None


class FakeClock:
    """Time stands still until `step`."""

    def __init__(self, monotonic: float = 1000.0) -> None:
        self._start = monotonic
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._registered = threading.Condition(self._lock)
        self._waiters: set[_Waiter] = set()
        self.waits = 0
        """How many waits have begun so far."""

    def monotonic(self) -> float:
        """Return the fake seconds."""
        return self._monotonic

    def now(self) -> datetime.datetime:
        """Return the fake wall-clock time."""
        return START + datetime.timedelta(seconds=self._monotonic - self._start)

    def wait(self, condition: threading.Condition, timeout_seconds: float | None) -> bool:
        """Wait until *condition*, held by the caller, is notified or a step passes the deadline."""
        waiter = self._register(condition, timeout_seconds)
        if waiter is None:
            return False
        try:
            self._sleep(waiter)
        finally:
            self._unregister(waiter)
        return not self._is_due(waiter)

    def wait_event(self, event: threading.Event, timeout_seconds: float | None) -> bool:
        """Wait until *event* is set or a step passes the deadline."""
        condition = event._cond  # type: ignore[attr-defined]  # the only way to wake an event's waiter without setting it
        with condition:
            if event.is_set():
                return True
            waiter = self._register(condition, timeout_seconds)
            if waiter is None:
                return False
            try:
                while not event.is_set() and not self._is_due(waiter):
                    self._sleep(waiter)
            finally:
                self._unregister(waiter)
            return event.is_set()

    def step(self, seconds: float) -> None:
        """Move the time on and wake whoever waits for a deadline that has passed."""
        with self._lock:
            self._monotonic += seconds
            due = [waiter for waiter in self._waiters if self._is_due(waiter)]
            self._waiters.difference_update(due)
        for condition in {waiter.condition for waiter in due}:
            with condition:
                condition.notify_all()

    def wait_for_waiters(self, count: int) -> None:
        """Block the test, in real time, until at least *count* threads wait on this clock."""
        with self._lock:
            arrived = self._registered.wait_for(lambda: len(self._waiters) >= count, PATIENCE_SECONDS)
        assert arrived, f"{len(self._waiters)} threads wait on the clock, expected {count}"

    def wait_for_waits(self, count: int) -> None:
        """Block the test, in real time, until *count* waits have begun since the clock was made."""
        with self._lock:
            arrived = self._registered.wait_for(lambda: self.waits >= count, PATIENCE_SECONDS)
        assert arrived, f"{self.waits} waits have begun, expected {count}"

    def _register(self, condition: threading.Condition, timeout_seconds: float | None) -> _Waiter | None:
        with self._lock:
            waiter = _Waiter(condition, None if timeout_seconds is None else self._monotonic + timeout_seconds)
            if self._is_due(waiter):
                self._monotonic += max(0.0, timeout_seconds or 0.0) and RESOLUTION_SECONDS
                return None
            self._waiters.add(waiter)
            self.waits += 1
            self._registered.notify_all()
            return waiter

    def _is_due(self, waiter: _Waiter) -> bool:
        return waiter.deadline is not None and waiter.deadline <= self._monotonic + RESOLUTION_SECONDS

    def _unregister(self, waiter: _Waiter) -> None:
        with self._lock:
            self._waiters.discard(waiter)

    @staticmethod
    def _sleep(waiter: _Waiter) -> None:
        assert waiter.condition.wait(PATIENCE_SECONDS), "nothing woke a waiter of the fake clock"
