"""What Go says of what is not JSON."""

import pytest

from envtest.embedded.api import go_json


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "unexpected end of JSON input"),
        (b'{"a":', "unexpected end of JSON input"),
        (b'"a', "unexpected end of JSON input"),
        (b"junk", "invalid character 'j' looking for beginning of value"),
        (b"nonsense", "invalid character 'o' in literal null (expecting 'u')"),
        (b"{a: 1}", "invalid character 'a' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a": 1 "b"}', "invalid character '\"' after object key:value pair"),
        (b"{} x", "invalid character 'x' after top-level value"),
    ],
)
def test_the_first_problem_is_named(data, problem):
    """With the character and what was expected there."""
    assert go_json.problem(data) == problem


@pytest.mark.parametrize(
    ("data", "summary"), [(b"", "<empty>"), (b"[1]", "5b315d"), (b'{"a":', '{"a":'), (b"{" + b"a" * 40, "{" + "a" * 29 + " ...")]
)
def test_the_beginning_of_a_body_is_shown(data, summary):
    """As text if it looks like an object, otherwise as its bytes."""
    assert go_json.summary(data) == summary
