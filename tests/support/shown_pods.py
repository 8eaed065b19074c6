"""Pods in all the states that a table tells apart.

Data: the path of their collection, the pod, and the status that is written after its creation.
"""

from typing import Any

Json = dict[str, Any]

NAMESPACE = "/api/v1/namespaces/default"


def _container(name: str, *, ready: bool = False, restarts: int = 0, last: str = "", **state: Any) -> Json:
    found: Json = {"name": name, "image": "a", "imageID": "", "ready": ready, "restartCount": restarts, "state": state}
    if last:
        found["lastState"] = {"terminated": {"exitCode": 1, "finishedAt": last}}
    return found


def pod(name: str, status: Json, **spec: Any) -> tuple[str, Json, Json]:
    """Return a pod's collection, the pod, which nobody runs, and its status."""
    whole = {"schedulerName": "nobody", "containers": [{"name": "one", "image": "a"}, {"name": "two", "image": "b"}], **spec}
    return f"{NAMESPACE}/pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": whole}, status


RUNNING: Json = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
READY: Json = {"type": "Ready", "status": "True"}
STARTED: Json = {"type": "Initialized", "status": "True"}
INIT: Json = {"initContainers": [{"name": "init", "image": "a"}, {"name": "side", "image": "a", "restartPolicy": "Always"}]}

PODS: list[tuple[str, Json, Json]] = [
    pod("pending", {"phase": "Pending"}),
    pod(
        "running",
        {
            "phase": "Running",
            "conditions": [READY, STARTED],
            "podIP": "10.1.0.1",
            "podIPs": [{"ip": "10.1.0.1"}],
            "containerStatuses": [
                _container("one", ready=True, **RUNNING),
                _container("two", ready=True, restarts=3, last="2026-01-01T00:00:00Z", **RUNNING),
            ],
        },
        readinessGates=[{"conditionType": "Ready"}, {"conditionType": "Other"}],
    ),
    pod("waiting", {"phase": "Pending", "containerStatuses": [_container("one", waiting={"reason": "ImagePullBackOff"})]}),
    pod("failed", {"phase": "Failed", "containerStatuses": [_container("one", terminated={"exitCode": 3})]}),
    pod("killed", {"phase": "Failed", "containerStatuses": [_container("one", terminated={"exitCode": 137, "signal": 9})]}),
    pod(
        "completed",
        {"phase": "Succeeded", "containerStatuses": [_container("one", terminated={"exitCode": 0, "reason": "Completed"})]},
    ),
    pod(
        "half",
        {
            "phase": "Running",
            "conditions": [STARTED],
            "containerStatuses": [
                _container("one", terminated={"exitCode": 0, "reason": "Completed"}),
                _container("two", ready=True, **RUNNING),
            ],
        },
    ),
    pod("evicted", {"phase": "Failed", "reason": "Evicted"}),
    pod("init", {"phase": "Pending", "initContainerStatuses": [_container("init", **RUNNING)]}, **INIT),
    pod(
        "init-failed",
        {"phase": "Pending", "initContainerStatuses": [_container("init", restarts=2, terminated={"exitCode": 1})]},
        **INIT,
    ),
    pod(
        "init-waiting",
        {"phase": "Pending", "initContainerStatuses": [_container("init", waiting={"reason": "ErrImagePull"})]},
        **INIT,
    ),
    pod(
        "side",
        {
            "phase": "Running",
            "initContainerStatuses": [
                _container("init", restarts=1, terminated={"exitCode": 0, "reason": "Completed"}),
                {**_container("side", ready=True, restarts=4, last="2026-01-02T00:00:00Z", **RUNNING), "started": True},
            ],
            "containerStatuses": [_container("one", ready=True, **RUNNING)],
        },
        **INIT,
    ),
    pod("gated", {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}),
    pod("nominated", {"phase": "Pending", "nominatedNodeName": "node-1"}),
]
