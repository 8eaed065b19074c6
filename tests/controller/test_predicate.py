import pytest

from controller import predicate
from informers import events
from tests.support.snapshots import snapshot

OLD = snapshot(resourceVersion="1", generation=1, labels={"a": "1"}, annotations={"x": "1"})


@pytest.mark.parametrize(
    ("test", "change"),
    [
        (predicate.resource_version_changed, {"resourceVersion": "2"}),
        (predicate.generation_changed, {"generation": 2}),
        (predicate.annotations_changed, {"annotations": {"x": "2"}}),
        (predicate.labels_changed, {"labels": {"a": "2"}}),
    ],
)
def test_a_changed_predicate_passes_its_own_change_and_drops_an_update_without_it(test, change):
    """A changed predicate passes an update with that change, and drops one where nothing changed."""
    meta = {"resourceVersion": "1", "generation": 1, "labels": {"a": "1"}, "annotations": {"x": "1"}}
    assert test(events.Updated(OLD, snapshot(**(meta | change))))
    assert not test(events.Updated(OLD, snapshot(**meta)))


@pytest.mark.parametrize(
    "test",
    [predicate.resource_version_changed, predicate.generation_changed, predicate.annotations_changed, predicate.labels_changed],
)
def test_additions_and_deletions_pass_every_changed_predicate(test):
    """Changed predicates filter updates only."""
    assert test(events.Added(OLD))
    assert test(events.Deleted(OLD))


def test_no_labels_equal_empty_labels():
    """An object without labels and one with empty labels do not differ."""
    assert not predicate.labels_changed(events.Updated(snapshot(), snapshot(labels={})))


def test_predicates_combine():
    """all_of, any_of and negate are the logical operations."""
    yes, no = (lambda _: True), (lambda _: False)
    event = events.Added(OLD)
    assert predicate.all_of()(event)
    assert not predicate.all_of(yes, no)(event)
    assert predicate.any_of(no, yes)(event)
    assert not predicate.any_of()(event)
    assert predicate.negate(no)(event)


def test_matches_sees_the_newest_state():
    """`matches` tests the new object of an update and the last one of a deletion."""
    named_b = predicate.matches(lambda seen: seen.meta.name == "b")
    assert named_b(events.Updated(OLD, snapshot("b")))
    assert not named_b(events.Deleted(OLD))


@pytest.mark.parametrize(
    "test",
    [predicate.resource_version_changed, predicate.generation_changed, predicate.annotations_changed, predicate.labels_changed],
)
def test_another_object_of_the_same_name_is_a_change(test):
    """An object that was deleted and made again between two observations arrives as an update, and passes."""
    meta = {"resourceVersion": "1", "generation": 1, "labels": {"a": "1"}, "annotations": {"x": "1"}}
    assert test(events.Updated(OLD, snapshot(uid="another", **meta)))
