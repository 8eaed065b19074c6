import pytest

from controller import reconcile
from informers import errors, events
from reconcilers.microservicedeploy import kinds, quota, quota_reconciler
from tests.support import microservice_world
from tests.support.snapshots import snapshot

NAMESPACE = microservice_world.NAMESPACE
ONE = {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}


@pytest.fixture
def world():
    """A cluster without instances."""
    return microservice_world.World()


def hard(world):
    """Return what the quota of the namespace asks for, None without a quota."""
    found = world.get("ResourceQuota", "msd-quota")
    return None if found is None else found["spec"]["hard"]


def disable(world):
    """Annotate the namespace, so that it does without a quota."""
    namespace = world._thing("Namespace", NAMESPACE)
    namespace.update("user", {"metadata": {"annotations": {"custom.ops/quota": "disabled"}}})
    world.sync()


def test_the_quota_is_the_sum_of_all_demands(world):
    """It has our label, no owner, and changes with the instances."""
    world.instance("a", replicas=2, resourceRequirements=ONE)
    world.instance("b", replicas=3, resourceRequirements=ONE)
    world.run_quota()
    assert hard(world) == {"limits.cpu": "7", "requests.cpu": "7"}
    metadata = world.get("ResourceQuota", "msd-quota")["metadata"]
    assert metadata["labels"] == {"app.kubernetes.io/managed-by": "coxswain"}
    assert "ownerReferences" not in metadata
    world.change("b", replicas=1)
    world.run_quota()
    assert hard(world) == {"limits.cpu": "5", "requests.cpu": "5"}


def test_a_paused_instance_keeps_its_share(world):
    """A pause stops writes to its children, not its right to the pods it has."""
    world.instance("a", replicas=2, resourceRequirements=ONE)
    world.annotate("a", paused="true")
    world.run_quota()
    assert hard(world) == {"limits.cpu": "3", "requests.cpu": "3"}


def test_the_quota_goes_with_the_last_instance(world):
    """Also if the operator did not run when that went."""
    thing = world.instance("a", resourceRequirements=ONE)
    world.run_quota()
    thing.metadata["deletionTimestamp"] = "2026-01-02T03:04:05Z"
    world.sync()
    assert world.run_quota() == reconcile.Result()
    assert hard(world) is None


def test_a_namespace_can_turn_its_quota_off(world):
    """With the annotation, a quota of ours is removed."""
    world.instance("a", resourceRequirements=ONE)
    world.run_quota()
    disable(world)
    world.run_quota()
    assert hard(world) is None


def test_a_foreign_quota_is_left_alone_and_named(world):
    """It is looked at again after a minute, and our own comes when it is gone."""
    foreign = world.add("ResourceQuota", "msd-quota", spec={"hard": {"pods": "3"}})
    world.instance("a", replicas=1, resourceRequirements=ONE)
    assert world.run_quota() == reconcile.Result(requeue_after_seconds=60)
    assert hard(world) == {"pods": "3"}
    assert world.quotas.obstacle(NAMESPACE) == "ResourceQuota msd-quota exists and is not managed by this operator"
    assert world.quotas.obstacle("other") == ""
    before = world.api.mutations
    world.run_quota()
    assert world.api.mutations == before
    del world.api.things[next(place for place, thing in world.api.things.items() if thing is foreign)]
    world.sync()
    world.run_quota()
    assert hard(world) == {"limits.cpu": "2", "requests.cpu": "2"}
    assert world.quotas.obstacle(NAMESPACE) == ""


