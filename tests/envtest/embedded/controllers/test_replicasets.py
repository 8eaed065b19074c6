"""Tests of simulated ReplicaSets: which pods they make, adopt, let go and delete."""

import pytest

from tests.support import simulated_cluster

SETS = "replicasets.apps"


@pytest.fixture
def cluster():
    """A cluster."""
    return simulated_cluster.Cluster()


def replica_set(replicas=2, **spec):
    """Return a ReplicaSet."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": simulated_cluster.SPEC}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    return {"metadata": {"name": "web"}, "spec": spec}


def test_pods_are_made_and_counted(cluster):
    """They have the template's labels, a name from the ReplicaSet's, and it as their controller."""
    made = cluster.create(SETS, replica_set())
    cluster.settle()
    pods = cluster.pods_of("web")
    assert len(pods) == 2
    assert all(pod["metadata"]["name"].startswith("web-") for pod in pods)
    assert {pod["metadata"]["ownerReferences"][0]["uid"] for pod in pods} == {made["metadata"]["uid"]}
    assert cluster.find(SETS, "web")["status"] == {
        "replicas": 2,
        "fullyLabeledReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "terminatingReplicas": 0,
        "observedGeneration": 1,
    }
    names = [pod["metadata"]["name"] for pod in pods]
    assert sorted(cluster.events_of("ReplicaSet")) == [("SuccessfulCreate", f"Created pod: {name}") for name in sorted(names)]


def test_a_pod_that_goes_is_replaced(cluster):
    """As soon as it is being deleted, not when it is gone; until then it counts as terminating."""
    cluster.create(SETS, replica_set())
    cluster.settle()
    gone = cluster.pods_of("web")[0]["metadata"]["name"]
    cluster.delete("pods", gone)
    cluster.timers.run()
    assert cluster.find(SETS, "web")["status"]["terminatingReplicas"] == 1
    assert len(cluster.pods_of("web")) == 3
    cluster.settle()
    assert cluster.find(SETS, "web")["status"]["terminatingReplicas"] == 0
    assert gone not in [pod["metadata"]["name"] for pod in cluster.pods_of("web")]


def test_a_pod_without_a_controller_is_adopted(cluster):
    """If its labels match; one whose labels match no longer is let go and replaced."""
    cluster.create("pods", {"metadata": {"name": "alone", "labels": {"app": "web"}}, "spec": simulated_cluster.SPEC})
    made = cluster.create(SETS, replica_set())
    cluster.settle()
    assert len(cluster.pods_of("web")) == 2
    owners = cluster.find("pods", "alone")["metadata"]["ownerReferences"]
    assert [owner["uid"] for owner in owners] == [made["metadata"]["uid"]]
    cluster.merge("pods", "alone", {"metadata": {"labels": {"app": "other"}}})
    cluster.settle()
    assert "ownerReferences" not in cluster.find("pods", "alone")["metadata"]
    assert len(cluster.pods_of("web")) == 2


def test_the_least_useful_pods_go_first(cluster):
    """Those that are not ready before those that are."""
    cluster.create(SETS, replica_set(1))
    cluster.settle()
    ready = cluster.pods_of("web")[0]["metadata"]["name"]
    cluster.is_ready = lambda pod: pod["metadata"]["name"] == ready
    cluster.merge(SETS, "web", {"spec": {"replicas": 3}})
    cluster.settle()
    cluster.merge(SETS, "web", {"spec": {"replicas": 1}})
    cluster.settle()
    assert [pod["metadata"]["name"] for pod in cluster.pods_of("web")] == [ready]


def test_ready_pods_become_available_after_a_while(cluster):
    """With ``minReadySeconds``, and without anybody asking."""
    cluster.create(SETS, replica_set(1, minReadySeconds=10))
    cluster.settle()
    cluster.settle(5)
    assert cluster.find(SETS, "web")["status"]["readyReplicas"] == 1
    assert "availableReplicas" not in cluster.find(SETS, "web")["status"]
    cluster.settle(6)
    assert cluster.find(SETS, "web")["status"]["availableReplicas"] == 1
