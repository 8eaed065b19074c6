"""Tests of how simulated namespaces begin and end."""

import pytest

from envtest.embedded.api import status
from tests.support import simulated_cluster

GOOD = {
    "NamespaceDeletionDiscoveryFailure": "ResourcesDiscovered",
    "NamespaceDeletionGroupVersionParsingFailure": "ParsedGroupVersions",
    "NamespaceDeletionContentFailure": "ContentDeleted",
    "NamespaceContentRemaining": "ContentRemoved",
    "NamespaceFinalizersRemaining": "ContentHasNoFinalizers",
}


@pytest.fixture
def cluster():
    """A cluster with a namespace of a team."""
    cluster = simulated_cluster.Cluster()
    cluster.create("namespaces", {"metadata": {"name": "team"}})
    cluster.settle()
    return cluster


def conditions(cluster):
    """Return the reason of each condition of the team's namespace."""
    return {each["type"]: each["reason"] for each in cluster.find("namespaces", "team")["status"]["conditions"]}


def test_a_namespace_gets_an_account_and_the_certificate(cluster):
    """They come back when they are deleted or changed."""
    assert cluster.find("serviceaccounts", "default", "team")
    assert cluster.find("configmaps", "kube-root-ca.crt", "team")["data"] == {"ca.crt": "PEM"}
    cluster.delete("serviceaccounts", "default", namespace="team")
    cluster.merge("configmaps", "kube-root-ca.crt", {"data": {"ca.crt": "other"}}, "team")
    cluster.settle()
    assert cluster.find("serviceaccounts", "default", "team")
    assert cluster.find("configmaps", "kube-root-ca.crt", "team")["data"] == {"ca.crt": "PEM"}


def test_a_namespace_goes_with_all_that_is_in_it(cluster):
    """Pods first; nothing can be made in it meanwhile."""
    cluster.create("deployments.apps", simulated_cluster.deployment(), "team")
    cluster.settle()
    cluster.delete("namespaces", "team")
    cluster.timers.run()
    assert cluster.list("pods", "team")
    assert cluster.list("configmaps", "team")
    with pytest.raises(status.StatusError, match="because it is being terminated"):
        cluster.create("configmaps", {"metadata": {"name": "late"}}, "team")
    cluster.settle()
    assert cluster.find("namespaces", "team") is None
    for key in ("pods", "replicasets.apps", "deployments.apps", "configmaps", "serviceaccounts", "events"):
        assert cluster.list(key, "team") == []


def test_what_holds_a_namespace_is_told(cluster):
    """Which kinds and which finalizers; it goes with the last of them."""
    cluster.create("configmaps", {"metadata": {"name": "held", "finalizers": ["a.b/c"]}}, "team")
    cluster.delete("namespaces", "team")
    cluster.settle()
    found = cluster.find("namespaces", "team")
    assert found["status"]["phase"] == "Terminating"
    expected = {
        **GOOD,
        "NamespaceContentRemaining": "SomeResourcesRemain",
        "NamespaceFinalizersRemaining": "SomeFinalizersRemain",
    }
    assert conditions(cluster) == expected
    messages = {each["message"] for each in found["status"]["conditions"]}
    assert "Some resources are remaining: configmaps. has 1 resource instances" in messages
    assert "Some content in the namespace has finalizers remaining: a.b/c in 1 resource instances" in messages
    cluster.merge("configmaps", "held", {"metadata": {"finalizers": None}}, "team")
    cluster.settle()
    assert cluster.find("namespaces", "team") is None


def test_a_finalizer_of_its_own_holds_a_namespace(cluster):
    """All is gone, and the conditions say so."""
    cluster.merge("namespaces", "team", {"metadata": {"finalizers": ["a.b/c"]}})
    cluster.delete("namespaces", "team")
    cluster.settle()
    assert conditions(cluster) == GOOD
    assert cluster.list("configmaps", "team") == []
    cluster.merge("namespaces", "team", {"metadata": {"finalizers": None}})
    cluster.settle()
    assert cluster.find("namespaces", "team") is None
