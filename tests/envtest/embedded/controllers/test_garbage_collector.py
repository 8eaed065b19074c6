"""Tests of the simulated garbage collector."""

import pytest

from tests.support import simulated_cluster

MAPS = "configmaps"


@pytest.fixture
def cluster():
    """A cluster."""
    return simulated_cluster.Cluster()


def reference(owner, **changes):
    """Return an owner reference to a ConfigMap."""
    own = owner["metadata"]
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": own["name"], "uid": own["uid"], **changes}


def config_map(cluster, name, *owners, **metadata):
    """Make a ConfigMap."""
    return cluster.create(MAPS, {"metadata": {"name": name, "ownerReferences": list(owners), **metadata}})


def names(cluster):
    """Return the names of the ConfigMaps that tests made."""
    return [each["metadata"]["name"] for each in cluster.list(MAPS) if each["metadata"]["name"] != "kube-root-ca.crt"]


def test_dependents_go_after_their_owner(cluster):
    """And theirs after them; whoever has another owner stays, without the reference."""
    owner = config_map(cluster, "owner")
    other = config_map(cluster, "other")
    child = config_map(cluster, "child", reference(owner))
    config_map(cluster, "grandchild", reference(child))
    config_map(cluster, "shared", reference(owner), reference(other))
    cluster.settle()
    cluster.delete(MAPS, "owner")
    cluster.settle()
    assert names(cluster) == ["other", "shared"]
    assert [each["name"] for each in cluster.find(MAPS, "shared")["metadata"]["ownerReferences"]] == ["other"]


def test_who_has_an_owner_that_never_was_goes(cluster):
    """By its uid: another object of that name is another owner."""
    owner = config_map(cluster, "owner")
    config_map(cluster, "lost", reference(owner, uid="1-2-3"))
    config_map(cluster, "kept", reference(owner))
    cluster.settle()
    assert names(cluster) == ["kept", "owner"]


def test_who_has_an_owner_of_an_unknown_kind_stays(cluster):
    """It cannot be known whether the owner is there."""
    config_map(cluster, "child", {"apiVersion": "no.such/v1", "kind": "Thing", "name": "a", "uid": "1"})
    cluster.settle(60)
    assert names(cluster) == ["child"]


def test_in_the_foreground_the_owner_goes_last(cluster):
    """As soon as no dependent is left that blocks it."""
    owner = config_map(cluster, "owner")
    config_map(cluster, "held", reference(owner, blockOwnerDeletion=True), finalizers=["a.b/c"])
    config_map(cluster, "free", reference(owner), finalizers=["a.b/c"])
    cluster.delete(MAPS, "owner", "Foreground")
    cluster.settle()
    assert names(cluster) == ["free", "held", "owner"]
    assert cluster.find(MAPS, "owner")["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert cluster.find(MAPS, "held")["metadata"]["deletionTimestamp"]
    cluster.merge(MAPS, "held", {"metadata": {"finalizers": None}})
    cluster.settle()
    assert names(cluster) == ["free"]


def test_in_the_foreground_dependents_of_dependents_go_first(cluster):
    """A Deployment, its ReplicaSet and its pods go in the opposite order of their making."""
    cluster.create("deployments.apps", simulated_cluster.deployment())
    cluster.settle()
    cluster.delete("deployments.apps", "web", "Foreground")
    cluster.settle()
    gone = {}
    for key in ("deployments.apps", "replicasets.apps", "pods"):
        assert cluster.list(key) == []
        gone[key] = max(event.revision for event in cluster.history(key) if event.type == "DELETED")
    assert gone["pods"] < gone["replicasets.apps"] < gone["deployments.apps"]


def test_orphans_stay(cluster):
    """Without the owner reference; then the owner goes."""
    owner = config_map(cluster, "owner")
    config_map(cluster, "child", reference(owner))
    cluster.delete(MAPS, "owner", "Orphan")
    cluster.settle()
    assert names(cluster) == ["child"]
    assert "ownerReferences" not in cluster.find(MAPS, "child")["metadata"]


def test_a_circle_goes(cluster):
    """Two that own each other hold each other up until one is deleted."""
    one = config_map(cluster, "one")
    two = config_map(cluster, "two", reference(one, blockOwnerDeletion=True))
    cluster.merge(MAPS, "one", {"metadata": {"ownerReferences": [reference(two, blockOwnerDeletion=True)]}})
    cluster.settle()
    assert names(cluster) == ["one", "two"]
    cluster.delete(MAPS, "one", "Foreground")
    cluster.settle()
    assert names(cluster) == []


def test_objects_of_kinds_that_are_defined_later_are_collected(cluster):
    """As those of built-in kinds."""
    names_ = {"plural": "gears", "singular": "gear", "kind": "Gear", "listKind": "GearList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "demo.test", "names": names_, "scope": "Namespaced", "versions": [version]}
    crd = "customresourcedefinitions.apiextensions.k8s.io"
    cluster.create(crd, {"metadata": {"name": "gears.demo.test"}, "spec": spec})
    cluster.settle()
    owner = cluster.create("gears.demo.test", {"apiVersion": "demo.test/v1", "kind": "Gear", "metadata": {"name": "a"}})
    config_map(cluster, "child", reference(owner, apiVersion="demo.test/v1", kind="Gear"))
    cluster.settle()
    assert names(cluster) == ["child"]
    cluster.delete("gears.demo.test", "a")
    cluster.settle()
    assert names(cluster) == []
