"""Reads from informers that follow a collection in memory."""

import json
import threading

import pytest

from controller.client import cached
from informers import errors, factory, listwatch, objects
from workqueue import clock

CONFIG_MAP = objects.GroupVersionKind("", "v1", "ConfigMap")
SECRET = objects.GroupVersionKind("", "v1", "Secret")
NAMESPACE = objects.GroupVersionKind("", "v1", "Namespace")


def item(namespace, name, uid="", **labels):
    """An object as a list has it."""
    owners = [{"apiVersion": "v1", "kind": "Pod", "name": "o", "uid": uid, "controller": True}] if uid else []
    meta = {"namespace": namespace, "name": name, "resourceVersion": "1", "labels": labels, "ownerReferences": owners}
    return json.dumps({"metadata": meta, "data": {"a": ["1"]}}).encode()


ITEMS = [item("n", "one", "u", a="b"), item("n", "two", a="c"), item("m", "three", "u", a="b", c="d")]


class _Quiet:
    """A watch without events."""

    def __init__(self):
        self._stopped = threading.Event()

    def __iter__(self):
        self._stopped.wait(20)
        return iter(())

    def stop(self):
        self._stopped.set()


class _Listed:
    """A collection that never changes; it has no watch-list."""

    def __init__(self, key):
        self._items = [i for i in ITEMS if key.namespace in ("", json.loads(i)["metadata"]["namespace"])]

    def list_page(self, options):
        return listwatch.ListPage(self._items, "5", "")

    def watch(self, options):
        if options.send_initial_events:
            raise errors.InvalidError(422, "Invalid")
        return _Quiet()


@pytest.fixture
def informers():
    """Return a function that follows collections and returns their factory."""
    factories = []

    def follow(*keys):
        made = factory.InformerFactory(_Listed, factory.FactoryOptions(clock.RealClock(), 0))
        factories.append(made)
        for key in keys:
            made.informer(key)
        made.start()
        assert made.wait_for_sync(threading.Event(), 20)
        return made

    yield follow
    for each in factories:
        each.stop(20)


@pytest.fixture
def reader(informers):
    """Reads config maps of all namespaces."""
    return cached.CachedReader(informers(CONFIG_MAP))


def names(found):
    """The names of objects, in order."""
    return sorted(each["metadata"]["name"] for each in found)


def test_get_makes_a_fresh_object(reader):
    """Changing what was read changes nothing; it has the kind that lists leave out."""
    first = reader.get(CONFIG_MAP, objects.ObjectKey("n", "one"))
    assert (first["apiVersion"], first["kind"], first["data"]) == ("v1", "ConfigMap", {"a": ["1"]})
    first["data"]["a"].append("2")
    assert reader.get(CONFIG_MAP, objects.ObjectKey("n", "one"))["data"] == {"a": ["1"]}


def test_what_is_not_there(reader):
    """An object that the cache lacks is an error for get and None for snapshot."""
    missing = objects.ObjectKey("n", "none")
    assert reader.snapshot(CONFIG_MAP, missing) is None
    with pytest.raises(errors.NotFoundError, match="ConfigMap n/none"):
        reader.get(CONFIG_MAP, missing)


def test_snapshot(reader):
    """Metadata without decoding."""
    assert reader.snapshot(CONFIG_MAP, objects.ObjectKey("n", "two")).meta.labels == {"a": "c"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["one", "three", "two"]),
        ({"namespace": "n"}, ["one", "two"]),
        ({"labels": {"a": "b"}}, ["one", "three"]),
        ({"labels": {"a": "b", "c": "d"}}, ["three"]),
        ({"namespace": "n", "labels": {"a": "b"}}, ["one"]),
        ({"namespace": "none"}, []),
        ({"labels": {"none": ""}}, []),
    ],
)
def test_list(reader, query, expected):
    """By namespace and by equal labels, all of them."""
    assert names(reader.list(CONFIG_MAP, **query)) == expected


def test_by_index(reader):
    """An index finds snapshots; one that there is not is an error."""
    assert sorted(found.key.name for found in reader.by_index(CONFIG_MAP, "controller-uid", "u")) == ["one", "three"]
    with pytest.raises(ValueError, match="no index called 'colour'"):
        reader.by_index(CONFIG_MAP, "colour", "red")


def test_a_kind_that_nobody_watches(reader):
    """The error names the kind and what to declare; no informer is started behind the reader's back."""
    for read in (
        lambda: reader.get(SECRET, objects.ObjectKey("n", "s")),
        lambda: reader.list(SECRET),
        lambda: reader.by_index(SECRET, "namespace", "n"),
    ):
        with pytest.raises(cached.NotCachedError, match=r"kind v1\.Secret.*nothing of it: declare it with for_, owns or watches"):
            read()


def test_one_namespace(informers):
    """Where one namespace is watched, that is all there is; others are an error, not empty."""
    reader = cached.CachedReader(informers(factory.InformerKey(CONFIG_MAP, namespace="n")), "n")
    assert names(reader.list(CONFIG_MAP)) == names(reader.list(CONFIG_MAP, namespace="n")) == ["one", "two"]
    assert [found.key.name for found in reader.by_index(CONFIG_MAP, "controller-uid", "u")] == ["one"]
    with pytest.raises(cached.NotCachedError, match=r"in namespace m is not in the cache, watched is only v1\.ConfigMap n"):
        reader.get(CONFIG_MAP, objects.ObjectKey("m", "three"))


def test_a_kind_without_namespaces_is_found_where_one_is_watched(informers):
    """Its informer has the namespace in its key, its objects have none."""
    reader = cached.CachedReader(informers(factory.InformerKey(NAMESPACE, namespace="n")), "n")
    assert reader.snapshot(NAMESPACE, objects.ObjectKey("", "x")) is None


def test_an_informer_with_a_selector_does_not_count(informers):
    """It does not hold all, so what it lacks may well exist."""
    reader = cached.CachedReader(informers(factory.InformerKey(CONFIG_MAP, label_selector="a=b")))
    with pytest.raises(cached.NotCachedError, match=r"only v1\.ConfigMap a=b"):
        reader.list(CONFIG_MAP)
