"""The reflector's loop against a scripted server, in the test's own thread unless a stop must come from another."""

import threading

import pytest

from informers import errors, indexer, listwatch, processor, reflector_loop, store
from informers import metrics as informer_metrics
from tests.support import auto_clock, fake_clock
from tests.support import fake_lister_watcher as fakes
from tests.support.snapshots import CONFIG_MAP

STATE = (fakes.frame("ADDED", "a", "5"), fakes.frame("ADDED", "b", "3"), fakes.bookmark("10", ends_initial_events=True))


def shortest(low, high):
    """Draw the lower bound."""
    return low


class World:
    """A server that follows a script, and a reflector that follows the server until the script is over."""

    def __init__(self, *script, clock=None):
        self.clock = clock or auto_clock.AutoClock()
        self.server = fakes.FakeListerWatcher(*script)
        self.store = store.Store({indexer.NAMESPACE: indexer.by_namespace})
        self.sink = processor.Processor("test", self.store, informer_metrics.NoMetrics())
        options = reflector_loop.ReflectorOptions(self.clock, shortest)
        self.reflector = reflector_loop.Reflector(CONFIG_MAP, self.server, self.sink, options)
        self.server.on_end = self.reflector.stop

    def run(self):
        self.reflector.run()
        return self

    def content(self):
        return {snapshot.key.name: snapshot.meta.resource_version for snapshot in self.store.list()}


def live(*items):
    """Return a stream with an initial state and what comes after it."""
    return fakes.FakeStream(*STATE, *items)


def test_2_1_1_the_first_request_comes_at_once():
    """A reflector asks before it has ever waited."""
    world = World().run()
    assert len(world.server.requests) == 1
    assert world.clock.seconds == 0


def test_2_1_1_a_relist_waits_first():
    """Even a plain 410 costs 0.8 s before the state is asked for anew."""
    world = World(live(fakes.error_frame(410, "Expired"))).run()
    assert world.clock.seconds == pytest.approx(0.8)
    assert world.server.watches()[-1].send_initial_events


def test_2_1_4_all_failures_share_one_backoff():
    """Throttled lists, refused connections and throttled watches make each other's waits longer."""
    throttled, refused = errors.TooManyRequestsError(429), errors.TransportError("refused")
    world = World(refused, errors.InvalidError(422), throttled, live(fakes.error_frame(429)), throttled).run()
    assert world.clock.seconds == pytest.approx(0.8 + 1.6 + 3.2 + 6.4)


def test_2_1_8_a_stream_becomes_the_store_in_one_step():
    """The store is empty until the marker, then it holds everything, at the marker's version."""
    seen = []
    world = World(fakes.FakeStream(*STATE[:2], lambda: seen.append(len(world.store)), STATE[2]))
    world.run()
    assert seen == [0]
    assert world.content() == {"a": "5", "b": "3"}
    assert world.store.resource_version == "10"


def test_2_1_8_half_a_state_never_reaches_the_store():
    """After a stream that broke, only what the list says counts."""
    broken = fakes.FakeStream(fakes.frame("ADDED", "ghost", "4"), errors.TransportError("reset"))
    world = World(broken, fakes.page(fakes.manifest("a", "5"), version="12")).run()
    assert world.content() == {"a": "5"}
    assert world.server.watches()[-1] == listwatch.WatchOptions("12", 300)


def test_2_1_9_a_server_without_streaming_lists_costs_one_request():
    """The 422 is followed by a list at once, and the list by a watch."""
    refusal = errors.InvalidError(422, "Invalid", "sendInitialEvents: Forbidden: feature gate disabled")
    world = World(refusal, fakes.page(fakes.manifest("a", "5"), version="12")).run()
    assert world.content() == {"a": "5"}
    assert world.clock.seconds == 0
    assert world.server.requests[1:] == [listwatch.ListOptions(limit=500), listwatch.WatchOptions("12", 300)]
    assert world.sink.last_error is None or isinstance(world.sink.last_error, errors.TransportError)


def test_2_1_6_pages_are_put_together():
    """Three pages become one state; items of lists need no kind."""
    pages = [
        fakes.page(b'{"metadata":{"name":"a","resourceVersion":"1"}}', continue_token="one"),
        fakes.page(fakes.manifest("b", "2"), continue_token="two"),
        fakes.page(fakes.manifest("c", "3"), version="10"),
    ]
    world = World(errors.InvalidError(422), *pages).run()
    assert world.content() == {"a": "1", "b": "2", "c": "3"}
    assert [request.continue_token for request in world.server.lists()] == ["", "one", "two"]


