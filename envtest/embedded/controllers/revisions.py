"""The annotations of a Deployment's ReplicaSets: revision, history, sizes, and what they take over.

What flows in: Deployments and ReplicaSets. What flows out: the same object if nothing changes, otherwise a copy. Pure. Mirrors
kubernetes pkg/controller/deployment/util/deployment_util.go.
"""

from envtest.embedded.api.status import Json
from envtest.embedded.controllers import sizes

_LONGEST_HISTORY = 2000
_NOT_TAKEN_OVER = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
        sizes.REVISION,
        sizes.REVISION_HISTORY,
        sizes.DESIRED,
        sizes.LIMIT,
    }
)


def annotated(deployment: Json, new: Json, revision: int) -> Json:
    """Return the new ReplicaSet with the Deployment's annotations and at least the revision *revision*."""
    old = new["metadata"].get("annotations") or {}
    given = deployment["metadata"].get("annotations") or {}
    annotations = old | {key: value for key, value in given.items() if key not in _NOT_TAKEN_OVER}
    present = old.get(sizes.REVISION, "")
    if present == "" or (present.isdecimal() and int(present) < revision):
        annotations[sizes.REVISION] = str(revision)
        if present:
            annotations[sizes.REVISION_HISTORY] = _history(old.get(sizes.REVISION_HISTORY, ""), present)
    return _with_annotations(new, annotations)


def _history(before: str, revision: str) -> str:
    parts = [*before.split(","), revision] if before else [revision]
    while len(",".join(parts)) > _LONGEST_HISTORY and len(parts) > 1:
        del parts[0]
    return ",".join(parts)


def with_sizes(deployment: Json, each: Json) -> Json:
    """Return a ReplicaSet that knows the Deployment's size."""
    size = sizes.wanted(deployment)
    noted = {sizes.DESIRED: str(size), sizes.LIMIT: str(size + sizes.max_surge(deployment))}
    return _with_annotations(each, (each["metadata"].get("annotations") or {}) | noted)


def with_revision(deployment: Json, revision: str) -> Json:
    """Return the Deployment with its revision."""
    return _with_annotations(deployment, (deployment["metadata"].get("annotations") or {}) | {sizes.REVISION: revision})


def _with_annotations(obj: Json, annotations: Json) -> Json:
    if annotations == (obj["metadata"].get("annotations") or {}):
        return obj
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}
