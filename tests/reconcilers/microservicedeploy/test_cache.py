import threading

import pytest

from controller import crd
from informers import objects
from reconcilers.microservicedeploy import cache, kinds
from tests.support import microservice_world
from tests.support.microservice_world import NAMESPACE
from tests.support.snapshots import snapshot

KEY = objects.ObjectKey(NAMESPACE, "shop-v1")
ONE = {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}


@pytest.fixture
def world():
    """A cluster without instances."""
    return microservice_world.World()


def owner(thing):
    """Return the references of a child of *thing*."""
    metadata = thing.metadata
    reference = {"apiVersion": "custom.ops/v1", "kind": "MicroServiceDeploy", "name": metadata["name"], "uid": metadata["uid"]}
    return {"ownerReferences": [{**reference, "controller": True, "blockOwnerDeletion": True}]}


def test_an_instance_that_is_being_deleted_is_not_read(world):
    """Nothing is to be done for it any more."""
    thing = world.instance()
    assert world.reads.primary(KEY)["metadata"]["name"] == "shop-v1"
    thing.metadata["deletionTimestamp"] = "2026-01-02T03:04:05Z"
    world.sync()
    assert world.reads.primary(KEY) is None
    assert world.reads.siblings(KEY, "") == []


def test_reads_are_fresh_copies(world):
    """Whoever changes what was read changes nothing for others."""
    world.instance()
    world.reads.primary(KEY)["spec"]["image"] = "other"
    assert world.reads.primary(KEY)["spec"]["image"] == "shop:1"


def test_a_child_is_read_only_if_it_is_the_instances_own(world):
    """One of somebody else, or of a former namesake, is none."""
    thing = world.instance()
    instance = cache.instance_of(world.reads.primary(KEY))
    world.add("Deployment", "shop-v1", spec={"replicas": 1})
    assert world.reads.child(kinds.DEPLOYMENT, instance) is None
    world.add("Deployment", "shop-v1", metadata=owner(thing), spec={"replicas": 1})
    assert world.reads.child(kinds.DEPLOYMENT, instance)["spec"] == {"replicas": 1}


def test_an_instance_is_decoded_with_its_identity(world):
    """Name, uid, generation, annotations and the spec's defaults are there."""
    thing = world.instance(replicas=4)
    instance = cache.instance_of(world.reads.primary(KEY))
    assert (instance.name, instance.namespace, instance.uid) == ("shop-v1", NAMESPACE, thing.metadata["uid"])
    assert (instance.spec.replicas, instance.spec.port, instance.generation) == (4, 8080, 1)


def test_a_spec_that_does_not_fit_is_an_error(world):
    """It says so by its type; the caller makes a condition of it."""
    world.instance(replicas="many")
    with pytest.raises(crd.SpecError, match="replicas"):
        cache.instance_of(world.reads.primary(KEY))


def test_a_full_name_that_is_not_the_name_is_an_error(world):
    """Its children would be somebody else's; the rule of the definition may be younger than the resource."""
    world.instance(fullName="shop-v2")
    with pytest.raises(crd.SpecError, match=r"spec\.fullName: must be equal to metadata\.name, which is shop-v1"):
        cache.instance_of(world.reads.primary(KEY))
    world.instance("shop-v3", fullName="shop-v3")
    found = world.reads.siblings(objects.ObjectKey(NAMESPACE, "shop-v3"), "")
    assert [each.name for each in found if each.instance is not None] == ["shop-v3"]


def test_siblings_contest_a_host(world):
    """Namespace, msName and path must be equal; of an unreadable one nothing more is known."""
    world.instance("a", path="v1")
    world.instance("b", path="v1")
    world.instance("c", path="v2")
    world.instance("d", path="v1", msName="other")
    world.instance("e", path="v1", replicas="many")
    found = world.reads.siblings(objects.ObjectKey(NAMESPACE, "a"), "")
    assert {each.name: each.instance is not None for each in found} == {"a": True, "b": True, "e": False}
    assert world.reads.siblings(objects.ObjectKey(NAMESPACE, "none"), "") == []
    gone = snapshot("z", gvk=kinds.INSTANCE, namespace=NAMESPACE, body={"spec": {"msName": "shop", "path": "v1"}})
    assert {key.name for key in world.reads.contestants(gone)} == {"a", "b", "e"}


def test_the_instances_of_a_namespace_are_named(world):
    """All of them, and none of another namespace; unreadable ones have a status too."""
    world.instance("a")
    world.instance("b", replicas="many")
    assert sorted(key.name for key in world.reads.named_in(NAMESPACE)) == ["a", "b"]
    assert world.reads.named_in("other") == []


def test_a_sibling_has_the_host_if_an_ingress_of_its_own_has_it(world):
    """Somebody else's Ingress of that name does not count, nor does one of another host."""
    first, second, _ = world.instance("a"), world.instance("b"), world.instance("c")
    world.add("Ingress", "a", metadata=owner(first), spec={"rules": [{"host": "shop.example"}]})
    world.add("Ingress", "b", metadata=owner(second), spec={"rules": [{"host": "other.example"}]})
    world.add("Ingress", "c", spec={"rules": [{"host": "shop.example"}]})
    found = world.reads.siblings(objects.ObjectKey(NAMESPACE, "a"), "shop.example")
    assert {each.name: each.has_host for each in found} == {"a": True, "b": False, "c": False}


