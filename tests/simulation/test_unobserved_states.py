"""Sieve's unobserved states: what happens between two views is never seen."""

import pytest

from tests.support import sim_disturbances, sim_pool

pytestmark = [pytest.mark.xdist_group("simulation"), pytest.mark.timeout(600)]


@pytest.mark.parametrize("plays", sim_pool.plays(f"unobserved-{kind}" for kind in sim_disturbances.KINDS))
def test_what_is_never_seen_changes_nothing(outcomes):
    """Of one kind, or all, nothing is seen while a user does several things; then it is listed anew, and the end is exact."""
    sim_pool.assert_good(outcomes)
