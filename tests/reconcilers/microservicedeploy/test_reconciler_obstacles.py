"""The passes over an instance that something keeps from being as it should be."""

import pytest

from controller import reconcile
from informers import errors
from reconcilers.microservicedeploy import kinds
from tests.support import microservice_world

REQUEST = reconcile.Request(microservice_world.NAMESPACE, "shop-v1")


@pytest.fixture
def world():
    """A cluster without instances."""
    return microservice_world.World()


def test_a_paused_instance_is_left_as_it_is(world):
    """Only its status is written; when the pause ends, so does the delay."""
    world.instance(replicas=2)
    world.settle()
    world.annotate(paused="true")
    world.change(replicas=7, image="shop:2")
    world.api.applied.clear()
    world.run()
    assert world.api.applied == ["MicroServiceDeploy coxswain/status"]
    assert world.condition("Progressing") == ("False", "Paused")
    world.annotate()
    world.run()
    assert world.get("Deployment")["spec"]["replicas"] == 7


def test_a_spec_that_cannot_be_read_is_a_condition(world):
    """Nothing but the status is written, and no backoff is started: only a new spec helps."""
    world.instance(port="http")
    assert world.run() == reconcile.Result()
    assert world.condition("SpecValid") == ("False", "SpecInvalid")
    assert world.condition("Ready") == ("False", "SpecInvalid")
    assert world.api.applied == ["MicroServiceDeploy coxswain/status"]
    assert "port" in world.message("SpecValid")
    world.run()
    assert world.api.mutations == 1


def test_a_spec_that_cannot_be_applied_over_is_a_condition_all_the_same(world):
    """The server answers 500 to an apply if what is stored has another type than the definition says; a patch gets through."""
    world.instance(port="http")
    world.api.refusal = errors.ServerError(500, "InternalError", "the server failed on a MicroServiceDeploy")
    assert world.run() == reconcile.Result()
    assert world.condition("SpecValid") == ("False", "SpecInvalid")
    mutations = world.api.mutations
    world.run()
    assert world.api.mutations == mutations
    assert ("Warning", "SpecInvalid", "Ready is False: spec.port: expected int, got str") in world.events()


def test_what_cannot_be_written_is_told_once(world):
    """Events are for news; another complaint is."""
    world.instance(fullName="shop-v2")
    world.api.refusal = world.api.patch_refusal = errors.InvalidError(422, "Invalid", "x")
    for _ in range(3):
        world.run()
    world.change(replicas="many")
    world.run()
    assert [note for _, _, note in world.events() if "spec.fullName" in note]
    # equal reasons make one series: four conditions for the first complaint, and four for the other
    assert {event["series"]["count"] for event in world._sink.all()} == {8}


def test_a_child_that_may_not_be_deleted_is_a_condition_and_holds_up_nothing(world):
    """The HPA stays, and everything else is done all the same."""
    world.instance(autoscaling=True, replicas=2, resourceRequirements={"requests": {"cpu": "1"}})
    world.run_quota()
    world.grant()
    world.settle()
    deleted = world.api.delete

    def refuse(gvk, key, preconditions=None):
        if gvk == kinds.HPA:
            raise errors.ForbiddenError(403, "Forbidden", "no rule to delete it")
        deleted(gvk, key, preconditions)

    world.api.delete = refuse
    world.change(autoscaling=False, config="a=2")
    result = world.run()
    assert 0 < result.requeue_after_seconds <= 30
    assert world.condition("Degraded") == ("True", "ChildRejected")
    assert "HorizontalPodAutoscaler shop-v1" in world.message("Degraded")
    assert world.get("ConfigMap")["data"]["a"] == "2"
    world.api.delete = deleted
    world.clock.step(30)
    world.run()
    assert world.get("HorizontalPodAutoscaler") is None
    assert world.condition("Degraded") == ("False", "AsExpected")


@pytest.mark.parametrize("change", [{"replicas": "many"}, None], ids=["unreadable", "paused"])
def test_a_holder_that_may_not_be_written_keeps_the_host(world, change):
    """Its Ingress stays, so a better claim must wait: two Ingresses of one host would be one too many."""
    world.instance("a", creationTimestamp="1535546718115")
    world.run("a")
    assert world.get("Ingress", "a")
    if change:
        world.change("a", **change)
    else:
        world.annotate("a", paused="true")
    world.instance("b", creationTimestamp="1500000000000")
    world.run("b")
    assert world.get("Ingress", "b") is None
    assert world.condition("HostReady", "b") == ("False", "PathConflict")
    assert world.message("HostReady", "b").endswith("is held by a")


@pytest.mark.parametrize("refusal", [errors.ServerError(500, "InternalError", "x"), errors.InvalidError(422, "Invalid", "x")])
def test_a_status_that_cannot_be_written_is_told_by_events(world, refusal):
    """A rule of the definition over the whole resource refuses every write; waiting would not help."""
    world.instance(fullName="shop-v2")
    world.api.refusal, world.api.patch_refusal = refusal, errors.InvalidError(422, "Invalid", "x")
    assert world.run() == reconcile.Result()
    assert world.status() == {}
    assert [event for event in world.events() if "spec.fullName" in event[2]]


