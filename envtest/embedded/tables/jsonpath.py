"""The part of JSONPath that printer columns and selectable fields use.

What flows in: a path such as ``.status.conditions[?(@.type=="Ready")].status``; an object. What flows out: the values found.
Pure. Mirrors k8s.io/client-go/util/jsonpath: names, quoted names, indices and slices, wildcards, filters that compare one value.
What is missing is nothing, not an error.
"""

import functools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from envtest.embedded.apply.json_values import Value
from envtest.embedded.validation import field_errors

Step = Callable[[Any], Iterator[Any]]

_STEP: Final = re.compile(
    r"""\.\.(?P<deep>[\w-]+|\*)|\.?\[\?\((?P<filter>.*?)\)\]|\.?\[(?P<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]
    |\.?\[(?P<index>-?\d+)\]|\.?\[(?P<slice>-?\d*:-?\d*(?::-?\d*)?)\]|\.?\[(?P<every>\*)\]|\.(?P<star>\*)
    |\.(?P<name>(?:\\.|[^.\[\]{}\\ ])+)""",
    re.VERBOSE,
)
_FILTER: Final = re.compile(r"""\s*@(?P<path>[^\s=!<>]*)\s*(?:(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>.+?)\s*)?""")
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda one, other: bool(one == other),
    "!=": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}


class BadPathError(ValueError):
    """A text is no path."""


class Path:
    """A parsed path."""

    def __init__(self, text: str) -> None:
        """Parse *text*.

        Raises:
            BadPathError: It is none.
        """
        self._steps: list[Step] = []
        rest = text.strip().removeprefix("{").removesuffix("}").removeprefix("$").removeprefix("@")
        at = 0
        while at < len(rest):
            found = _STEP.match(rest, at)
            if not found:
                raise BadPathError(f"unrecognized path {text!r} at {rest[at:]!r}")
            self._steps.append(_step(found))
            at = found.end()

    def find(self, value: Value) -> list[Any]:
        """Return what the path leads to, empty if it leads nowhere."""
        values = [value]
        for step in self._steps:
            values = [found for each in values for found in step(each)]
        return values


@functools.lru_cache(maxsize=4096)
def compiled(text: str) -> Path:
    """Return the path of *text*, which is parsed once.

    Raises:
        BadPathError: It is none.
    """
    return Path(text)


def printed(value: Value) -> str:
    """Return *value* as Go prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return field_errors.go_float(value)
    return field_errors.compact(value) if isinstance(value, (dict, list)) else str(value)


def _step(found: re.Match[str]) -> Step:
    parts = found.groupdict()
    if parts["filter"] is not None:
        return _filter(parts["filter"])
    if parts["index"] is not None:
        return functools.partial(_item, int(parts["index"]))
    if parts["slice"] is not None:
        return functools.partial(_slice, [int(part) if part else None for part in parts["slice"].split(":")])
    if parts["deep"] is not None:
        return functools.partial(_deep, parts["deep"])
    if parts["every"] or parts["star"]:
        return _every
    quoted = parts["quoted"]
    return functools.partial(_field, re.sub(r"\\(.)", r"\1", quoted[1:-1] if quoted else parts["name"]))


def _field(name: str, value: Value) -> Iterator[Any]:
    if isinstance(value, dict) and name in value:
        yield value[name]


def _item(at: int, value: Value) -> Iterator[Any]:
    if isinstance(value, list) and -len(value) <= at < len(value):
        yield value[at]


def _slice(bounds: Sequence[int | None], value: Value) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value[slice(*bounds)]


def _every(value: Value) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (value[name] for name in sorted(value))
    elif isinstance(value, list):
        yield from value


def _deep(name: str, value: Value) -> Iterator[Any]:
    yield from _every(value) if name == "*" else _field(name, value)
    for below in _every(value):
        yield from _deep(name, below)


def _filter(text: str) -> Step:
    found = _FILTER.fullmatch(text)
    if not found:
        raise BadPathError(f"unrecognized filter {text!r}")
    path = Path(found["path"])
    wanted = _literal(found["value"]) if found["operator"] else None

    def step(value: Value) -> Iterator[Any]:
        for item in _every(value):
            seen = path.find(item)
            if seen and (not found["operator"] or _holds(found["operator"], seen[0], wanted)):
                yield item

    return step


def _literal(text: str) -> Value:
    if text[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadPathError(f"unrecognized value {text!r}") from error


def _holds(operator: str, one: Value, other: Value) -> bool:
    try:
        return _COMPARISONS[operator](one, other)
    except TypeError:
        return False
