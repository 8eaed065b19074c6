"""Lists: in pages, at a resourceVersion, of what selectors choose.

What flows in: a collection and `requests.ListOptions`. What flows out: a `Page`. The loop's thread. Mirrors apiserver
pkg/storage/etcd3/store.go (GetList), pkg/storage/continue.go and pkg/storage/cacher/delegator.
"""

import base64
import binascii
import itertools
import json
from dataclasses import dataclass

from envtest.embedded.api import pipeline, requests, selectors, status, store
from envtest.embedded.api.status import Json

_CONTINUE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted "
    "between the time the first chunk was returned and now may show up in the list."
)
_LIST_TOO_OLD = "The resourceVersion for the provided list is too old."
_VERSION_OF_TOKENS = "meta.k8s.io/v1"
_INCONSISTENT = -1
_EXACT = "Exact"


@dataclass(frozen=True)
class Page:
    """A part of a collection."""

    items: list[Json]
    """In the version of the target."""
    revision: int
    next: str = ""
    """The token with which the next page is asked for; empty: this is the last."""
    remaining: int | None = None
    """How many objects are left; None: not known, because there are selectors, or none."""

    @property
    def metadata(self) -> Json:
        """The ListMeta."""
        found: Json = {"resourceVersion": str(self.revision)}
        if self.next:
            found["continue"] = self.next
        if self.next and self.remaining is not None:
            found["remainingItemCount"] = self.remaining
        return found


@dataclass(frozen=True)
class _Start:
    """Where a page begins."""

    revision: int
    """At which the collection is read; `_INCONSISTENT`: now."""
    key: str


def read(api: pipeline.Api, target: requests.Target, options: requests.ListOptions) -> Page:
    """List a collection.

    Raises:
        status.StatusError: The options make no sense, or history does not reach back so far.
    """
    selector = selectors.parse(target.resource, options.label_selector, options.field_selector)
    prefix = f"{target.namespace}/" if target.namespace else ""
    snapshot, revision, start, limit = _place(api, target, options, prefix)
    matching = (obj for obj in snapshot.page(prefix, start, 0) if selector.matches(obj))
    items = list(itertools.islice(matching, limit)) if limit else list(matching)
    served = [api.served(target.resource, obj) for obj in items]
    following = store.key(items[-1]) + "\0" if limit and len(items) == limit else ""
    if not following or not snapshot.page(prefix, following, 1):
        return Page(served, revision)
    remaining = len(snapshot.page(prefix, following, 0)) if selector.is_everything else None
    return Page(served, revision, _token(_Start(revision, following), prefix), remaining)


def _place(
    api: pipeline.Api, target: requests.Target, options: requests.ListOptions, prefix: str
) -> tuple[store.Snapshot, int, str, int]:
    """Find the collection as of the wanted revision, that revision, the first key, and the limit."""
    storage, wanted = api.storage_of(target.resource), _wanted(options)
    if options.continue_token:
        if wanted:
            raise status.bad_request("specifying resource version is not allowed when using continue")
        begin = _decode(options.continue_token, prefix)
        if begin.revision == _INCONSISTENT:
            return api.store.snapshot(storage), api.store.revision, begin.key, options.limit
        try:
            return api.store.at(storage, begin.revision), begin.revision, begin.key, options.limit
        except status.StatusError as error:
            raise _continue_expired(begin, prefix) from error
    is_exact = options.resource_version_match == _EXACT or (wanted and options.limit and not options.resource_version_match)
    if is_exact:
        if wanted > api.store.revision:
            raise status.too_large_version(wanted, api.store.revision)
        try:
            return api.store.at(storage, wanted), wanted, prefix, options.limit
        except status.StatusError as error:
            raise status.expired(_LIST_TOO_OLD) from error
    if wanted > api.store.revision:
        raise status.too_large_version(wanted, api.store.revision)
    limit = 0 if options.resource_version == "0" else options.limit  # the watch cache answers, and knows no pages
    return api.store.snapshot(storage), api.store.revision, prefix, limit


def _wanted(options: requests.ListOptions) -> int:
    try:
        return requests.revision(options.resource_version)
    except status.StatusError as error:
        raise status.bad_request(f"invalid resource version: {error.message}") from error


def _continue_expired(begin: _Start, prefix: str) -> status.StatusError:
    error = status.expired(_CONTINUE_TOO_OLD)
    error.list_metadata = {"continue": _token(_Start(_INCONSISTENT, begin.key), prefix)}
    return error


def _token(start: _Start, prefix: str) -> str:
    text = json.dumps(
        {"v": _VERSION_OF_TOKENS, "rv": start.revision, "start": "/" + start.key.removeprefix(prefix)}, separators=(",", ":")
    )
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(token: str, prefix: str) -> _Start:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if found["v"] != _VERSION_OF_TOKENS:
            text = "continue key is not valid: server does not recognize this encoded version"
            raise status.bad_request(f'{text} "{found["v"]}"')
        return _Start(int(found["rv"]) or _INCONSISTENT, prefix + found["start"].removeprefix("/"))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise status.bad_request(f"invalid continue token: continue key is not valid: {error}") from error


def as_json(target: requests.Target, page: Page) -> Json:
    """Return the list object; the items of built-in kinds do not say again what they are."""
    items = page.items
    if not target.resource.is_custom:
        items = [{key: value for key, value in item.items() if key not in ("apiVersion", "kind")} for item in items]
    resource = target.resource
    own = {"continue": "", **page.metadata} if resource.is_custom else page.metadata
    return {"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": own, "items": items}
