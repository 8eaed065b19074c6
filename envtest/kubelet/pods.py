"""The status of a pod on a simulated node.

What flows in: a pod, its addresses, the time. What flows out: the parts of its status that must be written. Pure.
Mirrors kubernetes pkg/kubelet/kubelet_pods.go and pkg/kubelet/status/generate.go; deviations: probes always succeed, and there
are no volumes to wait for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from envtest.kubelet import api, containers

_ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Addresses:
    """Where a pod is."""

    host: str
    pod: str


def status_changes(pod: api.Json, addresses: Addresses, now: str) -> api.Json:
    """Decide what the pod's status lacks.

    Args:
        pod: The pod as last seen; bound to a node of ours and not being deleted.
        addresses: Its host's and its own address.
        now: RFC 3339 time.

    Returns:
        The fields of the status to patch; empty if it is as it should be.
    """
    status = pod.get("status", {})
    if status.get("phase") in _ENDED:
        return {}
    after = containers.step(pod, now)
    wanted = {
        "observedGeneration": pod["metadata"].get("generation", 0),
        "phase": "Running" if after.initialized else "Pending",
        "startTime": status.get("startTime", now),
        "hostIP": addresses.host,
        "hostIPs": [{"ip": addresses.host}],
        "podIP": addresses.pod,
        "podIPs": [{"ip": addresses.pod}],
        "containerStatuses": after.main,
        "conditions": _conditions(pod, after, now),
    }
    if after.init:
        wanted["initContainerStatuses"] = after.init
    return wanted if any(status.get(name) != value for name, value in wanted.items()) else {}


def _conditions(pod: api.Json, after: containers.Step, now: str) -> list[api.Json]:
    before = {condition["type"]: condition for condition in pod.get("status", {}).get("conditions", [])}
    ready = after.initialized and containers.are_ready([*after.init, *after.main])
    gates = (gate["conditionType"] for gate in pod["spec"].get("readinessGates", []))
    reasons = {
        "PodScheduled": "",
        "PodReadyToStartContainers": "",
        "Initialized": "" if after.initialized else "ContainersNotInitialized",
        "ContainersReady": "" if ready else "ContainersNotReady",
        "Ready": ("" if _are_true(gates, before) else "ReadinessGatesNotReady") if ready else "ContainersNotReady",
    }
    ours = {kind: _condition(kind, reason, before.get(kind), now) for kind, reason in reasons.items()}
    return [ours.pop(kind, condition) for kind, condition in before.items()] + list(ours.values())


def _are_true(kinds: Iterable[str], conditions: Mapping[str, api.Json]) -> bool:
    return all(conditions.get(kind, {}).get("status") == "True" for kind in kinds)


def _condition(kind: str, reason: str, before: api.Json | None, now: str) -> api.Json:
    status = "False" if reason else "True"
    if before and before["status"] == status and before.get("reason", "") == reason:
        return before
    since = before["lastTransitionTime"] if before and before["status"] == status else now
    # In a strategic merge patch only null takes the old reason away.
    return {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since, "reason": reason or None}
