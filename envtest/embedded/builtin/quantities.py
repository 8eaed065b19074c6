"""Quantities: amounts with a suffix, as the server reads, compares and rewrites them.

What flows in: text such as ``1.5Gi`` or ``1000m``, or JSON numbers. What flows out: `Quantity`. Pure; any thread. Mirrors
apimachinery pkg/api/resource/quantity.go; deviation: no amount is too large.
"""

import functools
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

Format = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

FORMAT_WRONG: Final = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
SUFFIX_WRONG: Final = "unable to parse quantity's suffix"

_TEXT = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)", re.ASCII)
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIXES: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIXES: Final = {0: "", **{exponent: suffix for suffix, exponent in _BINARY.items()}}
_EXPONENT = re.compile(r"[eE]([+-]?\d+)", re.ASCII)
_LARGEST_BINARY: Final = Fraction(2**63 - 1)
_NANO: Final = Fraction(1, 10**9)
_MILLI: Final = Fraction(1, 1000)
_INT64_DIGITS = 18


class QuantityError(ValueError):
    """A text is no quantity; the message is the server's."""


@dataclass(frozen=True, order=True)
class Quantity:
    """An amount, ordered by its value; its text is `str()` of it."""

    value: Fraction
    format: Format = "DecimalSI"
    written: str = ""
    """The text it was read from, where the server keeps that."""

    def __str__(self) -> str:
        """Return the text that the server writes."""
        return self.written or _canonical(self.value, self.format)

    def __add__(self, other: "Quantity") -> "Quantity":
        """Return the sum, in the format of the first that is not zero."""
        return Quantity(self.value + other.value, self.format if self.value else other.format)

    def __sub__(self, other: "Quantity") -> "Quantity":
        """Return the difference, in the format of the first that is not zero."""
        return Quantity(self.value - other.value, self.format if self.value else other.format)

    def to_milli(self) -> "Quantity":
        """Return it rounded up to thousandths, away from zero."""
        rounded = _rounded_up(self.value, _MILLI)
        return self if rounded == self.value else Quantity(rounded, self.format)

    @property
    def milli_value(self) -> int:
        """The amount in thousandths, rounded up."""
        return int(_rounded_up(self.value, _MILLI) * 1000)


ZERO: Final = Quantity(Fraction(0))
"""Nothing."""


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Quantity:
    """Read a quantity.

    Raises:
        QuantityError: It is none.
    """
    found = _TEXT.fullmatch(text)
    if not found or not text:
        raise QuantityError(FORMAT_WRONG)
    if text == "0":
        return Quantity(Fraction(0), "DecimalSI", text)
    sign, whole, decimals, suffix = found[1], (found[2] or "").lstrip("0") or "0", found[3] or "", found[4]
    format_, base, exponent = _interpreted(suffix)
    number = Fraction(int(whole + decimals), 10 ** len(decimals)) * Fraction(base) ** exponent
    value = _rounded_up(number, _NANO)
    if format_ == "BinarySI":
        value = min(value, _LARGEST_BINARY)
    if _is_kept(whole, decimals, format_, exponent):
        return Quantity(-value if sign == "-" else value, format_, text)
    if format_ == "BinarySI" and 0 < value < 1:
        format_ = "DecimalSI"
    return Quantity(-value if sign == "-" else value, format_)


def of(value: str | float) -> Quantity:
    """Read what JSON has where a quantity is meant, text or number.

    Raises:
        QuantityError: It is none.
    """
    if isinstance(value, str):
        return parse(value.strip())
    return parse(str(int(value)) if value == int(value) else repr(value))


def _interpreted(suffix: str) -> tuple[Format, int, int]:
    if suffix in _DECIMAL:
        return "DecimalSI", 10, _DECIMAL[suffix]
    if suffix in _BINARY:
        return "BinarySI", 2, _BINARY[suffix]
    if found := _EXPONENT.fullmatch(suffix):
        return "DecimalExponent", 10, int(found[1])
    raise QuantityError(SUFFIX_WRONG)


def _is_kept(whole: str, decimals: str, format_: Format, exponent: int) -> bool:
    """Say whether the server keeps the text, because it takes it for canonical."""
    digits = len(whole) + len(decimals)
    number = int(whole + decimals)
    if format_ == "BinarySI":
        is_short = not decimals and 15 - len(whole) - exponent * 3 // 10 - 1 >= 0
        return is_short and number % 8 != 0
    scale = exponent - len(decimals)
    is_short = digits <= _INT64_DIGITS and scale >= -9
    return is_short and scale % 3 == 0 and not (whole + decimals).endswith("000") and whole[0] != "0"


def _rounded_up(value: Fraction, unit: Fraction) -> Fraction:
    """Round away from zero to a multiple of *unit*."""
    times = abs(value) / unit
    whole = -(-times.numerator // times.denominator) * unit
    return whole if value >= 0 else -whole


def _canonical(value: Fraction, format_: Format) -> str:
    if value == 0:
        return "0"
    if format_ == "BinarySI" and abs(value) >= 1024 and value.denominator == 1:
        number, exponent = int(value), 0
        while number % 1024 == 0 and exponent < 60:
            number, exponent = number // 1024, exponent + 10
        return f"{number}{_BINARY_SUFFIXES[exponent]}"
    number, exponent = int(value * 10**9), -9
    while number % 1000 == 0 and (exponent < 18 or format_ == "DecimalExponent"):
        number, exponent = number // 1000, exponent + 3
    if format_ == "DecimalExponent":
        return f"{number}e{exponent}" if exponent else str(number)
    return f"{number}{_DECIMAL_SUFFIXES[exponent]}"
