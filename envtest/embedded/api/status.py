"""What the server answers instead of an object: errors that know their HTTP code, and the v1 Status that tells of them.

What flows in: what went wrong. What flows out: a `StatusError`, to be raised; its JSON. Pure. Mirrors apimachinery
pkg/api/errors/errors.go and pkg/util/managedfields/internal/conflict.go.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Json = dict[str, Any]

REQUIRED = "FieldValueRequired"
INVALID = "FieldValueInvalid"
NOT_SUPPORTED = "FieldValueNotSupported"
FORBIDDEN = "FieldValueForbidden"
DUPLICATE = "FieldValueDuplicate"
TYPE_INVALID = "FieldValueTypeInvalid"
TOO_LONG = "FieldValueTooLong"
TOO_MANY = "FieldValueTooMany"
MANAGER_CONFLICT = "FieldManagerConflict"


class HasResource(Protocol):
    """What has a group and a plural name: a Resource."""

    @property
    def group(self) -> str:
        """The API group; empty for the core."""

    @property
    def plural(self) -> str:
        """The name in paths."""


@dataclass(frozen=True)
class Cause:
    """What is wrong with one field."""

    type: str
    """Why, such as `REQUIRED`."""
    field: str
    """Its path, such as ``spec.ports[0].port``."""
    message: str
    """Such as ``Required value`` or ``Invalid value: -1: must be greater than or equal to 0``."""

    def to_json(self) -> Json:
        """Return the StatusCause."""
        return {"reason": self.type, "message": self.message, "field": self.field}


class StatusError(Exception):
    """A request fails.

    Attributes:
        code: The HTTP status.
        reason: The machine's reason; empty where the server has none.
        message: The text for people.
        details: The StatusDetails, if any.
        headers: Of the HTTP answer.
        is_plain: Whether the answer is the message as text, as for a path that leads nowhere.
        list_metadata: The Status's own metadata, such as a token to continue a list with.
    """

    def __init__(self, code: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.headers: dict[str, str] = {}
        self.is_plain = False
        self.list_metadata: Json = {}

    def to_json(self) -> Json:
        """Return the v1 Status."""
        status: Json = {"kind": "Status", "apiVersion": "v1", "metadata": self.list_metadata, "status": "Failure"}
        status["message"] = self.message
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        return {**status, "code": self.code}


def quoted(text: str) -> str:
    """Return *text* as Go's verb ``%q`` prints it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


def compact(value: object) -> str:
    """Return *value* as Go's JSON encoder prints it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def compact_unsorted(value: object) -> str:
    """Return *value* so, with its keys in the order that they have."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def qualified(group: str, name: str) -> str:
    """Return the name of a resource or kind with its group behind a dot."""
    return f"{name}.{group}" if group else name


def _details(resource: HasResource, name: str) -> Json:
    parts = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in parts.items() if value}


def _named(resource: HasResource, name: str) -> str:
    return f"{qualified(resource.group, resource.plural)} {quoted(name)}"


def not_found(resource: HasResource, name: str) -> StatusError:
    """Say that there is no such object."""
    return StatusError(404, "NotFound", f"{_named(resource, name)} not found", _details(resource, name))


def kind_not_found() -> StatusError:
    """Say that a path leads nowhere; clients make "the server could not find the requested resource" of it."""
    error = StatusError(404, "NotFound", "404 page not found\n")
    error.is_plain = True
    return error


