"""The client on a real API server: reads, writes, refusals, watches."""

import json
import threading
import time

import pytest
import yaml

from controller.client import interfaces, live, restmapper, transport
from controller.client import listwatch as rest_listwatch
from informers import errors, factory, listwatch, objects
from tests.support import calls

CONFIG_MAP = objects.GroupVersionKind("", "v1", "ConfigMap")
DEPLOYMENT = objects.GroupVersionKind("apps", "v1", "Deployment")
SERVICE = objects.GroupVersionKind("", "v1", "Service")
NAMESPACE = objects.GroupVersionKind("", "v1", "Namespace")
OTHER_UID = "6a1cbd7d-7a58-4c9f-b0a0-000000000000"
MINE = interfaces.ApplyOptions("mine", force=True)
PROMPT_SECONDS = 1.0


@pytest.fixture
def connected(control_plane):
    """A transport of an administrator."""
    made = transport.Transport(control_plane.client_config)
    yield made
    made.close()


@pytest.fixture
def mapper(connected):
    """The server's kinds."""
    return restmapper.RESTMapper(connected)


@pytest.fixture
def writes():
    """What the observer was told."""
    return []


@pytest.fixture
def client(connected, mapper, writes):
    """A client that tells of its writes."""
    return live.LiveClient(connected, mapper, writes.append)


@pytest.fixture
def config_map(namespace):
    """Return a function that makes a config map's manifest."""

    def make(name, data=None, **metadata):
        metadata = {"namespace": namespace, "name": name, **metadata}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"a": "s3cret"}}

    return make


@pytest.fixture
def deployment(namespace):
    """Return a function that makes a deployment's manifest."""

    def make(name, replicas=0, **container):
        spec = {"containers": [{"name": "c", "image": "i", **container}]}
        template = {"metadata": {"labels": {"app": name}}, "spec": spec}
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"namespace": namespace, "name": name},
            "spec": spec,
        }

    return make


def test_create_get_delete(client, namespace, config_map, writes):
    """An object's life, and what the observer is told of it."""
    created = client.create(config_map("c", labels={"x": "y"}))
    key, uid = objects.ObjectKey(namespace, "c"), created["metadata"]["uid"]
    assert client.get(CONFIG_MAP, key) == created
    with pytest.raises(errors.ConflictError, match='configmaps "c" already exists') as caught:
        client.create(config_map("c"))
    assert caught.value.reason == "AlreadyExists"
    client.delete(CONFIG_MAP, key)
    with pytest.raises(errors.NotFoundError, match='configmaps "c" not found') as caught:
        client.get(CONFIG_MAP, key)
    assert not isinstance(caught.value, errors.KindNotFoundError)
    with pytest.raises(errors.NotFoundError):
        client.delete(CONFIG_MAP, key)
    assert writes == [
        interfaces.Write(CONFIG_MAP, key, uid, created["metadata"]["resourceVersion"], labels={"x": "y"}),
        interfaces.Write(CONFIG_MAP, key, uid, "", deleted=True),
    ]


def test_list_in_pages(client, connected, namespace, config_map):
    """More objects than a page holds come once each, in any namespace or one, by labels or all."""
    count = live.PAGE_SIZE + 2
    body = config_map("")
    for number in range(count):
        manifest = {**body, "metadata": {"namespace": namespace, "name": f"c{number}", "labels": {"parity": str(number % 2)}}}
        connected.request(
            transport.Request("POST", f"/api/v1/namespaces/{namespace}/configmaps", {}, json.dumps(manifest).encode())
        )
    found = client.list(CONFIG_MAP, namespace=namespace)
    names = [each["metadata"]["name"] for each in found if each["metadata"]["name"].startswith("c")]
    assert len(names) == len(set(names)) == count
    assert {(each["apiVersion"], each["kind"]) for each in found} == {("v1", "ConfigMap")}
    odd = client.list(CONFIG_MAP, namespace=namespace, labels={"parity": "1"})
    assert len(odd) == count // 2
    assert len(client.list(CONFIG_MAP)) >= len(found)


def test_apply_makes_and_changes(client, config_map, writes):
    """An apply creates, then changes; one that changes nothing makes no version."""
    first = client.apply(config_map("c"), MINE)
    second = client.apply(config_map("c", {"a": "2"}), MINE)
    third = client.apply(config_map("c", {"a": "2"}), MINE)
    versions = [each["metadata"]["resourceVersion"] for each in (first, second, third)]
    assert versions[0] != versions[1] == versions[2]
    assert second["data"] == {"a": "2"}
    assert [write.resource_version for write in writes] == versions


