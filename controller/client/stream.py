"""A watch's frames, cut out of a stream of bytes.

What flows in: a response whose body is still being sent. What flows out: one JSON document per line. One thread iterates, once;
any thread may stop. Mirrors client-go/rest/watch; deviation: frames stay bytes.
"""

import sys
import threading
from collections.abc import Callable, Iterator

import urllib3

from controller.client import answers

CHUNK_BYTES = 65536


class WatchStream:
    """The frames of one response."""

    def __init__(self, response: urllib3.BaseHTTPResponse, host: str, cut: Callable[[object], None]) -> None:
        self._response = response
        self._host = host
        self._cut = cut
        self._is_stopped = threading.Event()
        self._lock = threading.Lock()
        self._is_read = False
        """Whether the iteration has begun: from then on only its thread may close the response: closing waits for readers."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield whole frames; one that the connection cut off is dropped.

        Raises:
            TimeoutError: Nothing came for the read timeout.
            errors.TransportError: The connection broke.
        """
        with self._lock:
            if self._is_stopped.is_set():
                return
            self._is_read = True
        rest = bytearray()
        try:
            while chunk := self._read():
                rest += chunk
                if b"\n" in chunk:
                    *frames, tail = bytes(rest).split(b"\n")
                    rest = bytearray(tail)
                    yield from (frame for frame in frames if frame and not self._is_stopped.is_set())
        finally:
            self._response.close()

    def _read(self) -> bytes:
        """Return what has come; b"" at the end, which includes whatever happens after `stop`."""
        outside = sys.exception()
        try:
            chunk = b"" if self._is_stopped.is_set() else self._response.read1(CHUNK_BYTES)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            failure = answers.absent(error, "watch of", self._host, outside)
        else:
            return chunk
        if self._is_stopped.is_set():
            return b""
        if isinstance(failure.__cause__, TimeoutError):
            raise TimeoutError("the watch showed nothing for the read timeout")
        raise failure

    def stop(self) -> None:
        """End the iteration at once; idempotent."""
        with self._lock:
            self._is_stopped.set()
            if not self._is_read:
                self._response.close()
                return
        connection = self._response.connection
        if connection is not None:
            self._cut(connection)
