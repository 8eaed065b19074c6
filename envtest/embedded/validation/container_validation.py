"""What is wrong with containers.

What flows in: containers that have been read, and the volumes of their pod. What flows out: causes, in the server's order. Pure.
Mirrors validateContainers and validateInitContainers of kubernetes pkg/apis/core/validation; deviations: nothing of Windows, huge
pages, resource claims and restart rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.validation import checks, field_errors, resource_validation, volume_validation
from envtest.embedded.validation.checks import Causes, Json, child

PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_MESSAGE_POLICIES: Final = ("File", "FallbackToLogsOnError")
_SCHEMES: Final = ("HTTP", "HTTPS")
_ENV_FIELDS: Final = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
    "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_ENV_SOURCES: Final = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_ONE_ENV_SOURCE: Final = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
_MANY: Final = "may not have more than one field specified at a time"
_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_NOT_OF_INIT: Final = "may not be set for init containers without restartPolicy=Always"
_PROPAGATIONS: Final = ("Bidirectional", "HostToContainer", "None")
_RESTART_POLICIES: Final = ("Always", "Never", "OnFailure")


@dataclass(frozen=True)
class Pod:
    """What containers need to know of their pod."""

    volumes: Mapping[str, Json]
    grace_seconds: int | None


def containers(given: list[Json], pod: Pod, path: str) -> Causes:
    """Check the containers of a pod."""
    if not given:
        yield field_errors.required(path)
    seen: set[str] = set()
    for number, container in enumerate(given):
        at = child(path, number)
        yield from _container(container, pod, at)
        if container["name"] in seen:
            yield field_errors.duplicate(child(at, "name"), container["name"])
        seen.add(container["name"])
        yield from _lifecycle_and_probes(container, pod, at)
        yield from _restart_policy(container, at)
    yield from _host_ports(given, path)


def init_containers(given: list[Json], others: list[Json], pod: Pod, path: str) -> Causes:
    """Check the init containers of a pod that has also *others*."""
    seen = {container["name"] for container in others}
    for number, container in enumerate(given):
        at, name = child(path, number), container["name"]
        yield from _container(container, pod, at)
        yield from _restart_policy(container, at)
        if name in seen:
            yield field_errors.duplicate(child(at, "name"), name)
        elif name:
            seen.add(name)
        yield from _host_ports([container], path)
        if container.get("restartPolicy") == "Always":
            yield from _lifecycle_and_probes(container, pod, at)
        else:
            for field in ("lifecycle", *_PROBES):
                if field in container:
                    yield field_errors.forbidden(child(at, field), _NOT_OF_INIT)


def images(given: list[Json], path: str) -> Causes:
    """Check what is asked of the images of a pod, but not of a template."""
    for number, container in enumerate(given):
        image = container.get("image", "")
        if image != image.strip():
            yield field_errors.invalid(child(path, number, "image"), image, "must not have leading or trailing whitespace")


def _container(container: Json, pod: Pod, path: str) -> Causes:
    yield from checks.named(child(path, "name"), container["name"], names.dns_label)
    yield from checks.present(child(path, "image"), container.get("image"))
    policy = child(path, "terminationMessagePolicy")
    yield from checks.one_of(policy, container["terminationMessagePolicy"], _MESSAGE_POLICIES)
    yield from _ports(container.get("ports", []), child(path, "ports"))
    for number, variable in enumerate(container.get("env", ())):
        yield from _variable(variable, child(path, "env", number))
    yield from _env_from(container.get("envFrom", []), child(path, "envFrom"))
    yield from _mounts(container, pod.volumes, child(path, "volumeMounts"))
    yield from _devices(container, pod.volumes, child(path, "volumeDevices"))
    yield from checks.one_of(child(path, "imagePullPolicy"), container["imagePullPolicy"], PULL_POLICIES)
    yield from resource_validation.requirements(container["resources"], child(path, "resources"))
    yield from _security(container.get("securityContext"), child(path, "securityContext"))


def _ports(ports: list[Json], path: str) -> Causes:
    seen: set[str] = set()
    for number, port in enumerate(ports):
        at, name = child(path, number), port.get("name", "")
        if name and (wrong := checks.port_name(name)):
            yield from checks.texts(child(at, "name"), name, wrong)
        elif name in seen:
            yield field_errors.duplicate(child(at, "name"), name)
        elif name:
            seen.add(name)
        yield from checks.present(child(at, "containerPort"), port["containerPort"])
        if port["containerPort"]:
            yield from checks.port(child(at, "containerPort"), port["containerPort"])
        if port.get("hostPort"):
            yield from checks.port(child(at, "hostPort"), port["hostPort"])
        yield from checks.one_of(child(at, "protocol"), port["protocol"], PROTOCOLS)


def _host_ports(given: list[Json], path: str) -> Causes:
    seen: set[str] = set()
    for number, container in enumerate(given):
        for index, port in enumerate(container.get("ports", ())):
            if not port.get("hostPort"):
                continue
            key = f"{port['protocol']}/{port.get('hostIP', '')}/{port['hostPort']}"
            if key in seen:
                yield field_errors.duplicate(child(path, number, "ports", index, "hostPort"), key)
            seen.add(key)


def _variable(variable: Json, path: str) -> Causes:
    yield from checks.named(child(path, "name"), variable["name"], checks.env_name)
    if "valueFrom" not in variable:
        return
    source, at = variable["valueFrom"], child(path, "valueFrom")
    if "fieldRef" in source:
        yield from volume_validation.field_reference(source["fieldRef"], child(at, "fieldRef"), _ENV_FIELDS)
    if "resourceFieldRef" in source:
        path = child(at, "resourceFieldRef")
        yield from volume_validation.resource_reference(source["resourceFieldRef"], path, needs_container=False)
    for name in ("configMapKeyRef", "secretKeyRef"):
        if name in source:
            given = source[name].get("name", "")
            yield from checks.texts(child(at, name, "name"), given, names.dns_subdomain(given))
            yield from checks.named(child(at, name, "key"), source[name]["key"], checks.map_key)
    count = sum(name in source for name in _ENV_SOURCES)
    if not count:
        yield field_errors.invalid(at, "", _ONE_ENV_SOURCE)
    elif variable.get("value"):
        yield field_errors.invalid(at, "", "may not be specified when `value` is not empty")
    elif count > 1:
        yield field_errors.invalid(at, "", _MANY)


def _env_from(sources: list[Json], path: str) -> Causes:
    for number, source in enumerate(sources):
        at = child(path, number)
        if prefix := source.get("prefix"):
            yield from checks.texts(child(at, "prefix"), prefix, checks.env_name(prefix))
        given = [name for name in ("configMapRef", "secretRef") if name in source]
        for name in given:
            yield from checks.named(child(at, name, "name"), source[name].get("name", ""), names.dns_subdomain)
        if not given:
            yield field_errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(given) > 1:
            yield field_errors.invalid(path, "", _MANY)


def _mounts(container: Json, volumes: Mapping[str, Json], path: str) -> Causes:
    devices = {device["name"]: device["devicePath"] for device in container.get("volumeDevices", ())}
    seen: set[str] = set()
    for number, mount in enumerate(container.get("volumeMounts", ())):
        at, name, place = child(path, number), mount["name"], mount["mountPath"]
        yield from checks.present(child(at, "name"), name)
        if name not in volumes:
            yield checks.not_found(child(at, "name"), name)
        yield from checks.present(child(at, "mountPath"), place)
        if place in seen:
            yield field_errors.invalid(child(at, "mountPath"), place, "must be unique")
        seen.add(place)
        if name in devices:
            yield field_errors.invalid(child(at, "name"), name, "must not already exist in volumeDevices")
        if place in devices.values():
            yield field_errors.invalid(child(at, "mountPath"), place, "must not already exist as a path in volumeDevices")
        yield from _sub_paths(mount, path, at)
        yield from _propagation(mount, container, child(path, "mountPropagation"))


def _sub_paths(mount: Json, path: str, at: str) -> Causes:
    if mount.get("subPath"):
        yield from checks.relative_path(child(path, "subPath"), mount["subPath"])
    if expression := mount.get("subPathExpr"):
        if mount.get("subPath"):
            yield field_errors.invalid(child(at, "subPathExpr"), expression, "subPathExpr and subPath are mutually exclusive")
        yield from checks.relative_path(child(path, "subPathExpr"), expression)


def _propagation(mount: Json, container: Json, path: str) -> Causes:
    if (kind := mount.get("mountPropagation")) is None:
        return
    yield from checks.supported(path, kind, _PROPAGATIONS)
    if kind == "Bidirectional" and not container.get("securityContext", {}).get("privileged"):
        yield field_errors.forbidden(path, "Bidirectional mount propagation is available only to privileged containers")


def _devices(container: Json, volumes: Mapping[str, Json], path: str) -> Causes:
    for number, device in enumerate(container.get("volumeDevices", ())):
        at, name = child(path, number), device["name"]
        yield from checks.present(child(at, "name"), name)
        if name not in volumes:
            yield checks.not_found(child(at, "name"), name)
        elif not volumes[name].keys() & {"persistentVolumeClaim", "ephemeral"}:
            text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            yield field_errors.invalid(child(at, "name"), name, text)
        yield from checks.present(child(at, "devicePath"), device["devicePath"])


def _lifecycle_and_probes(container: Json, pod: Pod, path: str) -> Causes:
    for name in ("postStart", "preStop"):
        if name in container.get("lifecycle", {}):
            yield from _handler(container["lifecycle"][name], pod.grace_seconds, child(path, "lifecycle", name))
    for name in _PROBES:
        if name in container:
            yield from _probe(container[name], name, child(path, name))


def _probe(probe: Json, name: str, path: str) -> Causes:
    yield from _handler(probe, None, path)
    numbers = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
    yield from checks.fields_not_negative(path, probe, *numbers)
    at, seconds = child(path, "terminationGracePeriodSeconds"), probe.get("terminationGracePeriodSeconds")
    if seconds is not None and seconds <= 0:
        yield field_errors.invalid(at, seconds, "must be greater than 0")
    if name == "readinessProbe":
        if seconds is not None:
            yield field_errors.invalid(at, seconds, "must not be set for readinessProbes")
    elif probe["successThreshold"] != 1:
        yield field_errors.invalid(child(path, "successThreshold"), probe["successThreshold"], "must be 1")


def _handler(handler: Json, grace_seconds: int | None, path: str) -> Causes:
    given = [name for name in _HANDLERS if name in handler]
    for name in given[:1]:
        yield from _action(name, handler[name], grace_seconds, child(path, name))
    for name in given[1:]:
        yield field_errors.forbidden(child(path, name), "may not specify more than 1 handler type")
    if not given:
        yield field_errors.required(path, "must specify a handler type")


def _action(name: str, action: Json, grace_seconds: int | None, path: str) -> Causes:
    if name == "exec":
        yield from checks.present(child(path, "command"), action.get("command"))
    elif name == "sleep":
        seconds = action["seconds"]
        if grace_seconds is not None and not 0 <= seconds <= grace_seconds:
            text = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_seconds})"
            yield field_errors.invalid(path, seconds, text)
    else:
        yield from checks.port(child(path, "port"), action["port"])
    if name == "httpGet":
        yield from checks.supported(child(path, "scheme"), action["scheme"], _SCHEMES)
        for header in action.get("httpHeaders", ()):
            yield from checks.texts(child(path, "httpHeaders"), header["name"], checks.header_name(header["name"]))


def _restart_policy(container: Json, path: str) -> Causes:
    if "restartPolicy" in container:
        yield from checks.supported(child(path, "restartPolicy"), container["restartPolicy"], _RESTART_POLICIES)


def _security(context: Json | None, path: str) -> Causes:
    if not context:
        return
    for name in ("runAsUser", "runAsGroup"):
        if name in context:
            yield from resource_validation.identity(child(path, name), context[name])
    yield from resource_validation.seccomp(context.get("seccompProfile"), child(path, "seccompProfile"))
    if context.get("allowPrivilegeEscalation") is False:
        shown = resource_validation.shown_security(context)
        if context.get("privileged"):
            text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            yield field_errors.invalid(path, shown, text)
        if "CAP_SYS_ADMIN" in context.get("capabilities", {}).get("add", ()):
            text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            yield field_errors.invalid(path, shown, text)
