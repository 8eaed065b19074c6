"""How events are written: series, retries, bounds, and the end."""

import threading

import pytest

from controller import event_broadcaster
from informers import errors
from tests.support import event_sink, fake_clock

PATIENCE = fake_clock.PATIENCE_SECONDS


@pytest.fixture
def clock() -> fake_clock.FakeClock:
    return fake_clock.FakeClock()


@pytest.fixture
def sink() -> event_sink.MemoryEventSink:
    return event_sink.MemoryEventSink()


@pytest.fixture
def broadcaster(sink, clock):
    a_broadcaster = event_broadcaster.EventBroadcaster(sink, clock)
    yield a_broadcaster
    if sink.hold is not None:
        sink.hold.set()
    a_broadcaster.stop(PATIENCE)


def record(broadcaster, name="e"):
    broadcaster.record(name, {"metadata": {"namespace": "ns", "name": name}, "note": "n"})


def settle(clock, sink, calls):
    """Wait until *calls* requests were made and the thread waits for more."""
    sink.wait_for_calls(calls)
    clock.wait_for_waiters(1)


def counts(sink):
    return {event["metadata"]["name"]: event.get("series", {}).get("count", 1) for event in sink.all()}


def test_2_14_first_is_created_second_patched_further_ones_counted(broadcaster, sink, clock):
    """The second occurrence makes a series at once; the third to fifth make no request."""
    broadcaster.start()
    record(broadcaster)
    settle(clock, sink, 1)
    clock.step(1)
    record(broadcaster)
    settle(clock, sink, 2)
    for _ in range(3):
        record(broadcaster)
    assert sink.calls == [("create", "e"), ("patch", "e")]
    assert sink.all()[0]["series"] == {"count": 2, "lastObservedTime": "2026-01-02T03:04:06.678901Z"}


def test_2_14_a_series_that_goes_on_is_refreshed_every_30_minutes(broadcaster, sink, clock):
    """The count that grew in memory is written half an hour after the last write, and not before."""
    broadcaster.start()
    record(broadcaster)
    settle(clock, sink, 1)
    record(broadcaster)
    settle(clock, sink, 2)
    waits = clock.waits
    for minute in range(1, 31):
        record(broadcaster)
        clock.step(60)
        if minute % 6 == 0 and minute < 30:
            clock.wait_for_waits(waits := waits + 1)
            assert len(sink.calls) == 2
    settle(clock, sink, 3)
    assert counts(sink) == {"e": 32}


def test_2_14_after_6_quiet_minutes_the_last_count_is_written_and_the_next_is_new(broadcaster, sink, clock):
    """A finished series gets its final count; what happens later is another event."""
    broadcaster.start()
    record(broadcaster)
    settle(clock, sink, 1)
    record(broadcaster)
    settle(clock, sink, 2)
    for _ in range(3):
        record(broadcaster)
    waits = clock.waits
    clock.step(360)
    sink.wait_for_calls(3)
    clock.wait_for_waits(waits + 1)
    assert counts(sink) == {"e": 5}
    broadcaster.record("e", {"metadata": {"namespace": "ns", "name": "later"}})
    sink.wait_for_calls(4)
    assert sink.calls[-1] == ("create", "later")


def test_an_event_that_was_not_repeated_is_forgotten_without_a_request(broadcaster, sink, clock):
    """After 6 minutes a repetition is a new event."""
    broadcaster.start()
    record(broadcaster)
    settle(clock, sink, 1)
    waits = clock.waits
    clock.step(360)
    clock.wait_for_waits(waits + 1)
    assert len(sink.calls) == 1
    broadcaster.record("e", {"metadata": {"namespace": "ns", "name": "later"}})
    sink.wait_for_calls(2)
    assert sink.calls[-1] == ("create", "later")


def test_repetitions_before_the_first_write_are_part_of_it(broadcaster, sink, clock):
    """What happened five times while there was no connection is one request."""
    for _ in range(5):
        record(broadcaster)
    broadcaster.start()
    settle(clock, sink, 1)
    assert (sink.calls, counts(sink)) == ([("create", "e")], {"e": 5})


def test_repetitions_during_the_first_write_follow_as_a_patch(broadcaster, sink, clock):
    """What happens while the first request is on its way is not lost."""
    sink.hold = threading.Event()
    broadcaster.start()
    record(broadcaster)
    sink.wait_for_calls(1)
    record(broadcaster)
    record(broadcaster)
    sink.hold.set()
    settle(clock, sink, 2)
    assert (sink.calls, counts(sink)) == ([("create", "e"), ("patch", "e")], {"e": 3})


def test_events_keep_their_order(broadcaster, sink, clock):
    """One thread writes, first come first."""
    for number in range(20):
        record(broadcaster, f"e{number}")
    broadcaster.start()
    settle(clock, sink, 20)
    assert [name for _, name in sink.calls] == [f"e{number}" for number in range(20)]


def test_2_14_an_expired_event_is_created_again(broadcaster, sink, clock):
    """A patch that finds nothing becomes a creation with the series in it."""
    broadcaster.start()
    record(broadcaster)
    settle(clock, sink, 1)
    sink.events.clear()
    record(broadcaster)
    settle(clock, sink, 3)
    assert [verb for verb, _ in sink.calls] == ["create", "patch", "create"]
    assert counts(sink) == {"e": 2}


