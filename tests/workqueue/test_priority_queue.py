"""The rules of controller-runtime's priority queue, one thread at a time; a test's name says which rule of 2.9 it proves."""

import pytest

from tests.support import fake_clock
from workqueue import priority_queue

Queue = priority_queue.PriorityQueue[str]


@pytest.fixture
def clock() -> fake_clock.FakeClock:
    return fake_clock.FakeClock()


@pytest.fixture
def queue(clock: fake_clock.FakeClock) -> Queue:
    return priority_queue.PriorityQueue("test", clock=clock)


def take(queue: Queue, count: int = 1) -> list[str]:
    """Get *count* keys that must be there, and finish them."""
    keys = []
    for _ in range(count):
        assert len(queue) > 0, "get would block"
        item = queue.get()
        assert item is not None
        keys.append(item.key)
    for key in keys:
        queue.done(key)
    return keys


def get(queue: Queue) -> priority_queue.Item[str]:
    """Get the next item, which must be there."""
    assert len(queue) > 0, "get would block"
    item = queue.get()
    assert item is not None
    return item


def test_2_9_1_ready_keys_come_by_priority_then_first_come(queue):
    """A higher priority goes first; within one, the order of arrival counts."""
    queue.add("low", priority=-100)
    queue.add("a")
    queue.add("high", priority=5)
    queue.add("b")
    assert take(queue, 4) == ["high", "a", "b", "low"]


def test_2_9_1_one_entry_per_key(queue):
    """However often a key is added, ready or waiting, it is handed out once."""
    queue.add_after("a", 5)
    queue.add_after("a", 1)
    queue.add("a")
    queue.add("a")
    assert len(queue) == 1
    assert take(queue) == ["a"]
    assert len(queue) == 0


def test_2_9_2_an_existing_key_keeps_the_higher_priority(queue):
    """Priority is the highest of all adds; a lower one never lowers it."""
    queue.add("a", priority=3)
    queue.add("a", priority=-100)
    assert get(queue).priority == 3


def test_2_9_2_a_raised_key_goes_to_the_tail_of_its_new_level(queue):
    """A raise gives a new place, behind those that already stand there."""
    queue.add("a", priority=-100)
    queue.add("b", priority=0)
    queue.add("a", priority=0)
    queue.add("c", priority=0)
    assert take(queue, 3) == ["b", "a", "c"]


def test_2_9_2_adding_again_with_the_same_priority_keeps_the_place(queue):
    """A key that is added again is not moved back."""
    queue.add("a")
    queue.add("b")
    queue.add("a")
    assert take(queue, 2) == ["a", "b"]


def test_2_9_2_the_earlier_time_wins(queue, clock):
    """Of two delays the shorter counts, in whichever order they come."""
    queue.add_after("a", 5)
    queue.add_after("a", 1)
    queue.add_after("b", 1)
    queue.add_after("b", 5)
    clock.step(1)
    assert take(queue, 2) == ["a", "b"]
    clock.step(10)
    assert len(queue) == 0


def test_2_9_2_add_moves_a_waiting_key_and_the_delayed_copy_disappears(queue, clock):
    """Unlike the classic queue, ready now beats any delay and nothing fires later."""
    queue.add_after("a", 1)
    queue.add("a")
    assert take(queue) == ["a"]
    clock.step(2)
    assert len(queue) == 0


def test_2_9_2_add_after_on_a_ready_key_changes_nothing(queue):
    """A delay cannot take back that a key is ready."""
    queue.add("a")
    queue.add_after("a", 100)
    assert take(queue) == ["a"]


def test_2_9_2_a_waiting_key_keeps_the_higher_priority(queue, clock):
    """Priorities merge while waiting as well, even if the later add has a longer delay."""
    queue.add_after("a", 1, priority=-100)
    queue.add_after("b", 1, priority=0)
    queue.add_after("a", 50, priority=1)
    clock.step(1)
    assert take(queue, 2) == ["a", "b"]


