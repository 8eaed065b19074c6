"""The live client, against a scripted API: what it sends, tells and raises."""

import json
import traceback

import pytest

from controller.client import interfaces, live, restmapper
from informers import errors, objects
from tests.support import http_server

CONFIG_MAP = objects.GroupVersionKind("", "v1", "ConfigMap")
KEY = objects.ObjectKey("n", "c")
PATH = "/api/v1/namespaces/n/configmaps/c"
MANIFEST = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "n", "name": "c"}, "data": {"a": "1"}}
STORED = {**MANIFEST, "metadata": {**MANIFEST["metadata"], "uid": "u", "resourceVersion": "7", "labels": {"x": "y"}}}
WRITTEN = interfaces.Write(CONFIG_MAP, KEY, "u", "7", labels={"x": "y"})


@pytest.fixture
def writes():
    """What the observer was told."""
    return []


@pytest.fixture
def client(api, connect, writes):
    """A client of the scripted API."""
    connected = connect(api.server)
    return live.LiveClient(connected, restmapper.RESTMapper(connected), writes.append, field_manager="me")


def sent(api):
    """The last request: method, path with query, content type, and body."""
    received = api.requests[-1]
    return received.method, received.path, received.headers.get("content-type"), json.loads(received.body)


def test_get(client, api, writes):
    """An object is what the server says, with all its fields."""
    api.plan(f"GET {PATH}", STORED)
    assert client.get(CONFIG_MAP, KEY) == STORED
    assert writes == []


def test_list_is_paged(client, api):
    """Pages of 500 follow each other; items get the kind that lists leave out."""
    item = {"metadata": {"name": "c"}}
    api.plan(
        "GET /api/v1/configmaps",
        {"metadata": {"continue": "t/1"}, "items": [item]},
        {"metadata": {"continue": "t/2"}, "items": None},
        {"metadata": {}, "items": [item]},
    )
    assert client.list(CONFIG_MAP) == [{"apiVersion": "v1", "kind": "ConfigMap", **item}] * 2
    assert [received.path.partition("?")[2] for received in api.requests] == [
        "limit=500",
        "limit=500&continue=t%2F1",
        "limit=500&continue=t%2F2",
    ]


def test_list_of_a_namespace_by_labels(client, api):
    """Namespace and labels are the server's affair."""
    api.plan("GET /api/v1/namespaces/n/configmaps", {"metadata": {}, "items": []})
    assert client.list(CONFIG_MAP, namespace="n", labels={"a": "b", "example.com/c": "d"}) == []
    assert "labelSelector=a%3Db%2Cexample.com%2Fc%3Dd" in api.requests[0].path


def test_list_whose_token_is_too_old_begins_again_at_once(client, api):
    """A 410 on a later page is answered by asking for all."""
    one, two = {"metadata": {"name": "1"}}, {"metadata": {"name": "2"}}
    api.plan(
        "GET /api/v1/configmaps",
        {"metadata": {"continue": "t"}, "items": [one]},
        http_server.status(410, "Expired"),
        {"metadata": {}, "items": [one, two]},
    )
    assert [each["metadata"]["name"] for each in client.list(CONFIG_MAP, labels={"a": "b"})] == ["1", "2"]
    assert api.requests[-1].path == "/api/v1/configmaps?labelSelector=a%3Db"


def test_apply(client, api, writes):
    """An apply names its manager, is strict, and tells the observer of the version that it made."""
    api.plan(f"PATCH {PATH}", STORED)
    assert client.apply(MANIFEST, interfaces.ApplyOptions("mine", force=True)) == STORED
    path = f"{PATH}?fieldManager=mine&force=true&fieldValidation=Strict"
    assert sent(api) == ("PATCH", path, "application/apply-patch+yaml", MANIFEST)
    assert writes == [WRITTEN]


def test_apply_of_a_subresource(client, api):
    """Without force unless it is asked for."""
    api.plan(f"PATCH {PATH}/status", STORED)
    client.apply(MANIFEST, interfaces.ApplyOptions("mine", subresource="status"))
    assert sent(api)[1] == f"{PATH}/status?fieldManager=mine&force=false&fieldValidation=Strict"


def test_create(client, api, writes):
    """A creation goes to the collection, in the client's own name."""
    api.plan("POST /api/v1/namespaces/n/configmaps", STORED)
    assert client.create(MANIFEST) == STORED
    path = "/api/v1/namespaces/n/configmaps?fieldManager=me&fieldValidation=Strict"
    assert sent(api) == ("POST", path, "application/json", MANIFEST)
    assert writes == [WRITTEN]


def test_merge_patch(client, api, writes):
    """A merge patch sends what is given."""
    api.plan(f"PATCH {PATH}", STORED)
    client.merge_patch(CONFIG_MAP, KEY, {"data": None})
    path = f"{PATH}?fieldManager=me&fieldValidation=Strict"
    assert sent(api) == ("PATCH", path, "application/merge-patch+json", {"data": None})
    assert writes == [WRITTEN]


