"""Make children as desired, with as few writes as can be, and never over somebody else's object.

What flows in: an owner and a desired child. What flows out: at most a few requests, and an `Outcome`. Workers call it, never two
at once for one owner. Mirrors controller-runtime/pkg/controller/controllerutil (CreateOrUpdate); deviations: server-side apply
with force, sent only if `reconcilers.diff` finds a reason; an object of somebody else is an outcome, not an error.

How a child that the cache lacks is taken over: an apply with resourceVersion "1" is answered 201 if it is missing and 409 if it
exists; then one live GET tells whose it is. A child seen to be foreign, or on its way out, is remembered: from then on a GET
comes first, and nothing is sent until it is gone, ours or adoptable. Every other apply carries the uid of the object that was
looked at, so that a child deleted meanwhile is not created by a write that was meant to change it.

Two more things are remembered, to keep steady state free of writes. A refusal stands for 30 s for the same wish. And where the
server keeps changing what we send (a mutating webhook, a default inside an atomic value that we do not know), the differences
that remain right after an apply are no reason to apply again until the wish or the object changes. A third one keeps steady state
cheap: a wish that an object met is not compared again with the same version of that object.
"""

import enum
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import msgspec

from controller.client import interfaces
from informers import errors, indexer, objects
from reconcilers import diff, memory, ownership
from workqueue import clock as clocks

FOREIGN_RETRY_SECONDS = 60.0
"""How often a foreign child is looked at: nothing else tells us that it went away."""
WAITING_RETRY_SECONDS = 5.0
"""How often a child on its way out is looked at, should no event tell; the garbage collector takes seconds."""
REJECTED_RETRY_SECONDS = 30.0
"""How often a refused child is tried again: a taken node port, or a missing RBAC rule, mends itself without an event."""

_RETRIES = 2
"""After the cache's view: what a GET shows, and what a GET shows after somebody was faster once more."""
_IDENTITY = frozenset({"uid", "resourceVersion", "managedFields"})
_REFUSALS = (errors.BadRequestError, errors.ForbiddenError, errors.InvalidError)