@pytest.mark.parametrize("seconds", [0, -1])
def test_add_after_without_delay_is_an_add(queue, seconds):
    """No delay, or a negative one, means now."""
    queue.add_after("a", seconds)
    assert take(queue) == ["a"]


def test_2_9_3_a_delay_and_the_rate_limit_give_the_earlier_and_the_failure_still_counts(queue, clock):
    """The shorter of the two delays counts, and the failure is counted all the same."""
    queue.add_after("a", 0.001)
    queue.add_rate_limited("a")
    clock.step(0.001)
    assert take(queue) == ["a"]
    assert queue.num_requeues("a") == 1


def test_2_9_4_waiting_keys_become_ready_in_the_order_of_their_times(queue, clock):
    """Within a priority, what became due first goes first, not what was added first."""
    queue.add_after("late", 3)
    queue.add_after("early", 1)
    clock.step(2)
    queue.add("now")
    clock.step(2)
    assert take(queue, 3) == ["early", "now", "late"]


def test_2_9_5_a_locked_key_is_skipped_until_done(queue):
    """A key that a worker holds waits, others pass, and done releases it to exactly one more run."""
    queue.add("a")
    assert get(queue).key == "a"
    queue.add("a", priority=10)
    queue.add("a")
    queue.add("b")
    assert len(queue) == 2
    assert take(queue) == ["b"]
    queue.done("a")
    assert take(queue) == ["a"]
    assert len(queue) == 0


def test_2_9_5_a_locked_key_keeps_its_place(queue):
    """Once released, a key stands where it stood when it became ready."""
    queue.add("a")
    get(queue)
    queue.add("a")
    queue.add("b")
    queue.done("a")
    assert take(queue, 2) == ["a", "b"]


def test_2_9_5_a_key_that_becomes_due_while_locked_waits_for_done(queue, clock):
    """A delay that ends during the run does not give the key to a second worker."""
    queue.add("a")
    get(queue)
    queue.add_after("a", 1)
    clock.step(2)
    queue.add("b")
    assert take(queue) == ["b"]
    queue.done("a")
    assert take(queue) == ["a"]


def test_2_9_5_a_locked_key_raised_meanwhile_comes_once_and_at_its_priority(queue):
    """Raising a locked key neither hands it out early nor twice."""
    queue.add("a")
    get(queue)
    queue.add("a", priority=-100)
    queue.add("a", priority=7)
    queue.add("b")
    queue.done("a")
    assert take(queue, 2) == ["a", "b"]
    assert len(queue) == 0


def test_2_9_6_default_limiter_and_priority(queue, clock):
    """The first failure waits 5 ms and has priority 0; there is no global bucket, so a thousand keys wait equally long."""
    for number in range(1000):
        queue.add_rate_limited(f"key-{number}")
    clock.step(0.004)
    assert len(queue) == 0
    clock.step(0.001)
    assert len(queue) == 1000
    assert get(queue).priority == 0


def test_2_10_requeued_high_priority_does_not_fall_behind_ready_low(queue):
    """A key that failed at a high priority comes before ready keys of a lower one (#3330)."""
    queue.add("low", priority=-100)
    queue.add("high", priority=1)
    item = get(queue)
    queue.add_after(item.key, 0, priority=item.priority)
    queue.done(item.key)
    assert take(queue, 2) == ["high", "low"]


def test_requeue_before_done_is_released_by_done(queue, clock):
    """The controller adds again before it is done; the key comes once, when its time has come."""
    queue.add("a")
    get(queue)
    queue.add_rate_limited("a")
    queue.done("a")
    assert len(queue) == 0
    clock.step(0.005)
    assert take(queue) == ["a"]


def test_2_5_1_an_event_during_the_run_gives_exactly_one_more(queue):
    """Ten events during one run are one further run."""
    queue.add("a")
    get(queue)
    for _ in range(10):
        queue.add("a")
    queue.done("a")
    assert take(queue) == ["a"]
    assert len(queue) == 0


