"""What a custom kind's schema may say, besides being structural: lists, maps, defaults.

What flows in: a schema as JSON and its path. What flows out: causes. Pure. Mirrors apiextensions-apiserver
pkg/apis/apiextensions/validation/validation.go (the schema's part) and pkg/apiserver/schema/defaulting/validation.go.
"""

from collections.abc import Iterator
from typing import Final

from envtest.embedded.api.status import Cause, Json
from envtest.embedded.apply.json_values import Value
from envtest.embedded.custom import formats, list_types, pruning, schema_validation
from envtest.embedded.validation import field_errors

_TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
_UNSUPPORTED: Final = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_JUNCTORS: Final = ("allOf", "oneOf", "anyOf")
_RESOURCE: Final = frozenset({"metadata", "kind", "apiVersion"})


def children(schema: Json, path: str) -> Iterator[tuple[Json, str]]:
    """Yield the schemas of values, fields and items below *schema*, with their paths."""
    others, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(others, dict):
        yield others, f"{path}.additionalProperties"
    for name, part in schema.get("properties", {}).items():
        yield part, f"{path}.properties[{name}]"
    if isinstance(items, dict):
        yield items, f"{path}.items"


def validate(schema: Json, path: str) -> list[Cause]:
    """Return what is wrong with the words of *schema*."""
    causes = _words(schema, path) + _map_type(schema, path) + _list_type(schema, path) + _list_map(schema, path)
    for part, where in children(schema, path):
        causes += validate(part, where)
    for name in _JUNCTORS:
        for number, part in enumerate(schema.get(name, [])):
            causes += validate(part, f"{path}.{name}[{number}]")
    return causes + (validate(schema["not"], f"{path}.not") if "not" in schema else [])


def _words(schema: Json, path: str) -> list[Cause]:
    kind = schema.get("type", "")
    causes: list[Cause] = []
    if kind and kind not in _TYPES:
        causes.append(field_errors.not_supported(f"{path}.type", kind, _TYPES))
    causes += [field_errors.forbidden(f"{path}.{name}", f"{name} is not supported") for name in _UNSUPPORTED if schema.get(name)]
    if kind == "null":
        words = "type cannot be set to null, use nullable as an alternative"
        causes.append(field_errors.forbidden(f"{path}.type", words))
    if isinstance(schema.get("items"), list):
        causes.append(field_errors.forbidden(f"{path}.items", "items must be a schema object and not an array"))
    if schema.get("uniqueItems"):
        words = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        causes.append(field_errors.forbidden(f"{path}.uniqueItems", words))
    if schema.get("properties") and schema.get("additionalProperties") not in (None, True):
        words = "additionalProperties and properties are mutual exclusive"
        causes.append(field_errors.forbidden(f"{path}.additionalProperties", words))
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        name = f"{path}.x-kubernetes-preserve-unknown-fields"
        causes.append(field_errors.invalid(name, schema["x-kubernetes-preserve-unknown-fields"], "must be true or undefined"))
    return causes


def _of_type(schema: Json, path: str, wanted: str, name: str) -> list[Cause]:
    kind = schema.get("type", "")
    if name not in schema or kind == wanted:
        return []
    words = f"must be {wanted} if {name} is specified"
    return [field_errors.invalid(f"{path}.type", kind, words) if kind else field_errors.required(f"{path}.type", words)]


def _one_of(schema: Json, path: str, name: str, known: tuple[str, ...]) -> list[Cause]:
    if name not in schema or schema[name] in known:
        return []
    return [field_errors.not_supported(f"{path}.{name}", schema[name], known)]


def _map_type(schema: Json, path: str) -> list[Cause]:
    name = "x-kubernetes-map-type"
    return _of_type(schema, path, "object", name) + _one_of(schema, path, name, ("atomic", "granular"))


def _list_type(schema: Json, path: str) -> list[Cause]:
    name, items = "x-kubernetes-list-type", schema.get("items", {})
    causes = _of_type(schema, path, "array", name)
    if not causes and schema.get(name) == "set":
        words = "must be atomic as item of a list with x-kubernetes-list-type=set"
        if items.get("type") == "array" and items.get(name, "atomic") != "atomic":
            causes.append(field_errors.invalid(f"{path}.items.{name}", items[name], words))
        if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
            causes.append(field_errors.invalid(f"{path}.items.x-kubernetes-map-type", items.get(name), words))
    return causes + _one_of(schema, path, name, ("atomic", "set", "map"))


