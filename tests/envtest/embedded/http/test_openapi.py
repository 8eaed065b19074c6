"""The documents that kubectl looks into."""

import dataclasses
import json

from envtest.embedded.builtin import resources
from envtest.embedded.http import openapi


def documents(registry=None):
    """Return all documents."""
    return openapi.Documents(registry or resources.Registry.built_in(), "1.36.3")


def read(found, path):
    """Return a document, decoded."""
    return json.loads(found.find(path))


def test_the_index_names_a_document_for_each_version():
    """With a hash that changes with it, because clients keep documents on disk."""
    registry = resources.Registry.built_in()
    found = documents(registry)
    before = read(found, "/openapi/v3")["paths"]
    assert before["apis/apps/v1"]["serverRelativeURL"].startswith("/openapi/v3/apis/apps/v1?hash=")
    deployments = registry.find("apps", "v1", "deployments")
    registry.add(dataclasses.replace(deployments, group="example.com", plural="gadgets", kind="Gadget", is_custom=True))
    after = read(found, "/openapi/v3")["paths"]
    assert set(after) - set(before) == {"apis/example.com/v1"}
    registry.add(dataclasses.replace(deployments, group="example.com", plural="widgets", kind="Widget", is_custom=True))
    assert read(found, "/openapi/v3")["paths"]["apis/example.com/v1"] != after["apis/example.com/v1"]


def test_a_document_has_the_types_of_its_kinds_and_all_that_they_refer_to():
    """With what merges lists."""
    schemas = read(documents(), "/openapi/v3/apis/apps/v1")["components"]["schemas"]
    pods = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert pods["x-kubernetes-patch-merge-key"] == "name"
    assert "io.k8s.api.core.v1.Secret" not in schemas


def test_a_document_says_that_a_patch_can_be_validated():
    """Which is what kubectl looks for before it validates on its own."""
    paths = read(documents(), "/openapi/v3/apis/apps/v1")["paths"]
    patch = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in {parameter["name"] for parameter in patch["parameters"]}
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}


def test_other_paths_lead_nowhere():
    """Nothing is there."""
    assert documents().find("/openapi/v3/apis/nope/v1") is None
    assert documents().find("/nope") is None
