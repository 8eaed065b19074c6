"""Tells users what happened to their objects, as Kubernetes events, which ``kubectl describe`` shows.

What flows in: calls of `EventRecorder.event` from reconcilers, which never wait and never fail because of the API server. What
flows out: events.k8s.io/v1 Events, by way of `event_broadcaster.EventBroadcaster`. Mirrors
client-go/tools/events/event_recorder.go.
"""

import re
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from controller import event_broadcaster
from controller.client import interfaces
from workqueue import clock as clocks

_log = structlog.get_logger("controller.recorder")

MAX_NOTE_BYTES = 1024
MAX_NAME = 253
MAX_FIELD = 128
"""Characters of reason, action and reportingInstance; the API's limits, as those above."""
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")

EventType = Literal["Normal", "Warning"]


@dataclass(frozen=True)
class Options:
    """Who reports, and who hears of what could not be reported."""

    reporting_controller: str = "coxswain"
    reporting_instance: str = ""
    """By default the controller's and the host's name, as upstream."""
    on_drop: Callable[[], None] | None = None
    """Called for each event that is not written, from any thread; must not block."""


class EventRecorder:
    """Makes events and hands them to its broadcaster."""

    def __init__(self, sink: event_broadcaster.EventSink, clock: clocks.Clock, options: Options | None = None) -> None:
        options = options or Options()
        self._clock = clock
        self._broadcaster = event_broadcaster.EventBroadcaster(sink, clock, options.on_drop)
        self._controller = options.reporting_controller
        self._instance = (options.reporting_instance or f"{self._controller}-{socket.gethostname()}")[:MAX_FIELD]
        self._lock = threading.Lock()
        self._last_stamp = 0

    @property
    def dropped(self) -> int:
        """How many events were not written so far."""
        return self._broadcaster.dropped

    def start(self) -> None:
        """Start writing events; those recorded before are written too."""
        self._broadcaster.start()

    def stop(self, timeout_seconds: float = 1.0) -> bool:
        """Write what is left, as far as time allows, and drop every further event; False if something is left."""
        return self._broadcaster.stop(timeout_seconds)

    def event(self, regarding: Mapping[str, Any], type: EventType, reason: str, action: str, note: str) -> None:  # noqa: A002
        """Record that something happened; return at once.

        Args:
            regarding: The object, as a manifest with apiVersion, kind and metadata (name, namespace, uid).
            type: "Normal" or "Warning".
            reason: Why, in one CamelCase word for machines, such as "FailedCreate".
            action: What was being done, such as "Reconcile".
            note: A sentence for humans, without values of Secrets or configuration; cut to `MAX_NOTE_BYTES`.

        Raises:
            ValueError: *type* is neither, or *reason* or *action* is empty: the server would refuse the event.
        """
        if type not in ("Normal", "Warning") or not reason or not action:
            raise ValueError(f"an event is Normal or Warning and has reason and action: {type=} {reason=} {action=}")
        reference = _reference(regarding)
        identity = (type, reason, action, *(reference.get(key, "") for key in ("apiVersion", "kind", "namespace", "name", "uid")))
        now = self._clock.now()
        manifest: interfaces.Manifest = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": self._name(reference["name"]), "namespace": reference.get("namespace") or "default"},
            "eventTime": event_broadcaster.micro_time(now),
            "type": type,
            "reason": reason[:MAX_FIELD],
            "action": action[:MAX_FIELD],
            "note": cut(note, MAX_NOTE_BYTES),
            "regarding": reference,
            "reportingController": self._controller,
            "reportingInstance": self._instance,
        }
        _log.debug("Event", type=type, reason=reason, action=action, object=f"{reference['kind']} {reference['name']}")
        self._broadcaster.record(identity, manifest)

    def _name(self, object_name: str) -> str:
        """Return a name that this process has not used yet: *object_name*, and the time in hexadecimal."""
        with self._lock:
            stamp = max(int(self._clock.now().timestamp() * 1e6) * 1000, self._last_stamp + 1)
            self._last_stamp = stamp
        suffix = f".{stamp:x}"
        name = object_name[: MAX_NAME - len(suffix)].rstrip("-.") + suffix
        return name if _SUBDOMAIN.fullmatch(name) else str(uuid.uuid4())


def cut(text: str, max_bytes: int) -> str:
    """Return *text*, cut to *max_bytes* of UTF-8 without splitting a character."""
    raw = text.encode("utf-8", "replace")
    return raw.decode("utf-8", "replace") if len(raw) <= max_bytes else raw[: max_bytes - 3].decode("utf-8", "ignore") + "..."


def _reference(regarding: Mapping[str, Any]) -> dict[str, str]:
    metadata = regarding["metadata"]
    reference = {
        "apiVersion": regarding["apiVersion"],
        "kind": regarding["kind"],
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        "uid": metadata.get("uid", ""),
        "resourceVersion": metadata.get("resourceVersion", ""),
    }
    return {key: str(value) for key, value in reference.items() if value}
