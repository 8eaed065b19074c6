"""From a spec to the children it wants: one function per kind.

What flows in: an `Instance`, the `Settings` and a `Plan`, which holds what depends on the observed world. What flows out:
manifests as server-side apply takes them, in the order of applying, in the server's own form so that a diff after the apply finds
nothing. The caller adds ownerReferences. Pure, any thread. No upstream file.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controller import crd
from controller.client import interfaces
from controller.crd import podfields
from reconcilers.microservicedeploy import auth_proxy, host, instances, properties

CONTAINER = "app"
"""The name of the application's container, which the HPA measures."""

PORT_NAME = "http"
CONFIG_FOLDER = "/etc/config"
CONFIG_HASH_ANNOTATION = "custom.ops/config-hash"
"""On the pod template: rolls the pods when the configuration changes."""

TEMPLATE_HASH_ANNOTATION = "custom.ops/template-hash"
"""On the Deployment, not on pods: says which pod template was applied last, whatever defaults the server added."""

ROLLS_FROM_ANNOTATION = "custom.ops/rolls-from"
"""On the Deployment while it rolls: what the pods on their way out take, if that is more (see `quota.rolls_from`)."""

SURGE = 1
"""How many pods there may be above the wanted number while rolling; there are never fewer."""

_SERVICE_PORT = 80
# Kubernetes' own default, written out because Degraded depends on it.
_PROGRESS_DEADLINE_SECONDS = 600


@dataclass(frozen=True)
class Plan:
    """What children depend on beside the spec."""

    replicas: int | None
    """The Deployment's replicas; None leaves them to the HPA."""
    needs_ingress: bool = False
    """From `host.HostDecision`."""
    rolls_from: Mapping[str, str] = field(default_factory=dict)
    """From `quota.rolls_from`."""


def children(instance: instances.Instance, settings: instances.Settings, plan: Plan) -> list[interfaces.Manifest]:
    """Return all children that should exist now, in the order of applying.

    The NetworkPolicy and the Service come before the Deployment: when needAuth is turned on, the door closes first.
    """
    wanted = [service_account(instance), config_map(instance)]
    if instance.spec.need_auth:
        wanted.append(auth_proxy.network_policy(instance))
    wanted += [service(instance), deployment(instance, settings, plan)]
    if instance.is_autoscaled:
        wanted.append(horizontal_pod_autoscaler(instance))
    if plan.needs_ingress:
        wanted.append(host.ingress(instance, settings))
    return wanted


def problems(instance: instances.Instance) -> list[str]:
    """Return what is wrong with the spec that admission cannot see, free of configuration values; empty if nothing is."""
    found = properties.parse(instance.spec.config)
    if found.is_too_large:
        return [f"spec.config: makes a ConfigMap of {found.size_bytes} bytes, at most {properties.MAX_DATA_BYTES} are possible"]
    return []


def service_account(instance: instances.Instance) -> interfaces.Manifest:
    """Return the ServiceAccount; its token is not mounted, for the microservice does not speak to Kubernetes."""
    return instances.manifest(instance, "v1", "ServiceAccount") | {"automountServiceAccountToken": False}


def config_map(instance: instances.Instance) -> interfaces.Manifest:
    """Return the ConfigMap with the runtime configuration."""
    return instances.manifest(instance, "v1", "ConfigMap") | {"data": dict(properties.parse(instance.spec.config).data)}


def service(instance: instances.Instance) -> interfaces.Manifest:
    """Return the Service; with needAuth it leads to the proxy, so pods without one drop out at once."""
    target = auth_proxy.PORT_NAME if instance.spec.need_auth else PORT_NAME
    ports = [{"name": host.SERVICE_PORT_NAME, "port": _SERVICE_PORT, "protocol": "TCP", "targetPort": target}]
    spec = {"type": "ClusterIP", "selector": instances.selector(instance), "ports": ports}
    return instances.manifest(instance, "v1", "Service") | {"spec": spec}


