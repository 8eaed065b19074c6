"""Decoding: defaults, and errors that name the field, and its value only where that is a number out of bounds."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import crd
from controller.crd import fields


class Crew(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """People."""

    first_name: Annotated[str, msgspec.Meta(max_length=8, pattern="^[a-z]+$")]
    age: Annotated[int, msgspec.Meta(le=150)] = 0
    rank: Annotated[Literal["mate", "captain"], msgspec.Meta(description="The rank.")] = "mate"


class Boat(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A boat."""

    oars: Annotated[int, msgspec.Meta(ge=1)]
    config: Annotated[str, msgspec.Meta(max_length=5)] = ""
    crew: tuple[Crew, ...] = ()
    cargo: dict[str, fields.Quantity] = {}
    owner: Crew | None = None


def _error(**raw: Any) -> crd.SpecError:
    with pytest.raises(crd.SpecError) as caught:
        crd.decode_spec(Boat, {"oars": 1, **raw})
    return caught.value


def test_absent_fields_get_their_defaults() -> None:
    """Decoding fills in what the API server's defaulting leaves out."""
    assert crd.decode_spec(Boat, {"oars": 2}) == Boat(oars=2, config="", crew=(), cargo={}, owner=None)


@pytest.mark.parametrize("raw", [None, {}])
def test_an_absent_spec_is_an_empty_one(raw: dict[str, Any] | None) -> None:
    """A resource without a spec misses its required fields, and that is what the error says."""
    with pytest.raises(crd.SpecError, match=r"^spec.oars: is required$"):
        crd.decode_spec(Boat, raw)


def test_fields_that_the_type_does_not_know_are_ignored() -> None:
    """A resource that a newer version wrote can still be read."""
    assert crd.decode_spec(Boat, {"oars": 1, "sails": 3}) == Boat(oars=1)


@pytest.mark.parametrize(
    ("raw", "field", "message"),
    [
        ({"oars": "3"}, "spec.oars", "expected int, got str"),
        ({"oars": 0}, "spec.oars", "expected int >= 1, got 0"),
        ({"cargo": {"salt": -1}}, "spec.cargo[...]", "expected int >= 0"),
        ({"crew": [{"firstName": "ann", "age": 200}]}, "spec.crew[0].age", "expected int <= 150, got 200"),
        ({"config": 88888888}, "spec.config", "expected str, got int"),
        ({"config": "123456"}, "spec.config", "expected str of length <= 5"),
        ({"crew": [{"firstName": "ann"}, {}]}, "spec.crew[1].firstName", "is required"),
        ({"crew": [{"firstName": "ann", "rank": "king"}]}, "spec.crew[0].rank", "expected one of captain, mate"),
        ({"owner": {"firstName": "ann", "rank": "king"}}, "spec.owner.rank", "expected one of captain, mate"),
        ({"owner": {"firstName": "Ann"}}, "spec.owner.firstName", "expected str matching regex '^[a-z]+$'"),
        ({"cargo": {"salt": None}}, "spec.cargo[...]", "expected int | str, got null"),
        ({"crew": {}}, "spec.crew", "expected array, got object"),
    ],
)
def test_an_error_names_the_field_and_what_would_be_right(raw: dict[str, Any], field: str, message: str) -> None:
    """The user sees where to look, in the names of the manifest."""
    error = _error(**raw)
    assert (error.field, error.message) == (field, message)
    assert str(error) == f"{field}: {message}"


@given(st.text(alphabet="QXZ9#", min_size=9))
def test_an_error_never_tells_a_text(secret: str) -> None:
    """Whatever stands in a field, a refusal does not repeat it, nor does any error in its chain."""
    for raw in ({"config": secret}, {"owner": {"firstName": secret}}, {"owner": {"firstName": "a", "rank": secret}}):
        error = _error(**raw)
        assert secret not in str(error)
        assert error.__cause__ is None
        assert error.__suppress_context__


def test_encoding_leaves_out_none_at_any_depth() -> None:
    """The API server would take a null for a value."""

    class Hull(msgspec.Struct):
        name: str | None = None
        length: int = 0

    class Yard(msgspec.Struct):
        hulls: list[Hull]
        best: Hull | None = None

    assert crd.encode(Yard([Hull(), Hull("a")])) == {"hulls": [{"length": 0}, {"name": "a", "length": 0}]}
