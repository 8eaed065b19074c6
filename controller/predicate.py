"""Filters between an informer's events and a controller's queue.

What flows in: an event. What flows out: True to let it through. Predicates run in the informer's handler thread, so they must
be quick; they filter what is enqueued, never what the cache holds. Mirrors controller-runtime/pkg/predicate; deviation: a
predicate is a plain function. Additions and deletions pass every `*_changed` predicate, as upstream, and so does an update from
one object to another of its name, which upstream compares as if it were one.
"""

from collections.abc import Callable
from typing import TypeGuard

from informers import events, objects

Predicate = Callable[[events.Event], bool]


def _is_of_one_object(event: events.Event) -> TypeGuard[events.Updated]:
    return isinstance(event, events.Updated) and event.old.meta.uid == event.new.meta.uid


def resource_version_changed(event: events.Event) -> bool:
    """Drop updates that changed nothing: resyncs, and unchanged objects in a relist."""
    return not _is_of_one_object(event) or event.old.meta.resource_version != event.new.meta.resource_version


def generation_changed(event: events.Event) -> bool:
    """Drop updates that left the spec alone (status, labels, annotations); this drops resyncs, too."""
    return not _is_of_one_object(event) or event.old.meta.generation != event.new.meta.generation


def annotations_changed(event: events.Event) -> bool:
    """Drop updates that left the annotations alone."""
    return not _is_of_one_object(event) or (event.old.meta.annotations or {}) != (event.new.meta.annotations or {})


def labels_changed(event: events.Event) -> bool:
    """Drop updates that left the labels alone."""
    return not _is_of_one_object(event) or (event.old.meta.labels or {}) != (event.new.meta.labels or {})


def matches(test: Callable[[objects.Snapshot], bool]) -> Predicate:
    """Return a predicate that passes an event if *test* holds for its newest state."""
    return lambda event: test(events.snapshot(event))


def all_of(*predicates: Predicate) -> Predicate:
    """Return a predicate that passes what all *predicates* pass."""
    return lambda event: all(predicate(event) for predicate in predicates)


def any_of(*predicates: Predicate) -> Predicate:
    """Return a predicate that passes what at least one of *predicates* passes."""
    return lambda event: any(predicate(event) for predicate in predicates)


def negate(predicate: Predicate) -> Predicate:
    """Return a predicate that passes what *predicate* drops."""
    return lambda event: not predicate(event)
