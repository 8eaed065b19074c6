"""Informers on a real API server, which is restarted and whose history is compacted under them."""

import queue
import threading

import pytest

from controller.client import listwatch as rest_listwatch
from controller.client import restmapper, transport
from envtest import components
from informers import errors, events, factory, listwatch, objects
from tests.support import control_planes, informer_metrics

CONFIG_MAP = objects.GroupVersionKind("", "v1", "ConfigMap")
COUNT = 300
PATIENCE = 60.0


class Network:
    """What stands between an informer and the server: it notes requests and their answers, and can be cut."""

    def __init__(self, real, is_paged):
        self._real = real
        self._is_paged = is_paged
        self._is_cut = False
        self._stream = None
        self.log = []

    def cut(self):
        """End the present watch, and let nothing through."""
        self._is_cut = True
        self._stream.stop()

    def mend(self):
        """Let requests through again."""
        self._is_cut = False

    def list_page(self, options):
        return self._noted("list", lambda: self._real.list_page(options))

    def watch(self, options):
        name = "state" if options.send_initial_events else "watch"
        if self._is_paged and options.send_initial_events:
            self.log.append(("state", "InvalidError"))
            raise errors.InvalidError(422, "Invalid", "this test wants pages")
        self._stream = self._noted(name, lambda: self._real.watch(options))
        return self._stream

    def _noted(self, name, ask):
        try:
            if self._is_cut:
                raise errors.TransportError("the network is cut")
            answer = ask()
        except (errors.ApiError, errors.TransportError) as error:
            self.log.append((name, type(error).__name__))
            raise
        self.log.append((name, "ok"))
        return answer


class Client:
    """Informers over one transport, and a way to write."""

    def __init__(self, control_plane):
        self.control_plane = control_plane
        self.transport = transport.Transport(control_plane.client_config, transport.TransportOptions())
        self.mapper = restmapper.RESTMapper(self.transport)
        self.servers = []
        self.is_paged = False
        self.metrics = informer_metrics.RecordingMetrics()
        self.factory = factory.InformerFactory(self._lister_watcher, factory.FactoryOptions(metrics=self.metrics))
        self.factory.start()

    def _lister_watcher(self, key) -> listwatch.ListerWatcher:
        real = rest_listwatch.RESTListerWatcher(self.transport, self.mapper, key)
        self.servers.append(Network(real, self.is_paged))
        return self.servers[-1]

    def synced(self, key):
        """Return an informer that has synced."""
        informer = self.factory.informer(key)
        assert self.factory.wait_for_sync(threading.Event(), PATIENCE), informer.last_error
        return informer

    def put(self, namespace, name, **data):
        """Create a ConfigMap, or change one, and return its version."""
        path = f"/api/v1/namespaces/{namespace}/configmaps"
        body = {"metadata": {"name": name, "labels": {"tests": "informers"}}, "data": data}
        client = self.control_plane.client
        if control_planes.exists(self.control_plane, f"{path}/{name}"):
            return client.patch(f"{path}/{name}", body)["metadata"]["resourceVersion"]
        return client.post(path, body)["metadata"]["resourceVersion"]

    def delete(self, namespace, name):
        """Delete a ConfigMap."""
        self.control_plane.client.delete(f"/api/v1/namespaces/{namespace}/configmaps/{name}", {})


@pytest.fixture
def client(private_control_plane):
    """Informers on the module's own control plane."""
    made = Client(private_control_plane)
    yield made
    assert made.factory.stop(10.0)
    made.transport.close()


@pytest.fixture(scope="module")
def filled(private_control_plane):
    """A namespace with a few hundred ConfigMaps."""
    name = control_planes.make_namespace(private_control_plane)
    path = f"/api/v1/namespaces/{name}/configmaps"
    for number in range(COUNT):
        private_control_plane.client.post(path, {"metadata": {"name": f"c{number}"}, "data": {"number": str(number)}})
    return name


@pytest.fixture
def scratch(private_control_plane):
    """An empty namespace on the module's own control plane."""
    return control_planes.make_namespace(private_control_plane)


def own(informer):
    """Return the names of the ConfigMaps that the tests made."""
    return {one.key.name for one in informer.store.list() if one.key.name != "kube-root-ca.crt"}


def wait_for_version(informer, namespace, name, version):
    """Wait until *informer* shows *version*."""
    key = objects.ObjectKey(namespace, name)
    control_planes.wait_for(lambda: informer.store.has_seen(key, version), PATIENCE)


