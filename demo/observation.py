"""What the demo sees: the resource, its children, and what the manager says of its own work.

What flows in: decoded objects, and the text of the manager's metrics. What flows out: frozen values that story and
table read. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from informers import objects

Manifest = dict[str, Any]

RESOURCE = objects.GroupVersionKind("custom.ops", "v1", "MicroServiceDeploy")
POD = objects.GroupVersionKind("", "v1", "Pod")
SECRET = objects.GroupVersionKind("", "v1", "Secret")
QUOTA = objects.GroupVersionKind("", "v1", "ResourceQuota")
CHILDREN: Mapping[str, objects.GroupVersionKind] = {
    gvk.kind: gvk
    for gvk in (
        objects.GroupVersionKind("", "v1", "ServiceAccount"),
        objects.GroupVersionKind("", "v1", "ConfigMap"),
        QUOTA,
        objects.GroupVersionKind("apps", "v1", "Deployment"),
        objects.GroupVersionKind("", "v1", "Service"),
        objects.GroupVersionKind("networking.k8s.io", "v1", "NetworkPolicy"),
        objects.GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler"),
    )
}
"""The kinds that the sample becomes, by name, in the order of the table."""

_COUNT = re.compile(r"^controller_runtime_reconcile_total\{(?P<labels>[^}]*)\} (?P<value>\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Reconciles:
    """The manager's own count of its runs."""

    total: int
    failed: int
    since_last_seconds: float | None = None
    """Since the count last rose, as the demo saw it; None before it ever did."""


@dataclass(frozen=True)
class Observation:
    """One look at the cluster."""

    resource: Manifest | None = None
    children: tuple[Manifest, ...] = ()
    reconciles: Reconciles | None = None
    """None while the manager's metrics do not answer."""

    def child(self, kind: str) -> Manifest | None:
        """Return the child of *kind*."""
        return next((child for child in self.children if child["kind"] == kind), None)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of the children that are there."""
        return frozenset(child["kind"] for child in self.children)


def is_child(candidate: Manifest, uid: str) -> bool:
    """Ask whether *candidate* belongs to the resource with *uid*; the quota is the namespace's and belongs to all."""
    owners = candidate["metadata"].get("ownerReferences") or ()
    is_owned = any(owner.get("controller") and owner["uid"] == uid for owner in owners)
    return is_owned or candidate["kind"] == QUOTA.kind


def count_reconciles(text: str, controller: str) -> Reconciles:
    """Read the count of *controller*'s runs from *text*, in Prometheus' format."""
    total = failed = 0.0
    for match in _COUNT.finditer(text):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', match["labels"]))
        if labels.get("controller") == controller:
            total += float(match["value"])
            failed += float(match["value"]) if labels.get("result") == "error" else 0.0
    return Reconciles(int(total), int(failed))


def condition(resource: Manifest | None, kind: str) -> Mapping[str, Any]:
    """Return the condition of type *kind*; an empty mapping if there is none."""
    return next((c for c in conditions(resource) if c["type"] == kind), {})


def conditions(resource: Manifest | None) -> list[Manifest]:
    """Return all conditions of *resource*."""
    return list(((resource or {}).get("status") or {}).get("conditions") or ())
