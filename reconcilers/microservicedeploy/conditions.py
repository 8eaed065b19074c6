"""From what was observed to the status: eight conditions, always all of them, and the numbers.

What flows in: an `Instance` and an `Observed`. What flows out: `status.Condition`s without times (the shared status code knows
when one flipped) and the status' other fields. No message holds a value of `config` or of a Secret. Pure, any thread. No
upstream file.
"""

import re
from typing import Any

from reconcilers import status
from reconcilers.microservicedeploy import instances, properties, rollout
from reconcilers.microservicedeploy.observed import Observed, Problem, TenantSecret, Trouble

READY = "Ready"
PROGRESSING = "Progressing"
DEGRADED = "Degraded"
SPEC_VALID = "SpecValid"
QUOTA_APPLIED = "QuotaApplied"
AUTH_READY = "AuthReady"
HOST_READY = "HostReady"
AUTOSCALING_ACTIVE = "AutoscalingActive"

NOT_REQUESTED = "NotRequested"
"""The reason of what does not apply; the condition is True."""
IDLE = "Idle"
PAUSED = "Paused"
SPEC_INVALID = "SpecInvalid"
QUOTA_PENDING = "QuotaPending"
DEPLOYMENT_PENDING = "DeploymentPending"
ROLLING_OUT = "RollingOut"
SCALING = "Scaling"
PODS_UNAVAILABLE = "PodsUnavailable"
DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
PATH_CONFLICT = "PathConflict"
HOST_INVALID = "HostInvalid"
INGRESS_PENDING = "IngressPending"
ADDRESS_PENDING = "AddressPending"
AUTOSCALER_PENDING = "AutoscalerPending"

# Ready does not ask for these: a cluster may have no metrics API and no ingress controller.
_NOT_ESSENTIAL = frozenset({"HorizontalPodAutoscaler", "Ingress"})
# Of an admission plugin's words about pods, only what the quota says is known to be free of the pods' own values.
_QUOTA_REFUSAL = re.compile(r"(?:exceeded|failed) quota: [^\n]*")


def conditions(instance: instances.Instance, observed: Observed) -> list[status.Condition]:
    """Return all eight conditions of *instance*."""
    valid, quota, auth = _spec_valid(observed), _quota_applied(observed), _auth_ready(instance, observed)
    return [
        _ready(instance, observed, [valid, _children_ready(observed), quota, auth]),
        _progressing(instance, observed),
        _degraded(observed),
        valid,
        quota,
        auth,
        _host_ready(observed),
        _autoscaling_active(instance, observed),
    ]


def unreadable(message: str) -> list[status.Condition]:
    """Return all eight conditions of a resource whose spec cannot be read; *message* says why, without the value."""
    unknown = (QUOTA_APPLIED, AUTH_READY, HOST_READY, AUTOSCALING_ACTIVE)
    return [
        _false(READY, SPEC_INVALID, message),
        _false(PROGRESSING, SPEC_INVALID, "nothing is changed until the spec is valid"),
        _false(DEGRADED, "AsExpected"),
        _false(SPEC_VALID, SPEC_INVALID, message),
        *(status.Condition(kind, "Unknown", SPEC_INVALID, "the spec cannot be read") for kind in unknown),
    ]


def numbers(instance: instances.Instance, observed: Observed) -> dict[str, Any]:
    """Return the status without its conditions and without lastActiveReplicas (see `replicas`); what is not set is absent."""
    pods = rollout.of(observed.deployment)
    found = {
        "observedGeneration": instance.generation,
        "replicas": pods.replicas,
        "readyReplicas": pods.ready,
        "updatedReplicas": pods.updated,
        "availableReplicas": pods.available,
        "selector": ",".join(f"{key}={value}" for key, value in instances.selector(instance).items()),
        "host": (observed.host.host if observed.host.is_mine else "") or None,
        "configHash": properties.parse(instance.spec.config).digest,
    }
    return {key: value for key, value in found.items() if value is not None}


def _ready(instance: instances.Instance, observed: Observed, causes: list[status.Condition]) -> status.Condition:
    if cause := next((cause for cause in causes if cause.status != "True"), None):
        return _false(READY, cause.reason, cause.message)
    if observed.deployment is None:
        return _false(READY, DEPLOYMENT_PENDING, "the Deployment does not exist yet")
    pods = rollout.of(observed.deployment)
    if not pods.is_observed:
        return _false(READY, DEPLOYMENT_PENDING, "the Deployment's last change is not observed yet")
    return _ready_idle(pods) if instance.spec.idle else _ready_active(pods, instance.spec.replicas)


