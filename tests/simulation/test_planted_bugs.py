"""The simulation finds bugs: three that are planted, none of which shows while nothing goes wrong."""

import pytest

from tests.support import sim_pool

pytestmark = [pytest.mark.xdist_group("simulation"), pytest.mark.timeout(600)]
WHERE = {
    "late memory": [f"crash-{number}" for number in range(1, 6)],
    "trusts its cache": ["lag-deployments-0.2"],
    "deletes by name": ["lag-autoscalers-0.2", "unobserved-autoscalers"],
}
"""Where each is looked for."""


@pytest.mark.parametrize("plays", [sim_pool.act(["calm"], bug) for bug in WHERE])
def test_a_bug_does_not_show_by_itself(outcomes):
    """While nothing goes wrong, the operator with the bug tells the story as the one without."""
    sim_pool.assert_good(outcomes)


@pytest.mark.parametrize("plays", [sim_pool.act(names, bug) for bug, names in WHERE.items()])
def test_a_bug_is_found(outcomes):
    """At least one of the disturbances shows it."""
    assert any(outcome.problem for outcome in outcomes)
