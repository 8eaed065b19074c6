"""Who writes a Deployment's replicas, and what.

What flows in: an `Instance`, the live Deployment's `Scale` and the number remembered in the status. What flows out: a `Decision`.
Pure, any thread. No upstream file.

Without autoscaling, spec.replicas rules. With it the HPA does, and we write only at creation, to idle and to wake; a Deployment
at zero counts as asleep, for the HPA never touches one. Before we stop wanting a field that we own, another manager must own it
too, or the API server resets it to its default of 1: that is the handover.

The number to wake up with stands in the status only, so it is a field manager's of its own: a report of the rest of the status,
which may come from a late view of it, cannot drop it.
"""

from dataclasses import dataclass

from reconcilers.microservicedeploy import instances

HANDOVER_MANAGER = "coxswain-handover"
"""The field manager that holds replicas from the moment we let go until the HPA writes them."""

MEMORY_FIELD = "lastActiveReplicas"
"""Where the status says how many pods to wake up with."""
MEMORY_MANAGER = "coxswain-memory"
"""The field manager of status.lastActiveReplicas, and of nothing else."""


@dataclass(frozen=True)
class Scale:
    """A live Deployment's replicas."""

    replicas: int
    is_ours: bool
    """Whether our entry of managedFields owns spec.replicas."""


@dataclass(frozen=True)
class Decision:
    """What to do, in the order of the fields."""

    remember: int | None = None
    """Write this into status.lastActiveReplicas before the Deployment is written: afterwards the number exists nowhere else. If
    the resource is not as it was read, that is refused, and nothing may be written."""
    handover: int | None = None
    """Before writing the Deployment, apply just these as `HANDOVER_MANAGER`, without force; at a conflict, read again."""
    write: int | None = None
    """The replicas in the Deployment that we apply; None leaves the field out."""
    forget: bool = False
    """Remove status.lastActiveReplicas after the Deployment is written."""


def decide(instance: instances.Instance, live: Scale | None, remembered: int | None) -> Decision:
    """Decide about the replicas of *instance*.

    Args:
        instance: The instance.
        live: Its Deployment's replicas; None if there is no Deployment.
        remembered: status.lastActiveReplicas.
    """
    if instance.spec.idle:
        return _sleep(live, remembered)
    if not instance.spec.autoscaling:
        return Decision(write=instance.spec.replicas, forget=remembered is not None)
    if live is None or live.replicas == 0:
        return Decision(write=_waking_replicas(instance, remembered))
    return Decision(handover=live.replicas if live.is_ours else None, forget=remembered is not None)


def _sleep(live: Scale | None, remembered: int | None) -> Decision:
    if live is None or live.replicas == 0:
        return Decision(write=0)
    # What is remembered stays until the instance is awake, so a hand edit while it is idle is not taken for its last size. It is
    # written again all the same: an old view may show a number that was forgotten long ago, of an instance that is awake.
    return Decision(remember=live.replicas if remembered is None else remembered, write=0)


def _waking_replicas(instance: instances.Instance, remembered: int | None) -> int:
    wanted = instance.spec.replicas if remembered is None else remembered
    return max(instance.spec.replicas, min(wanted, instance.max_replicas))
