"""Faults that a seed chooses: the same ones for the same requests, however threads take turns.

What flows in: a seed, and each call. What flows out: a `faults.Fault` or None. One thread at a time asks. No upstream file.

A request is known by its verb, resource and object, and by how many of these came before it. The seed and that are all that the
choice depends on; so a run with the same seed meets the same faults where it asks the same.
"""

import collections
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from envtest import calls, faults

_Draw = Callable[[random.Random], faults.Fault]


@dataclass(frozen=True)
class Options:
    """How much goes wrong."""

    share: float = 0.15
    """Of the requests that may be met, how many are."""
    most: int = 4
    """Of requests with one verb, resource and object, only so many first ones are met: the end must be reachable."""
    longest_delay_seconds: float = 0.2
    longest_silence_seconds: float = 0.2
    """Of half-open connections, until they turn out to be dead."""
    spared: frozenset[str] = frozenset()
    """Resources to which nothing happens."""


class Schedule:
    """Decides by a seed; for `faults.Faults.follow`."""

    def __init__(self, seed: int, options: Options | None = None) -> None:
        self._seed = seed
        self._options = options or Options()
        self._counts: collections.Counter[tuple[str, ...]] = collections.Counter()

    def __call__(self, call: calls.Call) -> faults.Fault | None:
        """Count *call*, and choose what happens to it."""
        if call.resource in self._options.spared:
            return None
        key = (call.verb, call.resource, call.subresource, call.name)
        self._counts[key] += 1
        if self._counts[key] > self._options.most:
            return None
        rng = random.Random(f"{self._seed} {' '.join(key)} {self._counts[key]}")  # noqa: S311 (no secret)
        if rng.random() >= self._options.share:
            return None
        return rng.choice(self._possible(call))(rng)

    def _possible(self, call: calls.Call) -> Sequence[_Draw]:
        everywhere = [self._cut, self._refused(429, 1), self._refused(500), self._refused(503, 1), self._late, self._silent]
        if call.verb == "watch":
            return [*everywhere, self._refused(410), self._broken_watch, self._expired_watch, self._silent_watch]
        if call.verb == "list":
            return [*everywhere, self._refused(410)]
        if call.is_write:
            return [*everywhere, self._refused(409)]
        return everywhere

    @staticmethod
    def _cut(rng: random.Random) -> faults.Fault:
        return faults.Fault(rng.choice(list(faults.Cut)))

    @staticmethod
    def _refused(code: int, retry_after_seconds: int | None = None) -> _Draw:
        return lambda _: faults.Fault(refusal=faults.Refusal(code, retry_after_seconds))

    def _late(self, rng: random.Random) -> faults.Fault:
        return faults.Fault(delay_seconds=rng.uniform(0, self._options.longest_delay_seconds))

    def _silent(self, rng: random.Random) -> faults.Fault:
        cut = rng.choice([faults.Cut.BEFORE, faults.Cut.AFTER])
        return faults.Fault(cut, silent_seconds=rng.uniform(0, self._options.longest_silence_seconds))

    @staticmethod
    def _broken_watch(rng: random.Random) -> faults.Fault:
        return faults.Fault(faults.Cut.MIDDLE, frames=rng.randint(0, 12))

    @staticmethod
    def _expired_watch(rng: random.Random) -> faults.Fault:
        return faults.Fault(refusal=faults.Refusal(410), frames=rng.randint(0, 12))

    def _silent_watch(self, rng: random.Random) -> faults.Fault:
        seconds = rng.uniform(0, self._options.longest_silence_seconds)
        return faults.Fault(faults.Cut.AFTER, frames=rng.randint(0, 12), silent_seconds=seconds)
