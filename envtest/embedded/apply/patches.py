"""JSON patches (RFC 6902) and JSON merge patches (RFC 7386), with the server's deviations from them.

What flows in: a document and a patch, both decoded. What flows out: a new document, or a `status.StatusError`; nothing given is
changed. Pure, safe in any thread. Mirrors github.com/evanphx/json-patch v4 and apiserver pkg/endpoints/handlers/patch.go.
"""

import copy
import re
from typing import Any

from envtest.embedded.api import go_values, status
from envtest.embedded.apply import merging

Json = dict[str, Any]
Value = Any  # of JSON

_MAX_OPERATIONS = 10_000
"""As many as the server takes in one JSON patch."""

_INDEX = re.compile(r"[+-]?[0-9]+")


class _RefusedError(Exception):
    """An operation does not fit the document; the server tells no more than that."""


def json_patch(document: Json, operations: Value) -> Json:
    """Apply a JSON patch.

    Args:
        document: The object.
        operations: The decoded body: a list of operations.

    Raises:
        status.StatusError: The patch is not well formed (400), too long (413), or does not fit the document (422).
    """
    _check_operations(operations)
    root: Json = {"": copy.deepcopy(document)}
    try:
        for operation in operations:
            _operate(root, operation)
        if not isinstance(root[""], dict):
            raise _RefusedError
    except _RefusedError:
        raise status.StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {}) from None
    patched: Json = root[""]
    return patched


def _check_operations(operations: Value) -> None:
    if not isinstance(operations, list):
        raise _undecodable(operations, "value of type []handlers.jsonPatchOp")
    for operation in operations:
        if not isinstance(operation, dict):
            raise _undecodable(operation, "value of type handlers.jsonPatchOp")
        for name in ("op", "path", "from"):
            if not isinstance(operation.get(name, ""), str):
                raise _undecodable(operation[name], f"struct field jsonPatchOp.{name} of type string")
    if len(operations) > _MAX_OPERATIONS:
        text = f"The allowed maximum operations in a JSON patch is {_MAX_OPERATIONS}, got {len(operations)}"
        raise status.StatusError(413, "RequestEntityTooLarge", f"Request entity too large: {text}")


def _undecodable(value: Value, target: str) -> status.StatusError:
    text = f"error decoding patch: json: cannot unmarshal {go_values.json_type_name(value)} into Go {target}"
    return status.bad_request(text)


def _operate(root: Json, operation: Json) -> None:
    kind = operation.get("op")
    if kind == "test":
        _test(root, operation)
    elif kind == "remove":
        _remove(*_place(root, operation, "path"))
    elif kind == "add":
        _add(*_place(root, operation, "path"), copy.deepcopy(operation.get("value")))
    elif kind == "replace":
        _replace(root, operation)
    elif kind in ("move", "copy"):
        container, key = _place(root, operation, "from")
        value = copy.deepcopy(_get(container, key))
        if kind == "move":
            _remove(container, key)
        _add(*_place(root, operation, "path"), value)
    else:
        raise _RefusedError


def _place(root: Json, operation: Json, name: str) -> tuple[Value, str]:
    """Return the map or list that a pointer leads into, and the last key."""
    parts = str(operation.get(name, "")).split("/")
    if len(parts) < 2:
        raise _RefusedError
    keys = [part.replace("~1", "/").replace("~0", "~") for part in parts[1:]]
    container = root[""]
    for key in keys[:-1]:
        container = _get(container, key)
    if not isinstance(container, (dict, list)):
        raise _RefusedError
    return container, keys[-1]


def _get(container: Value, key: str) -> Value:
    """Return what is at *key*, null if a map does not have it."""
    if isinstance(container, dict):
        return container.get(key)
    if isinstance(container, list):
        return container[_index(key, len(container))]
    raise _RefusedError


def _index(key: str, length: int) -> int:
    """Return the position that *key* means in a list; negative ones count from its end."""
    position = int(key) if _INDEX.fullmatch(key) else length
    if not -length <= position < length:
        raise _RefusedError
    return position % length


def _add(container: Value, key: str, value: Value) -> None:
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        container.insert(_index(key, len(container) + 1), value)


def _remove(container: Value, key: str) -> None:
    if isinstance(container, list):
        del container[_index(key, len(container))]
    elif key in container:
        del container[key]
    else:
        raise _RefusedError


def _replace(root: Json, operation: Json) -> None:
    if operation.get("path") == "":
        root[""] = copy.deepcopy(operation.get("value"))
        return
    container, key = _place(root, operation, "path")
    if isinstance(container, dict):
        container[key] = copy.deepcopy(operation.get("value"))  # also if there is nothing yet
    else:
        container[_index(key, len(container))] = copy.deepcopy(operation.get("value"))


def _test(root: Json, operation: Json) -> None:
    found = root[""] if operation.get("path") == "" else _get(*_place(root, operation, "path"))
    if not merging.equal(found, operation.get("value")):
        raise _RefusedError


def merge_patch(document: Json, patch: Value) -> Json:
    """Apply a JSON merge patch.

    Args:
        document: The object.
        patch: The decoded body.

    Raises:
        status.StatusError: The patch is not an object (400).
    """
    if patch is None:
        raise status.bad_request("Invalid JSON Patch")
    if not isinstance(patch, dict):
        raise _undecodable(patch, "value of type map[string]interface {}")
    return _merged(document, patch)


def _merged(document: Json, patch: Json) -> Json:
    merged = dict(document)
    for name, value in patch.items():
        current = merged.get(name)
        if value is None:
            merged.pop(name, None)
        elif isinstance(current, dict) and isinstance(value, dict):
            merged[name] = _merged(current, value)
        else:
            # A list that replaces an object keeps the nulls of its objects, others lose them.
            merged[name] = value if isinstance(current, dict) else _without_nulls(value)
    return merged


def _without_nulls(value: Value) -> Value:
    if isinstance(value, dict):
        return {name: _without_nulls(below) for name, below in value.items() if below is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