def _ready_idle(pods: rollout.Rollout) -> status.Condition:
    if pods.wanted or pods.replicas:
        return _false(READY, SCALING, f"{pods.replicas} pods are left until the instance is idle")
    return _true(READY, IDLE, "no pods are wanted")


def _ready_active(pods: rollout.Rollout, wanted: int) -> status.Condition:
    """Judge by the number that is always wanted: spec.replicas, which is the HPA's minimum under autoscaling."""
    if pods.updated != pods.replicas:
        return _false(READY, ROLLING_OUT, _rollout_message(pods))
    if pods.available < wanted:
        return _false(READY, PODS_UNAVAILABLE, _unavailable_message(pods, wanted))
    if wanted == pods.replicas == 0:
        return _true(READY, IDLE, "no pods are wanted")
    return _true(READY, "PodsAvailable", f"{pods.available} pods are available")


def _progressing(instance: instances.Instance, observed: Observed) -> status.Condition:
    if instance.is_paused:
        return _false(PROGRESSING, PAUSED, f"the annotation {instances.PAUSED_ANNOTATION} stops all changes")
    if observed.spec_errors:
        return _false(PROGRESSING, SPEC_INVALID, "nothing is changed until the spec is valid")
    if waiting := next((trouble for trouble in observed.troubles if trouble.problem is Problem.WAITING), None):
        return _true(PROGRESSING, Problem.WAITING, str(waiting))
    if observed.quota_shortfall:
        return _true(PROGRESSING, QUOTA_PENDING, observed.quota_shortfall)
    if observed.deployment is None:
        return _missing(observed)
    return _moving(rollout.of(observed.deployment))


def _missing(observed: Observed) -> status.Condition:
    if obstacle := _trouble_of(observed, "Deployment"):
        return _false(PROGRESSING, obstacle.problem, str(obstacle))
    return _true(PROGRESSING, DEPLOYMENT_PENDING, "the Deployment does not exist yet")


def _moving(pods: rollout.Rollout) -> status.Condition:
    if not pods.is_observed:
        return _true(PROGRESSING, DEPLOYMENT_PENDING, "the Deployment's last change is not observed yet")
    if pods.updated != pods.replicas:
        return _true(PROGRESSING, DEADLINE_EXCEEDED if pods.has_missed_deadline else ROLLING_OUT, _rollout_message(pods))
    if pods.replicas != pods.wanted:
        return _true(PROGRESSING, SCALING, f"there are {pods.replicas} pods, wanted are {pods.wanted}")
    if pods.available < pods.wanted:
        return _true(PROGRESSING, PODS_UNAVAILABLE, _unavailable_message(pods, pods.wanted))
    return _false(PROGRESSING, "Complete", f"{pods.replicas} pods are as wanted")


def _degraded(observed: Observed) -> status.Condition:
    pods = rollout.of(observed.deployment)
    if rejected := next((trouble for trouble in observed.troubles if trouble.problem is Problem.REJECTED), None):
        return _true(DEGRADED, Problem.REJECTED, str(rejected))
    if pods.has_missed_deadline:
        return _true(DEGRADED, DEADLINE_EXCEEDED, f"the rollout takes longer than it may: {_rollout_message(pods)}")
    if pods.failure:
        return _true(DEGRADED, pods.failure, _failure_message(pods))
    return _false(DEGRADED, "AsExpected")


def _spec_valid(observed: Observed) -> status.Condition:
    if observed.spec_errors:
        return _false(SPEC_VALID, SPEC_INVALID, "; ".join(observed.spec_errors))
    return _true(SPEC_VALID, "Valid")


def _quota_applied(observed: Observed) -> status.Condition:
    if observed.quota_shortfall:
        return _false(QUOTA_APPLIED, QUOTA_PENDING, observed.quota_shortfall)
    if not observed.has_quota:
        return _true(QUOTA_APPLIED, NOT_REQUESTED, "the namespace has no quota of ours")
    return _true(QUOTA_APPLIED, "QuotaCovers", "the quota leaves room for this instance")


