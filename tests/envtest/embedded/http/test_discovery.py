"""What the server says of itself."""

import dataclasses

import pytest

from envtest.embedded.builtin import resources
from envtest.embedded.http import aggregation, discovery

REGISTRY = resources.Registry.built_in()
METRICS = aggregation.Group("metrics.k8s.io", "v1beta1", lambda *_: {})


def find(path, registry=REGISTRY):
    """Return the document at *path*."""
    return discovery.document(discovery.Facts(registry, "1.36.3", [METRICS]), path)


def test_the_version_is_that_of_kubernetes():
    """As clients read it."""
    assert (find("/version")["gitVersion"], find("/version")["minor"]) == ("v1.36.3", "36")


def test_groups_are_listed_with_their_versions_the_preferred_first():
    """Those that somebody else answers, too."""
    groups = {group["name"]: group for group in find("/apis")["groups"]}
    assert groups["autoscaling"]["preferredVersion"]["groupVersion"] == "autoscaling/v2"
    assert "" not in groups
    assert "metrics.k8s.io" in groups
    assert find("/apis/apps") == {**groups["apps"], "kind": "APIGroup", "apiVersion": "v1"}


def test_resources_are_listed_with_their_subresources():
    """As extracted from a real server."""
    entries = {entry["name"]: entry for entry in find("/apis/apps/v1")["resources"]}
    assert entries["deployments"]["shortNames"] == ["deploy"]
    assert entries["deployments/scale"]["kind"] == "Scale"
    assert "pods" in {entry["name"] for entry in find("/api/v1")["resources"]}


def test_a_custom_kind_is_listed_while_it_is_served():
    """With the subresources of its definition."""
    registry = resources.Registry.built_in()
    deployments = registry.find("apps", "v1", "deployments")
    parts = frozenset(("status", "scale"))
    registry.add(dataclasses.replace(deployments, group="example.com", plural="gadgets", is_custom=True, subresources=parts))
    names = [entry["name"] for entry in find("/apis/example.com/v1", registry)["resources"]]
    assert names == ["gadgets", "gadgets/status", "gadgets/scale"]
    registry.remove("example.com", "v1", "gadgets")
    assert find("/apis/example.com/v1", registry) is None


@pytest.mark.parametrize("path", ["/apis/nope", "/apis/apps/v9", "/nope", "/api/v2"])
def test_other_paths_lead_nowhere(path):
    """Nothing is there."""
    assert find(path) is None


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/readyz/ping"])
def test_the_server_is_healthy(path):
    """Whichever way it is asked."""
    assert discovery.health(path) == "ok"
    assert discovery.health("/nope") is None


def test_an_aggregated_group_answers_below_its_path():
    """And says of itself what discovery wants."""
    group = aggregation.Group("example.com", "v1", lambda method, target, body: {"said": [method, target, body]})
    assert group.find("PUT", "/apis/example.com/v1/things?x=y", b"{}") == {
        "said": ["PUT", "/apis/example.com/v1/things?x=y", b"{}"]
    }
    assert group.find("GET", "/apis/example.com", b"")["kind"] == "APIGroup"
    assert group.find("GET", "/apis/example.com/v10/things", b"") is None
