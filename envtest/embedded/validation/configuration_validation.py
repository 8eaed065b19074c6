"""What is wrong with ConfigMaps, Secrets, quotas, limits, leases, namespaces, nodes, priorities and roles.

What flows in: objects that have been read. What flows out: causes, in the server's order. Pure. Mirrors kubernetes
pkg/apis/core/validation, pkg/apis/coordination/validation, pkg/apis/scheduling/validation and pkg/apis/rbac/validation.
"""

import base64
import json
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.validation import affinity_validation, checks, field_errors, metadata_validation, resource_validation
from envtest.embedded.validation.checks import Causes, Json, child

LARGEST: Final = 1024 * 1024
_WHEN_IMMUTABLE: Final = "field is immutable when `immutable` is set"
_RBAC: Final = "rbac.authorization.k8s.io"
_ACCOUNT: Final = "metadata.annotations[kubernetes.io/service-account.name]"
_SCOPES: Final = frozenset(
    {
        "Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity",
        "VolumeAttributesClass",
    }
)  # fmt: skip
_SCOPE_PAIRS: Final = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_LIMIT_TYPES: Final = ("Pod", "Container", "PersistentVolumeClaim")
_HIGHEST_PRIORITY: Final = 1_000_000_000
_PREEMPTION: Final = ("PreemptLowerPriority", "Never")


def config_map(obj: Json) -> Causes:
    """Check a new ConfigMap."""
    data, binary = obj.get("data", {}), obj.get("binaryData", {})
    for key in data:
        at = field_errors.key("data", key)
        yield from checks.texts(at, key, checks.map_key(key))
        if key in binary:
            yield field_errors.invalid(at, key, "duplicate of key present in binaryData")
    for key in binary:
        yield from checks.texts(field_errors.key("binaryData", key), key, checks.map_key(key))
    if sum(len(value.encode()) for value in data.values()) + _decoded_size(binary) > LARGEST:
        yield field_errors.too_long("[]", LARGEST)


def changed_config_map(obj: Json, old: Json) -> Causes:
    """Check a ConfigMap that replaces another."""
    yield from _immutable(obj, old, "data", "binaryData")
    yield from metadata_validation.new(obj["metadata"], names.dns_subdomain)
    yield from config_map(obj)


def secret(obj: Json) -> Causes:
    """Check a new Secret."""
    data, kind = obj.get("data", {}), obj["type"]
    for key in data:
        yield from checks.texts(field_errors.key("data", key), key, checks.map_key(key))
    if _decoded_size(data) > LARGEST:
        yield field_errors.too_long("data", LARGEST)
    if kind == "kubernetes.io/service-account-token":
        yield from checks.present(_ACCOUNT, obj["metadata"].get("annotations", {}).get("kubernetes.io/service-account.name"))
    elif kind in _REQUIRED_KEYS:
        yield from _required_keys(kind, data)


_REQUIRED_KEYS: Final = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/basic-auth": ("username", "password"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


def _required_keys(kind: str, data: Json) -> Causes:
    missing = [key for key in _REQUIRED_KEYS[kind] if key not in data]
    if kind == "kubernetes.io/basic-auth" and len(missing) < 2:
        missing = []
    for key in missing:
        yield field_errors.required(field_errors.key("data", key))
    if "docker" in kind and not missing:
        key = _REQUIRED_KEYS[kind][0]
        try:
            json.loads(base64.b64decode(data[key]))
        except ValueError:
            text = "invalid character, no JSON"
            yield field_errors.invalid(field_errors.key("data", key), "<secret contents redacted>", text)


def changed_secret(obj: Json, old: Json) -> Causes:
    """Check a Secret that replaces another."""
    yield from checks.immutable("type", obj["type"], old["type"])
    yield from _immutable(obj, old, "data")
    yield from metadata_validation.new(obj["metadata"], names.dns_subdomain)
    yield from secret(obj)


def _immutable(obj: Json, old: Json, *fields: str) -> Causes:
    if not old.get("immutable"):
        return
    if not obj.get("immutable"):
        yield field_errors.forbidden("immutable", _WHEN_IMMUTABLE)
    for name in fields:
        if obj.get(name) != old.get(name):
            yield field_errors.forbidden(name, _WHEN_IMMUTABLE)


