"""One plain object of each built-in kind, with which nothing is wrong, and a way to change it.

What flows out: fresh manifests.
"""

import copy
from typing import Any

from tests.support.manifests import Manifest, manifest

ABSENT = object()
LABELS = {"app": "shop"}


def changed(obj: Manifest, *changes: Any) -> Manifest:
    """Return a copy of *obj*.

    Args:
        obj: What is copied.
        changes: A path with dots and a value, again and again; `ABSENT` removes what is at the path.
    """
    result = copy.deepcopy(obj)
    for path, value in zip(changes[::2], changes[1::2], strict=True):
        *steps, last = [int(step) if step.isdecimal() else step for step in path.split("|")]
        place: Any = result
        for step in steps:
            place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
        if value is ABSENT:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return result


def container(**fields: Any) -> Manifest:
    """Return a container."""
    return {"name": "app", "image": "shop:1", **fields}


def template(**spec: Any) -> Manifest:
    """Return a template of pods."""
    return {"metadata": {"labels": dict(LABELS)}, "spec": {"containers": [container()], **spec}}


def deployment() -> Manifest:
    """Return a Deployment that is fine."""
    spec = {"selector": {"matchLabels": dict(LABELS)}, "template": template()}
    return manifest("apps/v1", "Deployment", "invalid", spec=spec)


def stateful_set() -> Manifest:
    """Return a StatefulSet that is fine."""
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    spec = {"selector": {"matchLabels": dict(LABELS)}, "template": template(), "serviceName": "shop"}
    return manifest("apps/v1", "StatefulSet", "invalid", spec={**spec, "volumeClaimTemplates": [claim]})


def daemon_set() -> Manifest:
    """Return a DaemonSet that is fine."""
    return manifest("apps/v1", "DaemonSet", "invalid", spec={"selector": {"matchLabels": dict(LABELS)}, "template": template()})


def replica_set() -> Manifest:
    """Return a ReplicaSet that is fine."""
    return manifest("apps/v1", "ReplicaSet", "invalid", spec={"selector": {"matchLabels": dict(LABELS)}, "template": template()})


def job() -> Manifest:
    """Return a Job that is fine."""
    return manifest("batch/v1", "Job", "invalid", spec={"template": template(restartPolicy="Never")})


def cron_job() -> Manifest:
    """Return a CronJob that is fine."""
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template(restartPolicy="Never")}}}
    return manifest("batch/v1", "CronJob", "invalid", spec=spec)


def pod() -> Manifest:
    """Return a Pod that is fine."""
    spec = {"containers": [container()], "serviceAccountName": "default", "automountServiceAccountToken": False}
    return manifest("v1", "Pod", "invalid", spec=spec)


def service() -> Manifest:
    """Return a Service that is fine."""
    return manifest("v1", "Service", "invalid", spec={"selector": dict(LABELS), "ports": [{"port": 80}]})


def autoscaler() -> Manifest:
    """Return an autoscaler that is fine."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
    spec = {"maxReplicas": 3, "minReplicas": 1, "scaleTargetRef": target, "metrics": [metric]}
    return manifest("autoscaling/v2", "HorizontalPodAutoscaler", "invalid", spec=spec)


def budget() -> Manifest:
    """Return a budget that is fine."""
    return manifest("policy/v1", "PodDisruptionBudget", "invalid", spec={"selector": {"matchLabels": dict(LABELS)}})


def ingress() -> Manifest:
    """Return an Ingress that is fine."""
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "shop", "port": {"number": 80}}}}
    return manifest("networking.k8s.io/v1", "Ingress", "invalid", spec={"rules": [{"host": "a.b", "http": {"paths": [path]}}]})


def network_policy() -> Manifest:
    """Return a policy that is fine."""
    spec = {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80}]}]}
    return manifest("networking.k8s.io/v1", "NetworkPolicy", "invalid", spec=spec)


def config_map() -> Manifest:
    """Return a ConfigMap that is fine."""
    return manifest("v1", "ConfigMap", "invalid", data={"a": "b"})


def secret() -> Manifest:
    """Return a Secret that is fine."""
    return manifest("v1", "Secret", "invalid", data={"a": "YQ=="})


def quota() -> Manifest:
    """Return a quota that is fine."""
    return manifest("v1", "ResourceQuota", "invalid", spec={"hard": {"pods": "3"}})


def claim() -> Manifest:
    """Return a claim that is fine."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return manifest("v1", "PersistentVolumeClaim", "invalid", spec=spec)


def volume() -> Manifest:
    """Return a volume that is fine."""
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}
    return manifest("v1", "PersistentVolume", "invalid", spec=spec)


def lease() -> Manifest:
    """Return a Lease that is fine."""
    return manifest("coordination.k8s.io/v1", "Lease", "invalid", spec={"holderIdentity": "a", "leaseDurationSeconds": 15})


def endpoint_slice() -> Manifest:
    """Return a slice that is fine."""
    endpoint = {"addresses": ["10.1.2.3"]}
    ports = [{"name": "http", "port": 80}]
    return manifest("discovery.k8s.io/v1", "EndpointSlice", "invalid", addressType="IPv4", endpoints=[endpoint], ports=ports)


def role() -> Manifest:
    """Return a Role that is fine."""
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    return manifest("rbac.authorization.k8s.io/v1", "Role", "invalid", rules=[rule])


def role_binding() -> Manifest:
    """Return a RoleBinding that is fine."""
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "shop"}
    subject = {"kind": "ServiceAccount", "name": "shop", "namespace": "default"}
    return manifest("rbac.authorization.k8s.io/v1", "RoleBinding", "invalid", roleRef=reference, subjects=[subject])


def priority_class() -> Manifest:
    """Return a PriorityClass that is fine."""
    return manifest("scheduling.k8s.io/v1", "PriorityClass", "invalid", value=5)


def storage_class() -> Manifest:
    """Return a StorageClass that is fine."""
    return manifest("storage.k8s.io/v1", "StorageClass", "invalid", provisioner="a.b/c")


def limit_range() -> Manifest:
    """Return a LimitRange that is fine."""
    return manifest("v1", "LimitRange", "invalid", spec={"limits": [{"type": "Container", "max": {"cpu": "1"}}]})


def namespace() -> Manifest:
    """Return a namespace that is fine."""
    return manifest("v1", "Namespace", "invalid")


def event() -> Manifest:
    """Return an Event of the core that is fine, in the namespace default."""
    regarding = {"kind": "Pod", "name": "a", "namespace": "default"}
    return manifest("v1", "Event", "invalid", involvedObject=regarding, type="Normal", reason="Done")


def new_event() -> Manifest:
    """Return an Event of events.k8s.io that is fine, in the namespace default."""
    said = {"action": "Doing", "reportingController": "a.b/c", "reportingInstance": "a", "reason": "Done", "type": "Normal"}
    regarding = {"kind": "Pod", "name": "a", "namespace": "default"}
    time = "2026-01-01T00:00:00.000000Z"
    return manifest("events.k8s.io/v1", "Event", "invalid", regarding=regarding, eventTime=time, **said)
