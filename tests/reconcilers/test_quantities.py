"""Quantities by value."""

import fractions

import hypothesis
import pytest
from hypothesis import strategies as st

from reconcilers import quantities


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("500m", fractions.Fraction(1, 2)),
        (".5", fractions.Fraction(1, 2)),
        ("5.", 5),
        ("-1.5Gi", -3 * 2**29),
        ("1E", 10**18),
        ("1E3", 1000),
        ("1e-3", fractions.Fraction(1, 1000)),
        ("1k", 1000),
        ("1Ki", 1024),
        ("3n", fractions.Fraction(3, 10**9)),
        (2, 2),
        (0.25, fractions.Fraction(1, 4)),
        (1e-07, fractions.Fraction(1, 10**7)),
    ],
)
def test_every_spelling_has_its_value(text: object, value: fractions.Fraction | int):
    """Suffixes, exponents and plain numbers are read as Kubernetes reads them."""
    assert quantities.parse(text) == value


@pytest.mark.parametrize("text", ["", "x", "1 Gi", "1ki", "1K", "Gi", "1e", "0x1", "1_000", "٣", "nan", True, None, []])
def test_what_is_no_quantity_is_refused(text: object):
    """The error names the offending text and examples."""
    with pytest.raises(ValueError, match="not a quantity"):
        quantities.parse(text)


@pytest.mark.parametrize(
    ("a", "b", "is_equal"),
    [
        ("1000m", "1", True),
        ("1024Mi", "1Gi", True),
        (1, "1", True),
        ("1001m", "1", False),
        ("0.0001", "1m", True),
        ("0.0001", "0", False),
        ("x", "x", True),
        ("x", "1", False),
        ("1", None, False),
    ],
)
def test_equality_is_by_value_after_rounding_up(a: object, b: object, is_equal: bool):
    """A resource list is rounded up to thousandths by the server; what is no quantity equals itself only."""
    assert quantities.is_equal(a, b, scale=quantities.MILLI) is is_equal


@hypothesis.given(st.integers(-(10**20), 10**20), st.sampled_from(["", "m", "k", "Mi", "Ei", "n"]))
def test_a_multiple_has_the_value_of_its_parts(number: int, suffix: str):
    """number x suffix is what it says, exactly, for every suffix."""
    assert quantities.parse(f"{number}{suffix}") == number * quantities.parse(f"1{suffix}")
