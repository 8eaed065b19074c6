"""A custom resource's schema as the rows of a table: each field's name, type, default and bounds, in words.

What flows in: a structural schema. What flows out: rows as a documentation page has them. Pure.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One field."""

    field: str
    """Its path below the schema; elements of lists are ``[]``, keys of maps ``[key]``."""
    type: str
    default: str
    bounds: str


def rows(schema: dict[str, Any], path: str = "") -> Iterator[Row]:
    """Yield a row for each field below *schema*, fields of fields after their own."""
    for name, field in schema.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        yield Row(place, _type(field), _default(field, is_required=name in schema.get("required", ())), _bounds(field))
        yield from rows(field, place)
        yield from rows(field.get("items", {}), f"{place}[]")
        values = field.get("additionalProperties")
        if values is not None:
            yield Row(f"{place}[key]", _type(values), "none", _bounds(values))


def _type(schema: dict[str, Any]) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if "additionalProperties" in schema:
        return "map"
    return {"array": "list"}.get(schema["type"], str(schema["type"]))


def _default(schema: dict[str, Any], *, is_required: bool) -> str:
    if "default" in schema:
        return f"`{json.dumps(schema['default'])}`"
    return "required" if is_required else "none"


def _bounds(schema: dict[str, Any]) -> str:
    found = []
    if "minimum" in schema:
        found.append(f"{schema['minimum']} to {schema['maximum']}" if "maximum" in schema else f"{schema['minimum']} or more")
    if "maxLength" in schema:
        found.append(f"{schema.get('minLength', 0)} to {schema['maxLength']} characters")
    if "pattern" in schema:
        found.append(f"`{schema['pattern']}`".replace("|", "\\|"))
    if "enum" in schema:
        found.append(", ".join(schema["enum"]))
    most = schema.get("maxItems", schema.get("maxProperties"))
    if most is not None:
        found.append(f"{schema.get('minItems', 0)} to {most} entries")
    items = schema.get("items", {})
    if "maxLength" in items:
        found.append(f"each 0 to {items['maxLength']} characters")
    return "; ".join(found) or "none"