def no_route() -> StatusError:
    """Say that a path below a built-in group leads nowhere."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", {})


def plain_failure(message: str) -> StatusError:
    """Say what went wrong where the server did not think of a reason."""
    return StatusError(500, "", message)


def already_exists(resource: HasResource, name: str) -> StatusError:
    """Say that there is such an object already."""
    return StatusError(409, "AlreadyExists", f"{_named(resource, name)} already exists", _details(resource, name))


def no_unique_name(resource: HasResource, name: str) -> StatusError:
    """Say that no name could be generated."""
    end = "already exists, the server was not able to generate a unique name for the object"
    details = {**_details(resource, name), "retryAfterSeconds": 1}
    return StatusError(409, "AlreadyExists", f"{_named(resource, name)} {end}", details)


def conflict(resource: HasResource, name: str, message: str) -> StatusError:
    """Say that a write does not fit what there is."""
    text = f"Operation cannot be fulfilled on {_named(resource, name)}: {message}"
    return StatusError(409, "Conflict", text, _details(resource, name))


def apply_conflict(conflicts: Sequence[tuple[str, str]]) -> StatusError:
    """Say whose fields an apply wants to change.

    Args:
        conflicts: Of each field the manager as the server prints it (``"kubectl" using v1 at 2026-01-01T00:00:00Z``, with its
            quotes) and the field's path, in the server's order; the text groups by manager.
    """
    causes = [Cause(MANAGER_CONFLICT, path, f"conflict with {manager}").to_json() for manager, path in conflicts]
    if len(conflicts) == 1:
        message = f"Apply failed with 1 conflict: conflict with {conflicts[0][0]}: {conflicts[0][1]}"
    else:
        lines = []
        for manager in dict.fromkeys(manager for manager, _ in conflicts):
            lines += [f"conflicts with {manager}:", *(f"- {path}" for owner, path in conflicts if owner == manager)]
        message = f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)
    return StatusError(409, "Conflict", message, {"causes": causes})


def invalid(kind_group: tuple[str, str], name: str, causes: Sequence[Cause]) -> StatusError:
    """Say what is wrong with an object.

    Args:
        kind_group: Its kind, then its group.
        name: Its name.
        causes: One for each field, in the server's order.
    """
    kind, group = kind_group
    texts = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    said = f": {texts[0]}" if len(texts) == 1 else f": [{', '.join(texts)}]" if texts else ""
    parts = {"name": name, "group": group, "kind": kind, "causes": [cause.to_json() for cause in causes]}
    details = {key: value for key, value in parts.items() if value}
    return StatusError(422, "Invalid", f"{qualified(group, kind)} {quoted(name)} is invalid{said}", details)


def bad_request(message: str) -> StatusError:
    """Say that a request makes no sense."""
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    """Say that nobody knows who asks."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(resource: HasResource, name: str, message: str) -> StatusError:
    """Say that admission refuses."""
    subject = _named(resource, name) if name else qualified(resource.group, resource.plural)
    return StatusError(403, "Forbidden", f"{subject} is forbidden: {message}", _details(resource, name))


def expired(message: str) -> StatusError:
    """Say that history does not reach back so far."""
    return StatusError(410, "Expired", message)


def gone(message: str) -> StatusError:
    """Say that something is gone for ever."""
    return StatusError(410, "Gone", message)


def unsupported_media_type(supported: Sequence[str]) -> StatusError:
    """Say which types a body may have."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(supported)}"
    return StatusError(415, "UnsupportedMediaType", message)


def media_type_of_no_route() -> StatusError:
    """Say that a path has no such content type."""
    return StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def no_representation(supported: Sequence[str]) -> StatusError:
    """Say that nothing of what is wanted is known at all."""
    text = f"406: Not Acceptable\n\nAvailable representations: {', '.join(supported)}"
    return StatusError(406, "NotAcceptable", text, {})


def not_acceptable(supported: Sequence[str]) -> StatusError:
    """Say which types an answer may have."""
    return StatusError(406, "NotAcceptable", f"only the following media types are accepted: {', '.join(supported)}")


def method_not_allowed() -> StatusError:
    """Say that a resource has no such verb."""
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def too_many_requests(seconds: int, message: str = "Too many requests, please try again later.") -> StatusError:
    """Ask to wait for some seconds."""
    error = StatusError(429, "TooManyRequests", message, {"retryAfterSeconds": seconds})
    error.headers = {"Retry-After": str(seconds)}
    return error


def too_large_version(wanted: int, current: int) -> StatusError:
    """Say that the server has not reached a resourceVersion yet."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    text = f"Timeout: Too large resource version: {wanted}, current: {current}"
    error = StatusError(504, "Timeout", text, {"causes": causes, "retryAfterSeconds": 1})
    error.headers = {"Retry-After": "1"}
    return error


def internal(message: str) -> StatusError:
    """Say that the server itself failed."""
    return StatusError(500, "InternalError", f"Internal error occurred: {message}", {"causes": [{"message": message}]})


def success(details: Mapping[str, Any]) -> Json:
    """Return the Status that answers a deletion."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": dict(details)}
