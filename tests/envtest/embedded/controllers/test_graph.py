"""Tests of who belongs to whom."""

import pytest

from envtest.embedded.controllers import graph
from tests.support import simulated_cluster


@pytest.fixture
def cluster():
    """A cluster."""
    return simulated_cluster.Cluster()


@pytest.fixture
def followed(cluster):
    """Its graph, as another follower sees it."""
    found = graph.Graph(cluster.api, cluster.timers)
    found.start()
    return found


def config_map(cluster, name, owner=None, **reference):
    """Make a ConfigMap."""
    owners = []
    if owner:
        own = owner["metadata"]
        owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": own["name"], "uid": own["uid"], **reference}]
    return cluster.create("configmaps", {"metadata": {"name": name, "ownerReferences": owners}})


def test_dependents_are_found_by_their_owners_uid(cluster, followed):
    """Those that are controlled apart, as long as the reference is there."""
    owner = config_map(cluster, "owner")
    child = config_map(cluster, "child", owner)
    mine = config_map(cluster, "mine", owner, controller=True)
    uid = owner["metadata"]["uid"]
    assert [each.object for each in followed.dependents(uid)] == [child, mine]
    assert followed.controlled(uid, "configmaps") == [mine]
    cluster.merge("configmaps", "mine", {"metadata": {"ownerReferences": None}})
    cluster.delete("configmaps", "child")
    assert followed.dependents(uid) == []


def test_orphans_are_pods_without_a_controller(cluster, followed):
    """Until they get one."""
    cluster.create("pods", {"metadata": {"name": "a"}, "spec": simulated_cluster.SPEC})
    assert [pod["metadata"]["name"] for pod in followed.orphans("pods", "default")] == ["a"]
    assert followed.orphans("pods", "kube-system") == []
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1", "controller": True}
    cluster.merge("pods", "a", {"metadata": {"ownerReferences": [owner]}})
    assert followed.orphans("pods", "default") == []


def test_what_was_there_before_is_known(cluster, followed):
    """A graph that starts late tells its listeners of everything that is there."""
    node = cluster.find("nodes", "node-1")
    assert followed.node(node["metadata"]["uid"]).object == node
    followed.stop()
    cluster.create("configmaps", {"metadata": {"name": "later"}})
    assert followed.node(cluster.find("configmaps", "later")["metadata"]["uid"]) is None


def test_listeners_hear_of_a_change_after_the_writer_has_gone_on(cluster, followed):
    """In the next turn, in the order of the changes; the graph itself knows at once."""
    heard = []
    cluster.timers.run()
    followed.listeners.append(lambda key, event: heard.append((key, event.type, event.object["metadata"]["name"])))
    made = config_map(cluster, "a")
    cluster.merge("configmaps", "a", {"data": {"x": "y"}})
    assert heard == []
    assert followed.node(made["metadata"]["uid"]).object["data"] == {"x": "y"}
    cluster.timers.run()
    assert heard == [("configmaps", "ADDED", "a"), ("configmaps", "MODIFIED", "a")]
