import threading

import pytest
import structlog

from controller import consistency, controller, reconcile
from controller.client import interfaces
from informers import errors, objects, shared_informer
from tests.support import fake_clock, fake_lister_watcher
from tests.support.controllers import Harness, Reconciler
from tests.support.snapshots import CONFIG_MAP
from workqueue import rate_limiters

REQUEST = reconcile.Request("default", "a")
OTHER = reconcile.Request("default", "b")
LAST = reconcile.Request("default", "c")
NO_DELAY = controller.Options(rate_limiter=lambda: rate_limiters.ItemExponentialFailureRateLimiter(0.0, 0.0))


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


def test_2_8_a_second_start_is_an_error():
    """A controller starts once."""
    with Harness(Reconciler()) as harness:
        harness.source.queue.add(REQUEST)
        harness.controller.reconciler.wait_for(1)
        with pytest.raises(RuntimeError, match="controller test was started already"):
            harness.controller.start()


def test_a_stop_before_the_start_is_kept():
    """A controller that was stopped before its thread came to run does nothing, and leaves no source running."""
    reconciler = Reconciler()
    harness = Harness(reconciler)
    harness.controller.stop()
    harness.controller.start()
    assert harness.source.queue is None
    assert harness.source.is_stopped
    assert harness.controller.queue.is_shutting_down


def test_a_controller_needs_a_worker():
    """Zero workers would be a controller that never works, so the options refuse it."""
    with pytest.raises(ValueError, match="max_concurrent_reconciles is 0"):
        controller.Options(max_concurrent_reconciles=0)


def test_2_11_metrics_are_there_at_zero_from_the_start():
    """All series of a controller exist before its first run, so that a rate misses nothing."""
    harness = Harness(Reconciler(), options=controller.Options(max_concurrent_reconciles=3))
    for result in ("success", "error", "requeue_after", "requeue"):
        assert harness.sample("controller_runtime_reconcile_total", result=result) == 0
    for series in ("reconcile_errors_total", "terminal_reconcile_errors_total", "reconcile_panics_total", "active_workers"):
        assert harness.sample(f"controller_runtime_{series}") == 0
    assert harness.sample("controller_runtime_reconcile_time_seconds_count") == 0
    assert harness.sample("read_your_writes_deadline_exceeded_total") == 0
    assert harness.sample("controller_runtime_max_concurrent_reconciles") == 3
    assert harness.sample("workqueue_depth", name="test", priority="0") == 0


def fail():
    raise ValueError("x")


@pytest.mark.parametrize("end", [fail, lambda: reconcile.Result(requeue_after_seconds=1e-9)])
def test_2_8_a_run_again_keeps_its_priority(end):
    """What comes back with an error or a requeue has the priority that it had before."""
    gate = threading.Event()

    def wait_and_end():
        assert gate.wait(10)
        return end()

    reconciler = Reconciler(wait_and_end, reconcile.Result())
    with Harness(reconciler, options=NO_DELAY) as harness:
        harness.source.queue.add(REQUEST, priority=7)
        reconciler.wait_for(1)
        harness.source.queue.add(OTHER, priority=6)
        harness.source.queue.add(LAST, priority=8)
        gate.set()
        reconciler.wait_for(4)
    assert reconciler.seen == [REQUEST, LAST, REQUEST, OTHER]


def test_a_results_priority_is_the_next_runs():
    """A reconciler may put its request behind others."""
    gate = threading.Event()

    def yield_to_others():
        assert gate.wait(10)
        return reconcile.Result(requeue_after_seconds=1e-9, priority=-5)

    reconciler = Reconciler(yield_to_others, reconcile.Result())
    with Harness(reconciler) as harness:
        harness.source.queue.add(REQUEST)
        reconciler.wait_for(1)
        harness.source.queue.add(OTHER, priority=-1)
        gate.set()
        reconciler.wait_for(3)
    assert reconciler.seen == [REQUEST, OTHER, REQUEST]


def test_a_conflict_is_retried_and_no_error_in_the_log():
    """A 409 is everyday life: it is logged as info, without a stack, and the request runs again."""
    reconciler = Reconciler(errors.ConflictError(409, "Conflict", "changed"), reconcile.Result())
    with structlog.testing.capture_logs() as logs, Harness(reconciler, options=NO_DELAY) as harness:
        harness.source.queue.add(REQUEST)
        reconciler.wait_for(2)
    assert [(entry["log_level"], entry["error"]) for entry in logs if "error" in entry] == [("info", "409 Conflict: changed")]
    assert harness.sample("controller_runtime_reconcile_total", result="error") == 1
    assert harness.sample("controller_runtime_reconcile_panics_total") == 0


def test_an_api_error_is_logged_without_a_stack_and_a_bug_with_one():
    """The answer of a server says enough; a bug needs the place."""
    reconciler = Reconciler(errors.ServerError(500, "InternalError", "no"), KeyError("x"), reconcile.Result())
    with structlog.testing.capture_logs() as logs, Harness(reconciler, options=NO_DELAY) as harness:
        harness.source.queue.add(REQUEST)
        reconciler.wait_for(3)
    answer, bug = [entry for entry in logs if entry["log_level"] == "error"]
    assert "stacktrace" not in answer
    assert "reconcile" in bug["stacktrace"]


