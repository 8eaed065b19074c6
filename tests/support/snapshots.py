"""Snapshots for tests, from a few facts."""

from typing import Any

import msgspec

from informers import objects

CONFIG_MAP = objects.GroupVersionKind("", "v1", "ConfigMap")


def snapshot(
    name: str = "a", *, gvk: objects.GroupVersionKind = CONFIG_MAP, body: dict[str, Any] | None = None, **meta: Any
) -> objects.Snapshot:
    """Build a snapshot; *meta* are further metadata fields in their JSON names."""
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}", "resourceVersion": "1", **meta}
    raw = msgspec.json.encode({"apiVersion": gvk.api_version, "kind": gvk.kind, "metadata": metadata, **(body or {})})
    return objects.Snapshot.parse(gvk, raw)
