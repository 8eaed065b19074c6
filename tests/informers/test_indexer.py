"""Finding objects other than by key."""

import pytest

from informers import indexer, objects
from tests.support.snapshots import snapshot


def by_words(one):
    """Find an object by each word of an annotation."""
    return one.meta.annotations["words"].split()


def words(name, text):
    """Return an object with words."""
    return snapshot(name, annotations={"words": text})


def names(index, name, value):
    """Return the sorted names of the objects found."""
    return sorted(key.name for key in index.keys(name, value))


@pytest.fixture
def index():
    """An index by words over two objects."""
    made = indexer.Indexer({"words": by_words})
    made.replace(objects.ObjectKey("default", "a"), None, words("a", "red blue"))
    made.replace(objects.ObjectKey("default", "b"), None, words("b", "blue"))
    return made


def test_an_object_is_found_by_each_of_its_values(index):
    """One object may have many values, one value many objects."""
    assert names(index, "words", "blue") == ["a", "b"]
    assert names(index, "words", "red") == ["a"]
    assert names(index, "words", "green") == []


def test_an_update_moves_the_object(index):
    """After an update the object is found by its new values only."""
    index.replace(objects.ObjectKey("default", "a"), words("a", "red blue"), words("a", "green blue"))
    assert names(index, "words", "red") == []
    assert names(index, "words", "green") == ["a"]
    assert names(index, "words", "blue") == ["a", "b"]


def test_2_3_2_values_without_objects_are_forgotten(index):
    """Values that come and go leave nothing behind."""
    index.replace(objects.ObjectKey("default", "a"), words("a", "red blue"), None)
    index.replace(objects.ObjectKey("default", "b"), words("b", "blue"), None)
    assert index.values("words") == []


def test_2_3_2_a_failing_function_changes_nothing_and_names_the_object(index):
    """The error says which index and which object, not what the object holds."""
    with pytest.raises(indexer.IndexingError, match="'words' failed on default/c: TypeError") as caught:
        index.replace(objects.ObjectKey("default", "c"), None, snapshot("c"))
    assert isinstance(caught.value.__cause__, TypeError)
    assert names(index, "words", "blue") == ["a", "b"]


def test_an_index_that_is_not_there_is_an_error_that_names_those_that_are(index):
    """A misspelt name must not look like an empty result."""
    with pytest.raises(ValueError, match=r"no index called 'wrods', only \['words'\]"):
        index.keys("wrods", "blue")


def test_a_name_is_for_one_function(index):
    """The same function may be added again, another one under its name may not."""
    index.add("words", by_words, {})
    assert names(index, "words", "blue") == ["a", "b"]
    with pytest.raises(ValueError, match="another function"):
        index.add("words", indexer.by_namespace, {})


def test_namespaces():
    """Objects are found by namespace; cluster-scoped ones have none."""
    assert list(indexer.by_namespace(snapshot("a", namespace="ns"))) == ["ns"]
    assert list(indexer.by_namespace(snapshot("a", namespace=""))) == []


def test_controllers():
    """Objects are found by the uid of the owner that controls them, not of the other owners."""
    owners = [
        {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1"},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "2", "controller": True},
    ]
    assert list(indexer.by_controller_uid(snapshot("a", ownerReferences=owners))) == ["2"]
    assert list(indexer.by_controller_uid(snapshot("a"))) == []


def test_labels():
    """Objects are found by the value of a label, the empty value included; those without the label are not."""
    by_app = indexer.by_label("app")
    assert list(by_app(snapshot("a", labels={"app": "x"}))) == ["x"]
    assert list(by_app(snapshot("a", labels={"app": ""}))) == [""]
    assert list(by_app(snapshot("a", labels={"other": "x"}))) == []
    assert list(by_app(snapshot("a"))) == []
