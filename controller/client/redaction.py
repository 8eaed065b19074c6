"""What of an API server's refusal may be repeated: its words may quote what they refuse, and that may be secret.

What flows in: an error and the kind it is about. What flows out: an error of the same type whose message and causes are safe to
log, to show in a status and in an event. Pure. No upstream file.

- A missing RBAC rule becomes a sentence of our own that names the rule.
- Messages about a few kinds that cannot carry secrets are passed on whole.
- Of the others, a message of a known shape, in which all that varies are names and numbers, is passed on or reworded.
- Else reason and field paths remain; a value only where the field is a number or a quantity; advice only if we know it.

Words are looked at for the sake of words only: whether to try again is decided by the error's type.
"""

import re

from controller.client import redaction_shapes as shapes
from informers import errors, objects

SAFE_KINDS = frozenset(
    {
        ("", "Service"),
        ("", "ResourceQuota"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("networking.k8s.io", "Ingress"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
    }
)
"""Groups and kinds whose messages are passed on whole; a definition's are about schemas, and useless when cut."""


def redact(error: errors.ApiError, gvk: objects.GroupVersionKind) -> errors.ApiError:
    """Return *error*, about an object of *gvk*, without values that may be secret."""
    denied = _denied_by_rbac(error)
    if denied:
        return _rebuilt(error, denied, ())
    if (gvk.group, gvk.kind) in SAFE_KINDS:
        return error
    causes = tuple(_cause(cause) for cause in error.causes)
    return _rebuilt(error, _known(error) or _in_our_words(causes, gvk, error.status), causes)


def _rebuilt(error: errors.ApiError, message: str, causes: tuple[errors.StatusCause, ...]) -> errors.ApiError:
    reason = error.reason if error.reason in shapes.STATUS_REASONS else ""
    return type(error)(error.status, reason, message, causes=causes, retry_after_seconds=error.retry_after_seconds)


def _denied_by_rbac(error: errors.ApiError) -> str:
    found = shapes.RBAC.fullmatch(error.message) if isinstance(error, errors.ForbiddenError) else None
    if found is None:
        return ""
    if found["path"]:
        return f"cannot {found['verb']} path {found['path']}: RBAC rule missing"
    resource, slash, subresource = found["resource"].partition("/")
    what = resource + (f".{found['group']}" if found["group"] else "") + slash + subresource
    where = f"in namespace {found['namespace']}" if found["namespace"] else "at the cluster scope"
    return f"cannot {found['verb']} {what} {where}: RBAC rule missing"


def _known(error: errors.ApiError) -> str:
    if isinstance(error, errors.GoneError):
        return "the resourceVersion or the continue token is too old"
    for shape, words in shapes.MESSAGES:
        if found := shape.fullmatch(error.message):
            return found.expand(words)
    return ""


def _in_our_words(causes: tuple[errors.StatusCause, ...], gvk: objects.GroupVersionKind, status: int) -> str:
    said = dict.fromkeys(f"{cause.field}: {cause.message}" if cause.field else cause.message for cause in causes)
    if said:
        return f"{gvk.kind} refused: " + "; ".join(said)
    if status >= 500:
        return f"the server failed on a {gvk.kind}"
    return f"{gvk.kind} refused; the server's words may quote values and are withheld"


def _cause(cause: errors.StatusCause) -> errors.StatusCause:
    field = _path(cause.field)
    if found := shapes.MANAGER.fullmatch(cause.message):
        return errors.StatusCause(cause.reason, f"managed by {found['manager']}", field)
    words = shapes.CAUSE_REASONS.get(cause.reason, "refused")
    if _is_numeric(field) and (found := shapes.NUMBER.fullmatch(cause.message)):
        words += f" {found['value']}"
    if found := shapes.ADVICE.search(cause.message) or shapes.SUPPORTED.fullmatch(cause.message):
        words += f": {found['advice']}"
    return errors.StatusCause(cause.reason if cause.reason in shapes.CAUSE_REASONS else "", words, field)


def _path(field: str) -> str:
    """Return a field's path, which is made of names; a member of a set is a value, and is left out."""
    if field in {"", "<nil>"}:
        return ""
    path = re.sub(r"\[=[^\]]*\]", "[=…]", field)
    return path if shapes.FIELD.fullmatch(path.replace("[=…]", "")) else "(a field)"


def _is_numeric(field: str) -> bool:
    return bool(shapes.NUMERIC_FIELD.fullmatch(field)) and not shapes.FREE_MAP.search(field)
