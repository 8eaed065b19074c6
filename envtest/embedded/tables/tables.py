"""Tables: what ``kubectl get`` shows of objects.

What flows in: objects, as they are kept, and the time. What flows out: a meta.k8s.io/v1 Table. Pure. Mirrors apiserver
pkg/registry/rest/table.go and apiextensions-apiserver pkg/registry/customresource/tableconvertor.
"""

import datetime
from collections.abc import Callable, Sequence
from typing import Any, Final

from envtest.embedded.api.status import Json
from envtest.embedded.apply import json_values
from envtest.embedded.apply.json_values import Value
from envtest.embedded.builtin.resources import Column, Resource
from envtest.embedded.tables import cells, durations, jsonpath, network_cells, pod_cells

_API_VERSION: Final = "meta.k8s.io/v1"
_PRINTERS: Final[dict[str, cells.Printer]] = {**cells.PRINTERS, **network_cells.PRINTERS, "pods": pod_cells.pod}
_CONDITIONS: Final = {
    "Succeeded": {"type": "Completed", "status": "True", "reason": "Succeeded", "message": "The pod has completed successfully."},
    "Failed": {"type": "Completed", "status": "True", "reason": "Failed", "message": "The pod failed."},
}
"""Of the rows of pods that are at their end."""


def table(
    resource: Resource, objects: Sequence[Json], *, now: datetime.datetime, include: str = "Metadata", resource_version: str = ""
) -> Json:
    """Return *objects* as the rows of a table.

    Args:
        resource: Their kind.
        objects: They.
        now: The time that ages are counted to.
        include: What each row carries of its object: Metadata, Object or None.
        resource_version: The version of the list, or of the object if it is one.
    """
    make = _cells_of_custom(resource.columns) if resource.is_custom else _PRINTERS.get(resource.storage_key, cells.plain)
    metadata = {"resourceVersion": resource_version} if resource_version else {}
    return {
        "kind": "Table",
        "apiVersion": _API_VERSION,
        "metadata": metadata,
        "columnDefinitions": [_definition(column) for column in _columns(resource)],
        "rows": [_row(resource, obj, make(obj, now), include) for obj in objects],
    }


def _columns(resource: Resource) -> Sequence[Column]:
    return (cells.NAME, *resource.columns) if resource.is_custom else resource.columns


def _definition(column: Column) -> Json:
    names = ("name", "type", "format", "description", "priority")
    return {name: getattr(column, name) for name in names}


def _row(resource: Resource, obj: Json, values: list[Any], include: str) -> Json:
    row: Json = {"cells": values}
    condition = _CONDITIONS.get(obj.get("status", {}).get("phase", "")) if resource.storage_key == "pods" else None
    if condition:
        row["conditions"] = [condition]
    row["object"] = None
    if include == "Object":
        row["object"] = obj
    elif include != "None":
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": _API_VERSION, "metadata": obj["metadata"]}
    return row


def _cells_of_custom(columns: Sequence[Column]) -> Callable[[Json, datetime.datetime], list[Any]]:
    paths = [(column.type, jsonpath.compiled(column.json_path)) for column in columns]

    def make(obj: Json, now: datetime.datetime) -> list[Any]:
        found = [(kind, path.find(obj)) for kind, path in paths]
        return [obj["metadata"]["name"], *(_cell(kind, values[0], now) if values else None for kind, values in found)]

    return make


def _cell(kind: str, value: Value, now: datetime.datetime) -> Value:
    """Return the cell of a custom kind's column; a value of another type is shown as nothing."""
    given = json_values.type_of(value)
    if kind == "string":
        return None if value is None else jsonpath.printed(value)
    if kind == "date":
        return _age(value, now) if isinstance(value, str) else None
    if kind == "integer":
        return int(value) if given in ("integer", "number") else None
    if kind == "number":
        return float(value) if given in ("integer", "number") else None
    return value if given == kind else None


def _age(value: str, now: datetime.datetime) -> str:
    try:
        since = datetime.datetime.fromisoformat(value)
    except ValueError:
        return "<invalid>"
    return durations.age((now - since).total_seconds()) if since.tzinfo else "<invalid>"
