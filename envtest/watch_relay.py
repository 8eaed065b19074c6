"""One watch between a server and a client, its frames as late as a plan says, or lost.

What flows in: a running watch of the server, read by a thread of the relay's own. What flows out: frames in order, each when it
is due, to the thread that iterates. No upstream file.
"""

import collections
import threading
import time
from collections.abc import Callable, Generator

from envtest.kubelet import api

CAPACITY = 20_000
"""Frames that are held back; beyond them the server waits."""
_LOOK_SECONDS = 0.1
"""How often the lag and the client are looked at while nothing is due."""


class WatchRelay:
    """Holds frames back until they are due."""

    def __init__(
        self,
        watch: api.Watch,
        lag_seconds: Callable[[], float],
        is_wanted: Callable[[], bool],
        is_lost: Callable[[], bool] = lambda: False,
    ) -> None:
        """Relay *watch*.

        Args:
            watch: The server's.
            lag_seconds: Says how late frames are now.
            is_wanted: Says whether the client still listens.
            is_lost: Says whether all that is held back, and all that would follow, is dropped: the iteration ends then.
        """
        self._is_lost = is_lost
        self._watch = watch
        self._lag_seconds = lag_seconds
        self._is_wanted = is_wanted
        self._condition = threading.Condition()
        self._frames: collections.deque[tuple[float, bytes]] = collections.deque()
        """When each came (monotonic seconds), and its line; an empty line is the watch's end."""
        self._is_over = False

    def __iter__(self) -> Generator[list[bytes]]:
        """Yield the lines that are due, together; end with the watch, or when the client is gone."""
        reader = threading.Thread(target=self._read, name="watch-relay")
        reader.start()
        try:
            while not self._is_lost() and (lines := self._due()) is not None:
                if lines:
                    yield lines
                elif not self._is_wanted():
                    return
        finally:
            with self._condition:
                self._is_over = True
                self._condition.notify_all()
            self._watch.stop()
            reader.join()

    def _read(self) -> None:
        for line in self._watch.lines():
            self._put(line)
        self._put(b"")

    def _put(self, line: bytes) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self._is_over or len(self._frames) < CAPACITY)
            self._frames.append((time.monotonic(), line))
            self._condition.notify_all()

    def _due(self) -> list[bytes] | None:
        """Wait a little, and return what is due; None once the watch's end is."""
        with self._condition:
            if not self._frames or not self._is_due():
                self._condition.wait(self._patience())
            lines: list[bytes] = []
            while self._frames and self._is_due():
                if not self._frames[0][1]:
                    return lines or None
                lines.append(self._frames.popleft()[1])
            self._condition.notify_all()
        return lines

    def _is_due(self) -> bool:
        return self._frames[0][0] + self._lag_seconds() <= time.monotonic()

    def _patience(self) -> float:
        if not self._frames:
            return _LOOK_SECONDS
        return min(_LOOK_SECONDS, max(0.0, self._frames[0][0] + self._lag_seconds() - time.monotonic()))
