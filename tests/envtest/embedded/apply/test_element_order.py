"""`envtest.embedded.element_order`: where merged items stand."""

import pytest

from envtest.embedded.apply import element_order


@pytest.mark.parametrize(
    ("items", "wanted", "before", "arranged"),
    [
        ("abc", "cb", "abc", "acb"),
        ("abcx", "xa", "abc", "xabc"),
        ("abcx", "bx", "abc", "abxc"),
        ("abc", "", "abc", "abc"),
        ("xy", "yx", "", "yx"),
        ("abx", "x", "ba", "xba"),
    ],
)
def test_what_is_wanted_keeps_its_order_and_the_rest_its_place(items, wanted, before, arranged):
    """The others stand before what followed them, and at the end if nothing tells."""
    assert "".join(element_order.arranged(list(items), list(wanted), list(before), "")) == arranged


def test_maps_are_arranged_by_their_key():
    """Whatever else they have."""
    items = [{"name": "a", "x": 1}, {"name": "b", "x": 2}]
    assert element_order.arranged(items, [{"name": "b"}, {"name": "a"}], items, "name") == items[::-1]


def test_repetitions_go():
    """The first of equal scalars stays."""
    assert element_order.unique(["a", "b", "a", "c", "b"]) == ["a", "b", "c"]
