"""What a schema makes of an object before it is validated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envtest.embedded.custom import pruning

NESTED = {"type": "object", "default": {"a": 1}, "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 2}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "a": {"type": "string", "default": "x"},
                "nullable": {"type": "string", "nullable": True, "default": "x"},
                "plain": {"type": "string"},
                "nested": NESTED,
                "list": {"type": "array", "items": NESTED},
                "map": {"type": "object", "additionalProperties": {"type": "integer", "default": 3}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"known": NESTED}},
                "open": {"type": "object", "additionalProperties": True},
            },
        }
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b", "nullable", "plain", "nested", "list", "map", "free", "open", "known", "spec"]), inner
        )
    ),
    max_leaves=12,
)


def _pruned(spec):
    value, unknown = pruning.prune(SCHEMA, {"spec": spec})
    return value["spec"], unknown


@pytest.mark.parametrize(
    ("spec", "kept", "unknown"),
    [
        ({"a": "1", "z": 1}, {"a": "1"}, ["spec.z"]),
        ({"nested": {"a": 1, "z": {"y": 1}}}, {"nested": {"a": 1}}, ["spec.nested.z"]),
        ({"list": [{"a": 1}, {"z": 1}]}, {"list": [{"a": 1}, {}]}, ["spec.list[1].z"]),
        ({"map": {"z": 1}}, {"map": {"z": 1}}, []),
        (
            {"free": {"z": {"y": 1}, "known": {"z": 2}}},
            {"free": {"z": {"y": 1}, "known": {}}},
            ["spec.free.known.z"],
        ),
        ({"open": {"z": {"y": 1}}}, {"open": {"z": {}}}, ["spec.open.z.y"]),
        ({"plain": {"z": 1}}, {"plain": {}}, ["spec.plain.z"]),
    ],
)
def test_unknown_fields_go_and_are_told(spec, kept, unknown):
    """Where the schema keeps them they stay, but not inside of what it knows."""
    assert _pruned(spec) == (kept, unknown)


def test_what_every_object_has_stays():
    """Kind and metadata need not be in a schema."""
    value = {"apiVersion": "v1", "kind": "K", "metadata": {"name": "a", "labels": {"b": "c"}}, "other": 1}
    assert pruning.prune(SCHEMA, value) == ({"apiVersion": "v1", "kind": "K", "metadata": value["metadata"]}, ["other"])


def test_a_null_goes_where_it_can_neither_be_nor_be_defaulted():
    """The others are defaulted, or mean something."""
    spec = {"a": None, "nullable": None, "plain": None, "map": {"x": None}, "list": [None]}
    dropped = pruning.drop_nulls(SCHEMA, {"spec": spec})
    assert dropped == {"spec": {"a": None, "nullable": None, "map": {"x": None}, "list": [None]}}
    defaulted = pruning.default(SCHEMA, dropped)["spec"]
    assert (defaulted["a"], defaulted["nullable"], defaulted["map"]) == ("x", None, {"x": 3})
    assert defaulted["list"] == [{"a": 1, "b": 2}]


def test_defaults_are_defaulted_themselves_and_copied():
    """Two objects never share one."""
    one, two = (pruning.default(SCHEMA, {"spec": {}}) for _ in range(2))
    assert one == {"spec": {"a": "x", "nullable": "x", "nested": {"a": 1, "b": 2}}}
    one["spec"]["nested"]["a"] = 5
    assert two["spec"]["nested"]["a"] == 1


@given(JSON)
def test_pruning_and_defaulting_twice_is_the_same_as_once(spec):
    """So that reading back and writing changes nothing."""
    once = pruning.default(SCHEMA, pruning.drop_nulls(SCHEMA, pruning.prune(SCHEMA, {"spec": spec})[0]))
    again, unknown = pruning.prune(SCHEMA, once)
    assert (pruning.default(SCHEMA, pruning.drop_nulls(SCHEMA, again)), unknown) == (once, [])
