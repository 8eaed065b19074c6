"""Tests of simulated EndpointSlices and Endpoints."""

import pytest

from tests.support import simulated_cluster

SLICES = "endpointslices.discovery.k8s.io"


@pytest.fixture
def cluster():
    """A cluster in which a Deployment of two pods runs."""
    cluster = simulated_cluster.Cluster()
    cluster.create("deployments.apps", simulated_cluster.deployment())
    cluster.settle()
    return cluster


def service(cluster, **spec):
    """Make a Service for the pods."""
    spec = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}], **spec}
    made = cluster.create("services", {"metadata": {"name": "web", "labels": {"team": "a"}}, "spec": spec})
    cluster.settle()
    return made


def own(cluster):
    """Return the slices of the Service."""
    return [each for each in cluster.list(SLICES) if each["metadata"]["labels"].get("kubernetes.io/service-name") == "web"]


def addresses(cluster):
    """Return the addresses of the pods."""
    return sorted(pod["status"]["podIP"] for pod in cluster.pods_of("web"))


def test_a_service_gets_the_addresses_of_its_pods(cluster):
    """In a slice that belongs to it, and in Endpoints of its name."""
    made = service(cluster)
    [found] = own(cluster)
    assert found["metadata"]["name"].startswith("web-")
    assert found["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
    assert found["metadata"]["labels"] == {
        "team": "a",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    assert sorted(each["addresses"][0] for each in found["endpoints"]) == addresses(cluster)
    assert [each["conditions"] for each in found["endpoints"]] == [{"ready": True, "serving": True, "terminating": False}] * 2
    assert {each["nodeName"] for each in found["endpoints"]} == {"node-1", "node-2"}
    assert found["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    [subset] = cluster.find("endpoints", "web")["subsets"]
    assert [each["ip"] for each in subset["addresses"]] == addresses(cluster)


def test_pods_that_are_not_ready_are_told_apart(cluster):
    """They are in the slice, not ready, and apart in the Endpoints."""
    service(cluster)
    cluster.is_ready = lambda pod: False
    for pod in cluster.pods_of("web"):
        ready = {"type": "Ready", "status": "False", "lastProbeTime": None, "lastTransitionTime": cluster.api.now}
        others = [each for each in pod["status"]["conditions"] if each["type"] != "Ready"]
        cluster.put_status("pods", {**pod, "status": {**pod["status"], "conditions": [*others, ready]}})
    cluster.settle()
    [found] = own(cluster)
    assert [each["conditions"]["ready"] for each in found["endpoints"]] == [False, False]
    [subset] = cluster.find("endpoints", "web")["subsets"]
    assert "addresses" not in subset
    assert len(subset["notReadyAddresses"]) == 2


def test_without_pods_there_is_an_empty_slice(cluster):
    """It stays when the last pod goes, and goes with the Service."""
    service(cluster)
    name = own(cluster)[0]["metadata"]["name"]
    cluster.merge("deployments.apps", "web", {"spec": {"replicas": 0}})
    cluster.settle()
    [found] = own(cluster)
    assert (found["metadata"]["name"], found["endpoints"]) == (name, None)
    cluster.delete("services", "web")
    cluster.settle()
    assert own(cluster) == []
    assert cluster.find("endpoints", "web") is None


def test_a_port_may_be_named(cluster):
    """By the containers; a pod without such a port has no endpoint for it."""
    container = {"name": "app", "image": "i", "ports": [{"name": "web", "containerPort": 3000}]}
    cluster.create("pods", {"metadata": {"name": "a", "labels": {"app": "web"}}, "spec": {"containers": [container]}})
    service(cluster, ports=[{"port": 80, "targetPort": "web"}])
    by_port = {len(each["endpoints"]): [port["port"] for port in each["ports"] or ()] for each in own(cluster)}
    assert by_port == {1: [3000], 2: []}


def test_services_that_select_nothing_are_left_alone(cluster):
    """Somebody else tells their endpoints."""
    service(cluster, selector=None)
    assert own(cluster) == []
    assert cluster.find("endpoints", "web") is None
