"""The entries of ``metadata.managedFields``: who owns what, read and written.

What flows in: objects. What flows out: `Managed`, from each manager's `Identity` to what it has `Owned`; objects with it. Pure,
safe in any thread. Mirrors apimachinery pkg/util/managedfields/internal/managedfields.go, and the reset fields of the server's
strategies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from envtest.embedded.api import status
from envtest.embedded.apply import fieldsets
from envtest.embedded.builtin import schemas

Json = dict[str, Any]
Value = Any  # of JSON


class Target(Protocol):
    """What is written to: a Resource, or what looks like one."""

    @property
    def api_version(self) -> str:
        """Such as apps/v1."""

    @property
    def kind(self) -> str:
        """Such as Deployment."""

    @property
    def schema(self) -> schemas.Schema:
        """The type of the whole object."""

    @property
    def is_custom(self) -> bool:
        """Whether it is of a CustomResourceDefinition."""

    @property
    def subresources(self) -> frozenset[str]:
        """Such as status."""


class Identity(NamedTuple):
    """What tells managers apart."""

    manager: str
    operation: str
    """Apply or Update."""
    api_version: str
    """Of updates; empty for Apply."""
    subresource: str

    def order(self) -> str:
        """Return what messages sort managers by: the entry's own JSON."""
        return fieldsets.go_json({name: value for name, value in self._asdict().items() if value}, is_sorted=False)

    def text(self) -> str:
        """Return the manager as messages of conflicts print it."""
        text = status.quoted(self.manager)
        if self.subresource:
            text += f" with subresource {status.quoted(self.subresource)}"
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


@dataclass(frozen=True)
class Owned:
    """What one manager owns."""

    fields: fieldsets.FieldSet
    api_version: str
    time: str | None
    """When the manager last changed something."""


Managed = dict[Identity, Owned]


def read(encoded: Value) -> Managed:
    """Read managedFields.

    Raises:
        ValueError: They are not well formed.
    """
    managed: Managed = {}
    for entry in encoded or []:
        version = entry.get("apiVersion") or ""
        if entry.get("operation") not in ("Apply", "Update") or not version or entry.get("fieldsType") != "FieldsV1":
            raise ValueError("not an entry of managedFields")
        is_update = entry["operation"] == "Update"
        who = Identity(
            entry.get("manager") or "", entry["operation"], version if is_update else "", entry.get("subresource") or ""
        )
        managed[who] = Owned(fieldsets.from_json(entry.get("fieldsV1") or {}), version, entry.get("time"))
    return managed


def of(live: Json | None) -> Managed:
    """Return who owns what of an object, which may be None.

    Raises:
        status.StatusError: Its managedFields are not well formed.
    """
    try:
        return read(live["metadata"].get("managedFields")) if live is not None else {}
    except ValueError as error:
        raise status.StatusError(500, "", f"failed to decode managed fields: {error}") from error


def of_update(live: Json | None, new: Json, subresource: str) -> Managed:
    """Return who owns what before an update: as the client says if it says so, else as *live* says.

    Args:
        live: The object that there is, or None.
        new: What the client sent; an empty list of managedFields, or a list of one empty entry, forgets all of them.
        subresource: Those of a subresource are not the client's to set.
    """
    if not subresource:
        sent = new.get("metadata", {}).get("managedFields")
        if isinstance(sent, list) and not any(sent) and len(sent) < 2:
            return {}
        managed = _read_leniently(sent)
        if managed:
            return managed
    return _read_leniently(live["metadata"].get("managedFields")) if live is not None else {}


def _read_leniently(encoded: Value) -> Managed:
    try:
        return read(encoded)
    except (ValueError, AttributeError, TypeError):
        return {}


def write(managed: Iterable[tuple[Identity, Owned]]) -> list[Json]:
    """Return managedFields in the server's order: applies first, then by time."""
    return [_entry(who, owned) for who, owned in sorted(managed, key=lambda entry: _order(*entry))]


def _order(who: Identity, owned: Owned) -> tuple[str, ...]:
    return (who.operation, owned.time or "", who.manager, owned.api_version, who.subresource)


def _entry(who: Identity, owned: Owned) -> Json:
    entry: Json = {"manager": who.manager, "operation": who.operation, "apiVersion": owned.api_version}
    if owned.time is not None:
        entry["time"] = owned.time
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": owned.fields.to_json()}
    if who.subresource:
        entry["subresource"] = who.subresource
    return entry


def without(obj: Json) -> Json:
    """Return *obj* without its managedFields."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return obj
    return {**obj, "metadata": {name: value for name, value in metadata.items() if name != "managedFields"}}


def put(obj: Json, managed: Managed) -> Json:
    """Return *obj* with the entries of *managed*."""
    return put_list(obj, write(managed.items()))


def put_list(obj: Json, encoded: list[Json]) -> Json:
    """Return *obj* with these managedFields, or with none if there are none."""
    return {**obj, "metadata": {**(obj.get("metadata") or {}), "managedFields": encoded}} if encoded else without(obj)


_OTHER_VERSIONS = {
    "HorizontalPodAutoscaler": ("autoscaling/v1", "autoscaling/v2"),
    "Event": ("v1", "events.k8s.io/v1"),
}


def known(resource: Target, managed: Managed) -> Managed:
    """Return the entries whose versions the kind has, fitted to its type; writes drop the others.

    Any version of a custom kind's group counts as one that it has.
    """
    group = resource.api_version.rpartition("/")[0]
    versions = {resource.api_version, *_OTHER_VERSIONS.get(resource.kind, ())}
    return {
        who: Owned(owned.fields.fitted(resource.schema), owned.api_version, owned.time)
        for who, owned in managed.items()
        if owned.api_version in versions or (resource.is_custom and owned.api_version.rpartition("/")[0] == group)
    }


_STATUS = fieldsets.of([("f:status",)])
_SPEC = fieldsets.of([("f:spec",)])
_ALL_BUT_STATUS = fieldsets.of([("f:spec",), ("f:metadata",)])
_ALSO_RESET = {
    "Deployment": fieldsets.of([("f:metadata", "f:labels")]),
    "Pod": fieldsets.of([("f:metadata", "f:deletionTimestamp"), ("f:metadata", "f:ownerReferences")]),
    "ValidatingAdmissionPolicy": _ALL_BUT_STATUS,
}


def reset_fields(resource: Target, subresource: str) -> fieldsets.FieldSet:
    """Return what a write to the object or to a subresource cannot change, and so never owns."""
    if "status" not in resource.subresources:
        return fieldsets.EMPTY
    if subresource == "status":
        return _ALL_BUT_STATUS if resource.is_custom else _SPEC | _ALSO_RESET.get(resource.kind, fieldsets.EMPTY)
    return _STATUS if subresource in ("", "finalize") else fieldsets.EMPTY
