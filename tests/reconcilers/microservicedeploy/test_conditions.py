"""Tests of the conditions and the numbers of the status."""

import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcilers import status as statuses
from reconcilers.microservicedeploy import conditions, host, instances
from reconcilers.microservicedeploy.observed import Observed, Problem, TenantSecret, Trouble
from tests.support import microservices

PLAIN = microservices.plain(replicas=3)
SCALED = microservices.sample(needAuth=None)
IDLE = microservices.plain(replicas=3, idle=True)
MINE = host.HostDecision("v1.shop.team.example.com", "shop-v1", is_mine=True, needs_ingress=True)


def seen(instance: instances.Instance = PLAIN, replicas: int = 3, **status: Any) -> Observed:
    """Return what is seen of a healthy instance, with *status* of its Deployment."""
    return Observed(deployment=microservices.live_deployment(instance, replicas, **status))


def get(kind: str, instance: instances.Instance, observed: Observed) -> statuses.Condition:
    """Return one condition."""
    return next(found for found in conditions.conditions(instance, observed) if found.type == kind)


def judge(kind: str, instance: instances.Instance, observed: Observed) -> tuple[str, str]:
    """Return status and reason of one condition."""
    found = get(kind, instance, observed)
    return found.status, found.reason


ALL = ["Ready", "Progressing", "Degraded", "SpecValid", "QuotaApplied", "AuthReady", "HostReady", "AutoscalingActive"]


@pytest.mark.parametrize("instance", [PLAIN, SCALED, IDLE, microservices.sample()])
@pytest.mark.parametrize("observed", [Observed(), seen(), Observed(spec_errors=("spec.config: too long",))])
def test_all_eight_are_always_there(instance: instances.Instance, observed: Observed) -> None:
    """Each once, with a reason that the API takes."""
    found = conditions.conditions(instance, observed)
    assert [condition.type for condition in found] == ALL
    assert all(re.fullmatch("[A-Z][A-Za-z]+", condition.reason) for condition in found)


def test_what_does_not_apply_is_true() -> None:
    """With reason NotRequested."""
    for kind in ("AuthReady", "HostReady", "AutoscalingActive"):
        assert judge(kind, PLAIN, seen()) == ("True", "NotRequested")
    assert judge("QuotaApplied", PLAIN, dataclasses.replace(seen(), has_quota=False)) == ("True", "NotRequested")
    assert judge("AutoscalingActive", microservices.sample(idle=True), Observed()) == ("True", "NotRequested")


@pytest.mark.parametrize(
    ("instance", "observed", "expected"),
    [
        (PLAIN, seen(), ("True", "PodsAvailable")),
        (PLAIN, Observed(), ("False", "DeploymentPending")),
        (PLAIN, seen(observedGeneration=1), ("False", "DeploymentPending")),
        (PLAIN, seen(updatedReplicas=1, availableReplicas=4), ("False", "RollingOut")),
        (PLAIN, seen(availableReplicas=2), ("False", "PodsUnavailable")),
        (PLAIN, seen(replicas=2), ("False", "PodsUnavailable")),
        (PLAIN, seen(replicas=5), ("True", "PodsAvailable")),
        (SCALED, seen(SCALED, 6, availableReplicas=3), ("True", "PodsAvailable")),
        (SCALED, seen(SCALED, 6, availableReplicas=2), ("False", "PodsUnavailable")),
        (IDLE, seen(IDLE, 0), ("True", "Idle")),
        (IDLE, seen(IDLE, 3), ("False", "Scaling")),
        (IDLE, seen(IDLE, 0, updatedReplicas=1), ("True", "Idle")),
        (IDLE, seen(IDLE, 0, observedGeneration=1), ("False", "DeploymentPending")),
        (microservices.plain(replicas=0), seen(replicas=0), ("True", "Idle")),
    ],
    ids=[
        "available",
        "no Deployment",
        "not observed",
        "rolling",
        "a pod down",
        "scaling up",
        "scaling down",
        "the HPA scales up",
        "below the HPA's minimum",
        "idle",
        "not yet idle",
        "idle whatever was",
        "not observed idle",
        "zero",
    ],
)
def test_ready_means_that_the_wanted_pods_of_the_present_version_are_available(
    instance: instances.Instance, observed: Observed, expected: tuple[str, str]
) -> None:
    """False during a roll, not during an HPA's scale-up; True with reason Idle at zero."""
    assert judge("Ready", instance, observed) == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"spec_errors": ("spec.config: too long",)}, "SpecInvalid"),
        ({"quota_shortfall": "requests.cpu is 1, needed is 2"}, "QuotaPending"),
        ({"tenant_secret": TenantSecret.MISSING}, "TenantSecretMissing"),
        ({"tenant_secret": None}, "TenantSecretMissing"),
        ({"tenant_secret": TenantSecret.WITHOUT_KEY}, "TenantSecretKeyMissing"),
        ({"tenant_secret": TenantSecret.FORBIDDEN}, "TenantSecretForbidden"),
        ({"troubles": (Trouble("Service", "a", Problem.FOREIGN),)}, "ForeignChild"),
        ({"troubles": (Trouble("Ingress", "a", Problem.FOREIGN),)}, "ForeignChild"),
        ({"troubles": (Trouble("Service", "a", Problem.REJECTED),)}, "ChildRejected"),
        ({"troubles": (Trouble("Service", "a", Problem.WAITING),)}, "WaitingForDeletion"),
    ],
)
def test_these_keep_a_running_instance_from_being_ready(changes: dict[str, Any], reason: str) -> None:
    """The reason stands in Ready itself, and its message says what is the matter."""
    instance = microservices.sample()
    observed = dataclasses.replace(seen(instance), **{"tenant_secret": TenantSecret.FOUND} | changes)
    ready = get("Ready", instance, observed)
    assert (ready.status, ready.reason) == ("False", reason)
    assert ready.message


