"""Sieve's intermediate states: the operator dies after each single write of the story."""

import pytest

from tests.support import sim_pool

pytestmark = [pytest.mark.xdist_group("simulation"), pytest.mark.timeout(600)]
MOST_WRITES = 16
"""More than the operator writes in any step when nothing disturbs it."""


@pytest.mark.parametrize("plays", sim_pool.plays(f"crash-{number}" for number in range(1, MOST_WRITES + 1)))
def test_a_crash_after_any_write_changes_nothing(outcomes):
    """In each step the operator dies right after its n-th write, and starts anew: each step's end is exact all the same."""
    sim_pool.assert_good(outcomes)


@pytest.mark.parametrize("plays", sim_pool.plays(["calm"]))
def test_each_write_has_its_crash(outcomes):
    """Nothing disturbs the operator: it fails no run, and needs fewer writes for each step than there are crashes."""
    sim_pool.assert_good(outcomes)
    [calm] = outcomes
    assert max(calm.writes.values()) <= MOST_WRITES, calm.writes
    assert calm.failed_runs == 0, calm.log
