"""A watch's frames, cut out of a stream of bytes.

What flows in: a response whose body is still being sent. What flows out: one JSON document per line. One thread iterates; any
thread may stop. Mirrors client-go/rest/watch; deviation: frames stay bytes.
"""

import threading
from collections.abc import Iterator

import urllib3

from informers import errors

CHUNK_BYTES = 65536


class WatchStream:
    """The frames of one response."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response
        self._is_stopped = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        """Yield whole frames; one that the connection cut off is dropped.

        Raises:
            TimeoutError: Nothing came for the read timeout.
            errors.TransportError: The connection broke.
        """
        rest = bytearray()
        try:
            while chunk := self._read():
                rest += chunk
                if b"\n" in chunk:
                    *frames, tail = bytes(rest).split(b"\n")
                    rest = bytearray(tail)
                    yield from (frame for frame in frames if frame)
        finally:
            self._response.close()

    def _read(self) -> bytes:
        """Return what has come; b"" at the end, which includes whatever happens after `stop`."""
        try:
            return self._response.read1(CHUNK_BYTES)
        except urllib3.exceptions.ReadTimeoutError as error:
            if self._is_stopped.is_set():
                return b""
            raise TimeoutError("the watch showed nothing for the read timeout") from error
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
            # after a shutdown by another thread, http.client may also find its file gone
            if self._is_stopped.is_set():
                return b""
            raise errors.TransportError(f"the watch broke: {type(error).__name__}") from error

    def stop(self) -> None:
        """End the iteration at once; idempotent."""
        if not self._is_stopped.is_set():
            self._is_stopped.set()
            try:
                self._response.shutdown()
            except (ValueError, OSError, RuntimeError):
                return  # it has ended already
