"""One cache, many handlers: a reflector's thread, handlers' threads, and a scripted server."""

import queue
import threading

import pytest

from informers import errors, events, indexer, shared_informer
from tests.support import fake_clock, informer_metrics
from tests.support import fake_lister_watcher as fakes
from tests.support.snapshots import CONFIG_MAP

PATIENCE = fake_clock.PATIENCE_SECONDS
STATE = (fakes.frame("ADDED", "a", "5"), fakes.frame("ADDED", "b", "3"), fakes.bookmark("10", ends_initial_events=True))
KEY = shared_informer.InformerKey(CONFIG_MAP)


def shortest(low, high):
    """Draw the lower bound."""
    return low


class World:
    """An informer, its server with one open watch, and the clock."""

    def __init__(self, resync_seconds=0.0):
        self.clock = fake_clock.FakeClock()
        self.stream = fakes.FakeStream(stays_open=True)
        self.server = fakes.FakeListerWatcher(self.stream)
        self.metrics = informer_metrics.RecordingMetrics()
        options = shared_informer.InformerOptions(self.clock, resync_seconds, self.metrics, uniform=shortest)
        self.informer = shared_informer.SharedInformer(KEY, self.server, options)
        self._moves = queue.Queue()
        self.informer.on_advance(lambda: self._moves.put(self.informer.store.resource_version))

    def wait_for_version(self, version):
        """Block the test until the store stands at *version*."""
        while self._moves.get(timeout=PATIENCE) != version:
            pass

    def sync(self):
        """Send the initial state and wait until it is in the store."""
        self.informer.start()
        self.stream.send(*STATE)
        self.wait_for_version("10")


class Handler:
    """Puts each event on a queue; may be made to wait."""

    def __init__(self):
        self.told = queue.Queue()
        self.is_free = threading.Event()
        self.is_free.set()

    def __call__(self, event):
        assert self.is_free.wait(PATIENCE)
        self.told.put(event)

    def take(self, count):
        """Return the next *count* events."""
        return [self.told.get(timeout=PATIENCE) for _ in range(count)]


def described(event):
    """Return what an event says, in short."""
    key = events.snapshot(event).key.name
    match event:
        case events.Added(new, is_in_initial_list):
            return ("added", key, new.meta.resource_version, is_in_initial_list)
        case events.Updated(old, new):
            return ("updated", key, old.meta.resource_version, new.meta.resource_version)
        case events.Deleted(old, final_state_unknown):
            return ("deleted", key, old.meta.resource_version, final_state_unknown)


@pytest.fixture
def world():
    """An informer without resyncs."""
    made = World()
    yield made
    assert made.informer.stop(PATIENCE)


@pytest.fixture
def handler(world):
    """A handler; freed at the end, so that the informer can stop."""
    made = Handler()
    yield made
    made.is_free.set()


def test_changes_reach_store_and_handlers(world, handler):
    """The initial list and each live event are in the store, and told in order."""
    registration = world.informer.add_handler(handler)
    world.sync()
    world.stream.send(fakes.frame("MODIFIED", "a", "11"), fakes.frame("ADDED", "c", "12"), fakes.frame("DELETED", "b", "13"))
    assert [described(event) for event in handler.take(5)] == [
        ("added", "a", "5", True),
        ("added", "b", "3", True),
        ("updated", "a", "5", "11"),
        ("added", "c", "12", False),
        ("deleted", "b", "13", False),
    ]
    world.wait_for_version("13")
    assert sorted(str(key) for key in world.informer.store.keys()) == ["default/a", "default/c"]  # noqa: SIM118 (no mapping)
    assert registration.has_synced()


def test_2_2_1_events_come_in_the_order_of_the_stream(world, handler):
    """Across all keys, in arrival order, with nothing compressed."""
    world.informer.add_handler(handler)
    world.sync()
    world.stream.send(*[fakes.frame("MODIFIED", "ab"[n % 2], str(20 + n)) for n in range(100)])
    versions = [events.snapshot(event).meta.resource_version for event in handler.take(102)[2:]]
    assert versions == [str(20 + n) for n in range(100)]


def test_2_4_1_a_slow_handler_holds_up_nobody(world):
    """While one handler is stuck, the store moves on and another handler hears of it."""
    stuck, quick = Handler(), Handler()
    stuck.is_free.clear()
    world.informer.add_handler(stuck)
    world.informer.add_handler(quick)
    world.sync()
    world.stream.send(fakes.frame("MODIFIED", "a", "11"))
    assert described(quick.take(3)[-1]) == ("updated", "a", "5", "11")
    assert stuck.told.empty()
    stuck.is_free.set()
    assert len(stuck.take(3)) == 3


