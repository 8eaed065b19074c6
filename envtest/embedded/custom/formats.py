"""The formats of strings that a custom resource's schema can ask for.

What flows in: a format's name and a string. What flows out: whether the string has it. Pure. Mirrors kube-openapi
pkg/validation/strfmt and apiextensions-apiserver pkg/apiserver/validation/formats.go. Formats that nobody knows hold nothing
back, as on the server.
"""

import base64
import datetime
import email.utils
import ipaddress
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from envtest.embedded.tables import durations

_HOSTNAME: Final = re.compile(r"([A-Za-z0-9](-?[A-Za-z0-9]{0,62})*)(\.[A-Za-z0-9](-?[A-Za-z0-9]{0,62})*)*\.?")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BAD_HOST: Final = re.compile(r"[\s<>\"]")
_TIME: Final = re.compile(r"(\d{2}):(\d{2}):(\d{2})(.\d+)?(z|([+-]\d{2}:\d{2}))", re.ASCII)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _is_uri(text: str) -> bool:
    """Ask whether *text* is a path or has a scheme, and has no blanks in its host."""
    if not text.startswith("/") and not _SCHEME.match(text):
        return False
    return _parses(lambda given: urlsplit(given).port, text) and not _BAD_HOST.search(urlsplit(text).netloc)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _is_email(text: str) -> bool:
    return "@" in email.utils.parseaddr(text)[1]


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is not None and _parses(datetime.date.fromisoformat, text)


def is_date_time(text: str) -> bool:
    """Ask whether *text* is a date and a time with a zone."""
    date, _, time = text.lower().partition("t")
    found = _TIME.fullmatch(time)
    return found is not None and _is_date(date) and found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


def _matches(pattern: str) -> Callable[[str], bool]:
    found = re.compile(pattern, re.ASCII | re.IGNORECASE)
    return lambda text: found.fullmatch(text) is not None


def _uuid(third: str = "[0-9a-f]", fourth: str = "[0-9a-f]") -> Callable[[str], bool]:
    return _matches(rf"[0-9a-f]{{8}}-?[0-9a-f]{{4}}-?{third}[0-9a-f]{{3}}-?{fourth}[0-9a-f]{{3}}-?[0-9a-f]{{12}}")


_SHORT_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LONG_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")

_CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "bsonobjectid": _matches(r"[0-9a-f]{24}"),
    "uri": _is_uri,
    "email": _is_email,
    "hostname": lambda text: len(text) <= 255 and _HOSTNAME.fullmatch(text) is not None,
    "ipv4": lambda text: _parses(ipaddress.IPv4Address, text),
    "ipv6": lambda text: _parses(ipaddress.IPv6Address, text),
    "cidr": lambda text: "/" in text and _parses(ipaddress.ip_interface, text),
    "mac": _matches(r"([0-9a-f]{2}[:-]){5,7}[0-9a-f]{2}|([0-9a-f]{4}\.){2,3}[0-9a-f]{4}"),
    "uuid": _uuid(),
    "uuid3": _uuid("3"),
    "uuid4": _uuid("4", "[89ab]"),
    "uuid5": _uuid("5", "[89ab]"),
    "ssn": _matches(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "hexcolor": _matches(r"#?([0-9a-f]{3}|[0-9a-f]{6})"),
    "byte": _is_base64,
    "date": _is_date,
    "duration": lambda text: durations.parsed(text) is not None,
    "datetime": is_date_time,
    "k8sshortname": lambda text: _SHORT_NAME.fullmatch(text) is not None,
    "k8slongname": lambda text: len(text) <= 253 and _LONG_NAME.fullmatch(text) is not None,
}
_OF_NUMBERS: Final = {"integer": ("int32", "int64"), "number": ("float", "double")}
_UNCHECKED: Final = frozenset({"password", "isbn", "isbn10", "isbn13", "creditcard", "rgbcolor"})
"""Known, and taken as they come."""


def is_known(name: str) -> bool:
    """Ask whether strings are held against the format *name*."""
    plain = name.replace("-", "")
    return plain in _CHECKS or plain in _UNCHECKED


def of_type(name: str, kind: str) -> str:
    """Return the format that holds for values of a type: *name*, or nothing if it means nothing for them."""
    if kind in ("", "string"):
        return name if is_known(name) else ""
    return name if name in _OF_NUMBERS.get(kind, ()) else ""


def has(name: str, text: str) -> bool:
    """Ask whether *text* has the format *name*."""
    check = _CHECKS.get(name.replace("-", ""))
    return check is None or check(text)
