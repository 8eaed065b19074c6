"""The controller of the namespace's one ResourceQuota: one writer per namespace, where many would lose each other's updates.

What flows in: requests whose name is a namespace. What flows out: the quota `msd-quota`, exactly as large as the instances need,
or none. Worker threads; never two for one namespace. No upstream file.

The workers of instances ask it how the quota stands. They must not trust an old sight of it: it may just have been made smaller,
from demands without the one that now wants to grow. So what is asked for next is noted in one step with reading the demands that
it is made from, and an instance that has read them later grows only if the cache shows a quota that asks for just that.
"""

import threading
from collections.abc import Mapping
from typing import Any

from controller import predicate, reconcile
from informers import events, objects
from reconcilers import apply, ownership
from reconcilers.microservicedeploy import cache, instances, kinds, quota


def namespace_of(event: events.Event) -> list[reconcile.Request]:
    """Name the namespace of an instance, its Deployment or its quota."""
    return [reconcile.Request("", events.snapshot(event).meta.namespace)]


def is_quota(event: events.Event) -> bool:
    """Tell our quota's name from others."""
    return events.snapshot(event).meta.name == quota.NAME


def comes_or_goes(event: events.Event) -> bool:
    """Tell an object's making and removal from its changes."""
    return not isinstance(event, events.Updated)


def is_instances_child(event: events.Event) -> bool:
    """Tell children of instances from other objects."""
    controller = events.snapshot(event).meta.controller
    return controller is not None and (controller.kind, controller.api_version) == (
        kinds.INSTANCE.kind,
        kinds.INSTANCE.api_version,
    )


def is_within(namespace: str) -> predicate.Predicate:
    """Return a predicate that tells *namespace* from others that are not watched; "" means that all are."""
    return predicate.matches(lambda snapshot: namespace in {"", snapshot.meta.name})


class QuotaReconciler:
    """Keeps the quota of a namespace."""

    def __init__(self, reads: cache.OperatorCache, applier: apply.Applier) -> None:
        self._reads = reads
        self._applier = applier
        self._ownership = ownership.ByLabels({instances.MANAGED_BY_LABEL: instances.MANAGER}, applier.field_manager)
        self._obstacles: dict[str, str] = {}
        """By namespace, written by the one worker that has it."""
        self._lock = threading.Lock()
        self._asked: dict[str, Mapping[str, Any]] = {}
        """By namespace: the amounts that its quota is about to be given, or was given last."""

    def obstacle(self, namespace: str) -> str:
        """Say what kept the quota of *namespace* from being written the last time; "" if nothing did. Any thread."""
        return self._obstacles.get(namespace, "")

    def standing(self, namespace: str) -> quota.Standing:
        """Say how the quota of *namespace* stands. Any thread."""
        with self._lock:
            wanted = self._reads.wanted_quota(namespace)
            asked = self._asked.get(namespace)
        live = self._reads.live_quota(namespace)  # read after the demands, so that it is not older than they are
        if live is None or self._ownership.classify(live) is not ownership.Claim.OURS:
            shortfall = quota.shortfall([{}], wanted)
        elif asked is not None and not quota.is_asking(live, asked):
            shortfall = "the last change of the quota is not seen yet"
        else:
            shortfall = quota.shortfall([(live.get("status") or {}).get("hard") or {}, live["spec"].get("hard") or {}], wanted)
        obstacle = self.obstacle(namespace) if shortfall else ""
        return quota.Standing(bool(wanted), f"{obstacle}: {shortfall}" if obstacle else shortfall)

    def reconcile(self, request: reconcile.Request) -> reconcile.Result:
        """Write the quota of the namespace that *request* names, or remove it."""
        namespace = request.name
        if self._reads.namespace_annotations(namespace) is None:
            self._reads.forget(namespace)
            self._settle(namespace)
            return reconcile.Result()  # a namespace on its way out takes its quota along
        with self._lock:
            wanted = quota.resource_quota(namespace, self._reads.wanted_quota(namespace))
            amounts = self._asked[namespace] = wanted["spec"]["hard"] if wanted else {}
        if wanted is None:
            removed = self._applier.remove(self._ownership, apply.Child(kinds.QUOTA, objects.ObjectKey(namespace, quota.NAME)))
            self._settle(namespace, removed.message if removed else "")
            return reconcile.Result(removed.retry_after_seconds if removed else 0.0)
        outcome = self._applier.ensure(self._ownership, wanted)
        if outcome.live is None or not outcome.is_settled:
            self._settle(namespace, outcome.message)
            return reconcile.Result(outcome.retry_after_seconds)
        self._obstacles.pop(namespace, None)
        stored = outcome.live["spec"].get("hard") or {}
        with self._lock:  # a webhook may have changed them
            self._asked[namespace] = {key: stored[key] for key in amounts if key in stored}
        return reconcile.Result()

    def _settle(self, namespace: str, obstacle: str = "") -> None:
        """Note that the server has nothing of ours to take; after an error that is not known, so then the wish stays noted."""
        with self._lock:
            self._asked.pop(namespace, None)
        if obstacle:
            self._obstacles[namespace] = obstacle
        else:
            self._obstacles.pop(namespace, None)
