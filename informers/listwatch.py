"""How a reflector reaches an API server: the one interface between `informers` and the network.

What flows in: list and watch requests of one collection. What flows out: pages of raw items, and streams of frames as bytes.
One reflector thread calls `ListerWatcher.list_page` and `ListerWatcher.watch`; `WatchStream.stop` may be called by any thread.
Mirrors client-go tools/cache/listwatch.go; deviation: bytes, not objects, so that the reflector decodes just what it needs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class ListOptions:
    """One request for a page of a list; "" and 0 leave the parameter out."""

    resource_version: str = ""
    limit: int = 0
    continue_token: str = ""


@dataclass(frozen=True)
class ListPage:
    """One page: every item is its own buffer of JSON."""

    items: list[bytes]
    resource_version: str
    continue_token: str


@dataclass(frozen=True)
class WatchOptions:
    """One watch request; bookmarks are always asked for."""

    resource_version: str
    timeout_seconds: int
    send_initial_events: bool = False
    """WatchList: with resourceVersionMatch=NotOlderThan the server streams the state first, then a marked bookmark."""


class WatchStream(Protocol):
    """A running watch."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the frames, one JSON document each, until the stream ends.

        A clean end, and an end by `stop`, just finish the iteration. A frame that the connection cut off is not yielded.

        Raises:
            errors.TransportError: The connection broke; its `__cause__` tells how.
            TimeoutError: Nothing came for the read timeout: the connection may be dead.
        """
        ...

    def stop(self) -> None:
        """End the stream at once, from any thread; idempotent."""
        ...


class ListerWatcher(Protocol):
    """Lists and watches one collection (a kind, perhaps in one namespace, perhaps selected)."""

    def list_page(self, options: ListOptions) -> ListPage:
        """Ask for one page.

        Raises:
            errors.ApiError: The server said no (errors.GoneError, errors.ResourceVersionTooLargeError, ...).
            errors.TransportError: There was no answer.
        """
        ...

    def watch(self, options: WatchOptions) -> WatchStream:
        """Start a watch; returns when the server has answered with its status.

        Raises:
            errors.ApiError: The server said no.
            errors.TransportError: There was no answer (`__cause__` is a ConnectionRefusedError, for example).
        """
        ...
