"""Events as a real API server takes them."""

import pytest

from controller import recorder
from controller.client import live, restmapper, transport
from informers import objects
from workqueue import clock as clocks

EVENT = objects.GroupVersionKind("events.k8s.io", "v1", "Event")


@pytest.fixture
def client(control_plane):
    connected = transport.Transport(control_plane.client_config, transport.TransportOptions())
    yield live.LiveClient(connected, restmapper.RESTMapper(connected))
    connected.close()


def config_map(namespace: str, name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, "uid": "u1"}}


@pytest.mark.controlplane
def test_the_server_takes_events_and_series(client, namespace):
    """A first event is created, its repetitions become a series, and hostile texts do not get an event refused."""
    events = recorder.EventRecorder(client, clocks.RealClock(), recorder.Options(reporting_controller="coxswain.dev/test"))
    regarding = config_map(namespace, "a")
    events.start()
    events.event(regarding, "Warning", "FailedCreate", "Reconcile", "no room")
    for _ in range(4):
        events.event(regarding, "Warning", "FailedCreate", "Reconcile", "still no room")
    events.event(config_map(namespace, "b" * 253), "Normal", "R" * 300, "A" * 300, "\U0001f600" * 2000)
    events.event(config_map(namespace, "system:node"), "Normal", "Created", "Reconcile", "")
    assert events.stop(20)
    assert events.dropped == 0
    found = {event["regarding"]["name"]: event for event in client.list(EVENT, namespace=namespace)}
    assert len(found) == 3
    assert found["a"]["series"]["count"] == 5
    assert (found["a"]["note"], found["a"]["type"]) == ("no room", "Warning")


@pytest.mark.controlplane
def test_events_on_cluster_scoped_objects_land_in_default(client, control_plane):
    """The server accepts a reference without namespace in the namespace "default"."""
    events = recorder.EventRecorder(client, clocks.RealClock())
    events.start()
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "no-such-node"}}
    events.event(node, "Normal", "Checked", "Check", "fine")
    assert events.stop(20)
    names = [event["regarding"]["name"] for event in client.list(EVENT, namespace="default") if event.get("action") == "Check"]
    assert (events.dropped, names) == (0, ["no-such-node"])
