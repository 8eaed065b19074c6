"""One handler's thread and queue."""

import queue
import threading

import pytest
import structlog

from informers import events, listener
from tests.support import fake_clock
from tests.support.snapshots import snapshot

PATIENCE = fake_clock.PATIENCE_SECONDS


def added(name):
    """Return an event."""
    return events.Added(snapshot(name))


class Handler:
    """Notes the names it is told of, in order; may be made to block or to fail."""

    def __init__(self):
        self.told = queue.Queue()
        self.is_free = threading.Event()
        self.is_free.set()
        self.has_entered = threading.Event()
        self.fails_on = set()

    def __call__(self, event):
        self.has_entered.set()
        assert self.is_free.wait(PATIENCE)
        name = events.snapshot(event).key.name
        self.told.put(name)
        if name in self.fails_on:
            raise ValueError(f"a secret of {name}")

    def names(self, count):
        return [self.told.get(timeout=PATIENCE) for _ in range(count)]


@pytest.fixture
def clock():
    """A clock that stands still."""
    return fake_clock.FakeClock()


@pytest.fixture
def handler():
    """A handler that does what it is told."""
    return Handler()


@pytest.fixture
def failures():
    """One entry for each failure that was counted."""
    return []


@pytest.fixture
def listening(handler, clock, failures):
    """A listener with a running thread and no resyncs."""
    made = listener.Listener(handler, "test", clock, lambda: failures.append(1))
    made.start(lambda: None, 0.0)
    yield made
    handler.is_free.set()
    made.stop()
    assert made.join(PATIENCE)


def test_2_4_2_a_handler_is_called_in_order_one_event_at_a_time(listening, handler):
    """Batches and events keep their order."""
    listening.push([added("a"), added("b")])
    listening.push([added("c")])
    assert handler.names(3) == ["a", "b", "c"]


def test_2_4_5_a_handler_has_synced_when_it_has_returned_from_the_initial_list(listening, handler):
    """Neither the queued nor the running callback counts, only the returned one."""
    handler.is_free.clear()
    listening.push([added("a"), added("b")], completes_initial_list=True)
    assert handler.has_entered.wait(PATIENCE)
    assert not listening.has_synced()
    handler.is_free.set()
    handler.names(2)
    listening.push([added("later")])
    handler.names(1)
    assert listening.has_synced()


def test_2_4_5_an_empty_initial_list_completes_too(handler, clock):
    """A kind without objects is synced once its emptiness went through."""
    made = listener.Listener(handler, "test", clock)
    made.push([], completes_initial_list=True)
    made.push([added("a")])
    assert not made.has_synced()
    made.start(lambda: None, 0.0)
    handler.names(1)
    assert made.has_synced()
    made.stop()
    assert made.join(PATIENCE)


def test_2_4_7_a_handler_that_raises_is_logged_counted_and_called_again(listening, handler, failures):
    """The log names the object and the place, never what the exception says; the next event comes."""
    handler.fails_on = {"a"}
    with structlog.testing.capture_logs() as logs:
        listening.push([added("a"), added("b")])
        assert handler.names(2) == ["a", "b"]
    assert failures == [1]
    (entry,) = logs
    assert entry["log_level"] == "error"
    assert entry["object"] == "default/a"
    assert entry["error"] == "ValueError"
    assert "test_listener.py" in entry["stacktrace"]
    assert "secret of" not in str(entry).replace('f"a secret of {name}"', "")


def test_nothing_comes_after_a_stop(listening, handler):
    """What is queued is dropped; the call in progress ends in its own time."""
    handler.is_free.clear()
    listening.push([added("a"), added("b")])
    listening.push([added("c")])
    assert handler.has_entered.wait(PATIENCE)
    listening.stop()
    handler.is_free.set()
    assert listening.join(PATIENCE)
    listening.push([added("d")])
    assert handler.names(1) == ["a"]
    assert handler.told.empty()


def test_a_listener_may_be_stopped_before_it_starts(handler, clock):
    """A thread that never ran has ended."""
    made = listener.Listener(handler, "test", clock)
    made.stop()
    assert made.join(0.0)


def test_a_handler_may_stop_its_own_listener(clock):
    """Joining oneself would never end, so it is not waited for."""
    results = queue.Queue()
    made = listener.Listener(lambda event: (made.stop(), results.put(made.join(PATIENCE))), "test", clock)
    made.start(lambda: None, 0.0)
    made.push([added("a")])
    assert results.get(timeout=PATIENCE) is True
    assert made.join(PATIENCE)


def test_2_4_8_resyncs_come_at_the_period_from_the_initial_list_on(handler, clock):
    """Nothing comes before the handler has synced; then once per period."""
    resyncs = queue.Queue()
    made = listener.Listener(handler, "test", clock)
    made.start(lambda: resyncs.put(clock.monotonic()), 10.0)
    clock.wait_for_waits(1)
    clock.step(100.0)
    made.push([], completes_initial_list=True)
    clock.wait_for_waits(2)
    assert resyncs.empty()
    clock.step(9.0)
    assert resyncs.empty()
    clock.step(1.0)
    assert resyncs.get(timeout=PATIENCE) == 1110.0
    clock.wait_for_waits(3)
    clock.step(10.0)
    assert resyncs.get(timeout=PATIENCE) == 1120.0
    made.stop()
    assert made.join(PATIENCE)