def test_an_ingress_leads_to_its_owners_rivals(world):
    """The former holder of a host must look when the new one has its Ingress."""
    first, _ = world.instance("a"), world.instance("b")
    ingress = microservice_world.snapshot(world.add("Ingress", "a", metadata=owner(first)))
    assert world.reads.rivals(ingress) == [objects.ObjectKey(NAMESPACE, "b")]
    assert world.reads.rivals(microservice_world.snapshot(world.add("Ingress", "x"))) == []
    world.api.delete(kinds.INSTANCE, objects.ObjectKey(NAMESPACE, "a"))
    world.sync()
    assert world.reads.rivals(ingress) == []


@pytest.mark.parametrize("spec", [None, [], {"msName": 7}, {"path": None}, "text"])
def test_an_unreadable_spec_contests_nothing(spec):
    """The index function must not fail: that would stop the cache."""
    unreadable = snapshot(gvk=kinds.INSTANCE, body={"spec": spec})
    assert cache.index_by_path(unreadable) == ()


def test_a_namespace_is_there_going_or_unknown(world):
    """One that the cache does not know may be new, so it is not terminating."""
    assert world.reads.namespace_annotations(NAMESPACE) == {}
    assert not world.reads.is_terminating(NAMESPACE)
    world.terminate()
    assert world.reads.namespace_annotations(NAMESPACE) is None
    assert world.reads.is_terminating(NAMESPACE)
    assert world.reads.namespace_annotations("unknown") is None
    assert not world.reads.is_terminating("unknown")


def test_demands_follow_instances_and_their_deployments(world):
    """What is remembered is valid only for the versions that it was computed from."""
    thing = world.instance("a", replicas=1, resourceRequirements=ONE)
    assert world.reads.wanted_quota(NAMESPACE)["requests.cpu"] == 2000
    world.instance("b", replicas=1, resourceRequirements=ONE)
    assert world.reads.wanted_quota(NAMESPACE)["requests.cpu"] == 4000
    world.change("a", replicas=5)
    assert world.reads.wanted_quota(NAMESPACE)["requests.cpu"] == 8000
    template = {"spec": {"containers": [{"name": "app", "resources": ONE}]}}
    world.add("Deployment", "a", metadata=owner(thing), spec={"replicas": 5, "template": template})
    assert world.reads.wanted_quota(NAMESPACE)["requests.cpu"] == 13_000  # its pods are of another template
    world.api.delete(kinds.INSTANCE, objects.ObjectKey(NAMESPACE, "b"))
    world.sync()
    assert world.reads.wanted_quota(NAMESPACE)["requests.cpu"] == 11_000
    assert world.reads.wanted_quota("other") == {}


def test_an_instance_that_cannot_be_read_keeps_the_share_of_its_pods(world):
    """Else the pods that it has would take the room of its neighbours'."""
    world.instance("a", replicas=1, resourceRequirements=ONE)
    unreadable = world.instance("b", replicas="many", resourceRequirements=ONE)
    assert world.reads.wanted_quota(NAMESPACE)["requests.cpu"] == 2000
    template = {"spec": {"containers": [{"name": "app", "resources": ONE}]}}
    world.add("Deployment", "b", metadata=owner(unreadable), spec={"replicas": 3, "template": template})
    assert world.reads.wanted_quota(NAMESPACE)["requests.cpu"] == 6000


def test_nothing_is_remembered_of_a_namespace_without_instances(world):
    """Namespaces come and go."""
    world.instance("a", resourceRequirements=ONE)
    world.reads.wanted_quota(NAMESPACE)
    world.api.delete(kinds.INSTANCE, objects.ObjectKey(NAMESPACE, "a"))
    world.sync()
    assert world.reads.wanted_quota(NAMESPACE) == {}
    assert world.reads._counted == {}


def test_nothing_is_remembered_of_a_namespace_that_is_gone_or_does_without_a_quota(world):
    """Nobody asks for the demands of a namespace on its way out any more; its instances' specs must not stay in memory."""
    world.instance("a", resourceRequirements=ONE)
    world.run_quota()
    assert world.reads._counted
    world.terminate()
    world.run_quota()
    assert world.reads._counted == {}


def test_the_pods_of_an_instance_that_is_gone_count_until_its_deployment_is_gone(world):
    """The garbage collector takes its time, and a neighbour must not grow into their place."""
    thing = world.instance("a", replicas=1, resourceRequirements=ONE)
    world.instance("b", replicas=1, resourceRequirements=ONE)
    template = {"spec": {"containers": [{"name": "app", "resources": ONE}]}}
    world.add("Deployment", "a", metadata=owner(thing), spec={"replicas": 3, "template": template})
    world.add("Deployment", "foreign", spec={"replicas": 9, "template": template})
    world.api.delete(kinds.INSTANCE, objects.ObjectKey(NAMESPACE, "a"))
    world.sync()
    assert world.reads.wanted_quota(NAMESPACE)["requests.cpu"] == 2000 + 4000
    world.api.delete(kinds.DEPLOYMENT, objects.ObjectKey(NAMESPACE, "a"))
    world.sync()
    assert world.reads.wanted_quota(NAMESPACE)["requests.cpu"] == 2000


def test_workers_may_ask_at_the_same_time(world):
    """All get the same sum."""
    for number in range(20):
        world.instance(f"ms-{number}", replicas=1, resourceRequirements=ONE)
    sums = []
    workers = [
        threading.Thread(target=lambda: sums.extend(world.reads.wanted_quota(NAMESPACE)["requests.cpu"] for _ in range(20)))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sums == [40_000] * 80
