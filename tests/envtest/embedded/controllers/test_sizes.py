"""Tests of the arithmetic of rollouts."""

import pytest

from envtest.embedded.controllers import sizes


def deployment(replicas, **rolling):
    """Return a Deployment."""
    return {"spec": {"replicas": replicas, "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}}


def replica_set(name, replicas, limit):
    """Return a ReplicaSet; later names are younger."""
    annotations = {sizes.LIMIT: str(limit)}
    return {"metadata": {"name": name, "creationTimestamp": name, "annotations": annotations}, "spec": {"replicas": replicas}}


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (10, "25%", "25%", (3, 2)),
        (2, "1%", "1%", (1, 0)),
        (1, "0%", "1%", (0, 1)),
        (4, 2, 0, (2, 0)),
        (2, 0, 5, (0, 2)),
        (0, "25%", "25%", (0, 0)),
    ],
)
def test_fenceposts(replicas, surge, unavailable, expected):
    """The surge is rounded up, the missing down; if both are none, one may be missing."""
    found = deployment(replicas, maxSurge=surge, maxUnavailable=unavailable)
    assert (sizes.max_surge(found), sizes.max_unavailable(found)) == expected


@pytest.mark.parametrize(
    ("present", "others", "expected"), [(0, [10], 3), (0, [], 10), (3, [10], 3), (3, [8], 5), (9, [1], 10), (0, [13], 0)]
)
def test_the_new_one_grows_as_far_as_the_surge_allows(present, others, expected):
    """Never beyond what is wanted."""
    found = deployment(10, maxSurge="25%", maxUnavailable="25%")
    sets = [{"spec": {"replicas": number}} for number in (*others, present)]
    assert sizes.new_size(found, sets, present) == expected


@pytest.mark.parametrize(
    ("replicas", "before", "after"),
    [(20, {"a": 8, "b": 5}, {"a": 14, "b": 9}), (5, {"a": 8, "b": 5}, {"a": 5, "b": 3}), (0, {"a": 8, "b": 5}, {"a": 0, "b": 0})],
)
def test_a_change_is_shared_out_in_proportion(replicas, before, after):
    """The largest takes what remains."""
    found = deployment(replicas, maxSurge=3, maxUnavailable=2) | {"status": {"replicas": 13}}
    sets = [replica_set(name, number, 13) for name, number in before.items()]
    shared = sizes.proportions(found, sets)
    assert {each["metadata"]["name"]: size for each, size in shared} == after


def test_revisions_are_numbers():
    """Whatever else stands there is none."""
    texts = {"3": 3, "x": 0, "": 0}
    assert {text: sizes.revision({"metadata": {"annotations": {sizes.REVISION: text}}}) for text in texts} == texts
