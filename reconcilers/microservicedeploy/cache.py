"""What the operator reads from the cache: instances, their own Deployments, and the demands of a whole namespace.

What flows in: the manager's cached reader. What flows out: instances and manifests. Both controllers' workers call it. No
upstream file.
"""

import threading
from collections.abc import Mapping

import msgspec

from controller import crd
from controller.client import cached, interfaces
from informers import objects
from reconcilers import ownership
from reconcilers.microservicedeploy import instances, kinds, quota
from reconcilers.microservicedeploy.spec import MicroServiceDeploySpec

PATH_INDEX = "path"
"""Finds the instances that share namespace, msName and path, and so a host."""


class _Contest(msgspec.Struct, rename="camel"):
    ms_name: str = ""
    path: str = ""


class _HasContest(msgspec.Struct):
    spec: _Contest = msgspec.field(default_factory=_Contest)


def contest(snapshot: objects.Snapshot) -> str:
    """Return the value of `PATH_INDEX` for an instance; "" if its spec cannot be read, so that it contests nothing."""
    try:
        found = msgspec.json.decode(snapshot.raw, type=_HasContest).spec
    except msgspec.ValidationError:
        return ""
    return f"{snapshot.meta.namespace}/{found.ms_name}/{found.path}"


def index_by_path(snapshot: objects.Snapshot) -> tuple[str, ...]:
    """Index instances by what they contest."""
    value = contest(snapshot)
    return (value,) if value else ()


def instance_of(primary: interfaces.Manifest) -> instances.Instance:
    """Decode a MicroServiceDeploy.

    Raises:
        crd.SpecError: The spec does not fit; admission let it pass because the definition was another one then.
    """
    metadata = primary["metadata"]
    decoded = crd.decode_spec(MicroServiceDeploySpec, primary.get("spec"))
    if decoded.full_name not in {None, metadata["name"]}:  # else its children would be those of another resource
        raise crd.SpecError("spec.fullName", f"must be equal to metadata.name, which is {metadata['name']}")
    return instances.Instance(
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid=metadata["uid"],
        spec=decoded,
        created=metadata.get("creationTimestamp") or "",
        generation=metadata.get("generation") or 0,
        annotations=metadata.get("annotations") or {},
    )


