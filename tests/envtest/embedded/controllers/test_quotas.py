"""Tests of simulated ResourceQuotas: what is counted, and what is refused."""

import pytest

from envtest.embedded.api import requests, status
from tests.support import simulated_cluster

QUOTAS = "resourcequotas"
SPEC = simulated_cluster.SPEC


@pytest.fixture
def cluster():
    """A cluster."""
    return simulated_cluster.Cluster()


def quota(cluster, name="msd-quota", **spec):
    """Make a quota."""
    cluster.create(QUOTAS, {"metadata": {"name": name}, "spec": spec})
    cluster.settle()


def used(cluster, name="msd-quota"):
    """Return what is used."""
    return cluster.find(QUOTAS, name)["status"]["used"]


def pod(name, **resources):
    """Return a pod."""
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "app", "image": "i", "resources": resources}]}}


def refusal(cluster, key, obj):
    """Return how the creation of an object is refused."""
    with pytest.raises(status.StatusError) as error:
        cluster.create(key, obj)
    assert (error.value.code, error.value.reason) == (403, "Forbidden")
    return str(error.value)


def test_what_is_there_is_counted(cluster):
    """Amounts and objects, of whatever the quota limits, in the server's notation."""
    cluster.create("pods", pod("a", requests={"cpu": "1500m", "memory": "1Gi"}, limits={"cpu": "2"}))
    cluster.create("pods", pod("b", requests={"cpu": "500m", "memory": "512Mi"}))
    cluster.create("services", {"metadata": {"name": "a"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}})
    hard = {"requests.cpu": "10", "requests.memory": "8Gi", "limits.cpu": "10", "pods": "10"}
    counted = {"services": "5", "services.nodeports": "2", "count/deployments.apps": "3", "secrets": "1", "no.such/thing": "1"}
    quota(cluster, hard=hard | counted)
    assert used(cluster) == {
        "requests.cpu": "2",
        "requests.memory": "1536Mi",
        "limits.cpu": "2",
        "pods": "2",
        "services": "2",  # with the API's own
        "services.nodeports": "1",
        "count/deployments.apps": "0",
        "secrets": "0",
    }
    assert cluster.find(QUOTAS, "msd-quota")["status"]["hard"] == hard | counted


def test_too_much_is_refused(cluster):
    """With what was asked for, what is used and what is allowed; the use stays as it was."""
    quota(cluster, hard={"requests.cpu": "1", "pods": "5"})
    cluster.create("pods", pod("a", requests={"cpu": "600m"}))
    said = refusal(cluster, "pods", pod("b", requests={"cpu": "500m"}))
    numbers = "requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1"
    assert said == f'pods "b" is forbidden: exceeded quota: msd-quota, {numbers}'
    assert used(cluster) == {"requests.cpu": "600m", "pods": "1"}


def test_several_amounts_are_told_together(cluster):
    """In the order of their names."""
    quota(cluster, hard={"pods": "0", "requests.memory": "1Gi", "requests.cpu": "1"})
    said = refusal(cluster, "pods", pod("a", requests={"cpu": "2", "memory": "1Gi"}))
    assert said.endswith("requested: pods=1,requests.cpu=2, used: pods=0,requests.cpu=0, limited: pods=0,requests.cpu=1")


def test_containers_must_say_what_they_take(cluster):
    """If the quota limits it, and only of CPU and memory."""
    quota(cluster, hard={"requests.cpu": "1", "limits.memory": "1Gi", "requests.ephemeral-storage": "1Gi"})
    assert refusal(cluster, "pods", pod("a", requests={"cpu": "1"})).endswith(
        "failed quota: msd-quota: must specify limits.memory for: app"
    )


def test_a_quota_that_was_not_counted_yet_lets_nothing_pass(cluster):
    """Nobody knows what is used."""
    cluster.create(QUOTAS, {"metadata": {"name": "new"}, "spec": {"hard": {"pods": "1"}}})
    cluster.create("pods", pod("before"))
    cluster.timers.run()
    cluster.merge(QUOTAS, "new", {"spec": {"hard": {"configmaps": "1"}}})
    assert cluster.find(QUOTAS, "new")["status"]["hard"] == {"pods": "1"}
    state = {**cluster.find(QUOTAS, "new"), "status": {"hard": {"pods": "5", "configmaps": "1"}, "used": {"pods": "1"}}}
    cluster.put_status(QUOTAS, state)
    said = refusal(cluster, "configmaps", {"metadata": {"name": "a"}})
    assert said.endswith("status unknown for quota: new, resources: configmaps")


def test_what_goes_is_given_back(cluster):
    """When a pod is gone, or has ended."""
    quota(cluster, hard={"requests.cpu": "1"})
    for name in ("a", "b"):
        cluster.create("pods", pod(name, requests={"cpu": "500m"}))
    cluster.settle()
    cluster.delete("pods", "a")
    cluster.settle()
    assert used(cluster) == {"requests.cpu": "500m"}
    ended = cluster.find("pods", "b")
    cluster.put_status("pods", {**ended, "status": {**ended["status"], "phase": "Succeeded"}})
    cluster.settle()
    assert used(cluster) == {"requests.cpu": "0"}


def test_a_trial_uses_nothing(cluster):
    """A dry run is refused as the write would be, and is not counted."""
    quota(cluster, hard={"configmaps": "2"})
    resource = cluster.api.registry.find("", "v1", "configmaps")
    target, trial = requests.Target(resource, "default"), requests.Options("test", dry_run=True)
    cluster.api.create(target, {"metadata": {"name": "a"}}, trial)
    assert used(cluster) == {"configmaps": "1"}
    cluster.create("configmaps", {"metadata": {"name": "a"}})
    with pytest.raises(status.StatusError, match="exceeded quota"):
        cluster.api.create(target, {"metadata": {"name": "b"}}, trial)


def test_a_service_may_come_to_use_more(cluster):
    """When its type changes."""
    quota(cluster, hard={"services": "5", "services.nodeports": "0"})
    cluster.create("services", {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}})
    with pytest.raises(status.StatusError, match=r"exceeded quota: .*services.nodeports=1"):
        cluster.merge("services", "a", {"spec": {"type": "NodePort"}})


@pytest.mark.parametrize(
    ("scopes", "counted"),
    [
        (["BestEffort"], ["idle"]),
        (["NotBestEffort"], ["busy", "brief"]),
        (["Terminating"], ["brief"]),
        (["NotTerminating", "NotBestEffort"], ["busy"]),
    ],
)
def test_a_quota_may_be_about_some_pods(cluster, scopes, counted):
    """Those in all of its scopes."""
    pods = [pod("idle"), pod("busy", requests={"cpu": "1"}), pod("brief", requests={"cpu": "1"})]
    pods[2]["spec"]["activeDeadlineSeconds"] = 60
    for each in pods:
        cluster.create("pods", each)
    quota(cluster, hard={"pods": "10"}, scopes=scopes)
    assert used(cluster) == {"pods": str(len(counted))}
