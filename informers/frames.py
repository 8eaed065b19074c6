"""What a watch's frames and a list's items mean.

What flows in: one JSON document as bytes. What flows out: a small value that the reflector's machine understands; of an object
only the metadata is parsed, its bytes are kept. Pure. Mirrors k8s.io/apimachinery/pkg/watch/streamwatcher.go.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from informers import errors, objects

ADDED, MODIFIED, DELETED, BOOKMARK, ERROR = "ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"
INITIAL_EVENTS_END = "k8s.io/initial-events-end"
"""The annotation of the bookmark that ends the initial events of a WatchList."""


class Object(msgspec.Struct, frozen=True, gc=False):
    """An object was added, modified or deleted."""

    type: str
    snapshot: objects.Snapshot


class Bookmark(msgspec.Struct, frozen=True, gc=False):
    """The server has sent everything up to a version."""

    resource_version: str
    ends_initial_events: bool


class Failure(msgspec.Struct, frozen=True):
    """The server ended the watch with an error, inside a stream that began with 200."""

    error: errors.ApiError


class Foreign(msgspec.Struct, frozen=True, gc=False):
    """An object of another kind, or an event of an unknown type."""

    description: str


class Undecodable(msgspec.Struct, frozen=True):
    """Not what the protocol allows."""

    error: ValueError


Frame = Object | Bookmark | Failure | Foreign | Undecodable


class _Frame(msgspec.Struct, gc=False):
    type: str
    object: msgspec.Raw


class _Item(msgspec.Struct, rename="camel", gc=False):
    metadata: objects.ObjectMeta
    api_version: str = ""
    kind: str = ""


_decode_frame = msgspec.json.Decoder(_Frame).decode
_decode_item = msgspec.json.Decoder(_Item).decode
_decode_status = msgspec.json.Decoder(dict[str, Any]).decode


def decoder(gvk: objects.GroupVersionKind) -> Callable[[bytes], Frame]:
    """Return the function that decodes the frames of a watch of *gvk*."""
    api_version, kind = gvk.api_version, gvk.kind

    def decode(frame: bytes) -> Frame:
        try:
            envelope = _decode_frame(frame)
            if envelope.type == ERROR:
                return _failure(bytes(envelope.object))
            raw = bytes(envelope.object)  # its own buffer: a Raw is a view that would keep the frame alive
            item = _decode_item(raw)
        except ValueError as error:  # of msgspec, or of UTF-8
            return Undecodable(error)
        if item.kind != kind or item.api_version != api_version:
            return Foreign(f"{envelope.type} of {item.api_version} {item.kind}")
        if envelope.type in (ADDED, MODIFIED, DELETED):
            return Object(envelope.type, objects.Snapshot(gvk, item.metadata, raw))
        if envelope.type == BOOKMARK:
            return _bookmark(item.metadata)
        return Foreign(f"event type {envelope.type}")

    return decode


def _bookmark(meta: objects.ObjectMeta) -> Bookmark:
    return Bookmark(meta.resource_version, (meta.annotations or {}).get(INITIAL_EVENTS_END) == "true")


def _failure(raw: bytes) -> Failure:
    status = _decode_status(raw)
    code = status.get("code")
    return Failure(errors.from_status(code if isinstance(code, int) else 500, status))
