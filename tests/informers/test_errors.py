"""The API server's answers become errors by their values."""

import pytest

from informers import errors


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, errors.BadRequestError),
        (401, errors.UnauthorizedError),
        (403, errors.ForbiddenError),
        (404, errors.NotFoundError),
        (405, errors.ApiError),
        (409, errors.ConflictError),
        (410, errors.GoneError),
        (422, errors.InvalidError),
        (429, errors.TooManyRequestsError),
        (500, errors.ServerError),
        (504, errors.ServerError),
    ],
)
def test_the_status_decides_the_type(code, kind):
    """Each status has its type; others are plain."""
    assert type(errors.from_status(code, {})) is kind


def test_2_1_16_a_too_large_version_is_known_by_its_cause_or_its_message():
    """A timeout with the cause ResourceVersionTooLarge is an error of its own; older servers only have the message."""
    with_cause = {"reason": "Timeout", "details": {"causes": [{"reason": "ResourceVersionTooLarge", "message": "m"}]}}
    with_message = {"reason": "Timeout", "message": "Too large resource version: 9, current: 8"}
    assert isinstance(errors.from_status(504, with_cause), errors.ResourceVersionTooLargeError)
    assert isinstance(errors.from_status(504, with_message), errors.ResourceVersionTooLargeError)
    assert not isinstance(errors.from_status(504, {"reason": "Timeout"}), errors.ResourceVersionTooLargeError)


def test_the_header_wins_over_the_body():
    """Retry-After counts; without it, details.retryAfterSeconds does."""
    body = {"details": {"retryAfterSeconds": 7}}
    assert errors.from_status(429, body).retry_after_seconds == 7.0
    assert errors.from_status(429, body, retry_after_seconds=1.0).retry_after_seconds == 1.0
    assert errors.from_status(429, {}).retry_after_seconds is None


def test_causes_name_fields():
    """The causes of a refusal are kept with their fields."""
    body = {"reason": "Invalid", "details": {"causes": [{"reason": "FieldValueInvalid", "message": "no", "field": "spec.x"}]}}
    error = errors.from_status(422, body)
    assert error.causes == (errors.StatusCause("FieldValueInvalid", "no", "spec.x"),)
    assert error.reason == "Invalid"
