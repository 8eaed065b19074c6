"""A second opinion on structural schemas: what the API server checks, without its rules, in a page.

What flows in: JSON values and a rendered schema. What flows out: what is wrong with the value, or with the schema's bounds.
"""

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def problems(value: Any, schema: dict[str, Any], path: str = "$") -> Iterator[str]:
    """Yield what *schema* refuses about *value*; an unknown field counts, as under strict validation."""
    if schema.get("x-kubernetes-int-or-string"):
        is_right_type = isinstance(value, int | str) and not isinstance(value, bool)
    else:
        is_right_type = isinstance(value, _TYPES[schema["type"]]) and (schema["type"] == "boolean") == isinstance(value, bool)
    if not is_right_type:
        yield f"{path}: {value!r} is no {schema.get('type', 'int or string')}"
    elif isinstance(value, dict):
        yield from _object_problems(value, schema, path)
    elif isinstance(value, list):
        yield from _size_problems(len(value), schema, "Items", path)
        for index, item in enumerate(value):
            yield from problems(item, schema["items"], f"{path}[{index}]")
    elif isinstance(value, str):
        yield from _string_problems(value, schema, path)
    elif not isinstance(value, bool) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{path}: {value} is out of range"


def _object_problems(value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    yield from (f"{path}.{name}: required" for name in schema.get("required", ()) if name not in value)
    yield from _size_problems(len(value), schema, "Properties", path)
    for name, item in value.items():
        known = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
        if known is None:
            yield f"{path}.{name}: unknown"
        else:
            yield from problems(item, known, f"{path}.{name}")


def _string_problems(value: str, schema: dict[str, Any], path: str) -> Iterator[str]:
    yield from _size_problems(len(value), schema, "Length", path)
    if not re.search(schema.get("pattern", ""), value):
        yield f"{path}: does not match {schema['pattern']}"
    if value not in schema.get("enum", (value,)):
        yield f"{path}: none of {schema['enum']}"


def _size_problems(size: int, schema: dict[str, Any], what: str, path: str) -> Iterator[str]:
    if size < schema.get(f"min{what}", 0) or size > schema.get(f"max{what}", size):
        yield f"{path}: {size} {what}"


def unbounded(schema: dict[str, Any], path: str = "$") -> Iterator[str]:
    """Yield the strings, lists and maps of *schema* that have no upper bound."""
    kind = "string" if schema.get("x-kubernetes-int-or-string") else schema["type"]
    limits = {"string": "maxLength", "array": "maxItems"}
    limit = "maxProperties" if "additionalProperties" in schema else limits.get(kind)
    if limit and limit not in schema and "enum" not in schema:
        yield f"{path} has no {limit}"
    for name, item in schema.get("properties", {}).items():
        yield from unbounded(item, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from unbounded(schema[key], f"{path}.{key}")


def walk(schema: dict[str, Any], path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each place of *schema* with its path."""
    yield path, schema
    for name, item in schema.get("properties", {}).items():
        yield from walk(item, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from walk(schema[key], f"{path}.{key}")
