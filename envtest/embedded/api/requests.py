"""What a request says beside its body: the object that it means, and its options.

What flows in: values from a URL's query or from code. What flows out: frozen dataclasses. Pure. Mirrors the options of
apimachinery pkg/apis/meta/v1/types.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envtest.embedded.api import names, status
from envtest.embedded.api.status import Json
from envtest.embedded.builtin.resources import Resource
from envtest.embedded.http import paths

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

_POLICIES = ("Foreground", "Background", "Orphan")
_VALIDATIONS = ("Ignore", "Warn", "Strict")
_META = "meta.k8s.io"


@dataclass(frozen=True)
class Target:
    """An object, a collection, or a part of an object that has a path of its own."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True)
class Patch:
    """A change: what kind of patch, and its decoded body."""

    content_type: str
    body: object


@dataclass(frozen=True)
class Options:
    """How to write."""

    field_manager: str = ""
    """Who writes; `manager` says what counts if it is empty."""
    force: bool = False
    """Whether an apply takes fields from others."""
    dry_run: bool = False
    field_validation: str = "Warn"
    """What unknown fields lead to: Ignore, Warn or Strict."""
    user_agent: str = ""
    repeated: tuple[str, ...] = ()
    """What is said of fields that the body had more than once."""

    @property
    def manager(self) -> str:
        """Who owns what is written: the field manager, or the user agent up to its first slash."""
        return self.field_manager or self.user_agent.partition("/")[0][:128]


@dataclass(frozen=True)
class DeleteOptions:
    """How to delete."""

    grace_period_seconds: int | None = None
    propagation_policy: str | None = None
    orphan_dependents: bool | None = None
    uid: str | None = None
    """The object must have it."""
    resource_version: str | None = None
    """The object must have it."""
    dry_run: bool = False


@dataclass(frozen=True)
class ListOptions:
    """What to list or watch, and from which point in time."""

    label_selector: str = ""
    field_selector: str = ""
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    timeout_seconds: int | None = None
    allow_bookmarks: bool = False
    send_initial_events: bool | None = None


def options(query: Mapping[str, str], user_agent: str, kind: str) -> Options:
    """Read the options of a write.

    Args:
        query: Of the URL.
        user_agent: What the client calls itself.
        kind: CreateOptions, UpdateOptions or PatchOptions, for messages.

    Raises:
        status.StatusError: They make no sense.
    """
    causes = []
    manager, validation = query.get("fieldManager", ""), query.get("fieldValidation", "")
    if len(manager.encode()) > 128:
        causes.append(status.Cause(status.TOO_LONG, "fieldManager", "Too long: may not be more than 128 bytes"))
    causes += [
        status.Cause(
            status.INVALID, "fieldManager", _wrong(manager, f"invalid character {_shown(letter)} (at position {number})")
        )
        for number, letter in enumerate(manager)
        if not letter.isprintable()
    ]
    causes += _dry_run_causes(query.get("dryRun", ""))
    if validation not in ("", *_VALIDATIONS):
        listed = ", ".join(f'"{each}"' for each in sorted(("", *_VALIDATIONS)))
        text = f"Unsupported value: {status.quoted(validation)}: supported values: {listed}"
        causes.append(status.Cause(status.NOT_SUPPORTED, "fieldValidation", text))
    if causes:
        raise status.invalid((kind, _META), "", causes)
    return Options(manager, paths.is_true(query.get("force")), bool(query.get("dryRun")), validation or "Warn", user_agent)


def check_patch_options(patch: Patch, given: Options, query: Mapping[str, str]) -> None:
    """Refuse options that do not fit a kind of patch.

    Raises:
        status.StatusError: They do not.
    """
    is_apply = patch.content_type == APPLY_PATCH
    causes = []
    if is_apply and not given.field_manager:
        causes.append(status.Cause(status.REQUIRED, "fieldManager", "Required value: is required for apply patch"))
    if not is_apply and "force" in query:
        causes.append(status.Cause(status.FORBIDDEN, "force", "Forbidden: may not be specified for non-apply patch"))
    if causes:
        raise status.invalid(("PatchOptions", _META), "", causes)


def _wrong(value: str, text: str) -> str:
    return f"Invalid value: {status.quoted(value)}: {text}"


def _shown(letter: str) -> str:
    """Return a character as Go's verb ``%#U`` prints it."""
    return f"U+{ord(letter):04X}"


def _dry_run_causes(value: str) -> list[status.Cause]:
    if value in ("", "All"):
        return []
    text = f'Unsupported value: ["{value}"]: supported values: "All"'
    return [status.Cause(status.NOT_SUPPORTED, "dryRun", text)]


