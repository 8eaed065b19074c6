"""Durations as Go writes them.

What flows in: text such as ``1h30m`` or ``22 ns``. What flows out: seconds. Pure. Mirrors Go's time.ParseDuration and
kube-openapi pkg/validation/strfmt/duration.go; and how tables tell an age, from apimachinery pkg/util/duration.
"""

import re
from typing import Final

_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_GO: Final = re.compile(r"[+-]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_PHRASE: Final = re.compile(r"(\d+)\s*([A-Za-zµ]+)", re.ASCII)
_WORDS: Final = (
    (("ns",), "nano", 1e-9),
    (("us", "µs"), "micro", 1e-6),
    (("ms",), "milli", 1e-3),
    (("s",), "sec", 1.0),
    (("m",), "min", 60.0),
    (("h", "hr"), "hour", 3600.0),
    (("d",), "day", 86400.0),
    (("w", "wk"), "week", 604800.0),
)
"""Of each unit its short names, what its long names begin with, and its seconds."""


def parsed_by_go(text: str) -> float | None:
    """Return the seconds of *text* if it is written as Go does."""
    if not _GO.fullmatch(text):
        return None
    sign = -1 if text.startswith("-") else 1
    return sign * sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


def parsed(text: str) -> float | None:
    """Return the seconds of *text*, or None if it is no duration."""
    seconds = parsed_by_go(text)
    if seconds is not None:
        return seconds
    found = [
        int(number) * factor
        for number, unit in _PHRASE.findall(text)
        for short, long, factor in _WORDS
        if unit.lower() in short or unit.lower().startswith(long)
    ]
    return sum(found) if found else None


def age(seconds: float) -> str:
    """Return how long ago something was, in at most three digits of two units."""
    if seconds < -1:
        return "<invalid>"
    whole = int(max(seconds, 0))
    minutes, hours = whole // 60, whole // 3600
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return f"{minutes}m" + (f"{whole % 60}s" if whole % 60 else "")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h" + (f"{minutes % 60}m" if minutes % 60 else "")
    return _age_in_hours(hours)


def _age_in_hours(hours: int) -> str:
    if hours < 48:
        return f"{hours}h"
    days, years = hours // 24, hours // 24 // 365
    if hours < 192:
        return f"{days}d" + (f"{hours % 24}h" if hours % 24 else "")
    if days < 730:
        return f"{days}d"
    if years < 8:
        return f"{years}y" + (f"{days % 365}d" if days % 365 else "")
    return f"{years}y"
