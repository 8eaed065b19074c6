"""The store: revisions, order, history, and who is told."""

import pytest

from envtest.embedded.api import status, store
from envtest.embedded.builtin import resources

REGISTRY = resources.Registry.built_in()
CONFIG_MAPS = REGISTRY.find("", "v1", "configmaps")
SECRETS = REGISTRY.find("", "v1", "secrets")


def obj(name, namespace="default", **rest):
    """Return a small object."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, **rest}


def names(objects):
    """Return namespaces and names."""
    return [store.key(each) for each in objects]


def test_each_change_of_any_kind_has_the_next_revision():
    """One counter for all kinds, and the object says it."""
    kept = store.Store()
    first = kept.put(CONFIG_MAPS, obj("a"))
    second = kept.put(SECRETS, obj("a"))
    last = kept.delete(CONFIG_MAPS, first)
    versions = [int(each["metadata"]["resourceVersion"]) for each in (first, second, last)]
    assert versions == [versions[0], versions[0] + 1, versions[0] + 2]
    assert kept.revision == versions[-1]


def test_what_is_put_is_not_changed():
    """The resourceVersion is written into a copy."""
    given = obj("a")
    store.Store().put(CONFIG_MAPS, given)
    assert "resourceVersion" not in given["metadata"]


def test_lists_are_sorted_as_etcd_sorts_its_keys():
    """The slash behind the namespace is a part of the key."""
    kept = store.Store()
    for namespace, name in [("b", "x"), ("a-b", "x"), ("a", "z"), ("a", "b")]:
        kept.put(CONFIG_MAPS, obj(name, namespace))
    assert names(kept.list(CONFIG_MAPS)) == ["a-b/x", "a/b", "a/z", "b/x"]
    assert names(kept.list(CONFIG_MAPS, "a")) == ["a/b", "a/z"]


def test_subscribers_hear_of_a_kind_until_they_leave():
    """With what was there before."""
    kept, heard = store.Store(), []
    leave = kept.subscribe(CONFIG_MAPS, heard.append)
    kept.put(SECRETS, obj("other"))
    first = kept.put(CONFIG_MAPS, obj("a"))
    kept.put(CONFIG_MAPS, obj("a", data={"k": "v"}))
    kept.delete(CONFIG_MAPS, first)
    leave()
    kept.put(CONFIG_MAPS, obj("b"))
    assert [event.type for event in heard] == ["ADDED", "MODIFIED", "DELETED"]
    assert [event.previous is None for event in heard] == [True, False, False]


def test_everybody_hears_of_changes_in_their_order_even_if_a_subscriber_writes():
    """What a subscriber writes is told after what it was told of."""
    kept, heard = store.Store(), []

    def answer(event):
        if event.type == "ADDED":
            kept.put(CONFIG_MAPS, {**event.object, "data": {"seen": "yes"}})

    kept.subscribe(CONFIG_MAPS, answer)
    kept.subscribe(CONFIG_MAPS, heard.append)
    kept.put(CONFIG_MAPS, obj("a"))
    assert [event.type for event in heard] == ["ADDED", "MODIFIED"]


def test_events_since_a_revision_come_in_order():
    """Those after it, of one kind."""
    kept = store.Store()
    first = kept.put(CONFIG_MAPS, obj("a"))
    kept.put(SECRETS, obj("s"))
    kept.put(CONFIG_MAPS, obj("b"))
    kept.put(CONFIG_MAPS, obj("c"))
    events = kept.events_since(CONFIG_MAPS, int(first["metadata"]["resourceVersion"]))
    assert names(event.object for event in events) == ["default/b", "default/c"]


def test_the_window_forgets_the_oldest_events():
    """Who asks for what is forgotten gets 410."""
    kept = store.Store(window=2)
    revisions = [int(kept.put(CONFIG_MAPS, obj(name))["metadata"]["resourceVersion"]) for name in "abcd"]
    assert len(kept.events_since(CONFIG_MAPS, revisions[1])) == 2
    with pytest.raises(status.StatusError) as error:
        kept.events_since(CONFIG_MAPS, revisions[0])
    assert (error.value.code, error.value.reason) == (410, "Expired")
    assert error.value.message == f"too old resource version: {revisions[0]} ({revisions[1]})"


def test_compaction_forgets_all_kinds_even_those_that_nobody_has_touched():
    """A revision before it is too old for all of them."""
    kept = store.Store()
    kept.put(CONFIG_MAPS, obj("a"))
    kept.put(CONFIG_MAPS, obj("b"))
    assert kept.compact() == kept.revision
    for kind in (CONFIG_MAPS, SECRETS):
        with pytest.raises(status.StatusError):
            kept.events_since(kind, kept.revision - 1)
        assert kept.events_since(kind, kept.revision) == []


def test_a_kind_can_be_seen_as_it_was():
    """Creations, changes and deletions are undone."""
    kept = store.Store()
    kept.put(CONFIG_MAPS, obj("changed", data={"k": "1"}))
    gone = kept.put(CONFIG_MAPS, obj("gone"))
    then = kept.revision
    kept.put(CONFIG_MAPS, obj("changed", data={"k": "2"}))
    kept.delete(CONFIG_MAPS, gone)
    kept.put(CONFIG_MAPS, obj("new"))
    found = kept.at(CONFIG_MAPS, then).below("default/")
    assert [(each["metadata"]["name"], each.get("data")) for each in found] == [("changed", {"k": "1"}), ("gone", None)]


def test_a_page_begins_at_a_key():
    """And has no more objects than asked for."""
    kept = store.Store()
    for name in "abcd":
        kept.put(CONFIG_MAPS, obj(name))
    snapshot = kept.snapshot(CONFIG_MAPS)
    assert names(snapshot.page("default/", "default/b\0", 1)) == ["default/c"]
    assert names(snapshot.page("default/", "default/c", 0)) == ["default/c", "default/d"]
