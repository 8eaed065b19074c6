"""What a custom resource's schema makes of an object before it is validated: unknown fields and useless nulls go, defaults come.

What flows in: a schema as JSON and an object. What flows out: a new object, and the paths of unknown fields. Pure. Mirrors
apiextensions-apiserver pkg/apiserver/schema/pruning and pkg/apiserver/schema/defaulting.
"""

import copy
from collections.abc import Mapping
from typing import Any, Final

from envtest.embedded.api.status import Json
from envtest.embedded.apply.json_values import Value
from envtest.embedded.validation import field_errors

_EVERY_OBJECT: Final = frozenset({"apiVersion", "kind", "metadata"})
_NOTHING: Final[Mapping[str, Any]] = {}


def prune(schema: Json, value: Json) -> tuple[Json, list[str]]:
    """Return *value* without what *schema* does not know, and the paths of that, sorted."""
    unknown: list[str] = []
    root = {**schema, "x-kubernetes-embedded-resource": True}
    pruned: Json = _prune(root, value, "", unknown)
    return pruned, sorted(unknown)


def unknown_fields(schema: Json, value: Value) -> list[str]:
    """Return the paths in *value* that *schema* does not know."""
    unknown: list[str] = []
    _prune(schema, value, "", unknown)
    return unknown


def _preserves(schema: Json | None) -> bool:
    return schema is not None and bool(schema.get("x-kubernetes-preserve-unknown-fields"))


def _prune(schema: Json | None, value: Value, path: str, unknown: list[str]) -> Value:
    """Return *value* as *schema* knows it; below None nothing is known."""
    if isinstance(value, list):
        items = schema.get("items") if schema else None
        if items is None and _preserves(schema):
            return copy.deepcopy(value)
        if items is not None and _preserves(schema):
            items = {**items, "x-kubernetes-preserve-unknown-fields": True}
        return [_prune(items, item, field_errors.index(path, at), unknown) for at, item in enumerate(value)]
    return _prune_object(schema, value, path, unknown) if isinstance(value, dict) else value


def _prune_object(schema: Json | None, value: Json, path: str, unknown: list[str]) -> Json:
    known = schema.get("properties", _NOTHING) if schema else _NOTHING
    others = schema.get("additionalProperties") if schema else None
    is_resource = schema is not None and schema.get("x-kubernetes-embedded-resource")
    kept = {}
    for name, entry in value.items():
        where = field_errors.child(path, name)
        if (is_resource and name in _EVERY_OBJECT) or (_preserves(schema) and name not in known and others is None):
            kept[name] = copy.deepcopy(entry)
        elif name in known:
            kept[name] = _prune(known[name], entry, where, unknown)
        elif others:
            kept[name] = _prune(others if isinstance(others, dict) else None, entry, where, unknown)
        else:
            unknown.append(where)
    return kept


def _below(schema: Json | None, name: str) -> Json | None:
    if not schema:
        return None
    others = schema.get("additionalProperties")
    found: Json | None = schema.get("properties", _NOTHING).get(name, others if isinstance(others, dict) else None)
    return found


def drop_nulls(schema: Json | None, value: Value) -> Value:
    """Return *value* without the nulls of fields that can neither be null nor have a default."""
    if isinstance(value, dict):
        below = {name: _below(schema, name) for name in value}
        return {
            name: drop_nulls(below[name], entry)
            for name, entry in value.items()
            if entry is not None or not _must_not_be_null(below[name])
        }
    items = schema.get("items") if schema else None
    return [drop_nulls(items, item) for item in value] if isinstance(value, list) else value


def _must_not_be_null(schema: Json | None) -> bool:
    return schema is not None and not schema.get("nullable") and schema.get("default") is None


def default(schema: Json | None, value: Value) -> Value:
    """Return *value* with the defaults of *schema* where fields are missing, or null where they cannot be."""
    if not schema:
        return value
    if isinstance(value, list):
        items = schema.get("items")
        return [default(items, _or_default(items, item)) for item in value]
    if not isinstance(value, dict):
        return value
    known = schema.get("properties", _NOTHING)
    whole = {name: _or_default(_below(schema, name), entry) for name, entry in value.items()}
    for name, part in known.items():
        if name not in whole and part.get("default") is not None:
            whole[name] = copy.deepcopy(part["default"])
    return {name: default(_below(schema, name), entry) for name, entry in whole.items()}


def _or_default(schema: Json | None, value: Value) -> Value:
    """Return the default in the place of a null that cannot be; without a default it stays, to be refused."""
    if value is not None or schema is None or schema.get("nullable"):
        return value
    return copy.deepcopy(schema.get("default"))
