"""What a rule sees of an object.

What flows in: a schema as JSON and a value. What flows out: the value with the names and types of CEL. Pure. Mirrors
k8s.io/apiserver pkg/cel/common/values.go and pkg/cel/escaping.go. Deviation: lists of type set and map compare as lists.
"""

import base64
import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from envtest.embedded.api.status import Json
from envtest.embedded.apply.json_values import Value
from envtest.embedded.tables import durations

_RESERVED: Final = frozenset(
    [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
_ESCAPES: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_ESCAPED: Final = re.compile(r"__|[./-]")
_NAME: Final = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*", re.ASCII)
_TEXT: Final = {"type": "string"}
_RESOURCE: Final[Mapping[str, Json]] = {
    "apiVersion": _TEXT,
    "kind": _TEXT,
    "metadata": {"type": "object", "properties": {"name": _TEXT, "generateName": _TEXT}},
}


def escaped(name: str) -> str | None:
    """Return the name by which a rule reaches the field *name*, or None if no rule can."""
    if name in _RESERVED:
        return f"__{name}__"
    return _ESCAPED.sub(lambda found: _ESCAPES[found.group()], name) if _NAME.fullmatch(name) else None


def properties(schema: Json, is_resource: bool) -> Mapping[str, Json]:
    """Return the fields that rules know of an object, those of every resource among them."""
    known: Mapping[str, Json] = schema.get("properties", {})
    return {**known, **_RESOURCE} if is_resource or schema.get("x-kubernetes-embedded-resource") else known


def is_known(schema: Json) -> bool:
    """Ask whether a field of this schema has a type for rules; they do not see others."""
    return bool(schema.get("type") or schema.get("x-kubernetes-int-or-string"))


def converted(schema: Json, value: Value, is_resource: bool = False) -> Value:
    """Return *value* as a rule sees it."""
    if isinstance(value, dict):
        return _object(schema, value, is_resource)
    if isinstance(value, list):
        items = schema.get("items")
        return [converted(items, item) for item in value] if isinstance(items, dict) else value
    if isinstance(value, str) and not schema.get("x-kubernetes-int-or-string"):
        return _string(schema.get("format", ""), value)
    if schema.get("type") == "number" and isinstance(value, int):
        return float(value)
    return int(value) if schema.get("type") == "integer" and isinstance(value, float) else value


def _object(schema: Json, value: Json, is_resource: bool) -> Json:
    known = properties(schema, is_resource)
    others = schema.get("additionalProperties")
    if not known and isinstance(others, dict):
        return {name: converted(others, entry) for name, entry in value.items()}
    found = {}
    for name, entry in value.items():
        part = known.get(name)
        wanted = escaped(name) if part is not None and is_known(part) else None
        if part is not None and wanted is not None:
            found[wanted] = converted(part, entry)
            if name in _RESERVED:
                found[name] = found[wanted]  # after a dot the compiler takes it as it is, too
    return found


def _string(name: str, value: str) -> Value:
    convert = _CONVERSIONS.get(name)
    try:
        return convert(value) if convert else value
    except ValueError:
        return value


def _time(value: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def _duration(value: str) -> Value:
    seconds = durations.parsed(value)
    return value if seconds is None else datetime.timedelta(seconds=seconds)


_CONVERSIONS: Final[Mapping[str, Callable[[str], Any]]] = {
    "date": _time,
    "date-time": _time,
    "datetime": _time,
    "duration": _duration,
    "byte": base64.b64decode,
}
