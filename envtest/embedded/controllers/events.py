"""Events that simulated controllers and the scheduler record.

What flows in: an object, a reason, a message. What flows out: v1 Events; one of a controller that says the same again is counted.
The loop's thread. Mirrors client-go tools/record (controllers) and tools/events (scheduler); deviation: there is no limit to how
many there are in a minute.
"""

import datetime
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from envtest.embedded.api import deletion, pipeline, requests, status
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources

_REMEMBERED = 4096  # as the event correlator's cache
_SCHEDULER = "default-scheduler"
_ACTIONS: Mapping[str, str] = {"Scheduled": "Binding", "FailedScheduling": "Scheduling"}
_CONTROLLERS = requests.Options(field_manager="kube-controller-manager", field_validation="Ignore")
_SCHEDULING = requests.Options(field_manager="kube-scheduler", field_validation="Ignore")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Said:
    component: str
    uid: str
    reason: str
    message: str
    type: str


class Recorder:
    """Writes events."""

    def __init__(self, api: pipeline.Api) -> None:
        self._api = api
        self._names: OrderedDict[_Said, str] = OrderedDict()
        """Of recent events, by what they say."""
        self._last = 0

    def normal(self, component: str, obj: Json, reason: str, message: str) -> None:
        """Record that *component* did something for *obj*."""
        self._record(obj, _Said(component, obj["metadata"]["uid"], reason, message, "Normal"))

    def warning(self, component: str, obj: Json, reason: str, message: str) -> None:
        """Record that *component* could not do something for *obj*."""
        self._record(obj, _Said(component, obj["metadata"]["uid"], reason, message, "Warning"))

    def scheduled(self, pod: Json, reason: str, message: str) -> None:
        """Record what became of the scheduling of a pod."""
        now = self._api.clock()
        told = {
            "type": "Normal" if reason == "Scheduled" else "Warning",
            "reason": reason,
            "message": message,
            "action": _ACTIONS[reason],
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingComponent": _SCHEDULER,
            "reportingInstance": f"{_SCHEDULER}-envtest",
        }
        self._create(pod, told, _SCHEDULING)

    @property
    def _resource(self) -> resources.Resource:
        resource = self._api.registry.find("", "v1", "events")
        assert resource is not None
        return resource

    def _record(self, obj: Json, said: _Said) -> None:
        if (name := self._names.get(said)) and self._count(obj["metadata"].get("namespace") or "default", name):
            return
        now = deletion.wire_time(self._api.clock())
        told = {
            "type": said.type,
            "reason": said.reason,
            "message": said.message,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": said.component},
            "reportingComponent": said.component,
            "reportingInstance": "",
        }
        if created := self._create(obj, told, _CONTROLLERS):
            self._names[said] = created
            if len(self._names) > _REMEMBERED:
                self._names.popitem(last=False)

    def _count(self, namespace: str, name: str) -> bool:
        """Say again what an event says; return whether it is still there."""
        found = self._api.store.get(self._resource, namespace, name)
        if found is None:
            return False
        changed = {**found, "count": found.get("count", 1) + 1, "lastTimestamp": deletion.wire_time(self._api.clock())}
        try:
            self._api.update(requests.Target(self._resource, namespace, name), changed, _CONTROLLERS)
        except status.StatusError as error:
            logger.debug("an event of %s is not counted: %s", name, error)
        return True

    def _create(self, obj: Json, told: Json, options: requests.Options) -> str:
        """Create an event about an object; return its name, or an empty text if it is refused."""
        own = obj["metadata"]
        namespace = own.get("namespace") or "default"
        name = f"{own['name']}.{self._suffix(self._api.clock()):x}"
        event = {"metadata": {"name": name, "namespace": namespace}, "involvedObject": _reference(obj), **told}
        try:
            self._api.create(requests.Target(self._resource, namespace), event, options)
        except status.StatusError as error:
            logger.debug("an event of %s is lost: %s", own["name"], error)
            return ""
        return name

    def _suffix(self, now: datetime.datetime) -> int:
        """Return the time in nanoseconds, a bit later if there was an event at that time."""
        self._last = max(self._last + 1, int(now.timestamp() * 1_000_000) * 1000)
        return self._last


def _reference(obj: Json) -> Json:
    own = obj["metadata"]
    parts = {
        "kind": obj["kind"],
        "namespace": own.get("namespace"),
        "name": own["name"],
        "uid": own["uid"],
        "apiVersion": obj["apiVersion"],
        "resourceVersion": own["resourceVersion"],
    }
    return {key: value for key, value in parts.items() if value}
