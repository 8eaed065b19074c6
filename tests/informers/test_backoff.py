"""How long a watch waits after failures."""

import random
import threading

import hypothesis
from hypothesis import strategies as st

from informers import backoff
from tests.support import auto_clock, fake_clock


def shortest(low, high):
    """Draw the lower bound."""
    return low


def longest(low, high):
    """Draw the upper bound."""
    return high


def sleeps(clock, waiter, count):
    """Return how long each of *count* sleeps in a row took."""
    stop = threading.Event()
    durations = []
    for _ in range(count):
        before = clock.monotonic()
        assert waiter.sleep(stop)
        durations.append(round(clock.monotonic() - before, 6))
    return durations


def test_2_1_2_sleeps_double_from_0_8_to_30_seconds():
    """The shortest possible sleeps are the bases."""
    clock = auto_clock.AutoClock()
    waiter = backoff.Backoff(clock, shortest)
    assert sleeps(clock, waiter, 9) == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0, 30.0]


def test_2_1_2_jitter_adds_up_to_as_much_again():
    """The longest possible sleeps are twice the bases."""
    clock = auto_clock.AutoClock()
    waiter = backoff.Backoff(clock, longest)
    assert sleeps(clock, waiter, 8) == [1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60.0, 60.0]


@hypothesis.given(st.integers(min_value=1, max_value=3000), st.randoms(use_true_random=False))
def test_2_1_2_no_sleep_is_shorter_than_0_8_or_longer_than_60_seconds(failures: int, source: random.Random):
    """However many failures come in a row, a sleep stays between its bounds."""
    clock = auto_clock.AutoClock()
    waiter = backoff.Backoff(clock, source.uniform)
    assert all(0.8 <= seconds <= 60.0 for seconds in sleeps(clock, waiter, min(failures, 60)))


def test_2_1_3_it_starts_over_after_120_seconds_without_a_failure():
    """Two minutes after the end of the last sleep the next failure counts as the first."""
    clock = auto_clock.AutoClock()
    waiter = backoff.Backoff(clock, shortest)
    assert sleeps(clock, waiter, 3) == [0.8, 1.6, 3.2]
    clock.seconds += 120.0
    assert sleeps(clock, waiter, 1) == [6.4]
    clock.seconds += 120.1
    assert sleeps(clock, waiter, 2) == [0.8, 1.6]


def test_2_1_3_a_long_outage_does_not_start_it_over():
    """Sleeping itself is no health: an hour of failures ends at the longest sleep."""
    clock = auto_clock.AutoClock()
    waiter = backoff.Backoff(clock, longest)
    assert sleeps(clock, waiter, 60)[-40:] == [60.0] * 40


def test_the_server_may_ask_for_more():
    """The longer of the backoff and the server's wish counts."""
    clock = auto_clock.AutoClock()
    waiter = backoff.Backoff(clock, shortest)
    assert waiter.sleep(threading.Event(), at_least_seconds=200.0)
    assert clock.seconds == 200.0
    assert waiter.sleep(threading.Event(), at_least_seconds=0.1)
    assert clock.seconds == 201.6


def test_a_stop_ends_a_sleep_at_once():
    """A thread that sleeps wakes when the event is set, though no time has passed."""
    clock = fake_clock.FakeClock()
    stop = threading.Event()
    results = []
    thread = threading.Thread(target=lambda: results.append(backoff.Backoff(clock, shortest).sleep(stop)))
    thread.start()
    clock.wait_for_waiters(1)
    stop.set()
    thread.join(fake_clock.PATIENCE_SECONDS)
    assert results == [False]


def test_each_watch_has_its_own():
    """One watch's failures do not make another wait longer."""
    clock = auto_clock.AutoClock()
    failing, healthy = backoff.Backoff(clock, shortest), backoff.Backoff(clock, shortest)
    sleeps(clock, failing, 5)
    assert sleeps(clock, healthy, 1) == [0.8]
