"""Merging, comparing and pruning of objects by the types of their fields: the heart of server-side apply.

What flows in: a `schemas.Schema` and plain values. What flows out: new values and the `fieldsets.FieldSet` of what is there or of
what changed; nothing given is changed. Pure, safe in any thread. Mirrors sigs.k8s.io/structured-merge-diff typed, with `validate`
in typed_errors.py.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from envtest.embedded.apply import fieldsets
from envtest.embedded.builtin import schemas

Value = Any  # of JSON, or `ABSENT`

Shape = Literal["leaf", "fields", "items"]
"""How a value is owned: as a whole, field by field, or item by item."""


class ItemError(ValueError):
    """An item of a list cannot be told apart from others."""


class Absent:
    """What stands for a value that is not there; null is a value."""

    def __repr__(self) -> str:
        """Return the constant's name."""
        return "ABSENT"


ABSENT: Final = Absent()
"""There is no value."""


@dataclass(frozen=True)
class Comparison:
    """How a value differs from an older one."""

    added: fieldsets.FieldSet
    modified: fieldsets.FieldSet
    removed: fieldsets.FieldSet

    def without(self, ignored: fieldsets.FieldSet) -> "Comparison":
        """Return the differences that are neither in *ignored* nor below."""
        return Comparison(self.added.without(ignored), self.modified.without(ignored), self.removed.without(ignored))


def shape(schema: schemas.Schema, value: Value) -> Shape:
    """Return how *value* is owned; of unknown types by its own form."""
    if schema.kind == "scalar" or schema.is_atomic:
        return "leaf"
    if schema.kind == "list":
        return "leaf" if schema.list_type == "atomic" else "items"
    return "fields" if schema.kind != "any" or value is None or isinstance(value, dict) else "leaf"


def element_of(schema: schemas.Schema, item: Value) -> str:
    """Return the path element of an item of a list of type set or map.

    Raises:
        ItemError: It has none.
    """
    if schema.list_type == "map":
        return _key_element(schema, item)
    if isinstance(item, dict):
        raise ItemError("associative list without keys has an element that's a map type")
    if isinstance(item, list):
        raise ItemError("not supported: associative list with lists as elements")
    if item is None:
        raise ItemError("associative list without keys has an element that's an explicit null")
    return fieldsets.value(item)


