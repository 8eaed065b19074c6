"""One cache of one collection, shared by all who read it or want to hear of changes.

What flows in: an API server's state and changes. What flows out: cached reads through `SharedInformer.store`, events to handlers,
each in a thread of its own, and calls of the advance callbacks in the reflector's thread. Any thread may call any method. Mirrors
client-go tools/cache/shared_informer.go; deviations: handlers come and go at any time, and the last error can be asked for.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from informers import indexer, listener, listwatch, objects, processor, reflector_loop, store
from informers import metrics as informer_metrics
from workqueue import clock as clocks

SHORTEST_RESYNC_SECONDS = 1.0
RESYNC_SPREAD = (0.9, 1.1)
"""An informer's period is the configured one times a number drawn from here, so that not all kinds resync at once."""


@dataclass(frozen=True)
class InformerKey:
    """Names one informer: a kind, perhaps in one namespace, perhaps only objects that selectors choose."""

    gvk: objects.GroupVersionKind
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""

    @property
    def selector(self) -> str:
        """Both selectors in one text."""
        return ";".join(part for part in (self.label_selector, self.field_selector) if part)

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.gvk), self.namespace, self.selector) if part)


@dataclass(frozen=True)
class InformerOptions:
    """What an informer works with."""

    clock: clocks.Clock = field(default_factory=clocks.RealClock)
    resync_seconds: float = 36000.0
    """How often handlers are told of all objects again, without asking the server; 0 is never, the shortest is 1 s."""
    metrics: informer_metrics.MetricsProvider = field(default_factory=informer_metrics.NoMetrics)
    uniform: Callable[[float, float], float] = random.uniform
    """Draws a number between two bounds."""


class Registration:
    """A handler's place at an informer."""

    def __init__(self, of: listener.Listener, discard: Callable[[listener.Listener], None]) -> None:
        self._listener = of
        self._discard = discard

    def has_synced(self) -> bool:
        """Tell whether the handler has returned from every event of the initial list."""
        return self._listener.has_synced()

    def remove(self) -> None:
        """Call the handler no more; a call in progress goes on. Idempotent."""
        self._discard(self._listener)


class SharedInformer:
    """Follows one collection from `start` to `stop`; it cannot be started again."""

    def __init__(self, key: InformerKey, lister_watcher: listwatch.ListerWatcher, options: InformerOptions | None = None) -> None:
        self.key = key
        self.store = store.Store({indexer.NAMESPACE: indexer.by_namespace, indexer.CONTROLLER_UID: indexer.by_controller_uid})
        """The cache; only this informer's reflector writes to it."""
        self._options = options or InformerOptions()
        self._metrics = self._options.metrics.informer_metrics(key.gvk, key.namespace, key.selector)
        self._processor = processor.Processor(str(key), self.store, self._metrics)
        self._reflector = reflector_loop.Reflector(
            key.gvk, lister_watcher, self._processor, reflector_loop.ReflectorOptions(self._options.clock, self._options.uniform)
        )
        self._thread = threading.Thread(target=self._reflector.run, name=f"reflector-{key}", daemon=True)
        self._lock = threading.Lock()
        self._is_started = False
        self._is_stopped = False
        self.resync_seconds = self._period()
        """How often each handler is told of everything again; 0 is never."""

    @property
    def last_error(self) -> Exception | None:
        """Why the last list or watch failed; None again after a success."""
        return self._processor.last_error

    @property
    def is_running(self) -> bool:
        """Whether it follows the server now."""
        return self._is_started and not self._is_stopped

    def has_synced(self) -> bool:
        """Tell whether the initial list is in the store; handlers may still be at it (`Registration.has_synced`)."""
        return self._processor.has_synced

    def add_handler(self, handler: listener.Handler) -> Registration:
        """Call *handler* with an Added for each object there is, then with each change, in a thread of its own.

        Raises:
            RuntimeError: The informer is stopped.
        """
        new = listener.Listener(handler, str(self.key), self._options.clock, self._metrics.handler_failed)
        with self._lock:
            if self._is_stopped:
                raise RuntimeError(f"the informer of {self.key} is stopped: it takes no handlers")
            self._processor.add(new)
            if self._is_started:
                self._start_listener(new)
        return Registration(new, self._processor.discard)

    def add_index(self, name: str, function: indexer.IndexFunction) -> None:
        """Add an index over what is and what comes.

        Args:
            name: For `store.Store.by_index`.
            function: Must depend on the object alone. Where it may fail, let it return no values: an exception stops the cache
                where it is, is logged and shows in `last_error`.

        Raises:
            ValueError: Another function has that name.
        """
        self.store.add_index(name, function)

    def on_advance(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call *callback* in the reflector's thread after each move of the store, bookmarks included.

        Args:
            callback: Must be quick and must not raise.

        Returns:
            What ends that.
        """
        return self._processor.on_advance(callback)

    def start(self) -> None:
        """Begin to follow; return at once. Idempotent.

        Raises:
            RuntimeError: The informer is stopped.
        """
        with self._lock:
            if self._is_stopped:
                raise RuntimeError(f"the informer of {self.key} is stopped: make another one")
            if self._is_started:
                return
            self._is_started = True
            for one in self._processor.listeners():
                self._start_listener(one)
            self._thread.start()

    def stop(self, timeout_seconds: float = 2.0) -> bool:
        """End the watch and the handlers' threads, and wait for them. Idempotent.

        Returns:
            False if one still runs after *timeout_seconds*; it ends when its request or its handler returns.
        """
        with self._lock:
            self._is_stopped = True
        self._reflector.stop()
        listeners = self._processor.listeners()
        for one in listeners:
            one.stop()
        deadline = self._options.clock.monotonic() + timeout_seconds
        has_ended = self._join(timeout_seconds)
        for one in listeners:
            has_ended = one.join(max(0.0, deadline - self._options.clock.monotonic())) and has_ended
        self._metrics.synced(is_synced=False)
        return has_ended

    def _join(self, timeout_seconds: float) -> bool:
        if self._thread.ident is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _start_listener(self, new: listener.Listener) -> None:
        new.start(lambda: self._processor.resync(new), self.resync_seconds)

    def _period(self) -> float:
        configured = self._options.resync_seconds
        return max(SHORTEST_RESYNC_SECONDS, configured * self._options.uniform(*RESYNC_SPREAD)) if configured > 0 else 0.0
