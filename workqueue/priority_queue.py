"""The queue between events and workers: it dedups, delays, rate-limits and orders by priority.

What flows in: keys, from event handlers and from workers that want another run. What flows out: one key at a time per worker,
never the same key to two. Any thread may call any method; only `PriorityQueue.get` and `PriorityQueue.shut_down_with_drain` wait.

    add ──▶ ready (priority, then first come) ──get──▶ locked ──done──▶ gone, or ready again if it was added meanwhile
             ▲                                          │  ▲
    add_after, add_rate_limited ─▶ waiting ─(time)      park (still locked, but no worker holds it)

Mirrors controller-runtime/pkg/controller/priorityqueue. Deviations: heaps with lazy deletion instead of trees; no helper thread,
since one of the waiting workers watches the earliest deadline; `PriorityQueue.shut_down_with_drain` runs what is ready;
`PriorityQueue.park`; and a run knows what started it, a retry or an event, so that events cannot drive the failure count up.
"""

import heapq
import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from workqueue import clock as clocks
from workqueue import metrics as queue_metrics
from workqueue import rate_limiters

K = TypeVar("K", bound=Hashable)

_STALE_ALLOWED = 64
"""A heap is rebuilt when it has this many entries more than twice the live ones, so the cost per add stays constant."""
_GONE = -1
"""The ticket of an entry that left the queue."""


class Item(NamedTuple, Generic[K]):
    """What a worker gets."""

    key: K
    priority: int
    is_retry: bool
    """True if the run's own retry started it, False if an event did, alone or merged with a retry."""


class Unfinished(NamedTuple):
    """How long the present runs have been going on."""

    total_seconds: float
    longest_seconds: float


@dataclass(slots=True)
class _Entry(Generic[K]):
    """One key in the queue, ready or waiting."""

    key: K
    priority: int
    is_retry: bool
    ticket: int = _GONE
    """The place within the priority. A heap entry with another ticket than this is outdated."""
    waits_until: float | None = None
    """None: ready."""
    ready_since: float = 0.0


@dataclass(slots=True)
class _Run:
    """One key that was handed out."""

    started: float
    is_retry: bool
    is_parked: bool = False


