"""Scale, binding, eviction, finalize."""

import pytest

from envtest.embedded.api import requests, status, subresources
from tests.support import embedded_world
from tests.support.embedded_world import PODS, options_of

DEPLOYMENTS = ("apps", "v1", "deployments")
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


@pytest.fixture
def world():
    """An API with a Deployment and a pod."""
    made = embedded_world.World()
    spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": TEMPLATE}
    made.create({"metadata": {"name": "web"}, "spec": spec}, DEPLOYMENTS)
    made.create({"metadata": {"name": "p"}, "spec": TEMPLATE["spec"]}, PODS)
    return made


def do(world, verb, target, body=None, patch=None):
    """Ask for a subresource."""
    return subresources.Subresources(world.api).do(verb, target, subresources.Input(body or {}, options_of(), patch))


def scale(world):
    """Name the scale of the Deployment."""
    return world.target(DEPLOYMENTS, "web", "scale")


def test_a_scale_shows_replicas_and_selector(world):
    """With the name and the version of the object."""
    code, found = do(world, "get", scale(world))
    assert (code, found["kind"], found["spec"], found["status"]) == (
        200,
        "Scale",
        {"replicas": 2},
        {"replicas": 0, "selector": "a=b"},
    )
    assert found["metadata"]["resourceVersion"] == world.api.get(world.target(DEPLOYMENTS, "web"))["metadata"]["resourceVersion"]


def test_a_scale_changes_the_replicas_and_owns_them(world):
    """In an entry of its own, which names the subresource."""
    patch = requests.Patch(requests.MERGE_PATCH, {"spec": {"replicas": 5}})
    assert do(world, "patch", scale(world), patch=patch)[1]["spec"] == {"replicas": 5}
    kept = world.api.get(world.target(DEPLOYMENTS, "web"))
    assert (kept["spec"]["replicas"], kept["metadata"]["generation"]) == (5, 2)
    entries = {(entry.get("subresource"), entry["operation"]): entry["fieldsV1"] for entry in kept["metadata"]["managedFields"]}
    assert entries["scale", "Update"] == {"f:spec": {"f:replicas": {}}}


def test_a_scale_of_an_old_version_is_a_conflict(world):
    """As for any object."""
    _, old = do(world, "get", scale(world))
    world.merge({"spec": {"paused": True}}, "web", DEPLOYMENTS)
    with pytest.raises(status.StatusError) as error:
        do(world, "update", scale(world), {**old, "spec": {"replicas": 1}})
    assert error.value.code == 409


def test_replicas_are_not_negative(world):
    """The Scale is invalid, not the object."""
    with pytest.raises(status.StatusError, match=r'Scale\.autoscaling "web" is invalid: spec\.replicas: Invalid value: -1'):
        do(world, "update", scale(world), {"metadata": {"name": "web"}, "spec": {"replicas": -1}})


def test_a_binding_puts_a_pod_on_a_node_once(world):
    """The second time is a conflict."""
    target = world.target(PODS, "p", "binding")
    body = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "node-1"}}
    assert do(world, "create", target, body)[0] == 201
    kept = world.api.get(world.target(PODS, "p"))
    assert kept["spec"]["nodeName"] == "node-1"
    assert kept["status"]["conditions"][0]["type"] == "PodScheduled"
    with pytest.raises(status.StatusError, match='pod p is already assigned to node "node-1"'):
        do(world, "create", target, body)


def test_an_eviction_deletes_a_pod(world):
    """With the options that it brings."""
    assert do(world, "create", world.target(PODS, "p", "eviction"), {"deleteOptions": {"gracePeriodSeconds": 0}})[0] == 201
    assert world.api.find(world.target(PODS, "p")) is None


def test_there_are_no_other_verbs(world):
    """A scale cannot be created."""
    with pytest.raises(status.StatusError) as error:
        do(world, "create", scale(world))
    assert error.value.code == 405
