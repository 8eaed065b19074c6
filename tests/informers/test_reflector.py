"""What the reflector's machine decides, with values only: live watches, and what cannot happen."""

import pytest

from informers import errors, frames, reflector
from informers import reflector_states as states
from tests.support.snapshots import snapshot

LIVE = states.Receiving("10", is_initial=False)
RESUME = states.Connecting("10", is_initial=False)
RELIST = states.Connecting("10", is_initial=True)

GONE = errors.GoneError(410, "Expired")
THROTTLED = errors.TooManyRequestsError(429, "TooManyRequests", retry_after_seconds=7.0)
TOO_LARGE = errors.ResourceVersionTooLargeError(504, "Timeout")
BROKEN = errors.ServerError(500, "InternalError")
FORBIDDEN = errors.ForbiddenError(403, "Forbidden")
REFUSED = errors.TransportError("connection refused")


def changed(kind="MODIFIED", version="11"):
    """Return a frame with a change."""
    return frames.Object(kind, snapshot("a", resourceVersion=version))


def test_2_1_10_a_watch_resumes_after_the_last_version():
    """After a list the next request is a watch from the list's version, without initial events."""
    effects, state = reflector.advance(states.Listing("", "token"), states.Page((), "42", ""))
    assert effects == (states.Stage(()), states.Replace("42"))
    assert state == states.Connecting("42", is_initial=False)


def test_2_1_12_bookmarks_only_advance_the_version():
    """A bookmark moves the version and changes no object."""
    effects, state = reflector.advance(LIVE, frames.Bookmark("20", ends_initial_events=False))
    assert effects == (states.Advance("20"),)
    assert state == states.Receiving("20", is_initial=False, has_progressed=True)


@pytest.mark.parametrize("version", ["", "9"])
def test_2_1_12_a_bookmark_never_moves_the_version_back(version):
    """A bookmark that is older, or empty, is ignored."""
    assert reflector.advance(LIVE, frames.Bookmark(version, ends_initial_events=False)) == ((), LIVE)


def test_2_1_12_versions_without_order_are_taken_as_they_come():
    """Where versions have no order, a bookmark's is believed."""
    effects, state = reflector.advance(states.Receiving("x7", is_initial=False), frames.Bookmark("x2", ends_initial_events=False))
    assert effects == (states.Advance("x2"),)
    assert state.version == "x2"


@pytest.mark.parametrize("kind", ["ADDED", "MODIFIED", "DELETED"])
def test_2_1_13_every_event_moves_the_version_together_with_the_store(kind):
    """The change and its version are one effect, so the store never stands at a version that it does not show."""
    given = changed(kind)
    effects, state = reflector.advance(LIVE, given)
    expected = states.Remove if kind == "DELETED" else states.Put
    assert effects == (expected(given.snapshot, "11"),)
    assert state.version == "11"


@pytest.mark.parametrize("start", ["", "0"])
def test_2_1_13_a_watch_from_no_version_takes_none_from_added(start):
    """A watch that began at "" or "0" starts with ADDED events in no order: the first other event has a version to take."""
    began = states.Receiving(start, is_initial=False)
    added, modified = changed("ADDED", "30"), changed("MODIFIED", "20")
    effects, state = reflector.advance(began, added)
    assert (effects, state) == ((states.Put(added.snapshot, ""),), began)
    effects, state = reflector.advance(state, modified)
    assert (effects, state.version) == ((states.Put(modified.snapshot, "20"),), "20")
    effects, state = reflector.advance(state, changed("ADDED", "21"))
    assert state.version == "21"


def test_2_1_11_a_watch_that_ended_is_resumed_at_once():
    """A normal end after an hour of silence costs no wait and no list."""
    effects, state = reflector.advance(LIVE, states.Ended("closed", 300.0))
    assert effects == (states.Reconnect("closed"),)
    assert state == RESUME


def test_2_1_11_a_short_watch_that_brought_something_is_resumed_at_once():
    """What counts is progress, or a second of life."""
    _, moved = reflector.advance(LIVE, changed())
    assert reflector.advance(moved, states.Ended("closed", 0.1))[1] == states.Connecting("11", is_initial=False)
    assert reflector.advance(LIVE, states.Ended("closed", 1.0))[1] == RESUME


def test_2_1_15_a_read_timeout_is_a_normal_end():
    """Silence for the read timeout means a reconnect from the last version, with a reason of its own, and no list."""
    effects, state = reflector.advance(LIVE, states.Ended("read_timeout", 70.0))
    assert effects == (states.Reconnect("read_timeout"),)
    assert state == RESUME


def test_2_1_15_a_broken_connection_is_a_normal_end():
    """A connection that breaks in the middle of a frame means a reconnect from the last version, and no list."""
    effects, state = reflector.advance(LIVE, states.Ended("broken", 5.0))
    assert effects == (states.Reconnect("broken"),)
    assert state == RESUME


def test_2_1_14_a_very_short_watch_waits():
    """A watch that ended within a second and brought nothing is asked for again only after the backoff."""
    effects, state = reflector.advance(LIVE, states.Ended("closed", 0.9))
    assert effects == (states.Reconnect("closed"),)
    assert state == states.Waiting(states.Connecting("10", is_initial=False, fruitless=1))


def test_2_1_14_after_five_fruitless_watches_comes_a_relist():
    """Watches that end at once from one version, time after time, are given up."""
    state = LIVE
    for count in range(1, reflector.FRUITLESS_LIMIT):
        _, state = reflector.advance(state, states.Ended("broken", 0.0))
        assert state == states.Waiting(states.Connecting("10", is_initial=False, fruitless=count))
        _, state = reflector.advance(state, states.Woke())
        _, state = reflector.advance(state, states.Started())
    _, state = reflector.advance(state, states.Ended("broken", 0.0))
    assert state == states.Waiting(RELIST)


