"""What a namespace holds of MicroServiceDeploys, in a form that can be compared with another namespace's.

What flows in: a namespace. What flows out: objects by kind and name, without what differs from one telling of a story to the
next: the namespace's name, uids, versions, times, addresses. Revisions and our managers of fields are kept: they tell of each
write too many.
"""

import json
from typing import Any

from tests.support import cluster

OURS = {"app.kubernetes.io/managed-by": "coxswain"}
CHILDREN = (
    *("ServiceAccount", "ConfigMap", "NetworkPolicy", "Service", "Deployment", "HorizontalPodAutoscaler", "Ingress"),
    *("ResourceQuota", "ReplicaSet", "Pod"),
)
"""All that there is because of a MicroServiceDeploy; ReplicaSets and pods have the labels of the Deployment's template."""

_DROPPED = frozenset({"uid", "resourceVersion", "generation", "clusterIP", "clusterIPs", "blockOwnerDeletion"})


def left_over(team: cluster.Cluster) -> list[str]:
    """Name all that has our label."""
    return [f"{kind} {found['metadata']['name']}" for kind in CHILDREN for found in _ours(team, kind)]


def state(team: cluster.Cluster) -> dict[str, Any]:
    """Return what there is, by kind and name; of pods only how many run for each instance."""
    found = {f"{kind} {one['metadata']['name']}": _comparable(one) for kind in CHILDREN[:-1] for one in _ours(team, kind)}
    for one in team.list("MicroServiceDeploy"):
        generation = one["metadata"]["generation"]
        found[f"MicroServiceDeploy {one['metadata']['name']}"] = {"changes": generation, **_comparable(one)}
    for pod in _ours(team, "Pod"):
        key = f"Pods of {pod['metadata']['labels']['app.kubernetes.io/instance']} in phase {_phase(pod)}"
        found[key] = found.get(key, 0) + 1
    # a namespace of tests has a name that stands in no other word
    return json.loads(json.dumps(found).replace(team.namespace, "<namespace>"))


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return what two states do not have in common, by kind and name, down to the fields that differ."""
    return {
        key: _differing(one.get(key), other.get(key))
        for key in sorted(one.keys() | other.keys())
        if one.get(key) != other.get(key)
    }


def is_settled(team: cluster.Cluster) -> bool:
    """Ask whether all MicroServiceDeploys are ready for what they are now, and nothing moves any more."""
    for one in team.list("MicroServiceDeploy"):
        conditions = {condition["type"]: condition for condition in one.get("status", {}).get("conditions", ())}
        if not conditions or conditions["Ready"]["status"] != "True" or conditions["Progressing"]["status"] != "False":
            return False
        if conditions["Ready"]["observedGeneration"] != one["metadata"]["generation"]:
            return False
    return not any(pod["metadata"].get("deletionTimestamp") for pod in _ours(team, "Pod"))


def wait_equal(one: cluster.Cluster, other: cluster.Cluster, timeout_seconds: float) -> None:
    """Wait until two namespaces are settled and look the same."""
    cluster.eventually(
        lambda: is_settled(one) and is_settled(other) and state(one) == state(other),
        timeout_seconds,
        lambda: json.dumps(differences(state(one), state(other)), indent=1),
    )


def _ours(team: cluster.Cluster, kind: str) -> list[dict[str, Any]]:
    return [found for found in team.list(kind) if OURS.items() <= (found["metadata"].get("labels") or {}).items()]


def _phase(pod: dict[str, Any]) -> str:
    return "Terminating" if pod["metadata"].get("deletionTimestamp") else pod["status"]["phase"]


def _comparable(found: dict[str, Any]) -> dict[str, Any]:
    if found["kind"] == "ResourceQuota":
        # Kubernetes counts with a view of its own, which may miss a pod that was made just now until it counts again in minutes
        found.get("status", {}).pop("used", None)
    fields = found["metadata"].pop("managedFields", [])
    managers = {f"{entry['manager']} {entry['operation']} {entry.get('subresource', '')}".strip() for entry in fields}
    # those of Kubernetes depend on who was first, for example at counting pods in a quota
    return {"our managers": sorted(each for each in managers if each.startswith("coxswain")), **_without_accidents(found)}


def _without_accidents(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_accidents(inner)
            for key, inner in value.items()
            if key not in _DROPPED and not key.endswith(("Time", "Timestamp")) and key != "observedGeneration"
        }
    if isinstance(value, list):
        kept = [_without_accidents(inner) for inner in value]
        return (
            sorted(kept, key=lambda each: each["type"])
            if all(isinstance(each, dict) and "type" in each for each in kept)
            else kept
        )
    return value


def _differing(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            key: _differing(one.get(key), other.get(key))
            for key in sorted(one.keys() | other.keys())
            if one.get(key) != other.get(key)
        }
    return (one, other)
