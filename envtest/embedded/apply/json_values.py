"""Values as JSON has them.

What flows in: values. What flows out: their types, and whether they are equal. Pure.
"""

from typing import Any, Final

Value = Any
"""What JSON can hold."""

ABSENT: Final = object()
"""Stands for an old value that there is none of, or that cannot be told."""


_LARGEST_WITHOUT_EXPONENT = 1e21  # from here on Go writes 1e+21 (encoding/json, floatEncoder)


def same(one: Value, other: Value) -> bool:
    """Ask whether two JSON values are equal, true and 1 being different."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def kept(value: Value) -> Value:
    """Return *value* as it is read again after Go has written it: a number without a fraction is an integer then."""
    if isinstance(value, dict):
        return {name: kept(below) for name, below in value.items()}
    if isinstance(value, list):
        return [kept(below) for below in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_WITHOUT_EXPONENT:
        return int(value)
    return value


def type_of(value: Value) -> str:
    """Return the JSON type of *value*."""
    if isinstance(value, bool):
        return "boolean"
    names = ((str, "string"), (int, "integer"), (float, "number"), (list, "array"), (dict, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), "null")