def test_2_1_14_progress_makes_up_for_fruitless_watches():
    """One event, and the count starts anew."""
    tired = states.Receiving("10", is_initial=False, fruitless=4)
    _, state = reflector.advance(tired, changed())
    assert state.fruitless == 0


def test_2_1_14_expired_in_the_stream_means_a_relist_after_the_backoff():
    """A 410 frame is no failure to report; the state must not be older than what was seen."""
    effects, state = reflector.advance(LIVE, frames.Failure(GONE))
    assert effects == (states.Reconnect("expired"),)
    assert state == states.Waiting(RELIST)


def test_2_1_14_expired_at_the_start_means_a_relist_after_the_backoff():
    """A 410 answer to the watch's request is the same."""
    effects, state = reflector.advance(RESUME, states.Failed(GONE))
    assert effects == (states.Reconnect("expired"),)
    assert state == states.Waiting(RELIST)


@pytest.mark.parametrize(("state", "given"), [(LIVE, frames.Failure(THROTTLED)), (RESUME, states.Failed(THROTTLED))])
def test_2_1_14_throttled_waits_and_resumes_at_the_same_version(state, given):
    """A 429, in the stream or as an answer, waits at least as long as the server asked, and does not relist."""
    effects, after = reflector.advance(state, given)
    assert effects == (states.Report(THROTTLED), states.Reconnect("throttled"))
    assert after == states.Waiting(RESUME, 7.0)


def test_2_1_14_other_errors_in_the_stream_are_reported_and_mean_a_relist():
    """An InternalError frame is not retried from the same version."""
    effects, state = reflector.advance(LIVE, frames.Failure(BROKEN))
    assert effects == (states.Report(BROKEN), states.Reconnect("error"))
    assert state == states.Waiting(RELIST)


def test_2_1_14_a_server_that_is_away_does_not_cost_a_relist():
    """However often the connection is refused, the watch is asked for again from the same version."""
    state = RESUME
    for _ in range(20):
        effects, state = reflector.advance(state, states.Failed(REFUSED))
        assert effects == (states.Report(REFUSED), states.Reconnect("refused"))
        assert state == states.Waiting(RESUME)
        _, state = reflector.advance(state, states.Woke())


def test_2_1_14_a_server_that_cannot_start_the_watch_gets_five_tries():
    """5xx at the start is retried from the same version, then the state is asked for anew."""
    state = RESUME
    for _ in range(reflector.FRUITLESS_LIMIT - 1):
        effects, state = reflector.advance(state, states.Failed(BROKEN))
        assert effects == (states.Report(BROKEN), states.Reconnect("error"))
        assert not state.then.is_initial
        _, state = reflector.advance(state, states.Woke())
    assert reflector.advance(state, states.Failed(BROKEN))[1] == states.Waiting(RELIST)


def test_2_1_14_a_refusal_is_reported_and_means_a_relist():
    """A 403 at the start of a watch is shown, and the state is asked for anew after the backoff."""
    effects, state = reflector.advance(RESUME, states.Failed(FORBIDDEN))
    assert effects == (states.Report(FORBIDDEN), states.Reconnect("error"))
    assert state == states.Waiting(RELIST)


def test_2_1_15_an_undecodable_frame_is_read_again_once():
    """The first time the frame may have been cut off: the watch is resumed after the backoff."""
    nonsense = frames.Undecodable(ValueError("cut off"))
    effects, state = reflector.advance(LIVE, nonsense)
    assert effects == (states.Report(nonsense.error), states.Reconnect("undecodable"))
    assert state == states.Waiting(states.Connecting("10", is_initial=False, fruitless=1))


def test_2_1_15_poison_that_comes_again_means_a_relist():
    """The same frame from the same version a second time is got past by a relist."""
    again = states.Receiving("10", is_initial=False, fruitless=1)
    assert reflector.advance(again, frames.Undecodable(ValueError("cut off")))[1] == states.Waiting(RELIST)


@pytest.mark.parametrize(("state", "given"), [(LIVE, frames.Failure(TOO_LARGE)), (RESUME, states.Failed(TOO_LARGE))])
def test_2_1_16_a_version_that_the_server_has_not_seen_means_the_newest_state(state, given):
    """After ResourceVersionTooLarge no version is asked for: the server may have been restored from a backup."""
    assert reflector.advance(state, given)[1] == states.Waiting(reflector.START)


@pytest.mark.parametrize("is_initial", [True, False])
def test_2_1_17_foreign_events_are_skipped_and_move_no_version(is_initial):
    """An object of another kind changes nothing but the log."""
    state = states.Receiving("10", is_initial=is_initial)
    assert reflector.advance(state, frames.Foreign("ADDED of v1 Secret")) == ((states.Skip("ADDED of v1 Secret"),), state)


def test_a_watch_that_starts_clears_the_error():
    """Only a live watch, or a whole state, shows that all is well."""
    assert reflector.advance(RESUME, states.Started()) == ((states.Report(None),), LIVE)
    assert reflector.advance(RELIST, states.Started()) == ((), states.Receiving("10", is_initial=True))


@pytest.mark.parametrize(
    ("state", "given"),
    [
        (LIVE, states.Woke()),
        (states.Receiving("10", is_initial=True), states.Started()),
        (states.Listing(""), states.Started()),
        (states.Waiting(RESUME), changed()),
        (RESUME, states.Woke()),
    ],
)
def test_what_cannot_happen_is_an_error(state, given):
    """An input that the state does not name is a bug of the loop."""
    with pytest.raises(TypeError, match="does not expect"):
        reflector.advance(state, given)
