"""One story of several MicroServiceDeploys, to be told in more than one namespace, with the operator undisturbed or not.

What flows in: a namespace. What flows out: a user's writes, step by step; after each step the caller waits as it likes. The end
of each step is determined: however the operator got there, the namespace must look the same.
"""

from typing import Any

from tests.support import cluster

FEW = {"limits": {"cpu": "200m", "memory": "64Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}}
BASE = {"replicas": 1, "autoscaling": False, "needAuth": False, "resourceRequirements": FEW}
SPECS: dict[str, dict[str, Any]] = {
    "plain": {"replicas": 2},
    "scaled": {"replicas": 2, "autoscaling": True},
    "closed": {"needAuth": True},
    "sleepy": {"replicas": 2, "autoscaling": True, "maxReplicas": 5},
    "first": {"creationTimestamp": "1535546718000"},
    "second": {"creationTimestamp": "1535546718999"},
}
GROWN = 4
SHARED = frozenset({"first", "second"})
"""These have one msName and one path, and so contend for one host."""


class Script:
    """The story in one namespace; several with different prefixes can be told in the same one."""

    def __init__(self, team: cluster.Cluster, prefix: str = "ms") -> None:
        self._team = team
        self._prefix = prefix
        self._specs = {name: {**BASE, **spec} for name, spec in SPECS.items()}

    def name(self, role: str) -> str:
        """Return the full name of one of the story's instances."""
        return f"{self._prefix}-{role}"

    def create(self) -> None:
        """Create all instances."""
        for role in self._specs:
            self._apply(role)

    def grow(self) -> None:
        """Scale the one that will sleep, as an autoscaler would: what it must wake up with stands in no spec."""
        name = self.name("sleepy")
        self._team.patch("Deployment", name, {"spec": {"replicas": GROWN}})
        cluster.eventually(lambda: self._team.get("MicroServiceDeploy", name)["status"]["replicas"] == GROWN)

    def change(self) -> None:
        """Roll one, scale one, roll the one behind the proxy, put one to sleep, and move the host."""
        self._apply("plain", config="password=88888888\nmode=fast")
        self._apply("scaled", replicas=3)
        self._apply("closed", image="another image")
        self._apply("sleepy", idle=True)
        self._apply("second", {"custom.ops/host": "prefer"})

    def turn(self) -> None:
        """Turn autoscaling and needAuth on and off, wake one, and add one whose lack of resources ends the quota."""
        self._apply("plain", autoscaling=True)
        self._apply("scaled", autoscaling=False)
        self._apply("closed", needAuth=False)
        self._apply("sleepy", idle=False)
        self._apply("first", needAuth=True)
        self._specs["bare"] = {**BASE, "resourceRequirements": None}
        self._apply("bare")

    def delete(self, *roles: str) -> None:
        """Delete these; all that are left by default."""
        for role in roles or list(self._specs):
            self._team.delete("MicroServiceDeploy", self.name(role))
            del self._specs[role]

    def _apply(self, role: str, annotations: dict[str, str] | None = None, /, **changes: Any) -> None:
        self._specs[role] |= changes
        name = f"{self._prefix}-shared" if role in SHARED else self.name(role)
        manifest = cluster.sample(self.name(role), **{"creationTimestamp": None, "msName": name, **self._specs[role]})
        manifest["metadata"]["annotations"] = annotations or {}
        self._team.apply(manifest)
