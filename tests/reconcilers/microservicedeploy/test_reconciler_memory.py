"""What happens to the number of replicas to wake up with when writes fail, processes die and caches are late."""

import pytest

from controller import reconcile
from informers import errors
from reconcilers.microservicedeploy import kinds
from tests.support import microservice_world

REQUEST = reconcile.Request(microservice_world.NAMESPACE, "shop-v1")
CPU = {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}


class DiedError(Exception):
    """The process ends here."""


@pytest.fixture
def world():
    """A cluster with an autoscaled instance of 5 pods, between 2 and 6."""
    made = microservice_world.World()
    made.instance(replicas=2, maxReplicas=6, autoscaling=True)
    made.settle()
    scale(made, 5)
    return made


def scale(world, count, manager="kube-controller-manager"):
    """Let somebody else set the Deployment's replicas."""
    thing = world.api.things[kinds.DEPLOYMENT, REQUEST.key]
    content = thing.live()
    content["spec"]["replicas"] = count
    thing.update(manager, content)
    world._touch(thing)


def live(world):
    """Return the Deployment's replicas and the number that is remembered."""
    return world.get("Deployment")["spec"]["replicas"], world.status().get("lastActiveReplicas")


def settle(world):
    """Run until nothing is written any more."""
    for _ in range(5):
        before = world.api.mutations
        world.run()
        if world.api.mutations == before:
            return
    raise AssertionError("it never comes to rest")


def die_after(world, number):
    """Do a pass that dies right after its write number *number*; return whether it got so far."""
    left = [number]

    def count(_):
        if not left[0]:
            raise DiedError
        left[0] -= 1

    world.api.before_apply = count
    try:
        world.instances.reconcile(REQUEST)
    except DiedError:
        return True
    finally:
        world.api.before_apply = lambda _: None
        world.sync()
    return False


def owners(world):
    """Return who owns the Deployment's replicas."""
    entries = world.get("Deployment")["metadata"]["managedFields"]
    return {entry["manager"] for entry in entries if "f:replicas" in entry["fieldsV1"].get("f:spec", {})}


def test_nothing_is_scaled_to_zero_before_its_size_is_remembered(world):
    """If the status cannot be written, the Deployment is left alone."""
    world.change(idle=True)

    def fail(obj):
        if obj["kind"] == "MicroServiceDeploy":
            raise errors.ServerError(500, "InternalError", "no")

    world.api.before_apply = fail
    with pytest.raises(errors.ServerError):
        world.instances.reconcile(REQUEST)
    assert live(world) == (5, None)
    world.api.before_apply = lambda _: None
    settle(world)
    assert live(world) == (0, 5)


def test_a_late_view_of_the_status_does_not_lose_the_size(world):
    """A pass that does not see yet what was remembered, but sees zero replicas, reports without dropping the number."""
    world.change(idle=True)
    world.cache.behind = {kinds.INSTANCE}
    world.run()
    world.run_pods()
    world.run()
    assert live(world) == (0, 5)
    world.cache.behind = set()
    world.sync()
    settle(world)
    assert live(world) == (0, 5)
    assert world.condition("Ready") == ("True", "Idle")
    world.change(idle=False)
    settle(world)
    assert live(world) == (5, None)


def test_a_hand_edit_while_the_status_is_late_is_not_remembered(world):
    """What is seen under a late view of the status is written over nothing: the write is refused, and the pass run again."""
    world.change(idle=True)
    world.cache.behind = {kinds.INSTANCE}
    world.run()
    scale(world, 3, "hand")
    with pytest.raises(errors.ConflictError):
        world.instances.reconcile(REQUEST)
    world.cache.behind = set()
    world.sync()
    settle(world)
    assert live(world) == (0, 5)


def test_a_late_view_of_an_awake_instance_does_not_forget(world):
    """A pass that still sees the instance awake, with a number to forget, is refused if it sleeps again meanwhile."""
    world.change(idle=True)
    settle(world)
    world.change(idle=False)
    world.run()
    assert live(world) == (5, 5)
    world.cache.behind = {kinds.INSTANCE}
    world.change(idle=True)
    with pytest.raises(errors.ConflictError):
        world.instances.reconcile(REQUEST)
    world.cache.behind = set()
    world.sync()
    settle(world)
    assert live(world) == (0, 5)


def test_an_old_view_of_a_sleeper_does_not_put_it_to_sleep_again(world):
    """Who starts with a view in which it sleeps and is remembered, long after it woke up, is refused before it scales to zero."""
    world.change(idle=True)
    settle(world)
    old = world.cache.snapshot(kinds.INSTANCE, REQUEST.key)
    world.change(idle=False)
    settle(world)
    world.cache.show(old)
    with pytest.raises(errors.ConflictError):
        world.instances.reconcile(REQUEST)
    assert live(world) == (5, None)


