"""Which objects a request means: label selectors and field selectors.

What flows in: their text. What flows out: a `Selector`, which says whether an object matches. Pure. Mirrors apimachinery
pkg/labels and pkg/fields, and the selectable fields of kubernetes pkg/registry.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from envtest.embedded.api import names, status
from envtest.embedded.api.status import Json

_OPERATORS = "in, notin, =, ==, !=, gt, lt"
_WORD = re.compile(r"\s*(!=|==|[!=<>(),]|[^\s!=<>(),]+)")
_SPECIAL = frozenset(("!", "!=", "=", "==", "<", ">", "(", ")", ","))
_TERM = re.compile(r"(.*?)(!=|==|=)(.*)", re.DOTALL)

Read = Callable[[Json], str]


class _SelectorError(ValueError):
    """A selector cannot be understood."""


class HasKind(Protocol):
    """What says which fields can be selected: a Resource."""

    @property
    def group(self) -> str:
        """The API group."""

    @property
    def kind(self) -> str:
        """The kind."""

    @property
    def is_custom(self) -> bool:
        """Whether a definition made it."""

    @property
    def definition(self) -> Json | None:
        """The version of the definition that made it."""


@dataclass(frozen=True)
class Requirement:
    """What one label must be like."""

    key: str
    operator: str
    """One of in, notin, exists, !, gt, lt."""
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether the label is like that."""
        value = labels.get(self.key)
        if self.operator == "in":
            return value is not None and value in self.values
        if self.operator == "notin":
            return value is None or value not in self.values
        if self.operator == "exists":
            return value is not None
        if self.operator == "!":
            return value is None
        if value is None or not re.fullmatch(r"[+-]?\d+", value):
            return False
        return int(value) > int(self.values[0]) if self.operator == "gt" else int(value) < int(self.values[0])


@dataclass(frozen=True)
class _Field:
    read: Read
    value: str
    is_equal: bool


@dataclass(frozen=True)
class Selector:
    """Chooses objects."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[_Field, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether all objects match."""
        return not self.labels and not self.fields

    def matches(self, obj: Json) -> bool:
        """Say whether *obj* is meant."""
        if self.labels:
            labels = obj["metadata"].get("labels") or {}
            if not all(requirement.matches(labels) for requirement in self.labels):
                return False
        return all((term.read(obj) == term.value) == term.is_equal for term in self.fields)


EVERYTHING = Selector()


def parse(resource: HasKind, labels: str, fields: str) -> Selector:
    """Read the selectors of a request for objects of *resource*.

    Raises:
        status.StatusError: One cannot be understood, or a field cannot be selected.
    """
    if not labels and not fields:
        return EVERYTHING
    try:
        return Selector(parse_labels(labels), _parse_fields(resource, fields))
    except _SelectorError as error:
        raise status.bad_request(str(error)) from error


def parse_labels(text: str) -> tuple[Requirement, ...]:
    """Read a label selector.

    Raises:
        ValueError: It cannot be understood.
    """
    return _Parser(text).parse() if text else ()


def of_label_selector(selector: Json) -> tuple[Requirement, ...]:
    """Read a LabelSelector, with ``matchLabels`` and ``matchExpressions``."""
    operators = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
    equal = [Requirement(key, "in", (value,)) for key, value in (selector.get("matchLabels") or {}).items()]
    return (
        *equal,
        *(
            Requirement(each["key"], operators[each["operator"]], tuple(each.get("values") or ()))
            for each in selector.get("matchExpressions") or ()
        ),
    )


class _Parser:
    """Reads a label selector from left to right, with the server's words for what it did not expect."""

    def __init__(self, text: str) -> None:
        self._words: list[str] = [*_WORD.findall(text), ""]
        self._position = 0

    def _next(self) -> str:
        word = self._words[self._position]
        self._position = min(self._position + 1, len(self._words) - 1)
        return word

    @property
    def _ahead(self) -> str:
        return self._words[self._position]

    def parse(self) -> tuple[Requirement, ...]:
        found = []
        while self._ahead:
            if self._ahead != "!" and self._ahead in _SPECIAL:
                raise _SelectorError(f"found '{self._ahead}', expected: !, identifier, or 'end of string'")
            try:
                found.append(self._requirement())
            except _SelectorError as error:
                raise _SelectorError(f"unable to parse requirement: {error}") from error
            word = self._next()
            if not word:
                break
            if word != ",":
                raise _SelectorError(f"found '{word}', expected: ',' or 'end of string'")
            if not self._ahead or (self._ahead in _SPECIAL and self._ahead != "!"):
                raise _SelectorError(f"found '{self._ahead}', expected: identifier after ','")
        return tuple(found)

    def _requirement(self) -> Requirement:
        is_negated = self._ahead == "!"
        if is_negated:
            self._next()
        key = self._next()
        if not key or key in _SPECIAL:
            raise _SelectorError(f"found '{key}', expected: identifier")
        _check(names.label_key(key), "<nil>", key)
        if is_negated:
            return Requirement(key, "!")
        if self._ahead in ("", ","):
            return Requirement(key, "exists")
        operator = self._next()
        values = self._values(operator)
        for value in values:
            _check(names.label_value(value), "values[0]" + f"[{key}]", value)
        return Requirement(key, {"=": "in", "==": "in", "!=": "notin", ">": "gt", "<": "lt"}.get(operator, operator), values)

    def _values(self, operator: str) -> tuple[str, ...]:
        if operator in ("in", "notin"):
            return self._listed()
        if operator not in ("=", "==", "!=", ">", "<"):
            raise _SelectorError(f"found '{operator}', expected: {_OPERATORS}")
        value = "" if self._ahead in ("", ",") else self._next()
        if value in _SPECIAL:
            raise _SelectorError(f"found '{value}', expected: identifier")
        if operator in "<>" and not re.fullmatch(r"[+-]?\d+", value):
            shown = status.quoted(value)
            raise _SelectorError(f"values[0]: Invalid value: {shown}: for 'Gt', 'Lt' operators, the value must be an integer")
        return (value,)

    def _listed(self) -> tuple[str, ...]:
        if (word := self._next()) != "(":
            raise _SelectorError(f"found '{word}' expected: '('")
        found, last = [], ","
        while (word := self._next()) != ")":
            if not word or (word in _SPECIAL and word != ","):
                wanted = "',', or identifier" if last == "," else "',' or ')'"
                raise _SelectorError(f"found '{word}', expected: {wanted}")
            if word == "," and last == ",":
                found.append("")
            elif word != ",":
                if last != ",":
                    raise _SelectorError(f"found '{word}', expected: ',' or ')'")
                found.append(word)
            last = word
        return tuple(dict.fromkeys([*found, ""] if last == "," else found))