class Cache(Protocol):
    """What an applier reads from the informers; a kind without informer is an error."""

    def snapshot(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> objects.Snapshot | None:
        """Return the object as the cache has it, or None."""
        ...

    def by_index(self, gvk: objects.GroupVersionKind, name: str, value: str) -> Sequence[objects.Snapshot]:
        """Return the objects for which the index *name* gave *value*."""
        ...


class Child(NamedTuple):
    """Names one object."""

    gvk: objects.GroupVersionKind
    key: objects.ObjectKey

    @classmethod
    def of(cls, manifest: interfaces.Manifest) -> "Child":
        """Name the object that *manifest* describes."""
        metadata = manifest["metadata"]
        return cls(
            objects.GroupVersionKind.of_object(manifest), objects.ObjectKey(metadata.get("namespace", ""), metadata["name"])
        )

    def __str__(self) -> str:
        return f"{self.gvk.kind} {self.key.name}"


class State(enum.StrEnum):
    """What became of a child."""

    UNCHANGED = "Unchanged"
    """It is as desired; nothing was sent."""
    CREATED = "Created"
    APPLIED = "Applied"
    DELETED = "Deleted"
    """It was not wanted any more."""
    WAITING = "Waiting"
    """An object with its name is on its way out; nothing was sent."""
    FOREIGN = "Foreign"
    """An object with its name belongs to somebody else; nothing was sent."""
    REJECTED = "Rejected"
    """The server refused it (400, 403, 422), now or less than 30 s ago."""


@dataclass(frozen=True)
class Outcome:
    """What `Applier.ensure` found and did."""

    child: Child
    state: State
    live: interfaces.Manifest | None = field(default=None, repr=False)
    """The child, if it is ours: as stored by the write, else as read."""
    message: str = ""
    """Why it waits, is foreign or was rejected; the server's words are passed on as the client gives them, cut where secret."""
    retry_after_seconds: float = 0.0
    """When to look again, should no event come; 0: no need."""
    differences: tuple[diff.Difference, ...] = ()
    """Why it was applied, or would have been."""

    @property
    def is_settled(self) -> bool:
        """Whether the child is there as desired."""
        return self.state in {State.UNCHANGED, State.CREATED, State.APPLIED}


@dataclass(frozen=True)
class _Rejection:
    wish: bytes
    """Digest of what was refused, and over which object."""
    message: str
    until: float
    """On the monotonic clock."""


@dataclass(frozen=True)
class _Residue:
    """What differed right after our own apply."""

    wish: bytes
    content: bytes
    differences: tuple[diff.Difference, ...]


class _Met(NamedTuple):
    wish: bytes
    """Digest of what was wanted, the uid included."""
    resource_version: str
    """The version of the object that is as wanted."""


class Applier:
    """Applies, prunes and removes the children of resources, for one field manager."""

    def __init__(self, cache: Cache, live: interfaces.Client, field_manager: str, clock: clocks.Clock) -> None:
        """Create an applier; one serves all workers of an operator.

        Args:
            cache: Holds the kinds that will be applied, with an index "controller-uid" for `prune`.
            live: Reads live and writes.
            field_manager: Our name in managedFields.
            clock: Measures for how long a refusal stands.
        """
        self._cache = cache
        self._live = live
        self.field_manager = field_manager
        """Our name in managedFields."""
        self._clock = clock
        self._not_ours: memory.Memory[Child, ownership.Claim] = memory.Memory()
        self._rejections: memory.Memory[Child, _Rejection] = memory.Memory()
        self._residues: memory.Memory[Child, _Residue] = memory.Memory()
        self._met: memory.Memory[Child, _Met] = memory.Memory()

    def ensure(self, owner: ownership.Ownership, desired: interfaces.Manifest) -> Outcome:
        """Make a child as desired.

        Args:
            owner: Puts its mark on the child and knows it again.
            desired: The child, without status; a uid or resourceVersion in it is not sent.

        Returns:
            What was found and done.

        Raises:
            errors.ConflictError: Others kept changing the object; read again.
            errors.KindNotFoundError: The child's kind is not installed.
            ValueError: The owner cannot own it.
        """
        wanted = owner.claimed(desired)
        child = Child.of(wanted)
        live = self._look(child)
        for _ in range(_RETRIES):
            try:
                return self._settle(owner, wanted, live)
            except errors.ConflictError:
                live = self._get(child)
        return self._settle(owner, wanted, live)

    def fetch(self, owner: ownership.Ownership, child: Child) -> interfaces.Manifest | None:
        """Return *child* as the server has it now; None if it is gone, or not the owner's."""
        live = self._get(child)
        return live if live is not None and owner.classify(live) is ownership.Claim.OURS else None

    def prune(
        self, owner: ownership.ByController, kinds: Iterable[objects.GroupVersionKind], keep: Collection[Child]
    ) -> list[Outcome]:
        """Delete the children that *owner* controls and no longer wants.

        Args:
            owner: Its uid in the controller reference decides.
            kinds: The kinds that the operator declares; others are never touched.
            keep: The children that are wanted.

        Returns:
            Those deleted now, and those that the server refuses to delete; one on its way out is left alone.
        """
        outcomes = []
        for gvk in kinds:
            for snapshot in self._cache.by_index(gvk, indexer.CONTROLLER_UID, owner.uid):
                child = Child(gvk, snapshot.key)
                if child not in keep and not snapshot.meta.deletion_timestamp:
                    outcomes.append(self._delete(child, snapshot.meta.uid))
        return [outcome for outcome in outcomes if outcome is not None]

    def remove(self, owner: ownership.Ownership, child: Child) -> Outcome | None:
        """Delete one object if the cache has it and it is the owner's.

        Returns:
            That it was deleted, or that the server refuses; None if there was nothing to delete.
        """
        snapshot = self._cache.snapshot(*child)
        if snapshot is None or owner.classify(snapshot.decode()) is not ownership.Claim.OURS:
            return None
        return self._delete(child, snapshot.meta.uid)

    def _look(self, child: Child) -> interfaces.Manifest | None:
        snapshot = self._cache.snapshot(*child)
        if snapshot is not None:
            return snapshot.decode()
        return self._get(child) if self._not_ours.recall(child) else None

    def _get(self, child: Child) -> interfaces.Manifest | None:
        try:
            return self._live.get(*child)
        except errors.KindNotFoundError:
            raise
        except errors.NotFoundError:
            return None

    def _settle(self, owner: ownership.Ownership, wanted: interfaces.Manifest, live: interfaces.Manifest | None) -> Outcome:
        child = Child.of(wanted)
        if live is None:
            self._not_ours.forget(child)
            return self._send(wanted, None, ())
        claim = owner.classify(live)
        if claim in {ownership.Claim.GOING, ownership.Claim.FOREIGN}:
            self._not_ours.note(child, claim)
            return _not_ours(child, claim, live)
        self._not_ours.forget(child)
        met = _met(wanted, live)
        if self._met.recall(child) == met:
            return Outcome(child, State.UNCHANGED, live)
        differences = tuple(diff.diff(wanted, live, self.field_manager))
        if not differences or self._residues.recall(child) == _residue(wanted, live, differences):
            self._rejections.forget(child)
            self._met.note(child, met)
            return Outcome(child, State.UNCHANGED, live)
        return self._send(wanted, live, differences)

    def _send(
        self, wanted: interfaces.Manifest, live: interfaces.Manifest | None, differences: tuple[diff.Difference, ...]
    ) -> Outcome:
        child, uid = Child.of(wanted), live["metadata"]["uid"] if live else ""
        wish = _digest([wanted, uid])
        if self._refused(child, wish) is None:
            precondition = {"uid": uid} if uid else {"resourceVersion": "1"}
            metadata = {name: value for name, value in wanted["metadata"].items() if name not in _IDENTITY}
            body = {**wanted, "metadata": {**metadata, **precondition}}
            try:
                stored = self._live.apply(body, interfaces.ApplyOptions(self.field_manager, force=True))
            except _REFUSALS as refusal:
                self._note_refusal(child, wish, refusal)
            else:
                self._remember(wanted, stored)
                return Outcome(child, State.APPLIED if live else State.CREATED, stored, differences=differences)
        return self._rejected(child, live, differences)

    def _refused(self, child: Child, wish: bytes) -> _Rejection | None:
        """Return the refusal of this very wish, if it still stands."""
        found = self._rejections.recall(child)
        return found if found is not None and found.wish == wish and self._clock.monotonic() < found.until else None

    def _note_refusal(self, child: Child, wish: bytes, refusal: errors.ApiError) -> None:
        self._rejections.note(child, _Rejection(wish, refusal.message, self._clock.monotonic() + REJECTED_RETRY_SECONDS))

    def _rejected(self, child: Child, live: interfaces.Manifest | None, differences: tuple[diff.Difference, ...] = ()) -> Outcome:
        rejection = self._rejections.recall(child)
        message, until = (rejection.message, rejection.until) if rejection is not None else ("", 0.0)
        retry_after_seconds = max(until - self._clock.monotonic(), 0.0)
        return Outcome(child, State.REJECTED, live, message, retry_after_seconds, differences)

    def _remember(self, wanted: interfaces.Manifest, stored: interfaces.Manifest) -> None:
        child = Child.of(wanted)
        self._rejections.forget(child)
        remaining = tuple(diff.diff(wanted, stored, self.field_manager))
        if remaining:
            self._residues.note(child, _residue(wanted, stored, remaining))
        else:
            self._residues.forget(child)
            self._met.note(child, _met(wanted, stored))

    def _delete(self, child: Child, uid: str) -> Outcome | None:
        wish = _digest(["delete", uid])
        if self._refused(child, wish) is not None:
            return self._rejected(child, None)
        try:
            self._live.delete(*child, interfaces.Preconditions(uid=uid))
        except errors.KindNotFoundError:
            raise
        except (errors.NotFoundError, errors.ConflictError):
            # It is gone, and perhaps another object has its name: the cache will tell.
            return None
        except _REFUSALS as refusal:
            self._note_refusal(child, wish, refusal)
            return self._rejected(child, None)
        return Outcome(child, State.DELETED)


def _not_ours(child: Child, claim: ownership.Claim, live: interfaces.Manifest) -> Outcome:
    if claim is ownership.Claim.GOING:
        return Outcome(child, State.WAITING, None, f"{child} is still being deleted", WAITING_RETRY_SECONDS)
    controller = ownership.meta_of(live).controller
    whose = f"is controlled by {controller.kind} {controller.name}" if controller else "is not managed by this operator"
    return Outcome(child, State.FOREIGN, None, f"{child} exists and {whose}", FOREIGN_RETRY_SECONDS)


def _met(wanted: interfaces.Manifest, live: interfaces.Manifest) -> _Met:
    return _Met(_digest([wanted, live["metadata"]["uid"]]), live["metadata"]["resourceVersion"])


def _residue(wanted: interfaces.Manifest, live: interfaces.Manifest, differences: tuple[diff.Difference, ...]) -> _Residue:
    metadata = {name: value for name, value in live["metadata"].items() if name in {"labels", "annotations", "ownerReferences"}}
    content = {name: value for name, value in live.items() if name not in {"metadata", "status"}}
    return _Residue(_digest([wanted, live["metadata"]["uid"]]), _digest([metadata, content]), differences)


def _digest(value: object) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(value, order="deterministic"), digest_size=16).digest()
