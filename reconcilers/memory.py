"""What an applier remembers about children from one pass to the next.

What flows in: notes by child. What flows out: the same notes, unless they had to give way to newer ones: forgetting costs a
request, never correctness. All workers share one; it locks itself. No upstream file.
"""

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

CAPACITY = 10_000
"""More children than this in trouble at once are remembered only in part."""


class Memory(Generic[K, V]):
    """A bounded map; the oldest notes give way."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._notes: dict[K, V] = {}
        self._lock = threading.Lock()

    def recall(self, key: K) -> V | None:
        """Return what was noted last, or None."""
        with self._lock:
            return self._notes.get(key)

    def note(self, key: K, value: V) -> None:
        """Note *value*; it is the newest note now."""
        with self._lock:
            self._notes.pop(key, None)
            self._notes[key] = value
            if len(self._notes) > self._capacity:
                del self._notes[next(iter(self._notes))]

    def forget(self, key: K) -> None:
        """Drop the note, if there is one."""
        with self._lock:
            self._notes.pop(key, None)

    def __len__(self) -> int:
        with self._lock:
            return len(self._notes)