def _check(errors: Sequence[str], field: str, value: str) -> None:
    if errors:
        raise _SelectorError(f"{field}: Invalid value: {status.quoted(value)}: {'; '.join(errors)}")


def _parse_fields(resource: HasKind, text: str) -> tuple[_Field, ...]:
    found = []
    for term in filter(None, re.split(r"(?<!\\),", text)):
        match = _TERM.fullmatch(term)
        if match is None:
            raise _SelectorError(f"invalid selector: '{text}'; can't understand '{term}'")
        name, operator, value = match.groups()
        found.append(_Field(_reader(resource, name), _unescaped(value), operator != "!="))
    return tuple(found)


def _unescaped(value: str) -> str:
    if bad := re.search(r"\\([^\\,=]|$)", re.sub(r"\\[\\,=]", "", value)):
        raise _SelectorError(f"invalid field selector: invalid escape sequence: {bad[0]}")
    if bad := re.search(r"[,=]", re.sub(r"\\[\\,=]", "", value)):
        raise _SelectorError(f"invalid field selector: unescaped character in value: {ord(bad[0])}")
    return re.sub(r"\\([\\,=])", r"\1", value)


def _reader(resource: HasKind, name: str) -> Read:
    own = _FIELDS.get((resource.group, resource.kind))
    if own is not None:
        if name in own:
            return own[name]
        raise _SelectorError(f"field label not supported: {name}")
    if name in _METADATA:
        return _METADATA[name]
    if not resource.is_custom:
        known = '"metadata.name", "metadata.namespace"'
        raise _SelectorError(f"{status.quoted(name)} is not a known field selector: only {known}")
    selectable = [each["jsonPath"] for each in (resource.definition or {}).get("selectableFields") or ()]
    if f".{name}" not in selectable:
        raise _SelectorError(f"field label not supported: {name}")
    return _at(name)


def _at(path: str) -> Read:
    parts = path.split(".")

    def read(obj: Json) -> str:
        value: Any = obj
        for part in parts:
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if value is None else str(value)

    return read


def _or(first: str, second: str) -> Read:
    one, other = _at(first), _at(second)
    return lambda obj: one(obj) or other(obj)


def _flag(path: str) -> Read:
    read = _at(path)
    return lambda obj: read(obj) or "false"


def _pod_addresses(obj: Json) -> str:
    return ",".join(each.get("ip", "") for each in (obj.get("status") or {}).get("podIPs") or ())


_METADATA: dict[str, Read] = {name: _at(name) for name in ("metadata.name", "metadata.namespace")}
_REFERENCE = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_POD = ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName")
_POD_STATUS = ("status.phase", "status.podIP", "status.nominatedNodeName")
_FIELDS: dict[tuple[str, str], dict[str, Read]] = {
    ("", "Pod"): {
        **_METADATA,
        **{name: _at(name) for name in (*_POD, *_POD_STATUS)},
        "spec.host": _at("spec.nodeName"),
        "spec.hostNetwork": _flag("spec.hostNetwork"),
        "status.podIPs": _pod_addresses,
    },
    ("", "Node"): {"metadata.name": _METADATA["metadata.name"], "spec.unschedulable": _flag("spec.unschedulable")},
    ("", "Namespace"): {"metadata.name": _METADATA["metadata.name"], "status.phase": _at("status.phase")},
    ("", "Secret"): {**_METADATA, "type": _at("type")},
    ("", "Service"): {**_METADATA, "spec.clusterIP": _at("spec.clusterIP"), "spec.type": _at("spec.type")},
    ("batch", "Job"): {**_METADATA, "status.successful": lambda obj: str((obj.get("status") or {}).get("succeeded", 0))},
    ("", "Event"): {
        **_METADATA,
        **{f"involvedObject.{name}": _at(f"involvedObject.{name}") for name in _REFERENCE},
        "reason": _at("reason"),
        "type": _at("type"),
        "reportingComponent": _at("reportingComponent"),
        "source": _or("source.component", "reportingComponent"),
    },
    ("events.k8s.io", "Event"): {  # in the form in which they are kept, that of v1
        **_METADATA,
        **{f"regarding.{name}": _at(f"involvedObject.{name}") for name in _REFERENCE},
        "reason": _at("reason"),
        "type": _at("type"),
        "reportingController": _at("reportingComponent"),
    },
}
