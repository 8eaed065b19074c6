"""Instances of MicroServiceDeploy and live children for tests of the pure core.

What flows in: fields of a spec, numbers of a status. What flows out: an `Instance` made from the sample, or a manifest as the API
server would show it.
"""

import copy
from typing import Any

from controller import crd
from reconcilers.microservicedeploy import desired, instances, spec

SAMPLE: dict[str, Any] = {
    "msName": "ms-sample",
    "fullName": "ms-sample-v1s0",
    "version": "1.0",
    "path": "v1",
    "image": "just a image url",
    "replicas": 3,
    "autoscaling": True,
    "needAuth": True,
    "config": "password=88888888",
    "creationTimestamp": "1535546718115",
    "resourceRequirements": {"limits": {"cpu": "2", "memory": "4Gi"}, "requests": {"cpu": "2", "memory": "4Gi"}},
    "idle": False,
}
PLAIN: dict[str, Any] = {"msName": "shop", "version": "1", "path": "v1", "image": "shop:1"}
SETTINGS = instances.Settings(base_domain="example.com")
NAMESPACE = "team"


def sample(**changes: Any) -> instances.Instance:
    """Return the sample with *changes* to its spec, in JSON names; None removes a field."""
    return _instance("ms-sample-v1s0", SAMPLE | changes)


def plain(name: str = "shop-v1", /, **changes: Any) -> instances.Instance:
    """Return an instance with the required fields only, and *changes*."""
    return _instance(name, PLAIN | changes)


def _instance(name: str, fields: dict[str, Any]) -> instances.Instance:
    given = {key: value for key, value in fields.items() if value is not None}
    decoded = crd.decode_spec(spec.MicroServiceDeploySpec, given)
    return instances.Instance(name, NAMESPACE, f"uid-{name}", decoded, created="2026-01-02T03:04:05Z", generation=7)


def live_deployment(instance: instances.Instance, replicas: int, **status: Any) -> dict[str, Any]:
    """Return the Deployment of *instance* as it stands once *replicas* pods run, with *status* in place of what that would be."""
    made = copy.deepcopy(desired.deployment(instance, SETTINGS, desired.Plan(replicas)))
    made["metadata"] |= {"generation": 2, "uid": "uid-deployment"}
    made["status"] = {
        "observedGeneration": 2,
        "replicas": replicas,
        "updatedReplicas": replicas,
        "readyReplicas": replicas,
        "availableReplicas": replicas,
        "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}],
    } | status
    return made
