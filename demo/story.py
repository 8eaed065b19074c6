"""The story: what is done to the resource, and what must then be seen.

What flows in: a `World` to act on, and an observation to judge. What flows out: steps; each acts once and is judged again and
again until it holds or its time is up. The judges are pure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from demo import observation

REPLACED_KIND = "Service"
"""The child that is deleted by hand."""
GARBAGE_COLLECTION_SECONDS = 60.0
"""With a young CustomResourceDefinition the garbage collector takes up to 25 s to learn of the kind."""
SCALE_SECONDS = 90.0
"""The autoscaler looks every 15 s."""


class World(Protocol):
    """What the story needs of its cluster."""

    sample: dict[str, Any]

    def start_control_plane(self) -> str:
        """Start a Kubernetes API and say what it is."""
        ...

    def install(self) -> str:
        """Install the CustomResourceDefinitions."""
        ...

    def start_manager(self) -> str:
        """Start the manager."""
        ...

    def prepare(self) -> str:
        """Make what must be there before the resource."""
        ...

    def apply(self, replicas: int) -> None:
        """Apply the resource with *replicas*."""
        ...

    def delete_child(self, kind: str) -> str:
        """Delete a child and return its uid."""
        ...

    def remove(self) -> None:
        """Delete the resource."""
        ...


class Verdict(NamedTuple):
    """Whether a step holds, and what was seen either way."""

    holds: bool
    seen: str


Judge = Callable[[observation.Observation], Verdict]


@dataclass(frozen=True)
class Step:
    """One step of the story."""

    title: str
    expected: str
    act: Callable[[], str | None]
    """Does the step; what it returns is what was seen, if there is no judge."""
    judge: Judge | None = None
    timeout_seconds: float = 30.0
    is_last_with_resource: bool = False
    """The whole picture stands after this step: it is the one to record, or to stay at."""


def steps(world: World) -> list[Step]:
    """Return the whole story in *world*."""
    replicas = int(world.sample["spec"]["replicas"])
    deleted: list[str] = []
    return [
        Step("Kubernetes API started", "a Kubernetes API of its own answers", world.start_control_plane),
        Step("CRDs installed", "coxswain install ends with exit code 0", world.install),
        Step("manager started", "the manager's /readyz answers 200", world.start_manager),
        Step("tenant's Secret created", "the API server takes namespace and Secret", world.prepare),
        Step("created", "all kinds of children", lambda: world.apply(replicas), has_all_children),
        Step("Ready", f"Ready=True with {replicas} pods", lambda: None, is_ready_with(replicas), 60.0),
        Step(
            f"scaled to {replicas + 1}",
            f"autoscaler and Deployment at {replicas + 1}, Ready=True",
            lambda: world.apply(replicas + 1),
            is_scaled_to(replicas + 1),
            SCALE_SECONDS,
        ),
        Step(
            f"{REPLACED_KIND} deleted by hand and repaired",
            f"a new {REPLACED_KIND} in its place",
            lambda: deleted.append(world.delete_child(REPLACED_KIND)),
            lambda seen: is_replaced(seen, REPLACED_KIND, deleted[-1]),
            is_last_with_resource=True,
        ),
        Step("removed", "resource, children and quota are gone", world.remove, is_gone, GARBAGE_COLLECTION_SECONDS),
    ]


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
