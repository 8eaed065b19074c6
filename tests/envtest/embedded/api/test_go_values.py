"""`envtest.embedded.go_values`: values as Go prints them."""

import pytest

from envtest.embedded.api import go_values


@pytest.mark.parametrize(
    ("value", "plain", "syntax", "type_name", "json_type"),
    [
        ("a", "a", '"a"', "string", "string"),
        (1, "1", "1", "int64", "number"),
        (1.5, "1.5", "1.5", "float64", "number"),
        (True, "true", "true", "bool", "bool"),
        (None, "<nil>", "interface {}(nil)", "<nil>", "null"),
        ({"b": [1], "a": "x"}, "map[a:x b:[1]]", "map[string]interface {}{", "map[string]interface {}", "object"),
        ([True, None], "[true <nil>]", "[]interface {}{true, interface {}(nil)}", "[]interface {}", "array"),
    ],
)
def test_values_look_as_in_go(value, plain, syntax, type_name, json_type):
    """Maps are sorted by key, booleans are written small."""
    assert go_values.plain(value) == plain
    assert go_values.syntax(value).startswith(syntax)
    assert go_values.type_name(value) == type_name
    assert go_values.json_type_name(value) == json_type