@pytest.mark.parametrize("kind", ["Ingress", "HorizontalPodAutoscaler"])
def test_ready_ignores_what_a_cluster_may_lack(kind: str) -> None:
    """No metrics API, no ingress controller, a refused Ingress or HPA: the pods serve all the same."""
    observed = dataclasses.replace(seen(SCALED), host=MINE, troubles=(Trouble(kind, "a", Problem.REJECTED),))
    assert judge("Ready", SCALED, observed) == ("True", "PodsAvailable")
    assert get("HostReady", SCALED, observed).status == "False"
    assert get("AutoscalingActive", SCALED, observed).status == "False"


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        (seen(), ("False", "Complete")),
        (Observed(), ("True", "DeploymentPending")),
        (seen(observedGeneration=1), ("True", "DeploymentPending")),
        (seen(updatedReplicas=1), ("True", "RollingOut")),
        (seen(availableReplicas=2), ("True", "PodsUnavailable")),
        (Observed(quota_shortfall="requests.cpu is 1, needed is 2"), ("True", "QuotaPending")),
        (Observed(troubles=(Trouble("Deployment", "a", Problem.WAITING),)), ("True", "WaitingForDeletion")),
        (Observed(troubles=(Trouble("Deployment", "a", Problem.FOREIGN),)), ("False", "ForeignChild")),
        (Observed(spec_errors=("spec.config: too long",)), ("False", "SpecInvalid")),
    ],
)
def test_progressing_while_a_roll_or_scale_is_unfinished(observed: Observed, expected: tuple[str, str]) -> None:
    """Waiting for the quota or for a deletion is unfinished too; what cannot go on is not."""
    assert judge("Progressing", PLAIN, observed) == expected


def test_progressing_while_the_number_of_pods_is_not_reached() -> None:
    """The wanted number is the Deployment's, which the HPA may have set."""
    observed = seen(SCALED, 5)
    assert observed.deployment
    observed.deployment["spec"]["replicas"] = 6
    assert judge("Progressing", SCALED, observed) == ("True", "Scaling")


def test_a_paused_instance_does_not_progress() -> None:
    """Whatever else is the case; Ready still tells how the pods are."""
    paused = dataclasses.replace(PLAIN, annotations={"coxswain.dev/paused": "true"})
    assert judge("Progressing", paused, seen(updatedReplicas=1)) == ("False", "Paused")
    assert judge("Ready", paused, seen()) == ("True", "PodsAvailable")


