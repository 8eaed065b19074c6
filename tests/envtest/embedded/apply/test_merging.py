"""`envtest.embedded.merging`: merge, compare, extract and remove, by type."""

import copy

import hypothesis
import pytest
from hypothesis import strategies

from envtest.embedded.apply import fieldsets, merging
from tests.support import apply_operations, apply_twin

SCHEMA = apply_twin.MIXTURE.schema
SPEC = SCHEMA.child("spec")
SEEDS = strategies.integers(0, 100_000)


def spec(seed):
    """Return a random spec."""
    return apply_operations.Choice(seed).mixture_spec()


def paths(found):
    """Return the paths as texts."""
    return [fieldsets.text(path) for path in found]


def child(name):
    """Return the type of a field of the spec."""
    return SPEC.child(name)


@hypothesis.settings(deadline=None)
@hypothesis.given(SEEDS)
def test_a_value_does_not_differ_from_itself(seed):
    """Nothing is added, modified or removed; merged with itself it stays what it is."""
    value = spec(seed)
    found = merging.compare(SPEC, value, copy.deepcopy(value))
    assert not found.added | found.modified | found.removed
    assert merging.merge(SPEC, value, copy.deepcopy(value)) == value


@hypothesis.settings(deadline=None)
@hypothesis.given(SEEDS, SEEDS)
def test_comparing_backwards_swaps_what_was_added_and_removed(one, other):
    """What is modified is so in both directions."""
    forth, back = merging.compare(SPEC, spec(one), spec(other)), merging.compare(SPEC, spec(other), spec(one))
    assert (forth.added, forth.modified, forth.removed) == (back.removed, back.modified, back.added)


@hypothesis.settings(deadline=None)
@hypothesis.given(SEEDS, SEEDS)
def test_all_that_is_applied_is_in_the_merged_value(one, other):
    """And nothing that was there is lost but what was replaced; neither value is changed."""
    live, applied = spec(one), spec(other)
    before = copy.deepcopy((live, applied))
    merged = merging.merge(SPEC, live, applied)
    assert (live, applied) == before
    found = set(merging.extract(SPEC, merged))
    # An empty map that is applied to one that has something does not show.
    assert all(any(path == other[: len(path)] for other in found) for path in merging.extract(SPEC, applied).leaves())
    # Only what is of no type may become something else.
    assert not merging.compare(SPEC, live, merged).removed.without(fieldsets.of([("f:free", "f:either")]))
    assert merging.merge(SPEC, merged, applied) == merged


@hypothesis.settings(deadline=None)
@hypothesis.given(SEEDS, SEEDS)
def test_what_is_removed_is_gone(one, other):
    """And what stays is as it was."""
    value, gone = spec(one), merging.extract(SPEC, spec(other))
    before = copy.deepcopy(value)
    left = merging.remove(SPEC, value, gone)
    assert value == before
    assert not merging.extract(SPEC, left or {}) & (gone & merging.extract(SPEC, value)).leaves() - _nulls(left or {})
    assert merging.remove(SPEC, value, fieldsets.EMPTY) == (value or None)


def _nulls(left):
    """Return the places of lists and maps that lost all they had."""
    return fieldsets.of(path for path in merging.extract(SPEC, left) if _at(left, path) in (None, {}, []))


def _at(value, path):
    for element in path:
        if not isinstance(value, dict):
            return value
        value = value.get(element[2:])
    return value


@pytest.mark.parametrize(
    ("live", "applied", "merged"),
    [
        ("abc", "", "abc"),
        ("", "cab", "cab"),
        ("abc", "ca", "bca"),
        ("abc", "cb", "acb"),
        ("abcd", "db", "acdb"),
        ("abc", "xb", "axbc"),
        ("abc", "bx", "abcx"),
        ("abcd", "dx", "abcdx"),
        ("ab", "xyz", "abxyz"),
        ("aba", "a", "ab"),
    ],
)
def test_lists_keep_the_order_of_what_is_applied(live, applied, merged):
    """The rest stays before what it stood before; duplicates that were there are gone if one of them is applied."""
    assert merging.merge(child("members"), list(live), list(applied)) == list(merged)


def test_items_are_merged_by_their_keys():
    """A key that is left out has its default."""
    live = [{"port": 80, "protocol": "TCP", "name": "a"}, {"port": 80, "protocol": "UDP", "name": "b"}]
    merged = merging.merge(child("ports"), live, [{"port": 80, "name": "c"}])
    assert merged == [{"port": 80, "protocol": "TCP", "name": "c"}, live[1]]