def test_2_1_7_an_expired_page_leads_to_the_whole_list():
    """What the first pages said is forgotten: only the unpaged list counts."""
    script = (
        errors.InvalidError(422),
        fakes.page(fakes.manifest("stale", "1"), continue_token="one"),
        errors.GoneError(410, "Expired"),
        fakes.page(fakes.manifest("a", "5"), version="12"),
    )
    world = World(*script).run()
    assert world.content() == {"a": "5"}
    assert world.server.lists()[-1] == listwatch.ListOptions()
    assert world.clock.seconds == 0


def test_2_1_10_the_server_ends_watches_after_300_to_600_seconds():
    """Each watch asks for a life between the two bounds."""
    drawn = []

    def longest(low, high):
        drawn.append((low, high))
        return high - 0.001

    world = World()
    world.reflector = reflector_loop.Reflector(
        CONFIG_MAP, world.server, world.sink, reflector_loop.ReflectorOptions(world.clock, longest)
    )
    world.server.on_end = world.reflector.stop
    world.run()
    assert drawn == [(300, 600)]
    assert world.server.watches()[0].timeout_seconds == 599


def test_2_1_11_a_watch_that_ended_costs_no_list_and_no_wait():
    """After its end the watch is resumed from the last event's version, at once."""
    world = World(live(fakes.frame("MODIFIED", "a", "11"))).run()
    assert world.content()["a"] == "11"
    assert world.server.requests[1] == listwatch.WatchOptions("11", 300)
    assert world.clock.seconds == 0


def test_2_1_12_a_bookmark_is_where_the_next_watch_begins():
    """Bookmarks move the store's version and the next watch's start, and nothing else."""
    world = World(live(fakes.bookmark("50"))).run()
    assert world.server.watches()[-1].resource_version == "50"
    assert world.store.resource_version == "50"
    assert world.content() == {"a": "5", "b": "3"}


def test_2_1_14_watches_that_end_at_once_do_not_spin():
    """Ten watches without a life and without events take more than ten seconds, not a moment."""
    world = World(live(), *[fakes.FakeStream() for _ in range(10)]).run()
    assert world.clock.seconds > 10


def test_2_1_14_watches_that_are_refused_do_not_spin():
    """Ten refusals of any kind take more than a hundred seconds."""
    refusals = [errors.ForbiddenError(403), errors.ServerError(500), errors.TransportError("refused")] * 4
    world = World(*refusals).run()
    assert world.clock.seconds > 60


def test_2_1_15_a_poisoned_frame_does_not_spin_and_is_got_past():
    """The frame is read twice, then the state is asked for anew and the watch goes on behind the poison."""
    poison = b'{"type":"MODIFIED","object":{"metadata":7}}'
    world = World(
        fakes.FakeStream(*STATE, poison),
        fakes.FakeStream(poison),
        fakes.FakeStream(fakes.frame("ADDED", "a", "20"), fakes.bookmark("21", ends_initial_events=True)),
    ).run()
    assert world.clock.seconds == pytest.approx(0.8 + 1.6)
    assert world.content() == {"a": "20"}
    assert [watch.send_initial_events for watch in world.server.watches()] == [True, False, True, False]


def test_2_1_15_a_frame_that_was_cut_off_is_read_again():
    """A truncated frame changes nothing; the whole frame comes with the next watch."""
    whole = fakes.frame("MODIFIED", "a", "11")
    world = World(live(whole[:-20]), fakes.FakeStream(whole)).run()
    assert world.content()["a"] == "11"
    assert world.server.lists() == []
    assert [watch.resource_version for watch in world.server.watches()] == ["", "10", "11"]


def test_2_1_19_a_dead_connection_is_found_by_the_read_timeout():
    """Silence ends the read; the watch is resumed from the last version without a list, and the store stays."""
    silent = fakes.FakeStream(*STATE, lambda: world.clock.wait_event(threading.Event(), 70.0), TimeoutError("silence"))
    world = World(silent)
    world.run()
    assert world.server.requests[1] == listwatch.WatchOptions("10", 300)
    assert world.clock.seconds == 70.0
    assert world.content() == {"a": "5", "b": "3"}


