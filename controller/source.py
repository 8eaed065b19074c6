"""Where a controller's requests come from.

What flows in: an informer's events. What flows out: requests in a controller's queue, with a priority. Events arrive in the
informer's handler thread, one at a time. Mirrors controller-runtime/pkg/source.
"""

from collections.abc import Sequence
from typing import Protocol

from controller import handler, predicate, reconcile
from informers import events, shared_informer
from workqueue import priority_queue

RequestQueue = priority_queue.PriorityQueue[reconcile.Request]


class Source(Protocol):
    """Feeds a queue."""

    def start(self, queue: RequestQueue) -> None:
        """Begin to feed *queue*; return at once."""
        ...

    def has_synced(self) -> bool:
        """Tell whether everything that was there at the start is in the queue."""
        ...

    def stop(self) -> None:
        """Feed no more."""
        ...


class Kind:
    """Feeds a queue from the informer of one kind."""

    def __init__(
        self,
        informer: shared_informer.SharedInformer,
        event_handler: handler.EventHandler,
        predicates: Sequence[predicate.Predicate] = (),
    ) -> None:
        self.informer = informer
        self._event_handler = event_handler
        self._predicate = predicate.all_of(*predicates)
        self._registration: shared_informer.Registration | None = None

    def start(self, queue: RequestQueue) -> None:
        """Register with the informer."""

        def handle(event: events.Event) -> None:
            if not self._predicate(event):
                return
            priority = handler.priority_of(event)
            for request in self._event_handler(event):
                queue.add(request, priority=priority)

        self._registration = self.informer.add_handler(handle)

    def has_synced(self) -> bool:
        """Tell whether the initial list went through the handler."""
        return self._registration is not None and self._registration.has_synced()

    def stop(self) -> None:
        """Leave the informer."""
        if self._registration is not None:
            self._registration.remove()

    def __str__(self) -> str:
        why = self.informer.last_error
        return f"kind {self.informer.key.gvk}" + (f" ({why})" if why else "")
