"""Objects of built-in kinds, good and bad, that a real server and ours must read alike.

What flows out: fresh objects; `readable` ones are defaulted and rewritten in many ways, and mostly too poor to be valid;
`unreadable` ones have a field of the wrong type.
"""

from collections.abc import Iterator

from envtest.embedded.builtin import resources
from tests.support.manifests import CHILDREN, Manifest, manifest, pod_template

APPS = "apps/v1"
NETWORKING = "networking.k8s.io/v1"
RBAC = "rbac.authorization.k8s.io/v1"

_IMAGES = (
    "a", "a:latest", "a:1", f"a@sha256:{'a' * 64}", "r:5000/a", "r:5000/a:latest", "r:5000/a:2", "", "Bad Name",
    f"a:latest@sha256:{'b' * 64}", "localhost/a/b_c", "Upper.example/a:latest",
)  # fmt: skip


def readable() -> Iterator[Manifest]:
    """Yield objects that can be read."""
    yield from (child() for child in CHILDREN)
    yield from (manifest(resource.api_version, resource.kind, "poor") for resource in resources.Registry.built_in().all())
    yield from _pods()
    yield from _workloads()
    yield from _services()
    yield from _autoscalers()
    yield from _configuration()
    yield from _network()
    yield from _cluster()
    yield _definition()


def unreadable() -> Iterator[Manifest]:
    """Yield objects that cannot be read."""
    yield from ({**manifest("v1", "ConfigMap", "wrong"), "metadata": {"name": "wrong", **given}} for given in _METADATA)
    yield from (manifest(APPS, "Deployment", "wrong", spec=spec) for spec in _SPECS)
    yield from (manifest(APPS, "Deployment", "wrong", spec={"template": {"spec": spec}}) for spec in _POD_SPECS)
    for container in _CONTAINERS:
        yield manifest(APPS, "Deployment", "wrong", spec={"template": {"spec": {"containers": [container]}}})
    for data in ({"a": "%%%"}, {"a": "YQ"}, {"a": "YQ==x"}, {"a": 1}, "x", {"a": "Y Q=="}, {"a": "YWJj%"}):
        yield manifest("v1", "Secret", "wrong", data=data)
    yield manifest("v1", "Secret", "wrong", type=1)
    for time in ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.1234567Z", 3, "nonsense", "2026-01-01T25:00:00.000000Z"):
        yield manifest("coordination.k8s.io/v1", "Lease", "wrong", spec={"renewTime": time})
    yield manifest("coordination.k8s.io/v1", "Lease", "wrong", spec={"leaseDurationSeconds": "15"})
    for port in ({"port": "http"}, {"port": 80, "targetPort": True}, {"port": 1.5}, {"port": 1.0}, {"port": 99999999999}):
        yield manifest("v1", "Service", "wrong", spec={"ports": [port]})
    yield from (manifest("v1", "ResourceQuota", "wrong", spec={"hard": {"pods": pods}}) for pods in ("x", "", "1Q", [], True))
    yield manifest(RBAC, "Role", "wrong", rules=[{"verbs": "get"}])


