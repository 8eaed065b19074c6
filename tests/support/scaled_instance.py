"""One instance of MicroServiceDeploy that is scaled, as a user and a load would have it, and what became of it.

What flows in: edits of its spec, loads in pods, edits of its Deployment by hand. What flows out: waits, and the recorded writes.
A load of 5 makes the real autoscaler want 5 pods.
"""

from typing import Any

from tests.support import cluster, control_planes, replica_recorder

LOAD = 76
"""What a pod's load is, in millicores: a little less than the autoscaler's target of 80 % of the request, for it rounds up."""
RESOURCES = {"limits": {"cpu": "100m"}, "requests": {"cpu": "100m"}}
HAND = "kubectl-edit"


class ScaledInstance:
    """An instance in a namespace that is recorded."""

    def __init__(self, team: cluster.Cluster, recorder: replica_recorder.Recorder, name: str = "ms-scaled-v1s0") -> None:
        self.name = name
        self._team = team
        self._recorder = recorder
        self.spec: dict[str, Any] = {"needAuth": False, "autoscaling": False, "replicas": 2, "resourceRequirements": RESOURCES}
        """What differs from the sample; replaced by `edit`."""

    def edit(self, **spec: Any) -> None:
        """Change fields of the spec in one apply; None removes one."""
        self.spec |= spec
        self._team.apply(cluster.sample(self.name, **self.spec))

    def edit_deployment(self, replicas: int) -> None:
        """Set the Deployment's replicas by hand."""
        self._team.patch("Deployment", self.name, {"spec": {"replicas": replicas}})

    def load(self, control_plane: control_planes.RealControlPlane, pods: int) -> None:
        """Give the instance a load that so many pods carry."""
        labels = {"app.kubernetes.io/instance": self.name}
        control_plane.metrics.set_cpu(self._team.namespace, labels, "app", LOAD * pods)

    def get(self, kind: str = "MicroServiceDeploy") -> dict[str, Any] | None:
        """Return the instance or its child."""
        return self._team.get(kind, self.name)

    def uids(self, *kinds: str) -> dict[str, str]:
        """Return the uids of children; one that does not exist has none."""
        return {kind: found["metadata"]["uid"] for kind in kinds if (found := self.get(kind))}

    def wait_pods(self, count: int) -> None:
        """Wait until so many pods are wanted, and available; and the instance is Ready, and says so of its present spec."""

        def look() -> bool:
            deployment = self.get("Deployment")
            assert deployment
            return (deployment["spec"]["replicas"], deployment.get("status", {}).get("availableReplicas", 0)) == (count, count)

        cluster.eventually(look, 60, lambda: (self.replicas, self._team.conditions(self.name)))
        self._team.wait_ready(self.name)

    def wait_autoscaler(self, bounds: tuple[int, int] | None) -> None:
        """Wait until the autoscaler has these bounds, or is not there."""

        def look() -> bool:
            found = self.get("HorizontalPodAutoscaler")
            return (found and (found["spec"]["minReplicas"], found["spec"]["maxReplicas"])) == bounds

        cluster.eventually(look, 30, lambda: self.get("HorizontalPodAutoscaler"))

    @property
    def remembered(self) -> int | None:
        """The number to wake up with."""
        found: int | None = ((self.get() or {}).get("status") or {}).get("lastActiveReplicas")
        return found

    @property
    def replicas(self) -> list[int]:
        """All numbers that the Deployment was to have."""
        return self._recorder.replicas(self.name)

    def writes(self, kind: str) -> list[replica_recorder.Write]:
        """All writes to an object."""
        return self._recorder.writes(kind, self.name)

    @property
    def scalings(self) -> list[replica_recorder.Write]:
        """The writes that changed the Deployment's wanted number."""
        return self._recorder.scalings(self.name)
