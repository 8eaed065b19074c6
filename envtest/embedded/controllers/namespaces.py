"""The end of namespaces: their content goes, pods first, then they do.

What flows in: namespaces that are being deleted, and what still is in them. What flows out: deletions, conditions, and the
finalizer ``kubernetes`` that is taken away. The loop's thread. Mirrors kubernetes pkg/controller/namespace/deletion;
deviation: it does not wait for estimated times but for the last objects to go.
"""

from collections import Counter
from collections.abc import Mapping

from envtest.embedded.api import deletion, status, store
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources
from envtest.embedded.controllers import loop, namespace_conditions, world

_FINALIZER = "kubernetes"


class Namespaces:
    """The controller."""

    def __init__(self, shared: world.World) -> None:
        self._world = shared
        self._api = shared.api
        self.queue = loop.Queue(self.sync, shared.timers)

    def see(self, key: str, event: store.Event) -> None:
        """Take note of a change of any kind."""
        own = event.object["metadata"]
        if key == world.NAMESPACES:
            if own.get("deletionTimestamp"):
                self.queue.add(own["name"])
        elif namespace := own.get("namespace"):
            found = self._api.find(world.NAMESPACES, "", namespace)
            if found is not None and found["metadata"].get("deletionTimestamp"):
                self.queue.add(namespace)

    def sync(self, key: str) -> float | None:
        """Delete what is in a namespace, and the namespace if nothing is left.

        Raises:
            status.StatusError: A write is refused.
        """
        namespace = self._api.find(world.NAMESPACES, "", key)
        if namespace is None or not namespace["metadata"].get("deletionTimestamp"):
            return None
        if _FINALIZER not in (namespace.get("spec") or {}).get("finalizers", ()):
            return None
        kinds: dict[str, resources.Resource] = {}
        for resource in self._api.api.registry.all():
            storage = self._api.api.storage_of(resource)
            if storage.is_namespaced and "delete" in storage.verbs:
                kinds.setdefault(storage.storage_key, storage)
        errors: list[str] = []
        if not self._delete_all(kinds.pop(world.PODS), key, errors):
            remaining = {resource: number for resource in kinds.values() if (number := self._delete_all(resource, key, errors))}
            namespace = self._report(namespace, errors, remaining)
            if not remaining and not errors:
                self._finalize(namespace)
        else:
            self._report(namespace, errors, {})
        return None

    def _delete_all(self, resource: resources.Resource, namespace: str, errors: list[str]) -> int:
        """Delete all objects of a kind; return how many are still there."""
        for obj in self._api.api.store.list(resource, namespace):
            if obj["metadata"].get("deletionTimestamp"):
                continue
            try:
                self._api.delete(resource.storage_key, obj, "Background")
            except status.StatusError as error:
                if error.code != 404:
                    errors.append(str(error))
        return len(self._api.api.store.list(resource, namespace))

    def _report(self, namespace: Json, errors: list[str], remaining: Mapping[resources.Resource, int]) -> Json:
        finalizers: Counter[str] = Counter()
        for resource in remaining:
            for obj in self._api.api.store.list(resource, namespace["metadata"]["name"]):
                finalizers.update(obj["metadata"].get("finalizers") or ())
        named = {f"{resource.plural}.{resource.group}": number for resource, number in remaining.items()}
        seen = namespace_conditions.Seen(errors, named, finalizers)
        new = namespace_conditions.updated(namespace.get("status") or {}, seen, self._world.now)
        if new == (namespace.get("status") or {}):
            return namespace
        return self._api.update(world.NAMESPACES, {**namespace, "status": new}, "status")

    def _finalize(self, namespace: Json) -> None:
        finalizers = [each for each in namespace["spec"]["finalizers"] if each != _FINALIZER]
        changed = {**namespace, "spec": {key: value for key, value in namespace["spec"].items() if key != "finalizers"}}
        if finalizers:
            changed["spec"]["finalizers"] = finalizers
        resource = self._api.resource(world.NAMESPACES)
        if finalizers or set(namespace["metadata"].get("finalizers") or ()) - {deletion.FOREGROUND, deletion.ORPHAN}:
            self._api.api.store.put(resource, changed)
        else:
            self._api.api.store.delete(resource, changed)
