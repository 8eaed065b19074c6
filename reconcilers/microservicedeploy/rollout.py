"""What a live Deployment says about its pods.

What flows in: a Deployment as the cache shows it. What flows out: a `Rollout`, numbers and verdicts. Pure, any thread. Mirrors
k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go; deviation: the verdicts are values, not sentences.
"""

from dataclasses import dataclass

from controller.client import interfaces


@dataclass(frozen=True)
class Rollout:
    """A Deployment's own view of itself; the numbers are pods."""

    wanted: int = 0
    """spec.replicas of the Deployment."""
    replicas: int = 0
    """Pods that exist, terminating ones not counted."""
    updated: int = 0
    ready: int = 0
    available: int = 0
    terminating: int = 0
    """0 also where the server does not count them."""
    generation: int = 0
    observed_generation: int = 0
    has_missed_deadline: bool = False
    """ProgressDeadlineExceeded."""
    failure: str = ""
    """The reason of the condition ReplicaFailure, or ""."""
    failure_message: str = ""

    @property
    def is_observed(self) -> bool:
        """Whether the numbers speak of the present spec."""
        return self.observed_generation >= self.generation

    @property
    def is_rolling(self) -> bool:
        """Whether pods of two templates may exist at once, terminating pods included; a Deployment never looked at has none."""
        if not self.observed_generation:
            return False
        return not self.is_observed or self.updated != self.replicas or self.terminating > 0

    @property
    def outgoing(self) -> int:
        """Pods of other templates, and terminating ones: what is still there beside the pods of the present template."""
        return self.replicas - self.updated + self.terminating


def of(deployment: interfaces.Manifest | None) -> Rollout:
    """Read *deployment*; None is one that has no pods and is not observed."""
    if deployment is None:
        return Rollout(generation=1)
    status = deployment.get("status") or {}
    conditions = {condition["type"]: condition for condition in status.get("conditions") or ()}
    progressing, failure = conditions.get("Progressing", {}), conditions.get("ReplicaFailure", {})
    failed = failure.get("status") == "True"
    return Rollout(
        wanted=replicas(deployment),
        replicas=status.get("replicas") or 0,
        updated=status.get("updatedReplicas") or 0,
        ready=status.get("readyReplicas") or 0,
        available=status.get("availableReplicas") or 0,
        terminating=status.get("terminatingReplicas") or 0,
        generation=deployment["metadata"].get("generation") or 0,
        observed_generation=status.get("observedGeneration") or 0,
        has_missed_deadline=progressing.get("status") == "False" and progressing.get("reason") == "ProgressDeadlineExceeded",
        failure=(failure.get("reason") or "ReplicaFailure") if failed else "",
        failure_message=(failure.get("message") or "") if failed else "",
    )


def replicas(deployment: interfaces.Manifest) -> int:
    """Return the Deployment's spec.replicas, 1 if absent, as the API server would."""
    wanted = deployment.get("spec", {}).get("replicas")
    return 1 if wanted is None else int(wanted)
