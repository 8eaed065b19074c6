"""Defaults that depend on other fields, which no table can hold.

What flows in: a struct that has been read and has its other defaults. What flows out: the same struct, completed in place. Pure
otherwise. Mirrors pkg/apis/*/v1/defaults.go of k8s.io/kubernetes.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from envtest.embedded.builtin import quantities
from envtest.embedded.builtin.schemas import Value

Json = dict[str, Any]
Adjust = Callable[[Json], None]

TEMPLATE_GENERATION: Final = "deprecated.daemonset.template.generation"
"""The annotation of a DaemonSet that counts changes of its template."""

_MAX_INT32 = 2**31 - 1
_CLIENT_IP_SECONDS = 10800
_RBAC = "rbac.authorization.k8s.io"
_PERCENT_POLICY = {"type": "Percent", "value": 100, "periodSeconds": 15}
_PODS_POLICY = {"type": "Pods", "value": 4, "periodSeconds": 15}

_IMAGE = re.compile(
    r"((localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?|[A-Za-z0-9-]+:\d+)/)?"
    r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:(?P<tag>\w[\w.-]{0,127}))?(@(?P<digest>[A-Za-z][A-Za-z0-9+._-]*:[0-9A-Fa-f]{32,}))?",
    re.ASCII,
)

DEPENDING: Final[Mapping[str, frozenset[str]]] = {
    "Container": frozenset({"imagePullPolicy"}),
    "DaemonSetUpdateStrategy": frozenset({"rollingUpdate"}),
    "DeploymentStrategy": frozenset({"rollingUpdate"}),
    "EphemeralContainer": frozenset({"imagePullPolicy"}),
    "HPAScalingRules": frozenset({"policies", "selectPolicy"}),
    "HorizontalPodAutoscalerBehavior": frozenset({"scaleDown", "scaleUp"}),
    "ImageVolumeSource": frozenset({"pullPolicy"}),
    "NetworkPolicySpec": frozenset({"policyTypes"}),
    "NodeSpec": frozenset({"taints"}),  # admission's
    "ServicePort": frozenset({"targetPort"}),
    "ServiceSpec": frozenset({"internalTrafficPolicy"}),
    "StatefulSetUpdateStrategy": frozenset({"rollingUpdate", "type"}),
    "Volume": frozenset({"emptyDir"}),
}
"""Fields whose recorded default holds for an otherwise empty struct only, by the struct's name."""


def _set(into: Json, **defaults: Value) -> None:
    for name, value in defaults.items():
        into.setdefault(name, value)


def image_tag(image: str) -> str:
    """Return the tag of an image's name: latest if it has neither tag nor digest, nothing if it is no name of an image."""
    found = _IMAGE.fullmatch(image)
    if not found:
        return ""
    return found["tag"] or ("" if found["digest"] else "latest")


def _pull_policy(image: str) -> str:
    return "Always" if image_tag(image) == "latest" else "IfNotPresent"


def _container(container: Json) -> None:
    _set(container, imagePullPolicy=_pull_policy(container.get("image", "")))


def _image_volume(source: Json) -> None:
    _set(source, pullPolicy=_pull_policy(source.get("reference", "")))


def _volume(volume: Json) -> None:
    if volume.keys() <= {"name"}:
        volume["emptyDir"] = {}


def _deployment_strategy(strategy: Json) -> None:
    if strategy["type"] == "RollingUpdate":
        _set(strategy.setdefault("rollingUpdate", {}), maxUnavailable="25%", maxSurge="25%")


def _daemon_set_strategy(strategy: Json) -> None:
    if strategy["type"] == "RollingUpdate":
        _set(strategy.setdefault("rollingUpdate", {}), maxUnavailable=1, maxSurge=0)


def _stateful_set_strategy(strategy: Json) -> None:
    if "type" not in strategy:
        strategy["type"] = "RollingUpdate"
        _set(strategy, rollingUpdate={"partition": 0})


def _stateful_set_spec(spec: Json) -> None:
    for claim in spec.get("volumeClaimTemplates", ()):
        claim.update(apiVersion="v1", kind="PersistentVolumeClaim")


def _daemon_set(daemon_set: Json) -> None:
    _set(daemon_set.setdefault("metadata", {}).setdefault("annotations", {}), **{TEMPLATE_GENERATION: "0"})


def _service_port(port: Json) -> None:
    if port.get("targetPort", 0) in (0, ""):
        port["targetPort"] = port["port"]


def _service_spec(spec: Json) -> None:
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {})
        if config.get("clientIP", {}).get("timeoutSeconds") is None:
            config["clientIP"] = {"timeoutSeconds": _CLIENT_IP_SECONDS}
    is_balanced = spec["type"] == "LoadBalancer"
    is_external = is_balanced or spec["type"] == "NodePort" or (spec["type"] == "ClusterIP" and spec.get("externalIPs"))
    if is_external:
        _set(spec, externalTrafficPolicy="Cluster")
    if spec["type"] != "ExternalName":
        _set(spec, internalTrafficPolicy="Cluster")
    if is_balanced:
        _set(spec, allocateLoadBalancerNodePorts=True)


def _service(service: Json) -> None:
    if service["spec"]["type"] == "LoadBalancer":
        for ingress in service["status"]["loadBalancer"].get("ingress", ()):
            if ingress.get("ip"):
                _set(ingress, ipMode="VIP")


