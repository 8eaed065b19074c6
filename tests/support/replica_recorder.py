"""Everything that happens to the replicas in one namespace, in the order in which the API server did it.

What flows in: raw watches of MicroServiceDeploys, Deployments and autoscalers; a thread for each. What flows out: what stood in
each object after each write, by name. The order among kinds is that of resourceVersions, which are etcd's revisions.
"""

import itertools
import threading
from dataclasses import dataclass
from typing import Any, Self

from envtest.kubelet import api
from tests.support import control_planes

_PATHS = {
    "MicroServiceDeploy": "/apis/custom.ops/v1/namespaces/{}/microservicedeploys",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
}
_SILENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Write:
    """An object after one write."""

    version: int
    kind: str
    name: str
    is_deleted: bool
    content: dict[str, Any]

    @property
    def replicas(self) -> int:
        """The wanted number of a Deployment."""
        return int(self.content["spec"]["replicas"])

    @property
    def managers(self) -> frozenset[str]:
        """Who owns the wanted number of a Deployment, by which operation: "coxswain Apply"."""
        entries = self.content["metadata"]["managedFields"]
        owning = [entry for entry in entries if "f:replicas" in entry["fieldsV1"].get("f:spec", {})]
        return frozenset(f"{entry['manager']} {entry['operation']}" for entry in owning)

    @property
    def remembered(self) -> int | None:
        """The number to wake up with of a MicroServiceDeploy."""
        found: int | None = (self.content.get("status") or {}).get("lastActiveReplicas")
        return found


class Recorder:
    """Records from the start to the end of a with block."""

    def __init__(self, control_plane: control_planes.RealControlPlane, namespace: str) -> None:
        self._control_plane = control_plane
        self._namespace = namespace
        self._writes: list[Write] = []
        """Appended by three threads; an append is atomic."""
        self._watches: list[api.Watch] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        for kind, path in _PATHS.items():
            collection = path.format(self._namespace)
            watch = self._control_plane.client.watch(f"{collection}?watch=true&resourceVersion=0", _SILENCE_SECONDS)
            self._watches.append(watch)
            self._threads.append(threading.Thread(target=self._follow, args=(kind, watch), name=f"record {kind}"))
            self._threads[-1].start()
        return self

    def __exit__(self, *_: object) -> None:
        for watch in self._watches:
            watch.stop()
        for thread in self._threads:
            thread.join()

    def _follow(self, kind: str, watch: api.Watch) -> None:
        for frame in watch:
            content = frame["object"]
            metadata = content["metadata"]
            is_deleted = frame["type"] == "DELETED"
            self._writes.append(Write(int(metadata["resourceVersion"]), kind, metadata["name"], is_deleted, content))

    def writes(self, kind: str, name: str) -> list[Write]:
        """Return what happened to one object up to now, nothing left out."""
        path = f"{_PATHS[kind].format(self._namespace)}/{name}"

        def is_complete() -> bool:
            if not control_planes.exists(self._control_plane, path):
                return True
            version = int(self._control_plane.client.get(path)["metadata"]["resourceVersion"])
            return any(write.version >= version for write in self._of(kind, name))

        control_planes.wait_for(is_complete)
        return self._of(kind, name)

    def _of(self, kind: str, name: str) -> list[Write]:
        found = [write for write in list(self._writes) if (write.kind, write.name) == (kind, name)]
        return sorted(found, key=lambda write: write.version)

    def scalings(self, name: str) -> list[Write]:
        """Return the writes that changed a Deployment's wanted number, its creation first."""
        writes = self.writes("Deployment", name)
        return writes[:1] + [after for before, after in itertools.pairwise(writes) if after.replicas != before.replicas]

    def replicas(self, name: str) -> list[int]:
        """Return all numbers that a Deployment was to have, one after the other."""
        return [write.replicas for write in self.scalings(name)]
