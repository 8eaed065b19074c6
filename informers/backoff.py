"""How long to wait before asking an API server again: the one module that configures tenacity.

What flows in: that something has just failed. What flows out: a sleep that a stop ends. One `Backoff` belongs to one watch and
is used by that watch's thread, so that one failing watch slows no other. Mirrors client-go's backoff manager of reflectors:
0.8 s, doubled up to 30 s, and a jitter that adds up to as much again. Deviation: it starts over after 120 s *without* a failure,
not 120 s after the last start, so that a long outage does not make it start over every two minutes.
"""

import random
import threading
from collections.abc import Callable

import tenacity

from workqueue import clock as clocks

FIRST_SECONDS = 0.8
FACTOR = 2
LONGEST_SECONDS = 30.0
JITTER = 1.0
"""A sleep is uniform between its base and base x (1 + JITTER)."""
HEALTHY_SECONDS = 120.0
"""After so long without a failure the next sleep is the first again."""

_EXPONENTIAL = tenacity.wait_exponential(multiplier=FIRST_SECONDS, exp_base=FACTOR, max=LONGEST_SECONDS)


class Backoff:
    """Sleeps longer after each failure in a row."""

    def __init__(self, clock: clocks.Clock, uniform: Callable[[float, float], float] = random.uniform) -> None:
        """Make a backoff at its start.

        Args:
            clock: Measures health, and sleeps.
            uniform: Draws a number between two bounds.
        """
        self._clock = clock
        self._uniform = uniform
        self._failures = tenacity.RetryCallState(tenacity.Retrying(wait=_EXPONENTIAL), None, (), {})
        self._slept_until: float | None = None

    def sleep(self, stop: threading.Event, at_least_seconds: float = 0.0) -> bool:
        """Count a failure and wait after it.

        Args:
            stop: Ends the wait at once.
            at_least_seconds: What the server asked to wait; the longer of the two counts.

        Returns:
            False if *stop* is set.
        """
        seconds = max(self._next_seconds(), at_least_seconds)
        self._slept_until = self._clock.monotonic() + seconds
        return not self._clock.wait_event(stop, seconds)

    def _next_seconds(self) -> float:
        if self._slept_until is None or self._clock.monotonic() - self._slept_until > HEALTHY_SECONDS:
            self._failures.attempt_number = 1
        else:
            self._failures.attempt_number += 1
        base = _EXPONENTIAL(self._failures)
        return self._uniform(base, base * (1 + JITTER))
