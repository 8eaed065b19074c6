"""What the server does to an object of a built-in kind before it validates and keeps it.

What flows in: objects that have been read. What flows out: objects whose status is the server's, with what some kinds get beside.
Pure. The loop's thread. Mirrors PrepareForCreate and PrepareForUpdate of kubernetes pkg/registry; ``api/kinds.py`` counts
generations.
"""

from collections.abc import Callable, Mapping
from typing import Final

from envtest.embedded.api.status import Json
from envtest.embedded.builtin import defaults, quantities, resources, service_types
from envtest.embedded.builtin.conditional_defaults import TEMPLATE_GENERATION

_KEEPS_STATUS: Final = frozenset({"nodes", "customresourcedefinitions.apiextensions.k8s.io"})
_KUBERNETES: Final = "kubernetes"
_JOB_NAME: Final = ("job-name", "batch.kubernetes.io/job-name")
_JOB_UID: Final = ("controller-uid", "batch.kubernetes.io/controller-uid")
_SUPPORTED_QUALITY: Final = ("cpu", "memory")


def prepare_create(resource: resources.Resource, obj: Json) -> Json:
    """Return a new object with the status that every one begins with, and with what its kind gets beside."""
    if "status" in resource.subresources and resource.storage_key not in _KEEPS_STATUS:
        status = resource.schema.child("status")
        assert status is not None
        obj = {**obj, "status": defaults.empty(status)}
    adjust = _CREATIONS.get(resource.storage_key)
    return adjust(obj) if adjust else obj


def prepare_update(resource: resources.Resource, obj: Json, old: Json) -> Json:
    """Return a changed object with the status that it had, and with what its kind keeps beside."""
    if "status" in resource.subresources:
        obj = {key: value for key, value in obj.items() if key != "status"}
        if "status" in old:
            obj["status"] = old["status"]
    adjust = _UPDATES.get(resource.storage_key)
    return adjust(obj, old) if adjust else obj


def quality(spec: Json) -> str:
    """Return the quality of service of a Pod with *spec*."""
    holders = [spec["resources"]] if spec.get("resources") else [each["resources"] for each in _containers(spec)]
    limited = [_positive(holder.get("limits", {})) for holder in holders]
    requests, limits = _sum([_positive(holder.get("requests", {})) for holder in holders]), _sum(limited)
    if not requests and not limits:
        return "BestEffort"
    is_guaranteed = all(each.keys() == set(_SUPPORTED_QUALITY) for each in limited) and len(requests) == len(limits)
    return "Guaranteed" if is_guaranteed and all(limits.get(name) == amount for name, amount in requests.items()) else "Burstable"


def _containers(spec: Json) -> list[Json]:
    return [*(spec.get("containers") or ()), *spec.get("initContainers", ())]


def _positive(amounts: Json) -> dict[str, quantities.Quantity]:
    found = {name: quantities.of(amount) for name, amount in amounts.items() if name in _SUPPORTED_QUALITY}
    return {name: amount for name, amount in found.items() if amount.value > 0}


def _sum(lists: list[dict[str, quantities.Quantity]]) -> dict[str, object]:
    names = {name for amounts in lists for name in amounts}
    return {name: sum(amounts[name].value for amounts in lists if name in amounts) for name in names}


def _pod(pod: Json) -> Json:
    status: Json = {"phase": "Pending", "qosClass": quality(pod["spec"])}
    if pod["spec"].get("schedulingGates"):
        text = "Scheduling is blocked due to non-empty scheduling gates"
        condition = {"type": "PodScheduled", "status": "False", "lastProbeTime": None}
        time = pod["metadata"].get("creationTimestamp")
        status["conditions"] = [{**condition, "lastTransitionTime": time, "reason": "SchedulingGated", "message": text}]
    return {**pod, "status": status}


def _namespace(namespace: Json) -> Json:
    """Return a namespace that only its controller can let go, with its name as a label, which it may have got only now."""
    finalizers = namespace["spec"].get("finalizers", [])
    if _KUBERNETES not in finalizers:
        finalizers = [*finalizers, _KUBERNETES]
    metadata = namespace["metadata"]
    labels = {**metadata.get("labels", {}), "kubernetes.io/metadata.name": metadata["name"]}
    return {**namespace, "metadata": {**metadata, "labels": labels}, "spec": {**namespace["spec"], "finalizers": finalizers}}


def _job(job: Json) -> Json:
    """Return a Job that selects its own pods, by labels that they get."""
    spec = job["spec"]
    if spec["manualSelector"]:
        return job
    name, uid = job["metadata"].get("name", ""), job["metadata"].get("uid", "")
    template = spec["template"]
    own = {**dict.fromkeys(_JOB_NAME, name), **dict.fromkeys(_JOB_UID, uid)}
    metadata = {**template["metadata"], "labels": {**own, **template["metadata"].get("labels", {})}}
    selector = spec.get("selector", {})
    labels = {_JOB_UID[1]: uid, **selector.get("matchLabels", {})}
    changed = {"selector": {**selector, "matchLabels": labels}, "template": {**template, "metadata": metadata}}
    return {**job, "spec": {**spec, **changed}}


def _stateful_set(stateful_set: Json, old: Json | None = None) -> Json:
    """Return a StatefulSet without a field that the server knows but has switched off."""
    update = stateful_set["spec"]["updateStrategy"].get("rollingUpdate", {})
    before = (old or {"spec": {"updateStrategy": {}}})["spec"]["updateStrategy"].get("rollingUpdate", {})
    if "maxUnavailable" not in update or "maxUnavailable" in before:
        return stateful_set
    kept = {name: value for name, value in update.items() if name != "maxUnavailable"}
    spec = stateful_set["spec"]
    return {**stateful_set, "spec": {**spec, "updateStrategy": {**spec["updateStrategy"], "rollingUpdate": kept}}}


def _volume(volume: Json) -> Json:
    return {**volume, "status": {**volume["status"], "lastPhaseTransitionTime": volume["metadata"].get("creationTimestamp")}}


def _with_template_generation(daemon_set: Json, generation: str) -> Json:
    annotations = {**daemon_set["metadata"].get("annotations", {}), TEMPLATE_GENERATION: generation}
    return {**daemon_set, "metadata": {**daemon_set["metadata"], "annotations": annotations}}


def _daemon_set(daemon_set: Json) -> Json:
    return _with_template_generation(daemon_set, str(max(1, _template_generation(daemon_set))))


def _template_generation(daemon_set: Json) -> int:
    text = daemon_set["metadata"].get("annotations", {}).get(TEMPLATE_GENERATION, "0")
    return int(text) if text.isdecimal() else 0


def _updated_daemon_set(daemon_set: Json, old: Json) -> Json:
    is_changed = daemon_set["spec"]["template"] != old["spec"]["template"]
    return _with_template_generation(daemon_set, str(_template_generation(old) + is_changed))


def _updated_namespace(namespace: Json, old: Json) -> Json:
    return {**namespace, "spec": old["spec"]}


_CREATIONS: Final[Mapping[str, Callable[[Json], Json]]] = {
    "daemonsets.apps": _daemon_set,
    "jobs.batch": _job,
    "namespaces": _namespace,
    "persistentvolumes": _volume,
    "pods": _pod,
    "statefulsets.apps": _stateful_set,
}
_UPDATES: Final[Mapping[str, Callable[[Json, Json], Json]]] = {
    "daemonsets.apps": _updated_daemon_set,
    "namespaces": _updated_namespace,
    "statefulsets.apps": _stateful_set,
    "services": service_types.without_stale_fields,
}
