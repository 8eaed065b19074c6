"""Values as JSON has them, and as Go writes them."""

import pytest

from envtest.embedded.apply import json_values


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1.0, 1),
        (-2.0, -2),
        (1.5, 1.5),
        (1e20, 10**20),
        (1e21, 1e21),
        (True, True),
        ("1.0", "1.0"),
        ([1.0, {"a": 2.0}], [1, {"a": 2}]),
    ],
)
def test_a_number_without_a_fraction_is_kept_as_an_integer(value, kept):
    """Go writes 1.0 as 1, and reads an integer afterwards; what needs an exponent stays a float."""
    found = json_values.kept(value)
    assert found == kept
    assert repr(found) == repr(kept)
