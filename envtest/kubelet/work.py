"""A queue of keys with delays, for the kubelet's workers.

What flows in: keys, with a delay. What flows out: each key once when it is due, never to two workers at a time. Any thread may
call.
"""

import heapq
import threading
import time


class Queue:
    """Keys that wait for their time."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._heap: list[tuple[float, str]] = []
        self._due: dict[str, float] = {}
        """When each waiting key is due: the heap may hold later entries of it, which no longer count."""
        self._working: set[str] = set()
        self._closed = False

    def add(self, key: str, delay_seconds: float = 0.0) -> None:
        """Add *key*; if it waits already, the earlier time counts."""
        due = time.monotonic() + delay_seconds
        with self._condition:
            if due < self._due.get(key, float("inf")):
                self._due[key] = due
                heapq.heappush(self._heap, (due, key))
                self._condition.notify()

    def get(self) -> str | None:
        """Wait for a key that is due and that nobody works on.

        Returns:
            The key, until `done` is called for it held by the caller alone; None if the queue is closed.
        """
        with self._condition:
            while not self._closed:
                if (key := self._pop()) is not None:
                    self._working.add(key)
                    return key
                self._condition.wait(max(0.0, self._heap[0][0] - time.monotonic()) if self._heap else None)
            return None

    def done(self, key: str) -> None:
        """Give *key* back; if it was added meanwhile, it is due again."""
        with self._condition:
            self._working.discard(key)
            if key in self._due:
                heapq.heappush(self._heap, (self._due[key], key))
                self._condition.notify()

    def close(self) -> None:
        """Let all workers end."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _pop(self) -> str | None:
        while self._heap and self._heap[0][0] <= time.monotonic():
            due, key = heapq.heappop(self._heap)
            if self._due.get(key) == due and key not in self._working:  # done() pushes again what is being worked on
                del self._due[key]
                return key
        return None
