"""The queue of one controller: keys wait, one is worked on in each turn of the event loop, failures are tried again.

What flows in: keys of objects that may need something. What flows out: calls of the controller's ``sync``. The loop's thread, all
of it. Mirrors client-go util/workqueue and the workers of kubernetes pkg/controller; deviation: the longest wait after failures
is seconds, not minutes, because nobody waits for minutes in a test.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from envtest.embedded.api import status

_FIRST_RETRY_SECONDS = 0.005
_LONGEST_RETRY_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Handle(Protocol):
    """A call that is planned."""

    def cancel(self) -> None:
        """Call it off."""


class Timers(Protocol):
    """What plans calls: an event loop of asyncio, or a test's own."""

    def time(self) -> float:
        """Return the time in seconds since some moment."""

    def call_soon(self, callback: Callable[[], object]) -> object:
        """Call *callback* in the next turn."""

    def call_later(self, delay: float, callback: Callable[[], object]) -> Handle:
        """Call *callback* after *delay* seconds."""


Sync = Callable[[str], float | None]
"""Brings what belongs to a key into order; returns after how many seconds it should look again, or None."""


class Queue:
    """Keys that wait for a controller; a key waits only once."""

    def __init__(self, sync: Sync, timers: Timers) -> None:
        self._sync = sync
        self._timers = timers
        self._ready: dict[str, None] = {}
        self._later: dict[str, tuple[float, Handle]] = {}
        self._failures: dict[str, int] = {}
        self._is_planned = False
        self._is_stopped = False

    def add(self, key: str) -> None:
        """Work on *key* soon."""
        self._ready[key] = None
        if not self._is_planned and not self._is_stopped:
            self._is_planned = True
            self._timers.call_soon(self._turn)

    def add_after(self, key: str, seconds: float) -> None:
        """Work on *key* after some seconds; if it waits already, the earlier time counts."""
        due = self._timers.time() + seconds
        if key in self._later:
            planned, handle = self._later[key]
            if planned <= due:
                return
            handle.cancel()
        self._later[key] = due, self._timers.call_later(seconds, lambda: self._fall_due(key))

    def stop(self) -> None:
        """Work no more."""
        self._is_stopped = True
        self._ready.clear()
        for _, handle in self._later.values():
            handle.cancel()
        self._later.clear()

    def _fall_due(self, key: str) -> None:
        self._later.pop(key, None)
        self.add(key)

    def _turn(self) -> None:
        self._is_planned = False
        if not self._ready or self._is_stopped:
            return
        key = next(iter(self._ready))
        del self._ready[key]
        try:
            again = self._sync(key)
        except status.StatusError as error:
            logger.debug("%s: %s", key, error)
            self._retry(key)
        except Exception:
            logger.exception("a simulated controller failed at %s", key)
            self._retry(key)
        else:
            self._failures.pop(key, None)
            if again is not None:
                self.add_after(key, again)
        if self._ready:
            self.add(next(iter(self._ready)))

    def _retry(self, key: str) -> None:
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.add_after(key, min(_FIRST_RETRY_SECONDS * 2**failures, _LONGEST_RETRY_SECONDS))
