"""Simulated containers: any image runs, an init container completes at once, nothing ever exits by itself.

What flows in: a pod's spec and the container statuses that it has. What flows out: the container statuses one step later. Pure.
All that a simulated container is stands in its status, so nothing is lost when a kubelet starts anew. Mirrors the status half of
kubernetes pkg/kubelet/kuberuntime.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from envtest.kubelet import api

_WAITING = {"waiting": {"reason": "PodInitializing"}}


@dataclass(frozen=True)
class Step:
    """Where a pod's containers are after one step."""

    init: list[api.Json]
    main: list[api.Json]
    initialized: bool
    """Whether all init containers have completed (or, restartable ones, started)."""


def step(pod: api.Json, now: str) -> Step:
    """Take every container of *pod* one step further: init containers in order, then all others at once.

    Args:
        pod: The pod with the statuses of the step before.
        now: RFC 3339 time.

    Returns:
        The statuses; those of unchanged containers are equal to what the pod has.
    """
    uid = pod["metadata"]["uid"]
    spec, status = pod["spec"], pod.get("status", {})
    before = {one["name"]: one for one in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]}
    init: list[api.Json] = []
    initialized = True
    for container in spec.get("initContainers", []):
        if not initialized:
            init.append(before.get(container["name"]) or _waiting(container))
        elif container.get("restartPolicy") == "Always":
            init.append(_run(uid, container, before.get(container["name"]), now))
        else:
            init.append(_complete(uid, container, before.get(container["name"]), now))
            initialized = "terminated" in init[-1]["state"]
    main = [_main(uid, container, before, now) if initialized else _waiting(container) for container in spec["containers"]]
    return Step(init, main, initialized)


def are_ready(statuses: Sequence[api.Json]) -> bool:
    """Ask whether all containers are ready."""
    return all(status["ready"] for status in statuses)


def _main(uid: str, container: api.Json, before: dict[str, api.Json], now: str) -> api.Json:
    return _run(uid, container, before.get(container["name"]), now)


def _run(uid: str, container: api.Json, before: api.Json | None, now: str) -> api.Json:
    """A container that should run: started if it does not, restarted if its image has changed."""
    if before is None or "running" not in before["state"]:
        return _running(uid, container, 0, now)
    if before["image"] == container["image"]:
        return before
    return {**_running(uid, container, before["restartCount"] + 1, now), "lastState": _ended(before, now)}


def _complete(uid: str, container: api.Json, before: api.Json | None, now: str) -> api.Json:
    """An init container that should come to its end: first it runs, a step later it has completed."""
    if before is None or "waiting" in before["state"]:
        return {**_running(uid, container, 0, now), "ready": False}
    if "terminated" in before["state"]:
        return before
    return {**before, "ready": True, "started": False, "state": _ended(before, now)}


def _running(uid: str, container: api.Json, restarts: int, now: str) -> api.Json:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": f"sha256:{_digest(container['image'])}",
        "containerID": f"simulated://{_digest(uid, container['name'], str(restarts))}",
        "restartCount": restarts,
        "ready": True,
        "started": True,
        "state": {"running": {"startedAt": now}},
        "lastState": {},
    }


def _waiting(container: api.Json) -> api.Json:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "restartCount": 0,
        "ready": False,
        "started": False,
        "state": _WAITING,
        "lastState": {},
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def _ended(running: api.Json, now: str) -> api.Json:
    """The state of a container that ran and has completed."""
    ended = {
        "exitCode": 0,
        "reason": "Completed",
        "startedAt": running["state"]["running"]["startedAt"],
        "finishedAt": now,
        "containerID": running["containerID"],
    }
    return {"terminated": ended}
