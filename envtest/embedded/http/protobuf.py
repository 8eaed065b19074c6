"""Bodies in protobuf, as kubectl's own commands such as ``kubectl create configmap`` send them; answers are JSON.

What flows in: bytes. What flows out: the same object as JSON has it. Pure; the numbers of the fields come from
``data/messages.json``, which ``builtin/extract_messages.py`` wrote. Mirrors apimachinery pkg/runtime/serializer/protobuf.
"""

import base64
import datetime
import functools
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from envtest.embedded.api import status
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

MAGIC = b"k8s\0"
"""What a body begins with."""
_META = "k8s.io.apimachinery.pkg.apis.meta.v1."
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Wire = int | bytes


@dataclass(frozen=True)
class _Field:
    name: str
    kind: str
    is_list: bool
    is_map: bool
    is_inline: bool
    """Whether its own fields stand in its parent, where JSON is concerned."""


def decode(data: bytes) -> Json:
    """Decode an object.

    Raises:
        status.StatusError: It is not one, or of a kind that is not known.
    """
    if not data.startswith(MAGIC):
        raise status.bad_request("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = dict(_parts(data[len(MAGIC) :]))
        names = {number: _text(value) for number, value in _parts(_raw(envelope.get(1, b"")))}
        api_version, kind = names.get(1, ""), names.get(2, "")
        message = _message(api_version, kind)
        if message not in resources.data("messages"):
            raise status.bad_request(f'no kind "{kind}" is registered for version "{api_version}"')
        return {"apiVersion": api_version, "kind": kind, **_object(message, _raw(envelope.get(2, b"")))}
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise status.bad_request(f"the body is not a protobuf message: {error}") from error


def _message(api_version: str, kind: str) -> str:
    """Return the name of a kind's message: the one that OpenAPI has for it."""
    if kind == "DeleteOptions":
        return f"{_META}DeleteOptions"
    return _messages_of_kinds().get((api_version, kind), "")


@functools.cache
def _messages_of_kinds() -> Mapping[tuple[str, str], str]:
    found = {}
    for name, node in resources.data("definitions").items():
        for each in node.get("x-kubernetes-group-version-kind", ()):
            version = f"{each['group']}/{each['version']}" if each["group"] else each["version"]
            found[version, each["kind"]] = "k8s.io" + name.removeprefix("io.k8s")
    return found


@functools.cache
def _fields(message: str) -> Mapping[int, _Field]:
    properties = resources.data("definitions").get("io.k8s" + message.removeprefix("k8s.io"), {}).get("properties")
    found = {}
    for number, text in resources.data("messages")[message].items():
        name, _, kind = text.partition(" ")
        is_list, is_map = kind.startswith("[]"), kind.startswith("{}")
        is_inline = properties is not None and name not in properties and not is_list and not is_map and "." in kind
        found[int(number)] = _Field(name, kind.lstrip("[]{}"), is_list, is_map, is_inline)
    return found


def _object(message: str, data: bytes) -> Json:
    found: Json = {}
    known = _fields(message)
    for number, wire in _parts(data):
        field = known.get(number)
        if field is None:
            continue
        if field.is_map:
            entry = dict(_parts(_raw(wire)))
            found.setdefault(field.name, {})[_text(entry.get(1, b""))] = _value(field.kind, entry.get(2, b""))
        elif field.is_list and isinstance(wire, bytes) and field.kind in _NUMBERS:
            found.setdefault(field.name, []).extend(_packed(wire))
        elif field.is_list:
            found.setdefault(field.name, []).append(_value(field.kind, wire))
        elif field.is_inline:
            found.update(_object(field.kind, _raw(wire)))
        elif (value := _value(field.kind, wire)) is not None:
            found[field.name] = value
    return found


def _parts(data: bytes) -> Iterator[tuple[int, Wire]]:
    """Yield the numbers of a message's fields with what stands there."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value, position = _varint(data, position)
            yield number, value
        elif wire_type == _BYTES:
            size, position = _varint(data, position)
            if position + size > len(data):
                raise IndexError("unexpected EOF")
            yield number, data[position : position + size]
            position += size
        elif wire_type in (_FIXED64, _FIXED32):
            size = 8 if wire_type == _FIXED64 else 4
            yield number, data[position : position + size]
            position += size
        else:
            raise IndexError(f"wire type {wire_type} is not known")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _packed(data: bytes) -> list[int]:
    found, position = [], 0
    while position < len(data):
        value, position = _varint(data, position)
        found.append(_signed(value))
    return found


def _raw(wire: Wire) -> bytes:
    if isinstance(wire, int):
        raise IndexError("bytes expected")
    return wire


def _text(wire: Wire) -> str:
    return _raw(wire).decode()


def _signed(wire: Wire) -> int:
    if isinstance(wire, bytes):
        if wire:
            raise IndexError("a number expected")
        return 0
    return wire - (1 << 64) if wire >= 1 << 63 else wire


def _value(kind: str, wire: Wire) -> Any:  # noqa: ANN401 (JSON)
    if kind in _READERS:
        return _READERS[kind](wire)
    return _object(kind, _raw(wire))


def _time(wire: Wire) -> str | None:
    if not (raw := _raw(wire)):
        return None
    parts = dict(_parts(raw))
    moment = datetime.datetime.fromtimestamp(_signed(parts.get(1, 0)), datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(wire: Wire) -> str | None:
    if not (raw := _raw(wire)):
        return None
    parts = dict(_parts(raw))
    moment = datetime.datetime.fromtimestamp(_signed(parts.get(1, 0)), datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{_signed(parts.get(2, 0)) // 1000:06d}Z"


def _int_or_string(wire: Wire) -> int | str:
    parts = dict(_parts(_raw(wire)))
    return _text(parts.get(3, b"")) if parts.get(1) else _signed(parts.get(2, 0))


def _embedded_json(wire: Wire) -> Any:  # noqa: ANN401 (JSON)
    raw = _raw(dict(_parts(_raw(wire))).get(1, b""))
    return json.loads(raw) if raw else None


def _first_text(wire: Wire) -> str:
    return _text(dict(_parts(_raw(wire))).get(1, b""))


_NUMBERS = ("int32", "int64", "uint32", "uint64", "bool")
_READERS: Mapping[str, Callable[[Wire], Any]] = {
    "string": _text,
    "bytes": lambda wire: base64.b64encode(_raw(wire)).decode(),
    "bool": lambda wire: bool(_signed(wire)),
    **dict.fromkeys(("int32", "int64", "uint32", "uint64"), _signed),
    "double": lambda wire: struct.unpack("<d", _raw(wire))[0],
    "float": lambda wire: struct.unpack("<f", _raw(wire))[0],
    "k8s.io.apimachinery.pkg.api.resource.Quantity": _first_text,
    "k8s.io.apimachinery.pkg.util.intstr.IntOrString": _int_or_string,
    f"{_META}Time": _time,
    f"{_META}MicroTime": _micro_time,
    f"{_META}FieldsV1": _embedded_json,
    "k8s.io.apimachinery.pkg.runtime.RawExtension": _embedded_json,
}