def test_parked_key_is_held_by_nobody_and_given_to_nobody(queue, clock):
    """After park the key counts as no unfinished work, and stays locked until done."""
    queue.add("a")
    get(queue)
    queue.add("a")
    clock.step(3)
    assert queue.unfinished() == (3.0, 3.0)
    queue.park("a")
    assert queue.unfinished() == (0.0, 0.0)
    queue.add("b")
    assert take(queue) == ["b"]
    queue.done("a")
    assert take(queue) == ["a"]


def test_done_and_park_of_a_key_that_nobody_holds_do_nothing(queue):
    """Finishing twice, or something that was never handed out, is harmless."""
    queue.add("a")
    queue.done("a")
    queue.park("a")
    assert take(queue) == ["a"]
    queue.done("a")
    assert len(queue) == 0


def test_unfinished_tells_the_sum_and_the_longest(queue, clock):
    """Two runs of 5 and 3 seconds are 8 in total and 5 at most."""
    queue.add("a")
    queue.add("b")
    get(queue)
    clock.step(2)
    get(queue)
    clock.step(3)
    assert queue.unfinished() == priority_queue.Unfinished(total_seconds=8.0, longest_seconds=5.0)


def test_forget_clears_the_count_and_leaves_the_queue(queue, clock):
    """Forget does not take a key out."""
    queue.add_rate_limited("a")
    queue.forget("a")
    assert queue.num_requeues("a") == 0
    clock.step(0.005)
    assert take(queue) == ["a"]


def fail(queue: Queue) -> bool:
    """Let the next run fail; tell whether its own retry started it."""
    item = get(queue)
    queue.add_rate_limited(item.key)
    queue.done(item.key)
    return item.is_retry


def test_retries_raise_the_failure_count(queue, clock):
    """An event starts the first run, its retries the others, and each failure doubles the delay."""
    queue.add("a")
    assert not fail(queue)
    for expected in (0.005, 0.010, 0.020):
        clock.step(expected - 0.001)
        assert len(queue) == 0
        clock.step(0.001)
        assert fail(queue)
    assert queue.num_requeues("a") == 4


def test_failures_started_by_events_re_arm_the_present_delay(queue, clock):
    """A storm of events on a failing key does not drive its delay to the maximum (kubernetes#112325)."""
    queue.add("a")
    fail(queue)
    for _ in range(50):
        queue.add("a")
        assert not fail(queue)
    assert queue.num_requeues("a") == 1
    clock.step(0.005)
    assert fail(queue)
    assert queue.num_requeues("a") == 2


@pytest.mark.parametrize("event_first", [True, False])
def test_a_retry_merged_with_an_event_is_an_event(queue, clock, event_first):
    """If an event and a due retry merge, in either order, the event started the run."""
    queue.add("a")
    fail(queue)
    if event_first:
        queue.add("a")
        clock.step(1)
    else:
        clock.step(1)
        assert len(queue) == 1
        queue.add("a")
    assert not get(queue).is_retry


def test_an_event_during_a_retry_that_fails_starts_the_next_run(queue, clock):
    """The retry's failure counts, but the run that follows at once belongs to the event."""
    queue.add("a")
    fail(queue)
    clock.step(0.005)
    item = get(queue)
    queue.add("a")
    queue.add_rate_limited("a")
    queue.done("a")
    assert item.is_retry
    assert queue.num_requeues("a") == 2
    assert not get(queue).is_retry


def test_a_success_forgets_so_the_next_failure_counts_as_the_first(queue):
    """After forget an event run that fails counts, as the first failure."""
    queue.add("a")
    fail(queue)
    queue.forget("a")
    queue.add("a")
    fail(queue)
    assert queue.num_requeues("a") == 1


def test_heaps_stay_small_when_keys_are_rescheduled_for_ever(queue):
    """A key that waits an hour and is woken by events each second leaves no trail of outdated entries."""
    for _ in range(5000):
        queue.add_after("a", 3600)
        queue.add("a")
        take(queue)
    for priority in range(5000):
        queue.add("b", priority=priority)
    assert len(queue._waiting) < 200
    assert len(queue._ready) < 200
