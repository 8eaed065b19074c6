"""The OpenAPI documents that clients look into: kubectl before it validates, applies or explains.

What flows in: the registry and the built-in definitions. What flows out: encoded documents, made when they are asked for. The
loop's thread. Mirrors kube-openapi pkg/handler3; deviations: no descriptions, and of the operations only those that say which
query parameters a patch takes.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources

_INDEX = "/openapi/v3"
_REFERENCE = "#/components/schemas/"
_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": True}}
    for name, kind in (("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string"), ("force", "boolean"))
]


class Documents:
    """Makes the documents, each anew only if what it tells of has changed."""

    def __init__(self, registry: resources.Registry, version: str) -> None:
        self._registry = registry
        self._info = {"title": "Kubernetes", "version": f"v{version}"}
        self._made: dict[str, tuple[tuple[resources.Resource, ...], bytes]] = {}

    def find(self, path: str) -> bytes | None:
        """Return the document at *path*, None if there is none."""
        if path == "/openapi/v2":
            return msgspec.json.encode({"swagger": "2.0", "info": self._info, "paths": {}, "definitions": {}})
        if path.rstrip("/") == _INDEX:
            return self._index()
        place = path.removeprefix(f"{_INDEX}/")
        return self._document(place) if place != path and place in self._served() else None

    def _served(self) -> dict[str, tuple[resources.Resource, ...]]:
        """Return what is served below each path of a group and version."""
        found: dict[str, tuple[resources.Resource, ...]] = {}
        for resource in self._registry.all():
            root = "apis" if resource.group else "api"
            place = f"{root}/{resource.api_version}"
            found[place] = (*found.get(place, ()), resource)
        return found

    def _index(self) -> bytes:
        paths = {place: {"serverRelativeURL": f"{_INDEX}/{place}?hash={self._hash(place)}"} for place in self._served()}
        return msgspec.json.encode({"paths": paths})

    def _hash(self, place: str) -> str:
        return hashlib.sha256(self._document(place)).hexdigest().upper()

    def _document(self, place: str) -> bytes:
        served = self._served()[place]
        known = self._made.get(place)
        if known is None or known[0] != served:
            known = self._made[place] = (served, msgspec.json.encode(self._make(place, served)))
        return known[1]

    def _make(self, place: str, served: tuple[resources.Resource, ...]) -> Json:
        schemas: Json = {}
        paths: Json = {}
        for resource in served:
            name = resource.schema.name or _name_of(resource)
            schemas[name] = _custom(resource) if resource.is_custom else resources.data("definitions")[name]
            namespace = "/namespaces/{namespace}" if resource.is_namespaced else ""
            kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
            patch = {"parameters": _PARAMETERS, "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind}
            paths[f"/{place}{namespace}/{resource.plural}/{{name}}"] = {"patch": {**patch, "responses": {}}}
        _add_referenced(schemas)
        return {"openapi": "3.0.0", "info": self._info, "paths": paths, "components": {"schemas": schemas}}


def _name_of(resource: resources.Resource) -> str:
    reversed_group = ".".join(reversed(resource.group.split(".")))
    return f"{reversed_group}.{resource.version}.{resource.kind}"


def _custom(resource: resources.Resource) -> Json:
    node = ((resource.definition or {}).get("schema") or {}).get("openAPIV3Schema") or {"type": "object"}
    own = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"allOf": [{"$ref": _REFERENCE + _OBJECT_META}]},
    }
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    return {**node, "properties": {**(node.get("properties") or {}), **own}, "x-kubernetes-group-version-kind": [kind]}


def _add_referenced(schemas: Json) -> None:
    """Add what is referred to, until all is there."""
    definitions = resources.data("definitions")
    waiting = list(schemas.values())
    while waiting:
        for name in _references(waiting.pop()):
            if name not in schemas and name in definitions:
                schemas[name] = definitions[name]
                waiting.append(definitions[name])


def _references(node: Any) -> Iterator[str]:  # noqa: ANN401 (JSON)
    if isinstance(node, dict):
        if isinstance(target := node.get("$ref"), str):
            yield target.removeprefix(_REFERENCE)
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
