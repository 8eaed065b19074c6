"""A clock for code of one thread: whoever waits on it finds the time gone by at once.

What flows in: waits. What flows out: their time-outs, or whether the event was set before. One thread only.
"""

import threading

from tests.support import fake_clock


class SkippingClock(fake_clock.FakeClock):
    """Time moves only by being waited for."""

    def wait_event(self, event: threading.Event, timeout_seconds: float | None) -> bool:
        """Return whether *event* is set, after moving the time on if it is not."""
        if not event.is_set():
            assert timeout_seconds is not None, "nobody else would set the event"
            self.step(timeout_seconds)
        return event.is_set()
