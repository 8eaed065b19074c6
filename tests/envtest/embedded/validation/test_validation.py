"""`envtest.embedded.validation`: what is wrong with objects of built-in kinds, here and on whole servers."""

import pytest

from envtest.embedded.api import status, store
from envtest.embedded.builtin import defaults, extract, resources, services, strategies
from envtest.embedded.validation import validation
from tests.support import control_planes, invalid_objects, manifests, plain_objects

REGISTRY = resources.Registry.built_in()
CONFLICT = 409


def resource_of(obj):
    """Return what *obj* is one of."""
    return REGISTRY.of_kind(obj["apiVersion"], obj["kind"])


def causes(obj, live=None, namespace="default"):
    """Return what ours says of *obj*, new or instead of *live*: causes, or a message if it cannot be read."""
    resource = resource_of(obj)
    try:
        read = defaults.apply(resource, obj)
        read["metadata"] = {**(live or {"metadata": {"uid": "1"}})["metadata"], **read["metadata"]}
        if resource.is_namespaced:
            read["metadata"]["namespace"] = namespace
        if resource.kind == "Service":
            read = services.allocate(store.Store(), REGISTRY, read, live, is_dry_run=True)
        prepared = strategies.prepare_update(resource, read, live) if live else strategies.prepare_create(resource, read)
        return [cause.to_json() for cause in validation.validate(resource, prepared, live)]
    except status.StatusError as error:
        return (error.details or {}).get("causes") or error.message


def theirs(code, answer):
    """Return what a server says: causes, or a message."""
    if code < 300:
        return []
    return answer["details"].get("causes", []) if code == 422 else answer["message"]


@pytest.fixture(scope="module")
def server(control_plane):
    """A client of a server, and a namespace there."""
    namespace = control_planes.make_namespace(control_plane)
    client = extract.Server(control_plane.kubeconfig)
    yield client, namespace
    client.close()
    control_planes.delete_namespace(control_plane, namespace)


HAVE_DATA = {"ConfigMap", "Secret"}
"""Kinds of which a server looks at the keys in no order."""


def put(client, path, obj):
    """Replace what is at *path* without keeping it, whoever else writes to it; return the answer and what is there."""
    while True:
        live = client.get(path)
        new = {**obj, "metadata": {**obj["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}}
        code, answer = client.request("PUT", f"{path}?dryRun=All", new)
        if code != CONFLICT:
            return code, answer, new, live


def test_new_objects_are_refused_as_servers_refuse_them(server):
    """Each cause has the same type, field and text, and they come in the same order."""
    client, _ = server
    for obj in invalid_objects.creations():
        if "name" not in obj["metadata"]:
            continue  # the name that is generated is another there
        path = extract.creation(resource_of(obj))
        found, right = causes(obj), theirs(*client.request("POST", f"{path}?dryRun=All", obj))
        if obj["kind"] in HAVE_DATA and isinstance(right, list):
            found, right = (sorted(each, key=str) for each in (found, right))
        assert found == right


def test_changes_are_refused_as_servers_refuse_them(server):
    """What may not change is named alike."""
    client, namespace = server
    for obj, change in invalid_objects.updates():
        collection = extract.creation(resource_of(obj), namespace)
        path = f"{collection}/{obj['metadata']['name']}"
        client.request("POST", collection, obj)
        code, answer, new, live = put(client, path, change)
        client.request("DELETE", path, None)
        assert causes(new, live, namespace) == theirs(code, answer)


@pytest.mark.parametrize("make", manifests.CHILDREN)
def test_good_objects_are_fine(make):
    """Nothing is wrong with what operators write."""
    obj = make()
    assert causes(obj) == []
    live = strategies.prepare_create(resource_of(obj), defaults.apply(resource_of(obj), obj))
    live["metadata"] |= {"resourceVersion": "1", "namespace": "default"}
    if obj["kind"] != "Service":
        assert causes({**obj, "metadata": {**obj["metadata"], "resourceVersion": "1"}}, live) == []


def test_all_causes_are_told_at_once():
    """In the order of the server's own checks."""
    obj = plain_objects.changed(plain_objects.deployment(), "spec|replicas", -1, "spec|template|spec|containers", [])
    assert causes(obj) == [
        {
            "reason": "FieldValueInvalid",
            "message": "Invalid value: -1: must be greater than or equal to 0",
            "field": "spec.replicas",
        },
        {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.template.spec.containers"},
    ]


def test_a_selector_may_not_change():
    """Its value is shown as the server shows it, labels before expressions."""
    live = defaults.apply(resource_of(plain_objects.deployment()), plain_objects.deployment())
    live["metadata"] |= {"resourceVersion": "1", "namespace": "default", "generation": 1}
    expressions = [{"key": "app", "operator": "Exists"}]
    obj = plain_objects.changed(live, "spec|selector|matchExpressions", expressions)
    (cause,) = causes(obj, live)
    assert (cause["field"], cause["reason"]) == ("spec.selector", "FieldValueInvalid")
    shown = '{"matchLabels":{"app":"shop"},"matchExpressions":[{"key":"app","operator":"Exists"}]}'
    assert cause["message"] == f"Invalid value: {shown}: field is immutable"


def test_a_status_is_checked_by_itself():
    """A counter may not be negative, nor above the number of replicas."""
    live = defaults.apply(resource_of(plain_objects.deployment()), plain_objects.deployment())
    live["metadata"] |= {"resourceVersion": "1", "namespace": "default"}
    obj = {**live, "status": {"replicas": 1, "readyReplicas": 2, "observedGeneration": -1}}
    found = validation.validate(resource_of(live), obj, live, "status")
    assert [cause.field for cause in found] == ["status.observedGeneration", "status.readyReplicas"]


def test_metadata_of_custom_kinds_is_checked_less():
    """Their finalizers need no domain; names and labels follow the same rules."""
    widget = resources.Resource("example.com", "v1", "widgets", "widget", "Widget", is_namespaced=True, is_custom=True)
    metadata = {"name": "a", "namespace": "default", "finalizers": ["mine"], "labels": {"a b": "c"}}
    found = validation.validate_metadata(widget, {"metadata": metadata})
    assert [cause.field for cause in found] == ["metadata.labels"]
    obj = {**plain_objects.config_map(), "metadata": {"name": "a", "finalizers": ["mine"]}}
    assert [cause["field"] for cause in causes(obj)] == ["metadata.finalizers[0]"]


def test_nothing_that_the_server_owns_may_change():
    """Not the uid, not the time of creation; and what is being deleted gets no new finalizers."""
    widget = resources.Resource("example.com", "v1", "widgets", "widget", "Widget", is_namespaced=True, is_custom=True)
    old = {"name": "a", "namespace": "default", "uid": "1", "resourceVersion": "5", "deletionTimestamp": "2026-01-01T00:00:00Z"}
    new = {**old, "uid": "2", "finalizers": ["a.b/c"]}
    found = validation.validate_metadata(widget, {"metadata": new}, {"metadata": old})
    assert {cause.field for cause in found} == {"metadata.uid", "metadata.finalizers"}
    assert found[0].message == (
        'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/c"}'
    )