LATE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
REFUSED = 'pods "shop" is forbidden: exceeded quota: msd-quota, requested: requests.cpu=2, used: requests.cpu=4'


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        (seen(), ("False", "AsExpected")),
        (seen(updatedReplicas=1), ("False", "AsExpected")),
        (seen(updatedReplicas=1, conditions=[LATE]), ("True", "ProgressDeadlineExceeded")),
        (
            seen(conditions=[{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": REFUSED}]),
            ("True", "FailedCreate"),
        ),
        (dataclasses.replace(seen(), troubles=(Trouble("Service", "a", Problem.REJECTED),)), ("True", "ChildRejected")),
        (dataclasses.replace(seen(), troubles=(Trouble("Service", "a", Problem.FOREIGN),)), ("False", "AsExpected")),
    ],
)
def test_degraded_on_a_late_or_failing_rollout_or_a_refused_child(observed: Observed, expected: tuple[str, str]) -> None:
    """ProgressDeadlineExceeded, ReplicaFailure, a 403 or 422."""
    assert judge("Degraded", PLAIN, observed) == expected


def test_of_a_refused_pod_only_what_the_quota_says_is_passed_on() -> None:
    """Other words about pods may quote the pod."""

    def message(text: str) -> str:
        failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": text}
        return get("Degraded", PLAIN, seen(conditions=[failure])).message

    assert message(REFUSED).endswith("exceeded quota: msd-quota, requested: requests.cpu=2, used: requests.cpu=4")
    assert "88888888" not in message('Pod "shop" is invalid: spec.env: Invalid value: "88888888"')


@pytest.mark.parametrize(
    ("decision", "ingress", "expected"),
    [
        (host.HostDecision(), None, ("True", "NotRequested")),
        (dataclasses.replace(MINE, is_mine=False, holder="other"), None, ("False", "PathConflict")),
        (host.HostDecision("long", error="too long"), None, ("False", "HostInvalid")),
        (MINE, None, ("False", "IngressPending")),
        (MINE, {"status": {"loadBalancer": {}}}, ("False", "AddressPending")),
        (MINE, {"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}}, ("True", "HostServed")),
    ],
)
def test_the_host_is_ready_once_an_ingress_of_ours_has_an_address(
    decision: host.HostDecision, ingress: dict[str, Any] | None, expected: tuple[str, str]
) -> None:
    """Before that the reason says what is missing."""
    assert judge("HostReady", PLAIN, dataclasses.replace(seen(), host=decision, ingress=ingress)) == expected


@pytest.mark.parametrize(
    ("autoscaler", "expected"),
    [
        (None, ("False", "AutoscalerPending")),
        ({}, ("False", "AutoscalerPending")),
        ({"status": {"conditions": [{"type": "AbleToScale", "status": "True"}]}}, ("False", "AutoscalerPending")),
        (
            {"status": {"conditions": [{"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric"}]}},
            ("False", "FailedGetResourceMetric"),
        ),
        (
            {"status": {"conditions": [{"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"}]}},
            ("True", "ValidMetricFound"),
        ),
    ],
)
def test_autoscaling_is_active_when_the_hpa_says_so(autoscaler: dict[str, Any] | None, expected: tuple[str, str]) -> None:
    """The HPA's own reason is passed on."""
    assert judge("AutoscalingActive", SCALED, dataclasses.replace(seen(SCALED), autoscaler=autoscaler)) == expected


def test_a_spec_that_cannot_be_read_still_has_all_conditions() -> None:
    """What depends on the spec is unknown."""
    found = conditions.unreadable("spec.version: is required")
    assert [condition.type for condition in found] == ALL
    statuses = {condition.type: condition.status for condition in found}
    assert statuses["Ready"] == statuses["SpecValid"] == statuses["Progressing"] == statuses["Degraded"] == "False"
    assert statuses["AuthReady"] == statuses["HostReady"] == statuses["QuotaApplied"] == "Unknown"


def test_the_numbers_are_the_deployments() -> None:
    """What is not set is absent; zero is set."""
    observed = dataclasses.replace(seen(readyReplicas=2, availableReplicas=1), host=MINE)
    status = conditions.numbers(PLAIN, observed)
    digest = status.pop("configHash")
    assert re.fullmatch("[0-9a-f]{16}", digest)
    assert status == {
        "observedGeneration": 7,
        "replicas": 3,
        "readyReplicas": 2,
        "updatedReplicas": 3,
        "availableReplicas": 1,
        "selector": "app.kubernetes.io/instance=shop-v1",
        "host": MINE.host,
    }
    empty = conditions.numbers(PLAIN, Observed(host=dataclasses.replace(MINE, is_mine=False)))
    assert "host" not in empty
    assert empty["replicas"] == 0


OBSERVATIONS = st.builds(
    Observed,
    deployment=st.one_of(
        st.none(),
        st.builds(
            lambda counts: seen(updatedReplicas=counts[0], availableReplicas=counts[1], observedGeneration=counts[2]).deployment,
            st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)),
        ),
    ),
    spec_errors=st.sampled_from([(), ("spec.config: too long",)]),
    quota_shortfall=st.sampled_from(["", "requests.cpu is 1, needed is 2"]),
    tenant_secret=st.sampled_from([None, *TenantSecret]),
    troubles=st.lists(
        st.builds(Trouble, st.sampled_from(["Service", "Ingress"]), st.just("a"), st.sampled_from(list(Problem))), max_size=2
    ).map(tuple),
)


@given(OBSERVATIONS, st.sampled_from([PLAIN, SCALED, IDLE, microservices.sample()]))
def test_ready_excludes_its_causes_and_no_message_has_the_configuration(observed: Observed, instance: instances.Instance) -> None:
    """Ready is never True beside a False cause; a False Ready always says why; no value of the configuration is quoted."""
    found = {condition.type: condition for condition in conditions.conditions(instance, observed)}
    if found["Ready"].status == "True":
        assert all(found[cause].status == "True" for cause in ("SpecValid", "QuotaApplied", "AuthReady"))
        assert not any(trouble.problem is Problem.FOREIGN for trouble in observed.troubles)
    else:
        assert found["Ready"].message
    assert "88888888" not in str(found)
