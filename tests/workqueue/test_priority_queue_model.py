"""The priority queue against a model so naive that it is plainly right: a dict that is sorted at every get."""

from dataclasses import dataclass

import hypothesis
from hypothesis import stateful
from hypothesis import strategies as st

from tests.support import fake_clock, queue_metrics
from workqueue import priority_queue

KEYS = st.sampled_from("abcde")
PRIORITIES = st.sampled_from([-100, 0, 1, 5])
DELAYS = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0, 4.0])


@dataclass
class Entry:
    priority: int
    time: float
    is_ready: bool
    is_retry: bool
    place: int


class QueueAgainstModel(stateful.RuleBasedStateMachine):
    """Does the same to both and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = fake_clock.FakeClock()
        self.metrics = queue_metrics.RecordingMetrics()
        self.queue = priority_queue.PriorityQueue[str]("model", clock=self.clock, metrics=self.metrics)
        self.entries: dict[str, Entry] = {}
        self.locked: dict[str, bool] = {}
        """Whether a retry started the run, per key."""
        self.parked: set[str] = set()
        self.failures: dict[str, int] = {}
        self.places = 0
        self.adds = 0

    def _place(self) -> int:
        self.places += 1
        return self.places

    def _promote(self) -> None:
        now = self.clock.monotonic()
        due = [entry for entry in self.entries.values() if not entry.is_ready and entry.time <= now]
        for entry in sorted(due, key=lambda entry: (entry.time, -entry.priority, entry.place)):
            entry.is_ready = True
            entry.place = self._place()
            self.adds += 1

    def _add(self, key: str, priority: int, seconds: float, *, is_retry: bool) -> None:
        self._promote()
        is_ready = seconds <= 0
        time = self.clock.monotonic() + max(0.0, seconds)
        old = self.entries.get(key)
        if old is None:
            self.entries[key] = Entry(priority, time, is_ready, is_retry, self._place())
            self.adds += is_ready
            return
        old.is_retry = old.is_retry and is_retry
        is_raised = priority > old.priority
        old.priority = max(old.priority, priority)
        if old.is_ready:
            if is_raised:
                old.place = self._place()
        elif is_ready:
            old.is_ready, old.place = True, self._place()
            self.adds += 1
        elif is_raised or time < old.time:
            old.time, old.place = min(time, old.time), self._place()

    @stateful.rule(key=KEYS, priority=PRIORITIES)
    def add(self, key, priority):
        self.queue.add(key, priority=priority)
        self._add(key, priority, 0, is_retry=False)

    @stateful.rule(key=KEYS, priority=PRIORITIES, seconds=DELAYS)
    def add_after(self, key, priority, seconds):
        self.queue.add_after(key, seconds, priority=priority)
        self._add(key, priority, seconds, is_retry=False)

    @stateful.rule(key=KEYS, priority=PRIORITIES)
    def add_rate_limited(self, key, priority):
        self.queue.add_rate_limited(key, priority=priority)
        failures = self.failures.get(key, 0)
        if not (key in self.locked and not self.locked[key] and failures > 0):
            failures += 1
        self.failures[key] = failures
        self._add(key, priority, min(0.005 * 2 ** (failures - 1), 1000.0), is_retry=True)

    @stateful.rule(key=KEYS)
    def forget(self, key):
        self.queue.forget(key)
        self.failures.pop(key, None)

    @stateful.rule(seconds=st.sampled_from([0.005, 0.125, 0.25, 0.5, 1.0, 10.0]))
    def step(self, seconds):
        self.clock.step(seconds)

    @stateful.rule()
    def get(self):
        self._promote()
        free = {key: entry for key, entry in self.entries.items() if entry.is_ready and key not in self.locked}
        if not free:
            return
        key = min(free, key=lambda key: (-free[key].priority, free[key].place))
        entry = self.entries.pop(key)
        self.locked[key] = entry.is_retry
        assert self.queue.get() == (key, entry.priority, entry.is_retry)

    @stateful.rule(key=KEYS)
    def park(self, key):
        self.queue.park(key)
        if key in self.locked:
            self.parked.add(key)

    @stateful.rule(key=KEYS)
    def done(self, key):
        self.queue.done(key)
        self.locked.pop(key, None)
        self.parked.discard(key)

    @stateful.invariant()
    def same_length_counts_and_depth(self):
        self._promote()
        ready = [entry for entry in self.entries.values() if entry.is_ready]
        assert len(self.queue) == len(ready)
        assert self.metrics.adds == self.adds
        for priority in (-100, 0, 1, 5):
            assert self.metrics.depth[priority] == sum(entry.priority == priority for entry in ready)
        assert all(self.queue.num_requeues(key) == self.failures.get(key, 0) for key in "abcde")
        assert (self.queue.unfinished().total_seconds > 0) <= bool(self.locked.keys() - self.parked)


TestQueueAgainstModel = QueueAgainstModel.TestCase
TestQueueAgainstModel.settings = hypothesis.settings(max_examples=150, stateful_step_count=60, deadline=None)
