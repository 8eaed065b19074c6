import threading

import pytest

from controller import handler, predicate, reconcile, source
from informers import errors, objects, shared_informer
from tests.support import fake_clock
from tests.support.fake_lister_watcher import FakeListerWatcher, FakeStream, bookmark, frame
from tests.support.snapshots import CONFIG_MAP
from workqueue import priority_queue

A, B, C = (reconcile.Request("default", name) for name in "abc")


@pytest.fixture
def stream():
    """A watch that has sent two objects as the initial list."""
    return FakeStream(
        frame("ADDED", "a", "1"), frame("ADDED", "b", "2"), bookmark("10", ends_initial_events=True), stays_open=True
    )


@pytest.fixture
def informer(stream):
    """An informer of that watch, not started yet."""
    made = shared_informer.SharedInformer(shared_informer.InformerKey(CONFIG_MAP), FakeListerWatcher(stream))
    yield made
    assert made.stop(10)


@pytest.fixture
def queue():
    """A queue that a test reads itself."""
    made = priority_queue.PriorityQueue()
    yield made
    made.shut_down()


def take(queue, count):
    """Take *count* items, each done before the next, and return them by key."""
    items = {}
    for _ in range(count):
        item = queue.get()
        items[item.key] = item.priority
        queue.done(item.key)
    return items


def test_a_source_is_synced_when_the_initial_list_is_in_the_queue(informer, stream, queue):
    """Before the start and before the list it is not; afterwards each object of the list is queued, at -100."""
    kind = source.Kind(informer, handler.enqueue_request_for_object)
    assert not kind.has_synced()
    kind.start(queue)
    assert not kind.has_synced()
    informer.start()
    assert take(queue, 2) == {A: handler.LOW_PRIORITY, B: handler.LOW_PRIORITY}
    stream.send(frame("ADDED", "c", "11"))
    take(queue, 1)
    assert kind.has_synced()


def test_changes_are_queued_at_ordinary_priority(informer, stream, queue):
    """What happens after the start overtakes the initial list."""
    source.Kind(informer, handler.enqueue_request_for_object).start(queue)
    informer.start()
    take(queue, 2)
    stream.send(frame("ADDED", "c", "11"), frame("MODIFIED", "a", "12"), frame("DELETED", "b", "13"))
    assert take(queue, 3) == {C: 0, A: 0, B: 0}


def test_predicates_filter_what_is_queued_not_what_is_cached(informer, stream, queue):
    """All predicates must pass an event; the store has the object in any case."""
    is_c = predicate.matches(lambda snapshot: snapshot.meta.name == "c")
    source.Kind(informer, handler.enqueue_request_for_object, [is_c, predicate.generation_changed]).start(queue)
    informer.start()
    stream.send(frame("MODIFIED", "a", "11"), frame("ADDED", "c", "12"))
    assert take(queue, 1) == {C: 0}
    assert len(informer.store) == 3
    assert len(queue) == 0


def test_a_late_source_hears_of_what_is_there(informer, queue):
    """A source of an informer that runs already gets the present objects as an initial list."""
    advanced = threading.Event()
    informer.on_advance(advanced.set)
    informer.start()
    assert advanced.wait(10)
    source.Kind(informer, handler.enqueue_request_for_object).start(queue)
    assert take(queue, 2) == {A: handler.LOW_PRIORITY, B: handler.LOW_PRIORITY}


def test_a_stopped_source_feeds_no_more(informer, stream, queue):
    """After stop, and also if it never started, nothing is queued; the informer goes on for others."""
    other = priority_queue.PriorityQueue()
    stopped = source.Kind(informer, handler.enqueue_request_for_object)
    stopped.stop()
    stopped.start(queue)
    source.Kind(informer, handler.enqueue_request_for_object).start(other)
    informer.start()
    take(queue, 2)
    take(other, 2)
    stopped.stop()
    stream.send(frame("ADDED", "c", "11"))
    assert take(other, 1) == {C: 0}
    assert len(queue) == 0


def test_a_handler_that_fails_loses_its_own_event_only(informer, stream, queue):
    """One event that a handler cannot digest does not end the source."""

    def handle(event):
        if event.new.meta.name == "a":
            raise ValueError("a")
        return handler.enqueue_request_for_object(event)

    kind = source.Kind(informer, handle)
    kind.start(queue)
    informer.start()
    assert take(queue, 1) == {B: handler.LOW_PRIORITY}
    stream.send(frame("ADDED", "c", "11"))
    assert take(queue, 1) == {C: 0}


def test_a_source_says_what_it_waits_for():
    """Its name has the kind, and why nothing comes, if that is known."""
    gvk = objects.GroupVersionKind("custom.ops", "v1", "Thing")
    refused = errors.ForbiddenError(403, "Forbidden", "may not list things")
    clock = fake_clock.FakeClock()
    informer = shared_informer.SharedInformer(
        shared_informer.InformerKey(gvk), FakeListerWatcher(refused, refused), shared_informer.InformerOptions(clock=clock)
    )
    kind = source.Kind(informer, handler.enqueue_request_for_object)
    assert str(kind) == "kind custom.ops/v1.Thing"
    informer.start()
    clock.wait_for_waiters(1)  # the backoff
    assert str(kind) == "kind custom.ops/v1.Thing (403 Forbidden: may not list things)"
    assert informer.stop(10)
