import threading
from dataclasses import dataclass, field

import pytest

from controller import consistency
from controller.client import interfaces
from informers import factory, objects
from tests.support import fake_clock
from tests.support.snapshots import CONFIG_MAP, snapshot

KEY = objects.ObjectKey("default", "a")
SERVICE = objects.GroupVersionKind("", "v1", "Service")


@dataclass
class FakeStore:
    """A store that stands where the test says."""

    version: int = 1
    objects: dict = field(default_factory=dict)

    def has_seen(self, key, resource_version):
        return int(resource_version) <= self.version

    def get(self, key):
        return self.objects.get(key)


class FakeInformer:
    """An informer whose store a test moves."""

    def __init__(self, **selectors):
        self.key = factory.InformerKey(CONFIG_MAP, **selectors)
        self.store = FakeStore()
        self.callbacks = []

    def on_advance(self, callback):
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def advance(self, version):
        self.store.version = version
        for callback in list(self.callbacks):
            callback()


def write(version="5", **kwargs):
    return interfaces.Write(CONFIG_MAP, KEY, "uid-a", version, **kwargs)


@pytest.fixture
def informer():
    """One informer of ConfigMaps in all namespaces."""
    return FakeInformer()


@pytest.fixture
def clock():
    """A clock that stands still."""
    return fake_clock.FakeClock()


@pytest.fixture
def store(informer, clock):
    """A store over that informer."""
    return consistency.ConsistencyStore(lambda: [informer], clock)


def test_a_run_collects_its_own_writes_only():
    """Writes are noted for the run that made them; outside a run and in other threads they are nobody's."""
    consistency.record(write("1"))
    with consistency.collect() as writes:
        consistency.record(write("2"))
        other = threading.Thread(target=consistency.record, args=(write("3"),))
        other.start()
        other.join()
    consistency.record(write("4"))
    assert [w.resource_version for w in writes] == ["2"]


def test_a_visible_write_holds_nothing(store, informer):
    """If the cache shows the write already, the key is not held."""
    informer.advance(5)
    assert not store.hold([write()], lambda is_late: pytest.fail("released"))


def test_the_store_releases_a_held_key_once(store, informer):
    """A held key is released when the informer reaches the written version, once, not earlier."""
    released = []
    assert store.hold([write("5"), write("7")], released.append)
    informer.advance(6)
    assert released == []
    informer.advance(7)
    informer.advance(8)
    assert released == [False]


def test_a_key_waits_for_every_informer_that_it_wrote_to_and_for_no_other(clock):
    """A key is released when the last of its informers shows its writes; a store that moves looks at no write of other kinds."""
    maps, services = FakeInformer(), FakeInformer()
    services.key = factory.InformerKey(SERVICE)
    store = consistency.ConsistencyStore(lambda: [maps, services], clock)
    released = []
    assert store.hold([write("5"), interfaces.Write(SERVICE, KEY, "uid-b", "6")], released.append)
    services.advance(6)
    assert released == []
    services.store = None  # whoever asked it again would fail
    maps.advance(4)
    for callback in list(services.callbacks):
        callback()
    assert released == []
    maps.advance(5)
    assert released == [False]


def test_a_delete_waits_until_the_uid_is_gone_or_marked(store, informer):
    """After a delete the key waits until the cache has lost the uid, shows another one, or a deletionTimestamp."""
    for after in (None, snapshot("a", uid="another"), snapshot("a", deletionTimestamp="2026-01-01T00:00:00Z")):
        released = []
        informer.store.objects[KEY] = snapshot("a")
        assert store.hold([write("", deleted=True)], released.append)
        informer.advance(9)
        assert released == []
        if after is None:
            del informer.store.objects[KEY]
        else:
            informer.store.objects[KEY] = after
        informer.advance(10)
        assert released == [False]


@pytest.mark.parametrize("selectors", [{"label_selector": "a=b"}, {"field_selector": "metadata.name=b"}, {"namespace": "other"}])
def test_objects_outside_an_informers_selector_are_exempt(clock, selectors):
    """An informer that may never show the object is not waited for."""
    narrow = FakeInformer(**selectors)
    store = consistency.ConsistencyStore(lambda: [narrow], clock)
    assert not store.hold([write()], lambda is_late: None)


def test_the_deadline_releases_a_key_and_says_so(store, informer, clock):
    """A cache that does not catch up within 5 s releases the key as late."""
    released, done = [], threading.Event()
    thread = threading.Thread(target=store.start)
    thread.start()
    store.hold([write()], lambda is_late: (released.append(is_late), done.set()))
    clock.wait_for_waiters(1)
    clock.step(4.9)
    assert released == []
    clock.step(0.2)
    assert done.wait(10)
    assert released == [True]
    store.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_stop_releases_everything_and_holds_nothing_more(store, informer):
    """At the end all held keys are released, and nothing is held any more."""
    released = []
    store.hold([write()], released.append)
    store.stop()
    assert released == [False]
    assert not store.hold([write()], released.append)
    assert informer.callbacks == []
