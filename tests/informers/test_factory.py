"""The informers of one process."""

import threading

import pytest

from informers import errors, factory, objects
from tests.support import fake_clock
from tests.support import fake_lister_watcher as fakes
from tests.support.snapshots import CONFIG_MAP

PATIENCE = fake_clock.PATIENCE_SECONDS
SECRET = objects.GroupVersionKind("", "v1", "Secret")
EMPTY = fakes.bookmark("10", ends_initial_events=True)


class World:
    """A factory, and for each key that it asks for a server with one open watch."""

    def __init__(self):
        self.clock = fake_clock.FakeClock()
        self.streams = {}
        self.servers = {}
        self.factory = factory.InformerFactory(self._lister_watcher, factory.FactoryOptions(self.clock))

    def _lister_watcher(self, key):
        self.streams[key] = fakes.FakeStream(stays_open=True)
        self.servers[key] = fakes.FakeListerWatcher(self.streams[key])
        return self.servers[key]

    def sync(self, key):
        """Send the end of an empty initial list."""
        body = EMPTY.replace(b"ConfigMap", key.gvk.kind.encode())
        self.streams[key].send(body)


@pytest.fixture
def world():
    """A factory that has not started."""
    made = World()
    yield made
    assert made.factory.stop(PATIENCE)


def test_one_key_has_one_informer_and_one_watch(world):
    """Whoever asks for a kind again gets the same informer; the server is asked once."""
    first = world.factory.informer(CONFIG_MAP)
    assert world.factory.informer(factory.InformerKey(CONFIG_MAP)) is first
    world.factory.start()
    assert world.factory.informer(CONFIG_MAP) is first
    (server,) = world.servers.values()
    server.wait_for_requests(1)
    assert len(server.requests) == 1
    assert world.factory.informers() == [first]


def test_namespaces_and_selectors_make_another_informer(world):
    """A key is the kind, the namespace and both selectors."""
    keys = [
        factory.InformerKey(CONFIG_MAP),
        factory.InformerKey(CONFIG_MAP, namespace="ns"),
        factory.InformerKey(CONFIG_MAP, label_selector="a=b"),
        factory.InformerKey(CONFIG_MAP, field_selector="metadata.name=x"),
        factory.InformerKey(SECRET),
    ]
    assert [world.factory.informer(key).key for key in keys] == keys
    assert [informer.key for informer in world.factory.informers()] == keys


def test_what_is_not_made_is_not_there(world):
    """Looking for an informer makes none."""
    assert world.factory.get(factory.InformerKey(CONFIG_MAP)) is None
    made = world.factory.informer(CONFIG_MAP)
    assert world.factory.get(factory.InformerKey(CONFIG_MAP)) is made
    assert world.factory.get(factory.InformerKey(CONFIG_MAP, namespace="ns")) is None


def test_informers_start_with_the_factory_or_when_they_are_made(world):
    """Before the start nothing is asked; afterwards a new informer starts by itself."""
    early = world.factory.informer(CONFIG_MAP)
    assert not early.is_running
    world.factory.start()
    world.factory.start()
    assert early.is_running
    assert world.factory.informer(SECRET).is_running


def waiting(world, stop=None):
    """Wait for the sync in another thread; return the thread and where its answer goes."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(world.factory.wait_for_sync(stop or threading.Event(), 60.0)))
    thread.start()
    world.clock.wait_for_waiters(1)
    return thread, answers


def test_waiting_ends_when_all_are_synced(world):
    """The last informer's initial list ends the wait, without any time having passed."""
    world.factory.informer(CONFIG_MAP)
    world.factory.informer(SECRET)
    world.factory.start()
    thread, answers = waiting(world)
    world.sync(factory.InformerKey(CONFIG_MAP))
    world.sync(factory.InformerKey(SECRET))
    thread.join(PATIENCE)
    assert answers == [True]


def test_waiting_covers_informers_that_are_made_meanwhile(world):
    """A kind that comes during the wait is waited for too."""
    world.factory.informer(CONFIG_MAP)
    world.factory.start()
    thread, answers = waiting(world)
    late = world.factory.informer(SECRET)
    world.sync(factory.InformerKey(CONFIG_MAP))
    moved = threading.Event()
    late.on_advance(moved.set)
    world.clock.step(factory.LOOK_SECONDS)
    world.clock.wait_for_waiters(1)
    assert answers == []
    world.sync(factory.InformerKey(SECRET))
    assert moved.wait(PATIENCE)
    while thread.is_alive():
        world.clock.step(factory.LOOK_SECONDS)
        thread.join(0.01)
    assert answers == [True]


def test_waiting_can_be_stopped(world):
    """A stop ends the wait within the next look."""
    stop = threading.Event()
    world.factory.informer(CONFIG_MAP)
    world.factory.start()
    thread, answers = waiting(world, stop)
    stop.set()
    world.clock.step(factory.LOOK_SECONDS)
    thread.join(PATIENCE)
    assert answers == [False]


def test_waiting_has_a_deadline(world):
    """After it, the answer is no, and each informer tells why."""
    denied = errors.ForbiddenError(403)
    informer = world.factory.informer(CONFIG_MAP)
    world.servers[informer.key].first(denied, denied)
    world.factory.start()
    thread, answers = waiting(world)
    world.clock.wait_for_waiters(2)
    world.clock.step(0.5)
    world.clock.wait_for_waiters(2)
    assert answers == []
    assert informer.last_error is denied
    world.clock.step(60.0)
    thread.join(PATIENCE)
    assert answers == [False]


def test_waiting_for_nothing_is_over_at_once(world):
    """A factory without informers is synced."""
    assert world.factory.wait_for_sync(threading.Event(), 0.0)


def test_an_informer_can_be_removed(world):
    """Its watch ends; asking again makes a new one, and the others go on."""
    other = world.factory.informer(SECRET)
    key = factory.InformerKey(CONFIG_MAP)
    old = world.factory.informer(key)
    world.factory.start()
    world.servers[key].wait_for_requests(1)
    stream = world.streams[key]
    world.factory.remove(key)
    world.factory.remove(key)
    assert stream.is_stopped
    assert not old.is_running
    assert other.is_running
    assert world.factory.get(key) is None
    new = world.factory.informer(key)
    assert new is not old
    assert new.is_running


def test_a_stopped_factory_makes_no_informers(world):
    """What is there can still be had and read; new ones are an error."""
    informer = world.factory.informer(CONFIG_MAP)
    world.factory.start()
    assert world.factory.stop(PATIENCE)
    assert not informer.is_running
    assert world.factory.informer(CONFIG_MAP) is informer
    with pytest.raises(RuntimeError, match="Secret"):
        world.factory.informer(SECRET)
    with pytest.raises(RuntimeError, match="another factory"):
        world.factory.start()