def _decoded_size(data: Json) -> int:
    return sum(len(value) // 4 * 3 - value[-2:].count("=") for value in data.values())


def quota(obj: Json) -> Causes:
    """Check a ResourceQuota."""
    spec = obj["spec"]
    yield from _amounts(spec.get("hard", {}), "spec.hard")
    scopes = spec.get("scopes", [])
    for scope in scopes:
        if scope not in _SCOPES:
            yield field_errors.invalid("spec.scopes", scopes, "unsupported scope")
    for pair in _SCOPE_PAIRS:
        if {*pair} <= {*scopes}:
            yield field_errors.invalid("spec.scopes", scopes, "conflicting scopes")


def changed_quota(obj: Json, old: Json) -> Causes:
    """Check a ResourceQuota that replaces another."""
    yield from quota(obj)
    if {*obj["spec"].get("scopes", ())} != {*old["spec"].get("scopes", ())}:
        yield field_errors.invalid("spec.scopes", obj["spec"].get("scopes"), checks.IMMUTABLE)


def _amounts(amounts: Json, path: str) -> Causes:
    for name, value in amounts.items():
        at = field_errors.key(path, name)
        yield from resource_validation.quota_name(at, name)
        yield from resource_validation.amount(at, name, value)


def limit_range(obj: Json) -> Causes:
    """Check a LimitRange."""
    seen: set[str] = set()
    for number, limit in enumerate(obj["spec"]["limits"] or ()):
        at, kind = child("spec.limits", number), limit["type"]
        if wrong := names.label_key(kind):
            yield from checks.texts(child(at, "type"), kind, wrong)
        elif "/" not in kind and kind not in _LIMIT_TYPES:
            yield field_errors.invalid(child(at, "type"), kind, "must be a standard limit type or fully qualified")
        if kind in seen:
            yield field_errors.duplicate(child(at, "type"), kind)
        seen.add(kind)
        if kind == "Pod":
            for name in ("default", "defaultRequest"):
                if limit.get(name):
                    yield field_errors.forbidden(child(at, name), "may not be specified when `type` is 'Pod'")
        yield from _limit_order(limit, at)


def _limit_order(limit: Json, path: str) -> Causes:
    for lower, upper, at, shown, text in (
        ("min", "max", "min", "min", "min value {} is greater than max value {}"),
        ("min", "defaultRequest", "defaultRequest", "defaultRequest", "min value {} is greater than default request value {}"),
        ("defaultRequest", "max", "defaultRequest", "defaultRequest", "default request value {} is greater than max value {}"),
        (
            "defaultRequest", "default", "defaultRequest", "defaultRequest",
            "default request value {} is greater than default limit value {}",
        ),
        ("min", "default", "default", "min", "min value {} is greater than default value {}"),
        ("default", "max", "default", "max", "default value {} is greater than max value {}"),
    ):  # fmt: skip
        for name, low in limit.get(lower, {}).items():
            high = limit.get(upper, {}).get(name)
            if high is not None and checks.amount(low).value > checks.amount(high).value:
                where = field_errors.key(child(path, at), name)
                yield field_errors.invalid(where, limit[shown][name], text.format(low, high))


def changed_limit_range(obj: Json, _: Json) -> Causes:
    """Check a LimitRange that replaces another."""
    yield from metadata_validation.new(obj["metadata"], names.dns_subdomain)
    yield from limit_range(obj)


def lease(obj: Json) -> Causes:
    """Check a Lease."""
    spec = obj["spec"]
    if (seconds := spec.get("leaseDurationSeconds", 1)) <= 0:
        yield field_errors.invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    yield from checks.not_negative("spec.leaseTransitions", spec.get("leaseTransitions"))


def changed_lease(obj: Json, _: Json) -> Causes:
    """Check a Lease that replaces another."""
    return lease(obj)


def namespace(obj: Json) -> Causes:
    """Check a new namespace."""
    for finalizer in obj["spec"].get("finalizers", ()):
        yield from checks.texts("spec.finalizers", finalizer, names.label_key(finalizer))
        if "/" not in finalizer and finalizer not in metadata_validation.KNOWN_FINALIZERS:
            yield field_errors.invalid("spec.finalizers", finalizer, metadata_validation.UNQUALIFIED)


def node(obj: Json) -> Causes:
    """Check a new node."""
    yield from affinity_validation.taints(obj["spec"].get("taints", []), "metadata.taints")
    for part in ("capacity", "allocatable"):
        for name, value in obj.get("status", {}).get(part, {}).items():
            yield from resource_validation.amount(f"status.{part}.{name}", name, value)


def priority(obj: Json) -> Causes:
    """Check a PriorityClass."""
    if obj["value"] > _HIGHEST_PRIORITY and not obj["metadata"].get("name", "").startswith("system-"):
        text = f"maximum allowed value of a user defined priority is {_HIGHEST_PRIORITY}"
        yield field_errors.forbidden("value", text)
    yield from checks.one_of("preemptionPolicy", obj["preemptionPolicy"], _PREEMPTION)


def changed_priority(obj: Json, old: Json) -> Causes:
    """Check a PriorityClass that replaces another."""
    if obj["value"] != old["value"]:
        yield field_errors.forbidden("value", "may not be changed in an update.")
    yield from checks.immutable("preemptionPolicy", obj["preemptionPolicy"], old["preemptionPolicy"])


def role(obj: Json) -> Causes:
    """Check a Role."""
    return _rules(obj, is_namespaced=True)


def cluster_role(obj: Json) -> Causes:
    """Check a ClusterRole."""
    return _rules(obj, is_namespaced=False)


def _rules(obj: Json, is_namespaced: bool) -> Causes:
    for number, rule in enumerate(obj["rules"] or ()):
        at = child("rules", number)
        if not rule["verbs"]:
            yield field_errors.required(child(at, "verbs"), "verbs must contain at least one value")
        if urls := rule.get("nonResourceURLs"):
            path = child(at, "nonResourceURLs")
            if is_namespaced:
                yield field_errors.invalid(path, urls, "namespaced rules cannot apply to non-resource URLs")
            if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
                text = "rules cannot apply to both regular resources and non-resource URLs"
                yield field_errors.invalid(path, urls, text)
            continue
        if not rule.get("apiGroups"):
            yield field_errors.required(child(at, "apiGroups"), "resource rules must supply at least one api group")
        if not rule.get("resources"):
            yield field_errors.required(child(at, "resources"), "resource rules must supply at least one resource")


def role_binding(obj: Json) -> Causes:
    """Check a RoleBinding."""
    return _binding(obj, ("Role", "ClusterRole"))


def cluster_role_binding(obj: Json) -> Causes:
    """Check a ClusterRoleBinding."""
    return _binding(obj, ("ClusterRole",))


def _binding(obj: Json, kinds: tuple[str, ...]) -> Causes:
    reference = obj["roleRef"]
    yield from checks.supported("roleRef.apiGroup", reference["apiGroup"], [_RBAC])
    yield from checks.supported("roleRef.kind", reference["kind"], kinds)
    yield from checks.named("roleRef.name", reference["name"], names.path_segment)
    for number, subject in enumerate(obj.get("subjects", ())):
        yield from _subject(subject, child("subjects", number), "Role" in kinds)


def _subject(subject: Json, path: str, is_namespaced: bool) -> Causes:
    if not subject["name"]:
        yield field_errors.required(child(path, "name"))
    group = subject.get("apiGroup", "")
    if subject["kind"] == "ServiceAccount":
        if subject["name"]:
            yield from checks.texts(child(path, "name"), subject["name"], names.dns_subdomain(subject["name"]))
        yield from checks.supported(child(path, "apiGroup"), group, [""])
        if not is_namespaced:
            yield from checks.present(child(path, "namespace"), subject.get("namespace"))
    elif subject["kind"] in ("User", "Group"):
        yield from checks.supported(child(path, "apiGroup"), group, [_RBAC])
    else:
        yield field_errors.not_supported(child(path, "kind"), subject["kind"], ["ServiceAccount", "User", "Group"])


def changed_role_binding(obj: Json, old: Json) -> Causes:
    """Check a RoleBinding that replaces another."""
    yield from role_binding(obj)
    yield from _changed_reference(obj["roleRef"], old["roleRef"])


def changed_cluster_role_binding(obj: Json, old: Json) -> Causes:
    """Check a ClusterRoleBinding that replaces another."""
    yield from cluster_role_binding(obj)
    yield from _changed_reference(obj["roleRef"], old["roleRef"])


def _changed_reference(reference: Json, old: Json) -> Causes:
    if reference != old:
        shown = {"APIGroup": reference["apiGroup"], "Kind": reference["kind"], "Name": reference["name"]}
        text = "cannot change roleRef"
        yield field_errors.invalid("roleRef", field_errors.Printed(field_errors.compact(shown, sort=False)), text)
