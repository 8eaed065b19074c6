"""The cache of one collection."""

import gc
import threading

import pytest

from informers import events, indexer, objects, store
from tests.support.snapshots import snapshot

A, B = objects.ObjectKey("default", "a"), objects.ObjectKey("default", "b")


def content(*snapshots):
    """Return snapshots by key, as a relist hands them over."""
    return {one.key: one for one in snapshots}


@pytest.fixture
def cache():
    """A store with two objects that stands at version 10."""
    made = store.Store({indexer.NAMESPACE: indexer.by_namespace})
    made.replace(content(snapshot("a", resourceVersion="5"), snapshot("b", namespace="other", resourceVersion="6")), "10")
    return made


def test_objects_are_found_by_key_namespace_and_index(cache):
    """Reads return snapshots; what is not there is None or an empty list."""
    assert cache.get(A).meta.resource_version == "5"
    assert cache.get(objects.ObjectKey("default", "zzz")) is None
    assert [one.key.name for one in cache.list("other")] == ["b"]
    assert sorted(one.key.name for one in cache.list()) == ["a", "b"]
    assert [one.key.name for one in cache.by_index("namespace", "default")] == ["a"]
    assert cache.list("nowhere") == []
    assert set(cache.keys()) == {A, objects.ObjectKey("other", "b")}
    assert len(cache) == 2


def test_namespaces_are_found_without_an_index_too():
    """A store without the namespace index looks through everything."""
    plain = store.Store()
    plain.replace(content(snapshot("a"), snapshot("b", namespace="other")), "10")
    assert [one.key.name for one in plain.list("other")] == ["b"]


def test_2_2_3_a_relist_tells_of_deletions_first_then_of_the_list_in_its_order(cache):
    """Missing objects are deleted, with their final state unknown; then each object of the list comes, in order."""
    old_a, old_b = cache.list("default")[0], cache.list("other")[0]
    new_c, new_a = snapshot("c"), snapshot("a", resourceVersion="11")
    told = cache.replace(content(new_c, new_a), "20")
    assert told == [events.Deleted(old_b, final_state_unknown=True), events.Added(new_c), events.Updated(old_a, new_a)]
    assert cache.resource_version == "20"


def test_2_2_6_a_deletion_that_was_missed_carries_the_last_known_state(cache):
    """A relist without an object yields the state that the store had; a DELETED event yields the final one."""
    told = cache.replace({}, "20")
    assert all(event.final_state_unknown for event in told)
    cache.put(snapshot("a", resourceVersion="21"), "21")
    final = snapshot("a", resourceVersion="22")
    assert cache.remove(final, "22") == events.Deleted(final, final_state_unknown=False)


def test_2_2_7_an_object_that_was_made_anew_is_one_update(cache):
    """A different uid between two observations is an Updated that shows both."""
    anew = snapshot("a", uid="another", resourceVersion="30")
    (event,) = [event for event in cache.replace(content(anew), "30") if isinstance(event, events.Updated)]
    assert (event.old.meta.uid, event.new.meta.uid) == ("uid-a", "another")
    again = snapshot("a", uid="third", resourceVersion="31")
    assert cache.put(again, "31") == events.Updated(anew, again)


def test_2_2_8_an_unchanged_object_in_a_relist_is_an_update_with_equal_versions(cache):
    """Handlers can tell by the versions that nothing has changed."""
    same = snapshot("a", resourceVersion="5")
    told = [event for event in cache.replace(content(same), "20") if isinstance(event, events.Updated)]
    assert told[0].old.meta.resource_version == told[0].new.meta.resource_version == "5"


def test_what_is_put_is_added_or_updated(cache):
    """The event depends on what the store holds, not on what the server calls it."""
    assert isinstance(cache.put(snapshot("c"), "11"), events.Added)
    assert isinstance(cache.put(snapshot("c"), "12"), events.Updated)
    assert isinstance(cache.remove(snapshot("c"), "13"), events.Deleted)
    assert cache.remove(snapshot("c"), "14") is None
    assert cache.resource_version == "14"


