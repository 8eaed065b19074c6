"""The scale of custom resources: where their numbers of replicas are.

What flows in: the scale subresource of a definition's version; objects. What flows out: Scales, objects with other numbers,
causes. Pure. Mirrors apiextensions-apiserver pkg/registry/customresource/etcd.go (ScaleREST) and validator.go.
"""

from collections.abc import Sequence
from typing import Final

from envtest.embedded.api import status
from envtest.embedded.api.status import Cause, Json
from envtest.embedded.apply import json_values
from envtest.embedded.apply.json_values import Value
from envtest.embedded.validation import field_errors

_GREATEST: Final = 2**31 - 1
_GO_TYPES: Final = {
    "string": "string",
    "boolean": "bool",
    "number": "float64",
    "integer": "int64",
    "array": "[]interface {}",
    "object": "map[string]interface {}",
}
_IDENTITY: Final = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


class _AccessError(ValueError):
    """A path leads to a value of another type."""


class Scaling:
    """Reads and writes the numbers of replicas of one kind."""

    def __init__(self, paths: Json) -> None:
        self._wanted: str = paths["specReplicasPath"]
        self._seen: str = paths["statusReplicasPath"]
        self._selector: str = paths.get("labelSelectorPath", "")

    def causes(self, value: Json, *, with_spec: bool) -> list[Cause]:
        """Return what is wrong with the numbers, and with the selector."""
        found = _count_causes(self._wanted, value) if with_spec else []
        found += _count_causes(self._seen, value)
        if self._selector:
            try:
                _nested(value, self._selector, str)
            except _AccessError as error:
                found.append(field_errors.invalid(self._selector, "", str(error)))
        return found

    def read(self, value: Json) -> Json:
        """Return the Scale of an object.

        Raises:
            envtest.embedded.status.StatusError: It says no number of replicas.
        """
        wanted = _nested(value, self._wanted, int)
        if wanted is None:
            raise status.internal(f'the spec replicas field "{self._wanted}" does not exist')
        selector = _nested(value, self._selector, str) if self._selector else None
        seen = {"replicas": _nested(value, self._seen, int) or 0}
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {name: value["metadata"][name] for name in _IDENTITY if name in value["metadata"]},
            "spec": {"replicas": wanted} if wanted else {},
            "status": {**seen, "selector": selector} if selector else seen,
        }

    def write(self, value: Json, scale: Json) -> Json:
        """Return an object with the replicas of *scale*."""
        return _with(value, _names(self._wanted), (scale.get("spec") or {}).get("replicas") or 0)


def _names(path: str) -> list[str]:
    return path.removeprefix(".").split(".")


def _shown(value: Value) -> str:
    return field_errors.go_float(value) if isinstance(value, float) else str(value)


def _nested(value: Value, path: str, wanted: type[int] | type[str]) -> Value:
    """Return what is at *path*, None if nothing is.

    Raises:
        _AccessError: It has another type.
    """
    at = ""
    for name in _names(path):
        at += f".{name}"
        if value is None:
            return None
        if not isinstance(value, dict):
            raise _error(at, value, "map[string]interface{}")
        value = value.get(name)
    if value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
        raise _error(path, value, "int64" if wanted is int else "string")
    return value


def _error(path: str, value: Value, wanted: str) -> _AccessError:
    given = _GO_TYPES[json_values.type_of(value)]
    return _AccessError(f"{path} accessor error: {_shown(value)} is of the type {given}, expected {wanted}")


def _with(value: Json, names: Sequence[str], replicas: int) -> Json:
    first, *rest = names
    return {**value, first: _with(value.get(first) or {}, rest, replicas) if rest else replicas}


def _count_causes(path: str, value: Json) -> list[Cause]:
    try:
        count = _nested(value, path, int) or 0
    except _AccessError as error:
        return [field_errors.invalid(path, 0, str(error))]
    if count < 0:
        return [field_errors.invalid(path, count, "should be a non-negative integer")]
    return [field_errors.invalid(path, count, f"should be less than or equal to {_GREATEST}")] if count > _GREATEST else []
