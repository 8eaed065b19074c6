"""The controller of the namespace's one ResourceQuota: one writer per namespace, where many would lose each other's updates.

What flows in: requests whose name is a namespace. What flows out: the quota `msd-quota`, exactly as large as the instances need,
or none. Worker threads; never two for one namespace. No upstream file.
"""

from controller import reconcile
from informers import events, objects
from reconcilers import apply, ownership
from reconcilers.microservicedeploy import cache, instances, kinds, quota


def namespace_of(event: events.Event) -> list[reconcile.Request]:
    """Name the namespace of an instance, its Deployment or its quota."""
    return [reconcile.Request("", events.snapshot(event).meta.namespace)]


def is_quota(event: events.Event) -> bool:
    """Tell our quota's name from others."""
    return events.snapshot(event).meta.name == quota.NAME


def is_instances_child(event: events.Event) -> bool:
    """Tell children of instances from other objects."""
    controller = events.snapshot(event).meta.controller
    return controller is not None and (controller.kind, controller.api_version) == (
        kinds.INSTANCE.kind,
        kinds.INSTANCE.api_version,
    )


class QuotaReconciler:
    """Keeps the quota of a namespace."""

    def __init__(self, reads: cache.OperatorCache, applier: apply.Applier) -> None:
        self._reads = reads
        self._applier = applier
        self._ownership = ownership.ByLabels({instances.MANAGED_BY_LABEL: instances.MANAGER}, applier.field_manager)
        self._obstacles: dict[str, str] = {}
        """By namespace, written by the one worker that has it."""

    def obstacle(self, namespace: str) -> str:
        """Say what kept the quota of *namespace* from being written the last time; "" if nothing did. Any thread."""
        return self._obstacles.get(namespace, "")

    def reconcile(self, request: reconcile.Request) -> reconcile.Result:
        """Write the quota of the namespace that *request* names, or remove it."""
        namespace = request.name
        if self._reads.namespace_annotations(namespace) is None:
            self._obstacles.pop(namespace, None)
            return reconcile.Result()  # a namespace on its way out takes its quota along
        wanted = quota.resource_quota(namespace, self._reads.wanted_quota(namespace))
        if wanted is None:
            self._obstacles.pop(namespace, None)
            self._applier.remove(self._ownership, apply.Child(kinds.QUOTA, objects.ObjectKey(namespace, quota.NAME)))
            return reconcile.Result()
        outcome = self._applier.ensure(self._ownership, wanted)
        if outcome.is_settled:
            self._obstacles.pop(namespace, None)
        else:
            self._obstacles[namespace] = outcome.message
        return reconcile.Result(outcome.retry_after_seconds)
