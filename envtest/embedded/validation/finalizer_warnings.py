"""What the author of a custom resource should know about its finalizers, though they are taken.

What flows in: an object, on an update the old one. What flows out: warnings. Pure. Mirrors apiextensions-apiserver
pkg/registry/customresource/validator.go (validateKubeFinalizerName).
"""

from typing import Final

from envtest.embedded.api import names
from envtest.embedded.api.status import Json, quoted

_STANDARD: Final = frozenset({"orphan", "foregroundDeletion", "kubernetes"})
_ADVICE: Final = "to avoid accidental conflicts with other finalizer writers"


def of_new(value: Json, old: Json | None) -> list[str]:
    """Return what is unwise about the finalizers that were added."""
    before = (old or {}).get("metadata", {}).get("finalizers") or []
    added = set(value.get("metadata", {}).get("finalizers") or []) - set(before)
    return [f"metadata.finalizers: {quoted(name)}: {words}" for name in sorted(added) for words in _unwise(name)]


def _unwise(name: str) -> list[str]:
    found = names.label_key(name)
    if "/" in name or name in _STANDARD:
        return found
    path = " including a path (/)" if "." in name else ""
    return [*found, f"prefer a domain-qualified finalizer name{path} {_ADVICE}"]
