"""`envtest.embedded.status_validation`: what is wrong with the status that somebody reports."""

import pytest

from envtest.embedded.builtin import defaults, resources
from envtest.embedded.validation import validation
from tests.support import plain_objects

REGISTRY = resources.Registry.built_in()


def fields(obj, status, before=None):
    """Return the fields in which *status* of *obj* is wrong, that had *before*."""
    resource = REGISTRY.of_kind(obj["apiVersion"], obj["kind"])
    old = defaults.apply(resource, {**obj, "status": before or {}})
    old["metadata"] |= {"resourceVersion": "1", "namespace": "default"}
    if not resource.is_namespaced:
        del old["metadata"]["namespace"]
    new = defaults.apply(resource, {**old, "status": status})
    return [cause.field for cause in validation.validate(resource, new, old, "status")]


@pytest.mark.parametrize(
    ("make", "status", "wrong"),
    [
        (plain_objects.deployment, {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}, []),
        (plain_objects.deployment, {"replicas": 1, "readyReplicas": 2}, ["status.readyReplicas"]),
        (plain_objects.deployment, {"replicas": 2, "availableReplicas": 1}, ["status.availableReplicas"]),
        (plain_objects.replica_set, {"replicas": 1, "fullyLabeledReplicas": 2}, ["status.fullyLabeledReplicas"]),
        (plain_objects.stateful_set, {"replicas": 1, "updatedReplicas": 2}, ["status.updatedReplicas"]),
        (plain_objects.daemon_set, {"numberReady": -1}, ["status.numberReady"]),
        (plain_objects.autoscaler, {"desiredReplicas": -1}, ["status.desiredReplicas"]),
        (plain_objects.job, {"active": -1}, ["status.active"]),
        (plain_objects.quota, {"hard": {"bogus": "1"}}, ["status.hard[bogus]", "status.hard[bogus]"]),
        (plain_objects.namespace, {"phase": "Terminating"}, ["status.Phase"]),
        (plain_objects.claim, {"capacity": {"storage": "-1"}}, ["status.capacity[storage]"]),
        (plain_objects.service, {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}, ["status.loadBalancer.ingress"]),
        (plain_objects.ingress, {"loadBalancer": {"ingress": [{"ip": "x"}]}}, ["status.loadBalancer.ingress[0].ip"]),
        (plain_objects.pod, {"podIPs": [{"ip": "x"}]}, ["status.podIPs[0]"]),
    ],
)
def test_a_status_that_cannot_be_is_refused(make, status, wrong):
    """Counters that are negative or too large, addresses that are none, names of nothing."""
    assert sorted(fields(make(), status)) == sorted(wrong)


def test_the_conditions_of_a_budget_are_whole():
    """They have a status, a reason and a time."""
    wrong = fields(plain_objects.budget(), {"conditions": [{"type": "a b", "status": "x"}]})
    assert wrong == [f"status.conditions[0].{name}" for name in ("type", "status", "lastTransitionTime", "reason")]


def test_a_count_of_collisions_never_falls():
    """Names that were taken stay so."""
    assert fields(plain_objects.deployment(), {"collisionCount": 1}, {"collisionCount": 2}) == ["status.collisionCount"]
    assert fields(plain_objects.deployment(), {}, {"collisionCount": 2}) == ["status.collisionCount"]
    assert fields(plain_objects.deployment(), {"collisionCount": 3}, {"collisionCount": 2}) == []
