"""A cluster in memory for the reconcilers of MicroServiceDeploy: an API server with a status subresource, and a cache beside it.

What flows in: instances and other objects by the test, passes over them. What flows out: the objects, the mutating requests, the
events. The cache shows the state of the last `World.sync`; nothing happens in other threads.
"""

import copy
from collections.abc import Callable
from typing import Any

import msgspec

from controller import reconcile, recorder
from controller.client import interfaces
from informers import indexer, objects
from reconcilers import apply
from reconcilers.microservicedeploy import cache, kinds, quota, quota_reconciler, reconciler, spec, tenants
from tests.support import event_sink, fake_api, fake_clock, microservices, ssa_model

NAMESPACE = microservices.NAMESPACE
US = "coxswain"
_STATUS = "/status"


class _Object(ssa_model.ManagedObject):
    def live(self) -> dict[str, Any]:
        shown = super().live()
        for entry in shown["metadata"]["managedFields"]:
            if entry["manager"].endswith(_STATUS):
                entry |= {"manager": entry["manager"].removesuffix(_STATUS), "subresource": "status"}
        return shown


class Api(fake_api.FakeApi):
    """Also keeps what managers apply to the status apart, and lets a test interfere with each apply."""

    def __init__(self) -> None:
        super().__init__()
        self.applied: list[str] = []
        """Kind, manager and subresource of each apply, in order."""
        self.before_apply: Callable[[interfaces.Manifest], None] = lambda _: None
        """Called before each apply and merge patch; may raise its answer."""

    def apply(self, obj: interfaces.Manifest, options: interfaces.ApplyOptions) -> interfaces.Manifest:
        """Apply."""
        manager = options.field_manager + (_STATUS if options.subresource else "")
        self.applied.append(f"{obj['kind']} {manager}")
        self.before_apply(obj)
        return super().apply(obj, interfaces.ApplyOptions(manager, options.force, options.subresource))

    def merge_patch(
        self, gvk: objects.GroupVersionKind, key: objects.ObjectKey, patch: Any, subresource: str = ""
    ) -> interfaces.Manifest:
        """Merge; a test may interfere as with an apply."""
        self.before_apply({"kind": gvk.kind, "metadata": {"name": key.name, "namespace": key.namespace}})
        return super().merge_patch(gvk, key, patch, subresource)

    def put(self, obj: interfaces.Manifest, content: Any, manager: str = "hand") -> ssa_model.ManagedObject:
        """Store an object."""
        thing = super().put(obj, content, manager)
        thing.__class__ = _Object
        thing.metadata["generation"] = 1
        return thing


