"""A client that counts what it sends, and a cache that is filled by listing.

What flows in: the code under test's calls, and a real client to pass them on to. What flows out: the server's answers, and the
number of mutating requests, whatever their answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from controller.client import interfaces
from informers import objects


class CountingClient:
    """Implements `interfaces.Client` over another."""

    def __init__(self, client: interfaces.Client) -> None:
        self._client = client
        self.mutations = 0

    def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> interfaces.Manifest:
        """Pass on."""
        return self._client.get(gvk, key)

    def list(
        self, gvk: objects.GroupVersionKind, *, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[interfaces.Manifest]:
        """Pass on."""
        return self._client.list(gvk, namespace=namespace, labels=labels)

    def apply(self, obj: interfaces.Manifest, options: interfaces.ApplyOptions) -> interfaces.Manifest:
        """Count and pass on."""
        self.mutations += 1
        return self._client.apply(obj, options)

    def create(self, obj: interfaces.Manifest) -> interfaces.Manifest:
        """Count and pass on."""
        self.mutations += 1
        return self._client.create(obj)

    def merge_patch(
        self, gvk: objects.GroupVersionKind, key: objects.ObjectKey, patch: Mapping[str, Any], subresource: str = ""
    ) -> interfaces.Manifest:
        """Count and pass on."""
        self.mutations += 1
        return self._client.merge_patch(gvk, key, patch, subresource)

    def delete(
        self,
        gvk: objects.GroupVersionKind,
        key: objects.ObjectKey,
        preconditions: interfaces.Preconditions | None = None,
        *,
        propagation_policy: str = "Background",
    ) -> None:
        """Count and pass on."""
        self.mutations += 1
        self._client.delete(gvk, key, preconditions, propagation_policy=propagation_policy)


class ListedCache:
    """What informers of some kinds would hold, as of the last `sync`."""

    def __init__(self, client: interfaces.Reader, namespace: str, kinds: Sequence[objects.GroupVersionKind]) -> None:
        self._client = client
        self._namespace = namespace
        self._kinds = kinds
        self._snapshots: dict[tuple[objects.GroupVersionKind, objects.ObjectKey], objects.Snapshot] = {}

    def sync(self) -> None:
        """List everything anew."""
        listed = [
            objects.Snapshot.parse(gvk, msgspec.json.encode(obj))
            for gvk in self._kinds
            for obj in self._client.list(gvk, namespace=self._namespace)
        ]
        self._snapshots = {(snapshot.gvk, snapshot.key): snapshot for snapshot in listed}

    def snapshot(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> objects.Snapshot | None:
        """Return the object as listed."""
        return self._snapshots.get((gvk, key))

    def by_index(self, gvk: objects.GroupVersionKind, name: str, value: str) -> Sequence[objects.Snapshot]:
        """Return the objects that the controller with uid *value* owns."""
        assert name == "controller-uid"
        return [s for s in self._snapshots.values() if s.gvk == gvk and s.meta.controller and s.meta.controller.uid == value]
