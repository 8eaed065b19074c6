"""What the operator reads from the cache: instances, their own Deployments, and the demands of a whole namespace.

What flows in: the manager's cached reader. What flows out: instances and manifests. Both controllers' workers call it. No
upstream file.
"""

import threading
from collections.abc import Collection, Mapping
from typing import NamedTuple

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


class Sibling(NamedTuple):
    """An instance that contests a host."""

    name: str
    has_host: bool
    """Whether its Ingress has the host now."""
    instance: instances.Instance | None
    """None: its spec cannot be read."""


class _Counted(NamedTuple):
    """What an instance demands, and what that was computed from."""

    snapshot: objects.Snapshot
    live: objects.Snapshot | None
    """The Deployment of its name, if there is one."""
    is_own: bool
    """Whether that is its own."""
    wish: quota.Wish | None
    """None: its spec cannot be read."""
    demand: quota.Demand


class OperatorCache:
    """Reads instances and what is theirs."""

    def __init__(self, reader: cached.CachedReader, settings: instances.Settings) -> None:
        self._reader = reader
        self._settings = settings
        self._lock = threading.Lock()
        self._counted: dict[str, dict[str, _Counted]] = {}
        """By namespace and uid."""

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

    def siblings(self, key: objects.ObjectKey, host: str) -> list[Sibling]:
        """Return the instances that contest *host* with the one named, itself included."""
        snapshot = self._reader.snapshot(kinds.INSTANCE, key)
        if snapshot is None:
            return []
        found = self._reader.by_index(kinds.INSTANCE, PATH_INDEX, contest(snapshot))
        return [
            Sibling(each.key.name, self._has_host(each, host), next(iter(self._decoded([each])), None))
            for each in found
            if each.meta.deletion_timestamp is None
        ]

    def _has_host(self, instance: objects.Snapshot, host: str) -> bool:
        ingress = self._own(kinds.INGRESS, instance.key, instance.meta.uid)
        return ingress is not None and any(rule.get("host") == host for rule in ingress.decode()["spec"].get("rules") or ())

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
            self.forget(namespace)
            return {}
        return quota.hard(self._count(namespace))

    def forget(self, namespace: str) -> None:
        """Drop what is remembered of the instances of *namespace*; if they are asked for again, all are looked at anew."""
        with self._lock:
            self._counted.pop(namespace, None)

    def live_quota(self, namespace: str) -> interfaces.Manifest | None:
        """Return the quota of our name in *namespace*, whoever made it."""
        snapshot = self._reader.snapshot(kinds.QUOTA, objects.ObjectKey(namespace, quota.NAME))
        return None if snapshot is None else snapshot.decode()

    def _count(self, namespace: str) -> list[quota.Demand]:
        """Return the demands in *namespace*, looking anew only at instances that changed."""
        deployments = {each.meta.name: each for each in self._reader.by_index(kinds.DEPLOYMENT, "namespace", namespace)}
        with self._lock:
            known = self._counted.get(namespace, {})
        fresh = {}
        for snapshot in self._reader.by_index(kinds.INSTANCE, "namespace", namespace):
            meta = snapshot.meta
            if meta.deletion_timestamp is not None:
                continue
            # fullName equals the name wherever it is given, so the Deployment is found without decoding the spec
            live, before = deployments.get(meta.name), known.get(meta.uid)
            if before is not None and before.snapshot is snapshot and before.live is live:
                fresh[meta.uid] = before
            elif (counted := self._look(snapshot, live, before)) is not None:
                fresh[meta.uid] = counted
        with self._lock:
            self._counted[namespace] = fresh
            if not fresh:
                del self._counted[namespace]
        for counted in fresh.values():
            if counted.is_own:
                del deployments[counted.snapshot.meta.name]
        # the pods of an instance that is gone count until its Deployment has gone as well
        orphans = [quota.standing(each.decode()) for each in deployments.values() if _outlives(each, fresh)]
        return [counted.demand for counted in fresh.values()] + orphans

    def _look(self, snapshot: objects.Snapshot, live: objects.Snapshot | None, before: _Counted | None) -> _Counted | None:
        if before is not None and _has_same_spec(before.snapshot, snapshot):
            wish = before.wish
        else:
            wish = next((quota.wish(instance, self._settings) for instance in self._decoded([snapshot])), None)
        is_own = live is not None and ownership.is_controlled_by(live.meta, snapshot.meta.uid)
        deployment = live.decode() if live is not None and is_own else None
        if wish is not None:
            return _Counted(snapshot, live, is_own, wish, quota.demand(wish, deployment))
        return None if deployment is None else _Counted(snapshot, live, is_own, None, quota.standing(deployment))


def _outlives(deployment: objects.Snapshot, owners: Collection[str]) -> bool:
    """Say whether *deployment* belongs to an instance that is none of *owners*, by uid: one that is gone, or going."""
    controller = deployment.meta.controller
    if controller is None or controller.uid in owners:
        return False
    return objects.GroupVersionKind.of(controller.api_version, controller.kind) == kinds.INSTANCE


def _has_same_spec(one: objects.Snapshot, other: objects.Snapshot) -> bool:
    """Say whether two states of an object differ at most in metadata other than its generation, and in its status."""
    return (one.meta.uid, one.meta.generation) == (other.meta.uid, other.meta.generation)
