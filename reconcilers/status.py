"""Conditions, and writing a status only when it differs.

What flows in: the conditions as they stand, the verdicts of this pass, a resource. What flows out: the list of conditions, the
transitions among them, and at most one apply to the status subresource. Workers call it; nothing is shared. Mirrors
apimachinery/pkg/api/meta/conditions.go; deviation: the list is built anew in the order of the verdicts, so that it never changes
order, and a condition that gets no verdict is dropped.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from controller.client import interfaces
from informers import errors, objects
from reconcilers import diff
from workqueue import clock as clocks

STATUS = "status"


class Verdict(Protocol):
    """Whether something holds, and why; `Condition` is the plain one."""

    @property
    def type(self) -> str:
        """The condition's type, one word in CamelCase."""
        ...

    @property
    def status(self) -> str:
        """The verdict: "True", "False" or "Unknown"."""
        ...

    @property
    def reason(self) -> str:
        """One word in CamelCase, for machines."""
        ...

    @property
    def message(self) -> str:
        """A sentence for people; it names no secret value."""
        ...


@dataclass(frozen=True)
class Condition:
    """A verdict; see `Verdict` for its parts."""

    type: str
    status: str
    reason: str
    message: str = ""


@dataclass(frozen=True)
class Transition:
    """A condition whose status flipped."""

    before: str
    """The former status; "" if there was none."""
    verdict: Verdict


class Conditions:
    """The conditions of one resource, in one pass."""

    def __init__(
        self, previous: Iterable[interfaces.Manifest], verdicts: Iterable[Verdict], generation: int, clock: clocks.Clock
    ) -> None:
        """Judge anew.

        Args:
            previous: status.conditions as read.
            verdicts: All conditions that the resource shall have, one per type, in the order in which they are listed.
            generation: The generation of the resource that the verdicts are about.
            clock: Tells the time of a transition.
        """
        self._previous = {condition["type"]: condition for condition in previous}
        self._verdicts = tuple(verdicts)
        self._generation = generation
        self._now = timestamp(clock.now())

    def to_list(self) -> list[interfaces.Manifest]:
        """Return the list-map for status.conditions; lastTransitionTime moves only where the status flips."""
        return [self._rendered(verdict) for verdict in self._verdicts]

    def transitions(self) -> list[Transition]:
        """Return the conditions whose status is new or flipped, for events."""
        before = {name: str(condition.get("status", "")) for name, condition in self._previous.items()}
        changes = (Transition(before.get(verdict.type, ""), verdict) for verdict in self._verdicts)
        return [change for change in changes if change.before != change.verdict.status]

    def _rendered(self, verdict: Verdict) -> dict[str, Any]:
        before = self._previous.get(verdict.type, {})
        since = before.get("lastTransitionTime") if before.get("status") == verdict.status else None
        return {
            "type": verdict.type,
            "status": verdict.status,
            "observedGeneration": self._generation,
            "lastTransitionTime": since or self._now,
            "reason": verdict.reason,
            "message": verdict.message,
        }


def timestamp(moment: datetime.datetime) -> str:
    """Return *moment* as Kubernetes writes times: RFC 3339, UTC, whole seconds."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_status(
    client: interfaces.Writer,
    primary: interfaces.Manifest,
    status: interfaces.Manifest,
    field_manager: str,
    *,
    only_as_read: bool = False,
) -> bool:
    """Apply *status* to *primary* if it differs from what is there.

    The write carries the uid: a resource that was deleted meanwhile, and perhaps made anew, is not touched.

    Args:
        client: Writes.
        primary: The resource as read, managedFields included.
        status: The whole status that *field_manager* wants.
        field_manager: Who applies.
        only_as_read: Whether the write is refused if the resource changed since it was read. It is sent in any case then: what
            was read may be an old view, in which nothing differs.

    Returns:
        Whether it was written; False also if the resource is gone.

    Raises:
        errors.ConflictError: Another resource has the name by now, or this one is not as it was read; read again.
        errors.KindNotFoundError: The CustomResourceDefinition is gone.
    """
    names = ("name", "namespace", "uid", *(("resourceVersion",) if only_as_read else ()))
    metadata = {name: primary["metadata"][name] for name in names if name in primary["metadata"]}
    desired = {"apiVersion": primary["apiVersion"], "kind": primary["kind"], "metadata": metadata, STATUS: status}
    if not only_as_read and not diff.diff(desired, primary, field_manager, subresource=STATUS):
        return False
    try:
        client.apply(desired, interfaces.ApplyOptions(field_manager, force=True, subresource=STATUS))
    except errors.KindNotFoundError:
        raise
    except errors.NotFoundError:
        return False
    return True


def patch_status(client: interfaces.Writer, primary: interfaces.Manifest, status: interfaces.Manifest) -> bool:
    """Merge *status* into *primary* if it differs from what is there, also where `write_status` fails.

    The API server answers 500 to every apply over an object in which something has another type than its definition says by now,
    as after an upgrade of the definition. A merge patch gets through, but leaves no owner of what it wrote.

    Args:
        client: Writes.
        primary: The resource as read.
        status: The whole status that we want.

    Returns:
        Whether it was written; False also if the resource is gone.

    Raises:
        errors.InvalidError: A rule of the definition that needs the broken field refuses every write.
    """
    before = primary.get(STATUS) or {}
    if before == status:
        return False
    return _patch(client, primary, {"metadata": {"uid": primary["metadata"]["uid"]}, STATUS: {**dict.fromkeys(before), **status}})


def remove_field(client: interfaces.Writer, primary: interfaces.Manifest, name: str) -> None:
    """Remove the field *name* of the status, whoever owns it.

    Args:
        client: Writes.
        primary: The resource as read.
        name: A field that the status has.

    Raises:
        errors.ConflictError: The resource is not as it was read; read again.
    """
    metadata = primary["metadata"]
    patch = {"metadata": {part: metadata[part] for part in ("uid", "resourceVersion")}, STATUS: {name: None}}
    _patch(client, primary, patch)


def _patch(client: interfaces.Writer, primary: interfaces.Manifest, patch: interfaces.Manifest) -> bool:
    key = objects.ObjectKey(primary["metadata"].get("namespace", ""), primary["metadata"]["name"])
    try:
        client.merge_patch(objects.GroupVersionKind.of_object(primary), key, patch, STATUS)
    except errors.KindNotFoundError:
        raise
    except errors.NotFoundError:
        return False
    return True
