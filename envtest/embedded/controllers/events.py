"""Events that simulated controllers record.

What flows in: an object, a reason, a message. What flows out: v1 Events; one that says the same again is counted. The loop's
thread. Mirrors client-go tools/record; deviation: there is no limit to how many there are in a minute.
"""

import datetime
import logging
from collections import OrderedDict

from envtest.embedded import deletion, pipeline, requests, status
from envtest.embedded.status import Json

_REMEMBERED = 4096  # as the event correlator's cache

logger = logging.getLogger(__name__)


class Recorder:
    """Writes events."""

    def __init__(self, api: pipeline.Api) -> None:
        self._api = api
        self._names: OrderedDict[tuple[str, ...], str] = OrderedDict()
        """Of recent events, by what they say."""
        self._last = 0

    def normal(self, component: str, obj: Json, reason: str, message: str) -> None:
        """Record that *component* did something for *obj*."""
        self._record(component, obj, reason, message, "Normal")

    def warning(self, component: str, obj: Json, reason: str, message: str) -> None:
        """Record that *component* could not do something for *obj*."""
        self._record(component, obj, reason, message, "Warning")

    def _record(self, component: str, obj: Json, reason: str, message: str, kind: str) -> None:
        resource = self._api.registry.find("", "v1", "events")
        if resource is None:
            return
        namespace = obj["metadata"].get("namespace") or "default"
        what = (component, obj["metadata"]["uid"], reason, message, kind)
        options = requests.Options(field_manager="kube-controller-manager", field_validation="Ignore")
        name = self._names.get(what)
        found = self._api.store.get(resource, namespace, name) if name else None
        try:
            if found is not None:
                changed = {**found, "count": found.get("count", 1) + 1, "lastTimestamp": self._api.now}
                self._api.update(requests.Target(resource, namespace, name or ""), changed, options)
                return
            event = self._event(component, obj, (reason, message, kind), namespace)
            self._api.create(requests.Target(resource, namespace), event, options)
        except status.StatusError as error:
            logger.debug("the event %s of %s is lost: %s", reason, obj["metadata"]["name"], error)
            return
        self._remember(what, event["metadata"]["name"])

    def _remember(self, what: tuple[str, ...], name: str) -> None:
        self._names[what] = name
        if len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)

    def _event(self, component: str, obj: Json, said: tuple[str, str, str], namespace: str) -> Json:
        reason, message, kind = said
        metadata, now = obj["metadata"], self._api.clock()
        involved = {
            "kind": obj["kind"],
            "namespace": metadata.get("namespace"),
            "name": metadata["name"],
            "uid": metadata["uid"],
            "apiVersion": obj["apiVersion"],
            "resourceVersion": metadata["resourceVersion"],
        }
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name']}.{self._suffix(now):x}", "namespace": namespace},
            "involvedObject": {key: value for key, value in involved.items() if value},
            "reason": reason,
            "message": message,
            "type": kind,
            "count": 1,
            "firstTimestamp": deletion.wire_time(now),
            "lastTimestamp": deletion.wire_time(now),
            "source": {"component": component},
            "reportingComponent": component,
            "reportingInstance": "",
        }

    def _suffix(self, now: datetime.datetime) -> int:
        """Return the time in nanoseconds, a bit later if there was an event at that time."""
        self._last = max(self._last + 1, int(now.timestamp() * 1_000_000) * 1000)
        return self._last
