"""What is wrong with the volumes of a pod.

What flows in: volumes that have been read. What flows out: causes, in the server's order, and which volumes are fine. Pure.
Mirrors ValidateVolumes of kubernetes pkg/apis/core/validation; deviation: of most sources that need a cloud, only that there is
one of them is checked.
"""

from collections.abc import Callable, Mapping
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.api.status import Cause
from envtest.embedded.validation import checks, field_errors
from envtest.embedded.validation.checks import Causes, Json, child

CONTAINER_RESOURCES: Final = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory",
)  # fmt: skip
_FILE_FIELDS: Final = (
    "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
)  # fmt: skip
_KNOWN_FIELDS: Final = (
    *_FILE_FIELDS, "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "status.phase",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_HOST_PATHS: Final = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
_SIZES: Final = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_CORES: Final = ("1m", "1")
_HUGE_PAGES: Final = ("limits.hugepages-", "requests.hugepages-")
_TEN_MINUTES: Final = 600


def volumes(given: list[Json], path: str) -> tuple[Mapping[str, Json], list[Cause]]:
    """Return the volumes of a pod that are fine, by name, and what is wrong with the others."""
    good: dict[str, Json] = {}
    causes: list[Cause] = []
    for number, volume in enumerate(given):
        at, name = child(path, number), volume["name"]
        found = [*_source(volume, at), *checks.named(child(at, "name"), name, names.dns_label)]
        if name in good:
            found.append(field_errors.duplicate(child(at, "name"), name))
        if not found:
            good[name] = volume
        causes += found
    return good, causes


def _source(volume: Json, path: str) -> Causes:
    first = ""
    for name in _ORDER:
        if name not in volume:
            continue
        if first:
            yield field_errors.forbidden(child(path, _SPELLED.get(name, name)), checks.MANY_TYPES)
            continue
        first = name
        if check := _SOURCES.get(name):
            yield from check(volume[name], child(path, name))
    if not first:
        yield field_errors.required(path, "must specify a volume type")


def _empty_dir(source: Json, path: str) -> Causes:
    if "sizeLimit" in source and checks.amount(source["sizeLimit"]).value < 0:
        yield field_errors.forbidden(child(path, "sizeLimit"), "SizeLimit field must be a valid resource quantity")


def _host_path(source: Json, path: str) -> Causes:
    if not source["path"]:
        yield field_errors.required(child(path, "path"))
        return
    yield from checks.no_backsteps(child(path, "path"), source["path"])
    yield from checks.supported(child(path, "type"), source["type"], _HOST_PATHS)


def _secret(source: Json, path: str) -> Causes:
    yield from checks.present(child(path, "secretName"), source.get("secretName"))
    yield from _mode_and_items(source, path)


def _config_map(source: Json, path: str) -> Causes:
    yield from checks.present(child(path, "name"), source.get("name"))
    yield from _mode_and_items(source, path)


def _mode_and_items(source: Json, path: str) -> Causes:
    yield from checks.file_mode(child(path, "defaultMode"), source.get("defaultMode"))
    for number, item in enumerate(source.get("items", ())):
        yield from _key_to_path(item, child(path, "items", number))


def _key_to_path(item: Json, path: str) -> Causes:
    yield from checks.present(child(path, "key"), item["key"])
    yield from checks.present(child(path, "path"), item["path"])
    yield from checks.own_path(child(path, "path"), item["path"])
    yield from checks.file_mode(child(path, "mode"), item.get("mode"))


def _claim(source: Json, path: str) -> Causes:
    return checks.present(child(path, "claimName"), source["claimName"])


def _nfs(source: Json, path: str) -> Causes:
    yield from checks.present(child(path, "server"), source["server"])
    yield from checks.present(child(path, "path"), source["path"])
    if not source["path"].startswith("/"):
        yield field_errors.invalid(child(path, "path"), source["path"], "must be an absolute path")


def _downward(source: Json, path: str) -> Causes:
    yield from checks.file_mode(child(path, "defaultMode"), source.get("defaultMode"))
    for item in source.get("items", ()):
        yield from _downward_file(item, path)


def _downward_file(item: Json, path: str) -> Causes:
    yield from checks.present(child(path, "path"), item["path"])
    yield from checks.own_path(child(path, "path"), item["path"])
    if "fieldRef" in item:
        yield from field_reference(item["fieldRef"], child(path, "fieldRef"), _FILE_FIELDS)
        if "resourceFieldRef" in item:
            text = "fieldRef and resourceFieldRef can not be specified simultaneously"
            yield field_errors.invalid(path, "resource", text)
    elif "resourceFieldRef" in item:
        yield from resource_reference(item["resourceFieldRef"], child(path, "resourceFieldRef"), needs_container=True)
    else:
        yield field_errors.required(path, "one of fieldRef and resourceFieldRef is required")
    yield from checks.file_mode(child(path, "mode"), item.get("mode"))


def field_reference(reference: Json, path: str, known: tuple[str, ...]) -> Causes:
    """Check a reference to a field of the pod, of which *known* can be had."""
    given = reference["fieldPath"]
    if not given:
        yield field_errors.required(child(path, "fieldPath"))
        return
    base, bracket, rest = given.partition("['")
    is_subscripted = bool(bracket) and rest.endswith("']")
    if reference["apiVersion"] != "v1":
        text = f"error converting fieldPath: unsupported pod version: {reference['apiVersion']}"
        yield field_errors.invalid(child(path, "fieldPath"), given, text)
    elif is_subscripted and base in ("metadata.annotations", "metadata.labels"):
        yield from checks.label_key(path, rest[:-2].lower() if base == "metadata.annotations" else rest[:-2])
    elif is_subscripted or given not in _KNOWN_FIELDS:
        reason = "does not support subscript" if is_subscripted else "not supported"
        text = f"error converting fieldPath: field label {reason}: {given}"
        yield field_errors.invalid(child(path, "fieldPath"), given, text)
    elif given not in known:
        yield field_errors.not_supported(child(path, "fieldPath"), given, sorted(known))


def resource_reference(reference: Json, path: str, needs_container: bool) -> Causes:
    """Check a reference to a container's requests or limits."""
    name = reference["resource"]
    if needs_container and not reference.get("containerName"):
        yield field_errors.required(child(path, "containerName"))
    elif not name:
        yield field_errors.required(child(path, "resource"))
    elif name not in CONTAINER_RESOURCES and not name.startswith(_HUGE_PAGES):
        yield field_errors.not_supported(child(path, "resource"), name, CONTAINER_RESOURCES)
    yield from _divisor(name, reference.get("divisor", "0"), child(path, "divisor"))


def _divisor(name: str, divisor: str, path: str) -> Causes:
    if checks.amount(divisor).value == 0:
        return
    if name.endswith(".cpu"):
        if divisor not in _CORES:
            yield field_errors.invalid(path, name, "only divisor's values 1m and 1 are supported with the cpu resource")
    elif name in CONTAINER_RESOURCES or name.startswith(_HUGE_PAGES):
        kind = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}.get(name.partition(".")[2], "hugepages")
        if divisor not in _SIZES:
            text = f"only divisor's values {', '.join(_SIZES)} are supported with the {kind} resource"
            yield field_errors.invalid(path, name, text)


