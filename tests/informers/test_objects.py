"""The facts about an object: keys, kinds, metadata, versions."""

import gc

import msgspec
import pytest

from informers import objects
from tests.support.snapshots import CONFIG_MAP, snapshot


def test_2_1_18_versions_are_compared_by_length_then_by_digits():
    """Longer is newer, else the digits decide."""
    assert objects.compare_resource_versions("9", "10") < 0
    assert objects.compare_resource_versions("11", "10") > 0
    assert objects.compare_resource_versions("10", "10") == 0


@pytest.mark.parametrize("version", ["", "0", "01", "1a", "-1", "1.5", "\u0661", "1\n"])
def test_2_1_18_what_is_not_a_plain_decimal_has_no_order(version):
    """The empty version, zero, leading zeros and other texts are not compared."""
    assert objects.compare_resource_versions(version, "10") is None
    assert objects.compare_resource_versions("10", version) is None


def test_2_3_1_keys_name_the_namespace_only_where_there_is_one():
    """A key reads "ns/name", or "name" for a cluster-scoped object."""
    assert str(objects.ObjectKey("ns", "a")) == "ns/a"
    assert str(objects.ObjectKey("", "a")) == "a"


def test_2_3_3_every_reader_gets_a_dict_of_its_own():
    """What one reader changes, no other reader sees."""
    shared = snapshot("a", body={"data": {"k": "v"}})
    first = shared.decode()
    first["data"]["k"] = "changed"
    first["metadata"]["labels"] = {"x": "y"}
    assert shared.decode()["data"] == {"k": "v"}
    assert "labels" not in shared.decode()["metadata"]


def test_a_snapshot_cannot_be_changed():
    """Setting a field of a snapshot or of its metadata is an error."""
    shared = snapshot("a")
    with pytest.raises(AttributeError):
        shared.raw = b""
    with pytest.raises(AttributeError):
        shared.meta.name = "b"


def test_the_garbage_collector_does_not_track_cached_objects():
    """Neither the snapshot, nor its metadata, nor its bytes: a full collection does not walk the cache."""
    shared = snapshot(
        "a",
        labels={"app": "x"},
        finalizers=["f"],
        ownerReferences=[{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}],
    )
    assert not gc.is_tracked(shared)
    assert not gc.is_tracked(shared.meta)
    assert not gc.is_tracked(shared.meta.controller)
    assert not gc.is_tracked(shared.raw)


def test_items_of_a_list_get_their_kind_back():
    """A list's items carry neither apiVersion nor kind; a decoded object has both."""
    bare = objects.Snapshot.parse(objects.GroupVersionKind("apps", "v1", "Deployment"), b'{"metadata":{"name":"a"}}')
    assert bare.decode() == {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}


def test_what_is_not_an_object_is_refused():
    """JSON without metadata, and no JSON at all, raise a decode error."""
    for raw in (b"{}", b"[]", b"{", b""):
        with pytest.raises(msgspec.DecodeError):
            objects.Snapshot.parse(CONFIG_MAP, raw)


def test_kinds_are_read_from_manifests():
    """A manifest's apiVersion and kind make a kind; without one of them it is an error that names it."""
    assert objects.GroupVersionKind.of_object({"apiVersion": "apps/v1", "kind": "Deployment"}) == ("apps", "v1", "Deployment")
    assert objects.GroupVersionKind.of("v1", "Pod").api_version == "v1"
    with pytest.raises(ValueError, match="kind=None"):
        objects.GroupVersionKind.of_object({"apiVersion": "v1"})


def test_the_controller_is_the_owner_that_says_so():
    """Of several owners, the one with controller=true controls."""
    owners = [
        {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1"},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "2", "controller": True},
    ]
    assert snapshot("a", ownerReferences=owners).meta.controller.uid == "2"
    assert snapshot("a", ownerReferences=owners[:1]).meta.controller is None
    assert snapshot("a").meta.controller is None
