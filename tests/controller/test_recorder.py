"""What an event looks like when it is written."""

import re

import pytest

from controller import recorder
from tests.support import event_sink, fake_clock

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web-0", "namespace": "shop", "uid": "u1", "resourceVersion": "7", "labels": {"a": "b"}},
    "spec": {"nodeName": "n"},
}


@pytest.fixture
def sink() -> event_sink.MemoryEventSink:
    return event_sink.MemoryEventSink()


@pytest.fixture
def events(sink):
    an_event_recorder = recorder.EventRecorder(
        sink, fake_clock.FakeClock(), recorder.Options(reporting_controller="demo", reporting_instance="demo-host")
    )
    yield an_event_recorder
    an_event_recorder.stop(fake_clock.PATIENCE_SECONDS)


def written(events, sink, count=1):
    """Let the recorder write, and return the one event that it wrote."""
    events.start()
    assert events.stop(fake_clock.PATIENCE_SECONDS)
    found = sink.all()
    assert len(found) == count
    return found[0]


def test_an_event_has_what_the_api_wants(events, sink):
    """events.k8s.io/v1, a MicroTime with six digits, and a reference to the object without its body."""
    events.event(POD, "Warning", "FailedCreate", "Reconcile", "no room")
    event = written(events, sink)
    name = event["metadata"].pop("name")
    assert re.fullmatch(r"web-0\.[0-9a-f]{16}", name)
    assert event == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"namespace": "shop"},
        "eventTime": "2026-01-02T03:04:05.678901Z",
        "type": "Warning",
        "reason": "FailedCreate",
        "action": "Reconcile",
        "note": "no room",
        "regarding": {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": "web-0",
            "namespace": "shop",
            "uid": "u1",
            "resourceVersion": "7",
        },
        "reportingController": "demo",
        "reportingInstance": "demo-host",
    }


def test_2_14_6_events_on_cluster_scoped_objects_go_to_default(events, sink):
    """An object without a namespace has its events in "default", and its reference has no namespace."""
    events.event({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}, "Normal", "Ready", "Check", "fine")
    event = written(events, sink)
    assert event["metadata"]["namespace"] == "default"
    assert event["regarding"] == {"apiVersion": "v1", "kind": "Node", "name": "n1"}


@pytest.mark.parametrize("note", ["a" * 5000, "é" * 5000, "\U0001f600" * 5000])
def test_a_note_is_cut_to_a_kilobyte_of_whole_characters(events, sink, note):
    """The server counts bytes; no character is split."""
    events.event(POD, "Normal", "R", "A", note)
    cut = written(events, sink)["note"]
    assert len(cut.encode()) <= 1024
    assert cut.endswith("...")
    assert note.startswith(cut[:-3])


def test_short_notes_stay_as_they_are(events, sink):
    """Exactly 1024 bytes are not cut."""
    events.event(POD, "Normal", "R", "A", "a" * 1024)
    assert written(events, sink)["note"] == "a" * 1024


def test_names_are_unique_within_the_same_microsecond(events, sink):
    """Two events on one object at the same time do not collide."""
    events.event(POD, "Normal", "One", "A", "n")
    events.event(POD, "Normal", "Two", "A", "n")
    written(events, sink, count=2)
    assert len({name for _, name in sink.calls}) == 2


@pytest.mark.parametrize("name", ["a" * 253, "a" * 235 + "-." + "b" * 10])
def test_long_names_are_cut_to_what_the_server_takes(events, sink, name):
    """Name and suffix fit into 253 characters and are a valid subdomain."""
    events.event({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}, "Normal", "R", "A", "n")
    made = written(events, sink)["metadata"]["name"]
    assert len(made) <= 253
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", made)
    assert "-." not in made


def test_2_14_6_a_name_that_is_no_subdomain_gives_a_uuid(events, sink):
    """RBAC objects have colons in their names; events must not."""
    events.event({"apiVersion": "v1", "kind": "R", "metadata": {"name": "system:node"}}, "Normal", "R", "A", "n")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", written(events, sink)["metadata"]["name"])


@pytest.mark.parametrize(("kind", "reason", "action"), [("Error", "R", "A"), ("Normal", "", "A"), ("Normal", "R", "")])
def test_what_the_server_would_refuse_is_a_mistake_of_the_caller(events, kind, reason, action):
    """A wrong type, or no reason or action, fails at once and names the values."""
    with pytest.raises(ValueError, match="Normal or Warning"):
        events.event(POD, kind, reason, action, "n")


def test_the_reporting_instance_is_named_after_the_host_by_default():
    """Controller, host name, and at most 128 characters."""
    sink = event_sink.MemoryEventSink()
    events = recorder.EventRecorder(sink, fake_clock.FakeClock())
    events.event(POD, "Normal", "R" * 200, "A" * 200, "n")
    event = written(events, sink)
    assert event["reportingController"] == "coxswain"
    assert event["reportingInstance"].startswith("coxswain-")
    assert (len(event["reason"]), len(event["action"])) == (128, 128)


def test_2_14_the_note_and_the_objects_version_do_not_make_another_series(events, sink):
    """Type, reason, action and object do."""
    events.event(POD, "Normal", "R", "A", "first")
    later = {**POD, "metadata": {**POD["metadata"], "resourceVersion": "8"}}
    events.event(later, "Normal", "R", "A", "second")
    event = written(events, sink)
    assert (event["note"], event["series"]["count"]) == ("first", 2)


@pytest.mark.parametrize(
    "other",
    [("Warning", "R", "A", "u1"), ("Normal", "S", "A", "u1"), ("Normal", "R", "B", "u1"), ("Normal", "R", "A", "u2")],
)
def test_2_14_what_differs_is_another_event(events, sink, other):
    """Type, reason, action, or an object of the same name with another uid."""
    kind, reason, action, uid = other
    events.event(POD, "Normal", "R", "A", "n")
    events.event({**POD, "metadata": {**POD["metadata"], "uid": uid}}, kind, reason, action, "n")
    assert "series" not in written(events, sink, count=2)
