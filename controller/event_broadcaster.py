"""Brings events to the API server, from a thread of its own, and counts repetitions instead of repeating.

What flows in: events.k8s.io/v1 manifests from any thread, which never waits. What flows out: creations and series updates on a
`EventSink`. An event that is equal to an earlier one but for note and time makes the earlier one a series: its second occurrence
is written at once, further ones every `REFRESH_SECONDS`, and the last count when it has been quiet for `FINISH_SECONDS`.

Mirrors client-go/tools/events/event_broadcaster.go; deviations: one thread writes, so events keep their order; what waits to be
written and what is remembered are bounded; 429 and 5xx are tried again like a lost connection.
"""

import datetime
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from controller.client import interfaces
from informers import errors, objects
from workqueue import clock as clocks

_log = structlog.get_logger("controller.recorder")

QUEUE_LENGTH = 1000
"""Events that wait to be written; further ones are dropped. Upstream's number."""
MAX_SERIES = 4096
"""Events that are remembered; the size of upstream's older caches."""
FINISH_SECONDS = 360.0
"""An event that was not repeated for 6 minutes is forgotten. Upstream's number, also of how often this is looked at."""
REFRESH_SECONDS = 1800.0
"""A series that goes on is written every 30 minutes, so that it outlives the server's hour. Upstream's number."""
MAX_TRIES = 12
RETRY_SECONDS = 10.0
"""Between tries; together with `MAX_TRIES` upstream's patience of two minutes."""


class EventSink(Protocol):
    """Writes events; raises the errors of `informers.errors`."""

    def create(self, obj: interfaces.Manifest, /) -> interfaces.Manifest:
        """Create an events.k8s.io/v1 Event and return it as stored."""
        ...

    def patch_series(self, key: objects.ObjectKey, series: interfaces.Manifest, /) -> None:
        """Set the field `series` of the Event *key*, by merge patch: count and lastObservedTime."""
        ...