def _key_element(schema: schemas.Schema, item: Value) -> str:
    if item is None:
        raise ItemError("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise ItemError("associative list with keys may not have non-map elements")
    fields = {}
    for name in schema.keys:
        default = _default(schema, name)
        if name in item:
            fields[name] = item[name]
        elif default is not schemas.MISSING and default is not None:
            fields[name] = default
    if not fields:
        names = "[" + " ".join(f'"{name}"' for name in schema.keys) + "]"
        rest = "(and doesn't have default values for any key fields)"
        raise ItemError(f"associative list with keys has an element that omits all key fields {names} {rest}")
    return fieldsets.key(fields)


def _default(schema: schemas.Schema, name: str) -> object:
    field = schema.items.properties.get(name) if schema.items is not None else None
    return field.default if field is not None else schemas.MISSING


def field_type(schema: schemas.Schema, name: str) -> schemas.Schema:
    """Return the type of a field or entry; what a struct does not know has any."""
    return schema.child(name) or schemas.ANY


def item_type(schema: schemas.Schema) -> schemas.Schema:
    """Return the type of a list's items."""
    return schema.items or schemas.ANY


def extract(schema: schemas.Schema, value: Value) -> fieldsets.FieldSet:
    """Return the paths of all that *value* has, as one who applies it owns them."""
    return _extract(schema, value)[1]


def _extract(schema: schemas.Schema, value: Value) -> tuple[bool, fieldsets.FieldSet]:
    """Return whether the value's own place is owned, and what is owned below."""
    form = shape(schema, value)
    if form == "leaf":
        return True, fieldsets.EMPTY
    if form == "fields":
        return False, _extract_fields(schema, value) if isinstance(value, dict) else fieldsets.EMPTY
    return False, _extract_items(schema, value) if isinstance(value, list) else fieldsets.EMPTY


def _extract_fields(schema: schemas.Schema, value: dict[str, Any]) -> fieldsets.FieldSet:
    members, children = [], {}
    for name, below in value.items():
        element = fieldsets.field(name)
        is_owned, children[element] = _extract(field_type(schema, name), below)
        # Null and {} have nothing below that could be owned; an entry of a map is owned itself.
        if is_owned or below is None or below == {} or name not in schema.properties:
            members.append(element)
    return fieldsets.FieldSet(members, children)


def _extract_items(schema: schemas.Schema, value: list[Any]) -> fieldsets.FieldSet:
    groups = _by_element(schema, value)
    return fieldsets.FieldSet(
        groups,
        # Duplicates have one owner, as a whole.
        {element: _extract(item_type(schema), items[0])[1] for element, items in groups.items() if len(items) == 1},
    )


def _by_element(schema: schemas.Schema, items: list[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        groups[element_of(schema, item)].append(item)
    return groups


def compare(schema: schemas.Schema, old: Value, new: Value) -> Comparison:
    """Return what became of *old*.

    Raises:
        ItemError: A keyed list has an item without a key.
    """
    walk = _Comparing()
    walk.compare(schema, old, new, ())
    return Comparison(fieldsets.of(walk.added), fieldsets.of(walk.modified), fieldsets.of(walk.removed))


class _Comparing:
    """The paths found so far."""

    def __init__(self) -> None:
        self.added: list[fieldsets.Path] = []
        self.modified: list[fieldsets.Path] = []
        self.removed: list[fieldsets.Path] = []

    def compare(self, schema: schemas.Schema, old: Value, new: Value, path: fieldsets.Path) -> None:
        """Compare what is at *path*; either may be `ABSENT`."""
        if old is new:
            return
        forms = [shape(schema, value) for value in (old, new) if value is not ABSENT]
        was_leaf = False
        for form in dict.fromkeys(forms):
            was_leaf = getattr(self, f"_{form}")(schema, old, new, path)
        if not was_leaf and old is ABSENT:
            self.added.append(path)
        elif not was_leaf and new is ABSENT:
            self.removed.append(path)

    def _leaf(self, _: schemas.Schema, old: Value, new: Value, path: fieldsets.Path) -> bool:
        if old is ABSENT:
            self.added.append(path)
        elif new is ABSENT:
            self.removed.append(path)
        elif not equal(old, new):
            self.modified.append(path)
        return True

    def _fields(self, schema: schemas.Schema, old: Value, new: Value, path: fieldsets.Path) -> bool:
        before, after = _mapping(old), _mapping(new)
        if not before and not after:
            return self._leaf(schema, old, new, path)
        for name in {**before, **after}:
            below = (*path, fieldsets.field(name))
            self.compare(field_type(schema, name), before.get(name, ABSENT), after.get(name, ABSENT), below)
        return False

    def _items(self, schema: schemas.Schema, old: Value, new: Value, path: fieldsets.Path) -> bool:
        before, after = _by_element(schema, _sequence(old)), _by_element(schema, _sequence(new))
        if not before and not after:
            return self._leaf(schema, old, new, path)
        for element in {**before, **after}:
            self._item(item_type(schema), before.get(element, []), after.get(element, []), (*path, element))
        return False

    def _item(self, schema: schemas.Schema, before: list[Any], after: list[Any], path: fieldsets.Path) -> None:
        """Compare the items with one key; more than one on a side are duplicates and count as a whole."""
        if len(before) > 1 and len(after) > 1:
            if not equal(before, after):
                self.modified.append(path)
            return
        if len(before) > 1:
            self.removed.append(path)
        elif len(after) > 1:
            self.added.append(path)
        old = before[0] if len(before) == 1 else ABSENT
        new = after[0] if len(after) == 1 else ABSENT
        if not (old is ABSENT and new is ABSENT):
            self.compare(schema, old, new, path)


def equal(one: Value, other: Value) -> bool:
    """Ask whether two values are the same JSON; 1 is 1.0, but not true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(equal(left, right) for left, right in zip(one, other, strict=True))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _mapping(value: Value) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: Value) -> list[Any]:
    return value if isinstance(value, list) else []


def merge(schema: schemas.Schema, live: Value, applied: Value) -> Value:
    """Return *live* with what is *applied* over it; either may be `ABSENT`.

    Raises:
        ItemError: A keyed list has an item without a key.
    """
    if applied is ABSENT:
        return live
    if live is ABSENT:
        return applied
    form = shape(schema, applied)
    if form == "fields" and (_mapping(live) or _mapping(applied)):
        return _merge_fields(schema, _mapping(live), _mapping(applied))
    if form == "items" and (_sequence(live) or _sequence(applied)):
        return _merge_items(schema, _sequence(live), _sequence(applied))
    return applied


def _merge_fields(schema: schemas.Schema, live: dict[str, Any], applied: dict[str, Any]) -> dict[str, Any]:
    merged = dict(live)
    for name, value in applied.items():
        merged[name] = merge(field_type(schema, name), live.get(name, ABSENT), value)
    return merged


def _merge_items(schema: schemas.Schema, live: list[Any], applied: list[Any]) -> list[Any]:
    groups = _by_element(schema, live)
    # Duplicates are not merged with: what is applied takes their place.
    before = {element: items[0] if len(items) == 1 else None for element, items in groups.items()}
    after = {element_of(schema, item): item for item in applied}
    places = [element_of(schema, item) for item in live]
    merged = []
    for element, index in _order(places, list(after)):
        if element in after:
            merged.append(merge(item_type(schema), before.get(element, ABSENT), after[element]))
        else:
            merged.append(live[index])
    return merged


def _order(live: list[str], applied: list[str]) -> Iterator[tuple[str, int]]:
    """Yield the elements in the order of the merged list, and the position in *live* of those not applied.

    What is applied comes in its own order, what is only live stays before what it stood before.
    """
    wanted, known, done = set(applied), set(live), set[str]()
    shared = iter([element for element in applied if element in known])
    next_shared = next(shared, None)
    left = right = 0
    while left < len(live) or right < len(applied):
        is_between = left < len(live) and right < len(applied) and live[left] != applied[right]
        if is_between and next_shared is not None and live[left] in wanted and live[left] != next_shared:
            left += 1  # it comes later, where it is applied
            continue
        if left < len(live):
            if live[left] not in wanted:
                yield live[left], left
                left += 1
                continue
            if live[left] in done or (right < len(applied) and live[left] == applied[right]):
                left += 1
        if right < len(applied):
            element = applied[right]
            done.add(element)
            yield element, -1
            right += 1
            if element == next_shared:
                next_shared = next(shared, None)


def remove(schema: schemas.Schema, value: Value, paths: fieldsets.FieldSet) -> Value:
    """Return *value* without what is at *paths*; None if nothing is left of it."""
    form = shape(schema, value)
    if form == "fields" and isinstance(value, dict):
        return _remove_fields(schema, value, paths) or None
    if form == "items" and isinstance(value, list):
        return _remove_items(schema, value, paths) or None
    return value if schema.kind == "scalar" or not isinstance(value, (dict, list)) else None


def _remove_fields(schema: schemas.Schema, value: dict[str, Any], paths: fieldsets.FieldSet) -> dict[str, Any]:
    kept = {}
    for name, below in value.items():
        element = fieldsets.field(name)
        if element not in paths.members:
            deeper = paths.below(element)
            kept[name] = remove(field_type(schema, name), below, deeper) if deeper else below
    return kept


def _remove_items(schema: schemas.Schema, value: list[Any], paths: fieldsets.FieldSet) -> list[Any]:
    kept = []
    for item in value:
        element = element_of(schema, item)
        if element not in paths.members:
            deeper = paths.below(element)
            kept.append(remove(item_type(schema), item, deeper) if deeper else item)
    return kept
