"""Contract: what a list, a page and a watch answer of versions that the server has forgotten."""

import pytest

from envtest import components
from tests.support import contract_server

INCONSISTENT = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the "
    "continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with "
    "the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list."
)


@pytest.fixture(scope="module")
def forgetful(private_control_plane, tmp_path_factory):
    """A space of a server of our own, versions of which a few are forgotten, and a token as old as they are."""
    server = contract_server.Server(private_control_plane, tmp_path_factory.mktemp("kubectl"))
    space = server.space()
    for name in "abc":
        space.post("secrets", {"metadata": {"name": name}})
    first = space.get("secrets", limit="1")
    space.delete("secrets/b")
    private_control_plane.stop_component(components.API_SERVER)  # its watch cache would remember what etcd forgets
    private_control_plane.compact()
    private_control_plane.start_component(components.API_SERVER)
    space.post("secrets", {"metadata": {"name": "d"}})
    yield space, first.version, first.body["metadata"]["continue"]
    server.close()


def test_a_list_of_the_past_expires(forgetful):
    """An exact version that is forgotten is 410 Expired."""
    space, version, _ = forgetful
    answer = space.get("secrets", resourceVersion=version, resourceVersionMatch="Exact")
    assert answer.refusal == (410, "Expired", "The resourceVersion for the provided list is too old.")


def test_a_page_of_the_past_expires(forgetful):
    """A token of a forgotten version is 410 Expired, with a token that goes on from there with what is there now."""
    space, _, token = forgetful
    answer = space.get("secrets", limit="1", **{"continue": token})
    assert answer.refusal == (410, "Expired", INCONSISTENT)
    follow = space.get("secrets", limit="9", **{"continue": answer.body["metadata"]["continue"]})
    assert follow.names == ["c", "d"]


def test_a_watch_from_the_past_expires(forgetful):
    """The one frame is an ERROR with a Status 410 Expired, and the watch ends."""
    space, version, _ = forgetful
    with space.watch("secrets", resourceVersion=version) as watch:
        [frame] = watch.rest()
    assert watch.status == 200
    assert (frame["type"], frame["object"]["code"], frame["object"]["reason"]) == ("ERROR", 410, "Expired")
    assert frame["object"]["message"].startswith(f"too old resource version: {version} (")


def test_any_version_does_not_expire(forgetful):
    """Reads that take any version, or the newest, and watches from them go on."""
    space, version, _ = forgetful
    assert space.get("secrets", resourceVersion=version).names == ["a", "c", "d"]
    assert space.get("secrets", resourceVersion="0").names == ["a", "c", "d"]
    with space.watch("secrets", resourceVersion="0") as watch:
        assert sorted(watch.take(3)) == [("ADDED", "a"), ("ADDED", "c"), ("ADDED", "d")]
