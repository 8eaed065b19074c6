"""`envtest.embedded.patches`: JSON patches and merge patches, as the server applies them."""

import copy

import pytest

from envtest.embedded.api import status
from envtest.embedded.apply import patches

DOCUMENT = {"data": {"a": "1", "b": "2"}, "list": ["x", "y"], "null": None, "n": 1, "metadata": {"name": "p"}}


def operation(op, path="", **more):
    """Return an operation."""
    return {"op": op, "path": path, **more}


def patched(*operations):
    """Return what of the document a patch changes."""
    before = copy.deepcopy(DOCUMENT)
    result = patches.json_patch(DOCUMENT, list(operations))
    assert before == DOCUMENT
    return {name: value for name, value in result.items() if value != DOCUMENT.get(name)}


@pytest.mark.parametrize(
    ("operations", "changed"),
    [
        ([operation("add", "/data/c", value="3")], {"data": {"a": "1", "b": "2", "c": "3"}}),
        ([operation("add", "/data/a", value="3")], {"data": {"a": "3", "b": "2"}}),
        ([operation("add", "/data/x~1y~0", value="3")], {"data": {"a": "1", "b": "2", "x/y~": "3"}}),
        ([operation("add", "/list/0", value="w")], {"list": ["w", "x", "y"]}),
        ([operation("add", "/list/-", value="z")], {"list": ["x", "y", "z"]}),
        ([operation("add", "/list/2", value="z")], {"list": ["x", "y", "z"]}),
        ([operation("add", "/list/-1", value="z")], {"list": ["x", "y", "z"]}),
        ([operation("add", "no/slash", value=1)], {"slash": 1}),
        ([operation("remove", "/data/a")], {"data": {"b": "2"}}),
        ([operation("remove", "/list/0")], {"list": ["y"]}),
        ([operation("remove", "/list/-1")], {"list": ["x"]}),
        ([operation("replace", "/data/a", value={"x": 1})], {"data": {"a": {"x": 1}, "b": "2"}}),
        ([operation("replace", "/data/new", value="3")], {"data": {"a": "1", "b": "2", "new": "3"}}),
        ([operation("replace", "/list/1", value="z")], {"list": ["x", "z"]}),
        ([operation("replace", "", value={"only": 1})], {"only": 1}),
        ([operation("move", "/data/c", **{"from": "/data/a"})], {"data": {"b": "2", "c": "1"}}),
        ([operation("copy", "/data/c", **{"from": "/data/a"})], {"data": {"a": "1", "b": "2", "c": "1"}}),
        ([operation("copy", "/data/c", **{"from": "/data/none"})], {"data": {"a": "1", "b": "2", "c": None}}),
        ([operation("test", "/data/a", value="1"), operation("add", "/n", value=2)], {"n": 2}),
        ([operation("test", "/data/none", value=None)], {}),
        ([operation("test", "/data/none")], {}),
        ([operation("test", "", value=DOCUMENT)], {}),
        ([], {}),
    ],
)
def test_operations_change_the_document(operations, changed):
    """As RFC 6902 says; the server also replaces what is not there, and counts back from the end of a list."""
    assert patched(*operations) == changed


@pytest.mark.parametrize(
    "wrong",
    [
        operation("test", "/data/a", value="2"),
        operation("test", "/data/a", value=None),
        operation("test", "/n", value=True),
        operation("test", "/none/x", value=1),
        operation("test", "/list/7"),
        operation("add", "/none/x", value=1),
        operation("add", "", value={}),
        operation("add", "/list/7", value=1),
        operation("add", "/list/x", value=1),
        operation("add", "/n/x", value=1),
        operation("add", "/null/x", value=1),
        operation("remove", "/data/none"),
        operation("remove", "/list/2"),
        operation("remove", "/list/-"),
        operation("remove"),
        operation("replace", "/none/x", value=1),
        operation("replace", "/list/2", value=1),
        operation("replace", "", value="text"),
        operation("move", "/x", **{"from": "/data/none"}),
        operation("move", "/none/x", **{"from": "/data/a"}),
        operation("copy", "/x", **{"from": "/none/x"}),
        operation("copy", "/x"),
        operation("fly", "/x"),
        {"path": "/x"},
        {"op": "add"},
    ],
)
def test_operations_that_do_not_fit_are_refused(wrong):
    """All with one text, which does not say which operation it was."""
    with pytest.raises(status.StatusError) as caught:
        patched(operation("add", "/ok", value=1), wrong)
    answer = caught.value.to_json()
    assert (answer["code"], answer["reason"], answer["details"]) == (422, "Invalid", {})
    assert answer["message"] == "the server rejected our request due to an error in our request"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"a": 1}, "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        (["x"], "error decoding patch: json: cannot unmarshal string into Go value of type handlers.jsonPatchOp"),
        (
            [operation(1, "/x")],
            "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
        ),
    ],
)
def test_what_is_no_json_patch_is_refused(body, text):
    """With the words of Go's decoder."""
    with pytest.raises(status.StatusError) as caught:
        patches.json_patch(DOCUMENT, body)
    assert (caught.value.code, caught.value.message) == (400, text)


def test_a_json_patch_has_a_greatest_length():
    """Ten thousand operations."""
    with pytest.raises(status.StatusError, match="maximum operations in a JSON patch is 10000, got 10001") as caught:
        patches.json_patch(DOCUMENT, [operation("test", "/n", value=1)] * 10_001)
    assert caught.value.code == 413


@pytest.mark.parametrize(
    ("document", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": 1}, {"a": {"b": None, "c": [{"d": None}]}}, {"a": {"c": [{}]}}),
        ({"a": {"b": 1}}, {"a": [{"d": None}]}, {"a": [{"d": None}]}),
    ],
)
def test_merge_patches(document, patch, merged):
    """As in RFC 7386, but for nulls in a list that replaces an object."""
    before = copy.deepcopy((document, patch))
    assert patches.merge_patch(document, patch) == merged
    assert (document, patch) == before


@pytest.mark.parametrize(
    ("patch", "text"),
    [
        ([1], "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"),
        (None, "Invalid JSON Patch"),
    ],
)
def test_what_is_no_merge_patch_is_refused(patch, text):
    """It must be an object."""
    with pytest.raises(status.StatusError) as caught:
        patches.merge_patch(DOCUMENT, patch)
    assert (caught.value.code, caught.value.message) == (400, text)
