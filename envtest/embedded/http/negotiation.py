"""In which form bodies come and answers go: JSON or YAML, whole objects, tables or only metadata.

What flows in: header fields and bytes. What flows out: decoded bodies, and what an `Accept` header wants. Pure. Mirrors apiserver
pkg/endpoints/handlers/negotiation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import yaml

from envtest.embedded.api import fields_check, go_json, requests, status
from envtest.embedded.api.status import Json
from envtest.embedded.http import protobuf

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
    repeated: tuple[str, ...] = ()
    """What is said of fields that it had more than once."""


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
    clauses = _clauses(accept)
    for clause in clauses:
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
    is_known = any(clause.media in (*_WILDCARDS, *BODIES) for clause in clauses)
    raise status.not_acceptable(BODIES) if is_known else status.no_representation(BODIES)


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
        return _decode_yaml(data)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(media, data) from error
    paths = fields_check.duplicates(data)
    if paths and media == requests.APPLY_PATCH:
        return _decode_yaml(data)
    return Body(value, tuple(f'duplicate field "{path}"' for path in paths))


def _unreadable(media: str, data: bytes) -> status.StatusError:
    text = go_json.problem(data)
    if media in (requests.MERGE_PATCH, requests.JSON_PATCH):
        return status.bad_request(f"error decoding patch: {text}")
    if media == requests.STRATEGIC_PATCH:
        return status.bad_request(text)
    if media == requests.APPLY_PATCH:
        return status.bad_request(f"error decoding YAML: error converting YAML to JSON: {text}")
    return status.bad_request(f"couldn't get version/kind; json parse error: {text}")


def decode_object(content_type: str, data: bytes, kind: str) -> Body:
    """Decode a body that must be an object of a kind.

    Raises:
        status.StatusError: It is none.
    """
    try:
        body = decode(content_type, data)
    except status.StatusError as error:
        if error.code == 400 and not data.startswith(protobuf.MAGIC):
            raise _unrecognized(kind, error.message, data) from error
        raise
    if not isinstance(body.value, dict):
        go_type = {list: "array", str: "string", bool: "bool"}.get(type(body.value), "number")
        text = f"couldn't get version/kind; json parse error: json: cannot unmarshal {go_type} into Go value of type {_TYPE_META}"
        raise _unrecognized(kind, text, data)
    return body


_TYPE_META = r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'


def _unrecognized(kind: str, text: str, data: bytes) -> status.StatusError:
    return status.bad_request(f"the object provided is unrecognized (must be of type {kind}): {text} ({go_json.summary(data)})")


def decode_patch(content_type: str, data: bytes, *, is_custom: bool) -> tuple[requests.Patch, tuple[str, ...]]:
    """Decode a patch, and return what is said of fields that it had more than once.

    Raises:
        status.StatusError: There is no such kind of patch, or it is not what it says that it is.
    """
    media = content_type.partition(";")[0].strip()
    if media not in _PATCHES:
        of_custom = [each for each in _PATCHES if each != requests.STRATEGIC_PATCH]
        raise status.unsupported_media_type(of_custom) if is_custom else status.media_type_of_no_route()
    body = decode(media, data, accepted=_PATCHES)
    return requests.Patch(media, body.value), body.repeated


def _decode_yaml(data: bytes) -> Body:
    try:
        loader = _Loader(data)
        value = loader.get_single_data()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise status.bad_request(f"error decoding YAML: {error}") from error
    lines = "".join(f"\n  {line}" for line in loader.repeated)
    return Body(value, (f"yaml: unmarshal errors:{lines}",) if lines else ())


class _Loader(yaml.CSafeLoader):
    """Reads YAML as JSON's types only: what looks like a time stays text; remembers keys that come again."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.repeated: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                self.repeated.append(f"line {key.start_mark.line + 1}: key {status.quoted(key.value)} already set in map")
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_BOOL = "tag:yaml.org,2002:bool"
_SHORT_BOOL = re.compile("^[yYnN]$")  # which Go's reader of old YAML knows beside yes and no
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.bool_values = {**yaml.CSafeLoader.bool_values, "y": True, "n": False}
_Loader.add_implicit_resolver(_BOOL, _SHORT_BOOL, list("yYnN"))


class _Dumper(yaml.CSafeDumper):
    """Writes YAML as Go does: double quotes around what would not be text without, and blocks of lines."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Return the node of a text."""
        is_plain = self.resolve(yaml.ScalarNode, text, (True, False)) == _TEXT  # type: ignore[no-untyped-call]
        return self.represent_scalar(_TEXT, text, style="|" if "\n" in text else None if is_plain else '"')


_TEXT = "tag:yaml.org,2002:str"
_Dumper.add_representer(str, _Dumper.represent_text)
_Dumper.add_implicit_resolver(_BOOL, _SHORT_BOOL, list("yYnN"))


def encode(media: str, obj: Json) -> bytes:
    """Encode an answer."""
    if media == YAML:
        return yaml.dump(obj, Dumper=_Dumper, sort_keys=True, default_flow_style=False, allow_unicode=True).encode()
    return msgspec.json.encode(obj) + b"\n"


def only_metadata(obj: Json) -> Json:
    """Return an object's PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