def delete_options(body: Json, query: Mapping[str, str]) -> DeleteOptions:
    """Read the options of a deletion.

    Args:
        body: DeleteOptions; if it is empty, the query counts.
        query: Of the URL.

    Raises:
        status.StatusError: They make no sense.
    """
    if body.get("kind", "DeleteOptions") != "DeleteOptions":
        where = f'for version "{body.get("apiVersion") or "meta.k8s.io/v1"}" in scheme "pkg/runtime/scheme.go:111"'
        raise status.bad_request(f'no kind "{body["kind"]}" is registered {where}')
    given = body or {
        name: query[name] for name in ("gracePeriodSeconds", "propagationPolicy", "orphanDependents") if name in query
    }
    dry_run = body.get("dryRun") or ([query["dryRun"]] if query.get("dryRun") else [])
    policy, orphan = given.get("propagationPolicy"), given.get("orphanDependents")
    causes = [cause for each in dry_run for cause in _dry_run_causes(each)]
    if policy is not None and orphan is not None:
        text = _wrong(policy, "orphanDependents and deletionPropagation cannot be both set")
        causes.append(status.Cause(status.INVALID, "propagationPolicy", text))
    if policy is not None and policy not in _POLICIES:
        listed = ", ".join(map(status.quoted, (*_POLICIES, "nil")))
        text = f"Unsupported value: {status.quoted(policy)}: supported values: {listed}"
        causes.append(status.Cause(status.NOT_SUPPORTED, "propagationPolicy", text))
    if causes:
        raise status.invalid(("DeleteOptions", _META), "", causes)
    grace, preconditions = given.get("gracePeriodSeconds"), body.get("preconditions") or {}
    return DeleteOptions(
        grace_period_seconds=None if grace is None else int(grace),
        propagation_policy=policy,
        orphan_dependents=paths.is_true(orphan) if isinstance(orphan, str) else orphan,
        uid=preconditions.get("uid"),
        resource_version=preconditions.get("resourceVersion"),
        dry_run=bool(dry_run),
    )


def list_options(query: Mapping[str, str], *, is_watch: bool) -> ListOptions:
    """Read the options of a list or a watch.

    Raises:
        status.StatusError: They make no sense.
    """
    found = ListOptions(
        label_selector=query.get("labelSelector", ""),
        field_selector=query.get("fieldSelector", ""),
        limit=max(0, _number(query, "limit") or 0),
        continue_token=query.get("continue", ""),
        resource_version=query.get("resourceVersion", ""),
        resource_version_match=query.get("resourceVersionMatch", ""),
        timeout_seconds=_number(query, "timeoutSeconds"),
        allow_bookmarks=paths.is_true(query.get("allowWatchBookmarks")),
        send_initial_events=paths.is_true(query["sendInitialEvents"]) if "sendInitialEvents" in query else None,
    )
    if causes := _match_causes(found, is_watch=is_watch):
        raise status.invalid(("ListOptions", _META), "", causes)
    return found


def _number(query: Mapping[str, str], name: str) -> int | None:
    if not (text := query.get(name)):
        return None
    try:
        return int(text)
    except ValueError as error:
        text = f"strconv.ParseInt: parsing {status.quoted(text)}: invalid syntax"
        raise status.bad_request(text) from error


def _forbidden(field: str, text: str) -> status.Cause:
    return status.Cause(status.FORBIDDEN, field, f"Forbidden: {text}")


def _unsupported(field: str, value: str, supported: Sequence[str]) -> status.Cause:
    listed = ", ".join(map(status.quoted, supported))
    return status.Cause(status.NOT_SUPPORTED, field, f"Unsupported value: {status.quoted(value)}: supported values: {listed}")


def _match_causes(found: ListOptions, *, is_watch: bool) -> list[status.Cause]:
    return _watch_causes(found) if is_watch else _list_causes(found)


def _list_causes(found: ListOptions) -> list[status.Cause]:
    match, field = found.resource_version_match, "resourceVersionMatch"
    causes = []
    if match and not found.resource_version:
        causes.append(_forbidden(field, f"{field} is forbidden unless resourceVersion is provided"))
    if match and found.continue_token:
        causes.append(_forbidden(field, f"{field} is forbidden when continue is provided"))
    if match not in ("", "Exact", "NotOlderThan"):
        causes.append(_unsupported(field, match, ("Exact", "NotOlderThan", "")))
    if match == "Exact" and found.resource_version == "0":
        causes.append(_forbidden(field, f'{field} "exact" is forbidden for resourceVersion "0"'))
    if found.send_initial_events is not None:
        causes.append(_forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return causes


def _watch_causes(found: ListOptions) -> list[status.Cause]:
    match, field = found.resource_version_match, "resourceVersionMatch"
    causes = []
    if found.send_initial_events is not None and match != "NotOlderThan":
        causes.append(_forbidden(field, f"sendInitialEvents requires setting {field} to NotOlderThan"))
    if match and found.send_initial_events is None:
        causes.append(_forbidden(field, f"{field} is forbidden for watch unless sendInitialEvents is provided"))
    if match not in ("", "NotOlderThan"):
        causes.append(_unsupported(field, match, ("NotOlderThan",)))
    if match and found.continue_token:
        causes.append(_forbidden(field, f"{field} is forbidden when continue is provided"))
    return causes


def revision(text: str) -> int:
    """Read a resourceVersion; an empty one is 0.

    Raises:
        status.StatusError: It is not a number.
    """
    if not text:
        return 0
    if not text.isdecimal():
        raise status.plain_failure(f"resourceVersion: {_wrong(text, unparsable(text))}")
    return int(text)


def unparsable(text: str) -> str:
    """Say that *text* is not a number without a sign."""
    return f"strconv.ParseUint: parsing {status.quoted(text)}: invalid syntax"


def check_name(resource: Resource, name: str) -> None:
    """Refuse a name that cannot be in a URL.

    Raises:
        status.StatusError: It cannot.
    """
    if wrong := names.path_segment(name):
        cause = status.Cause(status.INVALID, "metadata.name", _wrong(name, wrong[0]))
        raise status.invalid((resource.kind, resource.group), name, [cause])
