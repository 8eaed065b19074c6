"""Between the version of a kind that a request speaks and the one in which its objects are kept.

What flows in: objects. What flows out: the same in another version; nothing is changed in place. Pure. Mirrors kubernetes
pkg/apis/events/v1/conversion.go and pkg/apis/autoscaling/v1/conversion.go; deviations: of autoscaling/v1 only the CPU target, and
entries of managedFields are not converted.
"""

from collections.abc import Mapping

from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources

_EVENTS = "events.k8s.io/v1"
_AUTOSCALERS = "autoscaling/v1"
_STORAGE = {_EVENTS: ("", "v1"), _AUTOSCALERS: ("autoscaling", "v2")}
"""Of built-in versions that are not the storage version: the one that is; each has one kind."""

_NAMES_OF_EVENTS = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
"""From core/v1 to events.k8s.io/v1."""


def storage_of(registry: resources.Registry, resource: resources.Resource) -> resources.Resource:
    """Return the resource under which the objects of *resource* are kept."""
    if (version := _STORAGE.get(resource.api_version)) is None:
        return resource
    return registry.find(*version, resource.plural) or resource


def served(resource: resources.Resource, obj: Json) -> Json:
    """Return an object that is kept as *resource* shows it."""
    if obj["apiVersion"] == resource.api_version:
        return obj
    if resource.api_version == _EVENTS:
        obj = _renamed(obj, _NAMES_OF_EVENTS)
    elif resource.api_version == _AUTOSCALERS:
        obj = _to_percentage(obj)
    return {**obj, "apiVersion": resource.api_version}


def stored(resource: resources.Resource, storage: resources.Resource, obj: Json) -> Json:
    """Return an object of *resource* as it is kept."""
    if resource is storage:
        return obj
    if resource.api_version == _EVENTS:
        obj = _renamed(obj, {new: old for old, new in _NAMES_OF_EVENTS.items()})
    elif resource.api_version == _AUTOSCALERS:
        obj = _to_metrics(obj)
    return {**obj, "apiVersion": storage.api_version}


def _renamed(obj: Json, names: Mapping[str, str]) -> Json:
    return {names.get(key, key): value for key, value in obj.items()}


def _to_percentage(obj: Json) -> Json:
    spec = {key: value for key, value in obj["spec"].items() if key not in ("metrics", "behavior")}
    for metric in obj["spec"].get("metrics") or ():
        resource = metric.get("resource") or {}
        target = resource.get("target") or {}
        if resource.get("name") == "cpu" and "averageUtilization" in target:
            spec["targetCPUUtilizationPercentage"] = target["averageUtilization"]
    return {**obj, "spec": spec}


def _to_metrics(obj: Json) -> Json:
    spec = dict(obj["spec"])
    percentage = spec.pop("targetCPUUtilizationPercentage", None)
    if percentage is not None:
        target = {"type": "Utilization", "averageUtilization": percentage}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    return {**obj, "spec": spec}