@pytest.mark.parametrize("is_paged", [False, True])
def test_a_few_hundred_objects_are_synced(client, filled, is_paged):
    """By a stream of events, and by pages of 500, the store gets what the server has, and the handler each object once."""
    client.is_paged = is_paged
    informer = client.synced(factory.InformerKey(CONFIG_MAP, namespace=filled))
    told = queue.Queue()
    registration = informer.add_handler(told.put)
    control_planes.wait_for(registration.has_synced)
    assert own(informer) == {f"c{number}" for number in range(COUNT)}
    decoded = informer.store.get(objects.ObjectKey(filled, "c7")).decode()
    assert (decoded["data"], decoded["kind"], decoded["apiVersion"]) == ({"number": "7"}, "ConfigMap", "v1")
    names = [told.get_nowait().new.key.name for _ in range(told.qsize())]
    assert sorted(names) == sorted(one.key.name for one in informer.store.list())
    (server,) = client.servers
    asked = [("state", "InvalidError"), ("list", "ok"), ("watch", "ok")] if is_paged else [("state", "ok")]
    control_planes.wait_for(lambda: server.log[: len(asked)] == asked)


def test_pages_are_followed_to_the_end(client, filled):
    """A list in small pages holds the same objects as one in a large page."""
    reader = rest_listwatch.RESTListerWatcher(client.transport, client.mapper, factory.InformerKey(CONFIG_MAP, namespace=filled))
    whole = reader.list_page(listwatch.ListOptions())
    items, token = [], ""
    while True:
        page = reader.list_page(listwatch.ListOptions(limit=100, continue_token=token))
        assert len(page.items) <= 100
        items += page.items
        token = page.continue_token
        if not token:
            break
    assert items == whole.items
    assert len(items) > COUNT


def test_live_changes_arrive_in_order(client, scratch):
    """What happens to an object is told in order, and its deletion carries the final state."""
    informer = client.synced(factory.InformerKey(CONFIG_MAP, namespace=scratch, field_selector="metadata.name=one"))
    told = queue.Queue()
    informer.add_handler(told.put)
    versions = [client.put(scratch, "one", text=text) for text in ("a", "b", "c")]
    client.delete(scratch, "one")
    added, first, second, deleted = [told.get(timeout=PATIENCE) for _ in range(4)]
    assert isinstance(added, events.Added)
    assert not added.is_in_initial_list
    assert [one.new.meta.resource_version for one in (added, first, second)] == versions
    assert [one.new.decode()["data"]["text"] for one in (added, first, second)] == ["a", "b", "c"]
    assert (first.old, second.old) == (added.new, first.new)
    assert isinstance(deleted, events.Deleted)
    assert not deleted.final_state_unknown
    assert int(deleted.old.meta.resource_version) > int(versions[-1])
    assert informer.store.get(objects.ObjectKey(scratch, "one")) is None


def test_selectors_choose(client, filled, scratch):
    """An informer with a label selector holds only what matches; an object that ceases to match is deleted."""
    informer = client.synced(factory.InformerKey(CONFIG_MAP, label_selector="tests=informers"))
    version = client.put(scratch, "chosen")
    wait_for_version(informer, scratch, "chosen", version)
    assert objects.ObjectKey(scratch, "chosen") in informer.store.keys()  # noqa: SIM118 (no mapping)
    assert not informer.store.list(filled)
    path = f"/api/v1/namespaces/{scratch}/configmaps/chosen"
    client.control_plane.client.patch(path, {"metadata": {"labels": {"tests": "others"}}})
    control_planes.wait_for(lambda: not informer.store.list(scratch))


def test_two_informers_of_one_key_share_one_watch(client):
    """The API server counts one watch, however many ask for the kind and however many handlers there are."""
    kind = objects.GroupVersionKind("", "v1", "Event")  # nobody else watches events here
    before = watches(client, "events")
    first = client.synced(factory.InformerKey(kind))
    second = client.factory.informer(kind)
    first.add_handler(lambda _: None)
    second.add_handler(lambda _: None)
    assert first is second
    assert watches(client, "events") == before + 1
    client.factory.remove(factory.InformerKey(kind))
    control_planes.wait_for(lambda: watches(client, "events") == before)


def watches(client, plural):
    """Return how many watches of *plural* the API server serves."""
    text = client.transport.request(transport.Request("GET", "/metrics")).body.decode()
    lines = [line for line in text.splitlines() if line.startswith("apiserver_longrunning_requests{")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if f'resource="{plural}"' in line and 'verb="WATCH"' in line)