def test_apply_over_another_manager(client, config_map):
    """Without force a field of another is a conflict that names who has it, and not the value."""
    client.apply(config_map("c"), MINE)
    with pytest.raises(errors.ConflictError) as caught:
        client.apply(config_map("c", {"a": "other"}), interfaces.ApplyOptions("other"))
    assert caught.value.message == "ConfigMap refused: .data.a: managed by mine"
    client.apply(config_map("c", {"a": "other"}), interfaces.ApplyOptions("other", force=True))


def test_apply_only_if_missing(client, config_map):
    """With resourceVersion "1" an apply creates what is missing and conflicts with what exists."""
    assert client.apply(config_map("c", resourceVersion="1"), MINE)["data"] == {"a": "s3cret"}
    with pytest.raises(errors.ConflictError, match='configmaps "c" has changed'):
        client.apply(config_map("c", resourceVersion="1"), MINE)


def test_apply_only_to_the_same_object(client, config_map, namespace):
    """With a uid an apply never creates, and never changes another object of the name."""
    with pytest.raises(errors.ConflictError, match='configmaps "c" is gone'):
        client.apply(config_map("c", uid=OTHER_UID), MINE)
    created = client.apply(config_map("c"), MINE)
    with pytest.raises(errors.ConflictError, match=r"metadata\.uid"):
        client.apply(config_map("c", {"a": "2"}, uid=OTHER_UID), MINE)
    assert client.get(CONFIG_MAP, objects.ObjectKey(namespace, "c"))["data"] == {"a": "s3cret"}
    assert client.apply(config_map("c", {"a": "2"}, uid=created["metadata"]["uid"]), MINE)["data"] == {"a": "2"}


def test_apply_of_a_status(client, deployment, namespace):
    """The subresource changes the status and nothing else."""
    client.apply(deployment("d"), MINE)
    status = {**deployment("d", replicas=7), "status": {"conditions": [{"type": "Odd", "status": "True"}]}}
    stored = client.apply(status, interfaces.ApplyOptions("mine", force=True, subresource="status"))
    assert any(condition["type"] == "Odd" for condition in stored["status"]["conditions"])
    assert stored["spec"]["replicas"] == 0
    with pytest.raises(errors.NotFoundError, match='"none" not found'):
        client.apply(deployment("none"), interfaces.ApplyOptions("mine", subresource="status"))


def test_merge_patch(client, config_map, namespace):
    """A field is set, another is removed."""
    client.create(config_map("c", {"a": "1", "b": "2"}))
    patched = client.merge_patch(CONFIG_MAP, objects.ObjectKey(namespace, "c"), {"data": {"a": None, "c": "3"}})
    assert patched["data"] == {"b": "2", "c": "3"}


def test_delete_with_preconditions(client, config_map, namespace):
    """Only the object that was looked at is deleted."""
    made = client.create(config_map("c"))["metadata"]
    key = objects.ObjectKey(namespace, "c")
    for wrong in (interfaces.Preconditions(OTHER_UID), interfaces.Preconditions(resource_version="1")):
        with pytest.raises(errors.ConflictError):
            client.delete(CONFIG_MAP, key, wrong)
    client.delete(CONFIG_MAP, key, interfaces.Preconditions(made["uid"], made["resourceVersion"]))
    with pytest.raises(errors.NotFoundError):
        client.get(CONFIG_MAP, key)


def test_delete_of_what_has_finalizers(client, config_map, namespace, writes):
    """It lives on; the observer learns the version that marked it."""
    client.apply(config_map("c", finalizers=["example.com/hold"]), MINE)
    key = objects.ObjectKey(namespace, "c")
    client.delete(CONFIG_MAP, key)
    marked = client.get(CONFIG_MAP, key)["metadata"]
    assert marked["deletionTimestamp"]
    assert writes[-1] == interfaces.Write(CONFIG_MAP, key, marked["uid"], marked["resourceVersion"], deleted=True)
    client.merge_patch(CONFIG_MAP, key, {"metadata": {"finalizers": None}})


