"""The functions of Kubernetes' CEL environment that the evaluator does not have.

What flows in: values as the evaluator hands them over. What flows out: values; an exception's text is the error that the rule
fails with. Pure. Mirrors k8s.io/apiserver pkg/cel/library and cel-go's ext. Quantities, URLs, addresses and versions are maps
with one entry, so that equal ones are equal. Deviation: sizes and costs are not metered.
"""

import datetime
import functools
import itertools
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from cel import OptionalValue, stdlib

from envtest.embedded.apply.json_values import Value
from envtest.embedded.builtin import quantities
from envtest.embedded.cel import cel_network
from envtest.embedded.custom import formats, patterns
from envtest.embedded.validation import field_errors

Function = Callable[..., Any]

_QUANTITY: Final = "quantity.k8s.io"
_VERSION: Final = "semver.k8s.io"
_FORMAT: Final = "format.k8s.io"
_SEMVER: Final = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?", re.ASCII
)


class NoOverloadError(TypeError):
    """A function does not take such values."""

    def __init__(self) -> None:
        super().__init__("no such overload")


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise NoOverloadError
    return value


# what the evaluator's own functions do differently


def _size(value: Value) -> int:
    if not isinstance(value, (str, bytes, list, dict)):
        raise NoOverloadError
    return len(value)


def _string(value: Value) -> str:
    if isinstance(value, (str, int)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, float):
        return field_errors.go_float(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, datetime.timedelta):
        return f"{field_errors.go_float(value.total_seconds())}s"
    if isinstance(value, datetime.datetime):
        return _time(value.astimezone(datetime.UTC))
    if isinstance(value, dict) and len(value) == 1:
        return str(next(iter(value.values())))
    raise NoOverloadError


def _time(value: datetime.datetime) -> str:
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    return f"{value:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _index_of(value: Value, item: Value, *start: int) -> int:
    if isinstance(value, list):
        return value.index(item) if item in value else -1
    return _text(value).find(item, *start)


def _last_index_of(value: Value, item: Value, *start: int) -> int:
    if isinstance(value, list):
        return len(value) - 1 - value[::-1].index(item) if item in value else -1
    return _text(value).rfind(item) if not start else _text(value).rfind(item, 0, start[0] + len(item))


def _smallest(values: Value) -> Value:
    if not values:
        raise ValueError("min called on empty list")
    return min(values)


def _greatest(values: Value) -> Value:
    if not values:
        raise ValueError("max called on empty list")
    return max(values)


def _find(value: str, pattern: str) -> str:
    found = patterns.compiled(pattern).search(_text(value))
    return found.group() if found else ""


def _find_all(value: str, pattern: str, limit: int = -1) -> list[str]:
    found = [each.group() for each in patterns.compiled(pattern).finditer(_text(value))]
    return found if limit < 0 else found[:limit]


def _format(template: Value, arguments: list[Any]) -> str:
    rest = iter(arguments)

    def one(found: re.Match[str]) -> str:
        if found.group() == "%%":
            return "%"
        value = next(rest)
        verb = found.group()[-1]
        if verb in "dsb" and isinstance(value, bool):
            return str(value).lower()
        return (
            str(value)
            if verb in "ds"
            else found.group().replace("%b", "{:b}").format(value)
            if verb == "b"
            else found.group() % value
        )

    return re.sub(r"%%|%(?:\.\d+)?[sdfexXob]", one, template)


# optional values


def _optional_field(value: Value, name: Value) -> OptionalValue:
    if isinstance(value, OptionalValue):
        return _optional_field(value.value(), name) if value.has_value() else value
    return OptionalValue.of(value[name]) if isinstance(value, dict) and name in value else OptionalValue.none()


def _optional_index(value: Value, at: Value) -> OptionalValue:
    if isinstance(value, OptionalValue):
        return _optional_index(value.value(), at) if value.has_value() else value
    if isinstance(value, list):
        return OptionalValue.of(value[at]) if 0 <= at < len(value) else OptionalValue.none()
    return _optional_field(value, at)


def _optional_list(value: OptionalValue) -> list[Any]:
    return [value.value()] if value.has_value() else []


def _first(values: list[Any]) -> OptionalValue:
    return OptionalValue.of(values[0]) if values else OptionalValue.none()


def _first_optional(values: list[Any]) -> OptionalValue:
    return values[0] if values else OptionalValue.none()


# comprehensions of two variables


