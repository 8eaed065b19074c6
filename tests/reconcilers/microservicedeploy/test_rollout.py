"""Tests of what a Deployment says about its pods."""

from typing import Any

import pytest

from reconcilers.microservicedeploy import rollout
from tests.support import microservices


@pytest.mark.parametrize(
    ("status", "is_observed", "is_rolling"),
    [
        ({}, True, False),
        ({"observedGeneration": 1}, False, True),
        ({"observedGeneration": 0, "updatedReplicas": 0}, False, False),
        ({"updatedReplicas": 1}, True, True),
        ({"terminatingReplicas": 1}, True, True),
        ({"availableReplicas": 1}, True, False),
    ],
    ids=["at rest", "changed", "never seen", "two templates", "terminating", "unavailable"],
)
def test_a_deployment_rolls_while_pods_of_two_templates_may_exist(
    status: dict[str, Any], is_observed: bool, is_rolling: bool
) -> None:
    """Numbers of an old generation, pods of the old template and terminating ones all count; a new Deployment has none."""
    pods = rollout.of(microservices.live_deployment(microservices.plain(replicas=3), 3, **status))
    assert (pods.is_observed, pods.is_rolling) == (is_observed, is_rolling)


def test_failures_are_read_from_the_conditions() -> None:
    """Only a true ReplicaFailure and a missed deadline are failures."""
    conditions = [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "no"},
    ]
    pods = rollout.of(microservices.live_deployment(microservices.plain(), 1, conditions=conditions))
    assert (pods.has_missed_deadline, pods.failure, pods.failure_message) == (True, "FailedCreate", "no")
    conditions[1]["status"] = "False"
    assert rollout.of(microservices.live_deployment(microservices.plain(), 1, conditions=conditions)).failure == ""


def test_a_missing_or_new_deployment_has_no_pods() -> None:
    """Without status everything is zero and nothing is observed; without replicas the API server means one."""
    assert not rollout.of(None).is_observed
    pods = rollout.of({"metadata": {"generation": 1}, "spec": {}})
    assert (pods.wanted, pods.replicas, pods.is_observed, pods.is_rolling) == (1, 0, False, False)