_METADATA = (
    {"annotations": {"a": 1}}, {"annotations": "x"}, {"finalizers": "x"}, {"creationTimestamp": "x"}, {"creationTimestamp": 3},
    {"deletionTimestamp": "2026-13-01T00:00:00Z"}, {"generation": "x"}, {"ownerReferences": [{"controller": "x"}]},
    {"managedFields": 3}, {"resourceVersion": 3},
)  # fmt: skip
_SPECS = (
    3, "x", [], {"replicas": "1"}, {"replicas": 1.5}, {"replicas": 3_000_000_000}, {"replicas": True}, {"paused": "true"},
    {"strategy": {"rollingUpdate": {"maxSurge": True}}}, {"strategy": {"rollingUpdate": {"maxSurge": []}}},
    {"strategy": {"rollingUpdate": {"maxSurge": 1.5}}}, {"strategy": "Recreate"}, {"selector": {"matchLabels": {"a": 1}}},
    {"selector": {"matchExpressions": [{"values": [1]}]}},
)  # fmt: skip
_POD_SPECS = (
    {"containers": {}}, {"containers": ["x"]}, {"nodeSelector": {"a": True}},
    {"terminationGracePeriodSeconds": "x", "restartPolicy": 1},
)  # fmt: skip
_CONTAINERS = (
    {"env": [{"name": "a", "value": 1}]}, {"env": [{"name": "a", "value": True}]}, {"ports": [{"containerPort": "http"}]},
    {"resources": {"limits": {"cpu": True}}}, {"resources": {"limits": {"cpu": {}}}}, {"resources": {"limits": []}},
    {"args": [1]}, {"args": "x"}, {"securityContext": {"runAsUser": "root"}}, {"resources": {"limits": {"cpu": "1 core"}}},
)  # fmt: skip


