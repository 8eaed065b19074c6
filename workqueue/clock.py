"""Time, and waiting, behind one seam.

What flows in: the system's clocks. What flows out: monotonic seconds, aware UTC times, and waits that a test can drive by hand.
Any thread may call a clock. Mirrors k8s.io/utils/clock; deviation: waits are on a condition or an event (Python has no channels).
This is the only client-side module that reads time or sleeps.
"""

import datetime
import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards; only differences mean anything."""
        ...

    def now(self) -> datetime.datetime:
        """Return the wall-clock time, aware, in UTC."""
        ...

    def wait(self, condition: threading.Condition, timeout_seconds: float | None) -> bool:
        """Wait until *condition*, held by the caller, is notified.

        Args:
            condition: The condition; released while waiting.
            timeout_seconds: The longest wait; None waits without limit.

        Returns:
            False if the time ran out.
        """
        ...

    def wait_event(self, event: threading.Event, timeout_seconds: float | None) -> bool:
        """Wait until *event* is set: the interruptible sleep of this project.

        Returns:
            True if the event is set, False if the time ran out.
        """
        ...


class RealClock:
    """The system's clocks."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.monotonic()

    def now(self) -> datetime.datetime:
        """Return the wall-clock time in UTC."""
        return datetime.datetime.now(datetime.UTC)

    def wait(self, condition: threading.Condition, timeout_seconds: float | None) -> bool:
        """Wait on *condition* in real time."""
        return condition.wait(timeout_seconds)

    def wait_event(self, event: threading.Event, timeout_seconds: float | None) -> bool:
        """Wait on *event* in real time."""
        return event.wait(timeout_seconds)
