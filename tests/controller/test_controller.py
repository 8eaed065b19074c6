import threading

import pytest

from controller import consistency, controller, metrics, reconcile
from informers import errors
from tests.support import fake_clock
from workqueue import clock as clocks

REQUEST = reconcile.Request("default", "a")


class ManualSource:
    """A source that a test feeds by hand."""

    def __init__(self, *, synced=True):
        self.queue = None
        self.synced = synced

    def start(self, queue):
        self.queue = queue

    def has_synced(self):
        return self.synced

    def stop(self):
        pass

    def __str__(self):
        return "a manual source"


class Reconciler:
    """Answers from a list, repeating its last answer, and tells when it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers) or [reconcile.Result()]
        self.seen = []
        self.changed = threading.Condition()

    def reconcile(self, request):
        with self.changed:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.seen.append(request)
            self.changed.notify_all()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def wait_for(self, runs):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.seen) >= runs, 10)


class Harness:
    """A started controller with one manual source."""

    def __init__(self, reconciler, *, clock=None, options=None, synced=True):
        self.clock = clock or clocks.RealClock()
        self.metrics = metrics.Metrics()
        services = controller.Services(self.clock, self.metrics, consistency.ConsistencyStore(list, self.clock))
        self.source = ManualSource(synced=synced)
        self.controller = controller.Controller("test", None, reconciler, services, options or controller.Options())
        self.controller.watch(self.source)
        self.error = None
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            self.controller.start()
        except controller.CacheSyncTimeoutError as error:
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.mark.parametrize(
    ("result", "error", "expected"),
    [
        (reconcile.Result(), None, controller.Decision("success", forget=True)),
        (reconcile.Result(requeue_after_seconds=-1), None, controller.Decision("success", forget=True)),
        (reconcile.Result(requeue_after_seconds=3), None, controller.Decision("requeue_after", forget=True, add_after_seconds=3)),
        (reconcile.Result(), ValueError(), controller.Decision("error", add_rate_limited=True)),
        (reconcile.Result(requeue_after_seconds=3), ValueError(), controller.Decision("error", add_rate_limited=True)),
        (reconcile.Result(), reconcile.TerminalError(), controller.Decision("error", is_terminal=True)),
    ],
)
def test_2_8_decide(result, error, expected):
    """A success forgets, requeue_after forgets and adds, an error is rate-limited and never forgotten, a terminal one waits."""
    assert controller.decide(result, error) == expected


def test_a_terminal_error_is_found_in_the_cause_chain():
    """An exception raised from a TerminalError is terminal."""
    error = ValueError()
    error.__cause__ = reconcile.TerminalError()
    assert controller.is_terminal(error)
    assert not controller.is_terminal(ValueError())


def test_a_request_reaches_the_reconciler():
    """What a source adds, a worker hands to the reconciler, and a success forgets the key."""
    reconciler = Reconciler()
    with Harness(reconciler) as harness:
        harness.source.queue.add(REQUEST)
        reconciler.wait_for(1)
    assert reconciler.seen == [REQUEST]
    assert harness.controller.queue.num_requeues(REQUEST) == 0


def test_a_failing_request_is_retried_and_counted():
    """An exception puts the request back with backoff; the success that follows clears the count."""
    reconciler = Reconciler(ValueError("x"), errors.ServerError(500), reconcile.Result())
    with Harness(reconciler) as harness:
        harness.source.queue.add(REQUEST)
        reconciler.wait_for(3)
    text = harness.metrics.expose().decode()
    assert 'controller_runtime_reconcile_total{controller="test",result="error"} 2.0' in text
    assert 'controller_runtime_reconcile_errors_total{controller="test"} 2.0' in text
    assert 'controller_runtime_reconcile_panics_total{controller="test"} 1.0' in text


def test_a_terminal_error_is_not_retried():
    """A TerminalError counts as an error and as a terminal one, and the request is not put back."""
    reconciler = Reconciler(reconcile.TerminalError("no"), reconcile.Result())
    with Harness(reconciler) as harness:
        harness.source.queue.add(REQUEST)
        reconciler.wait_for(1)
        harness.source.queue.add(reconcile.Request("", "next"))
        reconciler.wait_for(2)
    assert reconciler.seen == [REQUEST, reconcile.Request("", "next")]
    assert 'controller_runtime_terminal_reconcile_errors_total{controller="test"} 1.0' in harness.metrics.expose().decode()


def test_requeue_after_runs_again_later():
    """A result with requeue_after_seconds runs again when that time has passed, not before."""
    clock = fake_clock.FakeClock()
    reconciler = Reconciler(reconcile.Result(requeue_after_seconds=30), reconcile.Result())
    with Harness(reconciler, clock=clock) as harness:
        harness.source.queue.add(REQUEST)
        reconciler.wait_for(1)
        clock.wait_for_waiters(1)
        clock.step(29)
        assert len(reconciler.seen) == 1
        clock.step(1)
        reconciler.wait_for(2)


def test_an_unsynced_source_fails_the_start_with_its_name():
    """A source that is not synced in time ends the controller with an error that names it."""
    clock = fake_clock.FakeClock()
    with Harness(Reconciler(), clock=clock, synced=False) as harness:
        clock.wait_for_waiters(1)
        clock.step(121)
        harness.thread.join(10)
    assert "a manual source" in str(harness.error)
    assert "120 s" in str(harness.error)


def test_a_stop_before_the_sync_is_no_error():
    """Ending while sources are not synced ends the controller at once, without error and without a run."""
    reconciler = Reconciler()
    with Harness(reconciler, synced=False) as harness:
        harness.source.queue.add(REQUEST)
    assert harness.error is None
    assert reconciler.seen == []
