"""Tests of what new pods get."""

import pytest

from envtest.embedded.api import status
from tests.support import simulated_cluster

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture
def cluster():
    """A cluster."""
    return simulated_cluster.Cluster()


def pod(cluster, **spec):
    """Make a pod and return its spec."""
    containers = [{"name": "app", "image": "i"}]
    return cluster.create("pods", {"metadata": {"name": "a"}, "spec": {"containers": containers, **spec}})["spec"]


def test_a_pod_gets_the_default_account_and_its_token(cluster):
    """In a volume that all containers mount, unless something is mounted there already."""
    mount = {"name": "own", "mountPath": TOKEN}
    own = {"name": "b", "image": "i", "volumeMounts": [mount]}
    volume = {"name": "own", "emptyDir": {}}
    spec = pod(cluster, containers=[{"name": "app", "image": "i"}, own], volumes=[volume])
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    [_, token] = spec["volumes"]
    assert token["name"].startswith("kube-api-access-")
    kinds = [kind for source in token["projected"]["sources"] for kind in source]
    assert kinds == ["serviceAccountToken", "configMap", "downwardAPI"]
    mounted = {"name": token["name"], "mountPath": TOKEN, "readOnly": True}
    assert spec["containers"][0]["volumeMounts"] == [mounted]
    assert spec["containers"][1]["volumeMounts"] == [mount]


def test_a_pod_may_do_without_a_token(cluster):
    """If it or its account says so."""
    assert "volumes" not in pod(cluster, automountServiceAccountToken=False)
    cluster.create("serviceaccounts", {"metadata": {"name": "mute"}, "automountServiceAccountToken": False})
    cluster.delete("pods", "a")
    cluster.settle()
    assert "volumes" not in pod(cluster, serviceAccountName="mute")


def test_an_account_must_be_there(cluster):
    """Otherwise the pod is refused."""
    said = 'pods "a" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found'
    with pytest.raises(status.StatusError) as error:
        pod(cluster, serviceAccountName="nobody")
    assert str(error.value) == said


def test_a_pod_tolerates_nodes_that_fail_for_five_minutes(cluster):
    """Unless it says something else."""
    own = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    tolerations = pod(cluster, tolerations=[own])["tolerations"]
    assert [(each["key"].rpartition("/")[2], each["tolerationSeconds"]) for each in tolerations] == [
        ("not-ready", 5),
        ("unreachable", 300),
    ]


def test_a_pod_gets_the_priority_of_its_class(cluster):
    """None has zero; a class that is not there, or another number, is refused."""
    cluster.create("priorityclasses.scheduling.k8s.io", {"metadata": {"name": "high"}, "value": 7})
    assert pod(cluster, priorityClassName="high")["priority"] == 7
    cluster.delete("pods", "a")
    cluster.settle()
    found = pod(cluster)
    assert (found["priority"], found["preemptionPolicy"]) == (0, "PreemptLowerPriority")
    with pytest.raises(status.StatusError, match="no PriorityClass with name low was found"):
        pod(cluster, priorityClassName="low")
    with pytest.raises(status.StatusError, match=r"the integer value of priority \(5\) must not be provided in pod spec"):
        pod(cluster, priority=5)
