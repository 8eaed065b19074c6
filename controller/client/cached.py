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
    """Implements `interfaces.Reader` over an informer factory; only informers without selectors count, for they hold all."""

    def __init__(self, informers: factory.InformerFactory, namespace: str = "") -> None:
        """Read what *informers* hold; *namespace* is the one that is watched where not all are."""
        self._informers = informers
        self._namespace = namespace

    def _store(self, gvk: objects.GroupVersionKind, namespace: str) -> store.Store:
        """Return the store that holds all of *gvk* in *namespace*; "" is all that is watched, or a kind without namespaces."""
        for scope in ("", namespace or self._namespace):
            informer = self._informers.get(factory.InformerKey(gvk, namespace=scope))
            if informer is not None:
                return informer.store
        watched = ", ".join(str(one.key) for one in self._informers.informers() if one.key.gvk == gvk)
        raise NotCachedError(
            f"kind {gvk}{f' in namespace {namespace}' if namespace else ''} is not in the cache, watched is"
            f" {f'only {watched}' if watched else 'nothing of it'}: declare it with for_, owns or watches of the controller's"
            " builder, or read it live"
        )

    def snapshot(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> objects.Snapshot | None:
        """Return the object undecoded, or None.

        Raises:
            NotCachedError: Nobody watches the kind there.
        """
        return self._store(gvk, key.namespace).get(key)

    def by_index(self, gvk: objects.GroupVersionKind, name: str, value: str) -> list[objects.Snapshot]:
        """Return the objects for which the index function *name* gave *value*.

        Raises:
            NotCachedError: Nobody watches the kind.
            ValueError: There is no such index.
        """
        return self._store(gvk, "").by_index(name, value)

    def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> interfaces.Manifest:
        """Return the object; see `interfaces.Reader.get`.

        Raises:
            errors.NotFoundError: The cache does not have it; perhaps it does not have it yet.
            NotCachedError: Nobody watches the kind there.
        """
        found = self.snapshot(gvk, key)
        if found is None:
            raise errors.NotFoundError(404, "NotFound", f"{gvk.kind} {key} is not in the cache")
        return found.decode()

    def list(
        self, gvk: objects.GroupVersionKind, *, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[interfaces.Manifest]:
        """Return all objects; see `interfaces.Reader.list`. Only those that match are decoded.

        Raises:
            NotCachedError: Nobody watches the kind there.
        """
        wanted = (labels or {}).items()
        found = self._store(gvk, namespace).list(namespace)
        return [each.decode() for each in found if wanted <= (each.meta.labels or {}).items()]


class CachedClient:
    """Implements `interfaces.Client`: reads as its reader does, writes as its writer does."""

    def __init__(self, reader: CachedReader, writer: live.LiveClient) -> None:
        self.get = reader.get
        self.list = reader.list
        self.apply = writer.apply
        self.create = writer.create
        self.merge_patch = writer.merge_patch
        self.delete = writer.delete
