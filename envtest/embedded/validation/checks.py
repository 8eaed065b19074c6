"""Small checks that validation is made of.

What flows in: a path, and what is there. What flows out: what is wrong with it, in the server's words and order. Pure. Mirrors
apimachinery pkg/api/validation, pkg/apis/meta/v1/validation and pkg/util/validation.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from envtest.embedded.api import names
from envtest.embedded.api.status import Cause
from envtest.embedded.builtin import quantities
from envtest.embedded.validation import field_errors

Json = dict[str, Any]
Value = Any  # what JSON may have
Causes = Iterator[Cause]
Texts = Callable[[str], list[str]]

IMMUTABLE: Final = "field is immutable"
NEGATIVE: Final = "must be greater than or equal to 0"
NOT_POSITIVE: Final = "must be greater than zero"
FILE_MODE: Final = "must be a number between 0 and 0777 (octal), both inclusive"
MANY_TYPES: Final = "may not specify more than 1 volume type"

_PORT_NAME = re.compile(r"[-a-z0-9]+", re.ASCII)
_LETTER = re.compile(r"[a-z]", re.ASCII)
_KEY = re.compile(r"[-._a-zA-Z0-9]+", re.ASCII)
_HEADER = re.compile(r"[-A-Za-z0-9]+", re.ASCII)
_PERCENT = re.compile(r"[0-9]+%", re.ASCII)
_LONGEST_KEY = 253


def child(path: str, *steps: str | int) -> str:
    """Return the path of what is below *path*; numbers are indices."""
    for step in steps:
        path = field_errors.index(path, step) if isinstance(step, int) else field_errors.child(path, step)
    return path


def texts(path: str, value: str, found: Iterable[str]) -> Causes:
    """Yield a cause for each text that says what is wrong with *value*."""
    return (field_errors.invalid(path, value, text) for text in found)


def named(path: str, value: str, check: Texts) -> Causes:
    """Check a name that must be there."""
    if value:
        yield from texts(path, value, check(value))
    else:
        yield field_errors.required(path)


def present(path: str, value: Value) -> Causes:
    """Check that something is there."""
    if not value:
        yield field_errors.required(path)


def one_of(path: str, value: str, supported: Sequence[str]) -> Causes:
    """Check that a value is one of those known; an empty one is said to be missing."""
    if not value:
        yield field_errors.required(path)
    elif value not in supported:
        yield field_errors.not_supported(path, value, supported)


def supported(path: str, value: str, known: Sequence[str]) -> Causes:
    """Check that a value is one of those known, an empty one too."""
    if value not in known:
        yield field_errors.not_supported(path, value, known)


def not_negative(path: str, value: int | None) -> Causes:
    """Check a number that may be absent."""
    if value is not None and value < 0:
        yield field_errors.invalid(path, value, NEGATIVE)


def fields_not_negative(path: str, obj: Json, *fields: str) -> Causes:
    """Check several numbers."""
    for name in fields:
        yield from not_negative(child(path, name), obj.get(name))


def positive(path: str, value: int) -> Causes:
    """Check a number."""
    if value <= 0:
        yield field_errors.invalid(path, value, NOT_POSITIVE)


def immutable(path: str, new: Value, old: Value) -> Causes:
    """Check that a value has not changed."""
    if new != old:
        yield field_errors.invalid(path, new, IMMUTABLE)


def shown_selector(selector: Json | None) -> field_errors.Printed:
    """Return a selector as messages show it."""
    if selector is None:
        return field_errors.Printed("null")
    shown: Json = {}
    if selector.get("matchLabels"):
        shown["matchLabels"] = dict(sorted(selector["matchLabels"].items()))
    if selector.get("matchExpressions"):
        fields = ("key", "operator", "values")
        shown["matchExpressions"] = [
            {name: each[name] for name in fields if each.get(name)} for each in selector["matchExpressions"]
        ]
    return field_errors.Printed(field_errors.compact(shown, sort=False))


def immutable_selector(path: str, new: Json | None, old: Json | None) -> Causes:
    """Check that a selector has not changed."""
    if new != old:
        yield field_errors.invalid(path, shown_selector(new), IMMUTABLE)


def file_mode(path: str, mode: int | None) -> Causes:
    """Check the mode of a file."""
    if mode is not None and not 0 <= mode <= 0o777:
        yield field_errors.invalid(path, mode, FILE_MODE)


def port_number(port: int) -> list[str]:
    """Say what is wrong with a port's number."""
    return [] if 1 <= port <= 65535 else ["must be between 1 and 65535, inclusive"]


def port_name(name: str) -> list[str]:
    """Say what is wrong with a port's name."""
    found = ["must be no more than 15 characters"] if len(name) > 15 else []
    if not _PORT_NAME.fullmatch(name):
        found.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _LETTER.search(name):
        found.append("must contain at least one letter (a-z)")
    if "--" in name:
        found.append("must not contain consecutive hyphens")
    if name.startswith("-") or name.endswith("-"):
        found.append("must not begin or end with a hyphen")
    return found


def port(path: str, value: int | str) -> Causes:
    """Check a port that has a number or a name."""
    found = port_name(value) if isinstance(value, str) else port_number(value)
    return (field_errors.invalid(path, value, text) for text in found)


