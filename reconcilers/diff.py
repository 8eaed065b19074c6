"""Say whether an apply would change anything: desired against live, by what we own.

What flows in: a desired manifest, the live object with its managedFields, our field manager. What flows out: the differences,
without values (they may be secret); none means that nothing need be sent. Pure; any thread may call it. controller-runtime has no
counterpart: there one applies always, or compares with equality.Semantic.DeepEqual after defaulting by hand.

Three rules make a difference: a wanted field is not ours, or is not what we want, or a field is ours and no longer wanted. What
the server adds beside our fields is nobody's and is not looked at. Inside an atomic value ownership cannot tell the server's
additions from a part that we no longer want: there only known defaults of the server and empty values may be extra. Items of a
list with keys must stand in the wanted order, for the order of environment variables and init containers means something.
Values as the server rewrites them: see `reconcilers.values`.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from controller.client import interfaces
from reconcilers import managed_fields, values

_SYSTEM_METADATA = frozenset(
    {
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "managedFields",
    }
)
"""Parts of metadata that the server never records as owned."""


class Rule(enum.StrEnum):
    """Why an apply is needed."""

    NOT_APPLIED = "NotApplied"
    """We never applied this object, or our record in it is lost."""
    UNOWNED = "Unowned"
    """We want this field and do not own it: it was never sent, or somebody took it."""
    DIFFERENT = "Different"
    """We own this field and its value is not what we want."""
    UNWANTED = "Unwanted"
    """We own this field and no longer want it."""


@dataclass(frozen=True)
class Difference:
    """One reason to apply; it holds no value of the object."""

    path: str
    """The field, for example `spec.containers[name=app].image`; "" is the whole object."""
    rule: Rule
    reason: str
    """A sentence for a log or a message."""

    def __str__(self) -> str:
        return f"{self.path or 'object'}: {self.reason}"


def diff(
    desired: interfaces.Manifest, live: interfaces.Manifest, field_manager: str, *, subresource: str = ""
) -> list[Difference]:
    """Compare what we want with what is there.

    Args:
        desired: What would be applied.
        live: The object as the server shows it, managedFields included.
        field_manager: Who would apply it.
        subresource: "status" compares the status alone; "" all but the status.

    Returns:
        The differences in the order of *desired*; empty: send nothing.
    """
    root = managed_fields.entry(live, field_manager, desired["apiVersion"], subresource)
    if root.ours is None:
        return [_difference((), Rule.NOT_APPLIED)]
    return list(_map((), _relevant(desired, subresource), live, root))


def _relevant(desired: interfaces.Manifest, subresource: str) -> interfaces.Manifest:
    if subresource:
        return {subresource: desired.get(subresource, {})}
    metadata = {name: value for name, value in desired["metadata"].items() if name not in _SYSTEM_METADATA}
    rest = {name: value for name, value in desired.items() if name not in {"apiVersion", "kind", "metadata", "status"}}
    return {"metadata": metadata, **rest} if metadata else rest


_REASONS = {
    Rule.NOT_APPLIED: "it was not applied by us yet",
    Rule.UNOWNED: "it is wanted and another manager has it, or nobody",
    Rule.DIFFERENT: "it is not as wanted",
    Rule.UNWANTED: "it is ours and no longer wanted",
}


def _difference(path: values.Path, rule: Rule, reason: str = "") -> Difference:
    return Difference(values.render(path), rule, reason or _REASONS[rule])


def _map(path: values.Path, wanted: dict[str, Any], live: object, entry: managed_fields.Entry) -> Iterator[Difference]:
    there = live if isinstance(live, dict) else {}
    for name, value in wanted.items():
        yield from _value((*path, name), value, there.get(name), entry.field(name))
    for name in entry.names():
        if name not in wanted:
            yield _difference((*path, name), Rule.UNWANTED)


def _value(path: values.Path, wanted: object, live: object, entry: managed_fields.Entry) -> Iterator[Difference]:
    if entry.ours is None:
        if _claims(wanted, live, entry):
            yield _difference(path, Rule.UNOWNED)
    elif isinstance(wanted, dict) and not (wanted and entry.is_leaf and not entry.is_granular):
        yield from _map(path, wanted, live, entry)
        if not wanted and entry.is_leaf and not values.is_default_of_empty_map(path, live):
            yield _difference(path, Rule.DIFFERENT)
    elif isinstance(wanted, list) and entry.keys():
        yield from _keyed_list(path, wanted, live, entry)
    elif isinstance(wanted, list) and entry.members():
        yield from _set(path, wanted, live, entry)
    elif isinstance(wanted, list) and wanted and entry.is_granular:
        yield _difference(path, Rule.UNOWNED)
    elif not values.is_equal(path, wanted, live):
        yield _difference(path, Rule.DIFFERENT)


def _claims(wanted: object, live: object, entry: managed_fields.Entry) -> bool:
    """Say whether applying *wanted* would give us a field here.

    The server records no owner of an empty list that it merges; an empty map is a claim until somebody owns a part of that map.
    """
    if isinstance(wanted, dict) and wanted:
        there = live if isinstance(live, dict) else {}
        return any(_claims(value, there.get(name), entry.field(name)) for name, value in wanted.items())
    if isinstance(wanted, list) and not wanted:
        return bool(live) and not entry.is_granular
    return not (wanted == {} and entry.is_granular)


def _keyed_list(path: values.Path, wanted: list[Any], live: object, entry: managed_fields.Entry) -> Iterator[Difference]:
    keys = entry.keys()
    there = managed_fields.index_items(live, keys)
    positions = []
    for number, (item, key) in enumerate(zip(wanted, managed_fields.assign_keys(wanted, keys), strict=True)):
        if key is None:
            yield _difference((*path, f"[{number}]"), Rule.UNOWNED)
            continue
        position, found = there.get(key, (-1, None))
        positions.append(position)
        yield from _value((*path, values.key_element(keys.pop(key))), item, found, entry.item(key))
    for unwanted in keys.values():
        yield _difference((*path, values.key_element(unwanted)), Rule.UNWANTED)
    if positions != sorted(positions):
        yield _difference(path, Rule.DIFFERENT, "its items are not in the wanted order")


def _set(path: values.Path, wanted: list[Any], live: object, entry: managed_fields.Entry) -> Iterator[Difference]:
    owned = entry.members()
    there = live if isinstance(live, list) else []
    for member in wanted:
        if member not in owned:
            yield _difference((*path, values.member_element(member)), Rule.UNOWNED)
        elif member not in there:
            yield _difference((*path, values.member_element(member)), Rule.DIFFERENT)
    for member in owned:
        if member not in wanted:
            yield _difference((*path, values.member_element(member)), Rule.UNWANTED)