def _entries(value: Value) -> list[dict[str, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [{"key": key, "value": entry} for key, entry in pairs]


def _mapped(pairs: list[list[Any]]) -> dict[Any, Any]:
    return dict(pairs)


# quantities and versions


def _quantity(text: Value) -> dict[str, str]:
    return {_QUANTITY: str(quantities.parse(_text(text)).value)}


def _is_quantity(text: Value) -> bool:
    try:
        quantities.parse(_text(text))
    except quantities.QuantityError:
        return False
    return True


def _number(value: Value) -> Fraction:
    if not isinstance(value, dict) or _QUANTITY not in value:
        raise NoOverloadError
    return Fraction(value[_QUANTITY])


def _semver(text: Value) -> dict[str, str]:
    if not _SEMVER.fullmatch(_text(text)):
        raise ValueError("Invalid Semantic Version")
    return {_VERSION: text}


def _precedence(value: Mapping[str, str]) -> tuple[Any, ...]:
    found = _SEMVER.fullmatch(value[_VERSION])
    if not found:
        raise NoOverloadError
    major, minor, patch, stage = found.groups()
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in (stage or "").split(".")]
    return (int(major), int(minor), int(patch), stage is None, parts)


def _compare(one: Value, other: Value) -> int:
    if isinstance(one, dict) and _VERSION in one and isinstance(other, dict) and _VERSION in other:
        left, right = _precedence(one), _precedence(other)
        return (left > right) - (left < right)
    difference = _number(one) - _number(other)
    return (difference > 0) - (difference < 0)


def _operand(value: Value) -> Fraction:
    return Fraction(value) if isinstance(value, int) else _number(value)


def _as_integer(value: Value) -> int:
    number = _number(value)
    if number.denominator != 1 or not -(2**63) <= number < 2**63:
        raise ValueError("cannot convert value to integer")
    return int(number)


def _is_integer(value: Value) -> bool:
    number = _number(value)
    return number.denominator == 1 and -(2**63) <= number < 2**63


# named formats


def _named_format(name: str) -> Function:
    return lambda: {_FORMAT: name}


_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "dns1123Label": lambda text: len(text) <= 63 and _LABEL.fullmatch(text) is not None,
    "dns1123Subdomain": lambda text: formats.has("k8s-long-name", text),
    "dns1035Label": lambda text: len(text) <= 63 and re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", text) is not None,
    "qualifiedName": lambda text: re.fullmatch(r"([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", text) is not None,
    "labelValue": lambda text: re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", text) is not None,
    **{name: functools.partial(formats.has, name) for name in ("uri", "uuid", "byte", "date", "datetime")},
}


def _validate(value: Value, text: str) -> OptionalValue:
    name = value[_FORMAT]
    return OptionalValue.none() if _FORMATS[name](text) else OptionalValue.of([f"must be a valid {name}"])


_EXTENSIONS: Final = (
    *("bool", "charAt", "substring", "replace", "split", "join", "lowerAscii", "upperAscii", "trim", "strings.quote", "sum"),
    *("sets.contains", "sets.equivalent", "sets.intersects"),
    *("distinct", "flatten", "slice", "sort", "reverse", "first", "last", "lists.range"),
)
"""What the evaluator's package brings of what Kubernetes has."""
FUNCTIONS: Final[dict[str, Function]] = {
    **{name: stdlib.STDLIB_FUNCTIONS[name] for name in _EXTENSIONS},
    **cel_network.FUNCTIONS,
    **{f"format.{name}": _named_format(name) for name in _FORMATS},
    "validate": _validate,
    "size_": _size,
    "matches_": lambda value, pattern: patterns.finds(pattern, _text(value)),
    "string_": _string,
    "format": _format,
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "min": _smallest,
    "max": _greatest,
    "isSorted": lambda values: all(one <= other for one, other in itertools.pairwise(values)),
    "find": _find,
    "findAll": _find_all,
    "optional_field_": _optional_field,
    "optional_index_": _optional_index,
    "optional_list_": _optional_list,
    "first_": _first,
    "first_optional_": _first_optional,
    "sorted_": lambda pairs: [pair["value"] for pair in sorted(pairs, key=lambda pair: pair["key"])],
    "entries_": _entries,
    "mapped_": _mapped,
    "quantity": _quantity,
    "isQuantity": _is_quantity,
    "sign": lambda value: _compare(value, _quantity("0")),
    "isInteger": _is_integer,
    "asInteger": _as_integer,
    "asApproximateFloat": lambda value: float(_number(value)),
    "compareTo": _compare,
    "isGreaterThan": lambda one, other: _compare(one, other) > 0,
    "isLessThan": lambda one, other: _compare(one, other) < 0,
    "add": lambda one, other: {_QUANTITY: str(_number(one) + _operand(other))},
    "sub": lambda one, other: {_QUANTITY: str(_number(one) - _operand(other))},
    "semver": _semver,
    "isSemver": lambda text: _SEMVER.fullmatch(_text(text)) is not None,
    "major": lambda value: _precedence(value)[0],
    "minor": lambda value: _precedence(value)[1],
    "patch": lambda value: _precedence(value)[2],
}
"""By the names that rewritten rules have; a method is a function whose first argument stands before the dot."""
