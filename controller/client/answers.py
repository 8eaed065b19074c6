"""From an HTTP answer, or from its absence, to an error of ours.

What flows in: status, headers and body of an answer that says no, or urllib3's exception. What flows out: an error, as a value.
Pure. Mirrors client-go/rest/request.go (transformResponse).
"""

import http.client
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
import urllib3

from informers import errors


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""
    field: str = ""


class _Details(msgspec.Struct, rename="camel"):
    kind: str = ""
    causes: list[_Cause] | None = None
    retry_after_seconds: float = 0


class _Status(msgspec.Struct, tag_field="kind", tag="Status"):
    """What is read of a Status object."""

    reason: str = ""
    message: str = ""
    details: _Details | None = None


_decode_status = msgspec.json.Decoder(_Status).decode


def refused(code: int, headers: Mapping[str, str], body: bytes) -> errors.ApiError:
    """Return the error for an answer of 300 or above.

    A 404 that names no object is about the path: the kind is not served (`errors.KindNotFoundError`).
    """
    status = _status(body)
    retry_after = headers.get("Retry-After", "")
    seconds = float(retry_after) if retry_after.isdecimal() else None
    error = errors.from_status(code, msgspec.to_builtins(status), retry_after_seconds=seconds)
    if code == HTTPStatus.NOT_FOUND and not (status.details and status.details.kind):
        return errors.KindNotFoundError(code, error.reason, error.message)
    return error


def _status(body: bytes) -> _Status:
    """Return the Status object; an empty one if there is none, as on a proxy's page or the 404 of a path that nobody serves."""
    try:
        return _decode_status(body)
    except ValueError:  # not JSON, not UTF-8, or another object
        return _Status()


def absent(error: Exception, method: str, host: str, outside: BaseException | None = None) -> errors.TransportError:
    """Return the error for a request without an answer; its cause tells why and quotes nothing of what was sent or received.

    Args:
        error: What urllib3 or the system raised.
        method: The request's.
        host: The server's.
        outside: What the caller was handling when it asked: no cause, though Python chains it.
    """
    cause = _cause(error, outside)
    failure = errors.TransportError(f"{method} {host}: {str(cause) or type(cause).__name__}")
    failure.__cause__ = cause
    return failure


def _cause(error: BaseException, outside: BaseException | None) -> Exception:
    """Return the operating system's or TLS' own error below urllib3's wrapping; else one that says as much."""
    link: BaseException | None = error
    while link is not None and link is not outside:
        if isinstance(link, OSError) and not isinstance(link, urllib3.exceptions.HTTPError):
            return link
        if isinstance(link, http.client.IncompleteRead):
            return EOFError("the connection ended in the middle of an answer")
        link = link.__cause__ or link.__context__
    if isinstance(error, urllib3.exceptions.EmptyPoolError):
        return TimeoutError("no connection became free")
    return OSError(f"the answer is not HTTP: {type(error).__name__}")
