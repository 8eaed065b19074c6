"""Paths to a field such as ``.spec.ports['http']``, as rules and selectable fields have them.

What flows in: a schema as JSON and a path. What flows out: the field's schema, and the path as messages have it. Pure. Mirrors
apiextensions-apiserver pkg/apiserver/schema/cel/validation.go (ValidFieldPath).
"""

import re
from typing import Final

from envtest.embedded.api.status import Json

_PART: Final = re.compile(r"\.([^.\[\]]+)|\['((?:[^'\\]|\\.)*)'\]")


class BadPathError(ValueError):
    """A text is no path, or leads nowhere; the message is the server's."""


def resolve(schema: Json, text: str, with_brackets: bool = True) -> tuple[Json, str]:
    """Return the schema of the field that *text* leads to from *schema*, and the path as it stands in messages.

    Raises:
        BadPathError: It leads nowhere.
    """
    at, printed = 0, ""
    while at < len(text):
        if text[at] == "[" and not with_brackets:
            raise BadPathError("array notation is not allowed")
        found = _PART.match(text, at)
        if not found:
            raise BadPathError(f"expected [ or . but got: {text[at:]}")
        name = found[1] if found[1] is not None else re.sub(r"\\(.)", r"\1", found[2])
        schema, printed = _step(schema, name, printed)
        at = found.end()
    return schema, printed


def _step(schema: Json, name: str, printed: str) -> tuple[Json, str]:
    known, others = schema.get("properties"), schema.get("additionalProperties")
    if known:
        if name in known:
            return known[name], f"{printed}.{name}" if printed else name
    elif isinstance(others, dict):
        return others, f"{printed}[{name}]"
    raise BadPathError("does not refer to a valid field")