def test_patch_series(client, api):
    """The recorder's call patches one field of an Event."""
    api.plan("PATCH /apis/events.k8s.io/v1/namespaces/n/events/e", STORED)
    client.patch_series(objects.ObjectKey("n", "e"), {"count": 2})
    assert sent(api)[3] == {"series": {"count": 2}}


def test_delete_that_removes(client, api, writes):
    """A Status says that it is gone at once; the observer learns the uid."""
    api.plan(f"DELETE {PATH}", {"kind": "Status", "status": "Success", "details": {"uid": "u"}})
    client.delete(CONFIG_MAP, KEY)
    assert sent(api)[3] == {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    assert writes == [interfaces.Write(CONFIG_MAP, KEY, "u", "", deleted=True)]


def test_delete_that_marks(client, api, writes):
    """The object itself says that it lives on; the observer learns the version that marked it."""
    api.plan(f"DELETE {PATH}", STORED)
    client.delete(CONFIG_MAP, KEY, interfaces.Preconditions("u", "6"), propagation_policy="Foreground")
    assert sent(api)[3]["preconditions"] == {"uid": "u", "resourceVersion": "6"}
    assert sent(api)[3]["propagationPolicy"] == "Foreground"
    assert writes == [interfaces.Write(CONFIG_MAP, KEY, "u", "7", deleted=True, labels={"x": "y"})]


@pytest.mark.parametrize("name", ["", ".."])
def test_nothing_is_sent_for_a_name_that_means_more(client, api, name):
    """Deleting "" would delete all."""
    with pytest.raises(ValueError, match="cannot be the name"):
        client.delete(CONFIG_MAP, objects.ObjectKey("n", name))
    with pytest.raises(ValueError, match="cannot be the name"):
        client.apply({**MANIFEST, "metadata": {"namespace": "n", "name": name}}, interfaces.ApplyOptions("mine"))
    assert api.requests == []


def test_an_object_without_a_kind(client):
    """A manifest must say what it is."""
    with pytest.raises(ValueError, match="apiVersion and kind"):
        client.create({"metadata": {}})


def test_404_of_an_object(client, api):
    """The kind is served, the object is not there."""
    api.plan(f"GET {PATH}", http_server.status(404, "NotFound", 'configmaps "c" not found', kind="configmaps", name="c"))
    with pytest.raises(errors.NotFoundError, match='configmaps "c" not found') as caught:
        client.get(CONFIG_MAP, KEY)
    assert not isinstance(caught.value, errors.KindNotFoundError)


def test_404_of_a_kind(client, api):
    """Its definition was removed: say so, and look again the next time."""
    with pytest.raises(errors.KindNotFoundError, match="install its CustomResourceDefinition"):
        client.get(CONFIG_MAP, KEY)
    api.plan(f"GET {PATH}", STORED)
    assert client.get(CONFIG_MAP, KEY) == STORED
    assert api.discoveries == ["/api/v1", "/api/v1"]


def test_a_uid_that_is_not_the_live_objects_is_a_conflict(client, api, writes):
    """An apply's 422 about metadata.uid means that another object has the name, not that the wish is wrong."""
    message = 'Invalid value: "u": field is immutable'
    cause = {"reason": "FieldValueInvalid", "message": message, "field": "metadata.uid"}
    api.plan(f"PATCH {PATH}", http_server.status(422, "Invalid", f"metadata.uid: {message}", kind="ConfigMap", causes=[cause]))
    with pytest.raises(errors.ConflictError, match=r"metadata\.uid"):
        client.apply(MANIFEST, interfaces.ApplyOptions("mine"))
    assert writes == []


def test_a_refusal_leaves_without_values(client, api):
    """Neither the error nor a traceback of it holds what the server quoted."""
    message = 'Invalid value: "s3cret": must be unique'
    cause = {"reason": "FieldValueInvalid", "message": message, "field": "data[a]"}
    api.plan(f"PATCH {PATH}", http_server.status(422, "Invalid", f"ConfigMap is invalid: data[a]: {message}", causes=[cause]))
    with pytest.raises(errors.InvalidError) as caught:
        client.apply(MANIFEST, interfaces.ApplyOptions("mine"))
    assert caught.value.message == "ConfigMap refused: data[a]: invalid value: must be unique"
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"\xff"', b""])
def test_an_answer_that_is_no_object_is_an_error(client, api, body):
    """A login page with status 200, say."""
    api.plan(f"GET {PATH}", http_server.Answer(body=body))
    with pytest.raises(errors.TransportError, match="proxy"):
        client.get(CONFIG_MAP, KEY)
