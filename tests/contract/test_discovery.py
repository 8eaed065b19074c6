"""Contract: versions, groups, resources, health, and the documents that describe the types."""

import pytest


def test_the_version_is_kubernetes(server):
    """/version names a release of Kubernetes in the form that clients parse."""
    body = server.send("GET", "/version").body
    assert (body["major"], body["minor"], body["gitVersion"].rpartition(".")[0]) == ("1", "36", "v1.36")


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health_is_ok(server, path):
    """The health paths answer ok as text."""
    answer = server.send("GET", path)
    assert (answer.status, answer.body) == (200, {"text": "ok"})


def test_the_core_versions(server):
    """/api lists v1."""
    body = server.send("GET", "/api").body
    assert (body["kind"], body["versions"]) == ("APIVersions", ["v1"])


def test_the_groups(server):
    """/apis lists the groups with their preferred version, custom ones too."""
    body = server.send("GET", "/apis").body
    groups = {group["name"]: group["preferredVersion"]["groupVersion"] for group in body["groups"]}
    assert (body["kind"], body["apiVersion"]) == ("APIGroupList", "v1")
    expected = {
        "apps": "apps/v1",
        "batch": "batch/v1",
        "autoscaling": "autoscaling/v2",
        "policy": "policy/v1",
        "networking.k8s.io": "networking.k8s.io/v1",
        "discovery.k8s.io": "discovery.k8s.io/v1",
        "coordination.k8s.io": "coordination.k8s.io/v1",
        "events.k8s.io": "events.k8s.io/v1",
        "rbac.authorization.k8s.io": "rbac.authorization.k8s.io/v1",
        "storage.k8s.io": "storage.k8s.io/v1",
        "apiextensions.k8s.io": "apiextensions.k8s.io/v1",
        "custom.ops": "custom.ops/v1",
    }
    assert expected.items() <= groups.items()


def test_one_group(server):
    """/apis/GROUP describes the group."""
    version = {"groupVersion": "coordination.k8s.io/v1", "version": "v1"}
    assert server.send("GET", "/apis/coordination.k8s.io").body == {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": "coordination.k8s.io",
        "versions": [version],
        "preferredVersion": version,
    }


def entries(server, path):
    """Return the resources of a version by name, without the hash of the storage version."""
    answer = server.send("GET", path)
    assert (answer.status, answer.body["kind"]) == (200, "APIResourceList")
    return {
        entry.pop("name"): {key: entry[key] for key in entry if key != "storageVersionHash"} for entry in answer.body["resources"]
    }


VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def test_core_resources_are_described(server):
    """Names, short names, scope, categories and verbs of core kinds."""
    found = entries(server, "/api/v1")
    assert found["configmaps"] == {
        "singularName": "configmap",
        "namespaced": True,
        "kind": "ConfigMap",
        "verbs": VERBS,
        "shortNames": ["cm"],
    }
    assert found["services"]["shortNames"] == ["svc"]
    assert found["services"]["categories"] == ["all"]
    assert found["nodes"]["namespaced"] is False
    assert found["namespaces"]["verbs"] == ["create", "delete", "get", "list", "patch", "update", "watch"]


def test_subresources_are_described(server):
    """Status and scale have entries with their own kind and verbs."""
    found = entries(server, "/apis/apps/v1")
    verbs = ["get", "patch", "update"]
    assert found["deployments/status"] == {"singularName": "", "namespaced": True, "kind": "Deployment", "verbs": verbs}
    scale = {"singularName": "", "namespaced": True, "group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": verbs}
    assert found["deployments/scale"] == scale
    assert found["deployments"]["shortNames"] == ["deploy"]


def test_custom_resources_are_described(server):
    """A CustomResourceDefinition's names, status and scale are in discovery."""
    found = entries(server, "/apis/custom.ops/v1")
    verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
    assert found["microservicedeploys"] == {
        "singularName": "microservicedeploy",
        "namespaced": True,
        "kind": "MicroServiceDeploy",
        "verbs": verbs,
        "shortNames": ["msd"],
        "categories": ["coxswain"],
    }
    assert found["microservicedeploys/status"]["verbs"] == ["get", "patch", "update"]
    assert found["microservicedeploys/scale"]["kind"] == "Scale"


def test_an_unknown_group_is_not_found(server):
    """A group or version that nobody serves is 404 as text."""
    for path in ("/apis/none.example.com", "/apis/none.example.com/v1", "/nowhere"):
        answer = server.send("GET", path)
        assert (answer.status, answer.body) == (404, {"text": "404 page not found\n"})


def test_the_types_are_described(server):
    """/openapi/v3 lists a document for each version, and a document describes a kind's fields."""
    paths = server.send("GET", "/openapi/v3").body["paths"]
    assert {"api/v1", "apis/apps/v1", "apis/custom.ops/v1"} <= set(paths)
    document = server.send("GET", paths["apis/apps/v1"]["serverRelativeURL"]).body
    assert document["openapi"].startswith("3.")
    kinds = [
        item["kind"]
        for schema in document["components"]["schemas"].values()
        for item in schema.get("x-kubernetes-group-version-kind", ())
        if item["group"] == "apps"
    ]
    assert {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"} <= set(kinds)
