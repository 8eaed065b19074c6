"""The passes over an instance: what is written, in which order, and what is waited for."""

import pytest

from controller import reconcile
from informers import errors
from reconcilers.microservicedeploy import kinds, reconciler
from tests.support import microservice_world

REQUEST = reconcile.Request(microservice_world.NAMESPACE, "shop-v1")
CPU = {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}


@pytest.fixture
def world():
    """A cluster without instances."""
    return microservice_world.World()


def test_a_resource_that_is_gone_needs_nothing(world):
    """Its children go with it."""
    assert world.run() == reconcile.Result()
    assert world.api.mutations == 0


def test_a_new_instance_gets_its_children_and_its_status(world):
    """One pass makes them all; when the pods run, the instance is Ready."""
    world.instance(replicas=2)
    world.run()
    assert [kind for kind in ("ServiceAccount", "ConfigMap", "Service", "Deployment") if world.get(kind) is None] == []
    assert world.condition("Ready")[0] == "False"
    world.run_pods()
    world.run()
    assert world.condition("Ready") == ("True", "PodsAvailable")
    assert (world.status()["observedGeneration"], world.status()["availableReplicas"]) == (1, 2)


def test_a_settled_instance_is_left_alone(world):
    """A pass with nothing to do sends nothing."""
    world.instance(replicas=2, autoscaling=True, resourceRequirements=CPU, needAuth=True, config="a=b")
    world.run_quota()
    world.grant()
    world.settle()
    before = world.api.mutations
    world.run()
    world.run_quota()
    assert world.api.mutations == before


def test_events_are_for_transitions_only(world):
    """At first only what is wrong is told, then each flip, and a pass without a flip tells nothing."""
    world.instance(replicas=2)
    world.run()
    world.run()
    world.run_pods()
    world.run()
    told = [(kind, reason) for kind, reason, note in world.events() if note.startswith(("Ready", "Degraded", "SpecValid"))]
    assert told == [("Warning", "DeploymentPending"), ("Normal", "PodsAvailable")]


def test_the_status_of_a_resource_deleted_meanwhile_is_not_written(world):
    """The pass ends without an error, and tells nobody of it."""
    world.instance()
    world.api.delete(kinds.INSTANCE, REQUEST.key)
    assert world.instances.reconcile(REQUEST) == reconcile.Result()
    assert world.get("MicroServiceDeploy") is None
    assert world.events() == []


def test_a_namesake_made_meanwhile_is_not_touched(world):
    """A status meant for a resource that was deleted and made anew is refused, and the request is run again."""
    world.instance()
    world.api.delete(kinds.INSTANCE, REQUEST.key)
    stale = world.cache._snapshots
    world.instance()
    world.cache._snapshots = stale
    with pytest.raises(errors.ConflictError):
        world.instances.reconcile(REQUEST)
    assert world.status() == {}


# Quota.


def test_an_instance_waits_for_its_quota(world):
    """Until the quota covers it, no pods are asked for; then they are, and it waits no more."""
    world.instance(resourceRequirements=CPU)
    result = world.run()
    assert 0 < result.requeue_after_seconds <= reconciler.QUOTA_SECONDS
    assert world.get("Deployment") is None
    assert world.get("Service") is not None
    assert world.condition("QuotaApplied") == ("False", "QuotaPending")
    assert world.instances.waiting_in(REQUEST.namespace) == [REQUEST]
    assert world.instances.waiting_in("other") == []
    world.run_quota()
    world.run()
    assert world.get("Deployment") is None
    world.grant()
    world.run()
    assert world.get("Deployment") is not None
    assert world.condition("QuotaApplied") == ("True", "QuotaCovers")
    assert world.instances.waiting_in(REQUEST.namespace) == []


def test_waiting_is_noted_before_the_quota_is_read(world):
    """A quota that changes right after it was read finds the instance among those that wait."""
    world.instance(resourceRequirements=CPU)
    noted = []

    def look(gvk):
        if gvk == kinds.QUOTA:
            noted.append(world.instances.waiting_in(REQUEST.namespace))

    world.cache.on_read = look
    world.instances.reconcile(REQUEST)
    assert noted == [[REQUEST]]


def test_a_deleted_instance_waits_no_more(world):
    """Its request leaves the set of those that wait."""
    world.instance(resourceRequirements=CPU)
    world.run()
    world.api.delete(kinds.INSTANCE, REQUEST.key)
    world.sync()
    world.run()
    assert world.instances.waiting_in(REQUEST.namespace) == []


