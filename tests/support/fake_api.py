"""An API server for appliers, in memory, with a cache beside it that a test fills by hand.

What flows in: applies and deletes by the code under test, edits by the test. What flows out: objects as
`tests.support.ssa_model` makes them, and a count of the mutating requests, refused ones included.
"""

import itertools
from collections.abc import Callable
from typing import Any

import msgspec

from controller.client import interfaces
from informers import errors, objects
from tests.support import ssa_model

Place = tuple[objects.GroupVersionKind, objects.ObjectKey]


class FakeApi:
    """Implements `interfaces.Client`."""

    def __init__(self) -> None:
        self.things: dict[Place, ssa_model.ManagedObject] = {}
        self.mutations = 0
        """Mutating requests that arrived, whatever their answer."""
        self.refusal: errors.ApiError | None = None
        """The answer to every apply, while set."""
        self.patch_refusal: errors.ApiError | None = None
        """The answer to every merge patch, while set."""
        self.webhook: dict[str, Any] = {}
        """Fields of data that a mutating webhook overwrites."""
        self.on_conflict: Any = None
        """Called once, after the next 409, to make something happen before the client looks again."""
        self._numbers = itertools.count(2)

    def apply(self, obj: interfaces.Manifest, options: interfaces.ApplyOptions) -> interfaces.Manifest:
        """Apply as the server does: resourceVersion "1" demands absence, another that very version, a uid that very object."""
        self.mutations += 1
        place, metadata = place_of(obj), obj["metadata"]
        if self.refusal is not None:
            raise self.refusal
        thing = self.things.get(place)
        if options.subresource and thing is None:
            raise errors.NotFoundError(404, "NotFound", "not found")
        present = {"resourceVersion": "1"} if thing is None else thing.metadata
        if any(name in metadata and metadata[name] != present.get(name) for name in ("uid", "resourceVersion")):
            self._conflict()
        if thing is None:
            thing = self.put(obj, {})
        thing.apply(options.field_manager, obj)
        for name, value in self.webhook.items():
            thing.flat[("f:data", f"f:{name}")] = value
        thing.metadata["resourceVersion"] = str(next(self._numbers))
        return thing.live()

    def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> interfaces.Manifest:
        """Return the object."""
        if (gvk, key) not in self.things:
            raise errors.NotFoundError(404, "NotFound", "not found")
        return self.things[gvk, key].live()

    def list(self, gvk: objects.GroupVersionKind, *, namespace: str = "", labels: Any = None) -> list[interfaces.Manifest]:
        """Return all objects of a kind."""
        return [thing.live() for (kind, _), thing in self.things.items() if kind == gvk]

    def create(self, obj: interfaces.Manifest) -> interfaces.Manifest:
        """Create as another client would."""
        self.mutations += 1
        return self.put(obj, obj).live()

    def merge_patch(
        self, gvk: objects.GroupVersionKind, key: objects.ObjectKey, patch: Any, subresource: str = ""
    ) -> interfaces.Manifest:
        """Merge into a subresource's top level, where null removes."""
        self.mutations += 1
        thing = self.things.get((gvk, key))
        if thing is None:
            raise errors.NotFoundError(404, "NotFound", "not found")
        for name in ("uid", "resourceVersion"):
            if patch["metadata"].get(name, thing.metadata[name]) != thing.metadata[name]:
                raise errors.ConflictError(409, "Conflict", name)
        if self.patch_refusal is not None:
            raise self.patch_refusal
        content = thing.live()
        merged = {**content.get(subresource, {}), **patch[subresource]}
        thing.update("patch", content | {subresource: {name: value for name, value in merged.items() if value is not None}})
        thing.metadata["resourceVersion"] = str(next(self._numbers))
        return thing.live()

    def delete(
        self,
        gvk: objects.GroupVersionKind,
        key: objects.ObjectKey,
        preconditions: interfaces.Preconditions | None = None,
        *,
        propagation_policy: str = "Background",
    ) -> None:
        """Delete at once."""
        self.mutations += 1
        thing = self.things.get((gvk, key))
        if thing is None:
            raise errors.NotFoundError(404, "NotFound", "not found")
        if preconditions and preconditions.uid not in {"", thing.metadata["uid"]}:
            raise errors.ConflictError(409, "Conflict", "uid")
        del self.things[gvk, key]

    def put(self, obj: interfaces.Manifest, content: Any, manager: str = "hand") -> ssa_model.ManagedObject:
        """Store an object that *manager* made with an update; not counted."""
        number, given = next(self._numbers), obj["metadata"]
        identity = {
            "name": given["name"],
            "namespace": given["namespace"],
            "uid": f"uid-{number}",
            "resourceVersion": str(number),
        }
        thing = ssa_model.ManagedObject(obj["apiVersion"], obj["kind"], **identity)
        if content:
            thing.update(manager, content)
        self.things[place_of(obj)] = thing
        return thing

    def _conflict(self) -> None:
        then, self.on_conflict = self.on_conflict, None
        if then is not None:
            then()
        raise errors.ConflictError(409, "Conflict", "conflict")


class FakeCache:
    """What the informers show: the state at the last `sync`, or nothing."""

    def __init__(self, api: FakeApi) -> None:
        self._api = api
        self._snapshots: dict[Place, objects.Snapshot] = {}

    def sync(self, is_meant: Callable[[Place], bool] = lambda _: True) -> None:
        """Catch up with the server, for the objects that are meant."""
        behind = {place: held for place, held in self._snapshots.items() if not is_meant(place)}
        self._snapshots = behind | {
            place: objects.Snapshot.parse(place[0], msgspec.json.encode(thing.live()))
            for place, thing in self._api.things.items()
            if is_meant(place)
        }

    def snapshot(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> objects.Snapshot | None:
        """Return the object as of the last `sync`."""
        return self._snapshots.get((gvk, key))

    def by_index(self, gvk: objects.GroupVersionKind, name: str, value: str) -> list[objects.Snapshot]:
        """Return the objects that a controller owns."""
        assert name == "controller-uid"
        return [
            s for (kind, _), s in self._snapshots.items() if kind == gvk and s.meta.controller and s.meta.controller.uid == value
        ]


def place_of(obj: interfaces.Manifest) -> Place:
    """Return where *obj* is stored."""
    metadata = obj["metadata"]
    return objects.GroupVersionKind.of_object(obj), objects.ObjectKey(metadata.get("namespace", ""), metadata["name"])