def test_2_4_3_the_store_shows_what_a_handler_is_told(world):
    """When a handler hears of a state, the store and its indices have that state or a later one."""
    seen = queue.Queue()
    store = world.informer.store
    world.informer.add_index("version", lambda one: [one.meta.resource_version])

    def look(event):
        new = events.snapshot(event)
        is_deleted = isinstance(event, events.Deleted)
        held = store.get(new.key)
        found = [one.key for one in store.by_index("version", new.meta.resource_version)]
        is_seen = store.has_seen(new.key, new.meta.resource_version)
        seen.put((held is None, found == [], is_seen) == (is_deleted, is_deleted, True))

    world.informer.add_handler(look)
    world.sync()
    assert all(seen.get(timeout=PATIENCE) for _ in range(2))
    for frame in (fakes.frame("MODIFIED", "a", "11"), fakes.frame("DELETED", "b", "12")):
        world.stream.send(frame)
        assert seen.get(timeout=PATIENCE)


def test_2_4_4_a_late_handler_is_told_of_everything_then_of_changes(world, handler):
    """Each stored object comes once, as part of the initial list, then what happens."""
    world.sync()
    world.stream.send(fakes.frame("MODIFIED", "a", "11"))
    world.wait_for_version("11")
    world.informer.add_handler(handler)
    world.stream.send(fakes.frame("MODIFIED", "b", "12"))
    told = [described(event) for event in handler.take(3)]
    assert sorted(told[:2]) == [("added", "a", "11", True), ("added", "b", "3", True)]
    assert told[2] == ("updated", "b", "3", "12")


def test_2_4_4_handlers_that_come_in_the_middle_of_a_storm_miss_nothing(world):
    """Whenever a handler comes, its events add up to the store's content, each key's without a gap or a repetition."""
    world.sync()
    world.stream.send(*[fakes.frame("MODIFIED", "ab"[n % 2], str(100 + n)) for n in range(2000)])
    handlers = [Handler() for _ in range(8)]
    for each in handlers:
        world.informer.add_handler(each)
    world.stream.send(fakes.frame("ADDED", "end", "9999"))
    for each in handlers:
        held = {}
        while "end" not in held:
            event = each.told.get(timeout=PATIENCE)
            key = events.snapshot(event).key.name
            if isinstance(event, events.Added):
                assert key not in held
            else:
                assert held[key] == event.old.meta.resource_version
            held[key] = events.snapshot(event).meta.resource_version
        assert held == {"a": "2098", "b": "2099", "end": "9999"}


def test_2_4_5_the_informer_has_synced_before_its_handlers_have(world, handler):
    """The store has the initial list while a handler is still at it."""
    handler.is_free.clear()
    registration = world.informer.add_handler(handler)
    assert not world.informer.has_synced()
    world.sync()
    assert world.informer.has_synced()
    assert not registration.has_synced()
    handler.is_free.set()
    handler.take(2)
    world.stream.send(fakes.frame("MODIFIED", "a", "11"))
    handler.take(1)
    assert registration.has_synced()


def test_2_4_6_only_adds_of_the_first_list_are_initial(world, handler):
    """What a relist brings is new, not part of the initial list."""
    relist = (fakes.frame("ADDED", "d", "14"), fakes.bookmark("20", ends_initial_events=True))
    world.server.then(fakes.FakeStream(*relist, stays_open=True))
    world.informer.add_handler(handler)
    world.sync()
    handler.take(2)
    world.stream.send(fakes.error_frame(410, "Expired"))
    world.clock.wait_for_waiters(2)  # the handler's idle thread, and the reflector that backs off
    step_past_the_backoff(world)
    told = [described(event) for event in handler.take(3)]
    assert told == [("deleted", "a", "5", True), ("deleted", "b", "3", True), ("added", "d", "14", False)]


def step_past_the_backoff(world):
    """Let the reflector's sleep end."""
    world.clock.step(1.0)


def test_2_4_8_a_resync_tells_of_everything_without_asking_the_server():
    """Each object comes as an update of itself, behind what was not heard yet; the server hears nothing of it."""
    world, handler = World(resync_seconds=100.0), Handler()
    world.informer.add_handler(handler)
    world.sync()
    handler.take(2)
    world.clock.wait_for_waiters(1)  # the handler's idle thread
    world.clock.step(89.0)
    assert handler.told.empty()
    world.clock.step(1.0)  # 100 s x 0.9
    told = sorted(described(event) for event in handler.take(2))
    assert told == [("updated", "a", "5", "5"), ("updated", "b", "3", "3")]
    assert len(world.server.requests) == 1
    assert world.informer.stop(PATIENCE)


def test_2_4_8_periods_are_spread_and_never_below_a_second():
    """The period is the configured one times 0.9 to 1.1, at least 1 s; 0 means never."""
    drawn = []

    def record(low, high):
        drawn.append((low, high))
        return high

    def period(seconds):
        options = shared_informer.InformerOptions(fake_clock.FakeClock(), seconds, uniform=record)
        return shared_informer.SharedInformer(KEY, fakes.FakeListerWatcher(), options).resync_seconds

    assert period(36000.0) == pytest.approx(39600.0)
    assert period(0.01) == 1.0
    assert period(0.0) == 0.0
    assert set(drawn) == {(0.9, 1.1)}


