"""Strategic merge patches: merge patches that know the types of built-in kinds, and have directives.

What flows in: a kind's `schemas.Schema`, an object, a patch. What flows out: the patched object, or a `status.StatusError`;
nothing given is changed. Pure, safe in any thread. Mirrors apimachinery pkg/util/strategicpatch; where Go's random order of keys
decides there, values are merged before members of lists are deleted.
"""

from typing import Any

from envtest.embedded.api import go_values, status
from envtest.embedded.apply import element_order
from envtest.embedded.builtin import schemas

Json = dict[str, Any]
Value = Any  # of JSON

_DIRECTIVE = "$patch"
_RETAIN = "$retainKeys"
_DELETE_PREFIX = "$deleteFromPrimitiveList/"
_ORDER_PREFIX = "$setElementOrder/"


def patch(schema: schemas.Schema, document: Json, changes: Value) -> Json:
    """Apply a strategic merge patch.

    Args:
        schema: The type of the whole object.
        document: The object.
        changes: The decoded body.

    Raises:
        status.StatusError: The patch is not well formed.
    """
    if not isinstance(changes, dict):
        kind = go_values.json_type_name(changes)
        raise status.bad_request(f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")
    return _merge_map(schema, document, changes)


def _merge_map(schema: schemas.Schema, document: Json, changes: Json) -> Json:
    if _DIRECTIVE in changes:
        return _replaced(changes)
    merged = _retained(document, changes)
    rest = {name: value for name, value in changes.items() if name != _RETAIN}
    for name in [name for name in rest if name.startswith(_ORDER_PREFIX)]:
        order = rest.pop(name)
        field = name.removeprefix(_ORDER_PREFIX)
        _merge_ordered(schema, merged, field, (rest.pop(field, None), order))
    for name in sorted(rest, key=lambda name: name.startswith("$")):
        is_deletion = name.startswith(_DELETE_PREFIX)
        _merge_field(schema, merged, name.removeprefix(_DELETE_PREFIX), rest[name], is_deletion=is_deletion)
    return merged


def _replaced(changes: Json) -> Json:
    directive = changes[_DIRECTIVE]
    if directive == "replace":
        return {name: value for name, value in changes.items() if name != _DIRECTIVE}
    if directive == "delete":
        return {}
    raise _failure(f"unknown patch type: {go_values.plain(directive)} in map: {go_values.plain(changes)}")


def _failure(text: str) -> status.StatusError:
    """Return the error of a patch that the server did not expect."""
    return status.StatusError(500, "", text)


def _retained(document: Json, changes: Json) -> Json:
    """Return a copy of *document*, with nothing but the fields that *changes* wants to retain, if it says so."""
    if _RETAIN not in changes:
        return dict(document)
    names = changes[_RETAIN]
    given = {
        name
        for name, value in changes.items()
        if value is not None and not name.startswith((_DELETE_PREFIX, _ORDER_PREFIX)) and name != _RETAIN
    }
    if not isinstance(names, list) or not all(name in names for name in given):
        raise status.bad_request("invalid patch format of retainKeys")
    return {name: value for name, value in document.items() if name in names}


def _merge_field(schema: schemas.Schema, merged: Json, name: str, value: Value, *, is_deletion: bool) -> None:
    """Merge *value* into a field of *merged*."""
    current: Value = merged.get(name)
    if value is None:
        merged.pop(name, None)
    elif type(current) is not type(value):
        if not is_deletion:
            _set(merged, name, _without_directives(_without_nulls(value)))
    elif isinstance(value, dict):
        field = _field(schema, name)
        merged[name] = value if "replace" in field.patch_strategy else _merge_map(field, current, value)
    elif isinstance(value, list):
        field = _field(schema, name)
        if "merge" in field.patch_strategy or is_deletion:
            value = _merge_list(field, current, value, is_deletion=is_deletion)
        merged[name] = value
    else:
        merged[name] = value


def _field(schema: schemas.Schema, name: str) -> schemas.Schema:
    return schema.child(name) or schemas.ANY


_NOTHING = object()
"""Stands for a value that is a directive."""


def _set(merged: Json, name: str, value: Value) -> None:
    if value is _NOTHING:
        merged.pop(name, None)
    else:
        merged[name] = value


def _without_directives(value: Value) -> Value:
    if isinstance(value, dict):
        if _DIRECTIVE in value:
            return _NOTHING
        kept = {name: _without_directives(below) for name, below in value.items()}
        return {name: below for name, below in kept.items() if below is not _NOTHING}
    if isinstance(value, list):
        items = [_without_directives(item) for item in value]
        return [item for item in items if item is not _NOTHING]
    return value


def _without_nulls(value: Value) -> Value:
    if isinstance(value, dict):
        return {name: _without_nulls(below) for name, below in value.items() if below is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _merge_list(schema: schemas.Schema, current: list[Value], changes: list[Value], *, is_deletion: bool = False) -> list[Value]:
    """Merge lists whose strategy is merge; with *is_deletion* remove *changes* from *current*."""
    if not current and not changes:
        return current
    if not _are_maps(current, changes):
        if is_deletion:
            return [item for item in current if item not in changes]
        merged = element_order.unique(current + changes)
        return element_order.arranged(merged, changes, current, "")
    key = schema.merge_key
    if not key:
        raise _failure(f"cannot merge lists without merge key for {schema.name}")
    current, changes = _without_special(current, changes, key)
    merged = list(current)
    for item in changes:
        _merge_item(schema.items or schemas.ANY, merged, item, key)
    return element_order.arranged(merged, changes, current, key)


def _are_maps(*lists: list[Value]) -> bool:
    """Ask whether the items are maps; all must be of one type, and no lists."""
    types = {type(item) for items in lists for item in items}
    if list in types:
        raise status.StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {})
    if len(types) > 1:
        raise _failure(f"list element types are not identical: {go_values.plain(list(lists))}")
    return dict in types


def _without_special(current: list[Json], changes: list[Json], key: str) -> tuple[list[Json], list[Json]]:
    """Obey the items of *changes* that are directives; return what is left of both lists."""
    plain = [item for item in changes if _DIRECTIVE not in item]
    is_replaced = False
    for item in changes:
        directive = item.get(_DIRECTIVE)
        if directive == "delete":
            if key not in item:
                raise _no_key(item, key)
            current = [other for other in current if other.get(key) != item[key]]
        elif directive == "replace":
            is_replaced = True
        elif directive == "merge":
            raise _failure("merging lists cannot yet be specified in the patch")
        elif _DIRECTIVE in item:
            raise _failure(f"unknown patch type: {go_values.plain(directive)} in map: {go_values.plain(item)}")
    return (plain, []) if is_replaced else (current, plain)


def _no_key(item: Json, key: str) -> status.StatusError:
    return _failure(f"map: {go_values.plain(item)} does not contain declared merge key: {key}")


def _merge_item(schema: schemas.Schema, merged: list[Json], item: Json, key: str) -> None:
    """Merge *item* into the one with the same key, or append it."""
    if key not in item:
        raise _no_key(item, key)
    for index, other in enumerate(merged):
        if key in other and other[key] == item[key]:
            merged[index] = _merge_map(schema, other, item)
            return
    merged.append(item)


def _merge_ordered(schema: schemas.Schema, merged: Json, name: str, patched: tuple[Value, Value]) -> None:
    """Merge a list whose order is given.

    Args:
        schema: The type of the object that has the list.
        merged: The object.
        name: The list's field.
        patched: What the patch has for the list, or None, and the order.
    """
    changes, order = patched
    current: Value = merged.get(name)
    for given in (order, current if name in merged else [], changes if changes is not None else []):
        if not isinstance(given, list):
            raise _failure(f"expected a []interface {{}}, but received a {go_values.type_name(given)}")
    field = _field(schema, name)
    _check_order(changes or [], order, field.merge_key)
    if changes is None and current is None:
        return
    if changes is None:
        items: Value = current
    elif current is None:
        items = _without_directives(changes)
    else:
        items = _merge_list(field, current, changes) if "merge" in field.patch_strategy else changes
    merged[name] = element_order.arranged(items, order, current or [], field.merge_key)


def _check_order(changes: list[Value], order: list[Value], key: str) -> None:
    """Check that what is changed stands in the order that the patch asks for."""
    wanted = [element_order.key_of(item, key) for item in changes if not (isinstance(item, dict) and _DIRECTIVE in item)]
    places = iter([element_order.key_of(item, key) for item in order])
    if order and not all(any(place == item for place in places) for item in wanted):
        shown = f"{go_values.plain(changes)}\n doesn't match $setElementOrder list:\n{go_values.plain(order)}\n"
        raise _failure(f"The order in patch list:\n{shown}")
