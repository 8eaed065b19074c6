"""Tests of what metrics ask for."""

import pytest

from envtest.embedded.controllers import replica_counts

WISH = replica_counts.Wish(resource="cpu", container="", current=2, up=0.1, down=0.1)
TIME = "2026-01-01T00:00:00Z"


def pod(name, phase="Running", ready="True", request="100m", **metadata):
    """Return a pod."""
    resources = {"requests": {"cpu": request}} if request else {}
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": TIME}
    return {
        "metadata": {"name": name, **metadata},
        "spec": {"containers": [{"name": "app", "resources": resources}]},
        "status": {"phase": phase, "startTime": TIME, "conditions": [condition]},
    }


@pytest.mark.parametrize(
    ("values", "target", "wanted"),
    [
        ({"a": 100, "b": 100}, 50, 4),
        ({"a": 100, "b": 50}, 50, 3),
        ({"a": 54, "b": 54}, 50, 2),
        ({"a": 10, "b": 10}, 50, 1),
        ({"a": 400}, 50, 8),
        ({"a": 10}, 50, 2),
    ],
)
def test_the_use_is_brought_to_the_target(values, target, wanted):
    """Pods without metrics damp the change: they count as idle when there shall be more, as busy when there shall be fewer."""
    found = replica_counts.by_utilization([pod("a"), pod("b")], values, target, WISH)
    assert found.replicas == wanted
    assert found.utilization == sum(values.values()) // len(values)


def test_pods_that_are_not_running_damp_growth():
    """They count as idle; those that are going do not count at all."""
    pods = [pod("a"), pod("b", phase="Pending"), pod("c", deletionTimestamp=TIME)]
    found = replica_counts.by_average(pods, {"a": 300, "c": 900}, 100, WISH)
    assert (found.replicas, found.average, found.utilization) == (3, 300, None)


@pytest.mark.parametrize(
    ("pods", "values", "message"),
    [
        ([], {"a": 1}, "no pods returned by selector while calculating replica count"),
        ([pod("a", phase="Pending")], {"a": 1}, "did not receive metrics for targeted pods (pods might be unready)"),
        ([pod("a", request=None)], {"a": 1}, "missing request for cpu in container app of Pod a"),
    ],
)
def test_too_little_is_known(pods, values, message):
    """The autoscaler's own words say what is missing."""
    with pytest.raises(replica_counts.MetricError) as error:
        replica_counts.by_utilization(pods, values, 50, WISH)
    assert str(error.value) == message


def test_a_container_must_be_there():
    """In every pod."""
    wish = replica_counts.Wish(resource="cpu", container="other", current=2, up=0.1, down=0.1)
    with pytest.raises(replica_counts.MetricError, match="container other not found in Pod a"):
        replica_counts.by_utilization([pod("a")], {"a": 1}, 50, wish)