def test_what_keeps_the_quota_from_being_written_is_named(world):
    """A foreign quota of our name stands in the condition."""
    world.add("ResourceQuota", "msd-quota", spec={"hard": {"pods": "3"}}, status={"hard": {"pods": "3"}})
    world.instance(resourceRequirements=CPU)
    world.run_quota()
    world.run()
    assert "ResourceQuota msd-quota exists and is not managed by this operator" in world.message("QuotaApplied")
    assert world.get("Deployment") is None


# Idle, wake and handover.


def asleep(world):
    """Bring an autoscaled instance with 5 pods to sleep."""
    world.instance(replicas=2, maxReplicas=6, autoscaling=True)
    world.settle()
    scaled = world.api.things[kinds.DEPLOYMENT, REQUEST.key]
    content = scaled.live()
    content["spec"]["replicas"] = 5
    scaled.update("kube-controller-manager", content)
    world.sync()
    world.change(idle=True)


def test_the_size_is_in_the_status_before_the_deployment_is_at_zero(world):
    """A failure of the write of 0 does not lose the number, nor does the pass after it."""
    asleep(world)

    def fail(obj):
        if obj["kind"] == "Deployment":
            raise errors.ServerError(500, "InternalError", "no")

    world.api.before_apply = fail
    with pytest.raises(errors.ServerError):
        world.instances.reconcile(REQUEST)
    world.sync()
    assert world.status()["lastActiveReplicas"] == 5
    assert world.get("Deployment")["spec"]["replicas"] == 5
    world.api.before_apply = lambda _: None
    world.run()
    world.run()
    assert world.get("Deployment")["spec"]["replicas"] == 0
    assert world.status()["lastActiveReplicas"] == 5


def test_an_idle_instance_has_no_autoscaler(world):
    """It is pruned before the Deployment is written, and made again on waking, at the size remembered."""
    asleep(world)
    world.run()
    assert world.get("HorizontalPodAutoscaler") is None
    assert world.condition("AutoscalingActive") == ("True", "NotRequested")
    world.change(idle=False)
    world.run()
    assert world.get("HorizontalPodAutoscaler") is not None
    assert world.get("Deployment")["spec"]["replicas"] == 5
    world.run()
    assert "lastActiveReplicas" not in world.status()


def test_the_remembered_size_survives_a_pause_and_a_bad_spec(world):
    """While nothing is done for an instance, what only its status knows stays there."""
    asleep(world)
    world.run()
    world.annotate(paused="true")
    world.change(replicas=3)
    world.run()
    assert world.status()["lastActiveReplicas"] == 5
    world.annotate()
    world.change(config="a=" + "ä" * 600_000)
    world.run()
    assert world.condition("SpecValid") == ("False", "SpecInvalid")
    assert world.status()["lastActiveReplicas"] == 5
    world.change(config="", image=["not a text"])
    world.run()
    assert world.condition("SpecValid") == ("False", "SpecInvalid")
    assert world.condition("QuotaApplied") == ("Unknown", "SpecInvalid")
    assert world.status()["lastActiveReplicas"] == 5


def test_turning_autoscaling_on_hands_the_replicas_over(world):
    """Another manager owns them before we let go, so they stay as they are."""
    world.instance(replicas=3)
    world.settle()
    world.api.applied.clear()
    world.change(autoscaling=True)
    world.run()
    writes = [write for write in world.api.applied if write.startswith("Deployment")]
    assert writes == ["Deployment coxswain-handover", "Deployment coxswain"]
    assert world.get("Deployment")["spec"]["replicas"] == 3


def test_a_conflict_at_the_handover_runs_the_request_again(world):
    """Somebody scaled meanwhile: nothing is let go, and the controller reads again."""
    world.instance(replicas=3)
    world.settle()
    world.change(autoscaling=True)

    def conflict(obj):
        if obj["kind"] == "Deployment":
            raise errors.ConflictError(409, "Conflict", "replicas")

    world.api.before_apply = conflict
    with pytest.raises(errors.ConflictError):
        world.instances.reconcile(REQUEST)
    world.api.before_apply = lambda _: None
    world.run()
    assert world.get("Deployment")["spec"]["replicas"] == 3