def test_a_foreign_quota_grants_nothing_and_counts_nothing(world):
    """Instances wait for one of ours, however large it is; where none is wanted they do not care."""
    counted = {"hard": {"requests.cpu": "100", "limits.cpu": "100"}}
    world.add("ResourceQuota", "msd-quota", spec=counted, status=counted)
    world.instance("a", replicas=1, resourceRequirements=ONE)
    world.run_quota()
    standing = world.quotas.standing(NAMESPACE)
    assert standing.has_quota
    assert standing.shortfall == (
        "ResourceQuota msd-quota exists and is not managed by this operator:"
        " limits.cpu is not set, needed is 2; requests.cpu is not set, needed is 2"
    )
    disable(world)
    assert world.quotas.standing(NAMESPACE) == quota.Standing()
    world.run_quota()
    world.run("a")
    assert world.get("Deployment", "a") is not None


def test_a_quota_that_was_just_made_smaller_is_not_trusted(world):
    """The cache still shows the larger one, but the server may count by the smaller one already."""
    world.instance("a", replicas=3, resourceRequirements=ONE)
    world.instance("b", replicas=1, resourceRequirements=ONE)
    world.run_quota()
    world.grant()
    assert world.quotas.standing(NAMESPACE) == quota.Standing(has_quota=True)
    world.change("a", replicas=1)
    during = []
    world.api.before_apply = lambda _: during.append(world.quotas.standing(NAMESPACE))
    world.quotas.reconcile(reconcile.Request("", NAMESPACE))  # its write is not in the cache
    world.api.before_apply = lambda _: None
    world.cache.sync(lambda place: place[0] != kinds.QUOTA)
    behind = quota.Standing(has_quota=True, shortfall="the last change of the quota is not seen yet")
    assert [*during, world.quotas.standing(NAMESPACE)] == [behind, behind]
    world.sync()
    assert world.quotas.standing(NAMESPACE) == quota.Standing(has_quota=True)


def test_what_is_still_granted_by_a_larger_former_quota_is_not_trusted(world):
    """The API server has the smaller amounts and will count by them as soon as its quota controller has seen them."""
    world.instance("a", replicas=3, resourceRequirements=ONE)
    world.run_quota()
    world.grant()
    world.change("a", replicas=1)
    world.run_quota()
    world.change("a", replicas=2)
    assert world.quotas.standing(NAMESPACE).shortfall == "limits.cpu is 2, needed is 3; requests.cpu is 2, needed is 3"


def test_a_webhook_that_changes_the_amounts_does_not_hold_instances_for_ever(world):
    """What the server stored is what must be seen."""
    world.instance("a", replicas=1, resourceRequirements=ONE)
    world.run_quota()
    made = world._thing("ResourceQuota", "msd-quota")
    made.flat = {place: "4" if place[-1] == "f:requests.cpu" else amount for place, amount in made.flat.items()}
    world.sync()
    written = world.api.apply
    world.api.apply = lambda obj, options: changed(written(obj, options), made)
    world.run_quota()
    world.grant()
    assert world.quotas.standing(NAMESPACE) == quota.Standing(has_quota=True)


def changed(stored, thing):
    """Let the server store 4 where less was asked for."""
    thing.flat = {place: "4" if place[-1] == "f:requests.cpu" else amount for place, amount in thing.flat.items()}
    return thing.live()


def test_a_refused_write_leaves_the_quota_as_it_is_and_one_of_unknown_end_does_not(world):
    """After a refusal what the cache shows counts again; after an error the server may have taken the wish."""
    world.instance("a", replicas=3, resourceRequirements=ONE)
    world.run_quota()
    world.grant()
    world.change("a", replicas=1)
    world.api.refusal = errors.ForbiddenError(403, "Forbidden", "RBAC rule missing")
    world.run_quota()
    assert world.quotas.standing(NAMESPACE).shortfall == ""
    world.clock.step(30)
    world.api.refusal = errors.ServerError(500, "InternalError", "no")
    with pytest.raises(errors.ServerError):
        world.run_quota()
    assert world.quotas.standing(NAMESPACE).shortfall != ""


def test_what_a_quota_grants_is_its_status(world):
    """Not its spec, which the server may not count by yet."""
    world.instance("a", replicas=1, resourceRequirements=ONE)
    world.run_quota()
    assert "not set" in world.quotas.standing(NAMESPACE).shortfall
    world.grant()
    assert world.quotas.standing(NAMESPACE).shortfall == ""