def _auth_ready(instance: instances.Instance, observed: Observed) -> status.Condition:
    if not instance.spec.need_auth:
        return _true(AUTH_READY, NOT_REQUESTED)
    found = observed.tenant_secret or TenantSecret.MISSING
    secret = f"Secret {instance.spec.tenant}"
    message = {
        TenantSecret.FOUND: f"{secret} holds the tenant's credentials",
        TenantSecret.MISSING: f"{secret} does not exist, so every request is refused",
        TenantSecret.WITHOUT_KEY: f"{secret} has no key auth, so every request is refused",
        TenantSecret.FORBIDDEN: f"{secret} may not be read by the operator: grant it get on secrets",
    }[found]
    return status.Condition(AUTH_READY, "True" if found is TenantSecret.FOUND else "False", found, message)


def _host_ready(observed: Observed) -> status.Condition:
    decision = observed.host
    if not decision.host:
        return _true(HOST_READY, NOT_REQUESTED)
    if decision.error:
        return _false(HOST_READY, HOST_INVALID, decision.error)
    if not decision.is_mine:
        return _false(HOST_READY, PATH_CONFLICT, f"host {decision.host} is held by {decision.holder}")
    if trouble := _trouble_of(observed, "Ingress"):
        return _false(HOST_READY, trouble.problem, str(trouble))
    return _served(observed)


def _served(observed: Observed) -> status.Condition:
    if observed.ingress is None:
        return _false(HOST_READY, INGRESS_PENDING, "the Ingress does not exist yet")
    balancer = (observed.ingress.get("status") or {}).get("loadBalancer") or {}
    if not balancer.get("ingress"):
        return _false(HOST_READY, ADDRESS_PENDING, "no ingress controller has given the Ingress an address yet")
    return _true(HOST_READY, "HostServed", f"host {observed.host.host} leads here")


def _autoscaling_active(instance: instances.Instance, observed: Observed) -> status.Condition:
    if not instance.is_autoscaled:
        return _true(AUTOSCALING_ACTIVE, NOT_REQUESTED)
    if trouble := _trouble_of(observed, "HorizontalPodAutoscaler"):
        return _false(AUTOSCALING_ACTIVE, trouble.problem, str(trouble))
    if observed.autoscaler is None:
        return _false(AUTOSCALING_ACTIVE, AUTOSCALER_PENDING, "the HorizontalPodAutoscaler does not exist yet")
    seen = (observed.autoscaler.get("status") or {}).get("conditions") or ()
    active = next((condition for condition in seen if condition["type"] == "ScalingActive"), None)
    if active is None:
        return _false(AUTOSCALING_ACTIVE, AUTOSCALER_PENDING, "the HorizontalPodAutoscaler has not measured yet")
    verdict = "True" if active["status"] == "True" else "False"
    return status.Condition(AUTOSCALING_ACTIVE, verdict, active.get("reason") or "ScalingActive", active.get("message") or "")


def _children_ready(observed: Observed) -> status.Condition:
    """Judge the children for Ready: a foreign one is in the way, and so is any trouble of one that cannot be done without."""
    for trouble in observed.troubles:
        if trouble.problem is Problem.FOREIGN or trouble.kind not in _NOT_ESSENTIAL:
            return _false(READY, trouble.problem, str(trouble))
    return _true(READY, "ChildrenReady")


def _trouble_of(observed: Observed, kind: str) -> Trouble | None:
    return next((trouble for trouble in observed.troubles if trouble.kind == kind), None)


def _rollout_message(pods: rollout.Rollout) -> str:
    failure = f"; {_failure_message(pods)}" if pods.failure else ""
    return f"{pods.updated} of {pods.replicas} pods are of the present version, {pods.available} are available{failure}"


def _unavailable_message(pods: rollout.Rollout, wanted: int) -> str:
    failure = f"; {_failure_message(pods)}" if pods.failure else ""
    return f"{pods.available} of {wanted} pods are available{failure}"


def _failure_message(pods: rollout.Rollout) -> str:
    refusal = _QUOTA_REFUSAL.search(pods.failure_message)
    return f"pods cannot be created: {refusal.group() if refusal else 'the events of the ReplicaSet say why'}"


def _true(kind: str, reason: str, message: str = "") -> status.Condition:
    return status.Condition(kind, "True", reason, message)


def _false(kind: str, reason: str, message: str = "") -> status.Condition:
    return status.Condition(kind, "False", reason, message)
