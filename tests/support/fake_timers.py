"""An event loop whose time a test moves by hand."""

import heapq
import itertools


class FakeHandle:
    """A call that is planned."""

    def __init__(self, callback):
        self.callback = callback

    def cancel(self):
        """Call it off."""
        self.callback = None


class FakeTimers:
    """Plans calls; `run` makes them."""

    def __init__(self):
        self._now = 1000.0
        self._soon = []
        self._later = []
        self._order = itertools.count()

    def time(self):
        """Return the fake seconds."""
        return self._now

    def call_soon(self, callback):
        """Call *callback* in the next turn."""
        self._soon.append(callback)

    def call_later(self, delay, callback):
        """Call *callback* after *delay* seconds."""
        handle = FakeHandle(callback)
        heapq.heappush(self._later, (self._now + delay, next(self._order), handle))
        return handle

    @property
    def planned(self):
        """How many calls wait for a later time."""
        return sum(handle.callback is not None for _, _, handle in self._later)

    def run(self, seconds=0.0, before_each=lambda: None):
        """Make all calls that are due within some seconds, each at its time; *before_each* is told of every step of time."""
        end = self._now + seconds
        turns = 0
        while True:
            while self._soon:
                turns += 1
                assert turns < 20_000, "it never comes to rest"
                self._soon.pop(0)()
            if not self._later or self._later[0][0] > end:
                break
            self._now, _, handle = heapq.heappop(self._later)
            before_each()
            if handle.callback:
                self._soon.append(handle.callback)
        self._now = end
        before_each()
