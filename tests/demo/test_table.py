"""The table as text."""

import io

from rich import console

from demo import observation, table
from tests.support import demo_objects

PROGRESS = [table.Progress("created", "all", 1.25), table.Progress("Ready", is_running=True), table.Progress("removed")]


def text(seen):
    """Render to plain text."""
    out = console.Console(file=io.StringIO(), width=118, color_system=None)
    out.print(table.render(seen, PROGRESS, "kubectl get all"))
    return out.file.getvalue()


def test_everything_has_a_row():
    """Resource, children with their state, conditions, steps, the manager's count and the command line are there."""
    shown = text(demo_objects.whole())
    rows = [" ".join(line.split()) for line in shown.splitlines()]
    for expected in (
        "MicroServiceDeploy ms 3/3 ready",
        "Deployment ms 3/3 ready, 1 updated",
        "Ready True Available 1 of 3",
        "✓ created 1.2 s",
        "… Ready",
        "· removed",
        "last reconcile 2 s ago, 17 in all, 1 failed",
        "look yourself: kubectl get all",
    ):
        assert expected in rows


def test_a_missing_child_is_shown_as_missing():
    """The table keeps a row for each kind that should be there; without the resource none should."""
    assert text(observation.Observation(demo_objects.resource())).count("missing") == len(observation.CHILDREN)
    assert text(observation.Observation()).count("gone") == len(observation.CHILDREN)
    assert "CONDITION" not in text(observation.Observation())


def test_values_of_a_config_map_are_not_shown():
    """No value of the configuration reaches the screen."""
    assert "88888888" not in text(demo_objects.whole())


def test_the_manager_may_have_nothing_to_say():
    """Silence and no run yet are told apart."""
    assert table.reconciles(observation.Observation()) == "the manager's metrics do not answer"
    assert table.reconciles(observation.Observation(reconciles=observation.Reconciles(0, 0))) == "no reconcile yet"


def test_a_long_message_is_cut():
    """A condition's message takes one line at most."""
    resource = demo_objects.resource()
    resource["status"]["conditions"][0]["message"] = "x" * 200
    assert "x" * (table.MESSAGE_WIDTH - 1) + "…" in text(observation.Observation(resource))
