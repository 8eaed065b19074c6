"""The tree of types that merging, defaulting and validation walk.

What flows in: OpenAPI nodes, of the real server's documents or of a CustomResourceDefinition. What flows out: `Schema`. Pure; a
schema is built when it is first looked at, because types are recursive. Called by the server's thread, and safe in any. Mirrors
k8s.io/kube-openapi pkg/schemaconv.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Json = dict[str, Any]
Value = Any  # what JSON may have: text, number, boolean, null, list or object
Node = Mapping[str, Any]
Resolve = Callable[[str], "Schema"]

Kind = Literal["scalar", "map", "struct", "list", "any"]
ListType = Literal["atomic", "set", "map"]

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
"""Name of the definition of metadata."""

_RAW_EXTENSION = "io.k8s.apimachinery.pkg.runtime.RawExtension"
_TEXT: Node = {"type": "string"}
_REFERENCE = "#/components/schemas/"
_SCALARS_BY_FORMAT = {"int-or-string": "int-or-string", "byte": "bytes", "date-time": "time"}
_GO_TYPES = {
    "int32": "int32",
    "int64": "int64",
    "boolean": "bool",
    "number": "float64",
    "double": "float64",
    "byte": "[]uint8",
    "date-time": "v1.Time",
}
_SCALARS_BY_NAME = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "micro-time",
}


class Missing:
    """What stands where there is no default."""

    def __repr__(self) -> str:
        """Return the constant's name."""
        return "MISSING"


MISSING: Final = Missing()
"""There is no default."""


@dataclass(frozen=True, eq=False)
class Schema:
    """One type; equal to itself only, so it can be a key of caches."""

    kind: Kind
    """What it is: struct has named properties, map has values of one type, any is what nothing is known of."""
    scalar: str = ""
    """Of scalars: string, integer, number, boolean, quantity, int-or-string, time, micro-time, bytes; empty: unknown."""
    properties: Mapping[str, "Schema"] = field(default_factory=dict)
    items: "Schema | None" = None
    """Of lists and maps, their values; of structs, the values of unknown properties where those are kept, else None."""
    is_atomic: bool = False
    """Whether it has one owner as a whole; for lists as `list_type` says."""
    list_type: ListType = "atomic"
    keys: tuple[str, ...] = ()
    """What tells the items of a list of type map apart."""
    merge_key: str = ""
    """The same for strategic merge patches, empty for lists of scalars."""
    patch_strategy: frozenset[str] = frozenset()
    """Of a strategic merge patch: merge, replace, retainKeys."""
    default: object = MISSING
    """What an absent value becomes; to be copied before it goes into an object."""
    is_nullable: bool = False
    name: str = ""
    """Of built-in types, the name of the definition."""
    raw: Node = field(default_factory=dict, repr=False)
    """The OpenAPI node."""

    def child(self, name: str) -> "Schema | None":
        """Return the type of the property or value *name*, None if there is no such property."""
        if self.kind == "any":
            return self
        return self.properties.get(name, self.items)

    @property
    def go_type(self) -> str:
        """The Go type that an error message would call this by, where the type has no name of its own."""
        if self.kind == "scalar":
            return _GO_TYPES.get(self.raw.get("format", "") or self.scalar, self.scalar)
        if self.items and self.kind != "struct":
            return ("[]" if self.kind == "list" else "map[string]") + self.items.go_type
        return ".".join(self.name.split(".")[-2:])


ANY: Final = Schema("any")
"""The type of what nothing is known of: merged as deduced, maps by keys and lists as a whole."""
ATOMIC: Final = Schema("any", is_atomic=True)
"""The type of what nothing is known of and that is merged as a whole."""


@dataclass(frozen=True)
class _Context:
    """What is known around a node."""

    resolve: Resolve
    keeps_unknown: bool = False
    """Whether a node above said x-kubernetes-preserve-unknown-fields, which holds for all below it when they are merged."""


class _Properties(Mapping[str, Schema]):
    """The properties of a struct, converted at their first use."""

    def __init__(self, nodes: Mapping[str, Node], context: _Context) -> None:
        self._nodes = nodes
        self._context = context
        self._built: dict[str, Schema] = {}

    def __getitem__(self, name: str) -> Schema:
        found = self._built.get(name)
        if found is None:
            found = self._built[name] = _convert(self._nodes[name], self._context)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


