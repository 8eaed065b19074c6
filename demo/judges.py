"""What must be seen after each step of the story.

What flows in: an observation. What flows out: a `Verdict`. Pure.
"""

from collections.abc import Callable
from typing import NamedTuple

from demo import observation

REVISION_ANNOTATION = "deployment.kubernetes.io/revision"
"""Which of its pod templates, counted from 1, a Deployment is at."""


class Verdict(NamedTuple):
    """Whether a step holds, and what was seen either way."""

    holds: bool
    seen: str


Judge = Callable[[observation.Observation], Verdict]


def has_all_children(seen: observation.Observation) -> Verdict:
    """Judge whether every kind of child is there."""
    missing = [kind for kind in observation.CHILDREN if kind not in seen.kinds]
    if missing:
        return Verdict(holds=False, seen=f"missing: {', '.join(missing)}; {ready(seen)}")
    return Verdict(holds=True, seen=", ".join(observation.CHILDREN))


def is_ready_with(replicas: int) -> Judge:
    """Return a judge of whether the resource is Ready with *replicas* pods, and says so of its present spec."""

    def judge(seen: observation.Observation) -> Verdict:
        resource = seen.resource or {}
        status = resource.get("status") or {}
        is_current = status.get("observedGeneration") == resource.get("metadata", {}).get("generation")
        is_ready = observation.condition(resource, "Ready").get("status") == "True"
        holds = is_current and is_ready and status.get("readyReplicas") == replicas
        return Verdict(holds, f"{status.get('readyReplicas', 0)} of {replicas} pods ready, {ready(seen)}")

    return judge


def is_scaled_to(replicas: int) -> Judge:
    """Return a judge of whether autoscaler, Deployment and pods have followed to *replicas*."""

    def judge(seen: observation.Observation) -> Verdict:
        least = (seen.child("HorizontalPodAutoscaler") or {}).get("spec", {}).get("minReplicas")
        wanted = (seen.child("Deployment") or {}).get("spec", {}).get("replicas")
        verdict = is_ready_with(replicas)(seen)
        return Verdict(
            verdict.holds and least == wanted == replicas, f"autoscaler from {least}, Deployment at {wanted}, {verdict.seen}"
        )

    return judge


def is_configured(seen: observation.Observation, key: str, revision: int) -> Verdict:
    """Judge whether the configuration has *key*, and all pods are of the pod template number *revision*."""
    has_key = key in ((seen.child("ConfigMap") or {}).get("data") or {})
    status = (seen.child("Deployment") or {}).get("status") or {}
    pods, updated = status.get("replicas", 0), status.get("updatedReplicas", 0)
    holds = has_key and revision_of(seen) == revision and updated == pods and is_ready_with(pods)(seen).holds
    return Verdict(holds, f"pod template number {revision_of(seen)}, {updated} of {pods} pods are of it, {ready(seen)}")


def revision_of(seen: observation.Observation) -> int:
    """Return which of its pod templates the Deployment is at; 0 if there is none."""
    metadata = (seen.child("Deployment") or {}).get("metadata") or {}
    return int((metadata.get("annotations") or {}).get(REVISION_ANNOTATION, 0))


def is_autoscaled_to(replicas: int) -> Judge:
    """Return a judge of whether the autoscaler, of itself, has gone to *replicas*."""

    def judge(seen: observation.Observation) -> Verdict:
        wanted = (seen.child("Deployment") or {}).get("spec", {}).get("replicas")
        autoscaler = seen.child("HorizontalPodAutoscaler") or {}
        metrics = (autoscaler.get("status") or {}).get("currentMetrics") or [{}]
        use = (metrics[0].get("containerResource") or {}).get("current", {}).get("averageUtilization")
        verdict = is_ready_with(replicas)(seen)
        return Verdict(
            verdict.holds and wanted == replicas and use is not None, f"CPU use {use} %, Deployment at {wanted}, {verdict.seen}"
        )

    return judge


def is_idle(seen: observation.Observation) -> Verdict:
    """Judge whether there are no pods and no autoscaler, while all else is there."""
    deployment = seen.child("Deployment") or {}
    pods = (deployment.get("status") or {}).get("replicas", 0)
    missing = {kind for kind in observation.CHILDREN if kind not in seen.kinds}
    remembered = ((seen.resource or {}).get("status") or {}).get("lastActiveReplicas")
    reason = observation.condition(seen.resource, "Ready").get("reason")
    holds = missing == {"HorizontalPodAutoscaler"} and pods == 0 and reason == "Idle" and remembered is not None
    return Verdict(
        holds, f"{pods} pods, remembered {remembered}, missing: {', '.join(sorted(missing)) or 'nothing'}; {ready(seen)}"
    )


def is_replaced(seen: observation.Observation, kind: str, old_uid: str) -> Verdict:
    """Judge whether the child of *kind* is another one than that with *old_uid*."""
    child = seen.child(kind)
    if child is None:
        return Verdict(holds=False, seen=f"no {kind}")
    if child["metadata"]["uid"] == old_uid:
        return Verdict(holds=False, seen=f"{kind} {child['metadata']['name']} is still the old one")
    return Verdict(holds=True, seen=f"{kind} {child['metadata']['name']} is back with another uid")


def is_gone(seen: observation.Observation) -> Verdict:
    """Judge whether nothing is left."""
    left = [f"{child['kind']} {child['metadata']['name']}" for child in seen.children]
    if seen.resource is not None:
        left.insert(0, "the resource itself")
    return Verdict(not left, f"left: {', '.join(left)}" if left else "nothing left")


def ready(seen: observation.Observation) -> str:
    """Say what the condition Ready says."""
    condition = observation.condition(seen.resource, "Ready")
    if not condition:
        return "no condition Ready yet"
    reason, message = condition.get("reason", ""), condition.get("message", "")
    return f"Ready={condition['status']} ({reason}{': ' + message if message and condition['status'] != 'True' else ''})"
