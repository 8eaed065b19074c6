"""The sample resource and its children as an API server would show them, for the demo's tests.

What flows in: the few facts that a test cares about. What flows out: an observation. Pure.
"""

from demo import observation


def resource(*, replicas: int = 3, ready: bool = True, is_current: bool = True) -> observation.Manifest:
    """Return the resource with its status."""
    condition = {"type": "Ready", "status": str(ready), "reason": "Available" if ready else "RollingOut", "message": "1 of 3"}
    return {
        "kind": "MicroServiceDeploy",
        "metadata": {"name": "ms", "uid": "r", "generation": 2},
        "spec": {"replicas": replicas},
        "status": {
            "observedGeneration": 2 if is_current else 1,
            "readyReplicas": replicas,
            "conditions": [condition, {"type": "Degraded", "status": "False", "reason": "None"}],
        },
    }


def child(kind: str, **fields: object) -> observation.Manifest:
    """Return a child of *kind* owned by the resource."""
    owner = {"uid": "r", "controller": True}
    return {"kind": kind, "metadata": {"name": "ms", "uid": f"{kind}-1", "ownerReferences": [owner]}, "spec": {}, **fields}


def children(replicas: int = 3) -> tuple[observation.Manifest, ...]:
    """Return one child of each kind."""
    specific: dict[str, dict[str, object]] = {
        "Deployment": {"spec": {"replicas": replicas}, "status": {"readyReplicas": replicas, "updatedReplicas": 1}},
        "HorizontalPodAutoscaler": {"spec": {"minReplicas": replicas, "maxReplicas": 2 * replicas}},
        "ConfigMap": {"data": {"password": "88888888", "application.properties": "password=88888888"}},
        "Service": {"spec": {"ports": [{"port": 80, "targetPort": "auth"}]}},
        "ResourceQuota": {"status": {"hard": {"requests.cpu": "8", "limits.cpu": "8"}, "used": {"requests.cpu": "6"}}},
        "NetworkPolicy": {"spec": {"ingress": [{"ports": [{"port": "auth"}]}]}},
    }
    return tuple(child(kind, **specific.get(kind, {})) for kind in observation.CHILDREN)


def whole(replicas: int = 3) -> observation.Observation:
    """Return everything in place."""
    return observation.Observation(resource(replicas=replicas), children(replicas), observation.Reconciles(17, 1, 2.0))
