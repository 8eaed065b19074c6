"""Which requests an event stands for.

What flows in: an event. What flows out: the requests to enqueue, each at most once. A handler is a pure function that runs in
the informer's handler thread; it must not do I/O. Mirrors controller-runtime/pkg/handler; deviation: a handler returns requests
and never sees the queue, so it cannot enqueue an object or choose a priority (`priority_of` does, for all alike).
"""

from collections.abc import Callable, Iterable

from controller import reconcile
from informers import events, objects

EventHandler = Callable[[events.Event], Iterable[reconcile.Request]]

LOW_PRIORITY = -100
"""What start-up and resyncs get, so that a user's change overtakes them (upstream's number)."""


def priority_of(event: events.Event) -> int:
    """Return `LOW_PRIORITY` for objects of the initial list and for updates that changed nothing, else 0."""
    if isinstance(event, events.Added):
        return LOW_PRIORITY if event.is_in_initial_list else 0
    if isinstance(event, events.Updated) and event.old.meta.resource_version == event.new.meta.resource_version:
        return LOW_PRIORITY
    return 0


def _states(event: events.Event) -> tuple[objects.Snapshot, ...]:
    if isinstance(event, events.Updated):
        return (event.old, event.new)
    return (events.snapshot(event),)


def enqueue_request_for_object(event: events.Event) -> Iterable[reconcile.Request]:
    """Return the object's own name."""
    return (reconcile.Request(*events.snapshot(event).key),)


def enqueue_request_for_owner(
    owner: objects.GroupVersionKind, *, only_controller: bool = True, is_namespaced: bool = True
) -> EventHandler:
    """Return a handler that names the owners of an object, old and new.

    Args:
        owner: The owner's kind; group and kind are compared, as upstream does, not the version.
        only_controller: Look only at the owner reference with controller=true.
        is_namespaced: Whether the owner's kind is; owners of cluster scope get an empty namespace.
    """

    def handle(event: events.Event) -> Iterable[reconcile.Request]:
        requests: dict[reconcile.Request, None] = {}
        for state in _states(event):
            for reference in state.meta.owner_references or ():
                group = objects.GroupVersionKind.of(reference.api_version, reference.kind).group
                is_it = (group, reference.kind) == (owner.group, owner.kind)
                if is_it and (reference.controller or not only_controller):
                    namespace = state.meta.namespace if is_namespaced else ""
                    requests[reconcile.Request(namespace, reference.name)] = None
        return requests

    return handle


def enqueue_requests_from_map_func(
    map_func: Callable[[objects.Snapshot], Iterable[reconcile.Request]],
) -> EventHandler:
    """Return a handler that asks *map_func* for the requests of an object's old and new state."""

    def handle(event: events.Event) -> Iterable[reconcile.Request]:
        return dict.fromkeys(request for state in _states(event) for request in map_func(state))

    return handle