@pytest.mark.parametrize("answer", [SystemExit(3), KeyboardInterrupt(), lambda: None])
def test_a_worker_survives_whatever_a_reconciler_does(answer):
    """sys.exit in a reconciler, or a forgotten return, is a failed run: the worker goes on and the request is retried."""
    reconciler = Reconciler(answer, reconcile.Result())
    with Harness(reconciler, options=NO_DELAY) as harness:
        harness.source.queue.add(REQUEST)
        reconciler.wait_for(2)
        harness.source.queue.add(OTHER)
        reconciler.wait_for(3)
    assert harness.error is None
    assert harness.sample("controller_runtime_reconcile_panics_total") == 1
    assert harness.sample("controller_runtime_active_workers") == 0


def test_a_worker_that_dies_ends_the_controller_with_an_error():
    """A failure outside the reconciler, here an informer that is none, is not silent: its key would be locked for ever."""

    def informers():
        raise SystemExit("out of order")

    with Harness(Reconciler(), informers=informers) as harness:
        harness.source.queue.add(REQUEST)
        harness.thread.join(10)
        assert not harness.thread.is_alive()
    assert isinstance(harness.error, controller.WorkerError)
    assert isinstance(harness.error.__cause__, SystemExit)


def write(version):
    """Report a write as the live client does."""
    key = objects.ObjectKey("default", "child")
    consistency.record(interfaces.Write(CONFIG_MAP, key, "uid-child", str(version)))
    return reconcile.Result()


@pytest.fixture
def stream():
    """A watch of ConfigMaps that has sent the initial list."""
    return fake_lister_watcher.FakeStream(fake_lister_watcher.bookmark("10", ends_initial_events=True), stays_open=True)


@pytest.fixture
def informer(stream):
    """An informer that follows that watch."""
    following = shared_informer.SharedInformer(
        shared_informer.InformerKey(CONFIG_MAP), fake_lister_watcher.FakeListerWatcher(stream)
    )
    advanced = threading.Event()
    following.on_advance(advanced.set)
    following.start()
    assert advanced.wait(10)
    yield following
    assert following.stop(10)


def test_a_runs_writes_hold_its_key_until_the_cache_shows_them(stream, informer):
    """Events meanwhile lead to exactly one more run, after the cache has caught up; the worker serves others."""
    reconciler = Reconciler(lambda: write(20), reconcile.Result())
    with Harness(reconciler, informers=lambda: [informer]) as harness:
        harness.source.queue.add(REQUEST)
        reconciler.wait_for(1)
        harness.source.queue.add(REQUEST)
        harness.source.queue.add(OTHER, priority=-1)
        reconciler.wait_for(2)
        harness.source.queue.add(REQUEST)
        assert reconciler.seen == [REQUEST, OTHER]
        assert harness.controller.queue.unfinished().total_seconds == 0
        stream.send(fake_lister_watcher.bookmark("20"))
        reconciler.wait_for(3)
        harness.source.queue.add(LAST, priority=-1)
        reconciler.wait_for(4)
    assert reconciler.seen == [REQUEST, OTHER, REQUEST, LAST]
    assert harness.sample("read_your_writes_deadline_exceeded_total") == 0


def test_a_failed_runs_writes_hold_its_key_too(stream, informer):
    """A run that wrote and then failed is retried when the cache shows what it wrote."""

    def write_and_fail():
        write(20)
        raise ValueError("x")

    reconciler = Reconciler(write_and_fail, reconcile.Result())
    with Harness(reconciler, options=NO_DELAY, informers=lambda: [informer]) as harness:
        harness.source.queue.add(REQUEST)
        harness.source.queue.add(OTHER, priority=-1)
        reconciler.wait_for(2)
        stream.send(fake_lister_watcher.bookmark("21"))
        reconciler.wait_for(3)
    assert reconciler.seen == [REQUEST, OTHER, REQUEST]


def test_a_cache_that_lags_for_too_long_is_counted(informer):
    """After the deadline the key goes on, and a metric tells."""
    clock = fake_clock.FakeClock()
    reconciler = Reconciler(lambda: write(20), reconcile.Result())
    with Harness(reconciler, clock=clock, informers=lambda: [informer]) as harness:
        watching = threading.Thread(target=harness.consistency.start)
        watching.start()
        harness.source.queue.add(REQUEST)
        harness.source.queue.add(REQUEST)
        reconciler.wait_for(1)
        harness.source.queue.add(REQUEST)
        clock.wait_for_waiters(2)
        clock.step(consistency.DEADLINE_SECONDS)
        reconciler.wait_for(2)
        harness.consistency.stop()
        watching.join(10)
        assert not watching.is_alive()
    assert harness.sample("read_your_writes_deadline_exceeded_total") == 1


def test_a_stop_while_a_key_is_held_ends_at_once(informer):
    """A key that waits for the cache holds up nobody's end."""
    reconciler = Reconciler(lambda: write(20))
    with Harness(reconciler, informers=lambda: [informer]) as harness:
        harness.source.queue.add(REQUEST)
        harness.source.queue.add(OTHER, priority=-1)
        reconciler.wait_for(2)
    harness.consistency.stop()
    assert harness.controller.queue.get() is None
