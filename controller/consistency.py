"""Read your own writes: a key's next run waits until the cache shows what the last one wrote.

What flows in: writes, as the client reports them in the worker's thread, and the news that an informer's store has moved, in
its reflector's thread. What flows out: a call of `release`, once for every held key, from whichever thread saw the last write
arrive, or from this store's own thread when the deadline passes first. No worker waits meanwhile. Mirrors kubernetes'
pkg/controller/util/consistency (ConsistencyStore); deviation: a key is released by the store, not put back with an error.
"""

import contextvars
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from controller.client import interfaces
from informers import shared_informer
from workqueue import clock as clocks

DEADLINE_SECONDS = 5.0
"""How long a key waits at most: a cache further behind than this is broken, and level-triggering will mend what follows."""

_writes: contextvars.ContextVar[list[interfaces.Write] | None] = contextvars.ContextVar("writes", default=None)


def record(write: interfaces.Write) -> None:
    """Note *write* for the run that this thread is in; outside a run, forget it."""
    current = _writes.get()
    if current is not None:
        current.append(write)


@contextmanager
def collect() -> Iterator[list[interfaces.Write]]:
    """Collect the writes that this thread makes inside the block."""
    collected: list[interfaces.Write] = []
    token = _writes.set(collected)
    try:
        yield collected
    finally:
        _writes.reset(token)


def is_visible(informer: shared_informer.SharedInformer, write: interfaces.Write) -> bool:
    """Tell whether *informer* shows *write*: that version or a newer one; after a delete, the uid gone or marked."""
    if not write.deleted:
        return informer.store.has_seen(write.key, write.resource_version)
    seen = informer.store.get(write.key)
    return seen is None or seen.meta.uid != write.uid or seen.meta.deletion_timestamp is not None


def covers(informer: shared_informer.SharedInformer, write: interfaces.Write) -> bool:
    """Tell whether *informer* will ever show *write*; one with selectors may not, so it is exempt."""
    key = informer.key
    return (
        key.gvk == write.gvk and key.namespace in ("", write.key.namespace) and not key.label_selector and not key.field_selector
    )


@dataclass(eq=False)
class _Held:
    waits: dict[shared_informer.SharedInformer, list[interfaces.Write]]
    """What each informer does not show yet; changed under the lock, empty when there is nothing to wait for."""
    deadline: float
    release: Callable[[bool], None]


def _missing(informer: shared_informer.SharedInformer, writes: Sequence[interfaces.Write]) -> list[interfaces.Write]:
    return [write for write in writes if covers(informer, write) and not is_visible(informer, write)]


class ConsistencyStore:
    """Holds keys back until the cache has caught up with their writes."""

    def __init__(
        self,
        informers: Callable[[], Sequence[shared_informer.SharedInformer]],
        clock: clocks.Clock,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._informers = informers
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._condition = threading.Condition()
        self._held: dict[_Held, None] = {}
        """In order of their deadlines, since all wait equally long."""
        self._waiting: dict[shared_informer.SharedInformer, dict[_Held, None]] = {}
        """Who waits for which informer, so that a move of its store costs nothing for those who wait for others."""
        self._subscriptions: dict[shared_informer.SharedInformer, Callable[[], None]] = {}
        self._is_stopped = False

    def hold(self, writes: Sequence[interfaces.Write], release: Callable[[bool], None]) -> bool:
        """Wait for *writes* to become visible, then call *release*.

        Args:
            writes: What a run wrote.
            release: Called once, with True if the deadline passed first. Must not block.

        Returns:
            False if there is nothing to wait for; *release* is not called then.
        """
        waits = {informer: missing for informer in self._informers() if (missing := _missing(informer, writes))}
        if not waits:
            return False
        held = _Held(waits, self._clock.monotonic() + self._deadline_seconds, release)
        informers = tuple(waits)
        with self._condition:
            if self._is_stopped:
                return False
            self._held[held] = None
            for informer in informers:
                self._waiting.setdefault(informer, {})[held] = None
                if informer not in self._subscriptions:
                    self._subscriptions[informer] = informer.on_advance(functools.partial(self._look, informer))
            self._condition.notify_all()
        for informer in informers:
            self._look(informer)  # the store may have moved before the subscription
        return True

    def _look(self, informer: shared_informer.SharedInformer) -> None:
        """See who waited for nothing but what *informer* shows now."""
        done = []
        with self._condition:
            for held in list(self._waiting.get(informer, ())):
                held.waits[informer] = _missing(informer, held.waits[informer])
                if not held.waits[informer]:
                    del held.waits[informer], self._waiting[informer][held]
                    if not held.waits:
                        done.append(held)
        for held in done:
            self._release(held, is_late=False)

    def _release(self, held: _Held, *, is_late: bool) -> None:
        with self._condition:
            if held not in self._held:
                return
            del self._held[held]
            for informer in held.waits:
                del self._waiting[informer][held]
        held.release(is_late)

    def start(self) -> None:
        """Watch the deadlines until `stop` is called."""
        while not self._is_stopped:
            for held in self._wait_for_late():
                self._release(held, is_late=True)

    def _wait_for_late(self) -> list[_Held]:
        with self._condition:
            if self._is_stopped:
                return []
            first = next(iter(self._held), None)
            self._clock.wait(self._condition, None if first is None else max(0.0, first.deadline - self._clock.monotonic()))
            now = self._clock.monotonic()
            return [held for held in self._held if held.deadline <= now]

    def stop(self) -> None:
        """Release everything and hold nothing any more."""
        with self._condition:
            self._is_stopped = True
            held = list(self._held)
            unsubscribe = list(self._subscriptions.values())
            self._subscriptions.clear()
            self._condition.notify_all()
        for call in unsubscribe:
            call()
        for one in held:
            self._release(one, is_late=False)
