"""Watches: what happens to the objects of a collection, frame by frame, until time is up.

What flows in: a collection, `requests.ListOptions`, the store's events. What flows out: frames as bytes. The loop's thread; each
watch is a coroutine. Mirrors apiserver pkg/storage/cacher and pkg/endpoints/handlers/watch.go; deviation: a slow client is never
cut off.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass

import msgspec

from envtest.embedded.api import conversion, pipeline, requests, selectors, status, store
from envtest.embedded.api.status import Json

INITIAL_EVENTS_END = "k8s.io/initial-events-end"

_LEAST_SECONDS = 1800  # a watch that does not say how long it wants to last gets half an hour to an hour, as upstream
_LAST_BOOKMARK_SECONDS = 2.0
_LOOK_SECONDS = 1.0
"""How often a watch looks whether its kind is still served."""

Shape = Callable[[Json], Json]


@dataclass(frozen=True)
class Settings:
    """How watches behave."""

    bookmark_seconds: float = 60.0


@dataclass(frozen=True)
class Request:
    """Who watches what."""

    target: requests.Target
    options: requests.ListOptions
    shape: Shape | None = None
    """Makes of an object what is sent of it; None: the object."""


class Watch:
    """One running watch."""

    def __init__(self, api: pipeline.Api, request: Request, settings: Settings) -> None:
        """Begin to watch.

        Raises:
            status.StatusError: The request makes no sense.
        """
        self._api = api
        self._request = request
        self._settings = settings
        options, resource = request.options, request.target.resource
        self._selector = selectors.parse(resource, options.label_selector, options.field_selector)
        self._storage = api.storage_of(resource)
        self._revision = requests.revision(options.resource_version)
        self._pending: deque[store.Event] = deque()
        self._signal = asyncio.Event()
        self._seen = api.store.revision
        """What the client has been told of: nothing of interest happened after the last frame up to here."""
        if options.send_initial_events and self._revision > api.store.revision:
            raise status.too_large_version(self._revision, api.store.revision)
        self._first = self._begin()

    def _begin(self) -> list[bytes]:
        """Return the first frames; what happens from now on is pending."""
        api, options = self._api, self._request.options
        self._unsubscribe = api.store.subscribe(self._storage, self._happened)
        if options.send_initial_events or (options.send_initial_events is None and not self._revision):
            frames = [self._frame("ADDED", obj) for obj in self._present()]
            has_end = options.send_initial_events and options.allow_bookmarks
            return [*frames, self._bookmark({INITIAL_EVENTS_END: "true"})] if has_end else frames
        if not self._revision:
            return []
        try:
            events = api.store.events_since(self._storage, self._revision)
        except status.StatusError as error:
            self._unsubscribe()
            return [_error(error)]
        return [frame for event in events for frame in self._frames(event)]

    def _present(self) -> list[Json]:
        namespace = self._request.target.namespace
        return [obj for obj in self._api.store.list(self._storage, namespace or None) if self._is_meant(obj)]

    def _is_meant(self, obj: Json | None) -> bool:
        if obj is None:
            return False
        namespace = self._request.target.namespace
        return (not namespace or obj["metadata"].get("namespace") == namespace) and self._selector.matches(obj)

    def _happened(self, event: store.Event) -> None:
        self._pending.append(event)
        self._signal.set()

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield what is to be sent, as much as there is at once, until the watch is over."""
        loop = asyncio.get_running_loop()
        seconds = self._request.options.timeout_seconds or random.uniform(_LEAST_SECONDS, 2 * _LEAST_SECONDS)  # noqa: S311
        end = loop.time() + seconds
        bookmarks = self._bookmark_times(loop.time(), end)
        due = next(bookmarks)
        try:
            if self._first:
                yield b"".join(self._first)
            while (now := loop.time()) < end and self._is_served():
                if self._pending:
                    yield self._take()
                elif now >= due:
                    due = next(bookmarks)
                    yield self._bookmark({})
                else:
                    await self._wait(min(end, due, now + _LOOK_SECONDS) - now)
        finally:
            self._unsubscribe()

    def _bookmark_times(self, begin: float, end: float) -> Iterator[float]:
        """Yield the moments of bookmarks: in regular intervals, and once shortly before the end."""
        now = begin
        if self._request.options.allow_bookmarks:
            while (now := now + self._settings.bookmark_seconds) < end - _LAST_BOOKMARK_SECONDS:
                yield now
            if end - begin > _LAST_BOOKMARK_SECONDS:
                yield end - _LAST_BOOKMARK_SECONDS
        while True:
            yield float("inf")

    async def _wait(self, seconds: float) -> None:
        self._signal.clear()
        try:
            await asyncio.wait_for(self._signal.wait(), seconds)
        except TimeoutError:
            return

    def _is_served(self) -> bool:
        resource = self._request.target.resource
        is_there = self._api.registry.find(resource.group, resource.version, resource.plural) is not None
        return is_there and not (self._first and self._first[0].startswith(_ERROR_START))

    def _take(self) -> bytes:
        frames = []
        while self._pending:
            frames += self._frames(self._pending.popleft())
        return b"".join(frames)

    def _frames(self, event: store.Event) -> list[bytes]:
        """Return what the client is told of an event; nothing, if it does not concern the selected objects."""
        if event.revision <= self._revision:
            return []
        is_now = event.type != "DELETED" and self._is_meant(event.object)
        was_before = self._is_meant(event.previous)
        if not is_now and not was_before:
            return []
        kind = "MODIFIED" if is_now and was_before else "ADDED" if is_now else "DELETED"
        obj = event.object
        if kind == "DELETED" and event.type != "DELETED":
            assert event.previous is not None
            obj = {**event.previous, "metadata": {**event.previous["metadata"], "resourceVersion": str(event.revision)}}
        if self._request.shape is not None:
            return [self._frame(kind, obj)]
        place = (kind, self._request.target.resource.api_version)
        if place not in event.frames:
            event.frames[place] = self._frame(kind, obj)
        return [event.frames[place]]

    def _frame(self, kind: str, obj: Json) -> bytes:
        is_last = kind == "DELETED"  # then it is shown as it was
        resource = self._request.target.resource
        shown = conversion.served(resource, obj) if is_last else self._api.served(resource, obj)
        if self._request.shape is not None:
            shown = self._request.shape(shown)
        return _encode({"type": kind, "object": shown})

    def _bookmark(self, annotations: dict[str, str]) -> bytes:
        resource = self._request.target.resource
        metadata: Json = {"resourceVersion": str(self._api.store.revision)}
        if annotations:
            metadata["annotations"] = annotations
        obj = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        return _encode({"type": "BOOKMARK", "object": self._request.shape(obj) if self._request.shape else obj})


def _encode(frame: Json) -> bytes:
    return msgspec.json.encode(frame) + b"\n"


def _error(error: status.StatusError) -> bytes:
    return _encode({"type": "ERROR", "object": error.to_json()})


_ERROR_START = b'{"type":"ERROR"'
