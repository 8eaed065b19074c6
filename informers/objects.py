"""The few facts about a Kubernetes object that the framework itself needs.

What flows in: one object's JSON bytes. What flows out: a `Snapshot`, which is those bytes plus the parsed metadata; `decode`
makes a fresh dict for every reader, so nobody can change what the cache holds. All is immutable and may be read by any thread.
Mirrors k8s.io/apimachinery/pkg/apis/meta/v1 (ObjectMeta, OwnerReference) and runtime/schema (GroupVersionKind).
"""

import re
from typing import Any, NamedTuple, cast

import msgspec

_RESOURCE_VERSION = re.compile(r"[1-9][0-9]*")


class ObjectKey(NamedTuple):
    """Names one object among those of its kind; *namespace* is "" for cluster-scoped kinds."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class GroupVersionKind(NamedTuple):
    """Names a kind, for example ("apps", "v1", "Deployment"); the core group is ""."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """The `apiVersion` of a manifest: "apps/v1", or "v1" for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @classmethod
    def of(cls, api_version: str, kind: str) -> "GroupVersionKind":
        """Build from a manifest's *api_version* and *kind*."""
        group, _, version = api_version.rpartition("/")
        return cls(group, version, kind)

    @classmethod
    def of_object(cls, obj: dict[str, Any]) -> "GroupVersionKind":
        """Build from a decoded object.

        Raises:
            ValueError: It has no apiVersion or no kind.
        """
        api_version, kind = obj.get("apiVersion"), obj.get("kind")
        if not api_version or not kind:
            raise ValueError(f"an object needs apiVersion and kind, got apiVersion={api_version!r} and kind={kind!r}")
        return cls.of(api_version, kind)

    def __str__(self) -> str:
        return f"{self.api_version}.{self.kind}"


class OwnerReference(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """One entry of metadata.ownerReferences."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ObjectMeta(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The part of metadata that is parsed eagerly; times stay RFC 3339 strings."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: tuple[OwnerReference, ...] | None = None
    finalizers: tuple[str, ...] | None = None

    @property
    def key(self) -> ObjectKey:
        """The object's key among its kind."""
        return ObjectKey(self.namespace, self.name)

    @property
    def controller(self) -> OwnerReference | None:
        """The owner reference with controller=true, if any."""
        return next((owner for owner in self.owner_references or () if owner.controller), None)


class _Envelope(msgspec.Struct, rename="camel", gc=False):
    metadata: ObjectMeta


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_any = msgspec.json.Decoder().decode


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """An object as one answer of the API server showed it."""

    gvk: GroupVersionKind
    meta: ObjectMeta
    raw: bytes
    """The object's JSON, as received; its own buffer, never a slice of a larger page."""

    @classmethod
    def parse(cls, gvk: GroupVersionKind, raw: bytes) -> "Snapshot":
        """Parse the metadata of *raw*.

        Raises:
            msgspec.DecodeError: *raw* is not JSON, or not an object with metadata.
        """
        return cls(gvk, _decode_envelope(raw).metadata, raw)

    @property
    def key(self) -> ObjectKey:
        """The object's key among its kind."""
        return self.meta.key

    def decode(self) -> dict[str, Any]:
        """Return the whole object as a fresh dict, with apiVersion and kind (which items of a list lack)."""
        obj = cast("dict[str, Any]", _decode_any(self.raw))
        obj.setdefault("apiVersion", self.gvk.api_version)
        obj.setdefault("kind", self.gvk.kind)
        return obj


def compare_resource_versions(a: str, b: str) -> int | None:
    """Compare two resourceVersions of one resource (apimachinery/pkg/util/resourceversion).

    Returns:
        A number below, equal to or above 0 as *a* is older than, equal to or newer than *b*; None if either is not an ordered
        version (a decimal without leading zero; "" and "0" are not).
    """
    if not _RESOURCE_VERSION.fullmatch(a) or not _RESOURCE_VERSION.fullmatch(b):
        return None
    if len(a) != len(b):
        return len(a) - len(b)
    return (a > b) - (a < b)
