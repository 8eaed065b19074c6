"""What is wrong with volumes, claims and classes of storage.

What flows in: objects that have been read. What flows out: causes, in the server's order. Pure. Mirrors
ValidatePersistentVolume and ValidatePersistentVolumeClaim of kubernetes pkg/apis/core/validation, and pkg/apis/storage;
deviation: of a volume's source only that there is one is checked.
"""

from typing import Final

from envtest.embedded.api import names
from envtest.embedded.validation import checks, field_errors, metadata_validation
from envtest.embedded.validation.checks import Causes, Json, child

_ACCESS_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_VOLUME_MODES: Final = ("Block", "Filesystem")
_RECLAIM: Final = ("Delete", "Recycle", "Retain")
_CLASS_RECLAIM: Final = ("Delete", "Retain")
_BINDING: Final = ("Immediate", "WaitForFirstConsumer")
_NO_SOURCES: Final = frozenset(
    {
        "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
        "storageClassName", "volumeAttributesClassName", "volumeMode",
    }
)  # fmt: skip
_FIXED_CLAIM: Final = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
)


def claim(obj: Json) -> Causes:
    """Check a new PersistentVolumeClaim."""
    return claim_spec(obj["spec"], "spec")


def claim_spec(spec: Json, path: str) -> Causes:
    """Check what a claim asks for, in a claim or in a template."""
    modes = spec.get("accessModes", [])
    if not modes:
        yield field_errors.required(child(path, "accessModes"), "at least 1 access mode is required")
    yield from checks.label_selector(child(path, "selector"), spec.get("selector"))
    for mode in modes:
        yield from checks.supported(child(path, "accessModes"), mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and {*modes} & {*_ACCESS_MODES[:3]}:
        yield field_errors.forbidden(child(path, "accessModes"), "may not use ReadWriteOncePod with other access modes")
    at = field_errors.key(child(path, "resources"), "storage")
    size = spec.get("resources", {}).get("requests", {}).get("storage")
    if size is None:
        yield field_errors.required(at)
    elif checks.amount(size).value <= 0:
        yield field_errors.invalid(at, size, checks.NOT_POSITIVE)
    if name := spec.get("storageClassName"):
        yield from checks.texts(child(path, "storageClassName"), name, names.dns_subdomain(name))
    if "volumeMode" in spec:
        yield from checks.supported(child(path, "volumeMode"), spec["volumeMode"], _VOLUME_MODES)


def changed_claim(obj: Json, old: Json) -> Causes:
    """Check a PersistentVolumeClaim that replaces another."""
    yield from metadata_validation.new(obj["metadata"], names.dns_subdomain)
    yield from claim(obj)
    is_bound = obj.get("status", {}).get("phase") == "Bound"
    spec, before = _comparable(obj["spec"], is_bound), _comparable(old["spec"], is_bound)
    if not before.get("volumeName"):
        spec.pop("volumeName", None)
        before.pop("volumeName", None)
    if spec != before:
        yield field_errors.forbidden("spec", _FIXED_CLAIM)
    new_size, old_size = _size(obj["spec"]), _size(old["spec"])
    known = old.get("status", {}).get("capacity", {}).get("storage", "0")
    if checks.amount(new_size) < checks.amount(old_size) and checks.amount(new_size).value <= checks.amount(known).value:
        yield field_errors.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")
    yield from checks.immutable("volumeMode", obj["spec"].get("volumeMode"), old["spec"].get("volumeMode"))


def _size(spec: Json) -> str:
    return str(spec.get("resources", {}).get("requests", {}).get("storage", "0"))


def _comparable(spec: Json, is_bound: bool) -> Json:
    """Return what may not change; the size of a bound claim may."""
    kept = {name: value for name, value in spec.items() if not (is_bound and name == "volumeAttributesClassName")}
    if is_bound and "requests" in kept.get("resources", {}):
        kept["resources"] = {**kept["resources"], "requests": {**kept["resources"]["requests"], "storage": ""}}
    return kept


def volume(obj: Json) -> Causes:
    """Check a PersistentVolume."""
    spec = obj["spec"]
    modes = spec.get("accessModes", [])
    yield from checks.present("spec.accessModes", modes)
    for mode in modes:
        yield from checks.supported("spec.accessModes", mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        yield field_errors.forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes")
    capacity = spec.get("capacity", {})
    yield from checks.present("spec.capacity", capacity)
    if "storage" not in capacity or len(capacity) > 1:
        shown = capacity or None
        yield field_errors.not_supported("spec.capacity", field_errors.Printed(field_errors.compact(shown)), ("storage",))
    for name, size in capacity.items():
        at = field_errors.key("spec.capacity", name)
        yield from checks.not_negative_amount(at, size)
        if checks.amount(size).value <= 0:
            yield field_errors.invalid(at, size, checks.NOT_POSITIVE)
    if policy := spec.get("persistentVolumeReclaimPolicy"):
        yield from checks.supported("spec.persistentVolumeReclaimPolicy", policy, _RECLAIM)
    sources = [name for name in spec if name not in _NO_SOURCES]
    if not sources:
        yield field_errors.required("spec", "must specify a volume type")
    for name in sources[1:]:
        yield field_errors.forbidden(child("spec", name), checks.MANY_TYPES)
    if name := spec.get("storageClassName"):
        yield from checks.texts("spec.storageClassName", name, names.dns_subdomain(name))
    if "volumeMode" in spec:
        yield from checks.supported("spec.volumeMode", spec["volumeMode"], _VOLUME_MODES)


def changed_volume(obj: Json, old: Json) -> Causes:
    """Check a PersistentVolume that replaces another."""
    yield from metadata_validation.new(obj["metadata"], names.dns_subdomain, is_namespaced=False)
    yield from volume(obj)
    sources = [{name: value for name, value in each["spec"].items() if name not in _NO_SOURCES} for each in (obj, old)]
    if sources[0] != sources[1]:
        yield field_errors.forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation\n")
    yield from checks.immutable("volumeMode", obj["spec"].get("volumeMode"), old["spec"].get("volumeMode"))


def storage_class(obj: Json) -> Causes:
    """Check a new StorageClass."""
    yield from checks.named("provisioner", obj["provisioner"], lambda name: names.label_key(name.lower()))
    yield from checks.one_of("reclaimPolicy", obj["reclaimPolicy"], _CLASS_RECLAIM)
    yield from checks.supported("volumeBindingMode", obj["volumeBindingMode"], _BINDING)


def changed_storage_class(obj: Json, old: Json) -> Causes:
    """Check a StorageClass that replaces another."""
    for name in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
        yield from checks.immutable(name, obj.get(name), old.get(name))
