"""What a shared informer tells its handlers.

What flows in: changes of the store. What flows out: one of three frozen values that hold snapshots. A handler gets the events of
one informer in order, in one thread. Mirrors controller-runtime/pkg/event; there is no generic event (use your own source).
"""

from dataclasses import dataclass

from informers import objects


@dataclass(frozen=True, slots=True)
class Added:
    """An object appeared, or a late handler is told of one that was there."""

    new: objects.Snapshot
    is_in_initial_list: bool = False


@dataclass(frozen=True, slots=True)
class Updated:
    """An object changed; equal resourceVersions mean a resync or an unchanged object in a relist.

    A different uid means that the object was deleted and created again between two observations.
    """

    old: objects.Snapshot
    new: objects.Snapshot


@dataclass(frozen=True, slots=True)
class Deleted:
    """An object went away."""

    old: objects.Snapshot
    """The final state; if *final_state_unknown*, the last one seen (a relist missed the deletion)."""
    final_state_unknown: bool = False


Event = Added | Updated | Deleted


def snapshot(event: Event) -> objects.Snapshot:
    """Return the newest state that *event* carries."""
    return event.old if isinstance(event, Deleted) else event.new
