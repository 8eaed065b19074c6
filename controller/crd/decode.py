"""From the JSON of a live object to a spec struct, and from a struct to JSON.

What flows in: decoded JSON of a custom resource's spec, or a struct. What flows out: the struct with its defaults filled in, or
one `SpecError` for the user; or JSON without the fields that are None. Pure, called by any thread. No upstream file: Go does it
in encoding/json.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import msgspec

from controller.crd import schema

T = TypeVar("T", bound=msgspec.Struct)

_PLACE = re.compile(r"^(?P<problem>.*?)(?: - at `(?:key in )?\$(?P<path>.*?)`)?$", re.DOTALL)
_STEP = re.compile(r"\.(\w+)|(\[[^]]*\])")
_OUT_OF_BOUNDS = re.compile(r"expected int [<>]")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")


class SpecError(Exception):
    """A spec that its struct does not take.

    Attributes:
        field: The field's path, for example "spec.probes[2].port".
        message: What is wrong with it and what would be right; of the field's value it contains only a number that is out of
            the bounds of a number.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def decode_spec(spec_type: type[T], raw: Mapping[str, Any] | None) -> T:
    """Decode *raw* as *spec_type*, with defaults for what is absent; fields that the type does not know are ignored.

    Args:
        spec_type: The struct.
        raw: The `spec` of a live object; None or empty if it has none.

    Raises:
        SpecError: A field is missing, has another type or is out of bounds.
    """
    try:
        return msgspec.convert(raw or {}, spec_type)
    except msgspec.ValidationError as error:
        raise _explain(spec_type, str(error), raw or {}) from None  # the cause's message may quote a value


def _explain(spec_type: type[msgspec.Struct], text: str, raw: Mapping[str, Any]) -> SpecError:
    place = _PLACE.match(text)
    problem, path = (place["problem"], place["path"] or "") if place else (text, "")
    if missing := _MISSING.fullmatch(problem):
        return SpecError(f"spec{path}.{missing['name']}", "is required")
    if problem.startswith("Invalid enum value"):
        return SpecError(f"spec{path}", f"expected one of {', '.join(map(str, _allowed(spec_type, path)))}")
    said = (problem[:1].lower() + problem[1:]).replace("`", "")
    return SpecError(f"spec{path}", said + (_found(raw, path) if _OUT_OF_BOUNDS.match(said) else ""))


def _found(raw: Mapping[str, Any], path: str) -> str:
    """Say what stands at *path*; nothing where the path does not tell which value of a map it means."""
    value: Any = raw
    for name, index in _STEP.findall(path):
        if index == "[...]":
            return ""
        value = value[name] if name else value[int(index[1:-1])]
    return f", got {value}"


def _allowed(spec_type: type[msgspec.Struct], path: str) -> list[str | int]:
    place = schema.of_struct(spec_type)
    for name, _ in _STEP.findall(path):
        place = place["properties"][name] if name else place.get("items") or place["additionalProperties"]
    return list(place["enum"])


def encode(struct: msgspec.Struct) -> dict[str, Any]:
    """Return *struct* as JSON values, without the fields that are None, at any depth."""
    return cast("dict[str, Any]", _without_none(msgspec.to_builtins(struct)))


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value
