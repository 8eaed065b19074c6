"""Whether lists of type set and map hold nothing twice.

What flows in: a schema as JSON and an object. What flows out: causes. Pure. Mirrors apiextensions-apiserver
pkg/apiserver/schema/listtype/validation.go.
"""

import json
from collections.abc import Sequence
from typing import Any

from envtest.embedded.api.status import Cause, Json
from envtest.embedded.apply.json_values import Value
from envtest.embedded.validation import field_errors


def validate(schema: Json, value: Value, path: str = "") -> list[Cause]:
    """Return what stands twice in the lists of *value*."""
    causes: list[Cause] = []
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, entry in value.items():
            if isinstance(others, dict) and name not in known:
                causes += validate(others, entry, field_errors.key(path, name))
            elif name in known:
                causes += validate(known[name], entry, field_errors.child(path, name))
    elif isinstance(value, list):
        causes += _list(schema, value, path)
        items = schema.get("items")
        if isinstance(items, dict):
            for number, item in enumerate(value):
                causes += validate(items, item, field_errors.index(path, number))
    return causes


def _list(schema: Json, value: list[Any], path: str) -> list[Cause]:
    kind = schema.get("x-kubernetes-list-type")
    if kind == "set":
        return [field_errors.duplicate(field_errors.index(path, at), value[at]) for at in _repeated(value)]
    if kind != "map":
        return []
    for number, item in enumerate(value):
        if item is not None and not isinstance(item, dict):
            where = field_errors.index(path, number)
            return [field_errors.invalid(where, item, "must be an object for an array of list-type map")]
    names = schema.get("x-kubernetes-list-map-keys", ())
    keys = [{name: item[name] for name in names if name in item} if item else {} for item in value]
    return [field_errors.duplicate(field_errors.index(path, at), keys[at]) for at in _repeated(keys)]


def _repeated(values: Sequence[Any]) -> list[int]:
    """Return where a value stands for the second time."""
    seen: dict[str, int] = {}
    found = []
    for at, value in enumerate(values):
        text = json.dumps(value, sort_keys=True)
        seen[text] = seen.get(text, 0) + 1
        if seen[text] == 2:
            found.append(at)
    return found
