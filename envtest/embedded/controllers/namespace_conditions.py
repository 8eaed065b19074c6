"""The conditions of a namespace that is being deleted.

What flows in: the status so far, what is left. What flows out: the status. Pure. Mirrors kubernetes
pkg/controller/namespace/deletion/status_condition_utils.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envtest.embedded.api.status import Json

_GOOD: Mapping[str, tuple[str, str]] = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}


@dataclass(frozen=True)
class Seen:
    """What is left in a namespace."""

    errors: Sequence[str]
    """Of deletions that were refused."""
    remaining: Mapping[str, int]
    """How many objects, by resource and group with a dot between them."""
    finalizers: Mapping[str, int]
    """How many objects have a finalizer."""


def updated(status: Json, seen: Seen, now: str) -> Json:
    """Return the status with all conditions."""
    bad = _bad(seen)
    conditions = list(status.get("conditions") or ())
    for kind, good in _GOOD.items():
        reason, message = bad.get(kind, good)
        new = {"type": kind, "status": str(kind in bad), "reason": reason, "message": message}
        index = next((index for index, each in enumerate(conditions) if each["type"] == kind), None)
        if index is None:
            conditions.append({**new, "lastTransitionTime": now})
        else:
            old = conditions[index]
            since = old["lastTransitionTime"] if old["status"] == new["status"] else now
            conditions[index] = {**new, "lastTransitionTime": since}
    return {**status, "conditions": conditions}


def _bad(seen: Seen) -> dict[str, tuple[str, str]]:
    bad = {}
    if seen.errors:
        text = f"Failed to delete all resource types, {len(seen.errors)} remaining: {', '.join(sorted(seen.errors))}"
        bad["NamespaceDeletionContentFailure"] = ("ContentDeletionFailed", text)
    if seen.remaining:
        parts = sorted(f"{name} has {number} resource instances" for name, number in seen.remaining.items())
        bad["NamespaceContentRemaining"] = ("SomeResourcesRemain", f"Some resources are remaining: {', '.join(parts)}")
    if seen.finalizers:
        parts = sorted(f"{name} in {number} resource instances" for name, number in seen.finalizers.items())
        text = f"Some content in the namespace has finalizers remaining: {', '.join(parts)}"
        bad["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", text)
    return bad
