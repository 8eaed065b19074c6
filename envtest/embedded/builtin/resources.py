"""The resources that the server serves: built-in ones from data, custom ones as definitions come and go.

What flows in: the files of ``data/``, which `extract` wrote; definitions of custom resources. What flows out: `Resource`. The
server's thread. Mirrors k8s.io/apiserver pkg/registry/generic/registry (what a store knows of its kind).
"""

import functools
import json
import pathlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from envtest.embedded.builtin import schemas

Json = dict[str, Any]

_DATA = pathlib.Path(__file__).with_name("data")
_ALL_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


def data(name: str) -> Json:
    """Return the content of a file of ``data/``; read once, so do not change it."""
    return _data(name)


@functools.cache
def _data(name: str) -> Json:
    found: Json = json.loads(_DATA.joinpath(f"{name}.json").read_bytes())
    return found


@functools.cache
def _resolver() -> schemas.Resolve:
    return schemas.from_definitions(data("definitions"))


def definition(name: str) -> schemas.Schema:
    """Return the type of a built-in definition, by its name in OpenAPI."""
    return _resolver()(name)


def custom_schema(node: schemas.Node) -> schemas.Schema:
    """Return the type of a custom kind, which has everybody's metadata, from its openAPIV3Schema."""
    return schemas.custom(node, definition)


@dataclass(frozen=True)
class Column:
    """A column of what ``kubectl get`` prints."""

    name: str
    type: str
    format: str = ""
    description: str = ""
    priority: int = 0
    json_path: str = ""
    """Of custom kinds, where the cell's value is."""


@dataclass(frozen=True, eq=False)
class Resource:
    """A kind as it is served in one version."""

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    is_namespaced: bool
    schema: schemas.Schema = schemas.ANY
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = _ALL_VERBS
    subresources: frozenset[str] = frozenset()
    """Such as status and scale."""
    columns: tuple[Column, ...] = ()
    is_custom: bool = False
    definition: Json | None = field(default=None, repr=False)
    """Of custom kinds, the version's part of the CustomResourceDefinition."""
    subresource_entries: tuple[Json, ...] = field(default=(), repr=False)
    """Of built-in kinds, what discovery says of each subresource."""
    storage_version_hash: str = ""

    @functools.cached_property
    def api_version(self) -> str:
        """Group and version as objects have them, such as apps/v1."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @functools.cached_property
    def storage_key(self) -> str:
        """What all versions of the resource have in common, such as deployments.apps; the name that messages have."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @functools.cached_property
    def list_kind(self) -> str:
        """The kind of a list of them."""
        names = (self.definition or {}).get("names") or {}
        return str(names.get("listKind") or f"{self.kind}List")


class Registry:
    """All resources that are served at present."""

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._by_plural: dict[tuple[str, str, str], Resource] = {}
        self._by_kind: dict[tuple[str, str], Resource] = {}
        for resource in resources:
            self.add(resource)

    @classmethod
    def built_in(cls) -> Self:
        """Return a registry of the built-in kinds."""
        return cls(_built_in())

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource that a path names, None if it is not served."""
        return self._by_plural.get((group, version, plural))

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """Return the resource that an object is of, None if it is not served."""
        return self._by_kind.get((api_version, kind))

    def add(self, resource: Resource) -> None:
        """Serve a resource, instead of one that has its group, version and plural."""
        self.remove(resource.group, resource.version, resource.plural)
        self._by_plural[resource.group, resource.version, resource.plural] = resource
        self._by_kind[resource.api_version, resource.kind] = resource

    def remove(self, group: str, version: str, plural: str) -> None:
        """Serve a resource no longer; harmless if it is not served."""
        found = self._by_plural.pop((group, version, plural), None)
        if found and self._by_kind.get((found.api_version, found.kind)) is found:
            del self._by_kind[found.api_version, found.kind]

    def all(self) -> list[Resource]:
        """Return all resources, in the order in which they were added."""
        return list(self._by_plural.values())

    def groups(self) -> list[str]:
        """Return the groups that are served, the core's empty name among them."""
        return list(dict.fromkeys(resource.group for resource in self._by_plural.values()))

    def versions(self, group: str) -> list[str]:
        """Return the versions of a group that are served, the preferred one first."""
        found = {resource.version for resource in self._by_plural.values() if resource.group == group}
        return sorted(found, key=version_priority, reverse=True)


def version_priority(version: str) -> tuple[int, int, int, str]:
    """Return what sorts versions: v2 above v1 above v1beta2 above v1beta1 above v1alpha1 above anything else."""
    body, _, minor = version.partition("beta")
    stability = 2 if minor else 3
    if not minor and "alpha" in version:
        body, _, minor = version.partition("alpha")
        stability = 1
    major = body.removeprefix("v")
    if not body.startswith("v") or not major.isdecimal() or (stability < 3 and not minor.isdecimal()):
        return (0, 0, 0, "".join(chr(0x10FFFF - ord(letter)) for letter in version))
    return (stability, int(major), int(minor or 0), "")


@functools.cache
def _built_in() -> tuple[Resource, ...]:
    names = _names_of_kinds()
    return tuple(
        _from_discovery(api_version, entry, entries, names)
        for api_version, entries in data("discovery").items()
        for entry in entries
        if "/" not in entry["name"]
    )


def _from_discovery(api_version: str, entry: Json, entries: list[Json], names: Mapping[tuple[str, str, str], str]) -> Resource:
    group, _, version = api_version.rpartition("/")
    own = [other for other in entries if other["name"].startswith(entry["name"] + "/")]
    return Resource(
        group=group,
        version=version,
        plural=entry["name"],
        singular=entry["singularName"],
        kind=entry["kind"],
        is_namespaced=entry["namespaced"],
        schema=definition(names[group, version, entry["kind"]]),
        short_names=tuple(entry.get("shortNames", ())),
        categories=tuple(entry.get("categories", ())),
        verbs=tuple(entry["verbs"]),
        subresources=frozenset(other["name"].partition("/")[2] for other in own),
        columns=tuple(Column(**column) for column in data("columns")[f"{api_version}/{entry['name']}"]),
        subresource_entries=tuple(own),
        storage_version_hash=entry.get("storageVersionHash", ""),
    )


def _names_of_kinds() -> dict[tuple[str, str, str], str]:
    return {
        (kind["group"], kind["version"], kind["kind"]): name
        for name, node in data("definitions").items()
        for kind in node.get("x-kubernetes-group-version-kind", ())
    }
