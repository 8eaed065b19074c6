"""Schemas of the installed operators: they take what their structs hold, are bounded, and are the same each time."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller import crd, operators
from tests.support import struct_strategies, structural_schema

RESOURCES = [resource for operator in operators.discover() for resource in operator.resources]
per_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name_of_definition)


def _schema(resource: crd.CustomResource) -> dict[str, Any]:
    schema: dict[str, Any] = crd.render(resource)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


@per_resource
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_every_spec_encodes_to_json_that_the_schema_takes_and_decodes_again(
    resource: crd.CustomResource, data: st.DataObject
) -> None:
    """Struct and schema are two forms of one thing."""
    spec = data.draw(struct_strategies.instances(resource.spec))
    encoded = crd.encode(spec)
    assert list(structural_schema.problems(encoded, _schema(resource)["properties"]["spec"])) == []
    assert crd.decode_spec(resource.spec, encoded) == spec


@per_resource
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_every_status_encodes_to_json_that_the_schema_takes(resource: crd.CustomResource, data: st.DataObject) -> None:
    """An operator that fills its struct cannot write a status that the server refuses."""
    status = data.draw(struct_strategies.instances(resource.status))
    assert list(structural_schema.problems(crd.encode(status), _schema(resource)["properties"]["status"])) == []


@per_resource
def test_every_string_list_and_map_is_bounded(resource: crd.CustomResource) -> None:
    """Rules over an unbounded value are refused by the API server for their cost."""
    properties = _schema(resource)["properties"]
    found = [
        problem for part in ("metadata", "spec", "status") for problem in structural_schema.unbounded(properties[part], part)
    ]
    assert found == []


@per_resource
def test_every_field_is_described(resource: crd.CustomResource) -> None:
    """`kubectl explain` has a sentence for each field."""
    properties = _schema(resource)["properties"]
    places = [place for part in ("spec", "status") for place in structural_schema.walk(properties[part], part)]
    bare = [path for path, place in places if not path.endswith(("items", "additionalProperties")) and "description" not in place]
    assert bare == []


@per_resource
def test_every_rule_says_what_would_be_right_and_which_field_is_meant(resource: crd.CustomResource) -> None:
    """A rule that compares fields names one of them, so that the error does; the path leads to a field."""
    for path, place in structural_schema.walk(_schema(resource)):
        for rule in place.get("x-kubernetes-validations", ()):
            assert rule["message"], path
            target = place
            for name in rule.get("fieldPath", "").split(".")[1:]:
                target = target["properties"][name]


@per_resource
def test_rendering_is_the_same_each_time(resource: crd.CustomResource) -> None:
    """Drift can be found by comparing text."""
    assert crd.to_yaml(crd.render(resource)) == crd.to_yaml(crd.render(resource))
