"""Tests of the simulated scheduler."""

import pytest

from tests.support import simulated_cluster


@pytest.fixture
def cluster():
    """A cluster."""
    return simulated_cluster.Cluster()


def pod(cluster, name="a", **spec):
    """Make a pod."""
    cluster.create("pods", {"metadata": {"name": name}, "spec": {**simulated_cluster.SPEC, **spec}})
    cluster.settle()


def scheduled(cluster, name="a"):
    """Return the condition that says whether a pod has a node."""
    conditions = cluster.find("pods", name)["status"]["conditions"]
    return next(each for each in conditions if each["type"] == "PodScheduled")


def test_pods_are_spread_over_nodes(cluster):
    """Each goes where the fewest are."""
    for name in "abcd":
        pod(cluster, name)
    nodes = sorted(each["spec"]["nodeName"] for each in cluster.list("pods"))
    assert nodes == ["node-1", "node-1", "node-2", "node-2"]
    assert scheduled(cluster)["status"] == "True"
    assert ("Scheduled", "Successfully assigned default/a to node-1") in cluster.events_of("Pod")


@pytest.mark.parametrize(
    ("spec", "reason", "preemption"),
    [
        ({"nodeSelector": {"no": "such"}}, "node(s) didn't match Pod's node affinity/selector", "is not helpful for scheduling"),
        (
            {"containers": [{"name": "app", "image": "i", "resources": {"requests": {"cpu": "11"}}}]},
            "Insufficient cpu",
            "victims",
        ),
    ],
)
def test_a_pod_that_no_node_suits_waits(cluster, spec, reason, preemption):
    """The condition and an event say why, once."""
    pod(cluster, **spec)
    cluster.settle(60)
    found = scheduled(cluster)
    assert (found["status"], found["reason"]) == ("False", "Unschedulable")
    assert found["message"].startswith(
        f"0/2 nodes are available: 2 {reason}. no new claims to deallocate, preemption: 0/2 nodes are available: 2 "
    )
    assert preemption in found["message"]
    assert cluster.events_of("Pod") == [("FailedScheduling", found["message"])]


def test_a_pod_that_waits_takes_the_first_node_that_suits(cluster):
    """When one comes, or is changed."""
    pod(cluster, nodeSelector={"disk": "fast"})
    cluster.merge("nodes", "node-2", {"metadata": {"labels": {"disk": "fast"}}})
    cluster.settle()
    assert cluster.find("pods", "a")["spec"]["nodeName"] == "node-2"
    assert scheduled(cluster)["status"] == "True"


def test_a_pod_that_waits_takes_what_others_leave(cluster):
    """As soon as they have gone."""
    big = [{"name": "app", "image": "i", "resources": {"requests": {"cpu": "9"}}}]
    for name in "abc":
        pod(cluster, name, containers=big)
    assert "nodeName" not in cluster.find("pods", "c")["spec"]
    cluster.delete("pods", "a")
    cluster.settle()
    assert cluster.find("pods", "c")["spec"]["nodeName"] == "node-1"


def test_taints_and_cordons_keep_pods_away(cluster):
    """Unless they tolerate them."""
    cluster.merge("nodes", "node-1", {"spec": {"taints": [{"key": "gpu", "effect": "NoSchedule"}]}})
    cluster.merge("nodes", "node-2", {"spec": {"unschedulable": True}})
    pod(cluster, "a")
    assert "1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. " in scheduled(cluster)["message"]
    pod(cluster, "b", tolerations=[{"key": "gpu", "operator": "Exists"}])
    assert cluster.find("pods", "b")["spec"]["nodeName"] == "node-1"


def test_without_nodes_pods_wait():
    """The condition says that there are none."""
    cluster = simulated_cluster.Cluster(nodes=0)
    pod(cluster)
    assert scheduled(cluster)["message"] == "no nodes available to schedule pods"


def test_pods_of_other_schedulers_are_left_alone(cluster):
    """And those with gates."""
    pod(cluster, "a", schedulerName="other")
    pod(cluster, "b", schedulingGates=[{"name": "wait"}])
    assert all("nodeName" not in each["spec"] for each in cluster.list("pods"))
