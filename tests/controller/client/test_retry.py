"""When a request is sent again: a pure decision."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.client import retry
from informers import errors


def lost(cause):
    """A request without an answer, because of *cause*."""
    error = errors.TransportError("lost")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "is_lost"),
    [
        (ConnectionResetError(), True),
        (BrokenPipeError(), True),
        (EOFError(), True),
        (ssl.SSLEOFError(), True),
        (ConnectionRefusedError(), False),
        (TimeoutError(), False),
        (ssl.SSLCertVerificationError(), False),
        (OSError(), False),
        (None, False),
    ],
)
def test_only_lost_connections_of_reads_are_tried_again(cause, is_lost):
    """A write may have happened; a refusal, a timeout and a bad certificate are for the caller."""
    assert (retry.next_try("GET", lost(cause), retry.Tries()) is not None) == is_lost
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        assert retry.next_try(method, lost(cause), retry.Tries()) is None


def test_lost_connections_are_tried_three_times():
    """Then the caller hears of it."""
    tries, waits = retry.Tries(), []
    while (following := retry.next_try("GET", lost(EOFError()), tries)) is not None:
        seconds, tries = following
        waits.append(seconds)
    assert waits == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("error", "is_tried"),
    [
        (errors.TooManyRequestsError(429, retry_after_seconds=2), True),
        (errors.ServerError(503, retry_after_seconds=2), True),
        (errors.TooManyRequestsError(429), False),
        (errors.ServerError(500), False),
        (errors.ConflictError(409, retry_after_seconds=2), False),
        (errors.GoneError(410, retry_after_seconds=2), False),
        (errors.ResourceVersionTooLargeError(504, retry_after_seconds=1), False),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_retry_after_counts_for_what_was_not_done(method, error, is_tried):
    """429 and 5xx that name a time say that nothing happened; a server that lags behind is the reflector's affair."""
    following = retry.next_try(method, error, retry.Tries())
    assert following == ((2, retry.Tries(answered=1, waited_seconds=2)) if is_tried else None)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30))
def test_waits_have_bounds(asked):
    """Whatever a server asks for, one call waits ten times and a minute at most."""
    tries, waits = retry.Tries(), []
    for seconds in asked:
        following = retry.next_try("POST", errors.TooManyRequestsError(429, retry_after_seconds=seconds), tries)
        if following is None:
            break
        waits.append(following[0])
        tries = following[1]
    assert len(waits) <= retry.MAX_RETRIES
    assert sum(waits) <= retry.MAX_WAIT_SECONDS
