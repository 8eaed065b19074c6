"""Who writes a Deployment's replicas, and what.

What flows in: an `Instance`, the live Deployment's `Scale` and the number remembered in the status. What flows out: a `Decision`.
Pure, any thread. No upstream file.

Without autoscaling, spec.replicas rules. With it the HPA does, and we write only at creation, to idle and to wake; a Deployment
at zero counts as asleep, for the HPA never touches one. Before we stop wanting a field that we own, another manager must own it
too, or the API server resets it to its default of 1: that is the handover.
"""

from dataclasses import dataclass

from reconcilers.microservicedeploy import instances

HANDOVER_MANAGER = "coxswain-handover"
"""The field manager that holds replicas from the moment we let go until the HPA writes them."""


@dataclass(frozen=True)
class Scale:
    """A live Deployment's replicas."""

    replicas: int
    is_ours: bool
    """Whether our entry of managedFields owns spec.replicas."""


@dataclass(frozen=True)
class Decision:
    """What to do, in the order of the fields."""

    last_active: int | None
    """What status.lastActiveReplicas should say: the replicas to wake up with, None while awake."""
    remember_first: bool = False
    """Whether the status must say so before the Deployment is written: its number exists nowhere else."""
    handover: int | None = None
    """Before writing the Deployment, apply just these as `HANDOVER_MANAGER`, without force; at a conflict, read again."""
    write: int | None = None
    """The replicas in the Deployment that we apply; None leaves the field out."""


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
        return Decision(last_active=None, write=instance.spec.replicas)
    if live is None or live.replicas == 0:
        return Decision(last_active=remembered, write=_waking_replicas(instance, remembered))
    return Decision(last_active=None, handover=live.replicas if live.is_ours else None)


def _sleep(live: Scale | None, remembered: int | None) -> Decision:
    # What is remembered stays until the instance is awake, so a hand edit while it is idle is not taken for its last size.
    if live is None or live.replicas == 0 or remembered is not None:
        return Decision(last_active=remembered, write=0)
    return Decision(last_active=live.replicas, remember_first=True, write=0)


def _waking_replicas(instance: instances.Instance, remembered: int | None) -> int:
    wanted = instance.spec.replicas if remembered is None else remembered
    return max(instance.spec.replicas, min(wanted, instance.max_replicas))