def test_2_3_5_the_version_moves_together_with_the_content(cache):
    """Each change brings its version; an empty one leaves it."""
    cache.put(snapshot("c"), "11")
    assert cache.resource_version == "11"
    cache.put(snapshot("d"), "")
    assert cache.resource_version == "11"
    cache.advance("15")
    assert cache.resource_version == "15"


def test_2_3_5_has_seen_asks_the_store_or_the_object(cache):
    """A version is seen if the store stands at it or beyond, or the object itself does."""
    assert cache.has_seen(A, "10")
    assert cache.has_seen(A, "9")
    assert not cache.has_seen(A, "11")
    cache.put(snapshot("a", resourceVersion="12"), "")
    assert cache.has_seen(A, "12")
    assert not cache.has_seen(B, "12")


def test_2_3_5_nothing_is_seen_before_the_first_list():
    """An empty store stands nowhere."""
    assert not store.Store().has_seen(A, "1")


def test_2_3_5_versions_without_order_are_seen_if_equal():
    """A server whose versions are no numbers is served by equality."""
    cache = store.Store()
    cache.replace(content(snapshot("a", resourceVersion="x1")), "x7")
    assert cache.has_seen(A, "x7")
    assert cache.has_seen(A, "x1")
    assert not cache.has_seen(A, "x8")


def test_indices_follow_changes_and_relists(cache):
    """An index shows what the store holds, whatever the way it came in."""
    cache.add_index("app", indexer.by_label("app"))
    cache.put(snapshot("c", labels={"app": "x"}), "11")
    assert [one.key.name for one in cache.by_index("app", "x")] == ["c"]
    cache.put(snapshot("c", labels={"app": "y"}), "12")
    assert cache.by_index("app", "x") == []
    cache.replace(content(snapshot("d", labels={"app": "x"})), "20")
    assert [one.key.name for one in cache.by_index("app", "x")] == ["d"]
    assert cache.by_index("app", "y") == []
    cache.remove(snapshot("d"), "21")
    assert cache.by_index("app", "x") == []


def test_an_index_may_come_late(cache):
    """An index that is added over a full store covers it."""
    cache.add_index("version", lambda one: [one.meta.resource_version])
    assert [one.key.name for one in cache.by_index("version", "5")] == ["a"]


def test_2_2_5_a_failing_index_function_changes_nothing(cache):
    """Neither a change nor a relist is half done: content, version and indices stay."""
    cache.add_index("generation", lambda one: [str(1 // (one.meta.generation - 7))])
    bad = snapshot("bad", generation=7)
    with pytest.raises(indexer.IndexingError):
        cache.put(bad, "11")
    with pytest.raises(indexer.IndexingError):
        cache.replace(content(bad), "20")
    assert (len(cache), cache.resource_version) == (2, "10")
    assert [one.key.name for one in cache.by_index("namespace", "default")] == ["a"]


def test_2_3_1_a_reader_never_sees_half_of_a_change():
    """While the writer swaps between two states, every query answers from one of them."""
    cache = store.Store({"namespace": indexer.by_namespace})
    numbers = range(50)
    states = [content(*(snapshot(f"o{n}", resourceVersion=version) for n in numbers)) for version in ("1", "2")]
    cache.replace(dict(states[0]), "1")
    is_done = threading.Event()
    mixed = []

    def read():
        while not is_done.is_set():
            queries = (cache.list(), cache.by_index("namespace", "default"))
            mixed.extend(found for found in queries if {one.meta.resource_version for one in found} not in ({"1"}, {"2"}))
            mixed.extend(found for found in queries if len(found) != len(numbers))

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(300):
        cache.replace(dict(states[turn % 2]), str(turn + 2))
    is_done.set()
    reader.join()
    assert mixed == []


def test_the_garbage_collector_has_little_to_walk():
    """Of a cache, it tracks at most the keys: a full collection takes no time worth mentioning."""
    cache = store.Store({"namespace": indexer.by_namespace})
    cache.replace(content(*(snapshot(f"o{n}", labels={"app": "x"}) for n in range(10))), "1")
    assert not any(gc.is_tracked(part) for one in cache.list() for part in (one, one.meta, one.raw))
