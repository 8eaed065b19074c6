"""Objects in other shapes: as rows of a table, or only their metadata.

What flows in: objects and pages. What flows out: Tables and PartialObjectMetadata. Pure. Mirrors apiserver
pkg/endpoints/handlers/response.go.
"""

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from envtest.embedded.api import lists, watches
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources
from envtest.embedded.http import negotiation
from envtest.embedded.tables import tables

_META = "meta.k8s.io/v1"


def of_object(
    shape: negotiation.Shape, resource: resources.Resource, query: Mapping[str, str], now: datetime.datetime
) -> watches.Shape:
    """Return what makes of an object what is wanted."""
    if shape == "metadata":
        return negotiation.only_metadata
    return lambda obj: tables.table(resource, [obj], **_how(query, now, obj["metadata"].get("resourceVersion", "")))


def of_event(
    shape: negotiation.Shape, resource: resources.Resource, query: Mapping[str, str], clock: Callable[[], datetime.datetime]
) -> watches.Shape | None:
    """Return what makes of a watched object what is wanted; None: nothing. A bookmark's object is no row."""
    if shape == "object":
        return None
    if shape == "metadata":
        return negotiation.only_metadata
    is_first = True

    def row(obj: Json) -> Json:
        nonlocal is_first
        if "uid" not in obj["metadata"]:
            return obj
        table = tables.table(resource, [obj], **_how(query, clock(), obj["metadata"]["resourceVersion"]))
        if not is_first:
            table["columnDefinitions"] = None
        is_first = False
        return table

    return row


def of_list(
    shape: negotiation.Shape, resource: resources.Resource, query: Mapping[str, str], now: datetime.datetime
) -> Callable[[lists.Page], Json]:
    """Return what makes of a page what is wanted."""

    def make(page: lists.Page) -> Json:
        if shape == "metadata":
            items = [negotiation.only_metadata(obj) for obj in page.items]
            return {"kind": "PartialObjectMetadataList", "apiVersion": _META, "metadata": page.metadata, "items": items or None}
        table = tables.table(resource, page.items, **_how(query, now, str(page.revision)))
        return {**table, "metadata": page.metadata}

    return make


def _how(query: Mapping[str, str], now: datetime.datetime, version: str) -> dict[str, Any]:
    return {"include": query.get("includeObject") or "Metadata", "now": now, "resource_version": version}
