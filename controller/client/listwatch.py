"""Lists and watches of one collection over the transport.

What flows in: a reflector's requests. What flows out: pages of raw items, and streams. One reflector's thread. Mirrors
client-go's tools/cache/listwatch.go.
"""

import msgspec

from controller.client import redaction, restmapper, stream, transport
from informers import errors, factory, listwatch

LIST_SECONDS = 60.0
"""A page's deadline; the server gives up after as long."""


class _Meta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _RawPage(msgspec.Struct):
    metadata: _Meta
    items: list[msgspec.Raw] | None = None


_decode_page = msgspec.json.Decoder(_RawPage).decode


class RESTListerWatcher:
    """Implements `listwatch.ListerWatcher` for one informer."""

    def __init__(self, connected: transport.Transport, mapper: restmapper.RESTMapper, key: factory.InformerKey) -> None:
        self._transport = connected
        self._mapper = mapper
        self._key = key

    def _path(self) -> str:
        return self._mapper.collection_path(self._key.gvk, self._key.namespace)

    def _query(self) -> dict[str, str]:
        selectors = {"labelSelector": self._key.label_selector, "fieldSelector": self._key.field_selector}
        return {name: value for name, value in selectors.items() if value}

    def list_page(self, options: listwatch.ListOptions) -> listwatch.ListPage:
        """Ask for one page; see `listwatch.ListerWatcher.list_page`."""
        query = self._query()
        if options.resource_version:
            query["resourceVersion"] = options.resource_version
        if options.limit:
            query["limit"] = str(options.limit)
        if options.continue_token:
            query["continue"] = options.continue_token
        request = transport.Request("GET", self._path(), query, timeout_seconds=LIST_SECONDS, is_informers=True)
        try:
            page = _decode_page(self._transport.request(request).body)
        except errors.ApiError as error:
            refused = self._explained(error)
        except ValueError:  # not JSON, or not UTF-8
            raise errors.TransportError(f"GET {self._transport.host}{request.path}: the answer is not a list") from None
        else:
            # Each item gets a buffer of its own, so that the page's is freed.
            items = [bytes(item) for item in page.items or ()]
            return listwatch.ListPage(items, page.metadata.resource_version, page.metadata.continue_)
        raise refused

    def watch(self, options: listwatch.WatchOptions) -> stream.WatchStream:
        """Start a watch; see `listwatch.ListerWatcher.watch`."""
        query = self._query() | {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": options.resource_version,
            "timeoutSeconds": str(options.timeout_seconds),
        }
        if options.send_initial_events:
            query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        try:
            return self._transport.stream(self._path(), query)
        except errors.ApiError as error:
            refused = self._explained(error)
        raise refused

    def _explained(self, error: errors.ApiError) -> errors.ApiError:
        if isinstance(error, errors.NotFoundError):
            self._mapper.forget(self._key.gvk)
            return restmapper.missing(self._key.gvk)
        return redaction.redact(error, self._key.gvk)
