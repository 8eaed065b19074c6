"""The order of lists that a strategic merge patch merged: the patch's own, with the rest where it was.

What flows in: the merged items, the order that is wanted, the order that was. What flows out: the items in order. Pure, safe in
any thread. Mirrors normalizeElementOrder of apimachinery pkg/util/strategicpatch.
"""

from typing import Any

Value = Any  # of JSON


def key_of(item: Value, key: str) -> Value:
    """Return what tells *item* apart: its field *key*, or itself if it is no map."""
    return item.get(key) if isinstance(item, dict) else item


def unique(items: list[Value]) -> list[Value]:
    """Return scalars without repetitions."""
    kept: list[Value] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept


def arranged(items: list[Value], wanted: list[Value], before: list[Value], key: str) -> list[Value]:
    """Return *items* in order.

    Args:
        items: What is in the merged list.
        wanted: Items whose order those of *items* with the same key take.
        before: The list as it was: the other items keep its order, and their places before those that follow them there.
        key: The merge key; empty for scalars.
    """
    places = [key_of(item, key) for item in wanted]
    old = [key_of(item, key) for item in before]
    first = sorted((item for item in items if key_of(item, key) in places), key=lambda item: places.index(key_of(item, key)))
    others = [item for item in items if key_of(item, key) not in places]
    others.sort(key=lambda item: old.index(key_of(item, key)) if key_of(item, key) in old else -1)
    merged = []
    while first and others:
        left, right = key_of(others[0], key), key_of(first[0], key)
        is_before = left in old and right in old and old.index(left) < old.index(right)
        merged.append(others.pop(0) if is_before else first.pop(0))
    return merged + first + others
