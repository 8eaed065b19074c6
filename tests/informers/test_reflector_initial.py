"""What the reflector's machine decides while it asks for the whole state: as a stream of events, or as pages."""

import pytest

from informers import errors, frames, reflector
from informers import reflector_states as states
from tests.support.snapshots import snapshot

STREAMING = states.Receiving("10", is_initial=True)
ASKING = states.Connecting("10", is_initial=True)
GONE = errors.GoneError(410, "Expired")
TOO_LARGE = errors.ResourceVersionTooLargeError(504, "Timeout")
REFUSED = errors.TransportError("connection refused")
THROTTLED = errors.TooManyRequestsError(429, retry_after_seconds=7.0)
UNKNOWN = errors.InvalidError(422, "Invalid", "sendInitialEvents: Forbidden")
FORBIDDEN = errors.ForbiddenError(403, "Forbidden")


def test_2_1_8_the_first_request_is_for_the_newest_state_as_events():
    """The first start asks for initial events at no version."""
    assert states.Connecting("", is_initial=True) == reflector.START


def test_2_1_8_initial_events_are_set_aside():
    """Added and modified objects are collected, deleted ones taken out; the version stays."""
    new, gone = snapshot("a", resourceVersion="30"), snapshot("b")
    assert reflector.advance(STREAMING, frames.Object("ADDED", new)) == ((states.Stage((new,)),), STREAMING)
    assert reflector.advance(STREAMING, frames.Object("MODIFIED", new)) == ((states.Stage((new,)),), STREAMING)
    assert reflector.advance(STREAMING, frames.Object("DELETED", gone)) == ((states.Unstage(gone),), STREAMING)


def test_2_1_8_the_marker_makes_them_the_state_and_the_stream_goes_on():
    """At the marked bookmark the collection replaces the store at the bookmark's version; no new request is made."""
    effects, state = reflector.advance(STREAMING, frames.Bookmark("40", ends_initial_events=True))
    assert effects == (states.Replace("40"), states.Report(None))
    assert state == states.Receiving("40", is_initial=False, has_progressed=True)


@pytest.mark.parametrize("reason", ["closed", "broken"])
def test_2_1_8_a_stream_that_ends_before_its_marker_leaves_nothing(reason):
    """Half a state is thrown away; the next try, after the backoff, is a classic list."""
    effects, state = reflector.advance(STREAMING, states.Ended(reason, 3.0))
    assert effects == (states.Unstaged(),)
    assert state == states.Waiting(states.Listing("10"))


@pytest.mark.parametrize("given", [states.Ended("read_timeout", 70.0), frames.Bookmark("40", ends_initial_events=False)])
def test_2_1_8_a_server_that_never_sends_the_marker_is_asked_for_a_list(given):
    """Silence for the read timeout, and a bookmark without the mark, show that the server does not know about it."""
    effects, state = reflector.advance(STREAMING, given)
    assert effects == (states.Unstaged(),)
    assert state == states.Listing("10")


@pytest.mark.parametrize("error", [UNKNOWN, FORBIDDEN, errors.ServerError(500), errors.BadRequestError(400)])
def test_2_1_9_a_server_without_streaming_lists_is_asked_for_a_list_at_once(error):
    """Whatever the refusal, a classic list comes without a wait; if that fails too, its error is the one to report."""
    assert reflector.advance(ASKING, states.Failed(error)) == ((), states.Listing("10"))


def test_2_1_8_a_refused_connection_waits_and_streams_again():
    """A server that is away is not a server that cannot stream."""
    assert reflector.advance(ASKING, states.Failed(REFUSED)) == ((states.Report(REFUSED),), states.Waiting(ASKING))


def test_2_1_8_a_throttled_stream_waits_and_streams_again():
    """The server's wish is obeyed, whether it came as an answer or in the stream."""
    assert reflector.advance(ASKING, states.Failed(THROTTLED))[1] == states.Waiting(ASKING, 7.0)
    effects, state = reflector.advance(STREAMING, frames.Failure(THROTTLED))
    assert effects == (states.Unstaged(), states.Report(THROTTLED))
    assert state == states.Waiting(ASKING, 7.0)


