"""Every field of a MicroServiceDeploy changed alone: what becomes of the children, and whether the pods roll.

Data for the integration test: rows of a field, its new value, and all that changes. Paths are those of
`child_contents.changes`; whatever a row does not name must stay as it is. ``{namespace}`` stands for the namespace's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.child_contents import ANY, GONE

NAME = "shop-v1s0"
IMMUTABLE = {"msName": "other", "fullName": "other", "creationTimestamp": "1535546718116"}
"""The fields that cannot change, and a value that is refused."""

Spec = Mapping[str, Any]
PLAIN: Spec = {
    "msName": "shop",
    "fullName": NAME,
    "version": "1.0",
    "path": "v1",
    "image": "shop:1",
    "replicas": 2,
    "config": "a=0",
    "creationTimestamp": "1535546718115",
    "resourceRequirements": {"limits": {"cpu": "100m", "memory": "64Mi"}, "requests": {"cpu": "100m", "memory": "32Mi"}},
}
FULL: Spec = {**PLAIN, "autoscaling": True, "needAuth": True}
"""Has a child of every kind."""
IDLE: Spec = {**PLAIN, "idle": True}
ON, OFF = True, False

_TEMPLATE = "Deployment.spec.template"
_POD = f"{_TEMPLATE}.spec"
_APP = f"{_POD}.containers.app"
_PROXY = f"{_POD}.containers.auth-proxy"
_ANNOTATIONS = f"{_TEMPLATE}.metadata.annotations"
_CHILDREN = ("ServiceAccount", "ConfigMap", "NetworkPolicy", "Service", "Deployment", "HorizontalPodAutoscaler", "Ingress")
_TIMES = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


@dataclass(frozen=True)
class Row:
    """One field, changed alone."""

    field: str
    value: Any
    """None removes it."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    base: Spec = field(default_factory=lambda: FULL)
    """The spec before."""
    rolls: bool = False
    pods: int = 2
    """How many there are afterwards."""

    @property
    def name(self) -> str:
        """The row's name in the test's output."""
        base = next(name for name, spec in (("full", FULL), ("plain", PLAIN), ("idle", IDLE)) if spec is self.base)
        return f"{self.field}={str(self.value)[:24]} {base}"

    @property
    def spec(self) -> dict[str, Any]:
        """The spec afterwards."""
        return {key: value for key, value in {**self.base, self.field: self.value}.items() if value is not None}

    @property
    def pods_before(self) -> int:
        """How many pods there are before."""
        return 0 if self.base is IDLE else 2


def hard(cpu: str, requests_memory: str, limits_memory: str) -> dict[str, str]:
    """Return the `hard` of a quota; every container of this table asks for as much CPU as it may use."""
    return {"requests.cpu": cpu, "limits.cpu": cpu, "requests.memory": requests_memory, "limits.memory": limits_memory}


def quota_before(row: Row) -> dict[str, str]:
    """Return the quota of the row's base: 5 pods with sidecar for up to 4 and a surge, 3 pods without for 2 and a surge."""
    if row.base is IDLE:
        return hard("0", "0", "0")
    return hard("750m", "480Mi", "640Mi") if row.base is FULL else hard("300m", "96Mi", "192Mi")


def _quota(cpu: str, requests_memory: str, limits_memory: str) -> dict[str, str]:
    return {f"ResourceQuota.spec.hard.{key}": amount for key, amount in hard(cpu, requests_memory, limits_memory).items()}


def _labels(name: str, value: str) -> dict[str, str]:
    return {f"{kind}.metadata.labels.{name}": value for kind in _CHILDREN}


_FEW = {"limits": {"memory": "64Mi"}, "requests": {"cpu": "200m", "memory": "32Mi"}}
_HTTP = {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5}
_TOLERATIONS = [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}]
_PROXY_CONFIG = f"{_ANNOTATIONS}.custom.ops/auth-proxy-config"
_SIDECAR = (_PROXY, _PROXY_CONFIG, *(f"{_POD}.volumes.auth-proxy-{name}" for name in ("config", "tenant", "scratch")))
_CONFIG_HASH = f"{_ANNOTATIONS}.custom.ops/config-hash"
_AVERAGE = "HorizontalPodAutoscaler.spec.metrics.0.containerResource.target.averageUtilization"

