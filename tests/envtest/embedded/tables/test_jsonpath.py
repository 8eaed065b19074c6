"""The paths of printer columns."""

import pytest

from envtest.embedded.tables import jsonpath

DATA = {
    "spec": {"a-b": 1, "list": [{"name": "x", "size": 1}, {"name": "y", "size": 2, "on": True}], "deep": {"deep": {"name": "z"}}},
    "metadata": {"annotations": {"example.com/a": "v"}},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.a-b", [1]),
        ("{.spec.a-b}", [1]),
        ("$.spec.a-b", [1]),
        (".spec['a-b']", [1]),
        (".spec.list[0].name", ["x"]),
        (".spec.list[-1].name", ["y"]),
        (".spec.list[5].name", []),
        (".spec.list[*].name", ["x", "y"]),
        (".spec.list[0:1].name", ["x"]),
        (".spec.list[1:].name", ["y"]),
        ('.spec.list[?(@.name=="y")].size', [2]),
        (".spec.list[?(@.size>1)].name", ["y"]),
        (".spec.list[?(@.size!=1)].name", ["y"]),
        (".spec.list[?(@.on)].name", ["y"]),
        (".spec.list[?(@.on==true)].name", ["y"]),
        (".spec.list[?(@.name>1)].name", []),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".metadata.annotations.example\\.com/a", ["v"]),
        (".spec..name", ["z", "x", "y"]),
        (".spec.deep.*.name", ["z"]),
        (".nothing.here", []),
        (".spec.a-b.more", []),
    ],
)
def test_a_path_leads_to_values(path, found):
    """What is missing is nothing."""
    assert jsonpath.compiled(path).find(DATA) == found


@pytest.mark.parametrize("path", ["spec", ".spec[", '.spec[?(name=="a")]', ".spec[?(@.a==b)]"])
def test_what_is_no_path_is_told(path):
    """A definition's author should know."""
    with pytest.raises(jsonpath.BadPathError):
        jsonpath.compiled(path)


@pytest.mark.parametrize(
    ("value", "shown"), [(True, "true"), (3, "3"), (0.5, "0.5"), ("a", "a"), ({"b": 1, "a": []}, '{"a":[],"b":1}')]
)
def test_a_value_is_printed_as_go_prints_it(value, shown):
    """Lists and objects as JSON."""
    assert jsonpath.printed(value) == shown
