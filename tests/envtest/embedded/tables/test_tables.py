"""Tables: rows as the real server was seen to print them, and the columns of custom kinds."""

import datetime

import pytest

from envtest.embedded.builtin import resources
from envtest.embedded.custom import custom_resources
from envtest.embedded.tables import tables
from tests.support import custom_answers, gadgets

REGISTRY = resources.Registry.built_in()
GADGETS = custom_resources.resources_of(gadgets.definition())[0]
NOW = datetime.datetime(2026, 1, 3, tzinfo=datetime.UTC)


def _parts(row):
    return {name: row[name] for name in ("cells", "conditions") if name in row}


def _name(answer):
    return f"{answer['path'].rpartition('/')[2]}-{answer['object']['metadata']['name']}"


@pytest.mark.parametrize("answer", custom_answers.recorded("rows"), ids=_name)
def test_a_row_is_the_real_one(answer):
    """Of the object that the real server had; what is an age there may be a second more."""
    resource = custom_answers.resource_of(REGISTRY, answer["path"])
    now = datetime.datetime.fromisoformat(answer["now"])
    times = [now + datetime.timedelta(seconds=seconds) for seconds in (-1, 0, 1)]
    assert answer["row"] in [_parts(tables.table(resource, [answer["object"]], now=time)["rows"][0]) for time in times]


def test_the_columns_of_a_custom_kind_are_those_of_its_definition():
    """Behind the name; without a description a column tells its path."""
    table = tables.table(GADGETS, [], now=NOW, resource_version="7")
    assert (table["kind"], table["apiVersion"], table["metadata"]) == ("Table", "meta.k8s.io/v1", {"resourceVersion": "7"})
    named = {each["name"]: each for each in table["columnDefinitions"]}
    assert list(named)[:3] == ["Name", "Text", "Int"]
    assert named["Number"] == {
        "name": "Number",
        "type": "number",
        "format": "double",
        "description": "Custom resource definition column (in JSONPath format): .spec.number",
        "priority": 0,
    }
    assert named["Flag"]["description"] == "A flag."
    assert named["First"]["priority"] == 1


def test_the_cells_of_a_custom_kind_are_what_its_paths_lead_to():
    """A value of another type than the column's is shown as nothing, and so is one that is absent."""
    spec = {
        "short": "ab",
        "int32": 3,
        "number": 1,
        "flag": True,
        "time": "2026-01-01T00:00:00Z",
        "items": [{"name": "a", "size": 1}, {"name": "b", "size": 2}],
        "nested": {"a": 1},
        "labels": {"a": "x"},
        "names": ["p", "q"],
    }
    obj = gadgets.gadget(spec)
    obj["metadata"]["annotations"] = {"example.com/a": "noted"}
    row, empty = tables.table(GADGETS, [obj, gadgets.gadget()], now=NOW)["rows"]
    assert row["cells"] == ["gadget", "ab", 3, 1.0, True, "2d", "a", "2", "a", '{"a":1}', "x", "noted", '["p","q"]', None]
    assert empty["cells"] == ["gadget", *[None] * 13]


def test_a_kind_without_columns_has_its_age():
    """As the server adds it."""
    definition = gadgets.definition()
    del definition["spec"]["versions"][0]["additionalPrinterColumns"]
    resource = custom_resources.resources_of(definition)[0]
    obj = {**gadgets.gadget(), "metadata": {"name": "a", "creationTimestamp": "2026-01-02T23:00:00Z"}}
    table = tables.table(resource, [obj], now=NOW)
    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Age"]
    assert table["rows"][0]["cells"] == ["a", "60m"]


@pytest.mark.parametrize(("include", "kind"), [("Metadata", "PartialObjectMetadata"), ("Object", "Gadget"), ("None", None)])
def test_a_row_carries_as_much_of_its_object_as_is_wanted(include, kind):
    """`kubectl` needs the metadata to delete, wait and watch."""
    (row,) = tables.table(GADGETS, [gadgets.gadget()], now=NOW, include=include)["rows"]
    assert (row["object"] or {}).get("kind") == kind
