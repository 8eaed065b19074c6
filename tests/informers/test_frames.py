"""What frames mean."""

import pytest

from informers import errors, frames, objects
from tests.support import fake_lister_watcher as fakes
from tests.support.snapshots import CONFIG_MAP

decode = frames.decoder(CONFIG_MAP)


@pytest.mark.parametrize("kind", ["ADDED", "MODIFIED", "DELETED"])
def test_an_object_keeps_its_bytes(kind):
    """The object's JSON is kept as it came, in a buffer of its own; its metadata is parsed."""
    raw = fakes.manifest("a", "7", labels={"x": "y"})
    decoded = decode(b'{"type":"%s","object":%s}\n' % (kind.encode(), raw))
    assert decoded.type == kind
    assert type(decoded.snapshot.raw) is bytes
    assert decoded.snapshot.raw == raw
    assert decoded.snapshot.key == ("default", "a")
    assert decoded.snapshot.meta.labels == {"x": "y"}
    assert decoded.snapshot.gvk is CONFIG_MAP


def test_a_bookmark_is_a_version():
    """A bookmark carries a version, and says whether the initial events end with it."""
    assert decode(fakes.bookmark("7")) == frames.Bookmark("7", ends_initial_events=False)
    assert decode(fakes.bookmark("7", ends_initial_events=True)) == frames.Bookmark("7", ends_initial_events=True)


def test_an_error_is_one_of_the_tree():
    """An ERROR frame becomes the error that the same status of an answer would."""
    gone = decode(fakes.error_frame(410, "Expired"))
    throttled = decode(fakes.error_frame(429, "TooManyRequests", retryAfterSeconds=3))
    assert isinstance(gone.error, errors.GoneError)
    assert isinstance(throttled.error, errors.TooManyRequestsError)
    assert throttled.error.retry_after_seconds == 3.0


def test_an_error_without_a_code_is_the_servers():
    """A status that names no code counts as 500."""
    assert isinstance(decode(b'{"type":"ERROR","object":{"kind":"Status"}}').error, errors.ServerError)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"{",
        b'{"type":"ADDED"}',
        b'{"type":"ADDED","object":{"metadata":{"name":3}}}',
        b'{"type":"ADDED","object":{"apiVersion":"v1","kind":"ConfigMap"}}',
        b'{"type":"ADDED","object":{"metadata":{"name":"\xff"}}}',
        b'{"type":"ERROR","object":[]}',
        fakes.frame("ADDED")[:-3],
    ],
)
def test_2_1_15_nonsense_is_a_value_not_an_exception(frame):
    """What is cut off, not JSON, not UTF-8, or not an object, decodes to something that says so."""
    assert isinstance(decode(frame), frames.Undecodable)


@pytest.mark.parametrize(
    "frame",
    [
        b'{"type":"ADDED","object":{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}}',
        b'{"type":"ADDED","object":{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"a"}}}',
        b'{"type":"ADDED","object":{"apiVersion":"meta.k8s.io/v1","kind":"Table","metadata":{},"rows":[]}}',
        b'{"type":"ADDED","object":{"metadata":{"name":"a"}}}',
        b'{"type":"RENAMED","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}}',
    ],
)
def test_2_1_17_other_kinds_tables_and_unknown_events_are_foreign(frame):
    """Only events of the watched kind in the watched version count."""
    assert isinstance(decode(frame), frames.Foreign)


def test_unknown_fields_are_kept():
    """A field that nobody here knows is in the decoded object."""
    frame = b'{"type":"ADDED","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","brandNew":1},"other":[1]}}'
    assert decode(frame).snapshot.decode()["metadata"]["brandNew"] == 1
    assert decode(frame).snapshot.decode()["other"] == [1]


def test_groups_are_part_of_the_kind():
    """A kind of a named group is known by group, version and kind."""
    deployments = frames.decoder(objects.GroupVersionKind("apps", "v1", "Deployment"))
    frame = b'{"type":"ADDED","object":{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}}}'
    assert isinstance(deployments(frame), frames.Object)