def micro_time(moment: datetime.datetime) -> str:
    """Format *moment* (UTC) as a MicroTime, always with six digits."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(eq=False)
class _Series:
    """One event and how often it happened."""

    manifest: interfaces.Manifest
    last_seen: float
    last_observed: datetime.datetime
    count: int = 1
    written_count: int = 0
    """0: not created yet."""
    written_at: float = 0.0
    is_queued: bool = False
    key: objects.ObjectKey = field(init=False)

    def __post_init__(self) -> None:
        metadata = self.manifest["metadata"]
        self.key = objects.ObjectKey(metadata["namespace"], metadata["name"])

    def is_behind(self) -> bool:
        """Whether the server does not know the present count, and nothing is queued to tell it."""
        return self.written_count < self.count and not self.is_queued

    def series(self) -> interfaces.Manifest:
        return {"count": self.count, "lastObservedTime": micro_time(self.last_observed)}


class EventBroadcaster:
    """Takes events and writes them."""

    def __init__(self, sink: EventSink, clock: clocks.Clock, on_drop: Callable[[], None] | None = None) -> None:
        self._sink = sink
        self._clock = clock
        self._on_drop = on_drop or (lambda: None)
        self._changed = threading.Condition()
        self._queue: deque[_Series] = deque()
        self._series: OrderedDict[Hashable, _Series] = OrderedDict()
        """By what makes events equal; the longest unseen first."""
        self._stopping = threading.Event()
        self._deadline = 0.0
        """When set to stop: until when to write what is left."""
        self._thread: threading.Thread | None = None
        self.dropped = 0
        """Events that were not written: the queue was full, the server said no, or there was no connection for long."""

    def start(self) -> None:
        """Start writing, in a thread; return at once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="event-recorder", daemon=True)
            self._thread.start()

    def stop(self, timeout_seconds: float) -> bool:
        """Take no more events, and write what is queued or not fully counted, as far as time allows.

        Returns:
            False if something is left; the thread then ends with its last request, or with the process.
        """
        with self._changed:
            self._deadline = self._clock.monotonic() + timeout_seconds
            self._stopping.set()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_seconds)
            if self._thread.is_alive():
                return False
        with self._changed:
            return not self._queue

    def record(self, identity: Hashable, manifest: interfaces.Manifest) -> None:
        """Take an event; return at once.

        Args:
            identity: Equal for events that are one series.
            manifest: The event, without `series`; used only if it is the first of its series.
        """
        with self._changed:
            known = self._series.get(identity)
            if self._stopping.is_set():
                is_taken = False
            elif known is None:
                is_taken = self._begin(identity, manifest)
            else:
                is_taken = self._repeat(identity, known)
        if not is_taken:
            self._drop()

    def _begin(self, identity: Hashable, manifest: interfaces.Manifest) -> bool:
        series = _Series(manifest, self._clock.monotonic(), self._clock.now())
        if not self._enqueue(series):
            return False
        self._series[identity] = series
        if len(self._series) > MAX_SERIES:
            self._series.popitem(last=False)
        return True

    def _repeat(self, identity: Hashable, series: _Series) -> bool:
        self._series.move_to_end(identity)
        series.count += 1
        series.last_seen, series.last_observed = self._clock.monotonic(), self._clock.now()
        return series.count != 2 or series.is_queued or self._enqueue(series)

    def _enqueue(self, series: _Series) -> bool:
        if len(self._queue) >= QUEUE_LENGTH:
            return False
        series.is_queued = True
        self._queue.append(series)
        self._changed.notify_all()
        return True

    def _drop(self) -> None:
        with self._changed:
            self.dropped += 1
        self._on_drop()

    def _run(self) -> None:
        next_sweep = self._clock.monotonic() + FINISH_SECONDS
        while not self._stopping.is_set():
            with self._changed:
                if not self._queue and not self._stopping.is_set():
                    self._clock.wait(self._changed, max(0.0, next_sweep - self._clock.monotonic()))
            if self._clock.monotonic() >= next_sweep:
                next_sweep = self._clock.monotonic() + FINISH_SECONDS
                self._sweep()
            if not self._stopping.is_set():
                self._write_next()
        with self._changed:
            self._queue.extend(series for series in self._series.values() if series.is_behind())
        while self._queue and self._clock.monotonic() < self._deadline:
            self._write_next()

    def _sweep(self) -> None:
        """Forget what has been quiet, and have written what was counted since."""
        now = self._clock.monotonic()
        with self._changed:
            for identity, series in list(self._series.items()):
                is_finished = now - series.last_seen >= FINISH_SECONDS
                is_due = is_finished or now - series.written_at >= REFRESH_SECONDS
                if is_due and series.is_behind():
                    self._enqueue(series)
                if is_finished:
                    del self._series[identity]

    def _write_next(self) -> None:
        with self._changed:
            if not self._queue:
                return
            series = self._queue.popleft()
            series.is_queued = False
            count, is_new, patch = series.count, series.written_count == 0, series.series()
        manifest = {**series.manifest, "series": patch} if count > 1 else series.manifest
        if self._write(series.key, manifest, None if is_new else patch):
            with self._changed:
                series.written_count, series.written_at = count, self._clock.monotonic()
        else:
            self._drop()

    def _write(self, key: objects.ObjectKey, manifest: interfaces.Manifest, patch: interfaces.Manifest | None) -> bool:
        """Write with patience; tell whether the server has the event now."""
        for attempt in range(MAX_TRIES):
            wait_seconds = RETRY_SECONDS
            try:
                self._write_once(key, manifest, patch)
            except (errors.TooManyRequestsError, errors.ServerError) as error:
                wait_seconds = max(RETRY_SECONDS, error.retry_after_seconds or 0.0)
            except errors.ApiError as error:
                # Refused for good: no right to write events, or the namespace is being deleted. The message may quote the note.
                _log.warning("Server rejected event", status=error.status, reason=error.reason, event_key=str(key))
                return False
            except errors.TransportError:
                pass
            else:
                return True
            if attempt + 1 < MAX_TRIES and self._clock.wait_event(self._stopping, wait_seconds):
                return False
        _log.warning("Unable to write event, giving up", event_key=str(key), tries=MAX_TRIES)
        return False

    def _write_once(self, key: objects.ObjectKey, manifest: interfaces.Manifest, patch: interfaces.Manifest | None) -> None:
        if patch is not None:
            try:
                self._sink.patch_series(key, patch)
            except errors.NotFoundError:  # its hour is over: begin anew
                pass
            else:
                return
        try:
            self._sink.create(manifest)
        except errors.ConflictError:  # an earlier try arrived although its answer did not
            if "series" in manifest:
                self._sink.patch_series(key, manifest["series"])
