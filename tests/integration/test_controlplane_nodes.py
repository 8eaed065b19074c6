"""Simulated nodes run pods as real ones do, as far as the API can see."""

import time

import pytest

from tests.support import control_planes

pytestmark = [pytest.mark.controlplane, pytest.mark.real_only]

MAIN = {"name": "app", "image": "just a image url"}


def deploy(control_plane, namespace, replicas, **pod):
    """Create a Deployment."""
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [MAIN], **pod}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "a"}}, "template": template}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    control_plane.client.post(path, {"metadata": {"name": "a"}, "spec": spec})


def is_available(control_plane, namespace, replicas):
    """Ask whether all replicas are available, and nothing else is left."""
    found = control_plane.client.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/a")
    status = found["status"]
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return status.get("observedGeneration") == found["metadata"]["generation"] and counts == [replicas] * 3


def pods(control_plane, namespace):
    """Return the namespace's pods."""
    return control_plane.client.get(f"/api/v1/namespaces/{namespace}/pods")["items"]


def wait_available(control_plane, namespace, replicas, timeout_seconds=30):
    """Wait until all replicas are available."""
    control_planes.wait_for(lambda: is_available(control_plane, namespace, replicas), timeout_seconds)


def test_nodes_are_large_and_ready(control_plane):
    """There are two nodes, ready, each with 1000 cpu, 4Ti of memory and room for 10,000 pods."""
    nodes = control_plane.client.get("/api/v1/nodes")["items"]
    assert [node["metadata"]["name"] for node in nodes] == ["node-1", "node-2"]
    for node in nodes:
        ready = [one["status"] for one in node["status"]["conditions"] if one["type"] == "Ready"]
        assert ready == ["True"]
        allocatable = node["status"]["allocatable"]
        assert (allocatable["cpu"], allocatable["memory"], allocatable["pods"]) == ("1k", "4Ti", "10k")


def test_a_deployment_becomes_available_and_scales_down(control_plane, namespace):
    """A Deployment with init and restartable init containers becomes Available, and its pods go when it is scaled down."""
    init = [
        {"name": "once", "image": "i"},
        {"name": "side", "image": "s", "restartPolicy": "Always"},
        {"name": "two", "image": "i"},
    ]
    deploy(control_plane, namespace, 2, initContainers=init)
    wait_available(control_plane, namespace, 2)
    found = pods(control_plane, namespace)
    assert len({pod["status"]["podIP"] for pod in found}) == 2
    for pod in found:
        states = {one["name"]: next(iter(one["state"])) for one in pod["status"]["initContainerStatuses"]}
        assert states == {"once": "terminated", "side": "running", "two": "terminated"}
        assert pod["status"]["phase"] == "Running"
        assert pod["status"]["podIP"].startswith("10.77.")
        assert pod["status"]["containerStatuses"][0]["imageID"]
        assert all(one["status"] == "True" and "reason" not in one for one in pod["status"]["conditions"])
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/a"
    control_plane.client.patch(path, {"spec": {"replicas": 0}})
    control_planes.wait_for(lambda: not pods(control_plane, namespace))


def test_a_changed_image_restarts_the_container(control_plane, namespace):
    """A new image in a running pod restarts that container in place."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    control_plane.client.post(path, {"metadata": {"name": "p"}, "spec": {"containers": [MAIN]}})

    def status():
        return control_plane.client.get(f"{path}/p")["status"].get("containerStatuses", [{}])[0]

    control_planes.wait_for(lambda: status().get("ready"))
    new = {"spec": {"containers": [{"name": "app", "image": "another"}]}}
    control_plane.client.patch(f"{path}/p", new, "application/strategic-merge-patch+json")
    control_planes.wait_for(lambda: status()["restartCount"] == 1)
    assert status()["image"] == "another"
    assert status()["lastState"]["terminated"]["reason"] == "Completed"


def test_a_pod_that_a_finalizer_holds(control_plane, namespace):
    """A deleted pod with a finalizer stays until the finalizer goes, and is gone then."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    metadata = {"name": "p", "finalizers": ["example.com/hold"]}
    control_plane.client.post(path, {"metadata": metadata, "spec": {"containers": [MAIN]}})
    control_planes.wait_for(lambda: pods(control_plane, namespace)[0]["status"]["phase"] == "Running")
    control_plane.client.delete(f"{path}/p", {})
    control_planes.wait_for(lambda: pods(control_plane, namespace)[0]["metadata"].get("deletionGracePeriodSeconds") == 0)
    control_plane.client.patch(f"{path}/p", {"metadata": {"finalizers": None}})
    control_planes.wait_for(lambda: not pods(control_plane, namespace))


def test_three_hundred_pods(control_plane, namespace):
    """A Deployment of 300 pods becomes Available, each pod has an address of its own, and then nothing is written any more."""
    deploy(control_plane, namespace, 300)
    wait_available(control_plane, namespace, 300, timeout_seconds=55)
    found = pods(control_plane, namespace)
    assert len({pod["status"]["podIP"] for pod in found}) == 300
    time.sleep(2)
    versions = {pod["metadata"]["name"]: pod["metadata"]["resourceVersion"] for pod in found}
    assert {pod["metadata"]["name"]: pod["metadata"]["resourceVersion"] for pod in pods(control_plane, namespace)} == versions