@pytest.mark.parametrize(
    "gvk",
    [objects.GroupVersionKind("example.com", "v1", "Widget"), objects.GroupVersionKind("apps", "v1", "Widget")],
    ids=["no group", "no kind"],
)
def test_a_kind_that_is_not_served(client, connected, mapper, gvk, namespace):
    """The error says what to install, for reads and for watches."""
    with pytest.raises(errors.KindNotFoundError, match=r"kind Widget of .*: install its CustomResourceDefinition"):
        client.get(gvk, objects.ObjectKey(namespace, "w"))
    watcher = rest_listwatch.RESTListerWatcher(connected, mapper, factory.InformerKey(gvk))
    with pytest.raises(errors.KindNotFoundError):
        watcher.list_page(listwatch.ListOptions())


def test_a_path_that_is_not_served_is_a_missing_kind(connected, namespace):
    """The server's two ways to say so: plain text for a group, a Status without an object for a resource."""
    for path in ("/apis/example.com/v1/widgets", f"/api/v1/namespaces/{namespace}/widgets/w"):
        with pytest.raises(errors.KindNotFoundError):
            connected.request(transport.Request("GET", path))


def test_a_namespace_that_is_not_there(client, config_map):
    """It is the namespace that is not found, not the kind."""
    with pytest.raises(errors.NotFoundError, match='namespaces "nowhere" not found') as caught:
        client.apply(config_map("c", namespace="nowhere"), MINE)
    assert not isinstance(caught.value, errors.KindNotFoundError)


def test_refusals_are_cut(client, deployment, config_map):
    """What may be secret is not repeated, what helps is."""
    with pytest.raises(errors.InvalidError) as caught:
        client.apply(deployment("d", replicas=-1, env=[{"name": "E", "value": "s3cret", "valueFrom": {}}]), MINE)
    assert "spec.replicas: invalid value -1: must be greater than or equal to 0" in caught.value.message
    assert "containers[0].env[0].valueFrom" in caught.value.message
    assert "s3cret" not in str(caught.value)
    with pytest.raises(errors.InvalidError) as caught:
        client.create(config_map("c", {"my key": "s3cret"}))
    assert "s3cret" not in str(caught.value)
    with pytest.raises(errors.BadRequestError, match="dat: no such field"):
        client.create({**config_map("c"), "dat": {"a": "s3cret"}})
    with pytest.raises(errors.ServerError, match=r"\.dat: no such field"):
        client.apply({**config_map("c"), "dat": {"a": "s3cret"}}, MINE)


def test_refusals_of_services_pass_whole(client, namespace):
    """Somebody has the node port: the server's words say which ones there are."""
    service = {"ports": [{"port": 80, "nodePort": 99}], "type": "NodePort", "selector": {"a": "b"}}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": namespace, "name": "s"}, "spec": service}
    with pytest.raises(errors.InvalidError, match="The range of valid ports is 30000-32767"):
        client.create(body)


@pytest.fixture
def limited(control_plane, connected, namespace, tmp_path):
    """A client of a service account without any rights."""
    collection = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    connected.request(transport.Request("POST", collection, {}, json.dumps({"metadata": {"name": "limited"}}).encode()))
    answer = connected.request(transport.Request("POST", f"{collection}/limited/token", {}, b'{"spec":{}}'))
    document = yaml.safe_load(control_plane.kubeconfig.read_text())
    document["users"][0]["user"] = {"token": json.loads(answer.body)["status"]["token"]}
    path = tmp_path / "limited"
    path.write_text(yaml.safe_dump(document))
    made = transport.Transport(transport.load_config(str(path), None))
    yield made
    made.close()


@pytest.mark.real_only
def test_a_missing_right_is_named(limited, deployment, namespace):
    """Verb, resource, group and namespace; discovery is open to all."""
    mapper = restmapper.RESTMapper(limited)
    client = live.LiveClient(limited, mapper)
    with pytest.raises(errors.ForbiddenError) as caught:
        client.apply(deployment("d"), MINE)
    assert caught.value.message == f"cannot patch deployments.apps in namespace {namespace}: RBAC rule missing"
    with pytest.raises(errors.ForbiddenError) as caught:
        client.list(NAMESPACE)
    assert caught.value.message == "cannot list namespaces at the cluster scope: RBAC rule missing"
    watcher = rest_listwatch.RESTListerWatcher(limited, mapper, factory.InformerKey(SERVICE))
    with pytest.raises(errors.ForbiddenError, match="cannot watch services at the cluster scope: RBAC rule missing"):
        watcher.watch(listwatch.WatchOptions("", 300))