@pytest.mark.parametrize("error", [GONE, TOO_LARGE])
def test_2_1_8_an_expired_version_asks_for_the_newest_state_at_once(error):
    """Expired and TooLarge drop the version; a second time there is none to drop, and a list comes."""
    assert reflector.advance(ASKING, states.Failed(error)) == ((), reflector.START)
    assert reflector.advance(STREAMING, frames.Failure(error)) == ((states.Unstaged(),), reflector.START)
    assert reflector.advance(reflector.START, states.Failed(error)) == ((), states.Listing(""))


def test_2_1_15_an_undecodable_initial_event_is_reported_and_a_list_comes():
    """Poison in the stream of the state is got past by a list."""
    error = ValueError("cut off")
    effects, state = reflector.advance(STREAMING, frames.Undecodable(error))
    assert effects == (states.Unstaged(), states.Report(error))
    assert state == states.Listing("10")


def test_2_1_5_a_list_asks_for_no_version():
    """Every classic list is the newest state, the first and each further one."""
    assert states.Listing("").options.resource_version == ""
    assert states.Listing("10").options.resource_version == ""
    assert states.Listing("10", "token").options.resource_version == ""


def test_2_1_6_a_list_comes_in_pages_of_500():
    """Each page carries the token for the next; the last one replaces the store at its version."""
    first, second = snapshot("a"), snapshot("b")
    state = states.Listing("10")
    assert state.options.limit == 500
    effects, state = reflector.advance(state, states.Page((first,), "40", "token"))
    assert effects == (states.Stage((first,)),)
    assert (state.options.limit, state.options.continue_token) == (500, "token")
    effects, state = reflector.advance(state, states.Page((second,), "40", ""))
    assert effects == (states.Stage((second,)), states.Replace("40"))
    assert state == states.Connecting("40", is_initial=False)


def test_2_1_7_an_expired_page_makes_one_unpaged_list():
    """A token that expired on a later page throws the pages away and asks for everything at once."""
    effects, state = reflector.advance(states.Listing("10", "token"), states.Failed(GONE))
    assert effects == (states.Unstaged(),)
    assert state == states.Listing("10", is_unpaged=True)
    assert (state.options.limit, state.options.continue_token) == (0, "")


@pytest.mark.parametrize("state", [states.Listing("10"), states.Listing("10", is_unpaged=True)])
def test_2_1_7_an_expired_list_is_begun_anew_without_a_version(state):
    """A 410 where there was no token waits, so that it cannot go on without end."""
    effects, after = reflector.advance(state, states.Failed(GONE))
    assert effects == (states.Unstaged(), states.Report(GONE))
    assert after == states.Waiting(reflector.START)


@pytest.mark.parametrize("error", [REFUSED, errors.TooManyRequestsError(429), errors.ServerError(503)])
def test_2_1_6_a_page_that_was_lost_is_asked_for_again(error):
    """The pages so far are kept; the same page is asked for after the backoff."""
    state = states.Listing("10", "token")
    assert reflector.advance(state, states.Failed(error)) == ((states.Report(error),), states.Waiting(state))


def test_2_1_16_a_list_refused_as_too_large_is_begun_anew_without_a_version():
    """A list asks for no version, but a server in front of it may."""
    assert reflector.advance(states.Listing("10"), states.Failed(TOO_LARGE))[1] == states.Waiting(reflector.START)


@pytest.mark.parametrize("error", [FORBIDDEN, errors.KindNotFoundError(404), errors.UnauthorizedError(401)])
def test_a_list_that_is_refused_is_reported(error):
    """A missing right or a missing definition is named, and tried again after the backoff."""
    effects, state = reflector.advance(states.Listing("10"), states.Failed(error))
    assert effects == (states.Unstaged(), states.Report(error))
    assert state == states.Waiting(ASKING)


def test_2_1_20_the_servers_wish_to_wait_is_obeyed():
    """A 503 with Retry-After waits at least so long."""
    error = errors.ServerError(503, retry_after_seconds=9.0)
    assert reflector.advance(states.Listing("10"), states.Failed(error))[1].at_least_seconds == 9.0
    assert reflector.advance(states.Connecting("10", is_initial=False), states.Failed(error))[1].at_least_seconds == 9.0
