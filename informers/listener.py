"""One handler of an informer, with its own thread and its own queue.

What flows in: batches of events, under the informer's lock. What flows out: calls of the handler, one at a time, in order, from
this listener's thread; a slow handler delays nobody else. The queue has no bound: a handler only puts keys on a work queue.
Mirrors client-go tools/cache/shared_informer.go (processorListener); deviations: an exception is logged and counted, and the
thread goes on; each listener keeps its own time for resyncs.
"""

import collections
import threading
import traceback
from collections.abc import Callable, Sequence

import structlog

from informers import events
from workqueue import clock as clocks

_log = structlog.get_logger("informers.listener")

Handler = Callable[[events.Event], None]


class Listener:
    """Calls one handler."""

    def __init__(self, handler: Handler, name: str, clock: clocks.Clock, on_failure: Callable[[], None] = lambda: None) -> None:
        """Make a listener whose thread is not started.

        Args:
            handler: Called with each event.
            name: Of the informer, for the log and the thread.
            clock: Times resyncs.
            on_failure: Called when the handler raised.
        """
        self._handler = handler
        self._name = name
        self._clock = clock
        self._on_failure = on_failure
        self._condition = threading.Condition()
        self._batches: collections.deque[tuple[Sequence[events.Event], bool]] = collections.deque()
        """Events, and whether the initial list is complete with them."""
        self._has_synced = False
        self._is_stopped = False
        self._resync: Callable[[], None] = lambda: None
        self._resync_seconds = 0.0
        self._resync_at: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"handler-{name}", daemon=True)

    def start(self, resync: Callable[[], None], resync_seconds: float) -> None:
        """Start the thread.

        Args:
            resync: Called in the thread when it is time; pushes the resync's events.
            resync_seconds: How often, from when the initial list went through; 0 is never.
        """
        self._resync, self._resync_seconds = resync, resync_seconds
        self._thread.start()

    def push(self, batch: Sequence[events.Event], *, completes_initial_list: bool = False) -> None:
        """Add events to the queue; return at once."""
        with self._condition:
            if not self._is_stopped:
                self._batches.append((batch, completes_initial_list))
                self._condition.notify()

    def has_synced(self) -> bool:
        """Tell whether the handler has returned from all events of the initial list."""
        return self._has_synced

    def stop(self) -> None:
        """Call the handler no more, except that a call in progress goes on; return at once."""
        with self._condition:
            self._is_stopped = True
            self._batches.clear()
            self._condition.notify()

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the thread's end, unless this is that thread; False if it still runs."""
        if self._thread.ident is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            batch, completes_initial_list = taken
            for event in batch:
                if self._is_stopped:
                    return
                self._call(event)
            if completes_initial_list:
                self._has_synced = True
                self._schedule_resync()

    def _take(self) -> tuple[Sequence[events.Event], bool] | None:
        """Wait for events, or for the time of a resync; None means the end."""
        while True:
            with self._condition:
                while not self._is_stopped and not self._batches and not self._is_resync_due():
                    self._clock.wait(self._condition, self._until_resync())
                if self._is_stopped:
                    return None
                if self._batches:
                    return self._batches.popleft()
            self._schedule_resync()
            self._resync()  # takes the informer's lock, which comes before this listener's

    def _call(self, event: events.Event) -> None:
        try:
            self._handler(event)
        except Exception as error:  # noqa: BLE001 (the thread's body: one bad event must not end a handler)
            self._on_failure()
            stack = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
            key = str(events.snapshot(event).key)
            # The exception's text may quote the object, so it stays out.
            _log.error("Handler failed", handler=self._name, object=key, error=type(error).__name__, stacktrace=stack)

    def _schedule_resync(self) -> None:
        self._resync_at = self._clock.monotonic() + self._resync_seconds if self._resync_seconds else None

    def _until_resync(self) -> float | None:
        return None if self._resync_at is None else self._resync_at - self._clock.monotonic()

    def _is_resync_due(self) -> bool:
        return self._resync_at is not None and self._resync_at <= self._clock.monotonic()
