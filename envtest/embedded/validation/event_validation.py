"""What is wrong with Events, of the core and of events.k8s.io.

What flows in: Events that have been read. What flows out: causes, in the server's order, with the core's names of fields. Pure.
Mirrors kubernetes pkg/apis/core/validation/events.go.
"""

from typing import Final

from envtest.embedded.validation import checks, field_errors
from envtest.embedded.validation.checks import Causes, Json, child

_CORE_NAMES: Final = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
_FIXED: Final = (
    "involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "reason", "type", "eventTime",
    "action", "related", "reportingController", "reportingInstance",
)  # fmt: skip
_SHORT, _LONG = 128, 1024
_ELSEWHERE: Final = "does not match event.namespace"
_UNSET: Final = "needs to be unset"


def core(event: Json) -> Causes:
    """Check an Event of the core."""
    return _legacy(event, "reportingComponent")


def changed_core(event: Json, _: Json) -> Causes:
    """Check an Event of the core that replaces another."""
    return core(event)


def new(event: Json) -> Causes:
    """Check a new Event of events.k8s.io."""
    event = _named_as_core(event)
    yield from _legacy(event, "reportingController")
    yield from _series(event)
    yield from checks.present("eventTime", event.get("eventTime"))
    if event.get("type") not in ("Normal", "Warning"):
        yield field_errors.invalid("type", "", f"has invalid value: {event.get('type', '')}")
    for name in ("firstTimestamp", "lastTimestamp", "count", "source"):
        if event.get(name):
            yield field_errors.invalid(name, "", _UNSET)


def changed(event: Json, old: Json) -> Causes:
    """Check an Event of events.k8s.io that replaces another."""
    event, old = _named_as_core(event), _named_as_core(old)
    yield from _legacy(event, "reportingController")
    if event.get("series") != old.get("series"):
        yield from _series(event)
    for name in _FIXED:
        yield from checks.immutable(name, event.get(name), old.get(name))


def _named_as_core(event: Json) -> Json:
    return {_CORE_NAMES.get(name, name): value for name, value in event.items()}


def _legacy(event: Json, controller: str) -> Causes:
    namespace = event["metadata"].get("namespace", "")
    own = event["involvedObject"].get("namespace", "")
    at = child("involvedObject", "namespace")
    if not event.get("eventTime"):
        if own != namespace if own else namespace != "default":
            yield field_errors.invalid(at, own, _ELSEWHERE)
        return
    if not own and namespace not in ("default", "kube-system"):
        yield field_errors.invalid(at, own, _ELSEWHERE)
    yield from checks.present(controller, event.get(controller))
    yield from checks.label_key(controller, event.get(controller, ""))
    for name, longest in (("reportingInstance", _SHORT), ("action", _SHORT), ("reason", _SHORT), ("message", _LONG)):
        if name != "message":
            yield from checks.present(name, event.get(name))
        if len(event.get(name, "").encode()) > longest:
            yield field_errors.invalid(name, "", f"can have at most {longest} characters")


def _series(event: Json) -> Causes:
    series = event.get("series")
    if series is None:
        return
    if series.get("count", 0) < 2:
        yield field_errors.invalid("series.count", "", "should be at least 2")
    yield from checks.present("series.lastObservedTime", series.get("lastObservedTime"))