def map_key(key: str) -> list[str]:
    """Say what is wrong with a key of a ConfigMap or a Secret."""
    found = [f"must be no more than {_LONGEST_KEY} characters"] if len(key.encode()) > _LONGEST_KEY else []
    if not _KEY.fullmatch(key):
        text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        examples = "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
        found.append(f"{text} {examples}")
    if key == ".":
        found.append("must not be '.'")
    if key == "..":
        found.append("must not be '..'")
    elif key.startswith(".."):
        found.append("must not start with '..'")
    return found


def env_name(name: str) -> list[str]:
    """Say what is wrong with the name of an environment variable."""
    if not name:
        return ["environment variable name must not be empty"]
    if any(not " " <= letter <= "~" or letter == "=" for letter in name):
        return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
    return []


def header_name(name: str) -> list[str]:
    """Say what is wrong with the name of an HTTP header."""
    if _HEADER.fullmatch(name):
        return []
    text = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return [f"{text} (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"]


def percent(text: str) -> list[str]:
    """Say what is wrong with a percentage."""
    if _PERCENT.fullmatch(text):
        return []
    text = "a valid percent string must be a numeric string followed by an ending '%'"
    return [f"{text} (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"]


def ip_address(text: str) -> list[str]:
    """Say what is wrong with an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    return []


def network(text: str) -> list[str]:
    """Say what is wrong with a range of addresses."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]
    return [] if "/" in text else ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]


def wildcard_subdomain(name: str) -> list[str]:
    """Say what is wrong with a host name that begins with a star."""
    if name.startswith("*.") and not names.dns_subdomain(name[2:]):
        return []
    text = (
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case"
        " alphanumeric characters, '-' or '.' and end with an alphanumeric character"
    )
    pattern = r"\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
    return [f"{text} (e.g. '*.example.com', regex used for validation is '{pattern}')"]


def labels(path: str, given: Mapping[str, str]) -> Causes:
    """Check labels."""
    for key, value in given.items():
        yield from texts(path, key, names.label_key(key))
        yield from texts(path, value, names.label_value(value))


def label_key(path: str, key: str) -> Causes:
    """Check the key of a label."""
    return texts(path, key, names.label_key(key))


def label_selector(path: str, selector: Json | None) -> Causes:
    """Check a label selector, which may be absent."""
    if selector is None:
        return
    yield from labels(child(path, "matchLabels"), selector.get("matchLabels", {}))
    for number, requirement in enumerate(selector.get("matchExpressions", ())):
        yield from _requirement(child(path, "matchExpressions", number), requirement)


def _requirement(path: str, requirement: Json) -> Causes:
    operator, values = requirement["operator"], requirement.get("values", [])
    if operator in ("In", "NotIn"):
        if not values:
            yield field_errors.required(child(path, "values"), "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield field_errors.forbidden(child(path, "values"), text)
    else:
        yield field_errors.invalid(child(path, "operator"), operator, "not a valid selector operator")
    yield from label_key(child(path, "key"), requirement["key"])
    for number, value in enumerate(values):
        yield from texts(child(path, "values", number), value, names.label_value(value))


def amount(value: str) -> quantities.Quantity:
    """Return a quantity that has been read before."""
    return quantities.parse(value)


def not_negative_amount(path: str, value: str) -> Causes:
    """Check a quantity."""
    if amount(value).value < 0:
        yield field_errors.invalid(path, value, NEGATIVE)


def matches(selector: Json, given: Mapping[str, str]) -> bool:
    """Ask whether a selector that has been checked matches some labels."""
    if any(given.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_matches(requirement, given) for requirement in selector.get("matchExpressions", ()))


def _matches(requirement: Json, given: Mapping[str, str]) -> bool:
    key, operator, values = requirement["key"], requirement["operator"], requirement.get("values", ())
    if operator == "In":
        return key in given and given[key] in values
    if operator == "NotIn":
        return key not in given or given[key] not in values
    return bool((key in given) == (operator == "Exists"))


def is_empty(selector: Json | None) -> bool:
    """Ask whether a selector selects everything, or is absent."""
    return selector is None or not any(selector.get(part) for part in ("matchLabels", "matchExpressions"))


def not_found(path: str, value: str) -> Cause:
    """Say that a value names nothing that is there."""
    return Cause("FieldValueNotFound", path, f"Not found: {field_errors.shown(value)}")


def relative_path(path: str, value: str) -> Causes:
    """Check a path that must not lead up or begin at the root."""
    if value.startswith("/"):
        yield field_errors.invalid(path, value, "must be a relative path")
    yield from no_backsteps(path, value)


def no_backsteps(path: str, value: str) -> Causes:
    """Check a path that must not lead up."""
    if ".." in value.split("/"):
        yield field_errors.invalid(path, value, "must not contain '..'")


def own_path(path: str, value: str) -> Causes:
    """Check a relative path that must not begin with two dots, either."""
    yield from relative_path(path, value)
    if value.startswith("..") and not value.startswith("../"):
        yield field_errors.invalid(path, value, "must not start with '..'")