def test_a_server_that_is_down_is_asked_again(world):
    """That the patch fails, too, is an error, and so the resource is looked at again."""
    world.instance(port="http")
    world.api.refusal = world.api.patch_refusal = errors.ServerError(503, "ServiceUnavailable", "x")
    with pytest.raises(errors.ServerError):
        world.run()


def test_a_foreign_child_is_named_and_looked_at_again(world):
    """Nothing is written over it; once it is gone, ours takes its place."""
    foreign = world.add("Service", "shop-v1", spec={"ports": [{"port": 1, "protocol": "TCP"}]})
    world.instance()
    assert 0 < world.run().requeue_after_seconds <= 60
    assert world.condition("Ready") == ("False", "ForeignChild")
    assert world.get("Service")["metadata"]["uid"] == foreign.metadata["uid"]
    before = world.api.mutations
    assert world.run().requeue_after_seconds == 60
    assert world.api.mutations == before
    del world.api.things[next(place for place, thing in world.api.things.items() if thing is foreign)]
    world.sync()
    world.run()
    assert world.get("Service") is not None
    assert ("Warning", "ForeignChild") in {(kind, reason) for kind, reason, _ in world.events()}


def test_a_refused_child_is_a_condition_and_is_tried_again(world):
    """The other children are made all the same."""
    world.instance()

    def refuse(obj):
        if obj["kind"] == "Service":
            raise errors.InvalidError(422, "Invalid", "the port is taken")

    world.api.before_apply = refuse
    assert 0 < world.run().requeue_after_seconds <= 30
    assert world.condition("Degraded") == ("True", "ChildRejected")
    assert "the port is taken" in world.message("Degraded")
    assert world.get("Deployment") is not None


def test_a_dying_namespace_is_left_alone(world):
    """Nothing is written into it, and nobody waits in it."""
    world.instance(resourceRequirements={"limits": {"cpu": "1"}, "requests": {"cpu": "1"}})
    world.run()
    world.terminate()
    before = world.api.mutations
    assert world.run() == reconcile.Result()
    assert world.run_quota() == reconcile.Result()
    assert world.api.mutations == before
    assert world.instances.waiting_in(REQUEST.namespace) == []


def test_what_a_dying_namespace_refuses_is_no_news(world):
    """If the namespace begins to die in the middle of a pass, its refusals make no condition and no event."""
    world.instance()
    world.settle()
    told = world.status()
    world.change(replicas=5)

    def refuse(obj):
        world.terminate()
        raise errors.ForbiddenError(403, "Forbidden", "the namespace is being terminated")

    world.api.before_apply = refuse
    assert world.run() == reconcile.Result()
    assert world.status() == told
    assert not [note for _, _, note in world.events() if "Degraded" in note]


def test_a_namespace_that_the_cache_does_not_know_yet_is_no_obstacle(world):
    """An instance may be seen before its new namespace is."""
    world.instance()
    del world.api.things[next(place for place in world.api.things if place[0].kind == "Namespace")]
    world.sync()
    world.run()
    assert world.get("Deployment") is not None


def test_a_missing_secret_is_looked_at_again(world):
    """Ready is False until the tenant's Secret has credentials, which is looked at every 30 s."""
    world.instance(needAuth=True, replicas=1)
    world.settle()
    assert world.condition("AuthReady") == ("False", "TenantSecretMissing")
    assert world.run().requeue_after_seconds == 30
    world.add("Secret", "tenant-auth", data={"auth": "eA=="})
    world.clock.step(30)
    assert world.run().requeue_after_seconds == 300
    assert world.condition("Ready") == ("True", "PodsAvailable")


def test_a_secret_that_goes_is_noticed_within_five_minutes(world):
    """The proxy closes by itself at once; the status says so at the next look, and no event in between causes a request."""
    world.add("Secret", "tenant-auth", data={"auth": "eA=="})
    world.instance(needAuth=True, replicas=1)
    world.settle()
    assert world.condition("AuthReady") == ("True", "TenantSecretFound")
    del world.api.things[next(place for place in world.api.things if place[0].kind == "Secret")]
    world.clock.step(299)
    assert world.run().requeue_after_seconds == 1
    assert world.condition("AuthReady") == ("True", "TenantSecretFound")
    world.clock.step(1)
    assert world.run().requeue_after_seconds == 30
    assert world.condition("AuthReady") == world.condition("Ready") == ("False", "TenantSecretMissing")


def test_a_leftover_of_another_name_is_pruned_without_harm(world):
    """A child that we own and no longer want goes; the one of the same kind that we want stays in sight."""
    world.instance(replicas=1)
    world.settle()
    owner = world.get("Deployment")["metadata"]["ownerReferences"]
    world.add("Deployment", "leftover", metadata={"ownerReferences": owner}, spec={"replicas": 1})
    world.run()
    assert world.get("Deployment", "leftover") is None
    assert world.condition("Ready") == ("True", "PodsAvailable")
