"""One line for each object."""

import pytest

from demo import observation, state
from tests.support import demo_objects


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ServiceAccount", "there"),
        ("ConfigMap", "2 keys"),
        ("ResourceQuota", "used cpu 6/8"),
        ("Deployment", "3/3 ready, 1 updated"),
        ("Service", "port 80 to auth"),
        ("NetworkPolicy", "admits auth"),
        ("HorizontalPodAutoscaler", "3 to 6 pods"),
    ],
)
def test_each_kind_says_what_matters(kind, expected):
    """The state of each kind of child is one short line."""
    child = demo_objects.whole().child(kind)
    assert child is not None
    assert state.describe(child) == expected


def test_the_resource_says_how_many_are_ready():
    """The resource counts its ready pods, and says if it has no status yet."""
    assert state.describe(demo_objects.resource()) == "3/3 ready"
    assert state.describe({"kind": observation.RESOURCE.kind, "metadata": {}, "spec": {}}) == "no status yet"


def test_a_fresh_quota_is_not_measured():
    """Without a status there is nothing to count."""
    assert state.describe({"kind": "ResourceQuota", "metadata": {}}) == "not measured yet"


def test_what_is_being_deleted_is_going():
    """A deletion mark wins over everything else."""
    assert state.describe({"kind": "Deployment", "metadata": {"deletionTimestamp": "x"}}) == "going"


def test_an_autoscaled_resource_wants_a_least_number():
    """The autoscaler may have made more."""
    resource = demo_objects.resource(replicas=6)
    resource["spec"] |= {"replicas": 4, "autoscaling": True}
    assert state.describe(resource) == "6 ready, at least 4 wanted"
