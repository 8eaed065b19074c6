"""Who owns a child, and may we write it?

What flows in: an owner or labels, and live objects. What flows out: owner references, manifests that claim their owner, and a
`Claim`. Pure; any thread may call it. Mirrors controller-runtime/pkg/controller/controllerutil (SetControllerReference);
deviations: manifests are returned, not changed, and a claim says what to do about an object that is not ours.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from controller.client import interfaces
from informers import objects

ADOPT_ANNOTATION = "coxswain.dev/adopt"
"""With the value "true" on an object that no controller owns: we may apply over it."""


class Claim(enum.StrEnum):
    """What an object is to an owner."""

    OURS = "Ours"
    GOING = "Going"
    """It is being deleted, or belongs to a deleted namesake of our owner: it goes away by itself."""
    ADOPTABLE = "Adoptable"
    """It is foreign, has no controller, and its annotation lets us apply over it."""
    FOREIGN = "Foreign"


class Ownership(Protocol):
    """How an owner marks its objects and knows them again."""

    def claimed(self, desired: interfaces.Manifest) -> interfaces.Manifest:
        """Return *desired* with the owner's mark on it."""
        ...

    def classify(self, live: interfaces.Manifest) -> Claim:
        """Say what *live* is to the owner."""
        ...


@dataclass(frozen=True)
class ByController:
    """Ownership by the controller reference: the garbage collector removes the children with their owner."""

    owner: interfaces.Manifest = field(repr=False)
    """The owner as read from the server: its uid counts."""

    @property
    def uid(self) -> str:
        """The owner's uid."""
        return str(self.owner["metadata"]["uid"])

    def claimed(self, desired: interfaces.Manifest) -> interfaces.Manifest:
        """Return *desired* with the controller reference; other owner references are kept.

        Raises:
            ValueError: It would have two controllers, or the owner lives in another namespace.
        """
        metadata = desired["metadata"]
        namespace = self.owner["metadata"].get("namespace")
        if namespace and metadata.get("namespace") != namespace:
            raise ValueError(f"{self} in {namespace} cannot own {desired['kind']} {metadata['name']} of another namespace")
        references = [reference for reference in metadata.get("ownerReferences") or () if reference["uid"] != self.uid]
        if any(reference.get("controller") for reference in references):
            raise ValueError(f"{desired['kind']} {metadata['name']} already has a controller other than {self}")
        return {**desired, "metadata": {**metadata, "ownerReferences": [*references, controller_reference(self.owner)]}}

    def classify(self, live: interfaces.Manifest) -> Claim:
        """Say what *live* is, by its controller reference and its deletion timestamp."""
        meta = meta_of(live)
        if meta.deletion_timestamp:
            return Claim.GOING
        if is_controlled_by(meta, self.uid):
            return Claim.OURS
        if meta.controller is None:
            return _unclaimed(meta)
        gvk = objects.GroupVersionKind.of_object(self.owner)
        theirs = objects.GroupVersionKind.of(meta.controller.api_version, meta.controller.kind)
        is_namesake = (theirs.group, theirs.kind) == (gvk.group, gvk.kind) and meta.controller.name == self.owner["metadata"][
            "name"
        ]
        return Claim.GOING if is_namesake else Claim.FOREIGN

    def __str__(self) -> str:
        return f"{self.owner['kind']} {self.owner['metadata']['name']}"


@dataclass(frozen=True)
class ByLabels:
    """Ownership by labels and field manager, for an object that many resources share: nobody's deletion takes it along."""

    labels: Mapping[str, str]
    field_manager: str

    def claimed(self, desired: interfaces.Manifest) -> interfaces.Manifest:
        """Return *desired* with the labels."""
        metadata = desired["metadata"]
        return {**desired, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **self.labels}}}

    def classify(self, live: interfaces.Manifest) -> Claim:
        """Say what *live* is: ours if it has the labels and we have applied it; labels alone may be a copy."""
        meta = meta_of(live)
        if meta.deletion_timestamp:
            return Claim.GOING
        if meta.controller is not None:
            return Claim.FOREIGN
        is_applied = any(
            entry.get("manager") == self.field_manager and entry.get("operation") == "Apply"
            for entry in live["metadata"].get("managedFields") or ()
        )
        has_labels = self.labels.items() <= (meta.labels or {}).items()
        return Claim.OURS if is_applied and has_labels else _unclaimed(meta)


def controller_reference(owner: interfaces.Manifest) -> dict[str, Any]:
    """Return the owner reference that makes *owner* the controller; it blocks the owner's foreground deletion."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def meta_of(obj: interfaces.Manifest) -> objects.ObjectMeta:
    """Parse the metadata of a decoded object."""
    return msgspec.convert(obj["metadata"], objects.ObjectMeta)


def is_controlled_by(meta: objects.ObjectMeta, uid: str) -> bool:
    """Say whether the owner with this *uid* is the object's controller."""
    return meta.controller is not None and meta.controller.uid == uid


def _unclaimed(meta: objects.ObjectMeta) -> Claim:
    return Claim.ADOPTABLE if (meta.annotations or {}).get(ADOPT_ANNOTATION) == "true" else Claim.FOREIGN
