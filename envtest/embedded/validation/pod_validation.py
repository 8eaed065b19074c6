"""What is wrong with Pods and with templates of pods.

What flows in: Pods and templates that have been read. What flows out: causes, in the server's order. Pure. Mirrors
ValidatePodSpec, ValidatePodCreate and ValidatePodUpdate of kubernetes pkg/apis/core/validation; deviations: nothing of Windows,
ephemeral containers and resource claims, and of changes of a Pod only the first line is told.
"""

from typing import Final

from envtest.embedded.api import names
from envtest.embedded.validation import (
    affinity_validation,
    checks,
    container_validation,
    field_errors,
    metadata_validation,
    resource_validation,
    volume_validation,
)
from envtest.embedded.validation.checks import Causes, Json, child

_RESTART_POLICIES: Final = ("Always", "OnFailure", "Never")
_DNS_POLICIES: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_PREEMPTION_POLICIES: Final = ("PreemptLowerPriority", "Never")
_GROUP_CHANGES: Final = ("Always", "OnRootMismatch")
_MAX_INT32: Final = 2**31 - 1
_NAMESERVERS, _SEARCHES, _SEARCH_LETTERS = 3, 32, 2048
_CHANGEABLE: Final = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def new(pod: Json) -> Causes:
    """Check a new Pod."""
    given = pod["spec"]
    yield from spec(given, "spec", is_pod=True)
    if not given.get("serviceAccountName"):
        yield from _tokens(given)
    yield from container_validation.images(given["containers"] or [], "spec.containers")
    yield from container_validation.images(given.get("initContainers", []), "spec.initContainers")


def of_template(obj: Json) -> Causes:
    """Check a PodTemplate."""
    return template(obj["template"], "template")


def changed(pod: Json, old: Json) -> Causes:
    """Check a Pod that replaces another."""
    yield from metadata_validation.new(pod["metadata"], names.dns_subdomain)
    yield from new(pod)
    given, before = pod["spec"], old["spec"]
    for name in ("containers", "initContainers"):
        if len(given.get(name) or ()) != len(before.get(name) or ()):
            yield field_errors.forbidden(child("spec", name), "pod updates may not add or remove containers")
            return
    yield from _changed_deadline(given, before)
    yield from _changed_tolerations(given.get("tolerations", []), before.get("tolerations", []))
    yield from _changed_gates(given.get("schedulingGates", []), before.get("schedulingGates", []))
    if _fixed_part(given) != _fixed_part(before):
        yield field_errors.forbidden("spec", f"pod updates may not change fields other than {_CHANGEABLE}\n")


def template(given: Json, path: str) -> Causes:
    """Check a template of pods."""
    yield from metadata_validation.template(given["metadata"], path)
    yield from spec(given["spec"], child(path, "spec"))
    if given["spec"].get("ephemeralContainers"):
        text = "ephemeral containers not allowed in pod template"
        yield field_errors.forbidden(child(path, "spec", "ephemeralContainers"), text)


def spec(given: Json, path: str, is_pod: bool = False) -> Causes:
    """Check what a pod shall be, in a Pod or in a template."""
    volumes, causes = volume_validation.volumes(given.get("volumes", []), child(path, "volumes"))
    yield from causes
    containers, others = given["containers"] or [], given.get("initContainers", [])
    pod = container_validation.Pod(volumes, given.get("terminationGracePeriodSeconds"))
    yield from container_validation.containers(containers, pod, child(path, "containers"))
    yield from container_validation.init_containers(others, containers, pod, child(path, "initContainers"))
    if "resources" in given:
        yield from resource_validation.pod_requirements(given["resources"], child(path, "resources"))
    if given.get("hostNetwork"):
        yield from _host_network(containers, child(path, "containers"), is_pod)
    yield from checks.one_of(child(path, "restartPolicy"), given["restartPolicy"], _RESTART_POLICIES)
    yield from checks.one_of(child(path, "dnsPolicy"), given["dnsPolicy"], _DNS_POLICIES)
    yield from checks.labels(child(path, "nodeSelector"), given.get("nodeSelector", {}))
    yield from _security(given.get("securityContext", {}), child(path, "securityContext"))
    yield from affinity_validation.affinity(given.get("affinity", {}), child(path, "affinity"))
    yield from _dns(given, child(path, "dnsConfig"))
    for number, gate in enumerate(given.get("readinessGates", ())):
        yield from checks.label_key(child(path, "readinessGates", number, "conditionType"), gate["conditionType"])
    yield from _gates(given.get("schedulingGates", []), child(path, "schedulingGates"))
    constraints = given.get("topologySpreadConstraints", [])
    yield from affinity_validation.spread(constraints, child(path, "topologySpreadConstraints"))
    yield from _names_and_times(given, path)
    yield from affinity_validation.tolerations(given.get("tolerations", []), child(path, "tolerations"))
    for number, alias in enumerate(given.get("hostAliases", ())):
        at = child(path, "hostAliases", number)
        yield from checks.texts(child(at, "ip"), alias["ip"], checks.ip_address(alias["ip"]))
        for index, name in enumerate(alias.get("hostnames", ())):
            yield from checks.texts(child(at, "hostnames", index), name, names.dns_subdomain(name))
    yield from _classes(given, path)


def _tokens(given: Json) -> Causes:
    for number, volume in enumerate(given.get("volumes", ())):
        for index, source in enumerate(volume.get("projected", {}).get("sources") or ()):
            if "serviceAccountToken" in source:
                at = child("spec.volumes", number, "projected", "sources", index, "serviceAccountToken")
                yield field_errors.forbidden(at, "must not be specified when serviceAccountName is not set")


