"""Contract: watches: where they start, what they send, and how they end."""

import pytest

from tests.support import contract_server

BOOKMARKS = {"allowWatchBookmarks": "true"}
INITIAL = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
END = {"k8s.io/initial-events-end": "true"}


def make(space, name, **labels):
    """Create a Secret and return the answer."""
    answer = space.post("secrets", {"metadata": {"name": name, "labels": labels}})
    assert answer.status == 201
    return answer


def label(space, name, **labels):
    """Change the labels of a Secret."""
    return space.patch(f"secrets/{name}", {"metadata": {"labels": labels}})


@pytest.mark.parametrize("options", [{}, {"resourceVersion": "0"}], ids=["unset", "0"])
def test_a_watch_from_anywhere_begins_with_what_is_there(space, options):
    """Without a version, and from 0, existing objects come as ADDED, then changes."""
    make(space, "a")
    make(space, "b")
    with space.watch("secrets", **options) as watch:
        assert sorted(watch.take(2)) == [("ADDED", "a"), ("ADDED", "b")]
        space.delete("secrets/a")
        assert watch.take(1) == [("DELETED", "a")]


def test_a_watch_from_a_version_sends_what_came_later(space):
    """Changes after the version come in order, each with its own version."""
    made = make(space, "a")
    label(space, "a", q="1")
    make(space, "b")
    space.delete("secrets/a")
    with space.watch("secrets", resourceVersion=made.version) as watch:
        frames = [watch.next() for _ in range(3)]
    assert [contract_server.brief(frame) for frame in frames] == [("MODIFIED", "a"), ("ADDED", "b"), ("DELETED", "a")]
    versions = [int(frame["object"]["metadata"]["resourceVersion"]) for frame in frames]
    assert versions == sorted(set(versions))


def test_a_frame_carries_the_whole_object(space):
    """The object of a frame is what a read answers."""
    made = make(space, "a", app="x")
    with space.watch("secrets") as watch:
        assert watch.next() == {"type": "ADDED", "object": made.body}


def test_a_deleted_frame_shows_the_last_state(space):
    """Labels and data of the deleted object are there; its version is that of the deletion."""
    made = make(space, "a", app="x")
    space.delete("secrets/a")
    with space.watch("secrets", resourceVersion=made.version) as watch:
        frame = watch.next()
    deleted = frame["object"]["metadata"]
    assert (frame["type"], deleted["labels"], deleted["uid"]) == ("DELETED", {"app": "x"}, made.body["metadata"]["uid"])
    assert int(deleted["resourceVersion"]) > int(made.version)


def test_a_selector_turns_changes_into_comings_and_goings(space):
    """An object that stops to match is DELETED, one that starts to match is ADDED, others are not sent."""
    first = make(space, "a", app="x")
    make(space, "z", app="q")
    label(space, "a", app="n")
    label(space, "a", app="x")
    label(space, "a", more="1")
    with space.watch("secrets", resourceVersion=first.version, labelSelector="app=x") as watch:
        assert watch.take(3) == [("DELETED", "a"), ("ADDED", "a"), ("MODIFIED", "a")]


def test_a_field_selector_watches_one_object(space):
    """metadata.name selects one object's events."""
    first = make(space, "a")
    make(space, "b")
    label(space, "a", q="1")
    with space.watch("secrets", resourceVersion=first.version, fieldSelector="metadata.name=b") as watch:
        assert watch.take(1) == [("ADDED", "b")]
        label(space, "b", q="1")
        assert watch.take(1) == [("MODIFIED", "b")]


def test_a_timeout_ends_a_watch(space):
    """timeoutSeconds ends the answer cleanly after the frames."""
    make(space, "a")
    with space.watch("secrets", timeoutSeconds="1") as watch:
        assert [contract_server.brief(frame) for frame in watch.rest()] == [("ADDED", "a")]


def test_a_watch_streams_json(space):
    """The answer is chunked JSON that may not be cached."""
    answer = space.get("secrets", watch="1", timeoutSeconds="1", resourceVersion="0")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Transfer-Encoding"] == "chunked"


def test_the_end_of_the_initial_events_is_marked(space):
    """A streaming list sends what is there, then a bookmark with an annotation and a version, then changes."""
    made = make(space, "a")
    with space.watch("secrets", **INITIAL, **BOOKMARKS) as watch:
        assert watch.take(1) == [("ADDED", "a")]
        frame = watch.next()
        make(space, "b")
        assert watch.take(1) == [("ADDED", "b")]
    body = frame["object"]
    assert (frame["type"], body["kind"], body["apiVersion"]) == ("BOOKMARK", "Secret", "v1")
    assert (sorted(body["metadata"]), body["metadata"]["annotations"]) == (["annotations", "resourceVersion"], END)
    assert int(body["metadata"]["resourceVersion"]) >= int(made.version)


def test_a_streaming_list_of_custom_resources_has_the_mark(space):
    """Custom kinds stream too."""
    with space.watch("custom.ops/v1/microservicedeploys", **INITIAL, **BOOKMARKS) as watch:
        frame = watch.next()
    assert (frame["type"], frame["object"]["kind"]) == ("BOOKMARK", "MicroServiceDeploy")
    assert frame["object"]["metadata"]["annotations"] == END


def test_without_bookmarks_there_is_no_mark(space):
    """A client that does not take bookmarks gets the objects only."""
    make(space, "a")
    with space.watch("secrets", **INITIAL, resourceVersion="0", timeoutSeconds="1") as watch:
        assert [contract_server.brief(frame) for frame in watch.rest()] == [("ADDED", "a")]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"sendInitialEvents": "true"}, "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
        (
            {"resourceVersionMatch": "NotOlderThan"},
            "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
    ],
    ids=["no match", "no events"],
)
def test_options_of_a_watch_must_make_sense(space, options, text):
    """Contradicting options are 422."""
    answer = space.get("secrets", watch="1", **options)
    message = f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: {text}'
    assert answer.refusal == (422, "Invalid", message)


def test_broken_selectors_refuse_a_watch(space):
    """A watch checks its selectors as a list does."""
    assert space.get("secrets", watch="1", labelSelector="a b").refusal[:2] == (400, "BadRequest")
    assert space.get("secrets", watch="1", fieldSelector="q=1").refusal == (400, "BadRequest", "field label not supported: q")


def test_a_version_of_the_future_waits(space):
    """A watch from a version that is not there yet sends nothing."""
    make(space, "a")
    with space.watch("secrets", resourceVersion="999999999", timeoutSeconds="1") as watch:
        assert (watch.status, watch.rest()) == (200, [])


def test_the_path_of_an_object_is_read_and_not_watched(space):
    """GET of an object ignores watch=1."""
    made = make(space, "a")
    assert space.get("secrets/a", watch="1", timeoutSeconds="1").body == made.body


def test_a_watch_can_send_tables(space):
    """Frames hold tables of one row; the columns come with the first."""
    make(space, "a")
    make(space, "b")
    with space.watch("secrets", accept=contract_server.TABLE) as watch:
        first, second = watch.next(), watch.next()
    assert (first["type"], first["object"]["kind"]) == ("ADDED", "Table")
    assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name", "Type", "Data", "Age"]
    assert sorted([first["object"]["rows"][0]["cells"][0], second["object"]["rows"][0]["cells"][0]]) == ["a", "b"]
    assert not second["object"].get("columnDefinitions")
