"""Faults that a seed chooses: `make simulate` plays 500 of them, and ARGS='--seed 123' one again."""

import pytest

from tests.support import sim_pool

pytestmark = [pytest.mark.xdist_group("simulation"), pytest.mark.timeout(600)]


def pytest_generate_tests(metafunc):
    """Play the seeds that the command line names, else as many as it says."""
    if "plays" in metafunc.fixturenames:
        seeds = metafunc.config.getoption("--seed") or range(1, metafunc.config.getoption("--schedules") + 1)
        metafunc.parametrize("plays", sim_pool.plays(f"seed-{seed}" for seed in seeds))


def test_faults_chosen_by_a_seed_change_nothing(outcomes):
    """Requests fail, watches are cut, frames are late or lost, the operator dies: each step's end is exact all the same."""
    sim_pool.assert_good(outcomes)
