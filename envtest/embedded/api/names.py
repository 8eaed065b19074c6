"""Which names, label keys and label values are well-formed, in the server's words.

What flows in: strings. What flows out: what is wrong with them; nothing if they are fine. Pure. Mirrors apimachinery
pkg/api/validate/content and pkg/util/validation.
"""

import re

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"

_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-',"
    " and must start and end with an alphanumeric character"
)
_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.',"
    " and must start and end with an alphanumeric character"
)
_LABEL_1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character,"
    " and end with an alphanumeric character"
)
_PART_TEXT = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.',"
    " and must start and end with an alphanumeric character"
)


def _does_not_match(text: str, pattern: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{text} (e.g. {shown}regex used for validation is '{pattern}')"


def _checked(value: str, longest: int, pattern: str, *words: str) -> list[str]:
    text, *examples = words
    errors = [f"must be no more than {longest} bytes"] if len(value.encode()) > longest else []
    return errors if re.fullmatch(pattern, value) else [*errors, _does_not_match(text, pattern, *examples)]


def _of_object(found: list[str]) -> list[str]:
    """Return what is wrong with an object's name: there the server calls bytes characters."""
    return [f"{text.removesuffix(' bytes')} characters" if text.endswith(" bytes") else text for text in found]


def dns_label(value: str) -> list[str]:
    """Check a name of a namespace."""
    found = _of_object(_checked(value, 63, _LABEL, _LABEL_TEXT, "my-name", "123-abc"))
    has_dots = "." in value and re.fullmatch(_SUBDOMAIN, value)
    return [*found[:-1], "must not contain dots"] if has_dots else found


def dns_label_1035(value: str) -> list[str]:
    """Check a label that starts with a letter."""
    return _of_object(_checked(value, 63, _LABEL_1035, _LABEL_1035_TEXT, "my-name", "abc-123"))


def dns_subdomain(value: str) -> list[str]:
    """Check a name of most kinds."""
    return _of_object(_prefix(value))


def _prefix(value: str) -> list[str]:
    return _checked(value, 253, _SUBDOMAIN, _SUBDOMAIN_TEXT, "example.com")


def dns_search(value: str) -> list[str]:
    """Check a domain in which a pod looks for names, where underscores may stand."""
    text = _SUBDOMAIN_TEXT.replace("characters, '-' or '.'", "characters, '_', '-' or '.'")
    label = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
    return _of_object(_checked(value, 253, rf"{label}(\.{label})*", text, "example.com"))


def path_segment(value: str) -> list[str]:
    """Check what can stand in a URL."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{illegal}'" for illegal in ("/", "%") if illegal in value]


def label_key(value: str) -> list[str]:
    """Check the key of a label, an annotation, or a finalizer."""
    prefix, slash, name = value.rpartition("/")
    errors = []
    if "/" in prefix:
        text = "a valid label key " + _does_not_match(_PART_TEXT, _QUALIFIED, "MyName", "my.name", "123-abc")
        return [f"{text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    if slash:
        wrong = _prefix(prefix) if prefix else ["must be non-empty"]
        errors += [f"prefix part {text}" for text in wrong]
    if not name:
        errors.append("name part must be non-empty")
    elif len(name.encode()) > 63:
        errors.append("name part must be no more than 63 bytes")
    if not re.fullmatch(_QUALIFIED, name):
        errors.append("name part " + _does_not_match(_PART_TEXT, _QUALIFIED, "MyName", "my.name", "123-abc"))
    return errors


def label_value(value: str) -> list[str]:
    """Check the value of a label."""
    return _checked(value, 63, f"({_QUALIFIED})?", _VALUE_TEXT, "MyValue", "my_value", "12345")