def _list_map(schema: Json, path: str) -> list[Cause]:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys", [])
    where = f"{path}.x-kubernetes-list-map-keys"
    causes: list[Cause] = []
    if keys and kind != "map":
        name, words = f"{path}.x-kubernetes-list-type", "must be map if x-kubernetes-list-map-keys is non-empty"
        causes.append(field_errors.invalid(name, kind, words) if kind else field_errors.required(name, words))
    items = schema.get("items")
    if kind == "map":
        if not keys:
            causes.append(field_errors.required(where, "must not be empty if x-kubernetes-list-type is map"))
        if items is None:
            words = "must have a schema if x-kubernetes-list-type is map"
            causes.append(field_errors.required(f"{path}.items", words))
        elif items.get("type") != "object":
            words = "must be object if parent array's x-kubernetes-list-type is map"
            causes.append(field_errors.invalid(f"{path}.items.type", items.get("type", ""), words))
        else:
            causes += _keys(items, keys, path)
    if kind in ("set", "map") and (items or {}).get("nullable"):
        words = f"cannot be nullable when x-kubernetes-list-type is {kind}"
        causes.append(field_errors.forbidden(f"{path}.items.nullable", words))
    return causes


def _keys(items: Json, keys: list[str], path: str) -> list[Cause]:
    where, known = f"{path}.x-kubernetes-list-map-keys", items.get("properties", {})
    causes: list[Cause] = []
    for number, name in enumerate(keys):
        if name not in known:
            causes.append(field_errors.invalid(where, keys, "entries must all be names of item properties"))
        elif known[name].get("type") in ("array", "object"):
            words = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            causes.append(field_errors.invalid(f"{path}.items.properties[{name}].type", items["type"], words))
        if name in keys[:number]:
            causes.append(field_errors.invalid(where, keys, "must not contain duplicate entries"))
    start = "this property is in x-kubernetes-list-map-keys, so it"
    for name in (each for each in keys if each in known):
        place = f"{path}.items.properties[{name}]"
        if name not in items.get("required", []) and known[name].get("default") is None:
            causes.append(field_errors.required(f"{place}.default", f"{start} must have a default or be a required property"))
        if known[name].get("nullable"):
            causes.append(field_errors.forbidden(f"{place}.nullable", f"{start} cannot be nullable"))
    return causes


def unknown_formats(schema: Json) -> list[str]:
    """Return the formats in *schema* that hold nothing back."""
    name = schema.get("format", "")
    found = [name] if name and not formats.of_type(name, schema.get("type", "")) else []
    return found + [each for part, _ in children(schema, "") for each in unknown_formats(part)]


def forbidden_defaults(schema: Json, path: str) -> list[Cause]:
    """Return the defaults that stand where none may: in the fields that every object has."""
    causes: list[Cause] = []
    for name in sorted(_RESOURCE & schema.get("properties", {}).keys()):
        causes += _defaults_below(schema["properties"][name], f"{path}.properties[{name}]", f"in top-level {name}")
    return causes


def _defaults_below(schema: Json, path: str, reason: str) -> list[Cause]:
    causes = []
    if schema.get("default") is not None:
        causes.append(field_errors.forbidden(f"{path}.default", f"must not be set {reason}"))
    for part, where in children(schema, path):
        causes += _defaults_below(part, where, reason)
    return causes


def defaults(schema: Json, path: str) -> list[Cause]:
    """Return the defaults that the schema itself would not take."""
    causes: list[Cause] = []
    value = schema.get("default")
    if value is not None:
        causes += _default(schema, value, f"{path}.default")
    for part, where in children(schema, path):
        if not where.endswith(".additionalProperties"):
            causes += defaults(part, where)
    return causes


def _default(schema: Json, value: Value, path: str) -> list[Cause]:
    causes: list[Cause] = []
    if isinstance(value, dict) and pruning.unknown_fields(schema, value):
        causes.append(field_errors.invalid(path, value, "must not have unknown fields"))
    found = schema_validation.validate(schema, value) or list_types.validate(schema, value)
    return causes + [
        Cause(cause.type, path if cause.field == field_errors.NO_FIELD else f"{path}.{cause.field}", cause.message)
        for cause in found
    ]
