"""What can go wrong when talking to an API server.

    ApiError                    any answer with a status of 400 or above
    ├── BadRequestError         400
    ├── UnauthorizedError       401
    ├── ForbiddenError          403: an RBAC rule is missing, or a quota is exceeded
    ├── NotFoundError           404: no such object
    │   └── KindNotFoundError   404 of the kind itself: its CustomResourceDefinition is not installed
    ├── ConflictError           409: the object changed, exists, or a field has another manager
    ├── GoneError               410: the resourceVersion or continue token is too old
    ├── InvalidError            422: the server's validation refused it
    ├── TooManyRequestsError    429
    └── ServerError             5xx
        └── ResourceVersionTooLargeError   504: the server has not seen that resourceVersion yet
    TransportError              no answer: connection, TLS or timeout; the outcome of a write is unknown

Retry is decided by these types and by `retry_after_seconds`, never by a message's text. Mirrors apimachinery/pkg/api/errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StatusCause:
    """One entry of a Status object's details.causes."""

    reason: str
    message: str
    field: str


class ApiError(Exception):
    """An answer of the API server that says no.

    Attributes:
        status: The HTTP status code.
        reason: The Status object's reason, for example "AlreadyExists"; "" if the body was not a Status.
        message: The server's message. It may quote values: see the rules on secrets before printing it.
        causes: The Status object's details.causes.
        retry_after_seconds: What the server asked to wait, or None.
    """

    def __init__(
        self,
        status: int,
        reason: str = "",
        message: str = "",
        *,
        causes: tuple[StatusCause, ...] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{status} {reason}: {message}" if reason else f"{status}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.causes = causes
        self.retry_after_seconds = retry_after_seconds


class BadRequestError(ApiError):
    """400: the server could not read the request."""


class UnauthorizedError(ApiError):
    """401: the credentials were not accepted."""


class ForbiddenError(ApiError):
    """403: an RBAC rule is missing, or admission (a quota, say) said no."""


class NotFoundError(ApiError):
    """404: no such object."""


class KindNotFoundError(NotFoundError):
    """404 of the kind itself: its CustomResourceDefinition is not installed."""


class ConflictError(ApiError):
    """409: the object changed or exists, a precondition failed, or a field has another manager."""


class GoneError(ApiError):
    """410: the resourceVersion or the continue token is too old."""


class InvalidError(ApiError):
    """422: the server's validation refused the object."""


class TooManyRequestsError(ApiError):
    """429: ask again after `retry_after_seconds`."""


class ServerError(ApiError):
    """5xx: the server failed."""


class ResourceVersionTooLargeError(ServerError):
    """504 with the cause ResourceVersionTooLarge: the server has not seen that resourceVersion yet."""


class TransportError(Exception):
    """No answer: connection, TLS or timeout. The outcome of a write is unknown."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    422: InvalidError,
    429: TooManyRequestsError,
}


def from_status(code: int, body: Mapping[str, Any], *, retry_after_seconds: float | None = None) -> ApiError:
    """Build the error for an answer.

    Args:
        code: The HTTP status, or the `code` of a watch's ERROR frame.
        body: The decoded Status object; an empty mapping if there was none.
        retry_after_seconds: The Retry-After header, if any; else details.retryAfterSeconds counts.
    """
    details = body.get("details") or {}
    causes = tuple(
        StatusCause(c.get("reason", ""), c.get("message", ""), c.get("field", "")) for c in details.get("causes") or ()
    )
    if retry_after_seconds is None and details.get("retryAfterSeconds"):
        retry_after_seconds = float(details["retryAfterSeconds"])
    kind = _BY_STATUS.get(code, ServerError if code >= 500 else ApiError)
    message = str(body.get("message", ""))
    if any(c.reason == "ResourceVersionTooLarge" for c in causes) or message.startswith("Too large resource version"):
        kind = ResourceVersionTooLargeError
    return kind(code, str(body.get("reason", "")), message, causes=causes, retry_after_seconds=retry_after_seconds)