def test_2_1_20_a_wish_to_wait_is_obeyed():
    """The next request comes no sooner than the server asked."""
    world = World(errors.TooManyRequestsError(429, retry_after_seconds=45.0)).run()
    assert world.clock.seconds == 45.0


def test_2_1_17_a_foreign_object_is_left_out():
    """A Secret in a stream of ConfigMaps is skipped; what follows is not."""
    secret = b'{"type":"ADDED","object":{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","resourceVersion":"12"}}}'
    world = World(live(secret, fakes.frame("ADDED", "c", "13"))).run()
    assert world.content() == {"a": "5", "b": "3", "c": "13"}


def test_the_error_is_shown_until_all_is_well():
    """The last failure is there to be read, and None after a state or a watch has come."""
    during, after = [], []
    recovered = fakes.FakeStream(
        lambda: during.append(world.sink.last_error), *STATE, lambda: after.append(world.sink.last_error)
    )
    world = World(errors.ForbiddenError(403, "Forbidden"), errors.ForbiddenError(403, "Forbidden"), recovered)
    world.run()
    assert isinstance(during[0], errors.ForbiddenError)
    assert after == [None]


def test_a_list_of_nonsense_is_reported():
    """An item without metadata fails the list, which is tried again after the backoff."""
    world = World(errors.InvalidError(422), fakes.page(b"{}")).run()
    assert isinstance(world.sink.last_error, ValueError)
    assert world.clock.seconds == pytest.approx(0.8)


def test_an_unexpected_exception_does_not_end_the_watch():
    """A bug in the client is reported, waited for, and the state is asked for anew."""
    errors_seen = []
    world = World(KeyError("bug"), fakes.FakeStream(lambda: errors_seen.append(world.sink.last_error), *STATE))
    world.run()
    assert isinstance(errors_seen[0], KeyError)
    assert world.content() == {"a": "5", "b": "3"}
    assert world.clock.seconds == pytest.approx(0.8)


def test_streams_are_stopped_when_they_are_left():
    """No connection stays behind after an error in a stream."""
    stream = live(fakes.error_frame(410), fakes.frame("ADDED", "never", "99"))
    world = World(stream).run()
    assert stream.is_stopped
    assert "never" not in world.content()


@pytest.fixture
def threaded():
    """Run a world in a thread of its own, and end it afterwards."""
    running = []

    def start(*script):
        world = World(*script, clock=fake_clock.FakeClock())
        world.server.on_end = lambda: None
        thread = threading.Thread(target=world.run, daemon=True)
        thread.start()
        running.append((world, thread))
        return world, thread

    yield start
    for world, thread in running:
        world.reflector.stop()
        thread.join(fake_clock.PATIENCE_SECONDS)
        assert not thread.is_alive()


def test_a_stop_ends_a_silent_watch_at_once(threaded):
    """A thread that waits for a frame returns when it is stopped, and the stream is closed."""
    stream = fakes.FakeStream(*STATE, stays_open=True)
    world, thread = threaded(stream)
    world.server.wait_for_requests(1)
    world.reflector.stop()
    thread.join(fake_clock.PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert stream.is_stopped


def test_a_stop_ends_a_sleep_at_once(threaded):
    """A thread that backs off returns when it is stopped, though no time has passed."""
    world, thread = threaded(errors.TransportError("refused"))
    world.clock.wait_for_waiters(1)
    world.reflector.stop()
    thread.join(fake_clock.PATIENCE_SECONDS)
    assert not thread.is_alive()


def test_a_stop_while_a_request_is_in_flight_ends_the_stream_that_it_brings():
    """The answer that comes after the stop is not followed."""
    world = World(clock=fake_clock.FakeClock())
    stream = fakes.FakeStream(*STATE, stays_open=True)

    class Stopping:
        def watch(self, options):
            world.reflector.stop()
            return stream

    world.reflector = reflector_loop.Reflector(CONFIG_MAP, Stopping(), world.sink)
    world.run()
    assert stream.is_stopped
    assert world.content() == {}


def test_a_stop_before_the_start_means_no_request():
    """A reflector that was stopped asks for nothing."""
    world = World()
    world.reflector.stop()
    world.run()
    assert world.server.requests == []
