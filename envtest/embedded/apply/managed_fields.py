"""Who owns which field: server-side apply, and the ownership that other writes take.

What flows in: the live object, the new one or the configuration that is applied, and who writes. What flows out: the object with
``metadata.managedFields``, or a `status.StatusError`. Pure; called by the server's thread. Mirrors apimachinery
pkg/util/managedfields and sigs.k8s.io/structured-merge-diff merge/update.go. All versions of a kind have one schema here.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from envtest.embedded.api import status
from envtest.embedded.apply import entries, fieldsets, merging, typed_errors
from envtest.embedded.apply.entries import Identity, Managed, Owned, Target
from envtest.embedded.builtin import zeros

Json = dict[str, Any]

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation of client-side apply."""

_BEFORE_FIRST_APPLY = "before-first-apply"
_ANCIENT = "ancient-changes"
_MAX_UPDATERS = 10
"""So many entries of updates are kept apart; upstream's DefaultMaxUpdateManagers."""

_NEVER_OWNED = fieldsets.of(
    [("f:apiVersion",), ("f:kind",), ("f:metadata",)]
    + [
        ("f:metadata", f"f:{name}")
        for name in (
            *("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation"),
            *("managedFields", "resourceVersion"),
        )
    ]
)


@dataclass(frozen=True)
class By:
    """Who writes, when, and how."""

    manager: str
    """The field manager; empty means unknown."""
    now: str
    """RFC 3339 in UTC, whole seconds."""
    subresource: str = ""
    force: bool = False
    """Whether an apply takes fields of others."""


class _ConflictError(Exception):
    """An apply would change fields of others."""

    def __init__(self, conflicts: dict[Identity, fieldsets.FieldSet]) -> None:
        super().__init__()
        self.conflicts = conflicts


def update(resource: Target, live: Json | None, new: Json, by: By) -> Json:
    """Return *new*, a whole object that replaces *live*, with the managedFields that follow.

    Args:
        resource: What kind of object it is.
        live: The object that there is, None if this creates it.
        new: The object as decoded and defaulted, before anything that the strategy resets is reset.
        by: Who writes.
    """
    managed = entries.of_update(live, new, by.subresource)
    bare = entries.without(new)
    if not managed and live is not None:
        return bare  # whose fields are not tracked since its creation, they are not until the first apply
    managed = entries.known(resource, managed)
    try:
        _update(resource, live, bare, managed, by)
    except merging.ItemError:
        return bare
    _cap(managed)
    return entries.put(bare, managed)


def _update(resource: Target, live: Json | None, new: Json, managed: Managed, by: By) -> None:
    """Let the writer own in *managed* what it changed."""
    old = entries.without(live) if live is not None else zeros.zero(resource)
    ignored = entries.reset_fields(resource, by.subresource)
    comparison = merging.compare(resource.schema, old, new).without(ignored)
    _take(comparison, managed)
    changed = (comparison.modified | comparison.added).without(ignored) - _NEVER_OWNED
    if changed:
        me = Identity(by.manager or "unknown", "Update", resource.api_version, by.subresource)
        kept = managed[me].fields if me in managed else fieldsets.EMPTY
        managed[me] = Owned(changed | kept, resource.api_version, by.now)


def _take(comparison: merging.Comparison, managed: Managed, me: Identity | None = None, *, force: bool = True) -> None:
    """Take what changed from all managers but *me*.

    Raises:
        _ConflictError: Without force, if others own what was added or modified.
    """
    changed = comparison.modified | comparison.added
    conflicts = {who: owned.fields & changed for who, owned in managed.items() if who != me and owned.fields & changed}
    if conflicts and not force:
        raise _ConflictError(conflicts)
    for who, owned in list(managed.items()):
        if who != me:
            managed[who] = Owned(owned.fields - changed - comparison.removed, owned.api_version, owned.time)
        if not managed[who].fields:
            del managed[who]


def _cap(managed: Managed) -> None:
    """Put the oldest entries of updates together where they are too many."""
    updaters = [who for who in managed if who.operation == "Update"]
    updaters.sort(key=lambda who: (managed[who].time or "", who))
    excess = len(updaters) - _MAX_UPDATERS
    firsts: dict[str, Identity] = {}
    for who in updaters:
        if excess <= 0:
            return
        version = managed[who].api_version
        bucket = Identity(_ANCIENT, "Update", version, "")
        if version not in firsts:
            firsts[version] = who
            continue
        if bucket not in managed:
            managed[bucket] = managed.pop(firsts[version])
        owned = managed.pop(who)
        managed[bucket] = Owned(owned.fields | managed[bucket].fields, version, owned.time)
        excess -= 1


def apply(resource: Target, live: Json | None, patch: Json, by: By) -> Json:
    """Return *live* with the configuration *patch* over it, and with the managedFields that follow.

    Args:
        resource: What kind of object it is.
        live: The object that there is, None if this creates it.
        patch: The configuration as the client sent it.
        by: Who applies; with force it takes fields of others.

    Raises:
        status.StatusError: A conflict with other managers, or a configuration that does not fit its type.
    """
    _check(resource, patch)
    managed = _tracked(resource, live, by)
    before = entries.without(live) if live is not None else {}
    try:
        merged = _apply(resource, before, patch, managed, by)
    except _ConflictError as error:
        conflicts = _not_own(resource, before, error.conflicts) if by.manager == "kubectl" else error.conflicts
        if conflicts:
            managers = sorted(conflicts, key=entries.Identity.order)
            raise status.apply_conflict(
                [(who.text(), fieldsets.text(path)) for who in managers for path in conflicts[who]]
            ) from None
        managed = _tracked(resource, live, by)
        merged = _apply(resource, before, patch, managed, By(by.manager, by.now, by.subresource, force=True))
    if by.manager == "kubectl":
        merged = _sync_last_applied(merged, patch)
    return entries.put(merged, managed)


