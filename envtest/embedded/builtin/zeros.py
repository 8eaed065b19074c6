"""The empty object of a built-in kind: what a creation is compared with.

What flows in: a kind's schema. What flows out: the fields that every object of it has, with nothing in them. They are there
before the creator sets anything, so it does not own them. Pure, safe in any thread. Go's encoding/json leaves a field out if it
is empty and optional, but not a struct; the OpenAPI documents tell them by their defaults, and nulls were recorded.
"""

import functools
from typing import Any

from envtest.embedded.apply.entries import Target
from envtest.embedded.builtin import resources, schemas

Json = dict[str, Any]


def zero(resource: Target) -> Json:
    """Return the empty object of *resource*, which must not be changed; of custom kinds it has nothing."""
    return {} if resource.is_custom else _zero(resource.schema)


@functools.cache
def _zero(schema: schemas.Schema) -> Json:
    """Return a struct's fields that are never left out."""
    required = schema.raw.get("required", ())
    recorded = resources.data("decoding").get(schema.name, {}).get("defaults", {})
    found: Json = {}
    for name, field in schema.properties.items():
        if field.kind == "struct" and field.default == {}:
            found[name] = _zero(field)
        elif field.default in ("", 0):
            found[name] = field.default
        elif recorded.get(name, "") is None or (field.kind in ("list", "map") and name in required):
            found[name] = None
    return found
