"""Every condition with every reason that the operator may give it, found by letting it judge many worlds.

What flows in: nothing. What flows out: pairs of a condition's type and a reason. A world is one in which all is well, with up to
two things otherwise; what Kubernetes gives as a reason of its own is one of `THEIRS`. Pure.
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

from reconcilers.microservicedeploy import conditions, host, instances, kinds
from reconcilers.microservicedeploy.observed import Observed, Problem, TenantSecret, Trouble
from tests.support import microservices

THEIRS = frozenset({"FailedCreate", "FailedGetContainerResourceMetric", "ValidMetricFound"})
"""Reasons of the Deployment and of the autoscaler that are passed on."""
_FAILURE = [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}]
_DEADLINE = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
_INSTANCES = (
    microservices.sample(),
    microservices.sample(autoscaling=False, needAuth=False),
    microservices.sample(idle=True),
    dataclasses.replace(microservices.sample(), annotations={instances.PAUSED_ANNOTATION: "true"}),
)
_DEPLOYMENT_STATUSES: tuple[dict[str, Any], ...] = (
    {"observedGeneration": 1},
    {"updatedReplicas": 1},
    {"updatedReplicas": 1, "conditions": _DEADLINE},
    {"replicas": 4, "updatedReplicas": 4},
    {"availableReplicas": 1},
    {"conditions": _FAILURE},
)
_MINE = host.HostDecision("a.example.com", "ms-sample-v1s0", is_mine=True, needs_ingress=True)


def pairs() -> set[tuple[str, str]]:
    """Return the types of conditions with the reasons that they may have."""
    judged = [condition for instance, seen in _worlds() for condition in conditions.conditions(instance, Observed(**seen))]
    return {(condition.type, condition.reason) for condition in [*judged, *conditions.unreadable("")]}


def _worlds() -> Iterator[tuple[instances.Instance, dict[str, Any]]]:
    """Yield instances and what was observed."""
    well = _well()
    changes = [{}, *({name: value} for name, values in _otherwise().items() for value in values)]
    for instance in _INSTANCES:
        for one, other in itertools.combinations_with_replacement(changes, 2):
            yield instance, well | one | other


def _well() -> dict[str, Any]:
    return {
        "deployment": _deployment(3, {}),
        "autoscaler": _autoscaler("True", "ValidMetricFound"),
        "ingress": {"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}},
        "host": _MINE,
        "tenant_secret": TenantSecret.FOUND,
    }


def _otherwise() -> dict[str, list[Any]]:
    """Return for each thing what else it may be."""
    troubles = [Trouble(gvk.kind, "ms-sample-v1s0", problem) for gvk in kinds.CHILDREN for problem in Problem]
    return {
        "deployment": [None, _deployment(0, {}), *(_deployment(3, status) for status in _DEPLOYMENT_STATUSES)],
        "autoscaler": [None, {}, _autoscaler("False", "FailedGetContainerResourceMetric")],
        "ingress": [None, {}],
        "host": [
            host.HostDecision(),
            host.HostDecision("a.example.com", error="too long"),
            host.HostDecision("a.example.com", "another"),
        ],
        "tenant_secret": list(TenantSecret),
        "quota_shortfall": ["too little"],
        "has_quota": [False],
        "spec_errors": [("wrong",)],
        "troubles": [(trouble,) for trouble in troubles],
    }


def _deployment(replicas: int, status: dict[str, Any]) -> dict[str, Any]:
    made = microservices.live_deployment(microservices.sample(), replicas)
    return made | {"status": made["status"] | status}


def _autoscaler(status: str, reason: str) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": "ScalingActive", "status": status, "reason": reason}]}}
