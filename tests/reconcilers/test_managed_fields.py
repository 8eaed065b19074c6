"""Items of lists with keys, found by the keys that managedFields records."""

import pytest

from reconcilers import managed_fields


def keys_of(*keys: str) -> dict[str, dict]:
    return managed_fields.Entry({key: {} for key in keys}).keys()


TCP, UDP = 'k:{"port":53,"protocol":"TCP"}', 'k:{"port":53,"protocol":"UDP"}'


@pytest.mark.parametrize(
    ("wanted", "owned", "expected"),
    [
        ([{"port": 53}], (TCP,), [TCP]),
        ([{"port": 53}], (UDP,), [None]),
        ([{"port": 53}, {"port": 53, "protocol": "UDP"}], (UDP, TCP), [TCP, UDP]),
        ([{"port": 54}], (TCP,), [None]),
        ([{"port": "53"}], (TCP,), [None]),
        ([{"port": 53}, {"port": 53}], (TCP,), [TCP, None]),
        (["not an item"], (), [None]),
    ],
)
def test_a_key_is_completed_as_the_server_does(wanted: list, owned: tuple[str, ...], expected: list):
    """A port without protocol is a TCP port; an item whose key nobody recorded is not ours."""
    assert managed_fields.assign_keys(wanted, keys_of(*owned)) == expected


def test_a_part_of_a_key_with_an_unknown_default_matches_what_is_left():
    """An item that leaves out a part of its key takes the key that no fuller item takes."""
    a, b = 'k:{"name":"x","zone":"a"}', 'k:{"name":"x","zone":"b"}'
    assert managed_fields.assign_keys([{"name": "x"}, {"name": "x", "zone": "a"}], keys_of(a, b)) == [b, a]


def test_live_items_are_found_with_their_position():
    """Items of others are passed over, what is no list has no items."""
    live = [{"port": 1, "protocol": "TCP"}, {"port": 53, "protocol": "UDP", "name": "dns"}]
    assert managed_fields.index_items(live, keys_of(TCP, UDP)) == {UDP: (1, live[1])}
    assert managed_fields.index_items(None, keys_of(TCP)) == {}