def test_a_foreign_quota_is_not_removed(world):
    """Not even where no quota is wanted; then it is no obstacle either."""
    world.add("ResourceQuota", "msd-quota", spec={"hard": {"pods": "3"}})
    assert world.run_quota() == reconcile.Result()
    assert hard(world) == {"pods": "3"}
    assert world.quotas.obstacle(NAMESPACE) == ""


def test_a_refused_quota_is_an_obstacle_until_it_is_written(world):
    """The server's words are kept for the instances' conditions; the write is tried again after 30 s."""
    world.instance("a", resourceRequirements=ONE)
    world.api.refusal = errors.ForbiddenError(403, "Forbidden", "RBAC rule missing")
    assert world.run_quota() == reconcile.Result(requeue_after_seconds=30)
    assert world.quotas.obstacle(NAMESPACE) == "RBAC rule missing"
    world.api.refusal = None
    world.clock.step(30)
    world.run_quota()
    assert world.quotas.obstacle(NAMESPACE) == ""


def test_a_namespace_that_is_gone_or_going_needs_nothing(world):
    """It takes its quota along, and its obstacles are forgotten."""
    world.add("ResourceQuota", "msd-quota", spec={"hard": {"pods": "3"}})
    world.instance("a", resourceRequirements=ONE)
    world.run_quota()
    before = world.api.mutations
    world.terminate()
    assert world.run_quota() == reconcile.Result()
    assert world.run_quota("unknown") == reconcile.Result()
    assert world.api.mutations == before
    assert world.quotas.obstacle(NAMESPACE) == ""


def test_events_lead_to_their_namespace():
    """Whatever happens to an instance or a quota is about its namespace's quota."""
    event = events.Deleted(snapshot("a", namespace="team"))
    assert quota_reconciler.namespace_of(event) == [reconcile.Request("", "team")]


def test_only_our_quotas_name_counts():
    """Other quotas of a namespace are none of our business."""
    assert quota_reconciler.is_quota(events.Added(snapshot("msd-quota")))
    assert not quota_reconciler.is_quota(events.Added(snapshot("other")))


def test_a_quotas_coming_and_going_are_told_from_its_changes():
    """Changes matter to those that wait, its existence to all."""
    one = snapshot("msd-quota")
    found = [events.Added(one), events.Updated(one, one), events.Deleted(one)]
    assert [quota_reconciler.comes_or_goes(event) for event in found] == [True, False, True]


def test_other_namespaces_than_the_watched_one_are_none_of_its_business():
    """Namespaces are watched across the cluster; where only one's instances are, the others' quotas cannot be judged."""
    mine, other = (events.Added(snapshot(name, gvk=kinds.NAMESPACE)) for name in ("mine", "other"))
    assert [quota_reconciler.is_within("mine")(event) for event in (mine, other)] == [True, False]
    assert [quota_reconciler.is_within("")(event) for event in (mine, other)] == [True, True]


@pytest.mark.parametrize(
    ("kind", "api_version", "controller", "expected"),
    [
        ("MicroServiceDeploy", "custom.ops/v1", True, True),
        ("MicroServiceDeploy", "custom.ops/v1", None, False),
        ("ReplicaSet", "apps/v1", True, False),
        ("MicroServiceDeploy", "other/v1", True, False),
    ],
)
def test_only_children_of_instances_count(kind, api_version, controller, expected):
    """A Deployment of somebody else does not change a demand."""
    owner = {"apiVersion": api_version, "kind": kind, "name": "a", "uid": "u", "controller": controller}
    deployment = snapshot("a", gvk=kinds.DEPLOYMENT, ownerReferences=[owner])
    assert quota_reconciler.is_instances_child(events.Added(deployment)) is expected
    assert not quota_reconciler.is_instances_child(events.Added(snapshot("a")))
