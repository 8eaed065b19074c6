"""`envtest.embedded.quantities`: how amounts are read and written."""

import pytest

from envtest.embedded.builtin import quantities


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0", "0"), ("00", "0"), ("0.0", "0"), ("0Ki", "0"), ("1", "1"), ("1000m", "1"), ("0.25", "250m"), ("1.5Gi", "1536Mi"),
        ("1000000", "1M"), ("1024Mi", "1Gi"), ("1000Mi", "1000Mi"), ("512", "512"), ("1024", "1024"), ("0.5Ki", "512"),
        ("1e3", "1e3"), ("1000e0", "1e3"), ("12e6", "12e6"), ("1E", "1E"), ("1500", "1500"), ("1.5", "1500m"), ("1.500", "1.500"),
        ("0.1n", "1n"), ("1.0000000001", "1000000001n"), ("-1000m", "-1"), ("+5", "+5"), ("1.", "1."), (".5", "500m"),
        ("9Ei", "9223372036854775807"), ("0.5Mi", "512Ki"), ("1.3Ki", "1331200m"), ("100m", "100m"), ("2000k", "2M"),
        ("0.0001", "100u"), ("1u", "1u"), ("8Ki", "8Ki"), ("1025Ki", "1025Ki"), ("16Ei", "9223372036854775807"),
    ],
)  # fmt: skip
def test_text_is_rewritten_as_the_server_does(text, written):
    """Each has the largest suffix of its format that loses nothing, unless the server takes it for canonical already."""
    assert str(quantities.parse(text)) == written


@pytest.mark.parametrize("text", ["", "abc", "1 ", " 1", "1,5", "--1", "1Gi5"])
def test_what_is_no_quantity_is_refused(text):
    """The message is that of the server, about the format or about the suffix."""
    with pytest.raises(quantities.QuantityError):
        quantities.parse(text)


def test_a_suffix_that_nobody_knows_has_a_message_of_its_own():
    """The number was fine."""
    with pytest.raises(quantities.QuantityError, match="unable to parse quantity's suffix"):
        quantities.parse("1Mn")


def test_numbers_are_quantities_too():
    """JSON may have them without quotes."""
    assert [str(quantities.of(value)) for value in (1, 1.5, 1000000, 2.0)] == ["1", "1500m", "1M", "2"]


def test_quantities_are_ordered_and_added_by_value():
    """Formats do not matter for the order; the sum has that of the first that is not zero."""
    one, more = quantities.parse("1"), quantities.parse("1500m")
    assert one < more
    assert str(one + more) == "2500m"
    assert str(quantities.ZERO + quantities.parse("1Gi")) == "1Gi"
    assert str(quantities.parse("2Gi") - quantities.parse("1Gi")) == "1Gi"


def test_less_than_a_thousandth_is_rounded_up():
    """Requests and limits know thousandths at most."""
    assert str(quantities.parse("1100u").to_milli()) == "2m"
    assert str(quantities.parse("1.500").to_milli()) == "1.500"
    assert quantities.parse("1500u").milli_value == 2
