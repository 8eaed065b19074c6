"""A collection whose answers a test writes down beforehand, as values.

What flows in: a script of answers, one for each request in turn. What flows out: those answers to the reflector that asks, and to
the test what was asked. When the script is over, `on_end` is called and a watch stays silent, so a test may run a reflector in
its own thread and end it there.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from informers import errors, frames, listwatch, objects
from tests.support import fake_clock
from tests.support.snapshots import CONFIG_MAP

_END = object()
Item = bytes | Exception | Callable[[], None]


def manifest(name: str = "a", version: str = "1", gvk: objects.GroupVersionKind = CONFIG_MAP, **meta: Any) -> bytes:
    """Return an object's JSON, without apiVersion and kind if *gvk* is empty, as items of lists have it."""
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}", "resourceVersion": version, **meta}
    return msgspec.json.encode({"apiVersion": gvk.api_version, "kind": gvk.kind, "metadata": metadata})


def frame(kind: str, name: str = "a", version: str = "1", **meta: Any) -> bytes:
    """Return a frame that says what happened to an object."""
    return _frame(kind, manifest(name, version, **meta))


def bookmark(version: str, *, ends_initial_events: bool = False) -> bytes:
    """Return a bookmark."""
    annotations = {frames.INITIAL_EVENTS_END: "true"} if ends_initial_events else {}
    body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": version, "annotations": annotations}}
    return _frame("BOOKMARK", msgspec.json.encode(body))


def error_frame(code: int, reason: str = "", **details: Any) -> bytes:
    """Return a frame that ends a watch with a status."""
    status = {"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason, "message": reason, "details": details}
    return _frame("ERROR", msgspec.json.encode(status))


def _frame(kind: str, raw: bytes) -> bytes:
    return b'{"type":"%s","object":%s}' % (kind.encode(), raw)


def page(*items: bytes, version: str = "10", continue_token: str = "") -> listwatch.ListPage:
    """Return a page of a list."""
    return listwatch.ListPage(list(items), version, continue_token)


class FakeStream:
    """A watch that yields what it is given: bytes are frames, exceptions are raised, functions are called."""

    def __init__(self, *items: Item, stays_open: bool = False) -> None:
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.is_stopped = False
        self.send(*items)
        if not stays_open:
            self.end()

    def send(self, *items: Item) -> None:
        """Yield *items* next."""
        for item in items:
            self._items.put(item)

    def end(self) -> None:
        """End as if the server had."""
        self._items.put(_END)

    def stop(self) -> None:
        """End as the reflector does."""
        self.is_stopped = True
        self._items.put(_END)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the frames."""
        while not self.is_stopped:
            item = self._items.get(timeout=fake_clock.PATIENCE_SECONDS)
            if item is _END:
                return
            if isinstance(item, Exception):
                raise item
            if isinstance(item, bytes):
                yield item
            else:
                item()


Answer = listwatch.ListPage | FakeStream | Exception


class FakeListerWatcher:
    """Answers from a script; implements `listwatch.ListerWatcher`."""

    def __init__(self, *script: Answer, on_end: Callable[[], None] = lambda: None) -> None:
        self.requests: list[listwatch.ListOptions | listwatch.WatchOptions] = []
        self.on_end = on_end
        self._script = list(script)
        self._condition = threading.Condition()

    def then(self, *answers: Answer) -> None:
        """Continue the script."""
        with self._condition:
            self._script += answers

    def first(self, *answers: Answer) -> None:
        """Answer with *answers* before the rest of the script."""
        with self._condition:
            self._script[:0] = answers

    def wait_for_requests(self, count: int) -> None:
        """Block the test until *count* requests have come."""
        with self._condition:
            arrived = self._condition.wait_for(lambda: len(self.requests) >= count, fake_clock.PATIENCE_SECONDS)
        assert arrived, f"{len(self.requests)} requests came, expected {count}"

    def lists(self) -> list[listwatch.ListOptions]:
        """Return the requests for pages."""
        return [request for request in self.requests if isinstance(request, listwatch.ListOptions)]

    def watches(self) -> list[listwatch.WatchOptions]:
        """Return the requests for watches."""
        return [request for request in self.requests if isinstance(request, listwatch.WatchOptions)]

    def list_page(self, options: listwatch.ListOptions) -> listwatch.ListPage:
        """Answer with a page."""
        answer = self._next(options)
        assert isinstance(answer, listwatch.ListPage), f"a list came, the script has {answer}"
        return answer

    def watch(self, options: listwatch.WatchOptions) -> FakeStream:
        """Answer with a stream."""
        answer = self._next(options)
        assert isinstance(answer, FakeStream), f"a watch came, the script has {answer}"
        return answer

    def _next(self, options: listwatch.ListOptions | listwatch.WatchOptions) -> Answer:
        with self._condition:
            self.requests.append(options)
            self._condition.notify_all()
            answer = self._script.pop(0) if self._script else None
        if answer is None:
            self.on_end()
            answer = FakeStream(stays_open=True) if isinstance(options, listwatch.WatchOptions) else errors.TransportError("over")
        if isinstance(answer, Exception):
            raise answer
        return answer
