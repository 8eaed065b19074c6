"""Who belongs to whom: all objects by uid, and for each owner those that name it.

What flows in: every change of every kind, kinds that are defined later included. What flows out: dependents, orphans, and the
change itself, for whoever subscribed. The loop's thread. Mirrors kubernetes pkg/controller/garbagecollector/graph_builder.go and
the pod indexers of pkg/controller; deviation: nothing is learned late, so there are no virtual nodes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from envtest.embedded.api import pipeline, store
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources
from envtest.embedded.controllers import loop

_Key = TypeVar("_Key")

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
_ADOPTED = ("pods", "replicasets.apps")
"""Kinds whose objects without a controller may find one."""
_EVENTS = ("events", "events.events.k8s.io")


@dataclass(frozen=True)
class Node:
    """An object, and its kind."""

    key: str
    """The kind's storage key."""
    object: Json


Listener = Callable[[str, store.Event], None]


class Graph:
    """Follows all objects.

    Attributes:
        listeners: Called soon after each change, in their order, with the kind's storage key and the event.
    """

    def __init__(self, api: pipeline.Api, timers: loop.Timers) -> None:
        self._api = api
        self._timers = timers
        self._followed: set[str] = set()
        self._nodes: dict[str, Node] = {}
        self._dependents: dict[str, dict[str, None]] = {}
        self._orphans: dict[tuple[str, str], dict[str, None]] = {}
        self.listeners: list[Listener] = []
        self._subscriptions: list[Callable[[], None]] = []

    def start(self) -> None:
        """Follow all kinds, from what is there."""
        self._follow_all()

    def stop(self) -> None:
        """Follow nothing any more."""
        for end in self._subscriptions:
            end()

    def node(self, uid: str) -> Node | None:
        """Return the object with *uid*."""
        return self._nodes.get(uid)

    def dependents(self, uid: str) -> list[Node]:
        """Return the objects that have an owner reference to *uid*."""
        return [self._nodes[each] for each in self._dependents.get(uid, ())]

    def controlled(self, uid: str, key: str) -> list[Json]:
        """Return the objects of a kind whose controller is *uid*, in the order of their creation."""
        return [
            node.object
            for node in self.dependents(uid)
            if node.key == key and (owner := controller_of(node.object)) is not None and owner["uid"] == uid
        ]

    def orphans(self, key: str, namespace: str) -> list[Json]:
        """Return the objects of a kind in a namespace that have no controller: Pods and ReplicaSets only."""
        return [self._nodes[uid].object for uid in self._orphans.get((key, namespace), ())]

    def _follow_all(self) -> None:
        for resource in self._api.registry.all():
            if resource.storage_key not in self._followed and resource.storage_key not in _EVENTS:
                self._follow(self._api.storage_of(resource))

    def _follow(self, resource: resources.Resource) -> None:
        key = resource.storage_key
        self._followed.add(key)
        self._subscriptions.append(self._api.store.subscribe(resource, lambda event: self._see(key, event)))
        for obj in self._api.store.list(resource):
            self._see(key, store.Event("ADDED", obj, None, self._api.store.revision))

    def _see(self, key: str, event: store.Event) -> None:
        if event.previous is not None:
            self._forget(key, event.previous)
        if event.type != "DELETED":
            self._remember(key, event.object)
        if key == DEFINITIONS:
            self._timers.call_soon(self._follow_all)
        # In a turn of its own: whoever writes does not wait for listeners, nor fail with them.
        self._timers.call_soon(lambda: self._tell(key, event))

    def _tell(self, key: str, event: store.Event) -> None:
        for listener in self.listeners:
            listener(key, event)

    def _remember(self, key: str, obj: Json) -> None:
        uid = obj["metadata"]["uid"]
        self._nodes[uid] = Node(key, obj)
        for owner in obj["metadata"].get("ownerReferences") or ():
            self._dependents.setdefault(owner["uid"], {})[uid] = None
        if key in _ADOPTED and controller_of(obj) is None:
            self._orphans.setdefault((key, obj["metadata"]["namespace"]), {})[uid] = None

    def _forget(self, key: str, obj: Json) -> None:
        uid = obj["metadata"]["uid"]
        self._nodes.pop(uid, None)
        for owner in obj["metadata"].get("ownerReferences") or ():
            _discard(self._dependents, owner["uid"], uid)
        if key in _ADOPTED:
            _discard(self._orphans, (key, obj["metadata"]["namespace"]), uid)


def _discard(groups: dict[_Key, dict[str, None]], key: _Key, uid: str) -> None:
    if group := groups.get(key):
        group.pop(uid, None)
        if not group:
            del groups[key]


def controller_of(obj: Json) -> Json | None:
    """Return the owner reference of an object's controller."""
    owners: list[Json] = obj["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)
