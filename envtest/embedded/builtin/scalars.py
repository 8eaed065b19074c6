"""Reads single values as Go's decoders do: what is refused, and how times, amounts and bytes are rewritten.

What flows in: JSON values and the names that `schemas` has for scalars. What flows out: JSON values, or an `UnreadableError`.
Pure. Mirrors sigs.k8s.io/json and the UnmarshalJSON methods of apimachinery's types.
"""

import base64
import binascii
import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from envtest.embedded.builtin import quantities
from envtest.embedded.builtin.schemas import Value

_LIMITS: Final = {"int32": 2**31, "int64": 2**63}
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LAYOUT: Final = "2006-01-02T15:04:05Z07:00"
_MICRO_LAYOUT: Final = "2006-01-02T15:04:05.000000Z07:00"
_MICRO_DIGITS: Final = 6
_BASE64 = re.compile(r"[A-Za-z0-9+/\r\n]*={0,2}", re.ASCII)


class UnreadableError(Exception):
    """A value cannot be read.

    Attributes:
        message: What Go says of the value, with ``%s`` where the field is named, if it is.
    """

    def __init__(self, message: str, struct: str = "", path: str = "") -> None:
        super().__init__(message.replace("%s", f" into Go struct field {struct}.{path}") if path else message)
        self.message = message
        self._struct = struct
        self._path = path

    def inside(self, struct: str, field: str) -> "UnreadableError":
        """Return the error as it looks from the struct in whose *field* the value is."""
        if "%s" not in self.message:
            return self
        return UnreadableError(self.message, self._struct or struct, f"{field}.{self._path}" if self._path else field)


def wrong_type(value: Value, go_type: str) -> UnreadableError:
    """Say that a value of another JSON type is expected."""
    return UnreadableError(f"json: cannot unmarshal {_json_type(value)}%s of type {go_type}")


def read(value: Value, scalar: str, go_type: str) -> Value:
    """Read a scalar.

    Args:
        value: What JSON has, not null.
        scalar: What is expected, as `schemas.Schema.scalar` names it.
        go_type: What messages call its type.

    Raises:
        UnreadableError: It is something else.
    """
    reader = _READERS.get(scalar)
    return reader(value, go_type) if reader else value


def quantity(value: Value) -> quantities.Quantity:
    """Read an amount.

    Raises:
        UnreadableError: It is none.
    """
    try:
        return (
            quantities.of(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else quantities.of("x")
        )
    except quantities.QuantityError as error:
        raise UnreadableError(str(error)) from error


def _json_type(value: Value) -> str:
    if isinstance(value, bool):
        return "bool"
    names = ((str, "string"), (dict, "object"), (list, "array"))
    return next((name for type_, name in names if isinstance(value, type_)), "number")


def _string(value: Value, go_type: str) -> str:
    if not isinstance(value, str):
        raise wrong_type(value, go_type)
    return value


def _boolean(value: Value, go_type: str) -> bool:
    if not isinstance(value, bool):
        raise wrong_type(value, go_type)
    return value


def _integer(value: Value, go_type: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        number = f" {value!r}" if isinstance(value, float) else ""
        raise UnreadableError(f"json: cannot unmarshal {_json_type(value)}{number}%s of type {go_type}")
    limit = _LIMITS.get(go_type, 2**63)
    if not -limit <= value < limit:
        raise UnreadableError(f"json: cannot unmarshal number {value}%s of type {go_type}")
    return value


def _number(value: Value, go_type: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise wrong_type(value, go_type)
    return value


def _int_or_string(value: Value, _: str) -> int | str:
    return value if isinstance(value, str) else _integer(value, "int32")


def _quantity(value: Value, _: str) -> str:
    return str(quantity(value))


def _bytes(value: Value, go_type: str) -> str:
    text = _string(value, go_type)
    try:
        return base64.b64encode(base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)).decode()
    except (binascii.Error, ValueError) as error:
        good = len(_BASE64.match(text)[0])  # type: ignore[index]  # it matches nothing, too
        at = good if good < len(text) else len(text) // 4 * 4
        raise UnreadableError(f"illegal base64 data at input byte {at}") from error


def _time(value: Value, _: str) -> str:
    return _parsed(value, _LAYOUT).strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(value: Value, _: str) -> str:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found and len(found[2] or "") < _MICRO_DIGITS:
        raise _unparsable(value, _MICRO_LAYOUT, value[len(found[1]) :], ".000000")
    if found and len(found[2]) > _MICRO_DIGITS:
        raise _unparsable(value, _MICRO_LAYOUT, value[len(found[1]) + 1 + _MICRO_DIGITS :], "Z07:00")
    return _parsed(value, _MICRO_LAYOUT).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _parsed(value: Value, layout: str) -> datetime.datetime:
    if not isinstance(value, str):
        raise wrong_type(value, "string")
    found = _TIME.fullmatch(value)
    if not found:
        raise _unparsable(value, layout, value, "2006")
    zone = "+00:00" if found[3] == "Z" else found[3]
    text = f"{found[1]}.{(found[2] or '').ljust(_MICRO_DIGITS, '0')[:_MICRO_DIGITS]}{zone}"
    try:
        return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    except ValueError as error:
        part = str(error).partition(" must be")[0]
        raise UnreadableError(f'parsing time "{value}": {part} out of range') from error


def _unparsable(value: str, layout: str, rest: str, part: str) -> UnreadableError:
    return UnreadableError(f'parsing time "{value}" as "{layout}": cannot parse "{rest}" as "{part}"')


_READERS: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "int-or-string": _int_or_string,
    "quantity": _quantity,
    "bytes": _bytes,
    "time": _time,
    "micro-time": _micro_time,
}
