"""The garbage collector: what has no owner left goes, and who waits for dependents goes after them.

What flows in: every change of an object that has owners or dependents. What flows out: deletions, owner references and finalizers
that are taken away. The loop's thread. Mirrors kubernetes pkg/controller/garbagecollector; deviation: it looks at the objects
themselves, so there is no cache of owners that are not there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from envtest.embedded.api import deletion, store
from envtest.embedded.api.status import Json
from envtest.embedded.controllers import graph, loop, world


@dataclass
class _Owners:
    """The owners of an object."""

    solid: list[str] = field(default_factory=list)
    """There, or of a kind that is not served."""
    dangling: list[str] = field(default_factory=list)
    """Not there."""
    waiting: list[str] = field(default_factory=list)
    """About to go, once their dependents have gone."""


class GarbageCollector:
    """The controller; its keys are uids."""

    def __init__(self, shared: world.World) -> None:
        self._world = shared
        self._api = shared.api
        self._graph = shared.graph
        self._unresolved: set[str] = set()
        """Objects with an owner of a kind that is not served."""
        self.queue = loop.Queue(self.sync, shared.timers)

    def see(self, key: str, event: store.Event) -> None:
        """Take note of a change of any kind."""
        own = event.object["metadata"]
        uid = own["uid"]
        owners = own.get("ownerReferences") or ()
        if event.type == "DELETED":
            self._unresolved.discard(uid)
            self._add_all(node.object["metadata"]["uid"] for node in self._graph.dependents(uid))
            self._add_all(owner["uid"] for owner in owners)
        elif own.get("deletionTimestamp"):
            self.queue.add(uid)
            self._add_all(owner["uid"] for owner in owners)
        elif list(owners) != (before := _owners_of(event.previous)):
            self.queue.add(uid)
            self._add_all(owner["uid"] for owner in before)
        if key == graph.DEFINITIONS:
            self._add_all(self._unresolved)

    def _add_all(self, uids: Iterable[str]) -> None:
        for uid in list(uids):
            self.queue.add(uid)

    def sync(self, key: str) -> float | None:
        """Decide about one object.

        Raises:
            status.StatusError: A write is refused.
        """
        node = self._graph.node(key)
        if node is None:
            return None
        if node.object["metadata"].get("deletionTimestamp"):
            self._finish(node)
        elif owners := _owners_of(node.object):
            self._collect(node, self._classified(node.object, owners))
        return None

    def _finish(self, node: graph.Node) -> None:
        """Go on with an object that is being deleted in the foreground, or whose dependents shall stay."""
        own = node.object["metadata"]
        finalizers, dependents = own.get("finalizers") or [], self._graph.dependents(own["uid"])
        if deletion.ORPHAN in finalizers:
            for dependent in dependents:
                self._api.merge(dependent.key, dependent.object, world.without_owner(dependent.object, own["uid"]))
            self._release(node, deletion.ORPHAN)
        elif deletion.FOREGROUND in finalizers:
            blocking = [each for each in dependents if _blocks(each.object, own["uid"])]
            if not blocking:
                self._release(node, deletion.FOREGROUND)
            self._add_all(each.object["metadata"]["uid"] for each in dependents if not _is_in_foreground(each.object))

    def _release(self, node: graph.Node, finalizer: str) -> None:
        own = node.object["metadata"]
        kept = [each for each in own["finalizers"] if each != finalizer]
        changes = {"metadata": {"resourceVersion": own["resourceVersion"], "finalizers": kept or None}}
        self._api.merge(node.key, node.object, changes)

    def _classified(self, obj: Json, owners: list[Json]) -> _Owners:
        found = _Owners()
        for owner in owners:
            resource = self._api.api.registry.of_kind(owner["apiVersion"], owner["kind"])
            if resource is None or (resource.is_namespaced and not obj["metadata"].get("namespace")):
                self._unresolved.add(obj["metadata"]["uid"])
                found.solid.append(owner["uid"])
                continue
            namespace = obj["metadata"]["namespace"] if resource.is_namespaced else ""
            there = self._api.api.store.get(self._api.api.storage_of(resource), namespace, owner["name"])
            if there is None or there["metadata"]["uid"] != owner["uid"]:
                found.dangling.append(owner["uid"])
            elif _is_in_foreground(there):
                found.waiting.append(owner["uid"])
            else:
                found.solid.append(owner["uid"])
        return found

    def _collect(self, node: graph.Node, owners: _Owners) -> None:
        own, gone = node.object["metadata"], {*owners.dangling, *owners.waiting}
        if owners.solid:
            if gone:
                kept = [owner for owner in own["ownerReferences"] if owner["uid"] not in gone]
                self._api.merge(node.key, node.object, {"metadata": {"uid": own["uid"], "ownerReferences": kept}})
            return
        dependents = self._graph.dependents(own["uid"])
        if owners.waiting and dependents:
            obj = node.object
            if any(_is_in_foreground(each.object) for each in dependents):  # a circle
                freed = [{**owner, "blockOwnerDeletion": False} for owner in own["ownerReferences"]]
                obj = self._api.merge(node.key, obj, {"metadata": {"uid": own["uid"], "ownerReferences": freed}})
            self._api.delete(node.key, obj, "Foreground")
            return
        finalizers = own.get("finalizers") or ()
        policies = {deletion.ORPHAN: "Orphan", deletion.FOREGROUND: "Foreground"}
        policy = next((policies[each] for each in policies if each in finalizers), "Background")
        self._api.delete(node.key, node.object, policy)


def _owners_of(obj: Json | None) -> list[Json]:
    return (obj["metadata"].get("ownerReferences") or []) if obj else []


def _blocks(obj: Json, uid: str) -> bool:
    return any(owner["uid"] == uid and owner.get("blockOwnerDeletion") for owner in _owners_of(obj))


def _is_in_foreground(obj: Json) -> bool:
    own = obj["metadata"]
    return bool(own.get("deletionTimestamp")) and deletion.FOREGROUND in (own.get("finalizers") or ())