def _check(resource: Target, patch: Json) -> None:
    group, _, version = resource.api_version.rpartition("/")
    given_group, _, given_version = str(patch.get("apiVersion", "")).rpartition("/")
    if (given_group, given_version, patch.get("kind", "")) != (group, version, resource.kind):
        raise status.bad_request(f"invalid object type: {given_group}/{given_version}, Kind={patch.get('kind', '')}")
    metadata = patch.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("managedFields"), list):
        raise status.bad_request("metadata.managedFields must be nil")
    wrong = typed_errors.message(resource.schema, patch)
    if wrong:
        names = metadata if isinstance(metadata, dict) else {}
        what = f"{names.get('namespace', '')}/{names.get('name', '')}; {group}/{version}, Kind={resource.kind}"
        raise status.StatusError(500, "", f"failed to create typed patch object ({what}): {wrong}")


def _tracked(resource: Target, live: Json | None, by: By) -> Managed:
    """Return who owns what of *live*; if nobody does, all of it is from before the first apply."""
    managed = entries.of(live)
    if not managed and live is not None:
        _update(resource, None, entries.without(live), managed, By(_BEFORE_FIRST_APPLY, by.now, by.subresource))
    return entries.known(resource, managed)


def _apply(resource: Target, live: Json, patch: Json, managed: Managed, by: By) -> Json:
    """Return the merged object, and bring *managed* up to date."""
    schema, ignored = resource.schema, entries.reset_fields(resource, by.subresource)
    me = Identity(by.manager or "unknown", "Apply", "", by.subresource)
    last = managed.get(me)
    merged = merging.merge(schema, live, patch)
    applied = merging.extract(schema, patch).without(ignored)
    managed[me] = Owned(applied, resource.api_version, last.time if last else None)
    if last and last.fields - applied:
        merged = _prune(resource, merged, last.fields, managed)
    _take(merging.compare(schema, live, merged).without(ignored), managed, me, force=by.force)
    has_changed = not merging.equal(live, merged)
    if me in managed:
        time = by.now if has_changed else managed[me].time
        managed[me] = Owned(managed[me].fields - _NEVER_OWNED, resource.api_version, time)
        if not managed[me].fields:
            del managed[me]
    return merged if has_changed else live


def _prune(resource: Target, merged: Json, last: fieldsets.FieldSet, managed: Managed) -> Json:
    """Remove what was applied last time and is not now, unless others own it."""
    schema = resource.schema
    last = last.with_named_fields(schema)
    owned = fieldsets.EMPTY
    for entry in managed.values():
        owned |= entry.fields
    everything = merging.extract(schema, merged).with_named_fields(schema)
    pruned = merging.extract(schema, merging.remove(schema, merged, last)).with_named_fields(schema)
    # What others own comes back, and then what nobody had applied.
    back = merging.remove(schema, merged, everything - (pruned | owned.with_named_fields(schema)))
    pruned = merging.extract(schema, back).with_named_fields(schema)
    remaining: Json = merging.remove(schema, merged, (everything - pruned) & last) or {}
    return remaining


def _not_own(resource: Target, live: Json, conflicts: dict[Identity, fieldsets.FieldSet]) -> dict[Identity, fieldsets.FieldSet]:
    """Return the conflicts about other fields than those that client-side apply set and nobody changed since."""
    text = (live.get("metadata", {}).get("annotations") or {}).get(LAST_APPLIED)
    try:
        last = json.loads(text) if text else None
    except ValueError:
        return conflicts
    if not isinstance(last, dict) or last.get("apiVersion") != resource.api_version:
        return conflicts
    if typed_errors.message(resource.schema, last):
        return conflicts
    changes = merging.compare(resource.schema, last, live)
    own = merging.extract(resource.schema, last) - changes.modified - changes.added - changes.removed
    return {who: fields - own for who, fields in conflicts.items() if fields - own}


def _sync_last_applied(merged: Json, patch: Json) -> Json:
    """Bring client-side apply's annotation up to date, if there is one."""
    metadata = merged.get("metadata", {})
    annotations = metadata.get("annotations") or {}
    if not annotations.get(LAST_APPLIED):
        return merged
    sent = patch.get("metadata") or {}
    given = {name: value for name, value in (sent.get("annotations") or {}).items() if name != LAST_APPLIED}
    without = {**patch, "metadata": {**sent, "annotations": given}} if given else _without_annotations(patch)
    annotations = {**annotations, LAST_APPLIED: fieldsets.go_json(without) + "\n"}
    return {**merged, "metadata": {**metadata, "annotations": annotations}}


def _without_annotations(patch: Json) -> Json:
    metadata = {name: value for name, value in (patch.get("metadata") or {}).items() if name != "annotations"}
    return {**patch, "metadata": metadata}


def keep_times(live: Json, new: Json) -> Json:
    """Return *new* with the times of *live* in its managedFields, if nothing else differs."""
    before = live.get("metadata", {}).get("managedFields") or []
    after = new.get("metadata", {}).get("managedFields") or []
    if not before or len(before) != len(after) or before == after:
        return new
    for old, changed in zip(before, after, strict=True):
        if {**old, "time": None} != {**changed, "time": None}:
            return new
    if not merging.equal(entries.without(live), entries.without(new)):
        return new
    return {**new, "metadata": {**new["metadata"], "managedFields": before}}