def _pods() -> Iterator[Manifest]:
    spec = pod_template()["spec"]
    spec |= {"serviceAccountName": "default", "automountServiceAccountToken": False}
    yield manifest("v1", "Pod", "pod", spec=spec)
    limits = {"limits": {"cpu": "4", "memory": "4Gi"}}
    yield manifest("v1", "Pod", "pod", spec={**spec, "hostNetwork": True, "resources": limits})
    containers = [{"name": str(number), "image": image} for number, image in enumerate(_IMAGES)]
    sources = [
        {"downwardAPI": {"items": [{"path": "x", "fieldRef": {"fieldPath": "metadata.name"}}]}},
        {"serviceAccountToken": {"path": "t"}},
        {"secret": {}},
    ]
    volumes = [
        {"name": "a"},
        {"name": "b", "hostPath": {"path": "/"}},
        {"name": "c", "image": {"reference": "x"}},
        {"name": "d", "configMap": {"name": ""}},
        {"name": "e", "projected": {"sources": sources}},
        {"name": "f", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
    ]
    rest = {
        "serviceAccount": "old", "nodeSelector": {}, "tolerations": [{"tolerationSeconds": 0}], "affinity": {},
        "os": {"name": ""}, "hostNetwork": False, "enableServiceLinks": False, "activeDeadlineSeconds": 0,
        "topologySpreadConstraints": [{"maxSkew": 0}], "dnsConfig": {"options": [{"name": "x", "value": ""}]},
        "hostAliases": [{"ip": "1.2.3.4", "hostnames": []}],
    }  # fmt: skip
    spec = {"containers": containers, "initContainers": [_container()], "volumes": volumes, **rest}
    yield manifest("v1", "PodTemplate", "pod", template={"spec": spec})


def _container() -> Manifest:
    return {
        "name": "i",
        "livenessProbe": {"httpGet": {"port": "x"}},
        "lifecycle": {"preStop": {"exec": {"command": []}}, "postStart": {"httpGet": {"path": "", "port": 0}}},
        "env": [
            {"name": "a", "value": ""},
            {"name": "b", "valueFrom": {"fieldRef": {"fieldPath": "x"}}},
            {"name": "c", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1000m"}}},
        ],
        "resources": {"limits": {"cpu": "0.0001", "nvidia.com/gpu": 2}},
        "unknown": {"x": 1},
    }


def _workloads() -> Iterator[Manifest]:
    template = pod_template()
    several = {"completions": 3, "backoffLimitPerIndex": 1, "podFailurePolicy": {"rules": []}}
    yield manifest("batch/v1", "Job", "job", spec={"template": template})
    yield {**manifest("batch/v1", "Job", "job", spec={"template": template, **several}), "metadata": {"name": "job"}}
    yield manifest("batch/v1", "CronJob", "job", spec={"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}})
    yield manifest(APPS, "DaemonSet", "set", spec={"template": template})
    yield manifest(APPS, "DaemonSet", "set", spec={"updateStrategy": {"type": "OnDelete"}})
    for strategy in ({}, {"type": "Recreate"}, {"rollingUpdate": {}}, {"rollingUpdate": {"maxSurge": 0}}):
        yield manifest(APPS, "Deployment", "deployment", spec={"strategy": strategy})
    rolling = {"type": "RollingUpdate"}
    for strategy in (
        {}, {"type": "OnDelete"}, rolling, {"rollingUpdate": {}}, {"rollingUpdate": {"partition": 3}},
        {**rolling, "rollingUpdate": {}},
    ):  # fmt: skip
        retention = {"whenScaled": "Delete"}
        spec = {"updateStrategy": strategy, "persistentVolumeClaimRetentionPolicy": retention}
        yield manifest(APPS, "StatefulSet", "set", spec=spec)
    selector = {"matchLabels": {}, "matchExpressions": [{"key": "x", "operator": "In", "values": []}]}
    metadata = {"creationTimestamp": None, "annotations": {}, "labels": {}, "name": ""}
    zeros = {"replicas": 0, "paused": False, "minReadySeconds": 0, "revisionHistoryLimit": 0}
    spec = {**zeros, "selector": selector, "template": {"metadata": metadata}}
    yield manifest(APPS, "Deployment", "zeros", spec=spec, status={"replicas": 3, "conditions": [{"type": "x"}]})
    yield manifest(APPS, "ControllerRevision", "revision", data={"a": None, "b": [], "c": {}}, revision=0)


def _services() -> Iterator[Manifest]:
    ports = [{"port": 80}, {"port": 81, "targetPort": ""}, {"port": 3, "targetPort": "x", "appProtocol": "", "nodePort": 0}]
    for kind in ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"):
        yield manifest("v1", "Service", "service", spec={"type": kind, "ports": ports})
    seconds = {"clientIP": {"timeoutSeconds": 3}}
    for spec in (
        {"sessionAffinity": "ClientIP"},
        {"sessionAffinity": "None", "sessionAffinityConfig": seconds},
        {"sessionAffinity": "ClientIP", "sessionAffinityConfig": seconds},
        {"externalIPs": ["1.2.3.4"]},
    ):
        yield manifest("v1", "Service", "service", spec=spec)
    status = {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}
    yield manifest("v1", "Service", "service", spec={"type": "LoadBalancer"}, status=status)


def _autoscalers() -> Iterator[Manifest]:
    for behavior in ({}, {"scaleUp": {}}, {"scaleUp": {"stabilizationWindowSeconds": 3}}, {"scaleDown": {"selectPolicy": "Min"}}):
        spec = {"behavior": behavior, "maxReplicas": 3}
        yield manifest("autoscaling/v2", "HorizontalPodAutoscaler", "autoscaler", spec=spec)
        yield manifest("autoscaling/v2", "HorizontalPodAutoscaler", "autoscaler", spec={**spec, "metrics": []})
    yield manifest("policy/v1", "PodDisruptionBudget", "budget", spec={"minAvailable": 0, "selector": {}})


def _configuration() -> Iterator[Manifest]:
    yield manifest("v1", "Secret", "secret", data={"a": "", "b": "YQ=="}, stringData={"b": "new", "c": ""})
    yield manifest("v1", "Secret", "secret", stringData={"b": "new", "c": ""}, type="x", immutable=False)
    data = {"a": None, "b": ""}
    yield manifest("v1", "ConfigMap", "map", data=data, binaryData={"c": "YQ==\n"}, immutable=False)
    limits = [
        {"type": "Container", "max": {"cpu": "2", "memory": "1024Mi"}, "min": {"cpu": "0.1"}, "default": {"cpu": "1000m"}},
        {"type": "Pod", "max": {"cpu": 1}},
        {"type": "Container"},
    ]
    yield manifest("v1", "LimitRange", "limits", spec={"limits": limits})
    subjects = [
        {"kind": "User", "name": "u"},
        {"kind": "ServiceAccount", "name": "u"},
        {"kind": "Group", "name": "u", "apiGroup": "g"},
    ]
    role = {"kind": "ClusterRole", "name": "x"}
    yield manifest(RBAC, "ClusterRoleBinding", "binding", roleRef=role, subjects=subjects)
    yield manifest(RBAC, "Role", "role", rules=[{"verbs": ["get"], "resources": [], "apiGroups": [""]}])


def _network() -> Iterator[Manifest]:
    peer = {"ipBlock": {"cidr": "1.2.3.0/24", "except": []}}
    ingress = {"policyTypes": ["Egress"], "ingress": [{"ports": [{}], "from": [peer]}]}
    yield from (
        manifest(NETWORKING, "NetworkPolicy", "policy", spec=spec) for spec in ({"egress": [{}]}, {"egress": []}, ingress)
    )
    path = {"pathType": "Prefix", "backend": {"service": {"name": "x", "port": {"number": 0}}}}
    yield manifest(NETWORKING, "Ingress", "ingress", spec={"rules": [{"http": {"paths": [path]}}, {}], "ingressClassName": ""})
    yield manifest(NETWORKING, "IngressClass", "class", spec={"controller": "x", "parameters": {"kind": "x", "name": "y"}})
    slice_ = {"addressType": "IPv4", "endpoints": [{"addresses": ["1.2.3.4"]}], "ports": [{"port": 80}, {"protocol": "UDP"}]}
    yield manifest("discovery.k8s.io/v1", "EndpointSlice", "slice", **slice_)
    subsets = [{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 80}]}]
    yield manifest("v1", "Endpoints", "endpoints", subsets=subsets)


def _cluster() -> Iterator[Manifest]:
    yield manifest("v1", "Namespace", "namespace", spec={"finalizers": ["x"]})
    status = {"capacity": {"cpu": "2.0005", "memory": "1e3"}}
    yield manifest("v1", "Node", "node", status=status, spec={"podCIDR": "10.0.0.0/8"})
    resources_ = {"requests": {"storage": "1024Mi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources_, "storageClassName": ""}
    yield manifest("v1", "PersistentVolumeClaim", "claim", spec=spec)
    spec = {"capacity": {"storage": 1}, "hostPath": {"path": "/x"}, "accessModes": ["ReadWriteOnce"]}
    yield manifest("v1", "PersistentVolume", "volume", spec=spec)
    times = {"renewTime": "2026-01-01T00:00:00.123000Z", "acquireTime": "2026-01-01T02:00:00.123456+02:00"}
    yield manifest("coordination.k8s.io/v1", "Lease", "lease", spec={"holderIdentity": "", "leaseDurationSeconds": 0, **times})
    times = {"firstTimestamp": "2026-01-01T00:00:00.9Z", "eventTime": "2026-01-01T00:00:00.000000Z"}
    yield manifest("v1", "Event", "event", involvedObject={"kind": "Pod"}, count=0, **times)
    yield manifest("scheduling.k8s.io/v1", "PriorityClass", "priority", value=0, globalDefault=False)
    yield manifest("storage.k8s.io/v1", "StorageClass", "storage", provisioner="x", parameters={}, mountOptions=[])


def _definition() -> Manifest:
    properties = {
        "a": {"type": "array", "items": {"type": "string", "description": "", "default": ""}},
        "b": {"additionalProperties": {"type": "string", "nullable": False}, "type": "object"},
        "c": {"additionalProperties": True, "minimum": 0, "enum": ["", None, 0], "default": None},
    }
    scale = {"specReplicasPath": ".x", "statusReplicasPath": ".y"}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "description": "", "properties": properties}},
        "subresources": {"status": {}, "scale": scale},
        "additionalPrinterColumns": [{"name": "a", "type": "string", "jsonPath": ".x", "priority": 0}],
    }
    spec = {"group": "x.y", "names": {"kind": "Abc", "plural": "as"}, "scope": "Namespaced", "versions": [version]}
    return manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", "as.x.y", spec=spec)
