"""Kubernetes quantities ("500m", "1.5Gi", "2") as exact numbers.

What flows in: a quantity as it stands in a manifest, a string or a plain number. What flows out: a `fractions.Fraction`, exact,
so that different spellings of one value are equal. Pure; any thread may call it. Mirrors
apimachinery/pkg/api/resource/quantity.go; deviation: no canonical form is rendered, the server makes it.
"""

import fractions
import math
import re

_QUANTITY = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?[0-9]{1,3}))?")
_BINARY: dict[str, int] = {suffix: 1024**power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)}
_DECIMAL: dict[str, fractions.Fraction] = {
    suffix: fractions.Fraction(f"1e{power}") for suffix, power in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)
}

NANO = -9
"""The scale to which the server rounds every quantity up: 10**-9."""
MILLI = -3
"""The scale to which it rounds resource lists (limits, requests, hard, capacity) up: 10**-3."""


def parse(quantity: object) -> fractions.Fraction:
    """Return the value of *quantity*.

    Raises:
        ValueError: It is not a quantity.
    """
    match = None if isinstance(quantity, bool) else _QUANTITY.fullmatch(str(quantity).strip())
    if not isinstance(quantity, str | int | float) or match is None:
        raise ValueError(f"not a quantity: {quantity!r} (examples: 500m, 2, 1.5Gi)")
    number, binary, decimal, exponent = match.groups()
    value = fractions.Fraction(number)
    if binary:
        return value * _BINARY[binary]
    if decimal:
        return value * _DECIMAL[decimal]
    return value * fractions.Fraction(f"1e{exponent or 0}")


def is_equal(a: object, b: object, *, scale: int = NANO) -> bool:
    """Say whether two quantities are one value once the server has rounded them up to 10**scale.

    What is not a quantity equals only itself.
    """
    try:
        return _rounded(parse(a), scale) == _rounded(parse(b), scale)
    except ValueError:
        return type(a) is type(b) and bool(a == b)


def _rounded(value: fractions.Fraction, scale: int) -> int:
    steps = value / fractions.Fraction(f"1e{scale}")
    return math.ceil(steps) if steps >= 0 else math.floor(steps)
