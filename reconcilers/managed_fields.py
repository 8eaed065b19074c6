"""What `metadata.managedFields` says about one field: whether we own it, and how the server merges it.

What flows in: a live object and a field manager. What flows out: an `Entry`, a tree to walk beside the object. Pure; any thread
may call it. Mirrors sigs.k8s.io/structured-merge-diff/fieldpath (the FieldsV1 format); deviation: the JSON tree is read as it is.

A node's children are "f:NAME" (a field), "k:{...}" (an item of a list with keys) and "v:VALUE" (a member of a set); "." stands
for the node itself. A node without children is a leaf: a scalar, an atomic list or map, or an empty map.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from controller.client import interfaces

Fields = dict[str, Any]
"""One node of a FieldsV1 tree."""

_KEY_DEFAULTS = {"protocol": "TCP"}
"""Parts of a list's key that the server fills in when they are left out."""


@dataclass(frozen=True)
class Entry:
    """One place in the trees of all managers."""

    ours: Fields | None
    """Our node; None: we do not own this field, nor anything below it."""
    others: tuple[Fields, ...] = ()
    """The same place in the trees of other managers; it tells how the server merges a field that is not in our tree."""

    @property
    def is_leaf(self) -> bool:
        """Whether we own this field as a whole, and nothing below it."""
        return self.ours is not None and not _has_children(self.ours)

    @property
    def is_granular(self) -> bool:
        """Whether somebody owns a part of this field, so that it is merged part by part."""
        return any(_has_children(node) for node in (self.ours or {}, *self.others))

    def field(self, name: str) -> "Entry":
        """Return the entry of the field *name*."""
        return self._child(f"f:{name}")

    def item(self, key: str) -> "Entry":
        """Return the entry of the list item *key*, a "k:" string as `keys` gives it."""
        return self._child(key)

    def names(self) -> Iterator[str]:
        """Yield the fields that we own."""
        return (child[2:] for child in self.ours or () if child.startswith("f:"))

    def keys(self) -> dict[str, dict[str, Any]]:
        """Return the items that we own in a list with keys: the "k:" string, and the key's fields, defaulted ones included."""
        return {child: msgspec.json.decode(child[2:]) for child in self.ours or () if child.startswith("k:")}

    def members(self) -> list[Any]:
        """Return the members that we own in a set."""
        return [msgspec.json.decode(child[2:]) for child in self.ours or () if child.startswith("v:")]

    def _child(self, child: str) -> "Entry":
        return Entry((self.ours or {}).get(child), tuple(node[child] for node in self.others if child in node))


def entry(live: interfaces.Manifest, field_manager: str, api_version: str, subresource: str = "") -> Entry:
    """Return the root of what *field_manager* owns in *live*.

    Only an entry of operation Apply, of this *api_version* and *subresource* is ours; the rest, what we wrote by other means
    included, counts as another manager's.
    """
    ours: Fields | None = None
    others: list[Fields] = []
    for managed in live["metadata"].get("managedFields") or ():
        identity = (managed.get("manager"), managed.get("operation"), managed.get("apiVersion"), managed.get("subresource", ""))
        if identity == (field_manager, "Apply", api_version, subresource):
            ours = managed.get("fieldsV1") or {}
        else:
            others.append(managed.get("fieldsV1") or {})
    return Entry(ours, tuple(others))


def index_items(live: object, keys: dict[str, dict[str, Any]]) -> dict[str, tuple[int, Any]]:
    """Find the items of *keys* in a live list.

    Args:
        live: The list; anything else counts as empty.
        keys: The keys that we own, as `Entry.keys` gives them.

    Returns:
        The position and the item by "k:" string.
    """
    items = [item for item in live if isinstance(item, dict)] if isinstance(live, list) else []
    by_key: dict[str, tuple[int, Any]] = {}
    names = sorted({name for key in keys.values() for name in key})
    places = {_identity(item, names): (position, item) for position, item in enumerate(items)}
    for text, key in keys.items():
        if (place := places.get(_identity(key, names))) is not None:
            by_key[text] = place
    return by_key


def assign_keys(wanted: list[Any], keys: dict[str, dict[str, Any]]) -> list[str | None]:
    """Find for each wanted item the key by which we own it.

    An item may leave out parts of its key, which the server then defaults; such an item takes a key that no fuller item takes.

    Args:
        wanted: The wanted items.
        keys: The keys that we own, as `Entry.keys` gives them.

    Returns:
        One "k:" string per item; None: we do not own it.
    """
    names = sorted({name for key in keys.values() for name in key})
    defaults = {name: value for name, value in _KEY_DEFAULTS.items() if name in names}
    known = [{**defaults, **{name: item[name] for name in names if isinstance(item, dict) and name in item}} for item in wanted]
    free = dict(keys)
    assigned: list[str | None] = [None] * len(wanted)
    for position in sorted(range(len(wanted)), key=lambda position: -len(known[position])):
        part = known[position]
        wanted_identity = _identity(part, part)
        found = next((text for text, key in free.items() if _identity(key, part) == wanted_identity), None)
        if found is not None:
            del free[found]
        assigned[position] = found
    return assigned


def _identity(item: dict[str, Any], names: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(msgspec.json.encode(item.get(name)) for name in names)


def _has_children(node: Fields) -> bool:
    return any(child != "." for child in node)
