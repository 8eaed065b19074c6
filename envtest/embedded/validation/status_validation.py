"""What is wrong with the status that somebody reports.

What flows in: objects with the status that they shall have, and as they are. What flows out: causes, in the server's order. Pure.
Mirrors the ValidateStatusUpdate methods of kubernetes pkg/registry strategies; deviations: nothing of how containers and Jobs go
from one state to another.
"""

from typing import Final

from envtest.embedded.api import names
from envtest.embedded.builtin.service_types import LOAD_BALANCER
from envtest.embedded.validation import checks, field_errors, resource_validation
from envtest.embedded.validation.checks import Causes, Json, child

_TOO_MANY: Final = "cannot be greater than status.replicas"
_CONDITION_STATUSES: Final = ("False", "True", "Unknown")


def deployment(obj: Json, old: Json) -> Causes:
    """Check a Deployment's."""
    status = obj.get("status", {})
    yield from checks.fields_not_negative(
        "status", status, "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
        "unavailableReplicas", "terminatingReplicas", "collisionCount",
    )  # fmt: skip
    yield from _at_most(status, ("updatedReplicas", "readyReplicas", "availableReplicas"))
    yield from _available(status, "cannot be greater than readyReplicas")
    yield from _not_decremented(status, old)


def replica_set(obj: Json, _: Json) -> Causes:
    """Check a ReplicaSet's."""
    status = obj.get("status", {})
    counted = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    yield from checks.fields_not_negative("status", status, "replicas", *counted, "observedGeneration", "terminatingReplicas")
    yield from _at_most(status, counted)
    yield from _available(status, "cannot be greater than readyReplicas")


def stateful_set(obj: Json, old: Json) -> Causes:
    """Check a StatefulSet's."""
    status = obj.get("status", {})
    counted = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
    yield from checks.fields_not_negative("status", status, "replicas", *counted, "observedGeneration", "collisionCount")
    yield from _at_most(status, counted)
    yield from _available(status, "cannot be greater than status.readyReplicas")
    yield from _not_decremented(status, old)


def daemon_set(obj: Json, old: Json) -> Causes:
    """Check a DaemonSet's."""
    status = obj.get("status", {})
    yield from checks.fields_not_negative(
        "status", status, "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
        "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount",
    )  # fmt: skip
    yield from _not_decremented(status, old)


def autoscaler(obj: Json, _: Json) -> Causes:
    """Check a HorizontalPodAutoscaler's."""
    return checks.fields_not_negative("status", obj.get("status", {}), "currentReplicas", "desiredReplicas")


def budget(obj: Json, _: Json) -> Causes:
    """Check a PodDisruptionBudget's."""
    status = obj.get("status", {})
    for number, condition in enumerate(status.get("conditions", ())):
        yield from _condition(condition, child("status.conditions", number))
    counted = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    yield from checks.fields_not_negative("status", status, *counted)


def job(obj: Json, _: Json) -> Causes:
    """Check a Job's."""
    counted = ("active", "succeeded", "failed", "ready", "terminating")
    return checks.fields_not_negative("status", obj.get("status", {}), *counted)


def quota(obj: Json, _: Json) -> Causes:
    """Check a ResourceQuota's."""
    for part in ("hard", "used"):
        for name, value in obj.get("status", {}).get(part, {}).items():
            at = field_errors.key(child("status", part), name)
            yield from resource_validation.quota_name(at, name)
            yield from resource_validation.amount(at, name, value)


def namespace(obj: Json, _: Json) -> Causes:
    """Check a namespace's."""
    phase, is_deleted = obj.get("status", {}).get("phase"), bool(obj["metadata"].get("deletionTimestamp"))
    expected = "Terminating" if is_deleted else "Active"
    if phase != expected:
        text = f"may only be '{expected}' if `deletionTimestamp` is {'not empty' if is_deleted else 'empty'}"
        yield field_errors.invalid("status.Phase", phase or "", text)


def pod(obj: Json, old: Json) -> Causes:
    """Check a Pod's."""
    status, before = obj.get("status", {}), old.get("status", {})
    for number, condition in enumerate(status.get("conditions", ())):
        yield from checks.label_key(child("status.conditions", number, "Type"), condition["type"])
    yield from checks.immutable("status.qosClass", status.get("qosClass", ""), before.get("qosClass", ""))
    for name in ("podIPs", "hostIPs"):
        for number, address in enumerate(status.get(name, ())):
            yield from checks.texts(child("status", name, number), address["ip"], checks.ip_address(address["ip"]))


def claim(obj: Json, _: Json) -> Causes:
    """Check a PersistentVolumeClaim's."""
    for name, value in obj.get("status", {}).get("capacity", {}).items():
        if (amount := checks.amount(value).value) < 0:
            at = field_errors.key("status.capacity", name)
            yield field_errors.invalid(at, int(amount), "must be a valid resource quantity")


def service(obj: Json, _: Json) -> Causes:
    """Check a Service's."""
    given = obj.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    if given and obj["spec"]["type"] != LOAD_BALANCER:
        text = "may only be used when `spec.type` is 'LoadBalancer'"
        yield field_errors.forbidden("status.loadBalancer.ingress", text)
        return
    yield from _balancer(given)


def ingress(obj: Json, _: Json) -> Causes:
    """Check an Ingress's."""
    return _balancer(obj.get("status", {}).get("loadBalancer", {}).get("ingress", []))


def _balancer(given: list[Json]) -> Causes:
    for number, each in enumerate(given):
        at, host = child("status.loadBalancer.ingress", number), each.get("hostname")
        if address := each.get("ip"):
            yield from checks.texts(child(at, "ip"), address, checks.ip_address(address))
        if host:
            yield from checks.texts(child(at, "hostname"), host, names.dns_subdomain(host))
            if not checks.ip_address(host):
                yield field_errors.invalid(child(at, "hostname"), host, "must be a DNS name, not an IP address")


def _condition(condition: Json, path: str) -> Causes:
    yield from checks.label_key(child(path, "type"), condition["type"])
    yield from checks.supported(child(path, "status"), condition["status"], _CONDITION_STATUSES)
    yield from checks.present(child(path, "lastTransitionTime"), condition["lastTransitionTime"])
    yield from checks.present(child(path, "reason"), condition["reason"])


def _at_most(status: Json, fields: tuple[str, ...]) -> Causes:
    for name in fields:
        if status.get(name, 0) > status.get("replicas", 0):
            yield field_errors.invalid(child("status", name), status.get(name, 0), _TOO_MANY)


def _available(status: Json, text: str) -> Causes:
    count = status.get("availableReplicas", 0)
    if count > status.get("readyReplicas", 0):
        yield field_errors.invalid("status.availableReplicas", count, text)


def _not_decremented(status: Json, old: Json) -> Causes:
    """Check the count of names that were taken."""
    before, count = old.get("status", {}).get("collisionCount"), status.get("collisionCount")
    if before is not None and (count is None or count < before):
        yield field_errors.invalid("status.collisionCount", count or 0, "cannot be decremented")
