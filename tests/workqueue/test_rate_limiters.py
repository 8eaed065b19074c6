"""The limiters of `workqueue.rate_limiters`, with a fake clock."""

import pytest

from tests.support import fake_clock
from workqueue import rate_limiters


def test_2_6_delays_double_from_5_ms_and_the_19th_failure_is_the_first_at_the_cap():
    """5 ms, 10 ms, 20 ms ...; the 18th failure waits 655.36 s, the 19th and every later one 1000 s."""
    limiter = rate_limiters.ItemExponentialFailureRateLimiter()
    delays = [limiter.when("a") for _ in range(20)]
    assert delays[:3] == [0.005, 0.01, 0.02]
    assert delays[17:] == [pytest.approx(655.36), 1000.0, 1000.0]


def test_keys_are_counted_apart():
    """One key's failures do not slow down another."""
    limiter = rate_limiters.ItemExponentialFailureRateLimiter()
    limiter.when("a")
    limiter.when("a")
    assert limiter.when("b") == 0.005
    assert (limiter.num_requeues("a"), limiter.num_requeues("b")) == (2, 1)


def test_forget_starts_again_at_the_base():
    """After forget the count is 0 and the next failure waits the base; forgetting an unknown key is fine."""
    limiter = rate_limiters.ItemExponentialFailureRateLimiter()
    limiter.when("a")
    limiter.forget("a")
    limiter.forget("never seen")
    assert limiter.num_requeues("a") == 0
    assert limiter.when("a") == 0.005


def test_current_repeats_the_last_delay_without_counting():
    """`current` gives what the last `when` gave, the base for a key that never failed, and counts nothing."""
    limiter = rate_limiters.ItemExponentialFailureRateLimiter()
    assert limiter.current("a") == 0.005
    limiter.when("a")
    last = limiter.when("a")
    assert limiter.current("a") == last == 0.01
    assert limiter.num_requeues("a") == 2


def test_thousands_of_failures_do_not_overflow():
    """A count far beyond what a float can double still means the cap."""
    limiter = rate_limiters.ItemExponentialFailureRateLimiter(base_seconds=0.1, max_seconds=7.0)
    for _ in range(2000):
        limiter.when("a")
    assert limiter.current("a") == limiter.when("a") == 7.0


def test_2_6_bucket_is_shared_by_all_keys_and_fills_again():
    """After the burst each failure waits 1/qps longer; the bucket fills with time, up to the burst."""
    clock = fake_clock.FakeClock()
    limiter = rate_limiters.BucketRateLimiter(clock, qps=10.0, burst=2)
    assert [limiter.when(key) for key in "abcd"] == pytest.approx([0.0, 0.0, 0.1, 0.2])
    clock.step(0.2)
    assert limiter.when("e") == pytest.approx(0.1)
    clock.step(100.0)
    assert [limiter.when("f") for _ in range(3)] == pytest.approx([0.0, 0.0, 0.1])


def test_bucket_current_takes_no_token():
    """Asking a bucket for the present delay twice gives the same answer; it knows no keys, so it counts none."""
    limiter = rate_limiters.BucketRateLimiter(fake_clock.FakeClock(), qps=10.0, burst=1)
    assert limiter.current("a") == 0.0
    limiter.when("a")
    limiter.forget("a")
    assert limiter.current("a") == limiter.current("a") == pytest.approx(0.1)
    assert limiter.num_requeues("a") == 0


def test_2_6_max_of_takes_the_worst_case():
    """The longest of the limiters' delays counts, and each of them counts the failure."""
    slow = rate_limiters.ItemExponentialFailureRateLimiter(base_seconds=3.0)
    fast = rate_limiters.ItemExponentialFailureRateLimiter()
    limiter = rate_limiters.MaxOfRateLimiter(slow, fast)
    assert limiter.when("a") == limiter.current("a") == 3.0
    assert (slow.num_requeues("a"), fast.num_requeues("a"), limiter.num_requeues("a")) == (1, 1, 1)
    limiter.forget("a")
    assert limiter.num_requeues("a") == 0
