"""Objects whose rows in tables are not all alike, with the statuses that make them so.

Data: by the path of their collection; a status is written after the creation. Whoever compares rows reads the objects back first.
"""

from typing import Any

from tests.support import shown_pods

Json = dict[str, Any]

NAMESPACE = shown_pods.NAMESPACE
APPS = "/apis/apps/v1/namespaces/default"
LABELS = {"app": "a"}
SELECTOR: Json = {
    "matchLabels": LABELS,
    "matchExpressions": [
        {"key": "tier", "operator": "In", "values": ["b", "a"]},
        {"key": "old", "operator": "DoesNotExist"},
        {"key": "zone", "operator": "Exists"},
        {"key": "disk", "operator": "NotIn", "values": ["slow"]},
    ],
}
TEMPLATE: Json = {
    "metadata": {"labels": {**LABELS, "tier": "a", "zone": "z"}},
    "spec": {"containers": [{"name": "one", "image": "a:1"}, {"name": "two", "image": "b:2"}], "nodeSelector": {"disk": "ssd"}},
}


def _object(api_version: str, kind: str, name: str, **fields: Any) -> Json:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def _service(name: str, status: Json | None = None, **spec: Any) -> tuple[str, Json, Json | None]:
    return f"{NAMESPACE}/services", _object("v1", "Service", name, spec=spec), status


PORTS: list[Json] = [{"name": "a", "port": 80}, {"name": "b", "port": 53, "protocol": "UDP"}]
SERVICES: list[tuple[str, Json, Json | None]] = [
    _service("plain", ports=PORTS, selector={"b": "1", "a": "2"}, externalIPs=["1.2.3.4", "1.2.3.5"]),
    _service("node", ports=[{"port": 80, "nodePort": 30123}], type="NodePort"),
    _service("headless", clusterIP="None", selector=LABELS),
    _service("balanced", ports=[{"port": 80, "nodePort": 30124}], type="LoadBalancer"),
    _service(
        "served",
        {"loadBalancer": {"ingress": [{"ip": "9.9.9.9"}, {"hostname": "lb.example.com"}]}},
        ports=[{"port": 80, "nodePort": 30125}],
        type="LoadBalancer",
        externalIPs=["1.2.3.6"],
    ),
    _service("outside", type="ExternalName", externalName="example.com"),
]


def _metric(name: str, **target: Any) -> Json:
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def _autoscaler(name: str, metrics: list[Json], current: list[Json] | None = None) -> tuple[str, Json, Json | None]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}
    spec = {"scaleTargetRef": target, "maxReplicas": 5, "metrics": metrics}
    found = _object("autoscaling/v2", "HorizontalPodAutoscaler", name, spec=spec)
    status = {"currentReplicas": 2, "desiredReplicas": 3, "conditions": [], "currentMetrics": current} if current else None
    return "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers", found, status


USE = {"type": "Utilization", "averageUtilization": 80}
OF_PODS: Json = {"type": "Pods", "pods": {"metric": {"name": "x"}, "target": {"type": "AverageValue", "averageValue": "10"}}}
EXTERNAL: Json = {"type": "External", "external": {"metric": {"name": "y"}, "target": {"type": "Value", "value": "7"}}}
AUTOSCALERS = [
    _autoscaler("unknown", [_metric("cpu", **USE)]),
    _autoscaler(
        "known",
        [_metric("cpu", **USE), _metric("memory", type="AverageValue", averageValue="100Mi")],
        [
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 55, "averageValue": "55m"}}},
            {"type": "Resource", "resource": {"name": "memory", "current": {"averageValue": "50Mi"}}},
        ],
    ),
    _autoscaler("many", [_metric("cpu", **USE), OF_PODS, EXTERNAL]),
]

JOB: Json = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "one", "image": "a"}]}}}
NODE: Json = {
    "addresses": [{"type": "InternalIP", "address": "10.0.0.9"}, {"type": "ExternalIP", "address": "8.8.8.8"}],
    "conditions": [{"type": "Ready", "status": "True"}],
    "nodeInfo": {
        **dict.fromkeys(("machineID", "systemUUID", "bootID", "kubeProxyVersion", "operatingSystem"), ""),
        "kernelVersion": "6.1",
        "osImage": "Some OS",
        "containerRuntimeVersion": "crt://1",
        "kubeletVersion": "v1.36.0",
        "architecture": "amd64",
    },
}
REFERENCE: Json = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
SUBJECTS: list[Json] = [
    {"kind": "User", "name": "u", "apiGroup": "rbac.authorization.k8s.io"},
    {"kind": "Group", "name": "g", "apiGroup": "rbac.authorization.k8s.io"},
    {"kind": "ServiceAccount", "name": "s", "namespace": "default"},
]
BACKEND: Json = {"service": {"name": "s", "port": {"number": 80}}}


