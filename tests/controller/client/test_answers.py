"""From answers, and from their absence, to errors."""

import json

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from controller.client import answers
from informers import errors


def body(reason="", message="", **details):
    """A Status object."""
    return json.dumps({"kind": "Status", "reason": reason, "message": message, "details": details}).encode()


@pytest.mark.parametrize(
    ("code", "sent", "expected"),
    [
        (400, body("BadRequest"), errors.BadRequestError),
        (401, body("Unauthorized"), errors.UnauthorizedError),
        (403, body("Forbidden"), errors.ForbiddenError),
        (404, body("NotFound", kind="pods", name="x"), errors.NotFoundError),
        (404, body("NotFound", kind="namespaces", name="x"), errors.NotFoundError),
        (404, body("NotFound", "the server could not find the requested resource"), errors.KindNotFoundError),
        (404, b"404 page not found\n", errors.KindNotFoundError),
        (409, body("AlreadyExists"), errors.ConflictError),
        (410, body("Expired"), errors.GoneError),
        (422, body("Invalid"), errors.InvalidError),
        (429, b"", errors.TooManyRequestsError),
        (500, b"<html>", errors.ServerError),
        (504, body("Timeout", causes=[{"reason": "ResourceVersionTooLarge"}]), errors.ResourceVersionTooLargeError),
        (302, b"", errors.ApiError),
        (418, b"[]", errors.ApiError),
    ],
)
def test_status_codes_have_types(code, sent, expected):
    """A 404 without an object's kind is about the path, which nobody serves."""
    error = answers.refused(code, {}, sent)
    assert type(error) is expected
    assert error.status == code


@pytest.mark.parametrize(
    ("headers", "sent", "expected"),
    [
        ({"Retry-After": "3"}, b"", 3.0),
        ({}, body(retryAfterSeconds=2), 2.0),
        ({}, b"", None),
        ({"Retry-After": "Wed"}, b"", None),
    ],
)
def test_the_time_to_wait(headers, sent, expected):
    """The header counts, then the body; a date is not understood."""
    assert answers.refused(429, headers, sent).retry_after_seconds == expected


@given(st.integers(300, 599), st.binary(max_size=40))
def test_any_body_makes_an_error(code, sent):
    """What is not a Status object is passed over, whatever it is."""
    assert answers.refused(code, {}, sent).status == code


@given(st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_any_json_makes_an_error(value):
    """So is JSON that is no Status object."""
    assert answers.refused(500, {}, json.dumps(value).encode()).message == ""
    odd = {"kind": "Status", "message": "", "reason": "", "details": value}
    assert answers.refused(404, {}, json.dumps(odd).encode()).status == 404


def test_the_cause_is_the_operating_systems():
    """Below urllib3's wrapping stands what happened; the wrapping says no more."""
    refused = ConnectionRefusedError(111, "Connection refused")
    wrapped = urllib3.exceptions.ProtocolError("Connection aborted.", refused)
    wrapped.__cause__ = refused
    error = answers.absent(wrapped, "GET", "host:1")
    assert error.__cause__ is refused
    assert str(error) == "GET host:1: [Errno 111] Connection refused"


def test_what_is_not_http_is_not_quoted():
    """A broken frame may hold anything."""
    error = answers.absent(urllib3.exceptions.InvalidHeader("s3cret"), "GET", "host:1")
    assert str(error) == "GET host:1: the answer is not HTTP: InvalidHeader"
    assert "s3cret" not in repr(error.__cause__)
