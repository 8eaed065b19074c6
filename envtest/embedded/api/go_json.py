"""What Go's JSON decoder says of what is not JSON.

What flows in: bytes that cannot be decoded. What flows out: the decoder's complaint. Pure. Mirrors encoding/json (scanner.go);
deviation: only the first line of its cases, not every one.
"""

import json

_LITERALS = {"n": "null", "t": "true", "f": "false"}
_WHERE = (
    ("Expecting property name", "looking for beginning of object key string"),
    ("Expecting ':'", "after object key"),
    ("Expecting ','", "after object key:value pair"),
    ("Extra data", "after top-level value"),
    ("Invalid control character", "in string literal"),
)


def problem(data: bytes) -> str:
    """Say what is wrong with *data*."""
    text = data.decode(errors="replace")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _said(text, error)
    return "invalid character"


def _said(text: str, error: json.JSONDecodeError) -> str:
    if error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip()):
        return "unexpected end of JSON input"
    if error.msg == "Expecting value" and text[error.pos] in _LITERALS:
        return _in_literal(text[error.pos :])
    where = next((words for start, words in _WHERE if error.msg.startswith(start)), "looking for beginning of value")
    return f"invalid character {text[error.pos]!r} {where}"


def _in_literal(text: str) -> str:
    literal = _LITERALS[text[0]]
    for found, wanted in zip(text, literal, strict=False):
        if found != wanted:
            return f"invalid character {found!r} in literal {literal} (expecting {wanted!r})"
    return "unexpected end of JSON input"


def summary(data: bytes, longest: int = 30) -> str:
    """Return the beginning of a body, as messages show it."""
    if not data:
        return "<empty>"
    shown = data[:longest].decode(errors="replace") if data.startswith(b"{") else data[:longest].hex()
    return f"{shown} ..." if len(data) > longest else shown
