"""Sieve's stale views: informers are late, or start again with a view of some time ago."""

import pytest

from tests.support import sim_disturbances, sim_pool

pytestmark = [pytest.mark.xdist_group("simulation"), pytest.mark.timeout(600)]
SHORT, LONG = 0.2, 0.8
"""Seconds, before and beyond the moment when the operator no longer waits for its own writes (5 s by its clock)."""
LATE_LONG = ("all", "instances", "deployments", "autoscalers")


@pytest.mark.parametrize("plays", sim_pool.plays(f"lag-{kind}-{SHORT}" for kind in sim_disturbances.KINDS))
def test_a_short_lag_changes_nothing(outcomes):
    """One kind, or all, are seen late: each step's end is exact all the same."""
    sim_pool.assert_good(outcomes)


@pytest.mark.parametrize("plays", sim_pool.plays(f"lag-{kind}-{LONG}" for kind in LATE_LONG))
def test_a_long_lag_is_mended(outcomes):
    """What is done with a view that lacks the operator's own writes is put right."""
    sim_pool.assert_good(outcomes)


@pytest.mark.parametrize("plays", sim_pool.plays(f"old-{kind}" for kind in sim_disturbances.KINDS))
def test_a_start_with_an_older_view_is_mended(outcomes):
    """After each step the operator starts again, and sees one kind, or all, as before the step, until it has acted on it."""
    sim_pool.assert_good(outcomes)