ROWS: tuple[Row, ...] = (
    Row(
        "version",
        "2.0",
        _labels("app.kubernetes.io/version", "2.0") | {f"{_TEMPLATE}.metadata.labels.app.kubernetes.io/version": "2.0"},
        rolls=True,
    ),
    Row("path", "v2", _labels("custom.ops/path", "v2") | {"Ingress.spec.rules.0.host": "v2.shop.{namespace}.apps.example.com"}),
    Row("image", "another image", {f"{_APP}.image": "another image"}, rolls=True),
    # replicas and autoscaling
    Row("replicas", 3, {"Deployment.spec.replicas": 3} | _quota("400m", "128Mi", "256Mi"), PLAIN, pods=3),
    Row("replicas", None, {"Deployment.spec.replicas": 1} | _quota("200m", "64Mi", "128Mi"), PLAIN, pods=1),
    Row("replicas", 0, {"Deployment.spec.replicas": 0} | _quota("100m", "32Mi", "64Mi"), PLAIN, pods=0),
    Row("replicas", 3, {}, IDLE, pods=0),
    Row(
        "replicas",
        1,
        {"HorizontalPodAutoscaler.spec.minReplicas": 1, "HorizontalPodAutoscaler.spec.maxReplicas": 2}
        | _quota("450m", "288Mi", "384Mi"),
    ),
    Row("autoscaling", OFF, {"HorizontalPodAutoscaler": GONE} | _quota("450m", "288Mi", "384Mi")),
    Row("autoscaling", ON, {"HorizontalPodAutoscaler": ANY} | _quota("500m", "160Mi", "320Mi"), PLAIN),
    Row("autoscaling", ON, {}, IDLE, pods=0),
    Row("maxReplicas", 3, {"HorizontalPodAutoscaler.spec.maxReplicas": 3} | _quota("600m", "384Mi", "512Mi")),
    Row("maxReplicas", 3, {}, PLAIN),
    Row("targetCPUUtilization", 50, {_AVERAGE: 50}),
    Row("targetCPUUtilization", 50, {}, PLAIN),
    Row("idle", ON, {"Deployment.spec.replicas": 0, "HorizontalPodAutoscaler": GONE} | _quota("0", "0", "0"), pods=0),
    Row("idle", ON, {"Deployment.spec.replicas": 0} | _quota("0", "0", "0"), PLAIN, pods=0),
    # authentication
    Row(
        "needAuth",
        OFF,
        {"NetworkPolicy": GONE, "Service.spec.ports.http.targetPort": "http", **dict.fromkeys(_SIDECAR, GONE)}
        | _quota("500m", "160Mi", "320Mi"),
        rolls=True,
    ),
    Row(
        "needAuth",
        ON,
        {"NetworkPolicy": ANY, "Service.spec.ports.http.targetPort": "auth", **dict.fromkeys(_SIDECAR, ANY)}
        | _quota("450m", "288Mi", "384Mi"),
        PLAIN,
        rolls=True,
    ),
    Row("tenant", "other", {f"{_POD}.volumes.auth-proxy-tenant.secret.secretName": "other"}, rolls=True),
    Row("tenant", "other", {}, PLAIN),
    # the application's container
    Row(
        "config",
        "a=1\nb=2",
        {
            "ConfigMap.data.a": "1",
            "ConfigMap.data.b": "2",
            "ConfigMap.data.application.properties": "a=1\nb=2",
            _CONFIG_HASH: ANY,
        },
        rolls=True,
    ),
    Row(
        "config",
        None,
        {"ConfigMap.data.a": GONE, "ConfigMap.data.application.properties": "", _CONFIG_HASH: ANY},
        PLAIN,
        rolls=True,
    ),
    Row(
        "resourceRequirements",
        _FEW,
        {
            f"{_APP}.resources.limits.cpu": GONE,
            f"{_APP}.resources.requests.cpu": "200m",
            "ResourceQuota.spec.hard.limits.cpu": GONE,
            "ResourceQuota.spec.hard.requests.cpu": "1250m",
        },
        rolls=True,
    ),
    Row(
        "resourceRequirements",
        None,
        {f"{_APP}.resources.limits": GONE, f"{_APP}.resources.requests": GONE, "ResourceQuota": GONE},
        PLAIN,
        rolls=True,
    ),
    Row("port", 9090, {f"{_APP}.ports.http.containerPort": 9090}, PLAIN, rolls=True),
    Row("port", 9090, {f"{_APP}.ports.http.containerPort": 9090, _PROXY_CONFIG: ANY}, rolls=True),
    Row(
        "port",
        15080,
        {f"{_APP}.ports.http.containerPort": 15080, f"{_PROXY}.ports.auth.containerPort": 15081, _PROXY_CONFIG: ANY},
        rolls=True,
    ),
    Row(
        "readinessProbe",
        _HTTP,
        {
            f"{_APP}.readinessProbe.tcpSocket": GONE,
            f"{_APP}.readinessProbe.httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"},
            f"{_APP}.readinessProbe.periodSeconds": 5,
        },
        rolls=True,
    ),
    Row(
        "livenessProbe",
        {"exec": {"command": ["true"]}},
        {f"{_APP}.livenessProbe": _TIMES | {"exec": {"command": ["true"]}}},
        rolls=True,
    ),
    Row(
        "startupProbe",
        {"grpc": {"port": 9000}, "failureThreshold": 30},
        {f"{_APP}.startupProbe": _TIMES | {"grpc": {"port": 9000, "service": ""}, "failureThreshold": 30}},
        rolls=True,
    ),
    # scheduling
    Row("imagePullSecrets", [{"name": "pull"}], {f"{_POD}.imagePullSecrets": [{"name": "pull"}]}, rolls=True),
    Row(
        "nodeSelector",
        {"kubernetes.io/os": "linux"},
        {f"{_POD}.nodeSelector": {"kubernetes.io/os": "linux"}},
        rolls=True,
    ),
    Row("tolerations", _TOLERATIONS, {f"{_POD}.tolerations": _TOLERATIONS}, rolls=True),
)
