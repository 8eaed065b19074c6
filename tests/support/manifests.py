"""Realistic desired children, one of each kind, as an operator would derive them.

What flows out: fresh manifests without namespace or owner, with the spellings that an API server rewrites: quantities such as
1000m, empty values, keys of lists that are defaulted, atomic values into which it writes defaults.
"""

from typing import Any

Manifest = dict[str, Any]
LABELS = {"app.kubernetes.io/name": "shop", "app.kubernetes.io/managed-by": "coxswain"}


def manifest(api_version: str, kind: str, name: str, **rest: Any) -> Manifest:
    """Build a manifest with our labels."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "labels": dict(LABELS)}, **rest}


def pod_template() -> Manifest:
    """Return a template with two containers and everything that is awkward about pods."""
    app = {
        "name": "app",
        "image": "registry.example/shop:1",
        "args": [],
        "env": [
            {"name": "EMPTY", "value": ""},
            {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"containerName": "app", "resource": "limits.cpu"}}},
            {"name": "URL", "value": "http://$(POD)"},
        ],
        "envFrom": [{"configMapRef": {"name": "shop"}}],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}],
        "resources": {
            "limits": {"cpu": "1000m", "memory": "1.5Gi"},
            "requests": {"cpu": "0.25", "memory": "1024Mi", "ephemeral-storage": 1000000},
        },
        "readinessProbe": {"tcpSocket": {"port": "http"}, "periodSeconds": 5},
        "livenessProbe": {"httpGet": {"path": "/live", "port": 8080, "httpHeaders": [{"name": "X-Probe", "value": "1"}]}},
        "startupProbe": {"grpc": {"port": 8080}, "initialDelaySeconds": 0},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/config", "readOnly": True}, {"name": "tmp", "mountPath": "/tmp"}],
        "securityContext": {},
    }
    proxy = {
        "name": "proxy",
        "image": "nginx",
        "ports": [{"name": "auth", "containerPort": 8081}],
        "resources": {"limits": {"cpu": 1}, "requests": {}},
        "securityContext": {"runAsNonRoot": True, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    }
    token = {"serviceAccountToken": {"path": "token"}}
    facts = {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}}
    cpu = {"path": "cpu", "resourceFieldRef": {"containerName": "app", "resource": "limits.cpu"}}
    spread = {
        "maxSkew": 1,
        "topologyKey": "zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": LABELS},
    }
    apart = {"weight": 1, "podAffinityTerm": {"topologyKey": "host", "labelSelector": {"matchLabels": LABELS}}}
    return {
        "metadata": {"labels": dict(LABELS), "annotations": {}, "creationTimestamp": None},
        "spec": {
            "serviceAccountName": "shop",
            "containers": [app, proxy],
            "initContainers": [],
            "nodeSelector": {"disk": "fast", "zone": "a"},
            "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "shop", "effect": "NoSchedule"}],
            "imagePullSecrets": [{"name": "pull"}],
            "topologySpreadConstraints": [spread],
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [apart]}},
            "volumes": [
                {"name": "config", "configMap": {"name": "shop", "items": [{"key": "application.properties", "path": "a"}]}},
                {"name": "tmp", "emptyDir": {"sizeLimit": "1000Mi"}},
                {"name": "none", "emptyDir": {}},
                {"name": "auth", "secret": {"secretName": "tenant", "optional": True}},
                {"name": "facts", "downwardAPI": {"items": [cpu]}},
                {"name": "all", "projected": {"sources": [token, facts, {"configMap": {"name": "shop"}}]}},
            ],
        },
    }


def deployment() -> Manifest:
    """Return a Deployment that nobody scales but us."""
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": dict(LABELS)},
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": pod_template(),
    }
    return manifest("apps/v1", "Deployment", "shop", spec=spec)


def service() -> Manifest:
    """Return a Service with ports by number and by name."""
    ports = [
        {"name": "http", "port": 80, "targetPort": "http"},
        {"name": "https", "port": 443, "targetPort": 8080},
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53},
    ]
    return manifest("v1", "Service", "shop", spec={"selector": dict(LABELS), "ports": ports})


def config_map() -> Manifest:
    """Return a ConfigMap with a key that looks like a quantity and one that is empty."""
    return manifest("v1", "ConfigMap", "shop", data={"sizeLimit": "1000m", "empty": "", "application.properties": "a=b\n# ü\n"})


def resource_quota() -> Manifest:
    """Return a ResourceQuota with every spelling of quantities."""
    hard = {"requests.cpu": "1000m", "limits.cpu": "0.25", "requests.memory": "1024Mi", "limits.memory": "1.5Gi", "pods": 3}
    return manifest("v1", "ResourceQuota", "shop", spec={"hard": hard})


def stateful_set() -> Manifest:
    """Return a StatefulSet with a claim, which is an atomic value full of defaults."""
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "0.5Gi"}}},
    }
    spec = {
        "replicas": 0,
        "serviceName": "shop",
        "selector": {"matchLabels": dict(LABELS)},
        "template": pod_template(),
        "volumeClaimTemplates": [claim],
        "updateStrategy": {},
    }
    return manifest("apps/v1", "StatefulSet", "shop", spec=spec)


def horizontal_pod_autoscaler() -> Manifest:
    """Return an HPA that measures one container."""
    cpu = {"name": "cpu", "container": "app", "target": {"type": "Utilization", "averageUtilization": 80}}
    memory = {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1024Mi"}}
    spec = {
        "minReplicas": 1,
        "maxReplicas": 4,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
        "metrics": [{"type": "ContainerResource", "containerResource": cpu}, {"type": "Resource", "resource": memory}],
        "behavior": {"scaleDown": {"policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}]}},
    }
    return manifest("autoscaling/v2", "HorizontalPodAutoscaler", "shop", spec=spec)


def ingress() -> Manifest:
    """Return an Ingress with TLS."""
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "shop", "port": {"name": "http"}}}}
    rule = {"host": "v1.shop.example", "http": {"paths": [path]}}
    spec = {"ingressClassName": "nginx", "rules": [rule], "tls": [{"hosts": ["v1.shop.example"], "secretName": "tls"}]}
    return manifest("networking.k8s.io/v1", "Ingress", "shop", spec=spec)


def pod_disruption_budget() -> Manifest:
    """Return a budget in per cent."""
    return manifest(
        "policy/v1", "PodDisruptionBudget", "shop", spec={"maxUnavailable": "50%", "selector": {"matchLabels": LABELS}}
    )


def network_policy() -> Manifest:
    """Return a policy that admits every pod of the namespace to one port."""
    rule = {"ports": [{"port": "auth"}, {"port": 9000}], "from": [{"podSelector": {}}]}
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [rule]}
    return manifest("networking.k8s.io/v1", "NetworkPolicy", "shop", spec=spec)


def service_account() -> Manifest:
    """Return a ServiceAccount that mounts no token."""
    account = manifest("v1", "ServiceAccount", "shop", automountServiceAccountToken=False, imagePullSecrets=[{"name": "pull"}])
    return {**account, "secrets": []}


CHILDREN = (
    service_account,
    config_map,
    service,
    resource_quota,
    deployment,
    stateful_set,
    horizontal_pod_autoscaler,
    ingress,
    pod_disruption_budget,
    network_policy,
)
"""One function for each kind."""