class Cache(fake_api.FakeCache):
    """Also has the other indexes, and tells what is read."""

    def __init__(self, api: fake_api.FakeApi) -> None:
        super().__init__(api)
        self.on_read: Callable[[objects.GroupVersionKind], None] = lambda _: None
        self.behind: set[objects.GroupVersionKind] = set()
        """Kinds that do not catch up."""

    def sync(self, is_meant: Callable[[fake_api.Place], bool] = lambda _: True) -> None:
        """Catch up with the server, for the objects that are meant, the kinds that are behind excepted."""
        super().sync(lambda place: is_meant(place) and place[0] not in self.behind)

    def snapshot(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> objects.Snapshot | None:
        """Return the object as of the last sync."""
        self.on_read(gvk)
        return super().snapshot(gvk, key)

    def show(self, old: objects.Snapshot) -> None:
        """Show an object as it was, until the next sync."""
        self._snapshots[old.gvk, old.key] = old

    def hide(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> None:
        """Do not show an object, until the next sync."""
        del self._snapshots[gvk, key]

    def by_index(self, gvk: objects.GroupVersionKind, name: str, value: str) -> list[objects.Snapshot]:
        """Return what the index function finds."""
        functions = {
            indexer.NAMESPACE: indexer.by_namespace,
            indexer.CONTROLLER_UID: indexer.by_controller_uid,
            cache.PATH_INDEX: cache.index_by_path,
        }
        return [s for (kind, _), s in self._snapshots.items() if kind == gvk and value in functions[name](s)]


class World:
    """Everything that a pass needs."""

    def __init__(self) -> None:
        self.api = Api()
        self.cache = Cache(self.api)
        self.clock = fake_clock.FakeClock()
        self.reads = cache.OperatorCache(self.cache, microservices.SETTINGS)  # type: ignore[arg-type]  # it reads like one
        self.applier = apply.Applier(self.cache, self.api, US, self.clock)
        self.quotas = quota_reconciler.QuotaReconciler(self.reads, self.applier)
        self._sink = event_sink.MemoryEventSink()
        self._recorder = recorder.EventRecorder(self._sink, self.clock)
        tools = reconciler.Tools(
            client=self.api,
            applier=self.applier,
            reads=self.reads,
            tenants=tenants.TenantSecrets(self.api, self.clock),
            recorder=self._recorder,
            clock=self.clock,
            settings=microservices.SETTINGS,
            quota_standing=self.quotas.standing,
        )
        self.instances = reconciler.InstanceReconciler(tools)
        self.add("Namespace", NAMESPACE, namespace="")

    def add(self, kind: str, name: str, namespace: str = NAMESPACE, **content: Any) -> ssa_model.ManagedObject:
        """Put an object that somebody else made; the cache shows it, too."""
        gvk = next(each for each in (*kinds.CHILDREN, kinds.QUOTA, kinds.NAMESPACE, SECRET) if each.kind == kind)
        head = {"apiVersion": gvk.api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}
        thing = self.api.put(head, content)
        self.sync()
        return thing

    def instance(self, name: str = "shop-v1", **changes: Any) -> ssa_model.ManagedObject:
        """Put an instance with the required fields and *changes*; the cache shows it, too."""
        fields = {key: value for key, value in (microservices.PLAIN | changes).items() if value is not None}
        head = {
            "apiVersion": kinds.INSTANCE.api_version,
            "kind": spec.RESOURCE.gvk.kind,
            "metadata": {"name": name, "namespace": NAMESPACE},
        }
        thing = self.api.put(head, {"spec": fields}, "user")
        thing.metadata["creationTimestamp"] = "2026-01-02T03:04:05Z"
        self.sync()
        return thing

    def change(self, name: str = "shop-v1", **changes: Any) -> None:
        """Change an instance's spec as a user would."""
        thing = self.api.things[kinds.INSTANCE, objects.ObjectKey(NAMESPACE, name)]
        content = thing.live()
        content["spec"] |= changes
        thing.update("user", content)
        thing.metadata["generation"] += 1
        self._touch(thing)

    def annotate(self, name: str = "shop-v1", **annotations: str) -> None:
        """Give an instance annotations, "_" standing for the prefix."""
        thing = self.api.things[kinds.INSTANCE, objects.ObjectKey(NAMESPACE, name)]
        content = thing.live()
        content["metadata"]["annotations"] = {f"coxswain.dev/{key}": value for key, value in annotations.items()}
        thing.update("user", content)
        self._touch(thing)

    def set_status(self, kind: str, name: str, **fields: Any) -> None:
        """Set the status of an object as its controller would."""
        thing = self._thing(kind, name)
        thing.flat = {path: v for path, v in thing.flat.items() if path[0] != "f:status"} | ssa_model.flatten({"status": fields})
        self._touch(thing)

    def terminate(self) -> None:
        """Mark the namespace as being deleted."""
        self._thing("Namespace", NAMESPACE).metadata["deletionTimestamp"] = "2026-01-02T03:04:05Z"
        self._touch(self._thing("Namespace", NAMESPACE))

    def run_pods(self, name: str = "shop-v1") -> None:
        """Let the Deployment have all the pods that it wants."""
        count = (self.get("Deployment", name) or {})["spec"].get("replicas", 1)
        numbers = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), count)
        self.set_status("Deployment", name, observedGeneration=1, **numbers)

    def grant(self) -> None:
        """Let the quota's status follow its spec, as the quota controller does."""
        self.set_status("ResourceQuota", quota.NAME, hard=(self.get("ResourceQuota", quota.NAME) or {})["spec"]["hard"])

    def _thing(self, kind: str, name: str) -> ssa_model.ManagedObject:
        return next(thing for (gvk, key), thing in self.api.things.items() if (gvk.kind, key.name) == (kind, name))

    def _touch(self, thing: ssa_model.ManagedObject) -> None:
        thing.metadata["resourceVersion"] = str(next(self.api._numbers))
        self.sync()

    def sync(self) -> None:
        """Let the cache catch up."""
        self.cache.sync()

    def run(self, name: str = "shop-v1") -> reconcile.Result:
        """Do a pass over an instance, then let the cache catch up."""
        result = self.instances.reconcile(reconcile.Request(NAMESPACE, name))
        self.sync()
        return result

    def run_quota(self, namespace: str = NAMESPACE) -> reconcile.Result:
        """Do a pass over a namespace's quota, then let the cache catch up."""
        result = self.quotas.reconcile(reconcile.Request("", namespace))
        self.sync()
        return result

    def settle(self, name: str = "shop-v1") -> None:
        """Reconcile until the pods run and the status says so."""
        self.run(name)
        self.run_pods(name)
        self.run(name)

    def get(self, kind: str, name: str = "shop-v1") -> dict[str, Any] | None:
        """Return an object as the server has it, or None."""
        found = [thing for (gvk, key), thing in self.api.things.items() if (gvk.kind, key.name) == (kind, name)]
        return copy.deepcopy(found[0].live()) if found else None

    def status(self, name: str = "shop-v1") -> dict[str, Any]:
        """Return an instance's status."""
        return dict((self.get("MicroServiceDeploy", name) or {}).get("status") or {})

    def condition(self, kind: str, name: str = "shop-v1") -> tuple[str, str]:
        """Return status and reason of a condition."""
        found = next(each for each in self.status(name)["conditions"] if each["type"] == kind)
        return found["status"], found["reason"]

    def message(self, kind: str, name: str = "shop-v1") -> str:
        """Return the message of a condition."""
        return str(next(each["message"] for each in self.status(name)["conditions"] if each["type"] == kind))

    def events(self) -> list[tuple[str, str, str]]:
        """Return type, reason and note of all events; none can come afterwards."""
        self._recorder.start()
        assert self._recorder.stop(fake_clock.PATIENCE_SECONDS)
        return [(event["type"], event["reason"], event["note"]) for event in self._sink.all()]


SECRET = objects.GroupVersionKind("", "v1", "Secret")


def snapshot(thing: ssa_model.ManagedObject) -> objects.Snapshot:
    """Return *thing* as a cache would hold it."""
    live = thing.live()
    return objects.Snapshot.parse(objects.GroupVersionKind.of_object(live), msgspec.json.encode(live))
