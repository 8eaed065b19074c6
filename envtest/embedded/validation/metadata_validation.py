"""What is wrong with metadata.

What flows in: objects as they shall be and as they are. What flows out: causes in the server's order. Pure. Mirrors apimachinery
pkg/api/validation/objectmeta.go, and apiserver pkg/registry/rest for what is asked of every kind.
"""

import json
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.api.status import Cause
from envtest.embedded.validation import checks, field_errors
from envtest.embedded.validation.checks import Causes, Json, Texts, child

ANNOTATIONS_LIMIT: Final = 256 * 1024
KNOWN_FINALIZERS: Final = ("kubernetes", "orphan", "foregroundDeletion")
UNQUALIFIED: Final = "name is neither a standard finalizer name nor is it fully qualified"
_OWNER_FIELDS: Final = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
_PATH: Final = "metadata"
_NEITHER: Final = "name or generateName is required"
_ORPHAN, _FOREGROUND = "orphan", "foregroundDeletion"
_LONGEST_MANAGER = 128
_LONGEST_SUBRESOURCE = 256
_FIXED: Final = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


def new(metadata: Json, check_name: Texts, is_namespaced: bool = True) -> list[Cause]:
    """Return what is wrong with the metadata of a new object of a built-in kind.

    Args:
        metadata: It, with its name generated.
        check_name: Says what is wrong with a name of the kind.
        is_namespaced: Whether the kind is.
    """
    return [*of_any_new(metadata, check_name, is_namespaced), *_kube_finalizers(metadata)]


def of_any_new(metadata: Json, check_name: Texts, is_namespaced: bool) -> list[Cause]:
    """Return what is wrong with the metadata of a new object of whatever kind."""
    return [*_names(metadata, check_name, _PATH), *_common(metadata, is_namespaced, _PATH)]


def changed(metadata: Json, old: Json) -> list[Cause]:
    """Return what is wrong with changed metadata of a built-in kind."""
    return [*_changed(metadata, old), *_kube_finalizers(metadata)]


def of_any_changed(metadata: Json, old: Json) -> list[Cause]:
    """Return what is wrong with changed metadata of whatever kind."""
    return list(_changed(metadata, old))


def of_update(metadata: Json, old: Json, is_namespaced: bool) -> list[Cause]:
    """Return what is wrong with changed metadata of whatever kind; what is asked of all, before a kind asks `changed` again."""
    return [*of_any_new(metadata, names.path_segment, is_namespaced), *of_any_changed(metadata, old)]


def masked(prefix: str) -> str:
    """Return a prefix of generated names as something that can be checked like a name."""
    return prefix[:-2] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def template(metadata: Json, path: str) -> Causes:
    """Check the metadata of a template."""
    yield from checks.labels(child(path, "labels"), metadata.get("labels", {}))
    yield from annotations(child(path, "annotations"), metadata.get("annotations", {}))


def annotations(path: str, given: Json) -> Causes:
    """Check annotations."""
    for key in given:
        yield from checks.texts(path, key, names.label_key(key.lower()))
    if sum(len(key.encode()) + len(value.encode()) for key, value in given.items()) > ANNOTATIONS_LIMIT:
        yield field_errors.too_long(path, ANNOTATIONS_LIMIT)


def _names(metadata: Json, check_name: Texts, path: str) -> Causes:
    if prefix := metadata.get("generateName", ""):
        yield from checks.texts(child(path, "generateName"), prefix, check_name(masked(prefix)))
    if name := metadata.get("name", ""):
        yield from checks.texts(child(path, "name"), name, check_name(name))
    else:
        yield field_errors.required(child(path, "name"), _NEITHER)


def _common(metadata: Json, is_namespaced: bool, path: str) -> Causes:
    namespace = metadata.get("namespace", "")
    if is_namespaced:
        yield from checks.named(child(path, "namespace"), namespace, names.dns_label)
    elif namespace:
        yield field_errors.forbidden(child(path, "namespace"), "not allowed on this type")
    yield from checks.not_negative(child(path, "generation"), metadata.get("generation"))
    yield from template(metadata, path)
    yield from _owners(metadata.get("ownerReferences", []), child(path, "ownerReferences"))
    yield from _finalizers(metadata.get("finalizers", []), child(path, "finalizers"))
    yield from _managed_fields(metadata.get("managedFields", []), child(path, "managedFields"))


