"""Pages, versions, tokens."""

import pytest

from envtest.embedded.api import lists, requests, status
from tests.support import embedded_world
from tests.support.embedded_world import refusal


@pytest.fixture
def world():
    """An API with four ConfigMaps, the second and the third with a label."""
    made = embedded_world.World()
    for name in "abcd":
        made.config_map(name, labels={"x": "1"} if name in "bc" else {})
    return made


def read(world, **options):
    """Return a page."""
    return lists.read(world.api, world.target(), requests.ListOptions(**options))


def names(page):
    """Return the names of a page."""
    return [item["metadata"]["name"] for item in page.items]


def test_pages_follow_each_other_and_show_one_moment(world):
    """What changes in between is not seen."""
    first = read(world, limit=2)
    assert (names(first), first.remaining) == (["a", "b"], 2)
    world.api.delete(world.target(name="c"))
    world.config_map("e")
    second = read(world, limit=2, continue_token=first.next)
    assert (names(second), second.next, second.revision) == (["c", "d"], "", first.revision)


def test_with_selectors_nobody_knows_how_many_are_left(world):
    """A page ends at the limit, even if nothing more matches."""
    page = read(world, limit=2, label_selector="x")
    assert (names(page), page.remaining) == (["b", "c"], None)
    assert "remainingItemCount" not in page.metadata
    assert names(read(world, limit=2, label_selector="x", continue_token=page.next)) == []


def test_an_expired_token_comes_with_another_that_goes_on_inconsistently(world):
    """410, and then the rest as it is now."""
    first = read(world, limit=2)
    world.config_map("e")
    world.api.store.compact()
    with pytest.raises(status.StatusError) as error:
        read(world, limit=2, continue_token=first.next)
    assert (error.value.code, error.value.reason) == (410, "Expired")
    assert error.value.message.startswith("The provided continue parameter is too old to display a consistent list result.")
    token = error.value.to_json()["metadata"]["continue"]
    assert names(read(world, continue_token=token)) == ["c", "d", "e"]


def test_an_exact_version_shows_what_was(world):
    """Until history has forgotten it."""
    then = str(world.api.store.revision)
    world.api.delete(world.target(name="a"))
    exact = {"resource_version": then, "resource_version_match": "Exact"}
    assert names(read(world, **exact)) == ["a", "b", "c", "d"]
    assert names(read(world, resource_version=then)) == ["b", "c", "d"]
    world.api.store.compact()
    with pytest.raises(status.StatusError) as error:
        read(world, **exact)
    assert refusal(error) == (410, "The resourceVersion for the provided list is too old.")


def test_the_watch_cache_knows_no_pages(world):
    """Version 0 is answered whole."""
    assert names(read(world, resource_version="0", limit=1)) == ["a", "b", "c", "d"]


def test_a_version_of_the_future_is_too_large(world):
    """504, with the present one."""
    with pytest.raises(status.StatusError) as error:
        read(world, resource_version="99999")
    assert refusal(error) == (504, f"Timeout: Too large resource version: 99999, current: {world.api.store.revision}")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"continue_token": "junk"}, "invalid continue token: continue key is not valid"),
        ({"resource_version": "x"}, 'invalid resource version: resourceVersion: Invalid value: "x"'),
    ],
)
def test_nonsense_is_refused(world, options, part):
    """With 400."""
    with pytest.raises(status.StatusError) as error:
        read(world, **options)
    assert error.value.code == 400
    assert part in error.value.message


def test_a_version_and_a_token_exclude_each_other(world):
    """The token has a version."""
    token = read(world, limit=1).next
    with pytest.raises(status.StatusError) as error:
        read(world, limit=1, continue_token=token, resource_version="5")
    assert refusal(error) == (400, "specifying resource version is not allowed when using continue")


def test_the_items_of_built_in_kinds_do_not_say_what_they_are(world):
    """The list does."""
    shown = lists.as_json(world.target(), read(world, limit=1))
    assert (shown["kind"], shown["apiVersion"]) == ("ConfigMapList", "v1")
    assert set(shown["items"][0]) == {"metadata", "data"}
