"""A real control plane starts, is ready, says why it could not start, and survives the restart of its parts."""

import dataclasses
import socket

import pytest

from envtest import components, controlplane
from envtest.kubelet import api
from tests.support import control_planes

pytestmark = [pytest.mark.controlplane, pytest.mark.real_only]


def test_it_is_ready_in_seconds(control_plane):
    """All components, nodes and CRDs included, are ready within seconds (about 5 on two free cores)."""
    assert 0 < control_plane.start_seconds < 20


def test_a_namespace_per_test(control_plane, namespace):
    """Each test gets a namespace of its own, in which pods may be made."""
    assert control_plane.client.get(f"/api/v1/namespaces/{namespace}")["status"]["phase"] == "Active"


def test_the_version_is_the_wanted_one(control_plane):
    """The API server says the version that was asked for."""
    assert control_plane.client.get("/version")["gitVersion"] == f"v{control_plane.options.version}"


def test_garbage_of_our_kinds_is_collected_soon(control_plane, namespace):
    """The controller-manager knows our kinds from the start: what a deleted resource owned is gone in seconds."""
    base = f"/apis/custom.ops/v1/namespaces/{namespace}/microservicedeploys"
    spec = {"msName": "shop", "fullName": "shop-v1s0", "version": "1.0", "path": "v1", "image": "shop:1"}
    body = {"apiVersion": "custom.ops/v1", "kind": "MicroServiceDeploy", "metadata": {"name": "shop-v1s0"}, "spec": spec}
    owner = control_plane.client.post(base, body)
    reference = {
        "apiVersion": "custom.ops/v1",
        "kind": "MicroServiceDeploy",
        "name": "shop-v1s0",
        "uid": owner["metadata"]["uid"],
    }
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    control_plane.client.post(maps, {"metadata": {"name": "owned", "ownerReferences": [reference]}})
    control_plane.client.delete(f"{base}/shop-v1s0", {})
    control_planes.wait_for(lambda: not control_planes.exists(control_plane, f"{maps}/owned"), timeout_seconds=60)


def test_a_failed_component_shows_its_log():
    """If a component ends during the start, the error holds the end of its log."""
    broken = controlplane.ControlPlane(controlplane.Options(controller_manager_flags=("--no-such-flag",)))
    with pytest.raises(controlplane.ControlPlaneError, match=r"kube-controller-manager ended(?s:.)*unknown flag: --no-such-flag"):
        broken.start()
    with pytest.raises(controlplane.ControlPlaneError, match="does not run"):
        broken.kubeconfig.exists()


def test_a_taken_port_is_no_failure():
    """If another process takes a port before we do, other ports are tried."""
    with socket.socket() as other:
        other.bind((components.LOOPBACK, 0))
        other.listen()
        taken = dataclasses.replace(components.Ports.free(), api_server=other.getsockname()[1])
        offers = iter([taken, components.Ports.free()])
        with controlplane.ControlPlane(find_ports=lambda: next(offers)) as running:
            assert running.url != components.api_url(taken)
            assert running.client.get("/version")


def test_the_api_server_restarts(private_control_plane):
    """After a restart the API server is at the same address and knows what it knew; clients go on."""
    url = private_control_plane.url
    name = control_planes.make_namespace(private_control_plane)
    private_control_plane.stop_component(components.API_SERVER)
    with pytest.raises(api.ApiError, match="no answer"):
        private_control_plane.client.get("/version")
    private_control_plane.start_component(components.API_SERVER)
    assert private_control_plane.url == url
    assert control_planes.exists(private_control_plane, f"/api/v1/namespaces/{name}")
    assert private_control_plane.failed_components() == {}


def test_etcd_restarts(private_control_plane):
    """After a restart etcd has its data, and the API server finds it again."""
    name = control_planes.make_namespace(private_control_plane)
    private_control_plane.stop_component(components.ETCD)
    private_control_plane.start_component(components.ETCD)
    control_planes.wait_for(lambda: answers(private_control_plane, f"/api/v1/namespaces/{name}"))


def test_compaction_makes_old_versions_gone(private_control_plane):
    """After a compaction and a restart of the API server, a watch from an old version answers 410."""
    client = private_control_plane.client
    old = client.get("/api/v1/configmaps")["metadata"]["resourceVersion"]
    control_planes.make_namespace(private_control_plane)
    compacted = private_control_plane.compact()
    assert compacted > int(old)
    private_control_plane.stop_component(components.API_SERVER)
    private_control_plane.start_component(components.API_SERVER)
    frames = list(client.watch(f"/api/v1/configmaps?watch=true&resourceVersion={old}&timeoutSeconds=5", 10))
    assert [(frame["type"], frame["object"]["code"]) for frame in frames] == [("ERROR", 410)]


def answers(control_plane, path):
    """Ask whether there is a good answer for *path*."""
    try:
        return control_plane.client.get(path)
    except api.ApiError:
        return False
