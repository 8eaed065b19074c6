"""What is wrong with amounts of resources, and with who a container runs as.

What flows in: parts of pods and quotas that have been read. What flows out: causes, in the server's order. Pure. Mirrors
validateResourceRequirements and its kin of kubernetes pkg/apis/core/validation; deviation: nothing of huge pages and claims.
"""

import json
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.validation import checks, field_errors
from envtest.embedded.validation.checks import Causes, Json, child

CONTAINER: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
INTEGERS: Final = frozenset(
    {
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims",
        "services.nodeports", "services.loadbalancers",
    }
)  # fmt: skip
_AMOUNTS: Final = frozenset(
    {
        *CONTAINER, "requests.cpu", "requests.memory", "requests.ephemeral-storage", "limits.cpu", "limits.memory",
        "limits.ephemeral-storage", "requests.storage",
    }
)  # fmt: skip
QUOTA: Final = _AMOUNTS | INTEGERS
STANDARD: Final = QUOTA | {"storage"}
POD: Final = ("cpu", "memory")

_HUGE_PAGES: Final = "hugepages-"
_QUOTA_HUGE_PAGES: Final = ("hugepages-", "requests.hugepages-")
_LARGEST_ID: Final = 2**31 - 1
_SECCOMP: Final = ("Localhost", "RuntimeDefault", "Unconfined")
_GO_NAMES: Final = {
    "capabilities": "Capabilities", "privileged": "Privileged", "seLinuxOptions": "SELinuxOptions",
    "windowsOptions": "WindowsOptions", "runAsUser": "RunAsUser", "runAsGroup": "RunAsGroup", "runAsNonRoot": "RunAsNonRoot",
    "readOnlyRootFilesystem": "ReadOnlyRootFilesystem", "allowPrivilegeEscalation": "AllowPrivilegeEscalation",
    "procMount": "ProcMount", "seccompProfile": "SeccompProfile", "appArmorProfile": "AppArmorProfile",
}  # fmt: skip


def requirements(needs: Json, path: str) -> Causes:
    """Check the requests and limits of a container."""
    limits, requests = needs.get("limits", {}), needs.get("requests", {})
    for name, value in limits.items():
        at = field_errors.key(child(path, "limits"), name)
        yield from container_name(at, name)
        yield from amount(at, name, value)
    for name, value in requests.items():
        at = field_errors.key(child(path, "requests"), name)
        yield from container_name(at, name)
        yield from amount(at, name, value)
        yield from _request(path, name, value, limits.get(name))


def _request(path: str, name: str, value: str, limit: str | None) -> Causes:
    if limit is None:
        if not _may_be_overcommitted(name):
            yield field_errors.required(child(path, "limits"), "Limit must be set for non overcommitable resources")
        return
    given, most = checks.amount(value).value, checks.amount(limit).value
    if given != most and not _may_be_overcommitted(name):
        yield field_errors.invalid(child(path, "requests"), value, f"must be equal to {name} limit of {limit}")
    elif given > most:
        yield field_errors.invalid(child(path, "requests"), value, f"must be less than or equal to {name} limit of {limit}")


def pod_requirements(needs: Json, path: str) -> Causes:
    """Check the requests and limits of a whole pod."""
    limits = needs.get("limits", {})
    for part in ("limits", "requests"):
        for name, value in needs.get(part, {}).items():
            at = field_errors.key(child(path, part), name)
            if wrong := list(resource_name(at, name)):
                yield from wrong
            elif name not in POD and not name.startswith(_HUGE_PAGES):
                yield field_errors.not_supported(at, name, ("cpu", _HUGE_PAGES, "memory"))
            yield from amount(at, name, value)
            if part == "requests":
                yield from _request(path, name, value, limits.get(name))


def resource_name(path: str, name: str) -> Causes:
    """Check the name of any resource."""
    if wrong := list(checks.label_key(path, name)):
        yield from wrong
    elif "/" not in name and name not in STANDARD and not name.startswith(_QUOTA_HUGE_PAGES):
        yield field_errors.invalid(path, name, "must be a standard resource type or fully qualified")


def container_name(path: str, name: str) -> Causes:
    """Check the name of a resource that a container may ask for."""
    yield from resource_name(path, name)
    if "/" not in name:
        if name not in CONTAINER and not name.startswith(_HUGE_PAGES):
            yield field_errors.invalid(path, name, "must be a standard resource for containers")
    elif "kubernetes.io/" not in name and not is_extended(name):
        yield field_errors.invalid(path, name, "doesn't follow extended resource name standard")


def quota_name(path: str, name: str) -> Causes:
    """Check the name of a resource that a quota may limit."""
    yield from resource_name(path, name)
    if "/" not in name and name not in QUOTA and not name.startswith(_QUOTA_HUGE_PAGES):
        yield field_errors.invalid(path, name, "must be a standard resource for quota")


def amount(path: str, name: str, value: str) -> Causes:
    """Check the amount of a resource."""
    yield from checks.not_negative_amount(path, value)
    if (name in INTEGERS or is_extended(name)) and checks.amount(value).milli_value % 1000:
        yield field_errors.invalid(path, value, "must be an integer")


def is_extended(name: str) -> bool:
    """Ask whether a resource is one that somebody made up."""
    if "/" not in name or "kubernetes.io/" in name or name.startswith("requests."):
        return False
    return not names.label_key(f"requests.{name}")


def _may_be_overcommitted(name: str) -> bool:
    return ("/" not in name or "kubernetes.io/" in name) and not name.startswith(_HUGE_PAGES)


def identity(path: str, number: int) -> Causes:
    """Check the number of a user or a group."""
    if not 0 <= number <= _LARGEST_ID:
        yield field_errors.invalid(path, number, f"must be between 0 and {_LARGEST_ID}, inclusive")


def seccomp(profile: Json | None, path: str) -> Causes:
    """Check a seccomp profile, which may be absent."""
    if profile is None:
        return
    if not profile["type"]:
        yield field_errors.required(child(path, "type"), "type is required when seccompProfile is set")
    else:
        yield from checks.supported(child(path, "type"), profile["type"], _SECCOMP)
    at = child(path, "localhostProfile")
    if profile["type"] != "Localhost":
        if "localhostProfile" in profile:
            shown = json.dumps({"Type": profile["type"], "LocalhostProfile": profile["localhostProfile"]}, separators=(",", ":"))
            yield field_errors.invalid(at, field_errors.Printed(shown), "can only be set when seccomp type is Localhost")
    elif "localhostProfile" not in profile:
        yield field_errors.required(at, "must be set when seccomp type is Localhost")
    else:
        yield from checks.relative_path(at, profile["localhostProfile"])


def shown_security(context: Json) -> field_errors.Printed:
    """Return a security context as messages show it: the server's own struct, with all fields."""
    fields: Json = {go: context.get(name) for name, go in _GO_NAMES.items()}
    if given := context.get("capabilities"):
        fields["Capabilities"] = {"Add": given.get("add"), "Drop": given.get("drop")}
    if given := context.get("seccompProfile"):
        fields["SeccompProfile"] = {"Type": given["type"], "LocalhostProfile": given.get("localhostProfile")}
    return field_errors.Printed(field_errors.compact(fields, sort=False))
