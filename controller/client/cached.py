"""Reads from the informers' caches, and a client that reads there and writes live.

What flows in: kinds and keys. What flows out: fresh dicts, or snapshots for those who need only metadata. Any thread. Mirrors
controller-runtime/pkg/cache/informer_cache.go; deviation: reading a kind that nobody watches is an error, where upstream starts
an informer behind the reader's back.
"""

from collections.abc import Mapping

from controller.client import interfaces, live
from informers import errors, factory, objects, store


class NotCachedError(Exception):
    """A kind is read that no informer watches; the message says what to declare."""


class CachedReader:
    """Implements `interfaces.Reader` over an informer factory."""

    def __init__(self, informers: factory.InformerFactory, namespace: str = "") -> None:
        self._informers = informers
        self._namespace = namespace

    def _store(self, gvk: objects.GroupVersionKind) -> store.Store:
        informer = self._informers.get(factory.InformerKey(gvk, namespace=self._namespace))
        if informer is None:
            raise NotCachedError(
                f"kind {gvk} is not watched: declare it with for_, owns or watches of the controller's builder, or read it live"
            )
        return informer.store

    def snapshot(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> objects.Snapshot | None:
        """Return the object undecoded, or None.

        Raises:
            NotCachedError: Nobody watches the kind.
        """
        return self._store(gvk).get(key)

    def by_index(self, gvk: objects.GroupVersionKind, name: str, value: str) -> list[objects.Snapshot]:
        """Return the objects for which the index function *name* gave *value*."""
        return self._store(gvk).by_index(name, value)

    def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> interfaces.Manifest:
        """Return the object; see `interfaces.Reader.get`."""
        found = self.snapshot(gvk, key)
        if found is None:
            raise errors.NotFoundError(404, "NotFound", f"{gvk.kind} {key} is not in the cache")
        return found.decode()

    def list(
        self, gvk: objects.GroupVersionKind, *, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[interfaces.Manifest]:
        """Return all objects; see `interfaces.Reader.list`."""
        wanted = (labels or {}).items()
        return [each.decode() for each in self._store(gvk).list(namespace) if wanted <= (each.meta.labels or {}).items()]


class CachedClient:
    """Implements `interfaces.Client`: reads the cache, writes live."""

    def __init__(self, reader: CachedReader, writer: live.LiveClient) -> None:
        self.get = reader.get
        self.list = reader.list
        self.apply = writer.apply
        self.create = writer.create
        self.delete = writer.delete