def from_openapi(node: Node, resolve: Resolve) -> Schema:
    """Convert an OpenAPI node.

    Args:
        node: A node of a v3 document or of a custom kind's structural schema.
        resolve: Returns the type of a definition by its name.
    """
    return _convert(node, _Context(resolve))


def from_definitions(definitions: Mapping[str, Node]) -> Resolve:
    """Return what resolves the names of *definitions*, each once."""
    known: dict[str, Schema] = {}

    def resolve(name: str) -> Schema:
        if name not in known:
            known[name] = dataclasses.replace(_definition(name, definitions[name], resolve), name=name)
        return known[name]

    return resolve


def custom(node: Node, resolve: Resolve) -> Schema:
    """Convert the schema of a custom kind: its metadata is everybody's.

    Args:
        node: The openAPIV3Schema, empty if there is none.
        resolve: Resolves the built-in definitions.
    """
    return from_openapi({"type": "object", **node, "x-kubernetes-embedded-resource": True}, resolve)


def _reference(node: Node) -> str:
    target = node.get("$ref") or next((part["$ref"] for part in node.get("allOf", ()) if "$ref" in part), "")
    return str(target).removeprefix(_REFERENCE)


def _convert(node: Node, context: _Context) -> Schema:
    beside = _beside(node)
    if reference := _reference(node):
        target = context.resolve(reference)
        return dataclasses.replace(target, **beside) if beside else target
    if node.get("x-kubernetes-preserve-unknown-fields"):
        context = dataclasses.replace(context, keeps_unknown=True)
    return dataclasses.replace(_own(node, context), **beside, raw=node)


def _beside(node: Node) -> dict[str, Any]:
    """Read what may stand beside a reference, too."""
    found: dict[str, Any] = {}
    if "default" in node:
        found["default"] = node["default"]
    if node.get("nullable"):
        found["is_nullable"] = True
    if strategy := node.get("x-kubernetes-patch-strategy"):
        found["patch_strategy"] = frozenset(strategy.split(","))
    if map_type := node.get("x-kubernetes-map-type"):
        found["is_atomic"] = map_type == "atomic"
    return found


def _definition(name: str, node: Node, resolve: Resolve) -> Schema:
    if scalar := _SCALARS_BY_NAME.get(name):
        return Schema("scalar", scalar=scalar, raw=node)
    return ATOMIC if name == _RAW_EXTENSION else from_openapi(node, resolve)


def _own(node: Node, context: _Context) -> Schema:
    """Convert what is written in the node itself."""
    if node.get("x-kubernetes-int-or-string"):
        return Schema("scalar", scalar="int-or-string")
    kind: str = node.get("type", "")
    if kind == "array":
        return _list(node, context)
    if kind == "object":
        return _object(node, context)
    return Schema("scalar", scalar=_SCALARS_BY_FORMAT.get(node.get("format", ""), kind)) if kind else ANY


def _list(node: Node, context: _Context) -> Schema:
    merge_key = node.get("x-kubernetes-patch-merge-key", "")
    list_type, keys = node.get("x-kubernetes-list-type", ""), tuple(node.get("x-kubernetes-list-map-keys", ()))
    if not list_type and "merge" in node.get("x-kubernetes-patch-strategy", "").split(","):
        list_type, keys = ("map", (merge_key,)) if merge_key else ("set", ())
    return Schema(
        "list",
        items=_convert(node["items"], context) if "items" in node else ATOMIC,
        list_type=list_type or "atomic",
        is_atomic=list_type in ("", "atomic"),
        keys=keys,
        merge_key=merge_key,
    )


def _object(node: Node, context: _Context) -> Schema:
    nodes: Mapping[str, Node] = node.get("properties", {})
    if node.get("x-kubernetes-embedded-resource"):
        nodes = {**nodes, "apiVersion": _TEXT, "kind": _TEXT, "metadata": {"$ref": _REFERENCE + OBJECT_META}}
    values = node.get("additionalProperties")
    if not nodes:
        return Schema("map", items=_convert(values, context)) if isinstance(values, Mapping) and values else ANY
    if isinstance(values, Mapping):
        items: Schema | None = _convert(values, context)
    else:
        items = ANY if values or (values is None and context.keeps_unknown) else None
    return Schema("struct", properties=_Properties(nodes, context), items=items)
