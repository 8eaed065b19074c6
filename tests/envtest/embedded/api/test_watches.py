"""Watches: which frames come, and when they end."""

import asyncio
import json

import pytest

from envtest.embedded.api import requests, status, watches
from envtest.embedded.http import negotiation
from tests.support import embedded_world


@pytest.fixture
def world():
    """An API with one ConfigMap."""
    made = embedded_world.World()
    made.config_map("old", labels={"x": "1"})
    return made


def watched(world, act=lambda: None, bookmark_seconds=60.0, shape=None, **options):
    """Watch ConfigMaps of the namespace for a moment in which *act* is called, and return what came."""
    request = watches.Request(world.target(), requests.ListOptions(**{"timeout_seconds": 0.05, **options}), shape)
    frames = []

    async def run():
        watch = watches.Watch(world.api, request, watches.Settings(bookmark_seconds))
        asyncio.get_running_loop().call_soon(act)
        async for data in watch.frames():
            frames.extend(json.loads(line) for line in data.splitlines())

    asyncio.run(run())
    return frames


def brief(frames):
    """Return types and names."""
    return [(frame["type"], frame["object"]["metadata"].get("name")) for frame in frames]


def test_without_a_version_the_present_comes_first(world):
    """Then what happens."""
    frames = watched(world, lambda: world.config_map("new"))
    assert brief(frames) == [("ADDED", "old"), ("ADDED", "new")]


def test_from_a_version_only_what_happened_since_comes(world):
    """In order, also what happened before the watch began."""
    then = str(world.api.store.revision)
    world.merge({"data": {"k": "w"}}, "old")

    def act():
        world.api.delete(world.target(name="old"))

    frames = watched(world, act, resource_version=then)
    assert brief(frames) == [("MODIFIED", "old"), ("DELETED", "old")]
    versions = [int(frame["object"]["metadata"]["resourceVersion"]) for frame in frames]
    assert versions == sorted(versions)


def test_a_forgotten_version_is_an_error_frame(world):
    """The stream begins with 200, and then says 410."""
    world.config_map("new")
    world.api.store.compact()
    (frame,) = watched(world, resource_version="2")
    assert (frame["type"], frame["object"]["code"], frame["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_other_namespaces_are_not_seen(world):
    """Only that of the path."""
    frames = watched(world, lambda: world.api.create(world.target(namespace="kube-public"), {"metadata": {"name": "x"}}))
    assert brief(frames) == [("ADDED", "old")]


def test_what_stops_to_match_is_deleted_and_what_begins_to_is_added(world):
    """As if the others were not there; the deleted object is the last that matched, with the change's version."""

    def act():
        world.merge({"metadata": {"labels": {"x": "2"}}}, "old")
        world.merge({"metadata": {"labels": {"x": "1"}}}, "old")

    frames = watched(world, act, label_selector="x=1")
    assert brief(frames) == [("ADDED", "old"), ("DELETED", "old"), ("ADDED", "old")]
    gone = frames[1]["object"]["metadata"]
    assert gone["labels"] == {"x": "1"}
    assert int(gone["resourceVersion"]) == world.api.store.revision - 1


def test_an_object_that_stays_outside_is_never_seen(world):
    """Whatever happens to it."""
    assert watched(world, lambda: world.merge({"data": {"k": "w"}}, "old"), label_selector="x=9") == []


def test_a_streamed_list_ends_with_a_bookmark(world):
    """With the annotation that says so, and the version from which the watch goes on."""
    frames = watched(world, send_initial_events=True, allow_bookmarks=True)
    assert brief(frames) == [("ADDED", "old"), ("BOOKMARK", None)]
    own = frames[1]["object"]["metadata"]
    assert own["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert own["resourceVersion"] == str(world.api.store.revision)


def test_a_streamed_list_of_the_future_is_refused(world):
    """Before the stream begins."""
    with pytest.raises(status.StatusError) as error:
        watched(world, send_initial_events=True, allow_bookmarks=True, resource_version="9999")
    assert error.value.code == 504


def test_bookmarks_come_regularly_to_who_wants_them(world):
    """With the present version."""
    then = str(world.api.store.revision)
    frames = watched(world, bookmark_seconds=0.01, allow_bookmarks=True, resource_version=then, timeout_seconds=2.5)
    assert len(frames) > 2
    assert {frame["type"] for frame in frames} == {"BOOKMARK"}
    assert watched(world, bookmark_seconds=0.01, resource_version=then) == []


def test_a_watch_ends_with_its_kind(world):
    """When the kind is no longer served."""
    resource = world.target().resource
    frames = watched(
        world,
        lambda: world.api.registry.remove(resource.group, resource.version, resource.plural),
        resource_version=str(world.api.store.revision),
        timeout_seconds=30,
    )
    assert frames == []


def test_only_metadata_can_be_watched(world):
    """Each object comes in the other shape."""
    (frame,) = watched(world, shape=negotiation.only_metadata)
    assert frame["object"]["kind"] == "PartialObjectMetadata"
    assert "data" not in frame["object"]
