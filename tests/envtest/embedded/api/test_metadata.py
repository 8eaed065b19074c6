"""What the server writes into metadata."""

import pytest

from envtest.embedded.api import metadata, requests, status
from envtest.embedded.builtin import resources

REGISTRY = resources.Registry.built_in()
CONFIG_MAPS = requests.Target(REGISTRY.find("", "v1", "configmaps"), "here", "a")
NODES = requests.Target(REGISTRY.find("", "v1", "nodes"), "", "a")


def obj(**own):
    """Return an object with this metadata."""
    return {"kind": "K", "apiVersion": "v1", "metadata": own}


def test_an_object_gets_the_namespace_of_its_request():
    """If it says none; kinds without namespaces lose theirs."""
    assert metadata.placed(obj(name="a"), CONFIG_MAPS)["metadata"] == {"name": "a", "namespace": "here"}
    assert metadata.placed(obj(name="a", namespace="x"), NODES)["metadata"] == {"name": "a"}


def test_another_namespace_is_refused():
    """With the server's text."""
    with pytest.raises(
        status.StatusError, match="the namespace of the provided object does not match the namespace sent on the req"
    ):
        metadata.placed(obj(name="a", namespace="there"), CONFIG_MAPS)


def test_another_name_than_that_of_the_path_is_refused():
    """As is none."""
    with pytest.raises(status.StatusError, match=r"the name of the object \(b\) does not match the name on the URL \(a\)"):
        metadata.check_name(obj(name="b"), CONFIG_MAPS)
    with pytest.raises(status.StatusError, match="undeterminable: name must be provided"):
        metadata.check_name(obj(), CONFIG_MAPS)


def test_a_new_object_gets_uid_and_time_whatever_it_says():
    """What only the server may say is dropped."""
    born = metadata.born(obj(name="a", uid="mine", deletionTimestamp="x", generation=3), "2026-01-02T03:04:05Z")["metadata"]
    assert len(born.pop("uid")) == 36
    assert born == {"name": "a", "generation": 3, "creationTimestamp": "2026-01-02T03:04:05Z"}


def test_a_generated_name_has_five_letters_more_and_is_not_too_long():
    """63 characters at most."""
    assert len(metadata.generated_name("a-")) == 7
    long = metadata.generated_name("x" * 100)
    assert len(long) == 63
    assert metadata.generated_name("a-") != metadata.generated_name("a-")


def test_an_update_cannot_change_what_the_server_says():
    """Creation, deletion and generation stay."""
    live = obj(name="a", uid="u", creationTimestamp="then", generation=4, deletionTimestamp="now", deletionGracePeriodSeconds=0)
    new = metadata.continued(obj(name="a", creationTimestamp="x", generation=9), live)["metadata"]
    assert new == live["metadata"]


@pytest.mark.parametrize(
    ("own", "is_gone"),
    [
        ({"deletionTimestamp": "x", "deletionGracePeriodSeconds": 0}, True),
        ({"deletionTimestamp": "x", "deletionGracePeriodSeconds": 0, "finalizers": ["a/b"]}, False),
        ({"deletionTimestamp": "x", "deletionGracePeriodSeconds": 30}, False),
        ({}, False),
    ],
)
def test_an_update_lets_go_what_nothing_holds_any_more(own, is_gone):
    """It is being deleted, its grace is over and it has no finalizers."""
    assert metadata.is_deleted_by(obj(name="a", **own)) == is_gone


def test_fields_are_shown_in_the_servers_order():
    """Kind and version first, the name before all else in metadata."""
    shown = metadata.ordered({"spec": 1, "apiVersion": "v1", "kind": "K", "metadata": {"labels": {}, "uid": "u", "name": "a"}})
    assert list(shown) == ["kind", "apiVersion", "metadata", "spec"]
    assert list(shown["metadata"]) == ["name", "uid", "labels"]
