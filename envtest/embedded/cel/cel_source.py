"""What is written in a rule, put into the part of CEL that the evaluator knows.

What flows in: an expression as Kubernetes takes it. What flows out: one that means the same without optional selection
(``self.?a``, ``self[?'a']``), ``optMap``, ``sortBy`` and comprehensions of two variables, and with names of our own for the
functions that the evaluator's own ones do not do exactly. Pure.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

_STRING = r"""[rRbB]{0,2}(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\"|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
_RAW = r"""[bB]?[rR][bB]?(?:'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|"[^"\n]*")"""
_TOKEN: Final = re.compile(
    rf"{_RAW}|{_STRING}|//[^\n]*|\s+|[A-Za-z_]\w*|`[^`]*`|\d[\w.]*(?:(?<=[eE])[+-]\d+)?|\.\?|\[\?|.", re.DOTALL
)
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_CLOSING: Final = {"(": ")", "[": "]", "[?": "]", "{": "}"}
_PAIR: Final = "entry_"
"""The variable that stands for key and value; underscored so that no rule uses it."""

RENAMED: Final = {"size": "size_", "matches": "matches_", "string": "string_"}
"""Functions that the evaluator has, but not with the meaning of characters, of RE2 and of times that they have in cel-go."""
_OF_PAIRS: Final = {
    "all": ".entries_().all({pair}, {body})",
    "exists": ".entries_().exists({pair}, {body})",
    "existsOne": ".entries_().exists_one({pair}, {body})",
    "exists_one": ".entries_().exists_one({pair}, {body})",
    "transformList": ".entries_().map({pair}, {body})",
    "transformMap": ".entries_().map({pair}, [{pair}.key, {body}]).mapped_()",
}


@dataclass
class _Group:
    """What stands between two brackets."""

    opening: str
    parts: list["_Part"] = field(default_factory=list)


_Part = str | _Group


def names(source: str) -> set[str]:
    """Return the names of variables, fields and functions in *source*."""
    return {token for token in _TOKEN.findall(source) if _NAME.fullmatch(token)}


def tokens(source: str) -> list[str]:
    """Return the parts of *source*: joined they are the source again."""
    return _TOKEN.findall(source)


def rewrite(source: str) -> str:
    """Return *source* in words that the evaluator knows."""
    return _written(_grouped(_TOKEN.findall(source)))


def _grouped(found: Sequence[str]) -> list[_Part]:
    stack = [_Group("")]
    for token in found:
        if token in _CLOSING:
            stack.append(_Group(token))
        elif len(stack) > 1 and token == _CLOSING[stack[-1].opening]:
            group = stack.pop()
            stack[-1].parts.append(group)
        elif not token.startswith("//"):
            stack[-1].parts.append(token)
    while len(stack) > 1:  # a bracket that nobody closed: the evaluator tells where
        group = stack.pop()
        stack[-1].parts += [group.opening, *group.parts]
    return stack[0].parts


def _written(parts: Sequence[_Part]) -> str:
    return "".join(_Writer(parts).pieces())


class _Writer:
    """Writes one level of brackets anew."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._parts = parts
        self._at = 0
        self._is_optional = False

    def pieces(self) -> Iterator[str]:
        """Yield the new text."""
        while self._at < len(self._parts):
            part = self._parts[self._at]
            self._at += 1
            if isinstance(part, _Group):
                yield self._group(part)
            elif part in (".", ".?"):
                yield self._selection(part)
            elif part in RENAMED and self._call(0):
                yield RENAMED[part]
            else:
                self._is_optional = self._is_optional and part.isspace()
                yield part

    def _peek(self, ahead: int) -> _Part:
        at = self._at + ahead
        return self._parts[at] if at < len(self._parts) else ""

    def _call(self, ahead: int) -> _Group | None:
        found = self._peek(ahead)
        return found if isinstance(found, _Group) and found.opening == "(" else None

    def _group(self, group: _Group) -> str:
        inside = _written(group.parts)
        if group.opening == "[?" or (group.opening == "[" and self._is_optional):
            self._is_optional = True
            return f".optional_index_({inside})"
        self._is_optional = False
        return f"{group.opening}{inside}{_CLOSING[group.opening]}"

    def _selection(self, dot: str) -> str:
        name, call = self._peek(0), self._call(1)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            return dot
        self._at += 1
        if call is None and (dot == ".?" or self._is_optional):
            self._is_optional = True
            return f".optional_field_({json.dumps(name)})"
        self._is_optional = False
        if call is None:
            return f".{name}"
        macro = self._macro(name, _arguments(call))
        if macro:
            self._at += 1
        return macro or f".{RENAMED.get(name, name)}"

    def _macro(self, name: str, arguments: Sequence[str]) -> str:
        if name in ("optMap", "optFlatMap") and len(arguments) == 2:
            ending = "first_" if name == "optMap" else "first_optional_"
            return f".optional_list_().map({arguments[0]}, {arguments[1]}).{ending}()"
        if name == "sortBy" and len(arguments) == 2:
            return f'.map({arguments[0]}, {{"key": {arguments[1]}, "value": {arguments[0]}}}).sorted_()'
        if name in _OF_PAIRS and len(arguments) == 3:
            key, value, body = arguments
            inner = f"[{_PAIR}.value].map({value}, {body})[0]"
            return _OF_PAIRS[name].format(pair=_PAIR, body=f"[{_PAIR}.key].map({key}, {inner})[0]")
        return ""


def _arguments(call: _Group) -> list[str]:
    found: list[list[_Part]] = [[]]
    for part in call.parts:
        if part == ",":
            found.append([])
        else:
            found[-1].append(part)
    return [_written(parts).strip() for parts in found]
