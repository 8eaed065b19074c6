"""What stands between a reflector and everybody else: it changes the store, and tells of it.

What flows in: changes, from the reflector's thread, and listeners and callbacks, from any. What flows out: first the new state
of the store and its indices, then events in the queues of the listeners, last calls of the advance callbacks, in the reflector's
thread. So whoever hears of a state finds that state or a later one in the store. Mirrors client-go tools/cache/shared_informer.go
(sharedProcessor and HandleDeltas).
"""

import threading
from collections.abc import Callable, Sequence

import structlog

from informers import errors, events, listener, metrics, objects, store

_log = structlog.get_logger("informers.processor")


class Processor:
    """The sink of one reflector."""

    def __init__(self, name: str, a_store: store.Store, the_metrics: metrics.InformerMetrics) -> None:
        self.has_synced = False
        """Whether the initial list is in the store."""
        self.last_error: Exception | None = None
        """Why nothing comes; None if the last list or watch went well, or was never tried."""
        self._name = name
        self._store = a_store
        self._metrics = the_metrics
        self._lock = threading.Lock()
        """Orders the store's changes with what listeners are told; taken before the store's lock and a listener's."""
        self._listeners: list[listener.Listener] = []
        self._callbacks: tuple[Callable[[], None], ...] = ()

    def add(self, new: listener.Listener) -> None:
        """Tell *new* of everything there is, and from then on of each change: no gap, no event twice."""
        with self._lock:
            if self.has_synced:
                new.push([events.Added(one, is_in_initial_list=True) for one in self._store.list()], completes_initial_list=True)
            self._listeners.append(new)

    def discard(self, old: listener.Listener) -> None:
        """Tell *old* no more."""
        with self._lock:
            if old in self._listeners:
                self._listeners.remove(old)
        old.stop()

    def listeners(self) -> list[listener.Listener]:
        """Return those that are told."""
        with self._lock:
            return list(self._listeners)

    def resync(self, one: listener.Listener) -> None:
        """Tell *one* of each object again, behind all that it has not heard yet."""
        with self._lock:
            one.push([events.Updated(snapshot, snapshot) for snapshot in self._store.list()])

    def on_advance(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call *callback* whenever the store has moved; return what ends that."""
        with self._lock:
            self._callbacks = (*self._callbacks, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._callbacks = tuple(one for one in self._callbacks if one is not callback)

        return unsubscribe

    def replace(self, content: dict[objects.ObjectKey, objects.Snapshot], resource_version: str) -> None:
        """Make *content* the store's, in one step."""
        with self._lock:
            is_first = not self.has_synced
            batch = self._store.replace(content, resource_version, is_initial_list=is_first)
            self.has_synced = True
            self._tell(batch, completes_initial_list=is_first)
        self._metrics.listed()
        self._metrics.synced(is_synced=True)
        self._moved()

    def put(self, snapshot: objects.Snapshot, resource_version: str) -> None:
        """Add or update one object."""
        with self._lock:
            self._tell((self._store.put(snapshot, resource_version),))
        self._moved()

    def remove(self, snapshot: objects.Snapshot, resource_version: str) -> None:
        """Remove one object."""
        with self._lock:
            event = self._store.remove(snapshot, resource_version)
            if event is not None:
                self._tell((event,))
        self._moved()

    def advance(self, resource_version: str) -> None:
        """Move the store's version."""
        self._store.advance(resource_version)
        self._moved()

    def report(self, error: Exception | None) -> None:
        """Remember *error*, and log it."""
        self.last_error = error
        if error is not None:
            is_answer = isinstance(
                error, errors.ApiError | errors.TransportError
            )  # the text of anything else may quote an object
            text = f"{type(error).__name__}: {error}" if is_answer else type(error).__name__
            _log.warning("List or watch failed", informer=self._name, error=text)

    def reconnected(self, reason: str) -> None:
        """Count a watch that is asked for anew."""
        self._metrics.reconnected(reason)

    def _tell(self, batch: Sequence[events.Event], *, completes_initial_list: bool = False) -> None:
        for one in self._listeners:
            one.push(batch, completes_initial_list=completes_initial_list)

    def _moved(self) -> None:
        self._metrics.heard()
        self._metrics.objects(len(self._store))
        for callback in self._callbacks:
            callback()
