"""The informers of one process: one per kind, namespace and selectors, however many ask for it.

What flows in: keys of what is to be cached. What flows out: shared informers, started together and stopped together, and
removable one by one. Any thread may call any method. Mirrors controller-runtime/pkg/cache (informer_cache.go and
internal/informers.go); deviations: nothing is started lazily by a read, and an informer can be removed while others run.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from informers import listwatch, objects, shared_informer
from informers import metrics as informer_metrics
from workqueue import clock as clocks

InformerKey = shared_informer.InformerKey

LOOK_SECONDS = 0.1
"""While waiting for the sync, how often a stop is looked for; a sync itself ends the wait at once."""
REMOVE_SECONDS = 2.0


@dataclass(frozen=True)
class FactoryOptions:
    """What informers work with; see `shared_informer.InformerOptions`."""

    clock: clocks.Clock = field(default_factory=clocks.RealClock)
    resync_seconds: float = 36000.0
    metrics: informer_metrics.MetricsProvider = field(default_factory=informer_metrics.NoMetrics)


class InformerFactory:
    """Makes informers and keeps them."""

    def __init__(
        self, lister_watcher: Callable[[InformerKey], listwatch.ListerWatcher], options: FactoryOptions | None = None
    ) -> None:
        """Make a factory without informers.

        Args:
            lister_watcher: Returns what reaches the collection of a key; must not ask the server yet.
            options: What informers work with.
        """
        self._lister_watcher = lister_watcher
        self._options = options or FactoryOptions()
        self._lock = threading.Lock()
        self._moved = threading.Condition()
        self._informers: dict[InformerKey, shared_informer.SharedInformer] = {}
        self._is_started = False
        self._is_stopped = False

    def informer(self, key: InformerKey | objects.GroupVersionKind) -> shared_informer.SharedInformer:
        """Return the informer of *key*, made and, if the factory runs, started the first time it is asked for.

        Raises:
            RuntimeError: There is none yet, and the factory is stopped.
        """
        full_key = key if isinstance(key, InformerKey) else InformerKey(key)
        with self._lock:
            if present := self._informers.get(full_key):
                return present
            if self._is_stopped:
                raise RuntimeError(f"the informers are stopped: there will be none of {full_key}")
            options = shared_informer.InformerOptions(self._options.clock, self._options.resync_seconds, self._options.metrics)
            new = shared_informer.SharedInformer(full_key, self._lister_watcher(full_key), options)
            self._informers[full_key] = new
            if self._is_started:
                new.start()
            return new

    def get(self, key: InformerKey) -> shared_informer.SharedInformer | None:
        """Return the informer of *key* if there is one."""
        with self._lock:
            return self._informers.get(key)

    def informers(self) -> list[shared_informer.SharedInformer]:
        """Return all informers, in the order in which they were made."""
        with self._lock:
            return list(self._informers.values())

    def start(self) -> None:
        """Start all informers, also those to come; return at once. Idempotent.

        Raises:
            RuntimeError: The factory is stopped.
        """
        with self._lock:
            if self._is_stopped:
                raise RuntimeError("the informers are stopped: make another factory")
            self._is_started = True
            for one in self._informers.values():
                one.start()

    def wait_for_sync(self, stop: threading.Event, timeout_seconds: float) -> bool:
        """Wait until the initial lists of all informers are in their stores, those made meanwhile included.

        Args:
            stop: Ends the wait.
            timeout_seconds: The longest wait.

        Returns:
            False if *stop* is set or the time ran out first; each informer's `last_error` tells why.
        """
        clock = self._options.clock
        deadline = clock.monotonic() + timeout_seconds
        unsubscribes = [one.on_advance(self._notify) for one in self.informers() if not one.has_synced()]
        try:
            with self._moved:
                while not stop.is_set():
                    if all(one.has_synced() for one in self.informers()):
                        return True
                    remaining = deadline - clock.monotonic()
                    if remaining <= 0:
                        return False
                    clock.wait(self._moved, min(remaining, LOOK_SECONDS))
            return False
        finally:
            for unsubscribe in unsubscribes:
                unsubscribe()

    def remove(self, key: InformerKey) -> None:
        """Stop and forget the informer of *key*; its handlers go with it. Harmless if there is none."""
        with self._lock:
            old = self._informers.pop(key, None)
        if old is not None:
            old.stop(REMOVE_SECONDS)

    def stop(self, timeout_seconds: float) -> bool:
        """Stop all informers and wait for them; there will be no others. They can still be read.

        Returns:
            False if a thread still runs after *timeout_seconds*.
        """
        with self._lock:
            self._is_stopped = True
            informers = list(self._informers.values())
        deadline = self._options.clock.monotonic() + timeout_seconds
        for one in informers:
            one.stop(0.0)  # all at once
        results = [one.stop(max(0.0, deadline - self._options.clock.monotonic())) for one in informers]
        return all(results)

    def _notify(self) -> None:
        with self._moved:
            self._moved.notify_all()