def _owners(references: list[Json], path: str) -> Causes:
    controller = ""
    for reference in references:
        yield from _owner(reference, path)
        if reference.get("controller"):
            current = f"{reference['kind']}/{reference['name']}"
            if controller:
                text = f'Only one reference can have Controller set to true. Found "true" in references for {controller}'
                yield field_errors.invalid(path, _shown_owners(references), f"{text} and {current}")
            else:
                controller = current


def _shown_owners(references: list[Json]) -> field_errors.Printed:
    ordered = [{name: each[name] for name in _OWNER_FIELDS if name in each} for each in references]
    return field_errors.Printed(field_errors.compact(ordered, sort=False))


def _owner(reference: Json, path: str) -> Causes:
    if not reference["apiVersion"].rpartition("/")[2]:
        yield field_errors.invalid(child(path, "apiVersion"), reference["apiVersion"], "version must not be empty")
    for name in ("kind", "name", "uid"):
        if not reference[name]:
            yield field_errors.invalid(child(path, name), "", "must not be empty")
    if (reference["apiVersion"], reference["kind"]) == ("v1", "Event"):
        yield field_errors.invalid(path, reference, "/v1, Kind=Event is disallowed from being an owner")


def _finalizers(finalizers: list[str], path: str) -> Causes:
    for finalizer in finalizers:
        yield from checks.texts(path, finalizer, names.label_key(finalizer))
    if _ORPHAN in finalizers and _FOREGROUND in finalizers:
        text = f"finalizer {_ORPHAN} and {_FOREGROUND} cannot be both set"
        yield field_errors.invalid(path, finalizers, text)


def _kube_finalizers(metadata: Json) -> Causes:
    """Check that finalizers are qualified, or well known, as is asked of built-in kinds only."""
    for number, finalizer in enumerate(metadata.get("finalizers", ())):
        if "/" not in finalizer and finalizer not in KNOWN_FINALIZERS:
            yield field_errors.invalid(child(_PATH, "finalizers", number), finalizer, UNQUALIFIED)


def _managed_fields(entries: list[Json], path: str) -> Causes:
    for number, entry in enumerate(entries):
        at = child(path, number)
        if entry.get("operation") not in ("Apply", "Update"):
            yield field_errors.invalid(child(at, "operation"), entry.get("operation", ""), "must be `Apply` or `Update`")
        if entry.get("fieldsType", "FieldsV1") != "FieldsV1":
            yield field_errors.invalid(child(at, "fieldsType"), entry["fieldsType"], "must be `FieldsV1`")
        manager = entry.get("manager", "")
        if len(manager) > _LONGEST_MANAGER:
            yield field_errors.too_long(child(at, "manager"), _LONGEST_MANAGER)
        for place, letter in enumerate(manager):
            if not letter.isprintable():
                yield field_errors.invalid(
                    child(at, "manager"), manager, f"invalid character {json.dumps(letter)} (at position {place})"
                )
        if len(entry.get("subresource", "")) > _LONGEST_SUBRESOURCE:
            yield field_errors.too_long(child(at, "subresource"), _LONGEST_SUBRESOURCE)


def _changed(metadata: Json, old: Json) -> Causes:
    if old.get("deletionTimestamp"):
        extra = sorted(set(metadata.get("finalizers", [])) - set(old.get("finalizers", [])))
        if extra:
            shown = "[]string{" + ", ".join(json.dumps(each) for each in extra) + "}"
            text = f"no new finalizers can be added if the object is being deleted, found new finalizers {shown}"
            yield field_errors.forbidden(child(_PATH, "finalizers"), text)
    if not metadata.get("resourceVersion"):
        yield field_errors.invalid(child(_PATH, "resourceVersion"), "", "must be specified for an update")
    if metadata.get("generation", 0) < old.get("generation", 0):
        yield field_errors.invalid(child(_PATH, "generation"), metadata.get("generation", 0), "must not be decremented")
    for name in _FIXED:
        yield from checks.immutable(child(_PATH, name), metadata.get(name), old.get(name))
    yield from template(metadata, _PATH)
    yield from _owners(metadata.get("ownerReferences", []), child(_PATH, "ownerReferences"))
    yield from _managed_fields(metadata.get("managedFields", []), child(_PATH, "managedFields"))