def test_credentials_that_are_not_accepted(control_plane, tmp_path):
    """401 is an error of its own."""
    document = yaml.safe_load(control_plane.kubeconfig.read_text())
    document["users"][0]["user"] = {"token": "no"}
    path = tmp_path / "unknown"
    path.write_text(yaml.safe_dump(document))
    made = transport.Transport(transport.load_config(str(path), None))
    with pytest.raises(errors.UnauthorizedError):
        made.request(transport.Request("GET", "/api/v1/namespaces"))
    made.close()


@pytest.fixture
def collection(connected, mapper, namespace):
    """The config maps of the namespace."""
    return rest_listwatch.RESTListerWatcher(connected, mapper, factory.InformerKey(CONFIG_MAP, namespace=namespace))


def test_pages_of_raw_items(collection, client, config_map):
    """Items are bytes; a continue token leads to the next page; the version is that of the list."""
    for name in ("c1", "c2", "c3"):
        client.create(config_map(name))
    first = collection.list_page(listwatch.ListOptions(limit=2))
    second = collection.list_page(listwatch.ListOptions(limit=2, continue_token=first.continue_token))
    names = [json.loads(each)["metadata"]["name"] for each in first.items + second.items]
    assert sorted(set(names) - {"kube-root-ca.crt"}) == ["c1", "c2", "c3"]
    assert len(first.items) == 2
    assert first.resource_version.isdecimal()


def test_a_watch_list_streams_the_state_then_changes(collection, client, config_map, namespace):
    """Initial objects, a bookmark that marks their end, then what happens; stopping ends it at once."""
    client.create(config_map("c1"))
    stream = collection.watch(listwatch.WatchOptions("", 300, send_initial_events=True))
    frames = (json.loads(frame) for frame in stream)
    initial = []
    while (frame := next(frames))["type"] != "BOOKMARK":
        initial.append(frame["object"]["metadata"]["name"])
    assert "c1" in initial
    assert frame["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    client.create(config_map("c2"))
    client.delete(CONFIG_MAP, objects.ObjectKey(namespace, "c2"))
    seen = [next(frames) for _ in range(2)]
    assert [(each["type"], each["object"]["metadata"]["name"]) for each in seen] == [("ADDED", "c2"), ("DELETED", "c2")]
    stop_and_measure(stream, calls.Call(lambda: list(frames)))


def stop_and_measure(stream, reading):
    """Stop a stream that a thread waits on; it must end without an error, at once, and with nothing but bookmarks until then."""
    threading.Event().wait(0.2)  # the reader is now most likely inside its read
    begun = time.monotonic()
    stream.stop()
    assert [frame for frame in reading.wait() if frame["type"] != "BOOKMARK"] == []
    assert time.monotonic() - begun < PROMPT_SECONDS


def test_a_watch_goes_on_from_a_version(collection, client, config_map):
    """Nothing that happened since is missed, and nothing before is repeated."""
    client.create(config_map("c1"))
    version = collection.list_page(listwatch.ListOptions()).resource_version
    client.create(config_map("c2"))
    stream = collection.watch(listwatch.WatchOptions(version, 300))
    assert json.loads(next(iter(stream)))["object"]["metadata"]["name"] == "c2"
    stream.stop()


def test_a_version_that_the_server_has_not_seen(collection):
    """It is an error of its own, at once: its reflector knows what to do."""
    with pytest.raises(errors.ResourceVersionTooLargeError):
        collection.list_page(listwatch.ListOptions(resource_version="9999999999"))


def test_a_watch_that_the_server_ends(collection):
    """timeoutSeconds is the server's own clean end."""
    version = collection.list_page(listwatch.ListOptions()).resource_version
    frames = [json.loads(frame) for frame in collection.watch(listwatch.WatchOptions(version, 1))]
    assert {frame["type"] for frame in frames} <= {"BOOKMARK"}


def test_closing_the_transport_ends_watches(collection, connected):
    """A silent watch ends as if stopped."""
    stream = collection.watch(listwatch.WatchOptions(collection.list_page(listwatch.ListOptions()).resource_version, 300))
    reading = calls.Call(lambda: list(stream))
    begun = time.monotonic()
    connected.close()
    assert reading.wait() == []
    assert time.monotonic() - begun < PROMPT_SECONDS