@pytest.mark.parametrize(
    ("name", "live", "applied", "merged"),
    [
        ("selector", {"a": "1"}, {"b": "2"}, {"b": "2"}),
        ("labels", {"a": "1"}, {"b": "2"}, {"a": "1", "b": "2"}),
        ("labels", {"a": "1"}, None, {"a": "1"}),
        ("labels", {}, None, None),
        ("args", ["a"], ["b"], ["b"]),
        ("whole", {"a": 1}, {"b": "x"}, {"b": "x"}),
        ("free", {"list": [1], "map": {"a": 1}}, {"list": [2], "map": {"b": 1}}, {"list": [2], "map": {"a": 1, "b": 1}}),
        ("free", {"either": {"a": 1}}, {"either": 3}, {"either": 3}),
        ("optional", "a", None, None),
    ],
)
def test_types_decide_what_is_replaced(name, live, applied, merged):
    """Atomic values are replaced, granular ones merged; null replaces scalars only."""
    assert merging.merge(child(name), live, applied) == merged


@pytest.mark.parametrize(
    ("value", "owned"),
    [
        ({"labels": {"a": "1"}}, [".labels.a"]),
        ({"labels": {}}, [".labels"]),
        ({"labels": None}, [".labels"]),
        ({"members": []}, []),
        ({"members": ["a"]}, ['.members[="a"]']),
        ({"args": []}, [".args"]),
        ({"selector": {"a": "1"}}, [".selector"]),
        ({"things": {"s": {"size": 1}}}, [".things.s", ".things.s.size"]),
        ({"nested": {"deep": {"x": 1}}}, [".nested.deep.x"]),
        ({"free": {"map": {"a": 1}, "list": [1]}}, [".free.list", ".free.map", ".free.map.a"]),
        ({"ports": [{"port": 80}]}, ['.ports[port=80,protocol="TCP"]', '.ports[port=80,protocol="TCP"].port']),
    ],
)
def test_who_applies_a_value_owns_its_places(value, owned):
    """Leaves, items and entries of maps, but neither structs nor lists."""
    assert sorted(paths(merging.extract(SPEC, value))) == sorted(owned)


def test_duplicates_are_owned_as_a_whole():
    """Which of them a field belongs to could not be told; one that gets unique is owned field by field."""
    double = {"groups": [{"name": "g", "weight": 1}, {"name": "g", "weight": 2}]}
    single = {"groups": [{"name": "g", "weight": 1}]}
    assert paths(merging.extract(SPEC, double)) == ['.groups[name="g"]']
    changed = {"groups": [{"name": "g", "weight": 1}, {"name": "g", "weight": 3}]}
    assert paths(merging.compare(SPEC, double, changed).modified) == ['.groups[name="g"]']
    alone = merging.compare(SPEC, double, single)
    item = '.groups[name="g"]'
    assert (paths(alone.added), paths(alone.removed)) == ([item, f"{item}.name", f"{item}.weight"], [item])
    again = merging.compare(SPEC, single, double)
    assert (paths(again.added), paths(again.removed)) == ([item], [item, f"{item}.name", f"{item}.weight"])


@pytest.mark.parametrize(
    ("name", "item", "text"),
    [
        ("members", {}, "associative list without keys has an element that's a map type"),
        ("members", [], "not supported: associative list with lists as elements"),
        ("members", None, "associative list without keys has an element that's an explicit null"),
        ("groups", None, "associative list with keys may not have a null element"),
        ("groups", "g", "associative list with keys may not have non-map elements"),
        ("groups", {"weight": 1}, 'associative list with keys has an element that omits all key fields ["name"] '),
    ],
)
def test_items_without_a_key_are_refused(name, item, text):
    """With the server's words."""
    with pytest.raises(merging.ItemError) as caught:
        merging.element_of(child(name), item)
    assert str(caught.value).startswith(text)


def test_what_loses_all_becomes_null():
    """The server writes null where a list or a map lost its last item, and leaves other empty values alone."""
    value = {"labels": {"a": "1"}, "members": ["m"], "things": {}, "mode": "x"}
    gone = fieldsets.of([("f:labels", "f:a"), ("f:members", 'v:"m"')])
    assert merging.remove(SPEC, value, gone) == {"labels": None, "members": None, "things": {}, "mode": "x"}


def test_one_is_not_true():
    """Numbers are equal by value, booleans are no numbers."""
    assert merging.equal({"a": [1]}, {"a": [1.0]})
    assert not merging.equal({"a": [1]}, {"a": [True]})
