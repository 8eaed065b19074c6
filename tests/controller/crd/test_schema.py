"""Schemas: how each Python type, constraint and default is said to the API server."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pytest

from controller import crd
from controller.crd import fields, schema

Meta = msgspec.Meta


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (bool, {"type": "boolean"}),
        (int, {"type": "integer", "format": "int32"}),
        (Annotated[int, Meta(ge=0, le=5)], {"type": "integer", "format": "int32", "minimum": 0, "maximum": 5}),
        (Annotated[int, Meta(le=2**40)], {"type": "integer", "format": "int64", "maximum": 2**40}),
        (Annotated[int, fields.format_of("int64")], {"type": "integer", "format": "int64"}),
        (Annotated[float, Meta(gt=0)], {"type": "number", "format": "double", "minimum": 0, "exclusiveMinimum": True}),
        (Annotated[float, Meta(lt=1)], {"type": "number", "format": "double", "maximum": 1, "exclusiveMaximum": True}),
        (
            Annotated[str, Meta(min_length=1, max_length=9, pattern="^a", description="Text.")],
            {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a", "description": "Text."},
        ),
        (Literal["b", "a"], {"type": "string", "enum": ["a", "b"]}),
        (Annotated[str, Meta(max_length=3)] | None, {"type": "string", "maxLength": 3}),
        (
            Annotated[tuple[bool, ...], Meta(min_length=1, max_length=2)],
            {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2, "x-kubernetes-list-type": "atomic"},
        ),
        (
            Annotated[list[bool], Meta(max_length=2), fields.list_set()],
            {"type": "array", "items": {"type": "boolean"}, "maxItems": 2, "x-kubernetes-list-type": "set"},
        ),
        (
            Annotated[dict[str, bool], Meta(max_length=2)],
            {"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 2},
        ),
        (
            Annotated[int, Meta(ge=1)] | Annotated[str, Meta(max_length=3)],
            {
                "x-kubernetes-int-or-string": True,
                "anyOf": [{"type": "integer"}, {"type": "string"}],
                "minimum": 1,
                "maxLength": 3,
            },
        ),
    ],
)
def test_each_type_has_its_schema(annotation: Any, expected: dict[str, Any]) -> None:
    """A constraint of the type is a constraint of the schema, and nothing else is in it."""
    assert schema.of_type(annotation) == expected


class _Oar(msgspec.Struct, rename="camel", omit_defaults=True):
    """One oar."""

    validations: ClassVar = (crd.Rule("self.bladeWidth > 0", "bladeWidth must be above 0", ".bladeWidth"),)

    blade_width: int
    is_wooden: bool = True
    note: str = ""


class _Boat(msgspec.Struct, rename="camel", omit_defaults=True):
    best: _Oar
    spare: Annotated[_Oar, Meta(description="For bad days."), fields.rules(crd.Rule("true", "never"))] | None = None
    oars: Annotated[tuple[_Oar, ...], Meta(max_length=8), fields.list_map("bladeWidth")] = ()
    cpu_count: int = msgspec.field(default=2, name="CPUCount")


def test_a_structs_docstring_is_its_description_unless_the_field_has_one() -> None:
    """Documentation is written once, where the field or the type is."""
    properties = schema.of_struct(_Boat)["properties"]
    assert (properties["best"]["description"], properties["spare"]["description"]) == ("One oar.", "For bad days.")
    assert "description" not in schema.of_struct(_Boat)


def test_fields_have_their_json_names_and_are_required_without_a_default() -> None:
    """The manifest's names count, and a default makes a field optional."""
    rendered = schema.of_struct(_Boat)
    assert list(rendered["properties"]) == ["best", "spare", "oars", "CPUCount"]
    assert rendered["required"] == ["best"]


def test_no_schema_is_nullable() -> None:
    """A field that may be absent is still not null."""
    assert "nullable" not in str(schema.of_struct(_Boat))


def test_numbers_and_booleans_have_defaults_and_empty_values_have_none() -> None:
    """What the server fills in is what a reader of the object wants to see."""
    properties = schema.of_struct(_Boat)["properties"]
    assert properties["CPUCount"]["default"] == 2
    oar = properties["best"]["properties"]
    assert oar["isWooden"]["default"] is True
    assert "default" not in oar["note"]
    assert "default" not in properties["oars"]
    assert "default" not in properties["spare"]


def test_a_status_has_no_defaults() -> None:
    """Its operator writes it whole."""
    assert "default" not in str(schema.of_struct(_Boat, with_defaults=False))


def test_rules_of_the_field_and_of_its_struct_both_count() -> None:
    """A struct's rules hold wherever it is used; the field adds its own, and neither place changes the other."""
    expected = {
        "rule": "self.bladeWidth > 0",
        "message": "bladeWidth must be above 0",
        "reason": "FieldValueInvalid",
        "fieldPath": ".bladeWidth",
    }
    for _ in range(2):
        properties = schema.of_struct(_Boat)["properties"]
        assert properties["best"]["x-kubernetes-validations"] == [expected]
        own = {"rule": "true", "message": "never", "reason": "FieldValueInvalid"}
        assert properties["spare"]["x-kubernetes-validations"] == [own, expected]


def test_list_maps_name_their_keys() -> None:
    """Server-side apply merges the elements by them."""
    oars = schema.of_struct(_Boat)["properties"]["oars"]
    assert (oars["x-kubernetes-list-type"], oars["x-kubernetes-list-map-keys"]) == ("map", ["bladeWidth"])


@pytest.mark.parametrize("annotation", [Any, bytes, bool | int, _Oar | int, tuple[int, str], Annotated[int, Meta(ge=0)] | float])
def test_a_type_without_a_structural_schema_is_refused_by_name(annotation: Any) -> None:
    """The author learns of it when rendering, with the field's path, not from an API server."""
    strange = msgspec.defstruct("Strange", [("inner", msgspec.defstruct("Inner", [("field", annotation)]))])
    with pytest.raises(schema.SchemaError, match=r"^Strange\.inner\.field: "):
        schema.of_struct(strange)
