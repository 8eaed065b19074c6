"""What an instance's children hold, what differs between two looks at them, and whether pods were replaced in between.

What flows in: namespaces with one instance in each. What flows out: a `Sight` of all that the operator may make in each, and
differences as paths. What changes by itself is left out: status, versions, and our own note of the template that was applied.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.client import interfaces
from tests.support import cluster

KINDS = (
    *("ServiceAccount", "ConfigMap", "NetworkPolicy", "Service", "Deployment", "HorizontalPodAutoscaler", "Ingress"),
    "ResourceQuota",
)
ANY = "(any)"
"""Stands for a value that a test does not know."""
GONE = "(gone)"
"""Stands for the absence of a value."""

_SEEN = ("MicroServiceDeploy", "ReplicaSet", "Pod")
_NOT_OURS = frozenset({"default", "kube-root-ca.crt"})  # every namespace has them
_NOTES = frozenset({"custom.ops/template-hash", "custom.ops/rolls-from", "deployment.kubernetes.io/revision"})
_METADATA = ("labels", "annotations", "ownerReferences", "finalizers")


@dataclass(frozen=True)
class Sight:
    """One look at a namespace with one instance."""

    contents: Mapping[str, Any]
    """By kind, for a child of another name than the instance's by kind and name."""
    revision: int
    """The Deployment's; 0 if there is none."""
    replica_sets: frozenset[str]
    pods: frozenset[str]
    """The uids of those that are not on their way out."""
    conditions: Mapping[str, str]
    """The status of each that speaks of the present spec."""

    @property
    def is_at_rest(self) -> bool:
        """Whether the operator says that all is done."""
        return (self.conditions.get("Ready"), self.conditions.get("Progressing")) == ("True", "False")


def look(client: interfaces.Client, name: str, namespace: str = "") -> dict[str, Sight]:
    """Look at all namespaces, or at one, in as many requests as there are kinds.

    Returns:
        By namespace, those that hold an instance called *name*.
    """
    found = {kind: _by_namespace(client.list(cluster.gvk(kind), namespace=namespace)) for kind in (*_SEEN, *KINDS)}
    here = {
        place: {kind: objects.get(place, []) for kind, objects in found.items()}
        for place, [instance, *_] in found["MicroServiceDeploy"].items()
        if instance["metadata"]["name"] == name
    }
    return {place: _sight(objects, name) for place, objects in here.items()}


def _by_namespace(found: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    places: dict[str, list[dict[str, Any]]] = {}
    for each in found:
        places.setdefault(each["metadata"]["namespace"], []).append(each)
    return places


def _sight(found: Mapping[str, list[dict[str, Any]]], name: str) -> Sight:
    deployments = [each for each in found["Deployment"] if each["metadata"]["name"] == name]
    annotations = [each["metadata"].get("annotations", {}) for each in deployments]
    return Sight(
        contents={_key(kind, each, name): _content(each) for kind in KINDS for each in found[kind] if _is_ours(each)},
        revision=int(annotations[0].get("deployment.kubernetes.io/revision", 0)) if annotations else 0,
        replica_sets=_uids(found["ReplicaSet"]),
        pods=_uids(found["Pod"]),
        conditions=_conditions(found["MicroServiceDeploy"][0]),
    )


def _conditions(instance: dict[str, Any]) -> dict[str, str]:
    listed = instance.get("status", {}).get("conditions", ())
    return {each["type"]: each["status"] for each in listed if each["observedGeneration"] == instance["metadata"]["generation"]}


def _is_ours(found: dict[str, Any]) -> bool:
    return found["metadata"]["name"] not in _NOT_OURS


def _key(kind: str, found: dict[str, Any], name: str) -> str:
    return kind if found["metadata"]["name"] in {name, "msd-quota"} else f"{kind} {found['metadata']['name']}"


def _uids(found: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(each["metadata"]["uid"] for each in found if "deletionTimestamp" not in each["metadata"])


def _content(found: dict[str, Any]) -> dict[str, Any]:
    metadata = {field: found["metadata"][field] for field in _METADATA if field in found["metadata"]}
    metadata["annotations"] = {key: value for key, value in metadata.get("annotations", {}).items() if key not in _NOTES}
    return {"metadata": metadata} | {
        field: value for field, value in found.items() if field not in {"apiVersion", "kind", "metadata", "status"}
    }


def changes(before: Any, after: Any, path: str = "") -> dict[str, Any]:
    """Return what *after* has instead of what *before* has, by the shortest path at which they differ.

    Elements of lists go by their `name`, else by their index; what only *before* has is `GONE`.
    """
    before, after = _keyed(before, after)
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return {} if before == after else {path: after}
    found: dict[str, Any] = {}
    for key in sorted(before.keys() | after.keys()):
        found |= changes(before.get(key, GONE), after.get(key, GONE), f"{path}.{key}" if path else key)
    return found


def _keyed(before: Any, after: Any) -> tuple[Any, Any]:
    """Make maps of two lists of objects, so that one element more does not hide what became of the others."""
    if not (isinstance(before, list) and isinstance(after, list) and all(isinstance(each, dict) for each in before + after)):
        return before, after
    has_names = all("name" in each for each in before + after)
    return tuple({each["name"] if has_names else str(index): each for index, each in enumerate(side)} for side in (before, after))


def is_changed(before: Mapping[str, Any], after: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Tell whether *after* differs from *before* at just the paths of *expected*, by the values there."""
    return _without_any(changes(before, after), expected) == dict(expected)


def assert_changes(before: Mapping[str, Any], after: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Fail unless *after* differs from *before* at just the paths of *expected*, by the values there."""
    found = _without_any(changes(before, after), expected)
    assert found == dict(expected)


def _without_any(found: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    return {path: ANY if expected.get(path) == ANY and value != GONE else value for path, value in found.items()}


def assert_pods(before: Sight, after: Sight, count: int, *, rolls: bool) -> None:
    """Fail unless there are *count* pods, all replaced once if *rolls*, and else none."""
    assert len(after.pods) == count
    if rolls:
        assert after.revision == before.revision + 1
        assert not before.pods & after.pods
    else:
        assert after.revision == before.revision
        assert after.replica_sets == before.replica_sets
        assert after.pods <= before.pods or before.pods <= after.pods