def deployment(instance: instances.Instance, settings: instances.Settings, plan: Plan) -> interfaces.Manifest:
    """Return the Deployment; without the field `replicas` if the plan leaves them to the HPA."""
    template = pod_template(instance, settings)
    wanted = instances.manifest(instance, "apps/v1", "Deployment")
    wanted["metadata"]["annotations"] = {TEMPLATE_HASH_ANNOTATION: template_hash(template)}
    if plan.rolls_from:
        wanted["metadata"]["annotations"][ROLLS_FROM_ANNOTATION] = json.dumps(dict(plan.rolls_from), sort_keys=True)
    wanted["spec"] = {
        "progressDeadlineSeconds": _PROGRESS_DEADLINE_SECONDS,
        "selector": {"matchLabels": instances.selector(instance)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": SURGE, "maxUnavailable": 0}},
        "template": template,
    }
    if plan.replicas is not None:
        wanted["spec"]["replicas"] = plan.replicas
    return wanted


def horizontal_pod_autoscaler(instance: instances.Instance) -> interfaces.Manifest:
    """Return the HPA; it measures the application's container, whatever the sidecar uses."""
    target = {"type": "Utilization", "averageUtilization": instance.spec.target_cpu_utilization}
    metric = {"container": CONTAINER, "name": "cpu", "target": target}
    wanted = instances.manifest(instance, "autoscaling/v2", "HorizontalPodAutoscaler")
    wanted["spec"] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": instance.full_name},
        "minReplicas": instance.spec.replicas,
        "maxReplicas": instance.max_replicas,
        "metrics": [{"type": "ContainerResource", "containerResource": metric}],
    }
    return wanted


def pod_template(instance: instances.Instance, settings: instances.Settings) -> dict[str, Any]:
    """Return the pod template: whatever stands here rolls the pods when it changes, so replicas and path do not."""
    need_auth = instance.spec.need_auth
    annotations = {CONFIG_HASH_ANNOTATION: properties.parse(instance.spec.config).digest}
    containers = [_container(instance)]
    volumes: list[dict[str, Any]] = [{"name": "config", "configMap": {"name": instance.full_name}}]
    if need_auth:
        annotations |= auth_proxy.annotations(instance)
        containers.append(auth_proxy.container(instance, settings))
        volumes += auth_proxy.volumes(instance)
    pod = {
        "automountServiceAccountToken": False,
        "serviceAccountName": instance.full_name,
        "containers": containers,
        "volumes": volumes,
    }
    return {
        "metadata": {"labels": instances.pod_labels(instance), "annotations": annotations},
        "spec": pod | _scheduling(instance),
    }


def template_hash(template: dict[str, Any]) -> str:
    """Return a short hash of a desired pod template."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:16]


def _container(instance: instances.Instance) -> dict[str, Any]:
    spec = instance.spec
    # The file is a key of the same ConfigMap, so envFrom would make a variable of it too: the whole text once more, and more than
    # execve takes if it is long. An explicit variable wins over envFrom; it says where the file is.
    file = {"name": properties.FILE, "value": f"{CONFIG_FOLDER}/{properties.FILE}"}
    container = {
        "name": CONTAINER,
        "image": spec.image,
        "ports": [{"name": PORT_NAME, "containerPort": spec.port, "protocol": "TCP"}],
        "env": [file],
        "envFrom": [{"configMapRef": {"name": instance.full_name}}],
        "resources": resources(instance),
        "readinessProbe": _probe(spec.readiness_probe) or {"tcpSocket": {"port": PORT_NAME}},
        "livenessProbe": _probe(spec.liveness_probe),
        "startupProbe": _probe(spec.startup_probe),
        "volumeMounts": [{"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True}],
    }
    return {key: value for key, value in container.items() if value}


def resources(instance: instances.Instance) -> dict[str, dict[str, str]]:
    """Return the `resources` of the application's container; empty if the spec sets none."""
    given = instance.spec.resource_requirements
    sides = {"limits": given.limits, "requests": given.requests}
    return {side: {name: str(amount) for name, amount in amounts.items()} for side, amounts in sides.items() if amounts}


def _probe(probe: podfields.Probe | None) -> dict[str, Any] | None:
    return None if probe is None else crd.encode(probe)


def _scheduling(instance: instances.Instance) -> dict[str, Any]:
    spec = instance.spec
    wanted = {
        "imagePullSecrets": [crd.encode(reference) for reference in spec.image_pull_secrets],
        "nodeSelector": spec.node_selector,
        "tolerations": [crd.encode(toleration) for toleration in spec.tolerations],
    }
    return {key: value for key, value in wanted.items() if value}
