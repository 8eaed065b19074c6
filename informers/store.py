"""The objects of one informer, as bytes.

What flows in: what the server said, from one writer, the reflector's thread. What flows out: consistent answers to any thread,
and to the writer the events that each change means. Mirrors client-go tools/cache/thread_safe_store.go and the processing of
the_real_fifo.go (ReplacedAll); deviations: snapshots hold bytes and are immutable, and there is no queue before the store,
since its writer never waits for a handler.
"""

import threading
from collections.abc import Mapping

from informers import events, indexer, objects


class Store:
    """Holds snapshots by key; every query answers from one state, never from half of a change."""

    def __init__(self, functions: Mapping[str, indexer.IndexFunction] | None = None) -> None:
        self._lock = threading.Lock()
        self._objects: dict[objects.ObjectKey, objects.Snapshot] = {}
        self._indexer = indexer.Indexer(functions or {})
        self._resource_version = ""

    def __len__(self) -> int:
        return len(self._objects)

    @property
    def resource_version(self) -> str:
        """The version that the content stands at; "" before the first list. It moves together with the content."""
        return self._resource_version

    def get(self, key: objects.ObjectKey) -> objects.Snapshot | None:
        """Return the object called *key*, or None."""
        with self._lock:
            return self._objects.get(key)

    def by_index(self, name: str, value: str) -> list[objects.Snapshot]:
        """Return the objects that the index *name* finds under *value*.

        Raises:
            ValueError: There is no such index.
        """
        with self._lock:
            return self._find(name, value)

    def keys(self) -> list[objects.ObjectKey]:
        """Return the keys of all objects."""
        with self._lock:
            return list(self._objects)

    def has_seen(self, key: objects.ObjectKey, resource_version: str) -> bool:
        """Tell whether this store shows *key* as of *resource_version*, or as of later.

        True if the store stands at that version or a newer one, or holds the object at one; where a server's versions have no
        order, only an equal version counts.
        """
        with self._lock:
            held = self._objects.get(key)
            standing = self._resource_version
        return _reaches(standing, resource_version) or (
            held is not None and _reaches(held.meta.resource_version, resource_version)
        )

    def add_index(self, name: str, function: indexer.IndexFunction) -> None:
        """Add an index over what is and what comes; nothing happens if *function* is the index *name* already.

        Raises:
            ValueError: Another function has that name.
            indexer.IndexingError: The function failed on an object that is there.
        """
        with self._lock:
            self._indexer.add(name, function, self._objects)

    def put(self, snapshot: objects.Snapshot, resource_version: str = "") -> events.Event:
        """Add or replace one object; for the writer only.

        Args:
            snapshot: Its new state.
            resource_version: Where the store stands then; "" leaves it.

        Raises:
            indexer.IndexingError: An index function failed; nothing has changed.
        """
        key = snapshot.key
        with self._lock:
            old = self._objects.get(key)
            self._indexer.replace(key, old, snapshot)
            self._objects[key] = snapshot
            self._resource_version = resource_version or self._resource_version
        return events.Added(snapshot) if old is None else events.Updated(old, snapshot)

    def remove(self, snapshot: objects.Snapshot, resource_version: str = "") -> events.Event | None:
        """Remove one object; for the writer only.

        Args:
            snapshot: Its final state.
            resource_version: Where the store stands then; "" leaves it.

        Returns:
            None if the store does not hold it.
        """
        key = snapshot.key
        with self._lock:
            old = self._objects.get(key)
            self._indexer.replace(key, old, None)
            self._objects.pop(key, None)
            self._resource_version = resource_version or self._resource_version
        return None if old is None else events.Deleted(snapshot)

    def replace(
        self, content: dict[objects.ObjectKey, objects.Snapshot], resource_version: str, *, is_initial_list: bool = False
    ) -> list[events.Event]:
        """Replace everything in one step; for the writer only.

        Args:
            content: What there is; handed over, not to be used by the caller any more.
            resource_version: Where the store stands then.
            is_initial_list: Marks the events of new objects.

        Returns:
            First a Deleted for each missing object, then an event for each given one, in its order. An object with another uid
            than before is one Updated, as upstream: the store cannot know how often it was deleted meanwhile.

        Raises:
            indexer.IndexingError: An index function failed; nothing has changed.
        """
        built = self._indexer.build(content)
        with self._lock:
            if built.functions != self._indexer.functions:  # one was added meanwhile
                built = self._indexer.build(content)
            before, self._objects, self._indexer = self._objects, content, built
            self._resource_version = resource_version
        gone: list[events.Event] = [
            events.Deleted(old, final_state_unknown=True) for key, old in before.items() if key not in content
        ]
        return gone + [
            events.Added(new, is_initial_list) if (old := before.get(key)) is None else events.Updated(old, new)
            for key, new in content.items()
        ]

    def advance(self, resource_version: str) -> None:
        """Move to *resource_version* with the same content (a bookmark); for the writer only."""
        with self._lock:
            self._resource_version = resource_version

    def _find(self, name: str, value: str) -> list[objects.Snapshot]:
        return [self._objects[key] for key in self._indexer.keys(name, value)]

    def list(self, namespace: str = "") -> list[objects.Snapshot]:
        """Return the objects in *namespace*, or all if it is "", in no particular order."""
        with self._lock:
            if not namespace:
                return list(self._objects.values())
            if indexer.NAMESPACE in self._indexer:
                return self._find(indexer.NAMESPACE, namespace)
            return [snapshot for key, snapshot in self._objects.items() if key.namespace == namespace]


def _reaches(standing: str, wanted: str) -> bool:
    compared = objects.compare_resource_versions(standing, wanted)
    return standing == wanted if compared is None else compared >= 0
