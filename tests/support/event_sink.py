"""A place for events that a test can look into.

What flows in: creations and patches, as the recorder's thread makes them. What flows out: the events as a server would hold
them, and answers that a test has planned.
"""

import copy
import threading
from typing import Any

from informers import errors, objects
from tests.support import fake_clock


class MemoryEventSink:
    """Keeps events like a server: a second creation of a name conflicts, a patch needs one that exists."""

    def __init__(self) -> None:
        self.events: dict[objects.ObjectKey, dict[str, Any]] = {}
        self.calls: list[tuple[str, str]] = []
        """Each request, in order: verb and event name."""
        self.answers: list[Exception | None] = []
        """What the next requests are answered; None is what the server would do."""
        self.loses_answers = False
        """Whether a planned error comes only after the request has had its effect."""
        self.hold: threading.Event | None = None
        """If set, requests wait for it."""
        self._changed = threading.Condition()

    def create(self, obj: dict[str, Any], /) -> dict[str, Any]:
        """Store *obj*."""
        key = objects.ObjectKey(obj["metadata"]["namespace"], obj["metadata"]["name"])
        self._begin("create", key)
        with self._changed:
            error = self.answers.pop(0) if self.answers else None
            if error is None or self.loses_answers:
                if key in self.events:
                    raise errors.ConflictError(409, "AlreadyExists")
                self.events[key] = copy.deepcopy(obj)
            if error is not None:
                raise error
        return obj

    def patch_series(self, key: objects.ObjectKey, series: dict[str, Any], /) -> None:
        """Set the series of the event *key*."""
        self._begin("patch", key)
        with self._changed:
            error = self.answers.pop(0) if self.answers else None
            if error is not None:
                raise error
            if key not in self.events:
                raise errors.NotFoundError(404, "NotFound")
            self.events[key]["series"] = dict(series)

    def all(self) -> list[dict[str, Any]]:
        """Return the events in the order of their creation."""
        with self._changed:
            return list(self.events.values())

    def wait_for_calls(self, count: int) -> None:
        """Block the test until *count* requests have begun."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.calls) >= count, fake_clock.PATIENCE_SECONDS)
        assert arrived, f"expected {count} requests, got {self.calls}"

    def _begin(self, verb: str, key: objects.ObjectKey) -> None:
        with self._changed:
            self.calls.append((verb, key.name))
            self._changed.notify_all()
        if self.hold is not None:
            assert self.hold.wait(fake_clock.PATIENCE_SECONDS)
