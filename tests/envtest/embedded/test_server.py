"""The embedded control plane over HTTPS, with a client that knows nothing of it."""

import concurrent.futures
import json
import ssl
import subprocess
import sys

import pytest
import urllib3
import yaml

from envtest import controlplane
from envtest.embedded import server
from envtest.embedded.http import http_api
from tests.support import control_planes, raw_api

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
GADGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gadgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "gadgets", "kind": "Gadget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


@pytest.fixture(scope="module")
def running():
    """A server with one node, shared by the tests of this module."""
    with server.EmbeddedControlPlane(controlplane.Options(nodes=1, metrics=True)) as found:
        yield found


@pytest.fixture(scope="module")
def api(running):
    """Requests as an administrator."""
    made = raw_api.Api(running.kubeconfig)
    yield made
    made.close()


def test_it_starts_in_a_second(running):
    """Programs that are imported already."""
    assert running.start_seconds < 5.0  # 0.1 s on an idle machine


def test_an_object_lives_through_all_verbs(api):
    """Created, read, changed, listed, deleted."""
    body = {"metadata": {"name": "life"}, "data": {"k": "v"}}
    assert api.request("POST", CONFIG_MAPS, body).status == 201
    assert api.request("GET", f"{CONFIG_MAPS}/life").body["data"] == {"k": "v"}
    changed = api.request("PATCH", f"{CONFIG_MAPS}/life", {"data": {"n": "1"}}, content_type=raw_api.MERGE)
    assert (changed.status, changed.body["data"]) == (200, {"k": "v", "n": "1"})
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "life2"}}
    assert api.request("PATCH", f"{CONFIG_MAPS}/life2", applied, content_type=raw_api.APPLY, fieldManager="m").status == 201
    names = [item["metadata"]["name"] for item in api.request("GET", CONFIG_MAPS).body["items"]]
    assert {"life", "life2"} <= set(names)
    assert api.request("DELETE", f"{CONFIG_MAPS}/life").body["status"] == "Success"
    assert api.request("GET", f"{CONFIG_MAPS}/life").status == 404


def test_warnings_come_in_headers(api):
    """Those of this request only."""
    answer = api.request("POST", CONFIG_MAPS, {"metadata": {"name": "warned"}, "foo": 1})
    assert answer.warnings == ('299 - "unknown field \\"foo\\""',)
    assert api.request("GET", f"{CONFIG_MAPS}/warned").warnings == ()


