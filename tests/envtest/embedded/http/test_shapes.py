"""Objects as rows and as metadata only."""

from envtest.embedded.api import lists
from envtest.embedded.http import shapes
from tests.support import embedded_world

CONFIG_MAPS = embedded_world.CONFIG_MAPS


def test_a_list_becomes_a_table_or_a_list_of_metadata():
    """With the list's own metadata."""
    world = embedded_world.World()
    world.config_map()
    resource = world.target().resource
    page = lists.Page(world.api.store.list(resource), 7)
    table = shapes.of_list("table", resource, {}, world.now)(page)
    assert (table["kind"], table["rows"][0]["cells"], table["metadata"]) == ("Table", ["a", 1, "0s"], {"resourceVersion": "7"})
    only = shapes.of_list("metadata", resource, {}, world.now)(page)
    assert (only["kind"], set(only["items"][0])) == ("PartialObjectMetadataList", {"kind", "apiVersion", "metadata"})


def test_only_the_first_row_of_a_watch_tells_the_columns():
    """A bookmark is no row."""
    world = embedded_world.World()
    made = world.config_map()
    row = shapes.of_event("table", world.target().resource, {}, lambda: world.now)
    assert row(made)["columnDefinitions"]
    assert not row(made)["columnDefinitions"]
    bookmark = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}}
    assert row(bookmark) == bookmark
    assert shapes.of_event("object", world.target().resource, {}, lambda: world.now) is None