def test_a_kind_without_definition_is_named_and_found_once_it_is_there(client):
    """The error names the missing kind; when the definition comes, the informer syncs by itself."""
    kind = objects.GroupVersionKind("tests.coxswain.dev", "v1", "Latecomer")
    informer = client.factory.informer(kind)
    control_planes.wait_for(lambda: informer.last_error is not None)
    assert isinstance(informer.last_error, errors.KindNotFoundError)
    assert "Latecomer" in str(informer.last_error)
    assert not informer.has_synced()
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"kind": "Latecomer", "plural": "latecomers"}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "latecomers.tests.coxswain.dev"},
        "spec": {"group": kind.group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    client.control_plane.client.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    control_planes.wait_for(informer.has_synced, PATIENCE)
    control_planes.wait_for(lambda: informer.last_error is None)


def test_stopping_a_silent_watch_takes_no_time(client, scratch):
    """A watch on which nothing happens ends at once when the informer is stopped."""
    informer = client.synced(factory.InformerKey(CONFIG_MAP, namespace=scratch))
    assert informer.stop(1.0)


def test_a_restart_of_the_api_server_is_survived(client, scratch):
    """While the server is away the store stays as it was; then it catches up, and no object was gone in between."""
    informer = client.synced(factory.InformerKey(CONFIG_MAP))
    before = client.put(scratch, "before")
    wait_for_version(informer, scratch, "before", before)
    told = queue.Queue()
    control_planes.wait_for(informer.add_handler(told.put).has_synced)
    control_plane = client.control_plane
    control_plane.stop_component(components.API_SERVER)
    control_planes.wait_for(lambda: isinstance(informer.last_error, errors.TransportError))
    assert informer.store.get(objects.ObjectKey(scratch, "before")) is not None
    control_plane.start_component(components.API_SERVER)
    after = client.put(scratch, "after")
    wait_for_version(informer, scratch, "after", after)
    assert informer.last_error is None
    while events.snapshot(event := told.get(timeout=PATIENCE)).key.name != "after":
        assert not isinstance(event, events.Deleted)
    assert set(client.metrics.reasons) >= {"refused"}


def test_a_watch_that_was_cut_is_resumed_without_a_list(client, scratch):
    """What happened while the connection was away arrives as events, each one."""
    informer = client.synced(factory.InformerKey(CONFIG_MAP, namespace=scratch, field_selector="metadata.name=one"))
    told = queue.Queue()
    informer.add_handler(told.put)
    (network,) = client.servers
    network.cut()
    control_planes.wait_for(lambda: isinstance(informer.last_error, errors.TransportError))
    for text in ("a", "b"):
        client.put(scratch, "one", text=text)
    client.delete(scratch, "one")
    network.mend()
    kinds = [type(told.get(timeout=PATIENCE)) for _ in range(3)]
    assert kinds == [events.Added, events.Updated, events.Deleted]
    assert [name for name, outcome in network.log if outcome == "ok"] == ["state", "watch"]


def test_a_compacted_history_means_a_relist(client, scratch):
    """The version is gone (410); the state is asked for anew, and a deletion that nobody saw is told."""
    informer = client.synced(factory.InformerKey(CONFIG_MAP))
    version = [client.put(scratch, name) for name in ("stays", "goes")][-1]
    wait_for_version(informer, scratch, "goes", version)
    told = queue.Queue()
    informer.add_handler(told.put)
    (network,) = client.servers
    network.cut()
    client.delete(scratch, "goes")
    late = client.put(scratch, "late")
    control_plane = client.control_plane
    control_plane.stop_component(components.API_SERVER)  # its watch cache would remember what etcd forgets
    control_plane.compact()
    control_plane.start_component(components.API_SERVER)
    assert "expired" not in client.metrics.reasons
    network.mend()
    wait_for_version(informer, scratch, "late", late)
    assert {one.key.name for one in informer.store.list(scratch)} == {"kube-root-ca.crt", "stays", "late"}
    assert "expired" in client.metrics.reasons
    assert [name for name, outcome in network.log if outcome == "ok"] == ["state", "watch", "state"]
    while not isinstance(event := told.get(timeout=PATIENCE), events.Deleted):
        pass
    assert (event.old.key.name, event.final_state_unknown) == ("goes", True)
