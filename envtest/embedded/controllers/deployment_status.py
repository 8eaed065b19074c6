"""The status of a Deployment.

What flows in: a Deployment with its ReplicaSets, the time. What flows out: a status. Pure. Mirrors kubernetes
pkg/controller/deployment/progress.go and the status part of sync.go.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envtest.embedded.api import deletion
from envtest.embedded.api.status import Json
from envtest.embedded.controllers import sizes

PROGRESSING = "Progressing"
NO_DEADLINE = 2**31 - 1

_AVAILABLE = "Available"
_REPLICA_FAILURE = "ReplicaFailure"
_COUNTERS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")


@dataclass(frozen=True)
class Sets:
    """A Deployment's ReplicaSets."""

    new: Json | None
    """The one that has its present template."""
    old: list[Json]

    @property
    def all(self) -> list[Json]:
        """Old ones first."""
        return [*self.old, *([self.new] if self.new else [])]


def condition(kind: str, status: str, reason: str, message: str, now: str) -> Json:
    """Return a condition of a Deployment."""
    times = {"lastUpdateTime": now, "lastTransitionTime": now}
    return {"type": kind, "status": status, **times, "reason": reason, "message": message}


def find(status: Mapping[str, object], kind: str) -> Json | None:
    """Return a condition of a status."""
    conditions: Sequence[Json] = status.get("conditions") or ()  # type: ignore[assignment]
    return next((each for each in conditions if each["type"] == kind), None)


def with_condition(status: Json, new: Json) -> Json:
    """Return a status with a condition; one of the same status and reason stays as it is."""
    old = find(status, new["type"])
    if old is not None and old["status"] == new["status"]:
        if old.get("reason") == new["reason"]:
            return status
        new = {**new, "lastTransitionTime": old["lastTransitionTime"]}
    return {**without_condition(status, new["type"]), "conditions": [*_others(status, new["type"]), new]}


def without_condition(status: Json, kind: str) -> Json:
    """Return a status without a condition."""
    kept = {key: value for key, value in status.items() if key != "conditions"}
    if others := _others(status, kind):
        kept["conditions"] = others
    return kept


def _others(status: Json, kind: str) -> list[Json]:
    return [each for each in status.get("conditions") or () if each["type"] != kind]


def counted(deployment: Json, sets: Sets, now: str) -> Json:
    """Return the status with counters and the condition Available."""
    old = deployment.get("status") or {}
    available = sizes.total_counted(sets.all, "availableReplicas")
    numbers = {
        "replicas": sizes.total_counted(sets.all, "replicas"),
        "updatedReplicas": sizes.counted(sets.new, "replicas") if sets.new else 0,
        "readyReplicas": sizes.total_counted(sets.all, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, sizes.total(sets.all) - available),
    }
    status: Json = {name: numbers[name] for name in _COUNTERS if numbers[name]}
    status["observedGeneration"] = deployment["metadata"]["generation"]
    if (terminating := _terminating(sets)) is not None:
        status["terminatingReplicas"] = terminating
    status |= {name: old[name] for name in ("collisionCount", "conditions") if name in old}
    if available >= sizes.wanted(deployment) - sizes.max_unavailable(deployment):
        text = "Deployment has minimum availability."
        return with_condition(status, condition(_AVAILABLE, "True", "MinimumReplicasAvailable", text, now))
    text = "Deployment does not have minimum availability."
    return with_condition(status, condition(_AVAILABLE, "False", "MinimumReplicasUnavailable", text, now))


def _terminating(sets: Sets) -> int | None:
    number = 0
    for each in sets.all:
        status = each.get("status") or {}
        if "terminatingReplicas" in status:
            number += status["terminatingReplicas"]
        elif status.get("observedGeneration"):
            return None
    return number


def rolled_out(deployment: Json, sets: Sets, now: str) -> Json:
    """Return the status with counters and all conditions."""
    status = counted(deployment, sets, now)
    has_limit = has_deadline(deployment)
    status = _progress(deployment, sets, status, now) if has_limit else without_condition(status, PROGRESSING)
    if (failure := _failure(sets)) is not None:
        return with_condition(status, failure)
    return without_condition(status, _REPLICA_FAILURE)


def has_deadline(deployment: Json) -> bool:
    """Ask whether somebody wants to know that a rollout is stuck."""
    return bool(deployment["spec"].get("progressDeadlineSeconds", NO_DEADLINE) != NO_DEADLINE)


def is_complete(deployment: Json, status: Json) -> bool:
    """Ask whether all wanted pods are new and available, and no other ones are there."""
    replicas = sizes.wanted(deployment)
    counters = ("updatedReplicas", "replicas", "availableReplicas")
    is_seen = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    return is_seen and all(status.get(name, 0) == replicas for name in counters)


def _progress(deployment: Json, sets: Sets, status: Json, now: str) -> Json:
    old = deployment.get("status") or {}
    present = find(old, PROGRESSING)
    is_done = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if is_done and present is not None and present.get("reason") == "NewReplicaSetAvailable":
        return status
    name = sets.new["metadata"]["name"] if sets.new else deployment["metadata"]["name"]
    subject = f'{"ReplicaSet" if sets.new else "Deployment"} "{name}"'
    if is_complete(deployment, status):
        text = f"{subject} has successfully progressed."
        return with_condition(status, condition(PROGRESSING, "True", "NewReplicaSetAvailable", text, now))
    if _makes_progress(old, status):
        new = condition(PROGRESSING, "True", "ReplicaSetUpdated", f"{subject} is progressing.", now)
        if present is not None and present["status"] == "True":
            new["lastTransitionTime"] = present["lastTransitionTime"]
        return with_condition(without_condition(status, PROGRESSING), new)
    if _is_late(deployment, status, now):
        text = f"{subject} has timed out progressing."
        return with_condition(status, condition(PROGRESSING, "False", "ProgressDeadlineExceeded", text, now))
    return status


def _makes_progress(old: Json, new: Json) -> bool:
    def outdated(status: Json) -> int:
        return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))

    more = any(new.get(name, 0) > old.get(name, 0) for name in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return more or outdated(new) < outdated(old)


def _is_late(deployment: Json, status: Json, now: str) -> bool:
    present = find(status, PROGRESSING)
    if present is None or present.get("reason") == "NewReplicaSetAvailable":
        return False
    return present.get("reason") == "ProgressDeadlineExceeded" or seconds_left(deployment, present, now) < 0


def seconds_left(deployment: Json, present: Json, now: str) -> float:
    """Return how many seconds remain until a rollout counts as stuck."""
    since = deletion.read_time(present["lastUpdateTime"])
    deadline = since + datetime.timedelta(seconds=deployment["spec"]["progressDeadlineSeconds"])
    return (deadline - deletion.read_time(now)).total_seconds()


def seconds_to_check(deployment: Json, status: Json, now: str) -> float | None:
    """Return when to look again whether a rollout is stuck."""
    present = find(deployment.get("status") or {}, PROGRESSING)
    if not has_deadline(deployment) or present is None:
        return None
    if is_complete(deployment, status) or present.get("reason") == "ProgressDeadlineExceeded":
        return None
    return max(0.0, seconds_left(deployment, present, now)) + 1.0


def _failure(sets: Sets) -> Json | None:
    for each in ([sets.new] if sets.new else []) + sets.all:
        if found := find(each.get("status") or {}, _REPLICA_FAILURE):
            return {**found, "lastUpdateTime": found["lastTransitionTime"]}
    return None