def test_2_4_9_a_stopped_informer_takes_no_handlers_and_does_not_start_again(world, handler):
    """Both are errors; its store can still be read."""
    world.sync()
    assert world.informer.is_running
    assert world.informer.stop(PATIENCE)
    assert not world.informer.is_running
    with pytest.raises(RuntimeError, match="takes no handlers"):
        world.informer.add_handler(handler)
    with pytest.raises(RuntimeError, match="make another one"):
        world.informer.start()
    assert len(world.informer.store) == 2


def test_a_removed_handler_is_told_no_more(world, handler):
    """Others are; removing twice is harmless."""
    other = Handler()
    registration = world.informer.add_handler(handler)
    world.informer.add_handler(other)
    world.sync()
    handler.take(2)
    registration.remove()
    registration.remove()
    world.stream.send(fakes.frame("MODIFIED", "a", "11"))
    assert len(other.take(3)) == 3
    assert handler.told.empty()


def test_bookmarks_are_an_advance_too(world):
    """Whoever waits for a version hears of it without any object having changed; afterwards no more."""
    moves = queue.Queue()
    world.sync()
    unsubscribe = world.informer.on_advance(lambda: moves.put(world.informer.store.resource_version))
    world.stream.send(fakes.bookmark("50"))
    assert moves.get(timeout=PATIENCE) == "50"
    unsubscribe()
    world.stream.send(fakes.bookmark("60"))
    world.wait_for_version("60")
    assert moves.empty()


def test_an_advance_is_called_once_the_store_has_moved(world):
    """At the call, the store shows the change, in the reflector's thread."""
    threads = queue.Queue()
    world.informer.on_advance(lambda: threads.put((threading.current_thread().name, len(world.informer.store))))
    world.sync()
    assert threads.get(timeout=PATIENCE) == (f"reflector-{KEY}", 2)


def test_the_last_error_names_what_is_wrong(world):
    """A missing right shows while it lasts, and is gone after a success."""
    denied = errors.ForbiddenError(403, "Forbidden", "cannot list")
    world.server.first(denied, denied)
    assert world.informer.last_error is None
    world.informer.start()
    world.clock.wait_for_waiters(1)
    assert world.informer.last_error is denied
    assert not world.informer.has_synced()
    step_past_the_backoff(world)
    world.stream.send(*STATE)
    world.wait_for_version("10")
    world.stream.send(fakes.bookmark("11"))
    world.wait_for_version("11")
    assert world.informer.last_error is None


def test_a_failing_index_is_not_silent(world):
    """The store stays where it was, and the error names the index and the object."""
    world.sync()
    world.informer.add_index("words", lambda one: one.meta.annotations["words"].split() if one.key.name == "bad" else [])
    world.stream.send(fakes.frame("ADDED", "bad", "11"))
    world.clock.wait_for_waiters(1)
    assert isinstance(world.informer.last_error, indexer.IndexingError)
    assert world.informer.store.resource_version == "10"
    assert len(world.informer.store) == 2


def test_stopping_is_bounded_while_a_handler_hangs(world, handler):
    """A stop returns in its time and says that a thread still runs."""
    handler.is_free.clear()
    world.informer.add_handler(handler)
    world.sync()
    assert not world.informer.stop(0.0)
    handler.is_free.set()
    assert world.informer.stop(PATIENCE)


def test_an_informer_that_never_started_stops(world, handler):
    """Nothing runs, so nothing is waited for."""
    world.informer.add_handler(handler)
    assert world.informer.stop(0.0)


def test_an_informer_is_measured(world):
    """Whether it is synced, how much it holds, lists, reconnects by reason, signs of life and handlers' failures."""
    failed = threading.Event()

    def fail(event):
        failed.set()
        raise ValueError("no")

    world.informer.add_handler(fail)
    assert world.metrics.made_for == [(CONFIG_MAP, "", "")]
    assert world.metrics.is_synced is None
    world.server.then(fakes.FakeStream(fakes.bookmark("30"), stays_open=True))
    world.sync()
    world.stream.send(fakes.frame("DELETED", "a", "20"), errors.TransportError("reset"))
    world.wait_for_version("30")
    measures = world.metrics
    assert (measures.is_synced, measures.count, measures.lists, measures.reasons) == (True, 1, 1, ["broken"])
    assert measures.heards == 3
    assert failed.wait(PATIENCE)
    assert world.informer.stop(PATIENCE)
    assert measures.failures >= 1
    assert measures.is_synced is False


def test_selectors_are_named_in_the_metrics():
    """Both selectors make one label."""
    measures = informer_metrics.RecordingMetrics()
    key = shared_informer.InformerKey(CONFIG_MAP, "ns", "a=b", "metadata.name=x")
    shared_informer.SharedInformer(key, fakes.FakeListerWatcher(), shared_informer.InformerOptions(metrics=measures))
    assert measures.made_for == [(CONFIG_MAP, "ns", "a=b;metadata.name=x")]
    assert str(key) == "v1.ConfigMap ns a=b;metadata.name=x"
