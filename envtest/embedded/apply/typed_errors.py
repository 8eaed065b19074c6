"""What is wrong with a configuration that is applied: fields that its type does not have, values of other types, duplicates.

What flows in: a `schemas.Schema` and a value. What flows out: the server's texts, each with its path. Pure, safe in any thread.
Mirrors sigs.k8s.io/structured-merge-diff typed/validate.go, whose texts show Go's view of values.
"""

from collections.abc import Iterator
from typing import Any

from envtest.embedded.api import go_values
from envtest.embedded.apply import fieldsets, merging
from envtest.embedded.builtin import schemas

Value = Any  # of JSON

_NUMERIC = ("integer", "number")
_TEXT = ("string", "bytes")


def message(schema: schemas.Schema, value: Value) -> str:
    """Return what is wrong with *value*, empty if nothing is."""
    errors = list(_errors(schema, value, ()))
    return errors[0] if len(errors) == 1 else "\n  ".join(["errors:", *errors]) if errors else ""


def _errors(schema: schemas.Schema, value: Value, path: fieldsets.Path) -> Iterator[str]:
    if value is None:
        return
    if schema.kind == "scalar":
        if wrong := _scalar_error(schema, value):
            yield _at(path, wrong)
    elif schema.kind == "list":
        if isinstance(value, list):
            yield from _list_errors(schema, value, path)
        else:
            yield _at(path, f"expected list, got {_go(value)}")
    elif schema.kind in ("struct", "map"):
        if isinstance(value, dict):
            yield from _map_errors(schema, value, path)
        else:
            yield _at(path, f"expected map, got {_go(value)}")


def _at(path: fieldsets.Path, text: str) -> str:
    return f"{fieldsets.text(path)}: {text}" if path else text


def _map_errors(schema: schemas.Schema, value: dict[str, Any], path: fieldsets.Path) -> Iterator[str]:
    for name in sorted(value):
        below = (*path, fieldsets.field(name))
        field = schema.child(name)
        if field is None:
            yield _at(below, "field not declared in schema")
            return
        yield from _errors(field, value[name], below)


def _list_errors(schema: schemas.Schema, value: list[Any], path: fieldsets.Path) -> Iterator[str]:
    has_keys = merging.shape(schema, value) == "items"
    seen = set()
    for index, item in enumerate(value):
        element = f"i:{index}"
        if has_keys:
            try:
                element = merging.element_of(schema, item)
            except merging.ItemError as error:
                yield _at(path, f"element {index}: {error}")
                return
            if element in seen:
                yield _at(path, f"duplicate entries for key {fieldsets.text((element,))}")
            seen.add(element)
        yield from _errors(merging.item_type(schema), item, (*path, element))


def _scalar_error(schema: schemas.Schema, value: Value) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if schema.scalar in _NUMERIC:
        return "" if is_number else f"expected numeric (int or float), got {go_values.type_name(value)}"
    if schema.scalar == "boolean":
        return "" if isinstance(value, bool) else f"expected boolean, got {_go(value)}"
    if schema.scalar in _TEXT and schema.raw.get("format", "") in ("", "byte"):
        return (
            "" if isinstance(value, str) else f"expected string, got &value.valueUnstructured{{Value:{go_values.syntax(value)}}}"
        )
    return f"expected any scalar, got {_go(value)}" if isinstance(value, (dict, list)) else ""


def _go(value: Value) -> str:
    return "&{" + go_values.plain(value) + "}"
