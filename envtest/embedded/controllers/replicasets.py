"""ReplicaSets: as many pods as they want.

What flows in: ReplicaSets and pods. What flows out: pods, and the ReplicaSet's status. The loop's thread. Mirrors kubernetes
pkg/controller/replicaset; deviations: nothing is seen late, so there are no expectations; a quota
that changes is a reason to try again.
"""

import datetime
from collections.abc import Callable

from envtest.embedded.api import selectors, status, store
from envtest.embedded.api.status import Json
from envtest.embedded.controllers import graph, loop, pods_of, sizes, world

_COMPONENT = "replicaset-controller"
_BURST = 500
_FAILURE = "ReplicaFailure"


class ReplicaSets:
    """The controller."""

    def __init__(self, shared: world.World) -> None:
        self._world = shared
        self._api = shared.api
        self.queue = loop.Queue(self.sync, shared.timers)

    def see(self, key: str, event: store.Event) -> None:
        """Take note of a change of any kind."""
        if key == world.REPLICA_SETS:
            self.queue.add(world.key_of(event.object))
        elif key == world.QUOTAS and event.type == "MODIFIED":
            self._see_quota(event.object["metadata"]["namespace"])
        elif key == world.PODS:
            for pod in (event.object, event.previous):
                if pod is not None:
                    self._see_pod(pod)

    def _see_pod(self, pod: Json) -> None:
        namespace = pod["metadata"]["namespace"]
        if owner := graph.controller_of(pod):
            if owner["kind"] == "ReplicaSet":
                self.queue.add(store.key_of(namespace, owner["name"]))
            return
        for each in self._api.list(world.REPLICA_SETS, namespace):
            if _selector(each).matches(pod):
                self.queue.add(world.key_of(each))

    def _see_quota(self, namespace: str) -> None:
        """Try again where pods were refused, as soon as a quota may allow them."""
        for each in self._api.list(world.REPLICA_SETS, namespace):
            if any(one["type"] == _FAILURE for one in (each.get("status") or {}).get("conditions") or ()):
                self.queue.add(world.key_of(each))

    def sync(self, key: str) -> float | None:
        """Make or delete pods, and tell how many there are.

        Raises:
            status.StatusError: A write is refused.
        """
        own = self._api.find(world.REPLICA_SETS, *world.split(key))
        if own is None:
            return None
        pods, going = self._claim(own)
        failure = None if own["metadata"].get("deletionTimestamp") else self._manage(own, pods)
        self._report(own, pods, going, failure)
        if failure is not None:
            raise failure
        return self._next_check(own, pods)

    def _claim(self, own: Json) -> tuple[list[Json], list[Json]]:
        """Return the active pods of a ReplicaSet, those that it adopts included, and those that are going."""
        uid, selector = own["metadata"]["uid"], _selector(own)
        is_going = bool(own["metadata"].get("deletionTimestamp"))
        active, going = [], []
        for pod in self._world.graph.controlled(uid, world.PODS):
            if not selector.matches(pod):
                if pods_of.is_active(pod) and not is_going:
                    self._api.merge(world.PODS, pod, world.without_owner(pod, uid))
            elif pods_of.is_active(pod):
                active.append(pod)
            elif not pods_of.is_ended(pod):
                going.append(pod)
        orphans = [] if is_going else self._world.graph.orphans(world.PODS, own["metadata"]["namespace"])
        found = [pod for pod in orphans if pods_of.is_active(pod) and selector.matches(pod)]
        return active + [self._api.merge(world.PODS, pod, world.with_owner(pod, own)) for pod in found], going

    def _manage(self, own: Json, pods: list[Json]) -> status.StatusError | None:
        """Make or delete pods.

        Returns:
            What went wrong.
        """
        missing = sizes.wanted(own) - len(pods)
        if missing > 0:
            return _in_batches(min(missing, _BURST), lambda: self._create(own))
        for pod in pods_of.in_order_of_deletion(pods)[: min(-missing, _BURST)] if missing else ():
            if error := self._delete(own, pod):
                return error
        return None

    def _create(self, own: Json) -> status.StatusError | None:
        template = own["spec"]["template"]
        metadata = {
            name: template["metadata"][name] for name in ("labels", "annotations", "finalizers") if name in template["metadata"]
        }
        metadata["generateName"] = f"{own['metadata']['name']}-"
        metadata["namespace"] = own["metadata"]["namespace"]
        metadata["ownerReferences"] = [world.owner_reference(own)]
        try:
            pod = self._api.create(world.PODS, {"metadata": metadata, "spec": template["spec"]})
        except status.StatusError as error:
            if world.is_terminating(error):
                return None
            self._world.events.warning(_COMPONENT, own, "FailedCreate", f"Error creating: {error}")
            return error
        self._world.events.normal(_COMPONENT, own, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return None

    def _delete(self, own: Json, pod: Json) -> status.StatusError | None:
        name = pod["metadata"]["name"]
        try:
            self._api.delete(world.PODS, pod)
        except status.StatusError as error:
            if error.code == 404:
                return None
            self._world.events.warning(_COMPONENT, own, "FailedDelete", f"Error deleting: {error}")
            return error
        self._world.events.normal(_COMPONENT, own, "SuccessfulDelete", f"Deleted pod: {name}")
        return None

    def _report(self, own: Json, pods: list[Json], going: list[Json], failure: status.StatusError | None) -> None:
        old = own.get("status") or {}
        new = counted(own, pods, self._world.api.api.clock())
        new["terminatingReplicas"] = len(going)
        conditions = [each for each in old.get("conditions") or () if each["type"] != _FAILURE or failure]
        if failure and not any(each["type"] == _FAILURE for each in conditions):
            reason = "FailedCreate" if len(pods) < sizes.wanted(own) else "FailedDelete"
            known = {"type": _FAILURE, "status": "True", "reason": reason, "message": str(failure)}
            conditions.append({**known, "lastTransitionTime": self._world.now})
        if conditions:
            new["conditions"] = conditions
        new["observedGeneration"] = own["metadata"]["generation"]
        if new != old:
            self._api.update(world.REPLICA_SETS, {**own, "status": new}, "status")

    def _next_check(self, own: Json, pods: list[Json]) -> float | None:
        seconds, now = own["spec"].get("minReadySeconds", 0), self._api.api.clock()
        waits = [wait for pod in pods if (wait := pods_of.seconds_to_available(pod, seconds, now)) > 0]
        return min(waits, default=None)


def counted(own: Json, pods: list[Json], now: datetime.datetime) -> Json:
    """Return the counters of a ReplicaSet's status."""
    seconds = own["spec"].get("minReadySeconds", 0)
    labels = (own["spec"]["template"]["metadata"].get("labels") or {}).items()
    ready = [pod for pod in pods if pods_of.is_ready(pod)]
    numbers = {
        "fullyLabeledReplicas": sum(labels <= (pod["metadata"].get("labels") or {}).items() for pod in pods),
        "readyReplicas": len(ready),
        "availableReplicas": sum(not pods_of.seconds_to_available(pod, seconds, now) for pod in ready),
    }
    return {"replicas": len(pods)} | {name: number for name, number in numbers.items() if number}


def _in_batches(number: int, create: Callable[[], status.StatusError | None]) -> status.StatusError | None:
    """Create some pods, in batches that grow, so that what fails fails only a few times."""
    size = 1
    while number > 0:
        errors = [error for _ in range(min(size, number)) if (error := create()) is not None]
        if errors:
            return errors[0]
        number, size = number - size, 2 * size
    return None


def _selector(own: Json) -> selectors.Selector:
    return selectors.Selector(selectors.of_label_selector(own["spec"]["selector"]))
