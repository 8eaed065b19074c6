"""Reads and writes straight to the API server.

What flows in: manifests and keys. What flows out: fresh dicts; each successful write is told to the observer in the writing
thread. Any thread. Mirrors controller-runtime/pkg/client/client.go; deviations: plain dicts, server-side apply as the one way
to change.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from controller.client import interfaces, redaction, restmapper, transport
from informers import errors, objects

PAGE_SIZE = 500

_Query = dict[str, str]


class _Page(msgspec.Struct):
    items: list[dict[str, Any]] = []
    metadata: dict[str, Any] = {}


class LiveClient:
    """Implements `interfaces.Client` without a cache."""

    def __init__(
        self,
        connected: transport.Transport,
        mapper: restmapper.RESTMapper,
        on_write: interfaces.WriteObserver | None = None,
        *,
        field_manager: str = "coxswain",
    ) -> None:
        self._transport = connected
        self._mapper = mapper
        self._on_write = on_write
        self._field_manager = field_manager

    def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> interfaces.Manifest:
        """Return the object; see `interfaces.Reader.get`."""
        return self._call(gvk, transport.Request("GET", self._mapper.path(gvk, key)))

    def list(
        self, gvk: objects.GroupVersionKind, *, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[interfaces.Manifest]:
        """Return all objects, page by page; see `interfaces.Reader.list`."""
        path = self._mapper.path(gvk, objects.ObjectKey(namespace, ""))
        query: _Query = {"limit": str(PAGE_SIZE)}
        if labels:
            query["labelSelector"] = ",".join(f"{name}={value}" for name, value in labels.items())
        found: list[interfaces.Manifest] = []
        while True:
            page = msgspec.convert(self._call(gvk, transport.Request("GET", path, query)), _Page)
            found += [{"apiVersion": gvk.api_version, "kind": gvk.kind, **item} for item in page.items]
            if not page.metadata.get("continue"):
                return found
            query = {**query, "continue": page.metadata["continue"]}

    def apply(self, obj: interfaces.Manifest, options: interfaces.ApplyOptions) -> interfaces.Manifest:
        """Apply server-side; see `interfaces.Writer.apply`."""
        query = {"fieldManager": options.field_manager, "force": str(options.force).lower(), "fieldValidation": "Strict"}
        return self._write("PATCH", obj, (query, "application/apply-patch+yaml", options.subresource))

    def create(self, obj: interfaces.Manifest) -> interfaces.Manifest:
        """Create; see `interfaces.Writer.create`."""
        query = {"fieldManager": self._field_manager, "fieldValidation": "Strict"}
        return self._write("POST", obj, (query, "application/json", ""))

    def _write(self, method: str, obj: interfaces.Manifest, how: tuple[_Query, str, str]) -> interfaces.Manifest:
        query, content_type, subresource = how
        gvk, metadata = objects.GroupVersionKind.of_object(obj), obj["metadata"]
        key = objects.ObjectKey(metadata.get("namespace", ""), "" if method == "POST" else metadata["name"])
        path = self._mapper.path(gvk, key, subresource)
        stored = self._call(gvk, transport.Request(method, path, query, msgspec.json.encode(obj), content_type))
        self._observe(gvk, stored)
        return stored

    def merge_patch(
        self, gvk: objects.GroupVersionKind, key: objects.ObjectKey, patch: Mapping[str, Any], subresource: str = ""
    ) -> interfaces.Manifest:
        """Merge *patch* into an object (RFC 7386) and return it as stored.

        Raises:
            errors.NotFoundError: There is none.
        """
        path, query = self._mapper.path(gvk, key, subresource), {"fieldManager": self._field_manager}
        body = msgspec.json.encode(patch)
        stored = self._call(gvk, transport.Request("PATCH", path, query, body, "application/merge-patch+json"))
        self._observe(gvk, stored)
        return stored

    def patch_series(self, key: objects.ObjectKey, series: interfaces.Manifest) -> None:
        """Set the field `series` of an events.k8s.io/v1 Event."""
        self.merge_patch(objects.GroupVersionKind("events.k8s.io", "v1", "Event"), key, {"series": series})

    def delete(
        self,
        gvk: objects.GroupVersionKind,
        key: objects.ObjectKey,
        preconditions: interfaces.Preconditions | None = None,
        *,
        propagation_policy: str = "Background",
    ) -> None:
        """Delete; see `interfaces.Writer.delete`."""
        body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation_policy}
        if preconditions is not None:
            given = {"uid": preconditions.uid, "resourceVersion": preconditions.resource_version}
            body["preconditions"] = {name: value for name, value in given.items() if value}
        path = self._mapper.path(gvk, key)
        answer = self._call(gvk, transport.Request("DELETE", path, {}, msgspec.json.encode(body)))
        uid = preconditions.uid if preconditions else str((answer.get("details") or {}).get("uid", ""))
        if answer.get("kind") == gvk.kind:  # it lives on until its finalizers are done
            uid = answer["metadata"]["uid"]
        if self._on_write is not None and uid:
            self._on_write(interfaces.Write(gvk, key, uid, "", deleted=True))

    def _observe(self, gvk: objects.GroupVersionKind, stored: interfaces.Manifest) -> None:
        if self._on_write is not None:
            metadata = stored["metadata"]
            key = objects.ObjectKey(metadata.get("namespace", ""), metadata["name"])
            labels = metadata.get("labels")
            self._on_write(interfaces.Write(gvk, key, metadata["uid"], metadata["resourceVersion"], labels=labels))

    def _call(self, gvk: objects.GroupVersionKind, request: transport.Request) -> dict[str, Any]:
        """Send, and make sure that no refusal leaves here with a value that may be secret."""
        try:
            answer = self._transport.request(request)
        except errors.ApiError as error:
            refused = self._explained(gvk, error)
        else:
            decoded: dict[str, Any] = msgspec.json.decode(answer.body)
            return decoded
        # raised here, outside the handler, so that the chain of exceptions does not hold the server's own words
        raise refused

    def _explained(self, gvk: objects.GroupVersionKind, error: errors.ApiError) -> errors.ApiError:
        # The server's 404 of a path that it does not serve is plain text, that of an object is a Status.
        if isinstance(error, errors.NotFoundError) and not error.reason:
            self._mapper.forget(gvk)
            return restmapper.missing(gvk)
        return redaction.redact(error, gvk)
