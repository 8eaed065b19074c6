"""A clock that runs faster than time: what waits by it waits shorter, in the same order.

What flows in: seconds as a program means them. What flows out: fewer real ones. Any thread.
"""

import datetime
import time


class FastClock:
    """Implements `workqueue.clock.Clock`; dates are the real ones."""

    def __init__(self, factor):
        self.factor = factor

    def monotonic(self):
        """Return its own seconds."""
        return time.monotonic() * self.factor

    def now(self):
        """Return the real time."""
        return datetime.datetime.now(datetime.UTC)

    def wait(self, condition, timeout_seconds):
        """Wait on *condition* for its own seconds."""
        return condition.wait(self._real(timeout_seconds))

    def wait_event(self, event, timeout_seconds):
        """Wait on *event* for its own seconds."""
        return event.wait(self._real(timeout_seconds))

    def _real(self, seconds):
        return None if seconds is None else seconds / self.factor