def _host_network(containers: list[Json], path: str, is_pod: bool) -> Causes:
    for number, container in enumerate(containers):
        for index, port in enumerate(container.get("ports", ())):
            given = port.get("hostPort", 0)
            if (is_pod or given) and given != port["containerPort"]:
                at = child(path, number, "ports", index, "hostPort")
                yield field_errors.invalid(at, given, "must match `containerPort` when `hostNetwork` is true")


def _security(context: Json, path: str) -> Causes:
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        if name in context:
            yield from resource_validation.identity(child(path, name), context[name])
    for number, group in enumerate(context.get("supplementalGroups", ())):
        yield from resource_validation.identity(child(path, "supplementalGroups", number), group)
    if "fsGroupChangePolicy" in context:
        yield from checks.supported(child(path, "fsGroupChangePolicy"), context["fsGroupChangePolicy"], _GROUP_CHANGES)
    yield from resource_validation.seccomp(context.get("seccompProfile"), child(path, "seccompProfile"))


def _dns(given: Json, path: str) -> Causes:
    config = given.get("dnsConfig")
    servers = (config or {}).get("nameservers", [])
    if given["dnsPolicy"] == "None" and not servers:
        if config is None:
            yield field_errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
        else:
            text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            yield field_errors.required(child(path, "nameservers"), text)
        return
    if len(servers) > _NAMESERVERS:
        text = f"must not have more than {_NAMESERVERS} nameservers"
        yield field_errors.invalid(child(path, "nameservers"), servers, text)
    for number, server in enumerate(servers):
        yield from checks.texts(child(path, "nameservers", number), server, checks.ip_address(server))
    yield from _searches((config or {}).get("searches", []), child(path, "searches"))
    for number, option in enumerate((config or {}).get("options", ())):
        if not option.get("name"):
            yield field_errors.required(child(path, "options", number), "must not be empty")


def _searches(searches: list[str], path: str) -> Causes:
    if len(searches) > _SEARCHES:
        yield field_errors.invalid(path, searches, f"must not have more than {_SEARCHES} search paths")
    if len(" ".join(searches)) > _SEARCH_LETTERS:
        text = f"must not have more than {_SEARCH_LETTERS} characters (including spaces) in the search list"
        yield field_errors.invalid(path, searches, text)
    for number, search in enumerate(searches):
        if search != ".":
            plain = search.removesuffix(".")
            yield from checks.texts(child(path, number), plain, names.dns_search(plain))


def _gates(gates: list[Json], path: str) -> Causes:
    given = [gate["name"] for gate in gates]
    for number, name in enumerate(given):
        yield from checks.label_key(child(path, number), name)
        if name in given[:number]:
            yield field_errors.duplicate(child(path, number), name)


def _names_and_times(given: Json, path: str) -> Causes:
    for name in ("serviceAccountName", "nodeName"):
        if given.get(name):
            yield from checks.texts(child(path, name), given[name], names.dns_subdomain(given[name]))
    seconds = given.get("activeDeadlineSeconds")
    if seconds is not None and not 1 <= seconds <= _MAX_INT32:
        text = f"must be between 1 and {_MAX_INT32}, inclusive"
        yield field_errors.invalid(child(path, "activeDeadlineSeconds"), seconds, text)
    for name in ("hostname", "subdomain"):
        if given.get(name):
            yield from checks.texts(child(path, name), given[name], names.dns_label(given[name]))


def _classes(given: Json, path: str) -> Causes:
    for name in ("priorityClassName", "runtimeClassName"):
        if given.get(name):
            yield from checks.texts(child(path, name), given[name], names.dns_subdomain(given[name]))
    if "preemptionPolicy" in given:
        yield from checks.one_of(child(path, "preemptionPolicy"), given["preemptionPolicy"], _PREEMPTION_POLICIES)


def _changed_deadline(given: Json, before: Json) -> Causes:
    path, new_value, old_value = (
        "spec.activeDeadlineSeconds",
        given.get("activeDeadlineSeconds"),
        before.get("activeDeadlineSeconds"),
    )
    if new_value is None and old_value is not None:
        yield field_errors.invalid(path, None, "must not update from a positive integer to nil value")
    elif old_value is not None and new_value > old_value:
        yield field_errors.invalid(path, new_value, "must be less than or equal to previous value")


def _changed_tolerations(given: list[Json], before: list[Json]) -> Causes:
    known = [{**each, "tolerationSeconds": None} for each in given]
    if any({**each, "tolerationSeconds": None} not in known for each in before):
        text = "existing toleration can not be modified except its tolerationSeconds"
        yield field_errors.forbidden("spec.tolerations", text)
        return
    yield from affinity_validation.tolerations(given, "spec.tolerations")


def _changed_gates(given: list[Json], before: list[Json]) -> Causes:
    known = {gate["name"] for gate in before}
    for number, gate in enumerate(given):
        if gate["name"] not in known:
            text = f"only deletion is allowed, but found new scheduling gate '{gate['name']}'"
            yield field_errors.forbidden(child("spec.schedulingGates", number, "name"), text)


def _fixed_part(given: Json) -> Json:
    """Return what nobody may change of a Pod."""
    free = ("activeDeadlineSeconds", "schedulingGates", "tolerations")
    kept = {name: value for name, value in given.items() if name not in free}
    for name in ("containers", "initContainers"):
        if name in kept:
            kept[name] = [{**container, "image": ""} for container in kept[name] or ()]
    return kept
