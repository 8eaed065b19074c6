"""In which form bodies come and answers go: JSON or YAML, whole objects, tables or only metadata.

What flows in: header fields and bytes. What flows out: decoded bodies, and what an `Accept` header wants. Pure. Mirrors apiserver
pkg/endpoints/handlers/negotiation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec
import yaml

from envtest.embedded import fields_check, protobuf, requests, status
from envtest.embedded.status import Json

JSON = "application/json"
YAML = "application/yaml"
BODIES = (JSON, YAML, protobuf.MEDIA_TYPE)
_ANSWERS = (JSON, YAML)
_PATCHES = (requests.JSON_PATCH, requests.MERGE_PATCH, requests.STRATEGIC_PATCH, requests.APPLY_PATCH)
_WILDCARDS = ("*/*", "application/*", "")
_META_VERSIONS = ("v1", "v1beta1")

Shape = Literal["object", "table", "metadata"]


@dataclass(frozen=True)
class Wanted:
    """What an answer shall be like."""

    media: str = JSON
    shape: Shape = "object"


@dataclass(frozen=True)
class Body:
    """A decoded body."""

    value: object
    duplicates: tuple[str, ...] = ()
    """Paths of fields that it had more than once."""


@dataclass(frozen=True)
class _Clause:
    media: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def _clauses(header: str) -> list[_Clause]:
    found = []
    for text in header.split(","):
        media, *rest = (part.strip() for part in text.split(";"))
        found.append(_Clause(media, {key: value for key, _, value in (part.partition("=") for part in rest)}))
    return found


def wanted(accept: str, *, allow_shapes: bool = True) -> Wanted:
    """Say what an Accept header wants; the first clause that can be served wins.

    Raises:
        status.StatusError: Nothing that it wants can be served.
    """
    for clause in _clauses(accept):
        media = JSON if clause.media in _WILDCARDS else clause.media
        if media not in _ANSWERS:
            continue
        kind = clause.parameters.get("as", "")
        if not kind:
            return Wanted(media)
        is_meta = clause.parameters.get("g") == "meta.k8s.io" and clause.parameters.get("v") in _META_VERSIONS
        if not allow_shapes or not is_meta:
            continue
        if kind == "Table":
            return Wanted(media, "table")
        if kind in ("PartialObjectMetadata", "PartialObjectMetadataList"):
            return Wanted(media, "metadata")
    raise status.not_acceptable(_ANSWERS)


def decode(content_type: str, data: bytes, *, accepted: Sequence[str] = BODIES) -> Body:
    """Decode a body.

    Raises:
        status.StatusError: It is none of the accepted types, or not what it says that it is.
    """
    media = content_type.partition(";")[0].strip() or JSON
    if media not in accepted:
        raise status.unsupported_media_type(accepted)
    if media == protobuf.MEDIA_TYPE:
        return Body(protobuf.decode(data))
    if media in (YAML, requests.APPLY_PATCH) and not data.lstrip().startswith(b"{"):
        return Body(_decode_yaml(data))
    try:
        return Body(msgspec.json.decode(data), tuple(fields_check.duplicates(data)))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise status.bad_request(f"couldn't get version/kind; json parse error: {error}") from error


def decode_patch(content_type: str, data: bytes) -> tuple[requests.Patch, tuple[str, ...]]:
    """Decode a patch, and return the paths of fields that it had more than once.

    Raises:
        status.StatusError: There is no such kind of patch, or it is not what it says that it is.
    """
    media = content_type.partition(";")[0].strip()
    body = decode(media or "none", data, accepted=_PATCHES)
    return requests.Patch(media, body.value), body.duplicates


def _decode_yaml(data: bytes) -> object:
    try:
        return yaml.load(data, Loader=_Loader)  # noqa: S506 (a safe loader, see there)
    except yaml.YAMLError as error:
        raise status.bad_request(f"error decoding YAML: {error}") from error


class _Loader(yaml.CSafeLoader):
    """Reads YAML as JSON's types only: what looks like a time stays text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def encode(media: str, obj: Json) -> bytes:
    """Encode an answer."""
    if media == YAML:
        return yaml.dump(obj, Dumper=yaml.CSafeDumper, sort_keys=True).encode()
    return msgspec.json.encode(obj) + b"\n"


def only_metadata(obj: Json) -> Json:
    """Return an object's PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