class OperatorCache:
    """Reads instances and what is theirs."""

    def __init__(self, reader: cached.CachedReader, settings: instances.Settings) -> None:
        self._reader = reader
        self._settings = settings
        self._lock = threading.Lock()
        self._demands: dict[str, dict[str, tuple[tuple[str, str], quota.Demand]]] = {}
        """By namespace and uid: the versions of instance and Deployment that a demand was computed from, and the demand."""

    def primary(self, key: objects.ObjectKey) -> interfaces.Manifest | None:
        """Return a MicroServiceDeploy that is not being deleted, or None."""
        snapshot = self._reader.snapshot(kinds.INSTANCE, key)
        return None if snapshot is None or snapshot.meta.deletion_timestamp else snapshot.decode()

    def child(self, gvk: objects.GroupVersionKind, instance: instances.Instance) -> interfaces.Manifest | None:
        """Return the instance's own child of this kind, or None if there is none or it belongs to somebody else."""
        snapshot = self._own(gvk, objects.ObjectKey(instance.namespace, instance.full_name), instance.uid)
        return None if snapshot is None else snapshot.decode()

    def _own(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey, uid: str) -> objects.Snapshot | None:
        snapshot = self._reader.snapshot(gvk, key)
        return snapshot if snapshot is not None and ownership.is_controlled_by(snapshot.meta, uid) else None

    def siblings(self, key: objects.ObjectKey) -> list[instances.Instance]:
        """Return the instances that contest the same host as the one named, itself included."""
        snapshot = self._reader.snapshot(kinds.INSTANCE, key)
        if snapshot is None:
            return []
        return self._decoded(self._reader.by_index(kinds.INSTANCE, PATH_INDEX, contest(snapshot)))

    def contestants(self, snapshot: objects.Snapshot) -> list[objects.ObjectKey]:
        """Name the other instances that contest the same host as *snapshot*, which may be gone."""
        found = self._reader.by_index(kinds.INSTANCE, PATH_INDEX, contest(snapshot))
        return [each.key for each in found if each.key != snapshot.key]

    def rivals(self, ingress: objects.Snapshot) -> list[objects.ObjectKey]:
        """Name the other instances that contest the host of the instance whose Ingress this is, or was."""
        owner = ingress.meta.controller
        if owner is None:
            return []
        instance = self._reader.snapshot(kinds.INSTANCE, objects.ObjectKey(ingress.meta.namespace, owner.name))
        return [] if instance is None else self.contestants(instance)

    def named_in(self, namespace: str) -> list[objects.ObjectKey]:
        """Name all instances in *namespace*."""
        return [each.key for each in self._reader.by_index(kinds.INSTANCE, "namespace", namespace)]

    @staticmethod
    def _decoded(snapshots: list[objects.Snapshot]) -> list[instances.Instance]:
        found = []
        for snapshot in snapshots:
            if snapshot.meta.deletion_timestamp is None:
                try:
                    found.append(instance_of(snapshot.decode()))
                except crd.SpecError:
                    continue  # its own pass says so in its status
        return found

    def is_terminating(self, namespace: str) -> bool:
        """Tell whether *namespace* is known to be on its way out; one that the cache does not know yet may be new."""
        snapshot = self._reader.snapshot(kinds.NAMESPACE, objects.ObjectKey("", namespace))
        return snapshot is not None and snapshot.meta.deletion_timestamp is not None

    def namespace_annotations(self, namespace: str) -> Mapping[str, str] | None:
        """Return the annotations of *namespace*, or None if it is gone or going."""
        snapshot = self._reader.snapshot(kinds.NAMESPACE, objects.ObjectKey("", namespace))
        if snapshot is None or snapshot.meta.deletion_timestamp is not None:
            return None
        return snapshot.meta.annotations or {}

    def wanted_quota(self, namespace: str) -> quota.Demand:
        """Return the sum of all demands in *namespace* as the cache shows them now; empty if it has no quota of ours."""
        if quota.is_disabled(self.namespace_annotations(namespace)):
            return {}
        return quota.hard(self._demands_of(namespace))

    def live_quota(self, namespace: str) -> interfaces.Manifest | None:
        """Return the quota of our name in *namespace*, whoever made it."""
        snapshot = self._reader.snapshot(kinds.QUOTA, objects.ObjectKey(namespace, quota.NAME))
        return None if snapshot is None else snapshot.decode()

    def _demands_of(self, namespace: str) -> list[quota.Demand]:
        with self._lock:
            known = self._demands.get(namespace, {})
        fresh: dict[str, tuple[tuple[str, str], quota.Demand]] = {}
        for snapshot in self._reader.by_index(kinds.INSTANCE, "namespace", namespace):
            meta = snapshot.meta
            if meta.deletion_timestamp is not None:
                continue
            # fullName equals the name wherever it is given, so the Deployment is found without decoding the spec
            live = self._own(kinds.DEPLOYMENT, meta.key, meta.uid)
            versions = (meta.resource_version, live.meta.resource_version if live else "")
            before = known.get(meta.uid)
            if before is not None and before[0] == versions:
                fresh[meta.uid] = before
            elif (computed := self._demand(snapshot, live)) is not None:
                fresh[meta.uid] = (versions, computed)
        with self._lock:
            self._demands[namespace] = fresh
            if not fresh:
                del self._demands[namespace]
        return [computed for _, computed in fresh.values()]

    def _demand(self, snapshot: objects.Snapshot, live: objects.Snapshot | None) -> quota.Demand | None:
        deployment = None if live is None else live.decode()
        for instance in self._decoded([snapshot]):
            return quota.demand(instance, self._settings, deployment)
        return None if deployment is None else quota.standing(deployment)