@pytest.mark.parametrize(
    "error", [errors.TransportError("reset"), errors.TooManyRequestsError(429), errors.ServerError(503, "Unavailable")]
)
def test_2_14_5_a_lost_connection_is_tried_again_every_10_seconds(broadcaster, sink, clock, error):
    """Transport errors, 429 and 5xx do not lose an event."""
    sink.answers = [error, error]
    broadcaster.start()
    record(broadcaster)
    for tries in (1, 2):
        settle(clock, sink, tries)
        clock.step(9.5)
        assert len(sink.calls) == tries
        clock.step(0.5)
    settle(clock, sink, 3)
    assert (counts(sink), broadcaster.dropped) == ({"e": 1}, 0)


def test_retry_after_is_obeyed(broadcaster, sink, clock):
    """A server that asks for a minute gets it."""
    sink.answers = [errors.TooManyRequestsError(429, retry_after_seconds=60)]
    broadcaster.start()
    record(broadcaster)
    settle(clock, sink, 1)
    clock.step(59)
    assert len(sink.calls) == 1
    clock.step(1)
    settle(clock, sink, 2)
    assert counts(sink) == {"e": 1}


def test_2_14_5_after_12_tries_the_event_is_dropped(sink, clock):
    """Two minutes without a connection are enough; the loss is counted and reported, and the next event is tried."""
    reported: list[int] = []
    broadcaster = event_broadcaster.EventBroadcaster(sink, clock, lambda: reported.append(1))
    sink.answers = [errors.TransportError("down")] * 12
    record(broadcaster)
    record(broadcaster, "next")
    broadcaster.start()
    for tries in range(1, 12):
        settle(clock, sink, tries)
        clock.step(10)
    settle(clock, sink, 13)
    assert [name for _, name in sink.calls] == ["e"] * 12 + ["next"]
    assert (broadcaster.dropped, len(reported), counts(sink)) == (1, 1, {"next": 1})
    assert broadcaster.stop(PATIENCE)


@pytest.mark.parametrize(
    "error",
    [
        errors.ForbiddenError(403, "Forbidden"),
        errors.ForbiddenError(403, "NamespaceTerminating"),
        errors.InvalidError(422, "Invalid"),
        errors.NotFoundError(404, "NotFound"),
    ],
)
def test_2_14_5_an_event_that_the_server_refuses_is_given_up_at_once(broadcaster, sink, clock, error):
    """A no is not asked again; it is counted."""
    sink.answers = [error]
    record(broadcaster)
    record(broadcaster, "next")
    broadcaster.start()
    settle(clock, sink, 2)
    assert (broadcaster.dropped, counts(sink)) == (1, {"next": 1})


def test_a_creation_whose_answer_was_lost_is_no_failure(broadcaster, sink, clock):
    """The second try finds the event in place; nothing is dropped or doubled."""
    sink.loses_answers = True
    sink.answers = [errors.TransportError("reset")]
    broadcaster.start()
    record(broadcaster)
    settle(clock, sink, 1)
    clock.step(10)
    settle(clock, sink, 2)
    assert (counts(sink), broadcaster.dropped) == ({"e": 1}, 0)


def test_a_full_queue_drops_and_counts_and_never_blocks(broadcaster):
    """The thousand-and-first waiting event is lost; repetitions of waiting ones take no room."""
    for number in range(1000):
        record(broadcaster, f"e{number}")
    record(broadcaster, "too much")
    record(broadcaster, "e0")
    assert broadcaster.dropped == 1


def test_what_is_remembered_is_bounded(broadcaster, sink, clock):
    """However many different events there are within 6 minutes, memory has an end."""
    broadcaster.start()
    for batch in range(10):
        for number in range(500):
            record(broadcaster, f"e{batch}-{number}")
        settle(clock, sink, (batch + 1) * 500)
    assert len(sink.events) == 5000
    assert len(broadcaster._series) == event_broadcaster.MAX_SERIES


def test_stop_writes_what_is_queued_and_the_last_counts(broadcaster, sink, clock):
    """At the end the queue is emptied and every series gets its count."""
    broadcaster.start()
    record(broadcaster)
    settle(clock, sink, 1)
    record(broadcaster)
    settle(clock, sink, 2)
    for _ in range(5):
        record(broadcaster)
    record(broadcaster, "last")
    assert broadcaster.stop(PATIENCE)
    assert counts(sink) == {"e": 7, "last": 1}


def test_stop_does_not_wait_for_a_request_that_hangs(broadcaster, sink):
    """SIGTERM is obeyed although the API server is silent."""
    sink.hold = threading.Event()
    broadcaster.start()
    record(broadcaster)
    sink.wait_for_calls(1)
    assert not broadcaster.stop(0.01)


def test_stop_cuts_a_retry_short(broadcaster, sink, clock):
    """Who waits to try again is woken; each event left is tried once."""
    sink.answers = [errors.TransportError("down")] * 3
    broadcaster.start()
    record(broadcaster)
    record(broadcaster, "other")
    settle(clock, sink, 1)
    assert broadcaster.stop(PATIENCE)
    assert sink.calls == [("create", "e"), ("create", "other"), ("create", "e")]
    assert broadcaster.dropped == 3


def test_1_9_events_after_stop_are_dropped_and_counted(broadcaster, sink):
    """The recorder takes nothing more, and says so only by its count."""
    broadcaster.start()
    assert broadcaster.stop(PATIENCE)
    record(broadcaster)
    assert (broadcaster.dropped, sink.calls) == (1, [])


def test_stop_without_start_returns_at_once(broadcaster):
    """A manager that fails before it starts can end its recorder; what was recorded is left."""
    assert broadcaster.stop(0)
    other = event_broadcaster.EventBroadcaster(event_sink.MemoryEventSink(), fake_clock.FakeClock())
    record(other)
    assert not other.stop(0)