@pytest.mark.parametrize(
    ("method", "path", "code", "reason"),
    [
        ("GET", "/api/v1/nopes", 404, "NotFound"),
        ("PUT", "/version", 405, "MethodNotAllowed"),
        ("PUT", CONFIG_MAPS, 405, "MethodNotAllowed"),
        ("POST", "/api/v1/configmaps", 405, "MethodNotAllowed"),
        ("OPTIONS", CONFIG_MAPS, 405, "MethodNotAllowed"),
        ("GET", f"{CONFIG_MAPS}/a/nope", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/x/nodes", 404, "NotFound"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(api, method, path, code, reason):
    """With a Status."""
    answer = api.request(method, path)
    assert (answer.status, answer.body["reason"]) == (code, reason)


def test_an_object_can_be_too_large(api):
    """The limit is upstream's."""
    answer = api.request("POST", CONFIG_MAPS, {"metadata": {"name": "big"}, "data": {"k": "x" * http_api.LARGEST_BODY}})
    assert (answer.status, answer.body["reason"]) == (413, "RequestEntityTooLarge")


def test_who_shows_no_certificate_is_not_let_in(running):
    """But for health and version, which anybody may read."""
    context = ssl.create_default_context(cafile=str(running.authority))
    with urllib3.PoolManager(ssl_context=context, retries=False) as anybody:
        assert anybody.request("GET", f"{running.url}/readyz").data == b"ok"
        answer = anybody.request("GET", running.url + CONFIG_MAPS)
        assert (answer.status, answer.json()["reason"]) == (401, "Unauthorized")


def test_a_watch_streams_until_its_time_is_up(running):
    """Frames are lines of JSON."""
    watch = running.client.watch(f"{CONFIG_MAPS}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dseen", 10.0)
    running.client.post(CONFIG_MAPS, {"metadata": {"name": "seen"}})
    assert [(frame["type"], frame["object"]["metadata"]["name"]) for frame in watch] == [("ADDED", "seen")]


def test_many_clients_at_once_are_served(running):
    """One after another, each as a whole."""
    made = [{"metadata": {"name": f"many-{number}"}} for number in range(40)]
    with concurrent.futures.ThreadPoolExecutor(8) as workers:
        answers = list(workers.map(lambda body: running.client.post(CONFIG_MAPS, body), made))
    versions = {answer["metadata"]["resourceVersion"] for answer in answers}
    assert len(versions) == 40


def test_tables_and_metadata_can_be_asked_for(api):
    """As kubectl and metadata clients do."""
    table = api.table(CONFIG_MAPS)
    assert (table["kind"], [column["name"] for column in table["columnDefinitions"]]) == ("Table", ["Name", "Data", "Age"])


def test_a_definition_is_served_at_once_and_its_kind_goes_with_it(api):
    """Discovery says so, too."""
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert api.request("POST", definitions, GADGETS).status == 201
    gadgets = "/apis/example.com/v1/namespaces/default/gadgets"
    body = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}, "spec": {"any": "thing"}}
    made = api.request("POST", gadgets, body)
    assert (made.status, made.body["metadata"]["generation"], made.body["spec"]) == (201, 1, {"any": "thing"})
    assert api.request("GET", gadgets).body["kind"] == "GadgetList"
    assert "example.com" in [group["name"] for group in api.request("GET", "/apis").body["groups"]]
    api.request("DELETE", f"{definitions}/gadgets.example.com")
    control_planes.wait_for(
        lambda: "example.com" not in [group["name"] for group in api.request("GET", "/apis").body["groups"]], 10.0
    )


def test_a_pod_runs_on_the_simulated_node(running):
    """It is bound, and becomes ready."""
    pods = "/api/v1/namespaces/default/pods"
    running.client.post(pods, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
    control_planes.wait_for(lambda: running.client.get(f"{pods}/p").get("status", {}).get("phase") == "Running", 20.0)


def test_history_can_be_forgotten(running, api):
    """A watch from before is expired then."""
    before = api.request("GET", CONFIG_MAPS).body["metadata"]["resourceVersion"]
    running.client.post(CONFIG_MAPS, {"metadata": {"name": "later"}})
    assert running.compact() > int(before)
    (frame,) = running.client.watch(f"{CONFIG_MAPS}?watch=1&timeoutSeconds=5&resourceVersion={before}", 10.0)
    assert (frame["type"], frame["object"]["code"]) == ("ERROR", 410)


def test_the_api_server_can_be_stopped_and_started(running):
    """Its data and its port stay."""
    running.client.post(CONFIG_MAPS, {"metadata": {"name": "stays"}})
    url = running.url
    running.stop_component("kube-apiserver")
    running.start_component("kube-apiserver")
    assert running.url == url
    assert running.client.get(f"{CONFIG_MAPS}/stays")["metadata"]["name"] == "stays"
    with pytest.raises(controlplane.ControlPlaneError, match="etcd is no component that can be stopped"):
        running.stop_component("etcd")


def test_requests_are_remembered(running):
    """In order, with their codes."""
    running.client.post(CONFIG_MAPS, {"metadata": {"name": "remembered"}})
    last = [record for record in running.requests if record.info and record.info.plural == "configmaps"][-1]
    assert (last.method, last.info.verb, last.code) == ("POST", "create", 201)


def test_nothing_runs_before_the_start_and_after_the_end():
    """What is asked then is an error that says so."""
    plane = server.EmbeddedControlPlane()
    plane.stop()
    with pytest.raises(controlplane.ControlPlaneError, match="does not run"):
        plane.url  # noqa: B018


def test_the_command_line_starts_one(tmp_path):
    """With a kubeconfig for as long as it runs."""
    target = tmp_path / "config"
    command = [sys.executable, "-m", "envtest", "up", "--control-plane", "embedded", "--kubeconfig-out", str(target)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        control_planes.wait_for(target.exists, 30.0)
        assert yaml.safe_load(target.read_text())["current-context"] == "envtest"
        api = raw_api.Api(target)
        assert json.dumps(api.request("GET", "/version").body).count("1.36.3") == 1
        api.close()
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "is ready after" in said
    assert not target.exists()
