"""Who owns the number of replicas, seen from the scale subresource.

What flows in: an object and its Scale. What flows out: each with the managedFields that the other's say. Pure, safe in any
thread. Mirrors apimachinery pkg/util/managedfields/scalehandler.go, with what looks odd there: entries that a Scale brings have
no time; an updater of the object loses the number to an entry of its own, and has two entries until the next write.
"""

from dataclasses import dataclass
from typing import Any, Final

from envtest.embedded.apply import entries, fieldsets
from envtest.embedded.builtin import resources, schemas

Json = dict[str, Any]

_IN_SCALE = ("f:spec", "f:replicas")


@dataclass(frozen=True)
class _Scale:
    """What `managed_fields` has to know of a Scale."""

    api_version: str = "autoscaling/v1"
    version: str = "v1"
    kind: str = "Scale"
    is_custom: bool = False
    subresources: frozenset[str] = frozenset()

    @property
    def schema(self) -> schemas.Schema:
        return resources.definition("io.k8s.api.autoscaling.v1.Scale")


SCALE: Final = _Scale()
"""The kind of the subresource."""


def to_scale(resource: resources.Resource, live: Json, scale: Json) -> Json:
    """Return *scale* with the managers of the number of replicas of *live*."""
    place = _place(resource)
    managed = {
        who: entries.Owned(fieldsets.of([_IN_SCALE]), SCALE.api_version, owned.time)
        for who, owned in entries.of(live).items()
        if place and owned.api_version == resource.api_version and owned.fields.has(place)
    }
    return entries.put(scale, managed)


def from_scale(resource: resources.Resource, live: Json, scale: Json) -> Json:
    """Return *live* with the managers of the number of replicas that *scale* has."""
    place = _place(resource)
    own, brought = entries.of(live), entries.of(scale)
    is_kept = own.keys() & brought.keys()
    managed: list[tuple[entries.Identity, entries.Owned]] = []
    for who, owned in own.items():
        if not owned.fields.has(place) or who in is_kept:
            managed.append((who, owned))
        elif rest := owned.fields - fieldsets.of([place]):
            managed.append((who, entries.Owned(rest, owned.api_version, owned.time)))
    managed += [
        (who, entries.Owned(fieldsets.of([place]), resource.api_version, None))
        for who, owned in brought.items()
        if owned.fields.has(_IN_SCALE) and not (who in is_kept and own[who].fields.has(place))
    ]
    return entries.put_list(live, entries.write(managed))


def _place(resource: resources.Resource) -> fieldsets.Path:
    """Return where the kind has its number of replicas; empty if it has none."""
    if not resource.is_custom:
        return _IN_SCALE
    scale = ((resource.definition or {}).get("subresources") or {}).get("scale") or {}
    names = str(scale.get("specReplicasPath", "")).removeprefix(".")
    return tuple(fieldsets.field(name) for name in names.split(".") if name)
