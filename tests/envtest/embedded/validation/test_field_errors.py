"""What is wrong with a field, in the server's words."""

import pytest

from envtest.embedded.validation import field_errors


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('a"b', '"a\\"b"'),
        (1.0, "1"),
        (1.5, "1.5"),
        (1e6, "1e+06"),
        (123456789.0, "1.23456789e+08"),
        (1e-5, "1e-05"),
        (1e21, "1e+21"),
        (0.0, "0"),
        (True, "true"),
        (None, "null"),
        ({"b": 1, "a": "<&>"}, '{"a":"\\u003c\\u0026\\u003e","b":1}'),
        (field_errors.Printed("as it is"), "as it is"),
    ],
)
def test_a_value_is_shown_as_go_shows_it(value, shown):
    """Users compare messages of both servers."""
    assert field_errors.shown(value) == shown


def test_each_kind_of_error_has_its_words():
    """Reason, field and message."""
    found = [
        field_errors.required("a"),
        field_errors.required("a", "why"),
        field_errors.forbidden("a", "no"),
        field_errors.invalid("a", field_errors.OMITTED, "no"),
        field_errors.duplicate("a[0]", "x"),
        field_errors.not_supported("a", "c", ["a", "b"]),
        field_errors.too_long("a", 1),
        field_errors.too_many("a", 3, 2),
        field_errors.invalid("", 3, "whole"),
    ]
    assert [(cause.field, cause.message) for cause in found] == [
        ("a", "Required value"),
        ("a", "Required value: why"),
        ("a", "Forbidden: no"),
        ("a", "Invalid value: no"),
        ("a[0]", 'Duplicate value: "x"'),
        ("a", 'Unsupported value: "c": supported values: "a", "b"'),
        ("a", "Too long: may not be more than 1 byte"),
        ("a", "Too many: 3: must have at most 2 items"),
        ("<nil>", "Invalid value: 3: whole"),
    ]
