"""Durations as Go reads them, and ages as tables show them."""

import pytest

from envtest.embedded.tables import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("1h3m", 3780),
        ("-1.5s", -1.5),
        (".5m", 30),
        ("22 ns", 22e-9),
        ("3 days", 259200),
        ("2 weeks 1 hour", 1213200),
        ("1 Min", 60),
        ("", None),
        ("1", None),
        ("long", None),
        ("1 fortnight", None),
    ],
)
def test_a_duration_is_read_as_the_format_has_it(text, seconds):
    """Go's own way of writing, and the wordy one."""
    assert durations.parsed(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"),
        (10_860, "3h1m"),
        (28_800, "8h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (176_400, "2d1h"),
        (691_200, "8d"),
        (63_072_000, "2y"),
        (63_158_400, "2y1d"),
        (252_288_000, "8y"),
    ],
)
def test_an_age_has_at_most_two_units(seconds, shown):
    """The coarser, the older."""
    assert durations.age(seconds) == shown
