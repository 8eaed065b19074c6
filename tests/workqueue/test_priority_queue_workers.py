"""The priority queue with real threads: waking, shutdown, and many workers at once."""

import queue as stdlib_queue
import random
import sys
import threading
from collections import defaultdict

import pytest

from tests.support import fake_clock
from workqueue import priority_queue

PATIENCE = fake_clock.PATIENCE_SECONDS


class Workers:
    """Threads that put what they get on `results`; a test ends their runs."""

    def __init__(self, queue: priority_queue.PriorityQueue[str], count: int) -> None:
        self.queue = queue
        self.results: stdlib_queue.Queue[priority_queue.Item[str] | None] = stdlib_queue.Queue()
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _work(self) -> None:
        while True:
            item = self.queue.get()
            self.results.put(item)
            if item is None:
                return

    def next(self) -> str | None:
        item = self.results.get(timeout=PATIENCE)
        return None if item is None else item.key

    def join(self) -> None:
        for thread in self.threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self.threads)


@pytest.fixture
def clock() -> fake_clock.FakeClock:
    return fake_clock.FakeClock()


@pytest.fixture
def queue(clock):
    queue = priority_queue.PriorityQueue[str]("test", clock=clock)
    yield queue
    queue.shut_down()


def test_get_waits_for_an_add(queue, clock):
    """A worker that came first gets the key that comes later."""
    workers = Workers(queue, 1)
    clock.wait_for_waiters(1)
    queue.add("a")
    assert workers.next() == "a"


def test_a_worker_wakes_up_when_a_delay_ends(queue, clock):
    """No add, no helper thread: the waiting worker itself watches the deadline."""
    queue.add_after("a", 5)
    workers = Workers(queue, 1)
    clock.wait_for_waiters(1)
    clock.step(5)
    assert workers.next() == "a"


def test_an_earlier_deadline_cuts_the_wait_short(queue, clock):
    """A worker that waits for a far deadline also sees a nearer one that is added later."""
    queue.add_after("far", 100)
    workers = Workers(queue, 1)
    clock.wait_for_waiters(1)
    queue.add_after("near", 1)
    clock.wait_for_waits(2)
    clock.step(1)
    assert workers.next() == "near"
    queue.done("near")
    clock.wait_for_waits(3)
    clock.step(99)
    assert workers.next() == "far"


def test_done_wakes_a_worker_for_the_key_that_was_added_meanwhile(queue, clock):
    """A locked key that is ready reaches an idle worker as soon as it is released."""
    workers = Workers(queue, 2)
    queue.add("a")
    assert workers.next() == "a"
    queue.add("a")
    clock.wait_for_waiters(2)
    assert workers.results.empty()
    queue.done("a")
    assert workers.next() == "a"


def test_one_add_wakes_one_worker(queue, clock):
    """Of 20 idle workers, one add wakes one, and so does a deadline that somebody has to watch."""
    workers = Workers(queue, 20)
    clock.wait_for_waits(20)
    queue.add("a")
    assert workers.next() == "a"
    clock.wait_for_waits(21)  # the one that got it, back again
    queue.add_after("b", 1)
    clock.wait_for_waits(22)  # the one that now watches the deadline
    queue.add_after("c", 2)  # later than what is watched already
    queue.add("d")
    assert workers.next() == "d"
    clock.wait_for_waits(23)
    clock.wait_for_waiters(20)
    assert clock.waits <= 24  # one more if it was the watcher that got it, and another took over


def test_several_keys_due_at_once_reach_several_workers(queue, clock):
    """One deadline that frees three keys wakes three workers, and the next deadline is still watched."""
    for key in "abc":
        queue.add_after(key, 1)
    queue.add_after("d", 2)
    workers = Workers(queue, 4)
    clock.wait_for_waiters(4)
    clock.step(1)
    assert sorted(filter(None, [workers.next() for _ in range(3)])) == ["a", "b", "c"]
    clock.wait_for_waiters(4)
    clock.step(1)
    assert workers.next() == "d"


def test_2_9_7_shut_down_drops_everything_and_frees_waiting_workers(queue, clock):
    """Ready and delayed keys are gone, and get returns None at once, for those who wait and those who come (#3332, #3337)."""
    workers = Workers(queue, 5)
    clock.wait_for_waiters(5)
    queue.shut_down()
    assert [workers.next() for _ in range(5)] == [None] * 5
    workers.join()
    assert queue.get() is None


def test_shut_down_drops_what_is_ready_and_what_waits(queue, clock):
    """Without a drain nothing that is queued runs, and adds are ignored from then on."""
    queue.add("ready")
    queue.add_after("waiting", 1)
    queue.shut_down()
    queue.add("late")
    queue.add_after("late", 1)
    queue.add_rate_limited("late")
    clock.step(2)
    assert queue.is_shutting_down
    assert (len(queue), queue.get(), queue.num_requeues("late")) == (0, None, 0)


def test_a_run_that_outlives_shut_down_can_finish(queue):
    """Done and a requeue after shutdown neither fail nor bring the key back."""
    queue.add("a")
    queue.get()
    queue.add("a")
    queue.shut_down()
    queue.add_rate_limited("a")
    queue.done("a")
    assert queue.get() is None


