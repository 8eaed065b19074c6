"""What the server warns of when it accepts pods and what makes them.

What flows in: objects that are valid, and what they replace. What flows out: the texts of Warning headers. Pure. Mirrors
kubernetes pkg/api/pod/warnings.go and the WarningsOnCreate methods of pkg/registry; deviations: nothing of annotations and of
volumes.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.api.status import quoted
from envtest.embedded.builtin import resources
from envtest.embedded.validation import checks
from envtest.embedded.validation.checks import Json, child
from envtest.embedded.validation.field_errors import key

Warnings = Iterator[str]

_OLD_LABELS: Final[Mapping[str, str]] = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
_TEMPLATES: Final[Mapping[str, str]] = {
    "cronjobs.batch": "spec.jobTemplate.spec.template",
    "daemonsets.apps": "spec.template",
    "deployments.apps": "spec.template",
    "jobs.batch": "spec.template",
    "podtemplates": "template",
    "replicasets.apps": "spec.template",
    "statefulsets.apps": "spec.template",
}
_NAMED_AS_PODS: Final = ("cronjobs.batch", "deployments.apps", "jobs.batch", "replicasets.apps")
_BYTES: Final = ("memory", "ephemeral-storage")
_NO_SELECTOR: Final = "a null labelSelector results in matching no pod"
_REQUIRED, _PREFERRED = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"


def warnings(resource: resources.Resource, obj: Json, old: Json | None) -> list[str]:
    """Return what the server warns of.

    Args:
        resource: The kind, a built-in one.
        obj: What is accepted, with its generation.
        old: What it replaces; None if it is new.
    """
    if resource.storage_key == "pods":
        return [] if old else [*_name(obj, "in the Pod's hostname"), *_pod(obj["spec"], "spec")]
    path = _TEMPLATES.get(resource.storage_key)
    if path is None or (old and old["metadata"].get("generation") == obj["metadata"].get("generation")):
        return []
    found = list(_name(obj, "in Pod names and hostnames")) if old is None and resource.storage_key in _NAMED_AS_PODS else []
    template = obj
    for step in path.split("."):
        template = template[step]
    return [*found, *_pod(template["spec"], child(path, "spec"))]


def _name(obj: Json, use: str) -> Warnings:
    if wrong := names.dns_label(obj["metadata"].get("name", "")):
        text = f"this is used {use}, which can result in surprising behavior; a DNS label is recommended"
        yield f"metadata.name: {text}: [{' '.join(wrong)}]"


def _pod(spec: Json, path: str) -> Warnings:
    for name in spec.get("nodeSelector", ()):
        if name in _OLD_LABELS:
            yield f"{key(child(path, 'nodeSelector'), name)}: {_OLD_LABELS[name]}"
    for number, constraint in enumerate(spec.get("topologySpreadConstraints", ())):
        at, topology = child(path, "topologySpreadConstraints", number), constraint["topologyKey"]
        if topology in _OLD_LABELS:
            yield f"{child(at, 'topologyKey')}: {topology} is {_OLD_LABELS[topology]}"
        if "labelSelector" not in constraint:
            yield f"{child(at, 'labelSelector')}: {_NO_SELECTOR}"
    yield from _repeated(spec.get("hostAliases", []), "ip", child(path, "hostAliases"))
    secrets = [{"name": each.get("name", "")} for each in spec.get("imagePullSecrets", ())]
    yield from _repeated(secrets, "name", child(path, "imagePullSecrets"))
    for number, secret in enumerate(secrets):
        if not secret["name"]:
            yield f'{child(path, "imagePullSecrets", number, "name")}: invalid empty name ""'
    containers = [
        (child(path, name, number), container)
        for name in ("initContainers", "containers")
        for number, container in enumerate(spec.get(name) or ())
    ]
    for at, container in containers:
        yield from _container(container, at)
    yield from _ports(containers)
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        text = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{child(path, 'terminationGracePeriodSeconds')}: {text}"
    yield from _affinity(spec.get("affinity", {}), child(path, "affinity"))


def _repeated(items: list[Json], name: str, path: str) -> Warnings:
    given = [item[name] for item in items]
    for number, value in enumerate(given):
        if value in given[:number]:
            yield f"{child(path, number, name)}: duplicate {name} {quoted(value)}"


def _container(container: Json, path: str) -> Warnings:
    for name in _BYTES:
        for part in ("limits", "requests"):
            amount = container["resources"].get(part, {}).get(name)
            if amount is not None and checks.amount(amount).milli_value % 1000:
                at = key(child(path, "resources", part), name)
                yield f"{at}: fractional byte value {quoted(amount)} is invalid, must be an integer"
    seen: set[str] = set()
    for number, variable in enumerate(container.get("env", ())):
        name, value = variable["name"], variable.get("value", "")
        reference = f"$({name})"
        is_hiding = "valueFrom" in variable or value == reference or reference not in value
        if name in seen and is_hiding:
            at = child(path, "env", number)
            yield f"{at}: hides previous definition of {quoted(name)}, which may be dropped when using apply"
        seen.add(name)


def _ports(containers: list[tuple[str, Json]]) -> Warnings:
    ports = [
        (child(path, "ports", number), port)
        for path, container in containers
        for number, port in enumerate(container.get("ports", ()))
    ]
    for place, (at, port) in enumerate(ports):
        for other_at, other in ports[:place]:
            if (port["containerPort"], port["protocol"]) == (other["containerPort"], other["protocol"]):
                yield from _same_port(at, port, other_at, other)
    named: dict[str, str] = {}
    for at, port in ports:
        name = port.get("name", "")
        if name in named:
            text = f"services and probes that select ports by name will use {named[name]}"
            yield f"{at}: duplicate port name {quoted(name)} with {named[name]}, {text}"
        elif name:
            named[name] = at


def _same_port(at: str, port: Json, other_at: str, other: Json) -> Warnings:
    host, other_host = port.get("hostPort", 0), other.get("hostPort", 0)
    address, other_address = port.get("hostIP", ""), other.get("hostIP", "")
    if (host, address) == (other_host, other_address):
        yield f"{at}: duplicate port definition with {other_at}"
    elif not host or not other_host:
        yield f"{at}: overlapping port definition with {other_at}"
    elif host == other_host and bool(address) != bool(other_address):
        yield f"{at}: dangerously ambiguous port definition with {other_at}"


def _affinity(affinity: Json, path: str) -> Warnings:
    for name in ("podAffinity", "podAntiAffinity"):
        for kind, steps in ((_REQUIRED, ()), (_PREFERRED, ("podAffinityTerm",))):
            for number, term in enumerate(affinity.get(name, {}).get(kind, ())):
                own = term[steps[0]] if steps else term
                if "labelSelector" not in own:
                    yield f"{child(path, name, kind, number, *steps, 'labelSelector')}: {_NO_SELECTOR}"
