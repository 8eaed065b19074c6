"""All objects, and what happened to them: etcd and the watch cache in one.

What flows in: objects to keep, in the loop's thread. What flows out: objects, lists, and events to whoever subscribed. An object
that is kept is never changed: who wants another one puts another one. Mirrors apiserver pkg/storage/etcd3 and pkg/storage/cacher;
deviation: the window of history is counted in events, for each kind.
"""

import bisect
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from envtest.embedded.api import metadata, status
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources

WINDOW = 20_000
"""How many events of each kind are remembered."""


@dataclass(frozen=True)
class Event:
    """One change of one object."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    object: Json
    """As it is after the change; of a deleted one the last state, with the deletion's resourceVersion."""
    previous: Json | None
    revision: int
    frames: dict[tuple[str, str], bytes] = field(default_factory=dict, compare=False, repr=False)
    """What watches send of it, by type and apiVersion, so that each is encoded once."""


Callback = Callable[[Event], None]
Events = list[Event]


@dataclass
class _Kind:
    """What is kept of one kind."""

    objects: dict[str, Json] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    """Sorted as etcd sorts them."""
    events: deque[Event] = field(default_factory=deque)
    floor: int = 0
    """The last revision whose event is forgotten."""
    callbacks: dict[int, Callback] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """The objects of a kind at one revision."""

    keys: list[str]
    """Sorted."""
    objects: dict[str, Json]

    def below(self, prefix: str) -> list[Json]:
        """Return those whose key starts with *prefix*, in order."""
        start, end = _range(self.keys, prefix)
        return [self.objects[key] for key in self.keys[start:end]]

    def page(self, prefix: str, start: str, limit: int) -> list[Json]:
        """Return at most *limit* objects below *prefix* from the key *start* on; a limit of 0 is none."""
        first, end = _range(self.keys, prefix)
        first = bisect.bisect_left(self.keys, start, first, end)
        return [self.objects[key] for key in self.keys[first : min(end, first + limit) if limit else end]]


def key_of(namespace: str, name: str) -> str:
    """Return the key below its kind."""
    return f"{namespace}/{name}" if namespace else name


def key(obj: Json) -> str:
    """Return the key of an object."""
    own = obj["metadata"]
    return key_of(own.get("namespace", ""), own["name"])


def _versioned(obj: Json, revision: int) -> Json:
    return metadata.ordered(metadata.with_metadata(obj, resourceVersion=str(revision)))


def _range(keys: list[str], prefix: str) -> tuple[int, int]:
    if not prefix:
        return 0, len(keys)
    return bisect.bisect_left(keys, prefix), bisect.bisect_left(keys, prefix[:-1] + chr(ord(prefix[-1]) + 1))


class Store:
    """Keeps the objects of all kinds.

    Attributes:
        revision: The number of changes so far; the resourceVersion of the last one.
    """

    def __init__(self, window: int = WINDOW) -> None:
        self.revision = 1
        self._compacted = 0
        self._window = window
        self._kinds: dict[str, _Kind] = {}
        self._subscriptions = 0
        self._undelivered: deque[tuple[_Kind, Event]] = deque()
        self._is_delivering = False

    def _kind(self, resource: resources.Resource) -> _Kind:
        return self._kinds.setdefault(resource.storage_key, _Kind(floor=self._compacted))

    def get(self, resource: resources.Resource, namespace: str, name: str) -> Json | None:
        """Return an object, or None."""
        return self._kind(resource).objects.get(key_of(namespace, name))

    def list(self, resource: resources.Resource, namespace: str | None = None) -> list[Json]:
        """Return the objects of a kind, sorted as etcd does; of one namespace if it is given and not empty."""
        return self.snapshot(resource).below(f"{namespace}/" if namespace else "")

    def snapshot(self, resource: resources.Resource) -> Snapshot:
        """Return the present objects of a kind, to be read before anything changes."""
        kind = self._kind(resource)
        return Snapshot(kind.keys, kind.objects)

    def put(self, resource: resources.Resource, obj: Json) -> Json:
        """Create or replace an object.

        Returns:
            What is kept: *obj* with its resourceVersion.
        """
        kind = self._kind(resource)
        self.revision += 1
        kept = _versioned(obj, self.revision)
        place = key(kept)
        previous = kind.objects.get(place)
        if previous is None:
            bisect.insort(kind.keys, place)
        kind.objects[place] = kept
        self._happened(kind, Event("ADDED" if previous is None else "MODIFIED", kept, previous, self.revision))
        return kept

    def delete(self, resource: resources.Resource, obj: Json) -> Json:
        """Remove an object that is there.

        Args:
            resource: Its kind.
            obj: As it should be seen last.

        Returns:
            The last state, with the deletion's resourceVersion.
        """
        kind = self._kind(resource)
        place = key(obj)
        previous = kind.objects.pop(place)
        del kind.keys[bisect.bisect_left(kind.keys, place)]
        self.revision += 1
        last = _versioned(obj, self.revision)
        self._happened(kind, Event("DELETED", last, previous, self.revision))
        return last

    def _happened(self, kind: _Kind, event: Event) -> None:
        kind.events.append(event)
        if len(kind.events) > self._window:
            kind.floor = kind.events.popleft().revision
        self._undelivered.append((kind, event))
        if self._is_delivering:
            return  # a subscriber wrote; everybody sees that after what the subscriber was told of
        self._is_delivering = True
        try:
            while self._undelivered:
                changed, news = self._undelivered.popleft()
                for callback in list(changed.callbacks.values()):
                    callback(news)
        finally:
            self._is_delivering = False

    def subscribe(self, resource: resources.Resource, callback: Callback) -> Callable[[], None]:
        """Call *callback* with each event of a kind from now on.

        Returns:
            What ends it.
        """
        self._subscriptions += 1
        number = self._subscriptions
        callbacks = self._kind(resource).callbacks
        callbacks[number] = callback
        return lambda: callbacks.pop(number, None) and None

    def events_since(self, resource: resources.Resource, revision: int) -> Events:
        """Return the events of a kind after *revision*, in order.

        Raises:
            status.StatusError: They are forgotten.
        """
        kind = self._kind(resource)
        if revision < kind.floor:
            raise status.expired(f"too old resource version: {revision} ({kind.floor})")
        found = []
        for event in reversed(kind.events):
            if event.revision <= revision:
                break
            found.append(event)
        return found[::-1]

    def at(self, resource: resources.Resource, revision: int) -> Snapshot:
        """Return the objects of a kind as they were at *revision*.

        Raises:
            status.StatusError: It is forgotten.
        """
        events = self.events_since(resource, revision)
        kind = self._kind(resource)
        if not events:
            return Snapshot(kind.keys, kind.objects)
        objects = dict(kind.objects)
        for event in reversed(events):
            if event.previous is None:
                del objects[key(event.object)]
            else:
                objects[key(event.object)] = event.previous
        return Snapshot(sorted(objects), objects)

    def compact(self, revision: int | None = None) -> int:
        """Forget what happened up to *revision*, or up to now.

        Returns:
            The revision.
        """
        until = self.revision if revision is None else min(revision, self.revision)
        for kind in self._kinds.values():
            kind.floor = max(kind.floor, until)
            while kind.events and kind.events[0].revision <= until:
                kind.events.popleft()
        self._compacted = until
        return until
