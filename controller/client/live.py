"""Reads and writes straight to the API server.

What flows in: manifests and keys. What flows out: fresh dicts; each successful write is told to the observer in the writing
thread. Any thread. Mirrors controller-runtime/pkg/client/client.go; deviations: plain dicts, server-side apply as the one way
to change, field validation always strict, and refusals without values that may be secret (`redaction`).
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from controller.client import interfaces, redaction, restmapper, transport
from informers import errors, objects

PAGE_SIZE = 500
"""Objects asked for at once, as client-go's pager does."""
FIELD_MANAGER = "coxswain"
"""Of what is created and patched; an apply names its own."""

_Query = dict[str, str]
_T = TypeVar("_T")


class _PageMeta(msgspec.Struct):
    continue_: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct):
    metadata: _PageMeta
    items: list[dict[str, Any]] | None = None


_decode_page = msgspec.json.Decoder(_Page).decode
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


class LiveClient:
    """Implements `interfaces.Client` without a cache."""

    def __init__(
        self,
        connected: transport.Transport,
        mapper: restmapper.RESTMapper,
        on_write: interfaces.WriteObserver | None = None,
        *,
        field_manager: str = FIELD_MANAGER,
    ) -> None:
        self._transport = connected
        self._mapper = mapper
        self._on_write = on_write
        self._field_manager = field_manager

    def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> interfaces.Manifest:
        """Return the object; see `interfaces.Reader.get`."""
        return self._ask(gvk, transport.Request("GET", self._mapper.path(gvk, key)))

    def list(
        self, gvk: objects.GroupVersionKind, *, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[interfaces.Manifest]:
        """Return all objects, page by page; see `interfaces.Reader.list`.

        If the continue token is too old by the time it is used, all is asked for again, at once.
        """
        path = self._mapper.collection_path(gvk, namespace)
        selector = {"labelSelector": ",".join(f"{name}={value}" for name, value in labels.items())} if labels else {}
        found: list[interfaces.Manifest] = []
        query: _Query = {**selector, "limit": str(PAGE_SIZE)}
        while True:
            try:
                page = self._page(gvk, path, query)
            except errors.GoneError:
                found = []
                page = self._page(gvk, path, selector)
            found += [{"apiVersion": gvk.api_version, "kind": gvk.kind, **item} for item in page.items or ()]
            if not page.metadata.continue_:
                return found
            query["continue"] = page.metadata.continue_

    def _page(self, gvk: objects.GroupVersionKind, path: str, query: _Query) -> _Page:
        return _decoded(_decode_page, self._send(gvk, transport.Request("GET", path, dict(query))))

    def apply(self, obj: interfaces.Manifest, options: interfaces.ApplyOptions) -> interfaces.Manifest:
        """Apply server-side; see `interfaces.Writer.apply`."""
        gvk, key = _names(obj)
        path = self._mapper.path(gvk, key, options.subresource)
        query = {"fieldManager": options.field_manager, "force": str(options.force).lower(), "fieldValidation": "Strict"}
        body = msgspec.json.encode(obj)
        return self._write(gvk, transport.Request("PATCH", path, query, body, "application/apply-patch+yaml"))

    def create(self, obj: interfaces.Manifest) -> interfaces.Manifest:
        """Create; see `interfaces.Writer.create`."""
        gvk, key = _names(obj)
        query = {"fieldManager": self._field_manager, "fieldValidation": "Strict"}
        path = self._mapper.collection_path(gvk, key.namespace)
        return self._write(gvk, transport.Request("POST", path, query, msgspec.json.encode(obj)))

    def merge_patch(
        self, gvk: objects.GroupVersionKind, key: objects.ObjectKey, patch: Mapping[str, Any], subresource: str = ""
    ) -> interfaces.Manifest:
        """Merge a patch; see `interfaces.Writer.merge_patch`."""
        path = self._mapper.path(gvk, key, subresource)
        query = {"fieldManager": self._field_manager, "fieldValidation": "Strict"}
        body = msgspec.json.encode(patch)
        return self._write(gvk, transport.Request("PATCH", path, query, body, "application/merge-patch+json"))

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
        answer = self._ask(gvk, transport.Request("DELETE", path, {}, msgspec.json.encode(body)))
        if answer.get("kind") == gvk.kind:  # it lives on: finalizers, or a grace period
            self._observe(gvk, answer, is_deletion=True)
        elif self._on_write is not None:
            uid = preconditions.uid if preconditions else ""
            self._on_write(interfaces.Write(gvk, key, uid or (answer.get("details") or {}).get("uid", ""), "", deleted=True))

    def _write(self, gvk: objects.GroupVersionKind, request: transport.Request) -> interfaces.Manifest:
        stored = self._ask(gvk, request)
        self._observe(gvk, stored)
        return stored

    def _observe(self, gvk: objects.GroupVersionKind, stored: interfaces.Manifest, *, is_deletion: bool = False) -> None:
        if self._on_write is not None:
            metadata = stored["metadata"]
            key = objects.ObjectKey(metadata.get("namespace", ""), metadata["name"])
            labels = metadata.get("labels")
            self._on_write(
                interfaces.Write(gvk, key, metadata["uid"], metadata["resourceVersion"], deleted=is_deletion, labels=labels)
            )

    def _ask(self, gvk: objects.GroupVersionKind, request: transport.Request) -> dict[str, Any]:
        return _decoded(_decode_object, self._send(gvk, request))

    def _send(self, gvk: objects.GroupVersionKind, request: transport.Request) -> bytes:
        """Send, and make sure that no refusal leaves here with a value that may be secret."""
        try:
            return self._transport.request(request).body
        except errors.KindNotFoundError:
            self._mapper.forget(gvk)
            refused: errors.ApiError = restmapper.missing(gvk)
        except errors.ApiError as error:
            refused = redaction.redact(_as_documented(error), gvk)
        # raised here, outside the handlers, so that the chain of exceptions does not hold the server's own words
        raise refused


def _names(obj: interfaces.Manifest) -> tuple[objects.GroupVersionKind, objects.ObjectKey]:
    metadata = obj.get("metadata") or {}
    return objects.GroupVersionKind.of_object(obj), objects.ObjectKey(metadata.get("namespace", ""), metadata.get("name", ""))


def _as_documented(error: errors.ApiError) -> errors.ApiError:
    """Return a conflict where a uid is not the live object's: an apply says 422 there, as if the uid were a field to change."""
    if isinstance(error, errors.InvalidError) and any(cause.field == "metadata.uid" for cause in error.causes):
        return errors.ConflictError(409, "Conflict", "another object has the name by now", causes=error.causes)
    return error


def _decoded(decode: Callable[[bytes], _T], body: bytes) -> _T:
    try:
        return decode(body)
    except ValueError:  # not JSON, or not UTF-8
        raise errors.TransportError("the answer is not that of a Kubernetes API; is there a proxy between?") from None