def _rule(host: str = "") -> Json:
    http = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": BACKEND}]}}
    return {"host": host, **http} if host else http


NETWORKING = "/apis/networking.k8s.io/v1"
OTHERS: list[tuple[str, Json, Json | None]] = [
    (f"{NAMESPACE}/configmaps", _object("v1", "ConfigMap", "both", data={"a": "1"}, binaryData={"b": "YQ=="}), None),
    (f"{NAMESPACE}/secrets", _object("v1", "Secret", "s", stringData={"a": "1", "b": "2"}), None),
    (f"{NAMESPACE}/serviceaccounts", _object("v1", "ServiceAccount", "sa"), None),
    ("/api/v1/nodes", _object("v1", "Node", "bare"), None),
    (
        "/api/v1/nodes",
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "full", "labels": {"node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "z"}},
            "spec": {"unschedulable": True},
        },
        NODE,
    ),
    (
        f"{NAMESPACE}/resourcequotas",
        _object("v1", "ResourceQuota", "q", spec={"hard": {"pods": "3", "limits.cpu": "2", "requests.cpu": "1"}}),
        {"hard": {"pods": "3", "limits.cpu": "2", "requests.cpu": "1"}, "used": {"pods": "1", "limits.cpu": "500m"}},
    ),
    (f"{NAMESPACE}/limitranges", _object("v1", "LimitRange", "l", spec={"limits": [{"type": "Pod", "max": {"cpu": "8"}}]}), None),
    (
        f"{NAMESPACE}/persistentvolumeclaims",
        _object(
            "v1",
            "PersistentVolumeClaim",
            "claim",
            spec={
                "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
                "storageClassName": "x",
            },
        ),
        None,
    ),
    (
        "/api/v1/persistentvolumes",
        _object(
            "v1",
            "PersistentVolume",
            "volume",
            spec={
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": "1Gi"},
                "hostPath": {"path": "/a"},
                "storageClassName": "x",
            },
        ),
        {"phase": "Available"},
    ),
    (f"{NAMESPACE}/podtemplates", _object("v1", "PodTemplate", "pt", template=TEMPLATE), None),
    (
        f"{APPS}/deployments",
        _object("apps/v1", "Deployment", "d", spec={"replicas": 3, "selector": {"matchLabels": LABELS}, "template": TEMPLATE}),
        {"replicas": 3, "readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1},
    ),
    (
        f"{APPS}/replicasets",
        _object("apps/v1", "ReplicaSet", "r", spec={"replicas": 2, "selector": SELECTOR, "template": TEMPLATE}),
        {"replicas": 2, "readyReplicas": 1},
    ),
    (
        f"{APPS}/statefulsets",
        _object(
            "apps/v1", "StatefulSet", "s", spec={"serviceName": "s", "selector": {"matchLabels": LABELS}, "template": TEMPLATE}
        ),
        {"replicas": 1, "readyReplicas": 1},
    ),
    (
        f"{APPS}/daemonsets",
        _object("apps/v1", "DaemonSet", "ds", spec={"selector": {"matchLabels": LABELS}, "template": TEMPLATE}),
        None,
    ),
    (
        f"{APPS}/controllerrevisions",
        {
            **_object("apps/v1", "ControllerRevision", "cr", revision=3, data={}),
            "metadata": {
                "name": "cr",
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "gone", "uid": "u", "controller": True}
                ],
            },
        },
        None,
    ),
    ("/apis/batch/v1/namespaces/default/jobs", _object("batch/v1", "Job", "j", spec={**JOB, "suspend": True}), None),
    (
        "/apis/batch/v1/namespaces/default/cronjobs",
        _object("batch/v1", "CronJob", "cj", spec={"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": JOB}}),
        None,
    ),
    (
        "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
        _object("policy/v1", "PodDisruptionBudget", "b", spec={"minAvailable": "50%", "selector": {"matchLabels": LABELS}}),
        None,
    ),
    (
        f"{NETWORKING}/namespaces/default/ingresses",
        _object(
            "networking.k8s.io/v1",
            "Ingress",
            "many",
            spec={
                "ingressClassName": "c",
                "rules": [_rule(f"{name}.example.com") for name in "abcde"],
                "tls": [{"hosts": ["a.example.com"]}],
            },
        ),
        {"loadBalancer": {"ingress": [{"ip": "9.9.9.9"}]}},
    ),
    (
        f"{NETWORKING}/namespaces/default/ingresses",
        _object("networking.k8s.io/v1", "Ingress", "any", spec={"rules": [_rule()]}),
        None,
    ),
    (
        f"{NETWORKING}/ingressclasses",
        {
            **_object("networking.k8s.io/v1", "IngressClass", "c"),
            "metadata": {"name": "c", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
            "spec": {"controller": "example.com/c", "parameters": {"apiGroup": "example.com", "kind": "P", "name": "p"}},
        },
        None,
    ),
    (
        f"{NETWORKING}/namespaces/default/networkpolicies",
        _object("networking.k8s.io/v1", "NetworkPolicy", "all", spec={"podSelector": {}}),
        None,
    ),
    (
        f"{NETWORKING}/namespaces/default/networkpolicies",
        _object("networking.k8s.io/v1", "NetworkPolicy", "some", spec={"podSelector": SELECTOR}),
        None,
    ),
    (
        "/apis/coordination.k8s.io/v1/namespaces/default/leases",
        _object("coordination.k8s.io/v1", "Lease", "lease", spec={"holderIdentity": "me"}),
        None,
    ),
    (
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
        _object(
            "discovery.k8s.io/v1",
            "EndpointSlice",
            "slice",
            addressType="IPv4",
            ports=[{"name": "a", "port": 1}, {"name": "b", "port": 2}, {"name": "c", "port": 3}, {"name": "d", "port": 4}],
            endpoints=[{"addresses": [f"10.1.0.{number}"]} for number in range(1, 6)],
        ),
        None,
    ),
    (
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
        _object("discovery.k8s.io/v1", "EndpointSlice", "empty", addressType="IPv4", ports=[{"name": "a"}], endpoints=[]),
        None,
    ),
    (
        f"{NAMESPACE}/endpoints",
        _object(
            "v1",
            "Endpoints",
            "e",
            subsets=[{"addresses": [{"ip": f"10.1.0.{number}"} for number in range(1, 6)], "ports": [{"port": 80}]}],
        ),
        None,
    ),
    (f"{NAMESPACE}/endpoints", _object("v1", "Endpoints", "none"), None),
    (
        "/apis/storage.k8s.io/v1/storageclasses",
        {
            **_object("storage.k8s.io/v1", "StorageClass", "sc", provisioner="example.com/p"),
            "metadata": {"name": "sc", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        },
        None,
    ),
    ("/apis/scheduling.k8s.io/v1/priorityclasses", _object("scheduling.k8s.io/v1", "PriorityClass", "pc", value=5), None),
    (
        "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
        _object("rbac.authorization.k8s.io/v1", "RoleBinding", "rb", roleRef=REFERENCE, subjects=SUBJECTS),
        None,
    ),
    (
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        _object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "crb", roleRef=REFERENCE),
        None,
    ),
    (
        "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
        _object("rbac.authorization.k8s.io/v1", "Role", "role", rules=[]),
        None,
    ),
    (
        f"{NAMESPACE}/events",
        _object(
            "v1",
            "Event",
            "old",
            involvedObject={"kind": "Pod", "name": "p", "namespace": "default", "fieldPath": "spec"},
            type="Warning",
            reason="R",
            message=" words \n",
            source={"component": "c", "host": "h"},
            firstTimestamp="2026-01-01T00:00:00Z",
            lastTimestamp="2026-01-02T00:00:00Z",
            count=3,
        ),
        None,
    ),
    (
        "/apis/events.k8s.io/v1/namespaces/default/events",
        _object(
            "events.k8s.io/v1",
            "Event",
            "new",
            regarding={"kind": "Pod", "name": "p", "namespace": "default"},
            type="Normal",
            reason="R",
            action="A",
            note="words",
            eventTime="2026-01-01T00:00:00.000000Z",
            reportingController="example.com/c",
            reportingInstance="c-0",
        ),
        None,
    ),
]

ALL = [*shown_pods.PODS, *SERVICES, *AUTOSCALERS, *OTHERS]
"""Collections, objects, and statuses."""
