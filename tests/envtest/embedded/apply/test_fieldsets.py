"""`envtest.embedded.fieldsets`: the algebra of sets of paths, and FieldsV1."""

import hypothesis
import pytest
from hypothesis import strategies

from envtest.embedded.apply import fieldsets
from envtest.embedded.builtin import resources

ELEMENTS = ["f:a", "f:b", "f:c.d/e", 'k:{"name":"x"}', 'k:{"port":80,"protocol":"TCP"}', 'v:"m"', "v:2", "i:0"]
PATHS = strategies.lists(strategies.sampled_from(ELEMENTS), min_size=1, max_size=4).map(tuple)
PATH_SETS = strategies.frozensets(PATHS, max_size=12)


def starts(path, others):
    """Ask whether *path* is one of *others* or below one."""
    return any(path[: len(other)] == other for other in others)


@hypothesis.settings(deadline=None)
@hypothesis.given(PATH_SETS, PATH_SETS)
def test_sets_behave_as_sets_of_paths(one, other):
    """Union, intersection and difference are those of the paths; what is below a path stays when the path goes."""
    left, right = fieldsets.of(one), fieldsets.of(other)
    assert set(left) == one
    assert set(left | right) == one | other
    assert set(left & right) == one & other
    assert set(left - right) == one - other
    assert set(left.without(right)) == {path for path in one if not starts(path, other)}
    assert bool(left) == bool(one)
    assert (left == right) == (one == other)
    assert all(left.has(path) == (path in one) for path in one | other)


@hypothesis.settings(deadline=None)
@hypothesis.given(PATH_SETS)
def test_a_set_survives_its_json(paths):
    """FieldsV1 says all that a set has, whatever is above or below what."""
    found = fieldsets.of(paths)
    assert fieldsets.from_json(found.to_json()) == found
    assert hash(fieldsets.from_json(found.to_json())) == hash(found)


@hypothesis.settings(deadline=None)
@hypothesis.given(PATH_SETS)
def test_leaves_have_nothing_below(paths):
    """A leaf is a path that is above no other."""
    leaves = {path for path in paths if not any(other != path and other[: len(path)] == path for other in paths)}
    assert set(fieldsets.of(paths).leaves()) == leaves


def test_the_order_is_the_servers():
    """Fields come first, then items by key, then members, numbers before texts; and "." before all."""
    paths = [("v:2",), ('v:"m"',), ("f:b",), ("f:a", "f:x"), ("f:a",), ('k:{"name":"y"}',), ('k:{"a":10}',), ('k:{"a":9}',)]
    found = fieldsets.of(paths)
    assert list(found.to_json()) == ["f:a", "f:b", 'k:{"a":9}', 'k:{"a":10}', 'k:{"name":"y"}', "v:2", 'v:"m"']
    assert list(found.to_json()["f:a"]) == [".", "f:x"]
    assert [path[0] for path in found] == ["f:a", "f:b", 'k:{"a":9}', 'k:{"a":10}', 'k:{"name":"y"}', "v:2", 'v:"m"', "f:a"]


def test_other_spellings_of_an_element_are_the_same():
    """Keys are sorted, spaces go, whole numbers have no point, and HTML's signs are escaped as Go does."""
    tree = {'k:{"b": 1.0, "a": "<"}': {}, "x:later": {}, 'v: "m"': {}}
    assert set(fieldsets.from_json(tree)) == {('k:{"a":"\\u003c","b":1}',), ('v:"m"',)}


@pytest.mark.parametrize("tree", [{"f": {}}, {"nonsense": {}}, {"k:1": {}}, {"v:": {}}, {"f:a": 1}, {"f:a": None}])
def test_what_is_no_tree_of_fields_is_refused(tree):
    """The server does not read such managedFields either."""
    with pytest.raises(ValueError, match=r"."):
        fieldsets.from_json(tree)


def test_paths_are_printed_as_the_server_prints_them():
    """As in the messages of conflicts."""
    path = ("f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:members", 'v:"m"', "i:3")
    assert fieldsets.text(path) == '.spec.ports[port=80,protocol="TCP"].members[="m"][3]'


def test_fields_of_structs_above_a_path_can_be_added():
    """A struct's field counts as owned with what is in it, an entry of a map and an item of a list do not."""
    deployment = resources.Registry.built_in().of_kind("apps/v1", "Deployment").schema
    image = ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"c"}', "f:image")
    label = ("f:metadata", "f:labels", "f:app")
    added = set(fieldsets.of([image, label]).with_named_fields(deployment)) - {image, label}
    assert added == {image[:1], image[:2], image[:3], image[:4], label[:1], label[:2]}


def test_what_became_atomic_is_owned_as_a_whole():
    """The places below an atomic field give way to it, wherever it is; what has no type stays."""
    deployment = resources.Registry.built_in().of_kind("apps/v1", "Deployment").schema
    container = ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"c"}')
    label, unknown = ("f:metadata", "f:labels", "f:app"), ("f:nope", "f:x")
    old = fieldsets.of([("f:spec", "f:selector", "f:matchLabels", "f:app"), (*container, "f:args", 'v:"a"'), label, unknown])
    assert set(old.fitted(deployment)) == {("f:spec", "f:selector"), (*container, "f:args"), label, unknown}
