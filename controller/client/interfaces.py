"""Reading and writing Kubernetes objects, split by right.

What flows in: kinds, keys and manifests as plain dicts (raw JSON in, raw JSON out). What flows out: fresh dicts, or an error of
`informers.errors`. All methods may be called by any thread. Mirrors controller-runtime/pkg/client/interfaces.go.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from informers import objects

Manifest = dict[str, Any]
"""An object as decoded JSON."""


class Reader(Protocol):
    """Reads objects: from the API server, or from a cache."""

    def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> Manifest:
        """Return the object.

        Raises:
            errors.NotFoundError: There is none.
        """
        ...

    def list(
        self, gvk: objects.GroupVersionKind, *, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[Manifest]:
        """Return all objects, in no particular order; *labels* must be equal to be included."""
        ...


@dataclass(frozen=True)
class ApplyOptions:
    """How to apply."""

    field_manager: str
    force: bool = False
    subresource: str = ""
    """"status", or "" for the object itself."""


@dataclass(frozen=True)
class Preconditions:
    """What must be true of the live object for a delete to happen; "" is not checked."""

    uid: str = ""
    resource_version: str = ""


class Writer(Protocol):
    """Writes objects; every write is known to the controller, which waits until its cache shows it."""

    def apply(self, obj: Manifest, options: ApplyOptions) -> Manifest:
        """Apply *obj* server-side and return the object as stored.

        With metadata.resourceVersion "1" the server answers 409 if the object exists; with metadata.uid, 409 if that uid is gone.

        Raises:
            errors.ConflictError: See above; or without *force*, a field has another manager.
            errors.InvalidError: Validation refused it.
        """
        ...

    def create(self, obj: Manifest) -> Manifest:
        """Create *obj* and return it as stored.

        Raises:
            errors.ConflictError: It exists.
        """
        ...

    def merge_patch(
        self, gvk: objects.GroupVersionKind, key: objects.ObjectKey, patch: Mapping[str, Any], subresource: str = ""
    ) -> Manifest:
        """Merge *patch* into an object (RFC 7386) and return it as stored; with metadata.uid only into the one of that uid.

        Raises:
            errors.NotFoundError: There is none.
            errors.ConflictError: The object of that uid is gone.
            errors.InvalidError: Validation refused it.
        """
        ...

    def delete(
        self,
        gvk: objects.GroupVersionKind,
        key: objects.ObjectKey,
        preconditions: Preconditions | None = None,
        *,
        propagation_policy: str = "Background",
    ) -> None:
        """Delete an object; it may live on until its finalizers are done.

        Raises:
            errors.NotFoundError: It is gone already.
            errors.ConflictError: A precondition does not hold.
        """
        ...


class Client(Reader, Writer, Protocol):
    """Reads and writes."""


@dataclass(frozen=True)
class Write:
    """One successful write, as the controller needs it to wait until its cache shows it."""

    gvk: objects.GroupVersionKind
    key: objects.ObjectKey
    uid: str
    resource_version: str
    """The version that the write made; "" after a delete that removed the object at once."""
    deleted: bool = False
    labels: Mapping[str, str] | None = None
    """The object's labels after the write: an informer whose selector excludes them will never show it."""


WriteObserver = Callable[[Write], None]
"""Called in the writing thread, after each successful write."""
