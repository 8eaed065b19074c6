"""How long a key that failed has to wait.

What flows in: keys that failed, and keys that succeeded. What flows out: delays in seconds. Any thread may call a limiter; each
has its own lock. Mirrors k8s.io/client-go/util/workqueue/default_rate_limiters.go; deviation: `RateLimiter.current` gives the
present delay without counting a failure, which the queue needs to re-arm a key that failed in a run started by an event.
"""

import threading
from collections.abc import Hashable
from typing import Protocol

from workqueue import clock as clocks

BASE_SECONDS = 0.005
"""The delay after the first failure: upstream's 5 ms."""
MAX_SECONDS = 1000.0
"""The longest delay: upstream's 1000 s, reached at the 19th failure in a row."""


class RateLimiter(Protocol):
    """Tells how long to wait, per key."""

    def when(self, key: Hashable) -> float:
        """Count a failure of *key* and return the seconds to wait."""
        ...

    def current(self, key: Hashable) -> float:
        """Return the seconds that the present count of *key* means, without counting."""
        ...

    def forget(self, key: Hashable) -> None:
        """Set the count of *key* back to 0."""
        ...

    def num_requeues(self, key: Hashable) -> int:
        """Return how many failures of *key* were counted since it was last forgotten."""
        ...


class ItemExponentialFailureRateLimiter:
    """Doubles the delay of a key with each failure."""

    def __init__(self, base_seconds: float = BASE_SECONDS, max_seconds: float = MAX_SECONDS) -> None:
        self._base_seconds = base_seconds
        self._max_seconds = max_seconds
        self._lock = threading.Lock()
        self._failures: dict[Hashable, int] = {}
        """Only keys that failed and were not forgotten, so the limiter does not grow with the healthy ones."""

    def when(self, key: Hashable) -> float:
        """Count a failure of *key* and return the seconds to wait."""
        with self._lock:
            failures = self._failures.get(key, 0)
            self._failures[key] = failures + 1
        return self._delay(failures)

    def current(self, key: Hashable) -> float:
        """Return what the last `when` returned for *key*, or the base if none did."""
        return self._delay(max(0, self.num_requeues(key) - 1))

    def forget(self, key: Hashable) -> None:
        """Set the count of *key* back to 0."""
        with self._lock:
            self._failures.pop(key, None)

    def num_requeues(self, key: Hashable) -> int:
        """Return the failures of *key* since it was last forgotten."""
        with self._lock:
            return self._failures.get(key, 0)

    def _delay(self, failures: int) -> float:
        try:
            return min(self._base_seconds * 2.0**failures, self._max_seconds)
        except OverflowError:  # beyond 2**1023, which some 12 days of failures at the cap reach
            return self._max_seconds


class BucketRateLimiter:
    """Lets *qps* failures per second pass, after a first *burst*, all keys together."""

    def __init__(self, clock: clocks.Clock, qps: float, burst: int) -> None:
        self._clock = clock
        self._qps = qps
        self._burst = burst
        self._lock = threading.Lock()
        self._tokens = float(burst)
        """Below 0: tokens that were promised and have not been made yet."""
        self._filled_at = clock.monotonic()

    def when(self, key: Hashable) -> float:  # noqa: ARG002 (one bucket for all keys)
        """Take a token and return the seconds until it is there."""
        with self._lock:
            self._fill()
            self._tokens -= 1
            return max(0.0, -self._tokens / self._qps)

    def current(self, key: Hashable) -> float:  # noqa: ARG002
        """Return the seconds until the next token, without taking it."""
        with self._lock:
            self._fill()
            return max(0.0, (1 - self._tokens) / self._qps)

    def forget(self, key: Hashable) -> None:
        """Do nothing: a bucket knows no keys."""

    def num_requeues(self, key: Hashable) -> int:  # noqa: ARG002
        """Return 0: a bucket counts no failures."""
        return 0

    def _fill(self) -> None:
        now = self._clock.monotonic()
        self._tokens = min(float(self._burst), self._tokens + (now - self._filled_at) * self._qps)
        self._filled_at = now


class MaxOfRateLimiter:
    """Waits as long as the strictest of several limiters wants."""

    def __init__(self, *limiters: RateLimiter) -> None:
        self._limiters = limiters

    def when(self, key: Hashable) -> float:
        """Count a failure of *key* with each limiter and return the longest wait in seconds."""
        return max((limiter.when(key) for limiter in self._limiters), default=0.0)

    def current(self, key: Hashable) -> float:
        """Return the longest present wait in seconds, without counting."""
        return max((limiter.current(key) for limiter in self._limiters), default=0.0)

    def forget(self, key: Hashable) -> None:
        """Set the count of *key* back to 0 with each limiter."""
        for limiter in self._limiters:
            limiter.forget(key)

    def num_requeues(self, key: Hashable) -> int:
        """Return the largest count of *key*."""
        return max((limiter.num_requeues(key) for limiter in self._limiters), default=0)
