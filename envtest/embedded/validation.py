"""What is wrong with an object of a built-in kind.

What flows in: an object that has been read and prepared, and what it replaces. What flows out: causes, in the server's order.
Pure. Mirrors the Validate methods of kubernetes pkg/registry strategies, and BeforeCreate and BeforeUpdate of apiserver
pkg/registry/rest.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from envtest.embedded import metadata_validation, names, resources, service_validation
from envtest.embedded.checks import Json, Texts
from envtest.embedded.status import Cause

Check = Callable[[Json], Iterable[Cause]]
CheckUpdate = Callable[[Json, Json], Iterable[Cause]]


def _nothing(_: Json) -> Iterable[Cause]:
    return ()


def _no_change(_: Json, __: Json) -> Iterable[Cause]:
    return ()


@dataclass(frozen=True)
class _Rules:
    """What a kind asks for, beside its metadata."""

    name: Texts = names.dns_subdomain
    check: Check = _nothing
    check_update: CheckUpdate = _no_change


_RULES: Final[Mapping[str, _Rules]] = {
    "namespaces": _Rules(names.dns_label),
    "services": _Rules(names.dns_label_1035, service_validation.new, service_validation.changed),
    **{
        f"{plural}.rbac.authorization.k8s.io": _Rules(names.path_segment)
        for plural in ("clusterrolebindings", "clusterroles", "rolebindings", "roles")
    },
}
_DEFAULT: Final = _Rules()


def validate(resource: resources.Resource, obj: Json, old: Json | None = None, subresource: str = "") -> list[Cause]:
    """Return what is wrong with an object of a built-in kind.

    Args:
        resource: Its kind.
        obj: The object as it shall be.
        old: The object as it is; None if it is new.
        subresource: What of it is written, such as status; empty if it is the whole.
    """
    rules = _RULES.get(resource.storage_key, _DEFAULT)
    metadata = obj["metadata"]
    if old is None:
        found = [*metadata_validation.new(metadata, resource.is_namespaced, rules.name), *rules.check(obj)]
        return found or metadata_validation.new(metadata, resource.is_namespaced, names.path_segment)
    found = metadata_validation.of_update(metadata, old["metadata"], resource.is_namespaced)
    found += metadata_validation.changed(metadata, old["metadata"])
    return [*found, *rules.check_update(obj, old)] if not subresource else found


def validate_metadata(resource: resources.Resource, obj: Json, old: Json | None = None) -> list[Cause]:
    """Return what is wrong with the metadata of an object of a custom kind.

    Args:
        resource: Its kind.
        obj: The object as it shall be.
        old: The object as it is; None if it is new.
    """
    if old is None:
        return metadata_validation.new(obj["metadata"], resource.is_namespaced, names.dns_subdomain)
    found = metadata_validation.of_update(obj["metadata"], old["metadata"], resource.is_namespaced)
    return [*found, *metadata_validation.changed(obj["metadata"], old["metadata"])]
