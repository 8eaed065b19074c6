"""What of an API server's refusal may be repeated: its words may quote what they refuse, and that may be secret.

What flows in: an error and what was asked. What flows out: an error of the same type whose message and causes are safe to log,
to show in a status and in an event. Pure. No upstream file.

Messages about a few kinds that cannot carry secrets are passed on whole. Of all others reason and field paths remain, and a
value only where it is a number or a quantity. A 403 of RBAC becomes a sentence of our own that names the rule that is missing.
"""

import re

from informers import errors, objects

SAFE_KINDS = frozenset({"Service", "HorizontalPodAutoscaler", "ResourceQuota", "Ingress", "NetworkPolicy"})

_FIELD = re.compile(r"[A-Za-z0-9_.\-/\[\]{}():=\" ]{0,256}")
_NUMERIC_VALUE = re.compile(r"Invalid value: \"?(-?[0-9]+(?:\.[0-9]+)?(?:[eE][0-9]+|[numkKMGTPE]i?)?)\"?: (.*)")
_CONFLICT_MANAGER = re.compile(r"conflicts? with \"([^\"]{1,128})\"")
_RBAC = re.compile(r" cannot (\w+) resource \"([^\"]+)\" in API group \"([^\"]*)\"(?: in the namespace \"([^\"]+)\")?")
_QUOTA = re.compile(r"exceeded quota: [^\n]*")


def redact(error: errors.ApiError, gvk: objects.GroupVersionKind) -> errors.ApiError:
    """Return *error*, about an object of *gvk*, without values that may be secret."""
    if gvk.kind in SAFE_KINDS:
        return error
    causes = tuple(errors.StatusCause(cause.reason, _cause(cause), _path(cause.field)) for cause in error.causes)
    return type(error)(
        error.status, error.reason, _message(error, causes, gvk), causes=causes, retry_after_seconds=error.retry_after_seconds
    )


def _message(error: errors.ApiError, causes: tuple[errors.StatusCause, ...], gvk: objects.GroupVersionKind) -> str:
    if isinstance(error, errors.KindNotFoundError):
        return error.message
    if found := _RBAC.search(error.message):
        verb, resource, group, namespace = found.groups()
        where = f" in namespace {namespace}" if namespace else ""
        return f"RBAC: missing the right to {verb} {resource}{'.' + group if group else ''}{where}"
    if isinstance(error, errors.ForbiddenError) and (quota := _QUOTA.search(error.message)):
        return quota.group()
    said = "; ".join(f"{cause.field}: {cause.message}" if cause.field else cause.message for cause in causes)
    return f"{gvk.kind} refused" + (f": {said}" if said else "")


def _path(field: str) -> str:
    """Return a field's path; map keys in brackets may be a user's own words, but they are names, not values."""
    return field if _FIELD.fullmatch(field) else "(a field)"


def _cause(cause: errors.StatusCause) -> str:
    if found := _NUMERIC_VALUE.match(cause.message):
        return f"{cause.reason}: {found.group(1)}"
    if manager := _CONFLICT_MANAGER.search(cause.message):
        return f"{cause.reason} with {manager.group(1)}"
    return cause.reason