def _projected(source: Json, path: str) -> Causes:
    yield from checks.file_mode(child(path, "defaultMode"), source.get("defaultMode"))
    seen: set[str] = set()
    for number, part in enumerate(source["sources"] or ()):
        at = child(path, "sources", number)
        yield from _projection(part, at, path, seen)
        if len(part) > 1:
            yield field_errors.forbidden(at, "may not specify more than 1 volume type per source")


def _projection(part: Json, at: str, path: str, seen: set[str]) -> Causes:
    for name in ("secret", "configMap"):
        if name in part:
            own = part[name]
            yield from checks.present(child(at, name, "name"), own.get("name"))
            for number, item in enumerate(own.get("items", ())):
                yield from _key_to_path(item, child(at, name, "items", number))
                yield from _conflict(item["path"], own.get("name", ""), path, seen)
    for item in part.get("downwardAPI", {}).get("items", ()):
        yield from _downward_file(item, child(at, "downwardAPI"))
        yield from _conflict(item["path"], item["path"], path, seen)
    if "serviceAccountToken" in part:
        yield from _token(part["serviceAccountToken"], child(at, "serviceAccountToken", "expirationSeconds"), path)


def _conflict(given: str, shown: str, path: str, seen: set[str]) -> Causes:
    if given and given in seen:
        yield field_errors.invalid(path, shown, "conflicting duplicate paths")
    seen.add(given)


def _token(token: Json, seconds_path: str, path: str) -> Causes:
    seconds = token["expirationSeconds"]
    if seconds < _TEN_MINUTES:
        yield field_errors.invalid(seconds_path, seconds, "may not specify a duration less than 10 minutes")
    if seconds > 1 << 32:
        yield field_errors.invalid(seconds_path, seconds, "may not specify a duration larger than 2^32 seconds")
    yield from checks.present(child(path, "path"), token["path"])
    if token["path"]:
        yield from checks.own_path(child(path, "path"), token["path"])


def _ephemeral(source: Json, path: str) -> Causes:
    yield from checks.present(child(path, "volumeClaimTemplate"), source.get("volumeClaimTemplate"))


def _image(source: Json, path: str) -> Causes:
    return checks.one_of(child(path, "pullPolicy"), source["pullPolicy"], ("Always", "IfNotPresent", "Never"))


_SOURCES: Final[Mapping[str, Callable[[Json, str], Causes]]] = {
    "configMap": _config_map,
    "downwardAPI": _downward,
    "emptyDir": _empty_dir,
    "ephemeral": _ephemeral,
    "hostPath": _host_path,
    "image": _image,
    "nfs": _nfs,
    "persistentVolumeClaim": _claim,
    "projected": _projected,
    "secret": _secret,
}
_ORDER: Final = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi", "glusterfs",
    "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc", "flexVolume", "configMap",
    "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO",
    "csi", "ephemeral", "image",
)  # fmt: skip
"""The order in which the server looks at sources."""
_SPELLED: Final = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
"""How the server spells some of them when there are too many."""