def drain(queue, timeout_seconds=None):
    """Drain in a thread; return the thread and the list that its result goes to."""
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(queue.shut_down_with_drain(timeout_seconds)), daemon=True)
    thread.start()
    return thread, results


def test_drain_runs_ready_keys_drops_delayed_ones_and_waits_for_processing(queue, clock):
    """What was ready, behind a running worker as well, runs; what waits is dropped; the drain ends with the last done."""
    queue.add("running")
    queue.get()
    queue.add("running")
    queue.add("ready")
    queue.add_after("waiting", 1)
    thread, results = drain(queue)
    clock.wait_for_waiters(1)
    assert queue.get() == ("ready", 0, False)
    queue.done("ready")
    queue.done("running")
    clock.step(1)
    assert queue.get() == ("running", 0, False)
    assert queue.get() is None
    assert results == []
    queue.done("running")
    thread.join(PATIENCE)
    assert results == [True]


def test_drain_frees_idle_workers_once_nothing_is_left(queue, clock):
    """A worker that waits behind a locked key is told when that key's last run is handed to another."""
    queue.add("a")
    queue.get()
    queue.add("a")
    workers = Workers(queue, 2)
    clock.wait_for_waiters(2)
    thread, results = drain(queue)
    clock.wait_for_waiters(3)
    queue.done("a")
    assert {workers.next(), workers.next()} == {"a", None}
    queue.done("a")
    thread.join(PATIENCE)
    workers.join()
    assert results == [True]


def test_drain_gives_up_in_time_and_a_later_shut_down_aborts_it(queue, clock):
    """A worker that never finishes cannot hold the drain beyond its timeout, nor beyond a shutdown."""
    queue.add("a")
    queue.get()
    thread, results = drain(queue, 5.0)
    clock.wait_for_waiters(1)
    clock.step(5)
    thread.join(PATIENCE)
    assert results == [False]
    thread, results = drain(queue)
    clock.wait_for_waiters(1)
    queue.shut_down()
    thread.join(PATIENCE)
    assert results == [False]


def test_drain_does_not_wait_for_a_parked_key(queue):
    """No worker holds a parked key, so a drain need not wait for its release."""
    queue.add("a")
    queue.get()
    queue.park("a")
    assert queue.shut_down_with_drain(0)


def test_2_10_shut_down_while_items_are_handed_out():
    """Adds, gets and shutdown at the same time end in time, whatever their order (#3540)."""
    for _ in range(50):
        queue = priority_queue.PriorityQueue[str]()
        workers = Workers(queue, 8)
        for number in range(20):
            queue.add(f"key-{number}")
        queue.shut_down()
        workers.join()


@pytest.fixture
def _frequent_switches():
    """Make the interpreter switch threads every 10 us, so that they really interleave."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_frequent_switches")
@pytest.mark.parametrize("is_draining", [False, True])
def test_4_1_ten_producers_a_hundred_consumers(is_draining):
    """Never two workers on one key, no event lost, every thread ends: upstream's TestFuzz."""
    queue = priority_queue.PriorityQueue[int]("fuzz")
    keys = 60
    written = [0] * keys
    """How often each key was to be looked at."""
    seen = [0] * keys
    write_locks = [threading.Lock() for _ in range(keys)]
    holders: dict[int, int] = defaultdict(int)
    mistakes: list[str] = []
    settled = threading.Condition()

    def produce(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(1000):
            key = chance.randrange(keys)
            with write_locks[key]:
                written[key] += 1
            priority = chance.choice([-100, 0, 1, 10])
            action = chance.random()
            if action < 0.7:
                queue.add(key, priority=priority)
            elif action < 0.9:
                queue.add_after(key, chance.random() / 50, priority=priority)
            else:
                queue.add_rate_limited(key, priority=priority)
                queue.forget(key)

    def consume(seed: int) -> None:
        chance = random.Random(seed)
        while (item := queue.get()) is not None:
            holders[item.key] += 1
            if holders[item.key] != 1:
                mistakes.append(f"two workers hold {item.key}")
            seen[item.key] = written[item.key]
            if chance.random() < 0.05:
                queue.add_after(item.key, 0.001)
            if chance.random() < 0.2:
                queue.park(item.key)
            holders[item.key] -= 1
            queue.done(item.key)
            with settled:
                settled.notify_all()

    consumers = [threading.Thread(target=consume, args=(seed,), daemon=True) for seed in range(100)]
    producers = [threading.Thread(target=produce, args=(seed,), daemon=True) for seed in range(10)]
    for thread in consumers + producers:
        thread.start()
    for thread in producers:
        thread.join(PATIENCE)
    with settled:
        all_seen = settled.wait_for(lambda: seen == written, PATIENCE)
    is_drained = queue.shut_down_with_drain(PATIENCE) if is_draining else queue.shut_down()
    for thread in consumers:
        thread.join(PATIENCE)
    assert all_seen
    assert is_drained in (True, None)
    assert mistakes == []
    assert sum(written) == 10_000
    assert not any(thread.is_alive() for thread in consumers + producers)
