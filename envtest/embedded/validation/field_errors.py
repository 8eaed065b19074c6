"""What is wrong with a field, in the server's words.

What flows in: a path, a value, a detail. What flows out: a `Cause` whose message quotes the value as Go would print it. Pure.
Mirrors apimachinery pkg/util/validation/field/errors.go.
"""

import json
from collections.abc import Sequence
from typing import Final

from envtest.embedded.api.status import (
    DUPLICATE,
    FORBIDDEN,
    INVALID,
    NOT_SUPPORTED,
    REQUIRED,
    TOO_LONG,
    TOO_MANY,
    TYPE_INVALID,
    Cause,
    quoted,
)
from envtest.embedded.apply.json_values import Value


class _Omitted:
    """The type of `OMITTED`."""


OMITTED: Final = _Omitted()
"""Stands for a value that is not printed."""


class Printed(str):
    """A value that is already text as it stands in a message."""

    __slots__ = ()


NO_FIELD: Final = "<nil>"
"""The path of what concerns the whole object."""


def shown(value: Value) -> str:
    """Return *value* as it stands in a message: strings quoted, all else as Go or JSON prints it."""
    if isinstance(value, Printed):
        return value
    if isinstance(value, str):
        return quoted(value)
    return go_float(value) if isinstance(value, float) else compact(value)


def compact(value: Value, sort: bool = True) -> str:
    """Return *value* as Go's encoding/json writes it."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=sort, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def go_float(value: float) -> str:
    """Return *value* as Go's verb ``%v`` prints a float64: the shortest digits, with an exponent from a million on."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return repr(value).removesuffix(".0")
    shortest = next(text for places in range(18) if float(text := f"{value:.{places}e}") == value)
    digits, _, exponent = shortest.partition("e")
    return f"{digits}e{exponent[0]}{int(exponent[1:]):02d}"


def _cause(kind: str, path: str, words: str, detail: str) -> Cause:
    return Cause(kind, path or NO_FIELD, f"{words}: {detail}" if detail else words)


def _with_value(kind: str, path: str, value: Value, detail: str, words: str = "Invalid value") -> Cause:
    return _cause(kind, path, words if value is OMITTED else f"{words}: {shown(value)}", detail)


def required(path: str, detail: str = "") -> Cause:
    """Say that a value is missing."""
    return _cause(REQUIRED, path, "Required value", detail)


def forbidden(path: str, detail: str) -> Cause:
    """Say that a value may not be here, or not now."""
    return _cause(FORBIDDEN, path, "Forbidden", detail)


def invalid(path: str, value: Value, detail: str) -> Cause:
    """Say that a value is malformed or out of bounds."""
    return _with_value(INVALID, path, value, detail)


def type_invalid(path: str, value: Value, detail: str) -> Cause:
    """Say that a value has the wrong type."""
    return _with_value(TYPE_INVALID, path, value, detail)


def duplicate(path: str, value: Value) -> Cause:
    """Say that a value stands here twice."""
    return _with_value(DUPLICATE, path, value, "", "Duplicate value")


def not_supported(path: str, value: Value, supported: Sequence[str]) -> Cause:
    """Say that a value is none of those known."""
    detail = f"supported values: {', '.join(quoted(each) for each in supported)}" if supported else ""
    return _with_value(NOT_SUPPORTED, path, value, detail, "Unsupported value")


def too_long(path: str, limit: int) -> Cause:
    """Say that a string has more than *limit* bytes."""
    return _cause(TOO_LONG, path, "Too long", f"may not be more than {limit} {'byte' if limit == 1 else 'bytes'}")


def too_many(path: str, actual: int, limit: int) -> Cause:
    """Say that a list or map has more than *limit* items."""
    detail = f"must have at most {limit} {'item' if limit == 1 else 'items'}"
    return _with_value(TOO_MANY, path, actual, detail, "Too many")


def child(path: str, name: str) -> str:
    """Return the path of the field *name* below *path*."""
    return f"{path}.{name}" if path else name


def key(path: str, name: str) -> str:
    """Return the path of the entry *name* of the map at *path*."""
    return f"{path}[{name}]"


def index(path: str, number: int) -> str:
    """Return the path of an item of the list at *path*."""
    return f"{path}[{number}]"