def test_an_old_view_of_a_sleeping_deployment_does_not_shrink_it(world):
    """Who starts with a view in which the Deployment still sleeps looks at it before waking it: it may run by now."""
    world.change(idle=True)
    settle(world)
    old = world.cache.snapshot(kinds.DEPLOYMENT, REQUEST.key)
    world.change(idle=False)
    settle(world)
    world.cache.show(old)
    world.instances.reconcile(REQUEST)
    assert live(world) == (5, None)


def test_an_old_view_without_the_deployment_does_not_shrink_it(world):
    """The same for who starts with a view from before the Deployment was made."""
    world.cache.hide(kinds.DEPLOYMENT, REQUEST.key)
    world.instances.reconcile(REQUEST)
    assert live(world) == (5, None)


@pytest.mark.parametrize("number", range(6))
def test_a_process_that_dies_while_putting_to_sleep_loses_nothing(world, number):
    """Whichever write is its last, the next process ends where this one was going."""
    world.change(idle=True)
    die_after(world, number)
    assert live(world) in {(5, None), (5, 5), (0, 5)}
    settle(world)
    assert live(world) == (0, 5)


@pytest.mark.parametrize("number", range(6))
def test_a_process_that_dies_while_waking_loses_nothing(world, number):
    """However far three processes get, the instance wakes up with as many as it had, and nobody resets them in the end."""
    world.change(idle=True)
    settle(world)
    world.change(idle=False)
    for _ in range(3):
        die_after(world, number)
    settle(world)
    assert live(world) == (5, None)
    assert owners(world) == {"coxswain-handover"}
    assert world.get("HorizontalPodAutoscaler") is not None


@pytest.mark.parametrize("number", range(5))
def test_a_process_that_dies_while_autoscaling_is_turned_on_never_lets_go_alone(number):
    """The replicas are never without an owner, and so never reset to 1."""
    world = microservice_world.World()
    world.instance(replicas=3)
    world.settle()
    world.change(autoscaling=True)
    die_after(world, number)
    assert owners(world)
    assert live(world) == (3, None)
    settle(world)
    assert owners(world) == {"coxswain-handover"}
    assert live(world) == (3, None)


def test_a_process_that_dies_after_the_handover_may_find_autoscaling_off_again(world):
    """Both managers own the replicas then; the spec rules, and raising it later meets no conflict."""
    world = microservice_world.World()
    world.instance(replicas=3)
    world.settle()
    world.change(autoscaling=True)
    assert die_after(world, 1)
    assert owners(world) == {"coxswain", "coxswain-handover"}
    world.change(autoscaling=False)
    settle(world)
    assert live(world) == (3, None)
    world.change(replicas=4)
    settle(world)
    assert (live(world), owners(world)) == ((4, None), {"coxswain"})


def test_an_instance_that_cannot_be_read_keeps_its_memory(world):
    """Reports of a spec that is invalid or cannot be read leave the number alone."""
    world.change(idle=True)
    settle(world)
    world.change(image=["not a text"])
    settle(world)
    assert world.condition("SpecValid") == ("False", "SpecInvalid")
    assert live(world) == (0, 5)


def asleep_under_a_quota():
    """Return a cluster with an instance of 5 pods that sleeps, and a quota that grants nothing more."""
    world = microservice_world.World()
    world.instance(replicas=2, maxReplicas=6, autoscaling=True, resourceRequirements=CPU)
    world.run_quota()
    world.grant()
    world.settle()
    scale(world, 5)
    world.change(idle=True)
    settle(world)
    world.run_pods()
    world.run_quota()
    world.grant()
    return world


def test_a_held_waking_remembers_until_it_runs():
    """While the quota does not cover the pods, the instance stays at zero and does not forget."""
    world = asleep_under_a_quota()
    world.change(idle=False)
    settle(world)
    assert live(world) == (0, 5)
    assert world.condition("QuotaApplied") == ("False", "QuotaPending")
    assert world.get("HorizontalPodAutoscaler") is None
    world.run_quota()
    world.grant()
    settle(world)
    assert live(world) == (5, None)


def test_nothing_is_forgotten_while_the_pods_are_held_whatever_else_changes():
    """Woken without autoscaling it is held; with autoscaling again it wakes with as many pods as it had."""
    world = asleep_under_a_quota()
    world.change(idle=False, autoscaling=False)
    settle(world)
    assert live(world) == (0, 5)
    world.change(autoscaling=True)
    world.run_quota()
    world.grant()
    settle(world)
    assert live(world) == (5, None)


def test_a_number_that_somebody_else_wrote_is_forgotten_too(world):
    """Whoever owns it, it must not be what the instance wakes up with after its next sleep."""
    thing = world.api.things[kinds.INSTANCE, REQUEST.key]
    content = thing.live()
    content["status"]["lastActiveReplicas"] = 9
    thing.update("by-hand", content)
    world._touch(thing)
    settle(world)
    assert live(world) == (5, None)
    world.change(idle=True)
    settle(world)
    assert live(world) == (0, 5)
