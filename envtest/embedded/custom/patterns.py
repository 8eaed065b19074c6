r"""Regular expressions with the meaning that Go gives them.

What flows in: a pattern in RE2's syntax. What flows out: a compiled pattern of Python's that finds the same. Pure; compiled
patterns are kept. Differences that are bridged: ``$`` and ``\z`` stand only at the very end, classes such as ``\d`` know only
ASCII, ``[[:alpha:]]``, ``\pL`` and ``\Q..\E`` are known. What RE2 does not have, such as looking ahead, is refused.
"""

import functools
import re
import warnings
from typing import Final

_POSIX: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_CATEGORIES: Final = {
    "L": "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02c1\u0370-\u1fff\u2c00-\u2dff\u3040-\ud7ff\uf900-\ufdff",
    "Lu": "A-Z\u00c0-\u00d6\u00d8-\u00de\u0391-\u03a9\u0410-\u042f",
    "Ll": "a-z\u00df-\u00f6\u00f8-\u00ff\u03b1-\u03c9\u0430-\u044f",
    "N": "0-9\u00b2\u00b3\u00b9\u00bc-\u00be\u0660-\u0669",
    "Nd": "0-9\u0660-\u0669",
}
"""Unicode's categories that patterns name, by their common parts."""
_ESCAPES: Final = r"\\Q.*?(?:\\E|\Z)|\\x\{[0-9A-Fa-f]+\}|\\[pP](?:\{\w+\}|\w)|\\."
_OUTSIDE: Final = re.compile(_ESCAPES + r"|\[\^?\]?|\(\?[^)]|.", re.DOTALL)
_INSIDE: Final = re.compile(_ESCAPES + r"|\[:\^?\w+:\]|.", re.DOTALL)
_FLAGS: Final = re.compile(r"\(\?([imsU]+)\)")
_WORDS: Final = {
    "missing ), unterminated subpattern": "missing closing )",
    "unbalanced parenthesis": "unexpected )",
    "unterminated character set": "missing closing ]",
    "nothing to repeat": "missing argument to repetition operator",
    "multiple repeat": "invalid nested repetition operator",
}


class BadPatternError(ValueError):
    """A pattern is not one of RE2's."""


@functools.lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return what finds *pattern*.

    Raises:
        BadPatternError: It is none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(_translated(pattern), re.ASCII)
    except re.error as error:
        raise _bad(_WORDS.get(error.msg, error.msg), pattern) from error


def finds(pattern: str, text: str) -> bool:
    """Ask whether *pattern* matches somewhere in *text*."""
    return compiled(pattern).search(text) is not None


def _bad(words: str, pattern: str) -> BadPatternError:
    return BadPatternError(f"error parsing regexp: {words}: `{pattern}`")


def _translated(pattern: str) -> str:
    flags = _FLAGS.match(pattern)
    given = flags.group(1).replace("U", "") if flags else ""
    parts = [f"(?{given})" if given else ""]
    position = flags.end() if flags else 0
    in_class = False
    while position < len(pattern):
        found = (_INSIDE if in_class else _OUTSIDE).match(pattern, position)
        part = found.group() if found else pattern[position]
        position += len(part)
        parts.append(_inside(part) if in_class else _outside(part, "m" in given))
        in_class = part != "]" if in_class else part.startswith("[")
    return "".join(parts)


def _outside(part: str, is_multiline: bool) -> str:
    if part == "\\z" or (part == "$" and not is_multiline):
        return r"\Z"
    if part.startswith("(?") and part[2] in "=!<>#(":
        raise _bad("invalid or unsupported Perl syntax", part)
    if part[:2] in ("\\p", "\\P"):
        return f"[{'^' if part[1] == 'P' else ''}{_category(part)}]"
    return part.replace("]", "\\]") if part in ("[]", "[^]") else _escape(part)


def _inside(part: str) -> str:
    if part.startswith("[:"):
        if part[2:-2] not in _POSIX:
            raise _bad("invalid character class range", part)
        return _POSIX[part[2:-2]]
    if part[:2] == "\\p":
        return _category(part)
    return "\\[" if part == "[" else _escape(part)


def _category(part: str) -> str:
    name = part[2:].strip("{}")
    if name not in _CATEGORIES:
        raise _bad("invalid character class range", part)
    return _CATEGORIES[name]


def _escape(part: str) -> str:
    if part.startswith("\\Q"):
        return re.escape(part[2:].removesuffix("\\E"))
    return re.escape(chr(int(part[3:-1], 16))) if part.startswith("\\x{") else part
