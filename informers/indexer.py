"""Named ways to find objects other than by key.

What flows in: snapshots that enter and leave a store, and the functions that say under which values each is found. What flows
out: sets of keys. An `Indexer` has no lock of its own: its store calls it under the store's. Mirrors client-go
tools/cache/thread_safe_store.go (storeIndex); deviation: a failing function is an error of the store's writer, not a crash.
"""

from collections.abc import Callable, Iterable, Mapping

from informers import objects

IndexFunction = Callable[[objects.Snapshot], Iterable[str]]
"""Returns the values under which an object is found; must depend on the object alone, for it is called again to remove it."""

NAMESPACE = "namespace"
CONTROLLER_UID = "controller-uid"


class IndexingError(Exception):
    """An index function failed; the message names the index and the object, the cause says how."""


def by_namespace(snapshot: objects.Snapshot) -> Iterable[str]:
    """Find an object by its namespace; cluster-scoped ones are not indexed."""
    return (snapshot.meta.namespace,) if snapshot.meta.namespace else ()


def by_controller_uid(snapshot: objects.Snapshot) -> Iterable[str]:
    """Find an object by the uid of the owner that controls it."""
    controller = snapshot.meta.controller
    return (controller.uid,) if controller else ()


def by_label(label: str) -> IndexFunction:
    """Return a function that finds an object by its value of *label*."""

    def index(snapshot: objects.Snapshot) -> Iterable[str]:
        value = (snapshot.meta.labels or {}).get(label)
        return () if value is None else (value,)

    return index


class Indexer:
    """The keys of one store's objects by index name and value."""

    def __init__(self, functions: Mapping[str, IndexFunction]) -> None:
        self.functions = dict(functions)
        self._indices: dict[str, dict[str, set[objects.ObjectKey]]] = {name: {} for name in functions}
        """Values without objects are deleted, or values that come and go would leak."""

    def __contains__(self, name: str) -> bool:
        return name in self.functions

    def build(self, content: Mapping[objects.ObjectKey, objects.Snapshot]) -> "Indexer":
        """Return an indexer of the same functions over exactly *content*.

        Raises:
            IndexingError: A function failed.
        """
        built = Indexer({})
        for name, function in self.functions.items():
            built.add(name, function, content)
        return built

    def add(self, name: str, function: IndexFunction, content: Mapping[objects.ObjectKey, objects.Snapshot]) -> None:
        """Add an index over what is there; nothing happens if *function* is the index *name* already.

        Raises:
            ValueError: Another function has that name.
            IndexingError: The function failed; nothing is added.
        """
        present = self.functions.get(name)
        if present is function:
            return
        if present is not None:
            raise ValueError(f"an index called {name!r} exists already, with another function: choose another name")
        index: dict[str, set[objects.ObjectKey]] = {}
        for key, snapshot in content.items():
            for value in _values(name, function, snapshot):
                index.setdefault(value, set()).add(key)
        self._indices[name] = index
        self.functions[name] = function

    def keys(self, name: str, value: str) -> Iterable[objects.ObjectKey]:
        """Return the keys of the objects with *value*.

        Raises:
            ValueError: There is no index *name*.
        """
        if name not in self.functions:
            raise ValueError(f"there is no index called {name!r}, only {sorted(self.functions)}: add it to the informer first")
        return self._indices[name].get(value, ())

    def values(self, name: str) -> list[str]:
        """Return the values that objects have in the index *name*."""
        return list(self._indices[name])

    def replace(self, key: objects.ObjectKey, old: objects.Snapshot | None, new: objects.Snapshot | None) -> None:
        """Take *old* out and put *new* in; all or nothing.

        Raises:
            IndexingError: A function failed.
        """
        changes = [
            (self._indices[name], set(_values(name, function, old)), set(_values(name, function, new)))
            for name, function in self.functions.items()
        ]
        for index, before, after in changes:
            for value in before - after:
                _discard(index, value, key)
            for value in after - before:
                index.setdefault(value, set()).add(key)


def _values(name: str, function: IndexFunction, snapshot: objects.Snapshot | None) -> Iterable[str]:
    if snapshot is None:
        return ()
    try:
        return tuple(function(snapshot))
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise IndexingError(f"the index {name!r} failed on {snapshot.key}: {type(error).__name__}") from error


def _discard(index: dict[str, set[objects.ObjectKey]], value: str, key: objects.ObjectKey) -> None:
    keys = index.get(value)
    if keys is not None:
        keys.discard(key)
        if not keys:
            del index[value]
