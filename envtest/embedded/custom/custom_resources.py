"""The resources that a CustomResourceDefinition defines.

What flows in: a definition. What flows out: one `Resource` for each served version. Pure. Mirrors apiextensions-apiserver
pkg/apiserver/customresource_discovery_controller.go and customresource_handler.go.
"""

from typing import Final

from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources
from envtest.embedded.builtin.resources import Column, Resource

_AGE: Final = Column(
    name="Age",
    type="date",
    description=(
        "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be"
        " set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339"
        " form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info:"
        " https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
    ),
    json_path=".metadata.creationTimestamp",
)
"""The column of kinds whose definition names none."""


def resources_of(definition: Json) -> list[Resource]:
    """Return the resources of *definition*, the preferred version first."""
    spec = definition["spec"]
    versions = [version for version in spec["versions"] if version.get("served")]
    versions.sort(key=lambda version: resources.version_priority(version["name"]), reverse=True)
    return [_resource(spec, version) for version in versions]


def is_same(one: Resource, other: Resource) -> bool:
    """Ask whether two resources of one name came from the same version of a definition."""
    names = ("kind", "singular", "short_names", "categories", "is_namespaced", "definition")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _resource(spec: Json, version: Json) -> Resource:
    names = spec["names"]
    return Resource(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        singular=names["singular"],
        kind=names["kind"],
        is_namespaced=spec["scope"] == "Namespaced",
        schema=resources.custom_schema(version["schema"]["openAPIV3Schema"]),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=frozenset(version.get("subresources") or ()),
        columns=_columns(version),
        is_custom=True,
        definition={**version, "names": names},
    )


def _columns(version: Json) -> tuple[Column, ...]:
    columns = version.get("additionalPrinterColumns") or []
    return tuple(
        Column(
            name=each["name"],
            type=each["type"],
            format=each.get("format", ""),
            description=each.get("description", "")
            or f"Custom resource definition column (in JSONPath format): {each['jsonPath']}",
            priority=each.get("priority", 0),
            json_path=each["jsonPath"],
        )
        for each in columns
    ) or (_AGE,)