class PriorityQueue(Generic[K]):
    """A queue of keys that are unique in it."""

    def __init__(
        self,
        name: str = "",
        *,
        rate_limiter: rate_limiters.RateLimiter | None = None,
        clock: clocks.Clock | None = None,
        metrics: queue_metrics.MetricsProvider | None = None,
    ) -> None:
        self._clock = clock or clocks.RealClock()
        self._rate_limiter = rate_limiter or rate_limiters.ItemExponentialFailureRateLimiter()
        provider = metrics if metrics is not None and name else queue_metrics.NoMetrics()
        self._metrics = provider.queue_metrics(name)
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        """What workers wait for: a ready key, an earlier deadline, or the end."""
        self._drained = threading.Condition(self._lock)
        self._items: dict[K, _Entry[K]] = {}
        """Every key in the queue, ready or waiting."""
        self._ready_count = 0
        self._ready: list[tuple[int, int, _Entry[K]]] = []
        """A heap of (-priority, ticket, entry). A ready entry whose key is locked is not in it: `done` puts it there."""
        self._waiting: list[tuple[float, int, int, _Entry[K]]] = []
        """A heap of (time, -priority, ticket, entry)."""
        self._locked: dict[K, _Run] = {}
        self._tickets = 0
        self._idle_workers = 0
        self._attended: float | None = None
        """The earliest deadline that an idle worker wakes up for; the other idle workers sleep without limit."""
        self._is_shutting_down = False
        self._is_drain_aborted = False

    def add(self, key: K, *, priority: int = 0) -> None:
        """Make *key* ready, because of an event; it keeps the higher of its priorities. A delay that it waits for ends."""
        with self._lock:
            self._add(key, priority, None, is_retry=False)

    def add_after(self, key: K, seconds: float, *, priority: int = 0) -> None:
        """Make *key* ready in *seconds*, or sooner if it already is to be; 0 or less means now."""
        with self._lock:
            self._add_delayed(key, seconds, priority, is_retry=False)

    def add_rate_limited(self, key: K, *, priority: int = 0) -> None:
        """Make *key* ready when the rate limiter allows: a retry.

        Called by the worker that holds *key*, it counts a failure if a retry started the run or no failure was counted yet; a run
        that an event started waits for the present delay again. Otherwise a burst of events would drive the delay to its maximum.
        """
        with self._lock:
            if self._is_shutting_down:
                return
            run = self._locked.get(key)
            limiter = self._rate_limiter
            is_rearmed = run is not None and not run.is_retry and limiter.num_requeues(key) > 0
            self._add_delayed(key, limiter.current(key) if is_rearmed else limiter.when(key), priority, is_retry=True)

    def get(self) -> Item[K] | None:
        """Wait for a ready key and lock it, so that nobody else gets it until `done` is called.

        Returns:
            The key of the highest priority that became ready first; None if the queue is shut down.
        """
        with self._lock:
            while True:
                now = self._clock.monotonic()
                self._promote(now)
                entry = self._pop_ready()
                if entry is not None:
                    return self._hand_out(entry, now)
                if self._is_shutting_down and not self._items:
                    return None
                self._wait(now)

    def done(self, key: K) -> None:
        """Unlock *key*; if it was added meanwhile and is ready, it can be handed out again."""
        with self._lock:
            run = self._locked.pop(key, None)
            if run is None:
                return
            if not run.is_parked:
                self._metrics.worked(self._clock.monotonic() - run.started)
            entry = self._items.get(key)
            if entry is not None and entry.waits_until is None:
                self._push_ready(entry)
            self._tell_if_drained()

    def park(self, key: K) -> None:
        """End the run of *key* but keep it locked until `done`: no worker holds it, and nobody gets it."""
        with self._lock:
            run = self._locked.get(key)
            if run is None or run.is_parked:
                return
            run.is_parked = True
            self._metrics.worked(self._clock.monotonic() - run.started)
            self._tell_if_drained()

    def forget(self, key: K) -> None:
        """Set the failure count of *key* to 0; what is queued stays queued."""
        self._rate_limiter.forget(key)

    def num_requeues(self, key: K) -> int:
        """Return the failure count of *key*."""
        return self._rate_limiter.num_requeues(key)

    def unfinished(self) -> Unfinished:
        """Return how long the runs that are neither done nor parked have taken so far, in seconds."""
        with self._lock:
            now = self._clock.monotonic()
            ages = [now - run.started for run in self._locked.values() if not run.is_parked]
        return Unfinished(sum(ages), max(ages, default=0.0))

    def __len__(self) -> int:
        """Return the number of ready keys, those that are locked included."""
        with self._lock:
            self._promote(self._clock.monotonic())
            return self._ready_count

    @property
    def is_shutting_down(self) -> bool:
        """Whether the queue takes no more keys."""
        return self._is_shutting_down

    def shut_down(self) -> None:
        """Take no more keys, drop all that are queued, and let every waiting worker go; ends a drain as well."""
        with self._lock:
            self._is_shutting_down = self._is_drain_aborted = True
            self._drop(list(self._items.values()))
            self._changed.notify_all()
            self._drained.notify_all()

    def shut_down_with_drain(self, timeout_seconds: float | None = None) -> bool:
        """Take no more keys, drop the waiting ones, and wait until the ready ones have run and no worker holds a key.

        Args:
            timeout_seconds: The longest wait; None waits without limit. `shut_down` from another thread ends the wait.

        Returns:
            False if the time ran out or the wait was ended; what is ready then still runs, unless `shut_down` is called.
        """
        with self._lock:
            now = self._clock.monotonic()
            deadline = None if timeout_seconds is None else now + timeout_seconds
            self._is_shutting_down = True
            self._is_drain_aborted = False
            self._promote(now)
            self._drop([entry for entry in self._items.values() if entry.waits_until is not None])
            self._changed.notify_all()
            while not self._is_drained():
                now = self._clock.monotonic()
                if self._is_drain_aborted or (deadline is not None and now >= deadline):
                    return False
                self._clock.wait(self._drained, None if deadline is None else deadline - now)
            return True

    # What follows is called with the lock held.

    def _add_delayed(self, key: K, seconds: float, priority: int, *, is_retry: bool) -> None:
        if self._is_shutting_down:
            return
        if seconds > 0:
            self._metrics.retried()
            self._add(key, priority, self._clock.monotonic() + seconds, is_retry=is_retry)
        else:
            self._add(key, priority, None, is_retry=is_retry)

    def _add(self, key: K, priority: int, waits_until: float | None, *, is_retry: bool) -> None:
        """Put *key* in, or merge it with its entry: highest priority, earliest time, and an event beats a retry."""
        if self._is_shutting_down:
            return
        now = self._clock.monotonic()
        if self._waiting:
            self._promote(now)  # what was due before comes first, even if no worker was there to see it
        entry = self._items.get(key)
        if entry is None:
            entry = self._items[key] = _Entry(key, priority, is_retry)
            if waits_until is None:
                self._make_ready(entry, now)
            else:
                self._schedule(entry, waits_until)
            return
        entry.is_retry = entry.is_retry and is_retry
        if entry.waits_until is None:
            self._raise_ready(entry, priority)
            return
        is_raised = priority > entry.priority
        entry.priority = max(priority, entry.priority)
        if waits_until is None:
            self._make_ready(entry, now)
        elif is_raised or waits_until < entry.waits_until:
            self._schedule(entry, min(waits_until, entry.waits_until))

    def _raise_ready(self, entry: _Entry[K], priority: int) -> None:
        """Move a ready entry to the tail of a higher level; a lower one leaves it where it is."""
        if priority <= entry.priority:
            return
        self._metrics.depth_changed(entry.priority, -1)
        self._metrics.depth_changed(priority, 1)
        entry.priority = priority
        entry.ticket = self._next_ticket()
        if entry.key not in self._locked:
            self._push_ready(entry)

    def _make_ready(self, entry: _Entry[K], since: float) -> None:
        entry.waits_until = None
        entry.ready_since = since
        entry.ticket = self._next_ticket()
        self._ready_count += 1
        self._metrics.added()
        self._metrics.depth_changed(entry.priority, 1)
        if entry.key not in self._locked:
            self._push_ready(entry)

    def _push_ready(self, entry: _Entry[K]) -> None:
        if len(self._ready) > 2 * self._ready_count + _STALE_ALLOWED:
            self._ready = [pushed for pushed in self._ready if pushed[1] == pushed[2].ticket]
            heapq.heapify(self._ready)
        heapq.heappush(self._ready, (-entry.priority, entry.ticket, entry))
        if self._idle_workers:
            self._changed.notify()

    def _schedule(self, entry: _Entry[K], waits_until: float) -> None:
        entry.waits_until = waits_until
        entry.ticket = self._next_ticket()
        if len(self._waiting) > 2 * (len(self._items) - self._ready_count) + _STALE_ALLOWED:
            self._waiting = [pushed for pushed in self._waiting if pushed[2] == pushed[3].ticket]
            heapq.heapify(self._waiting)
        heapq.heappush(self._waiting, (waits_until, -entry.priority, entry.ticket, entry))
        self._call_attendant()

    def _promote(self, now: float) -> None:
        """Make ready what is due, and leave a live entry at the head of the waiting ones."""
        waiting = self._waiting
        while waiting:
            waits_until, _, ticket, entry = waiting[0]
            if ticket == entry.ticket:
                if waits_until > now:
                    return
                self._make_ready(entry, waits_until)
            heapq.heappop(waiting)

    def _pop_ready(self) -> _Entry[K] | None:
        while self._ready:
            _, ticket, entry = heapq.heappop(self._ready)
            if ticket == entry.ticket:
                return entry
        return None

    def _hand_out(self, entry: _Entry[K], now: float) -> Item[K]:
        key = entry.key
        del self._items[key]
        entry.ticket = _GONE
        self._ready_count -= 1
        self._locked[key] = _Run(now, entry.is_retry)
        self._metrics.depth_changed(entry.priority, -1)
        self._metrics.waited(now - entry.ready_since)
        self._call_attendant()
        if self._is_shutting_down and not self._items:
            self._changed.notify_all()
        return Item(key, entry.priority, entry.is_retry)

    def _wait(self, now: float) -> None:
        """Sleep until something changes; the first worker to come also wakes up for the earliest deadline."""
        deadline = self._waiting[0][0] if self._waiting else None
        is_attendant = deadline is not None and (self._attended is None or deadline < self._attended)
        if is_attendant:
            self._attended = deadline
        self._idle_workers += 1
        try:
            self._clock.wait(self._changed, deadline - now if is_attendant and deadline is not None else None)
        finally:
            self._idle_workers -= 1
            if is_attendant and self._attended == deadline:
                self._attended = None

    def _call_attendant(self) -> None:
        """Wake one idle worker if nobody will wake up for the earliest deadline."""
        if self._idle_workers and self._waiting and (self._attended is None or self._waiting[0][0] < self._attended):
            self._changed.notify()

    def _drop(self, entries: list[_Entry[K]]) -> None:
        for entry in entries:
            del self._items[entry.key]
            entry.ticket = _GONE
            if entry.waits_until is None:
                self._ready_count -= 1
                self._metrics.depth_changed(entry.priority, -1)
        self._waiting.clear()

    def _is_drained(self) -> bool:
        return not self._items and all(run.is_parked for run in self._locked.values())

    def _tell_if_drained(self) -> None:
        if self._is_shutting_down and self._is_drained():
            self._drained.notify_all()

    def _next_ticket(self) -> int:
        self._tickets += 1
        return self._tickets