def _pod(pod: Json) -> None:
    spec = pod["spec"]
    containers = [*(spec["containers"] or ()), *spec.get("initContainers", ())]
    for container in containers:
        _requests_from_limits(container["resources"])
    if spec.get("resources", {}).get("limits"):
        _pod_requests(spec)
    _set(spec, enableServiceLinks=True)
    if spec.get("hostNetwork"):
        for container in containers:
            for port in container.get("ports", ()):
                _set(port, hostPort=port["containerPort"])


def _requests_from_limits(needs: Json) -> None:
    if needs.get("limits"):
        needs["requests"] = {**needs["limits"], **needs.get("requests", {})}


def _pod_requests(spec: Json) -> None:
    """Default the requests of a whole pod: what its containers request, else its limits."""
    sums: dict[str, quantities.Quantity] = {}
    for container in spec["containers"] or ():
        for name, amount in container["resources"].get("requests", {}).items():
            sums[name] = sums.get(name, quantities.ZERO) + quantities.of(amount)
    needs = spec["resources"]
    own = {name: str(amount) for name, amount in sums.items() if name in ("cpu", "memory")}
    needs["requests"] = {**needs["limits"], **own, **needs.get("requests", {})}


def _namespace(namespace: Json) -> None:
    if name := namespace.get("metadata", {}).get("name"):
        namespace["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name


def _node_spec(spec: Json) -> None:
    if "podCIDR" in spec:
        _set(spec, podCIDRs=[spec["podCIDR"]])
    elif spec.get("podCIDRs"):
        spec["podCIDR"] = spec["podCIDRs"][0]


def _node_status(status: Json) -> None:
    if "capacity" in status:
        _set(status, allocatable=dict(status["capacity"]))


def _secret(secret: Json) -> None:
    texts = secret.pop("stringData", None)
    if texts:
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
        secret["data"] = {**secret.get("data", {}), **encoded}


def _limit_range_item(item: Json) -> None:
    if item["type"] != "Container":
        return
    default = {**item.get("max", {}), **item.get("default", {})}
    request = {**item.get("min", {}), **default, **item.get("defaultRequest", {})}
    item.update({name: value for name, value in (("default", default), ("defaultRequest", request)) if value})


def _behavior(behavior: Json) -> None:
    up, down = behavior.setdefault("scaleUp", {}), behavior.setdefault("scaleDown", {})
    _set(up, stabilizationWindowSeconds=0, selectPolicy="Max", policies=[dict(_PODS_POLICY), dict(_PERCENT_POLICY)])
    _set(down, selectPolicy="Max", policies=[dict(_PERCENT_POLICY)])


def _job(job: Json) -> None:
    spec = job["spec"]
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    _set(
        spec,
        parallelism=1,
        backoffLimit=_MAX_INT32 if "backoffLimitPerIndex" in spec else 6,
        completionMode="NonIndexed",
        suspend=False,
        podReplacementPolicy="Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed",
        manualSelector=False,
    )
    labels = spec["template"]["metadata"].get("labels")
    if labels:
        _set(job.setdefault("metadata", {}), labels=dict(labels))


def _network_policy_spec(spec: Json) -> None:
    _set(spec, policyTypes=["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def _subject(subject: Json) -> None:
    if subject["kind"] in ("User", "Group"):
        _set(subject, apiGroup=_RBAC)


def _pod_spec(spec: Json) -> None:
    """Let both names of the service account's field say the same."""
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        spec.update(serviceAccountName=account, serviceAccount=account)


def _pod_status(status: Json) -> None:
    if "podIP" in status:
        _set(status, podIPs=[{"ip": status["podIP"]}])
    elif status.get("podIPs"):
        status["podIP"] = status["podIPs"][0]["ip"]


def _definition(definition: Json) -> None:
    if not definition["status"]["storedVersions"]:
        versions = definition["spec"]["versions"] or ()
        definition["status"]["storedVersions"] = [version["name"] for version in versions if version["storage"]][:1] or None


def _definition_names(spec: Json) -> None:
    names = spec["names"]
    if names["kind"]:
        _set(names, singular=names["kind"].lower(), listKind=f"{names['kind']}List")


ADJUSTMENTS: Final[Mapping[str, Adjust]] = {
    "apps.v1.DaemonSet": _daemon_set,
    "apps.v1.DaemonSetUpdateStrategy": _daemon_set_strategy,
    "apps.v1.DeploymentStrategy": _deployment_strategy,
    "apps.v1.StatefulSetSpec": _stateful_set_spec,
    "apps.v1.StatefulSetUpdateStrategy": _stateful_set_strategy,
    "autoscaling.v2.HorizontalPodAutoscalerBehavior": _behavior,
    "apiextensions.v1.CustomResourceDefinition": _definition,
    "apiextensions.v1.CustomResourceDefinitionSpec": _definition_names,
    "batch.v1.Job": _job,
    "core.v1.Container": _container,
    "core.v1.EphemeralContainer": _container,
    "core.v1.ImageVolumeSource": _image_volume,
    "core.v1.LimitRangeItem": _limit_range_item,
    "core.v1.Namespace": _namespace,
    "core.v1.NodeSpec": _node_spec,
    "core.v1.NodeStatus": _node_status,
    "core.v1.Pod": _pod,
    "core.v1.PodSpec": _pod_spec,
    "core.v1.PodStatus": _pod_status,
    "core.v1.Secret": _secret,
    "core.v1.Service": _service,
    "core.v1.ServicePort": _service_port,
    "core.v1.ServiceSpec": _service_spec,
    "core.v1.Volume": _volume,
    "networking.v1.NetworkPolicySpec": _network_policy_spec,
    "rbac.v1.Subject": _subject,
}
"""What completes a struct, by the last three parts of its definition's name."""
