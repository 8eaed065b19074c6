"""What the priority queue tells its metrics, after rule 2.9.8."""

import pytest

from tests.support import fake_clock, queue_metrics
from workqueue import priority_queue


@pytest.fixture
def clock() -> fake_clock.FakeClock:
    return fake_clock.FakeClock()


@pytest.fixture
def metrics() -> queue_metrics.RecordingMetrics:
    return queue_metrics.RecordingMetrics()


@pytest.fixture
def queue(clock, metrics) -> priority_queue.PriorityQueue[str]:
    return priority_queue.PriorityQueue("test", clock=clock, metrics=metrics)


def test_2_9_8_adds_and_depth_count_when_a_key_becomes_ready(queue, clock, metrics):
    """A waiting key is neither an add nor depth until its time has come."""
    queue.add_after("a", 1, priority=3)
    assert (metrics.adds, metrics.depth[3]) == (0, 0)
    clock.step(1)
    len(queue)
    assert (metrics.adds, metrics.depth[3]) == (1, 1)
    queue.get()
    assert metrics.depth[3] == 0


def test_2_9_8_an_add_of_a_ready_key_does_not_count(queue, metrics):
    """Duplicates are no adds."""
    queue.add("a")
    queue.add("a")
    assert (metrics.adds, metrics.depth[0]) == (1, 1)


def test_2_9_8_retries_count_every_positive_delay(queue, metrics):
    """Each add with a delay is a retry, even one that is merged; an add without delay is none."""
    queue.add_after("a", 1)
    queue.add_after("a", 2)
    queue.add_rate_limited("a")
    queue.add_after("a", 0)
    queue.add("b")
    assert metrics.retries == 3


def test_2_9_8_a_raise_moves_the_depth_to_the_new_priority(queue, metrics):
    """The depth of the old priority goes down, that of the new one up."""
    queue.add("a", priority=-100)
    queue.add("a", priority=0)
    assert (metrics.depth[-100], metrics.depth[0]) == (0, 1)


def test_2_9_8_waiting_time_runs_from_ready_to_handed_out(queue, clock, metrics):
    """A delayed key's waiting starts at its time, not when somebody looked and not when it was added."""
    queue.add_after("a", 1)
    clock.step(4)
    queue.get()
    assert metrics.waits == [3.0]


def test_work_ends_with_done_or_park_and_is_told_once(queue, clock, metrics):
    """Parking ends the work; the later done adds nothing."""
    queue.add("a")
    queue.add("b")
    queue.get()
    queue.get()
    clock.step(2)
    queue.park("a")
    clock.step(5)
    queue.done("a")
    queue.done("b")
    assert metrics.works == [2.0, 7.0]


def test_2_10_depth_never_goes_negative(queue, clock, metrics):
    """Locks, raises, promotions and shutdown leave every depth at 0 and never below (#3066)."""
    queue.add("a", priority=-100)
    queue.get()
    queue.add("a", priority=1)
    queue.add("a", priority=2)
    queue.add_after("b", 1, priority=-5)
    clock.step(1)
    queue.add("b", priority=4)
    queue.done("a")
    queue.get()
    queue.shut_down()
    assert metrics.lowest_depth == 0
    assert set(metrics.depth.values()) == {0}


def test_2_5_6_a_queue_without_a_name_has_no_metrics(clock, metrics):
    """Nothing is reported that could not be told apart."""
    queue = priority_queue.PriorityQueue[str](clock=clock, metrics=metrics)
    queue.add("a")
    assert (metrics.names, metrics.adds) == ([], 0)
