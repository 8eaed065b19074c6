"""Fields that no type knows, and fields that a body has twice.

What flows in: bodies and schemas. What flows out: what is wrong, in the server's words. Pure. Mirrors sigs.k8s.io/json (strict
decoding) and apiserver pkg/endpoints/handlers/create.go.
"""

import json
from collections.abc import Sequence
from typing import Any

from envtest.embedded.builtin import schemas


def unknown(schema: schemas.Schema, value: object, path: str = "") -> list[str]:
    """Return the paths of the fields of *value* that its type does not have, in order."""
    if isinstance(value, dict):
        return _unknown_in_object(schema, value, path)
    if isinstance(value, list) and schema.items is not None:
        items = enumerate(value)
        return [found for number, item in items for found in unknown(schema.items, item, f"{path}[{number}]")]
    return []


def _unknown_in_object(schema: schemas.Schema, value: dict[str, Any], path: str) -> list[str]:
    if schema.kind not in ("struct", "map"):
        return []
    found = []
    for name, child in value.items():
        below = f"{path}.{name}" if path else name
        known = schema.child(name)
        if known is None:
            found.append(below)
        elif isinstance(child, dict | list):
            found += unknown(known, child, below)
    return found


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON with all that stands in it."""


def duplicates(text: bytes) -> list[str]:
    """Return the paths of the fields that stand in *text* more than once; of what is not JSON, none."""
    has_any = False

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_any
        found = dict(pairs)
        has_any = has_any or len(found) != len(pairs)
        return found

    try:
        json.loads(text, object_pairs_hook=check)
        return _repeated(json.loads(text, object_pairs_hook=_Pairs), "") if has_any else []
    except ValueError:
        return []


def _repeated(value: object, path: str) -> list[str]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        found = []
        for name, child in value:
            below = f"{path}.{name}" if path else name
            found += [below] if name in seen else []
            seen.add(name)
            found += _repeated(child, below)
        return found
    if isinstance(value, list):
        return [found for number, item in enumerate(value) for found in _repeated(item, f"{path}[{number}]")]
    return []


def texts(repeated: Sequence[str], unknown_fields: Sequence[str]) -> list[str]:
    """Say in the server's words what is wrong; what is said of repeated fields is known already."""
    return [*repeated, *(f'unknown field "{path}"' for path in unknown_fields)]


def strict_error(errors: Sequence[str]) -> str:
    """Say all of it in one line."""
    return f"strict decoding error: {', '.join(errors)}"
