"""Expressions of CEL as trees, for the checker: the evaluator does not show its own.

What flows in: an expression that the evaluator takes. What flows out: its tree, each part with the place that error messages
name. Pure. Mirrors cel-go parser/gen/CEL.g4.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from envtest.embedded.cel import cel_source

_NAME: Final = re.compile(r"[A-Za-z_]\w*|`[^`]*`")
_NUMBER: Final = re.compile(r"\d")
_LITERALS: Final = {"true": "bool", "false": "bool", "null": "null"}
_BINARY: Final = (
    {"||": "_||_"},
    {"&&": "_&&_"},
    {"==": "_==_", "!=": "_!=_", "<": "_<_", "<=": "_<=_", ">": "_>_", ">=": "_>=_", "in": "@in"},
    {"+": "_+_", "-": "_-_"},
    {"*": "_*_", "/": "_/_", "%": "_%_"},
)
"""Operators from the loosest to the tightest, with the names of their functions."""
_PAIRS: Final = {"|": "||", "&": "&&", "=": "==", "!": "!=", "<": "<=", ">": ">="}


class SyntaxUnknownError(ValueError):
    """An expression is beyond this parser; it is the evaluator's to judge."""


@dataclass
class Node:
    """A part of an expression.

    Attributes:
        kind: A literal's type, or name, select, call, list or map.
        offset: Where it stands for error messages, in characters.
        name: Of a name, field or function; of a string as it is written.
        target: What stands before the dot.
        arguments: Of a call, and the parts of a list or map.
        is_optional: Whether a selection or an index may lead nowhere.
    """

    kind: str
    offset: int
    name: str = ""
    target: "Node | None" = None
    arguments: list["Node"] = field(default_factory=list)
    is_optional: bool = False


@dataclass(frozen=True)
class _Token:
    text: str
    offset: int


def parse(text: str) -> Node:
    """Return the tree of *text*.

    Raises:
        SyntaxUnknownError: It is beyond this parser.
    """
    parser = _Parser(_tokens(text))
    node = parser.expression()
    parser.expect_end()
    return node


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    offset = 0
    for part in cel_source.tokens(text):
        last = found[-1] if found else None
        if last and part in "|&=" and _PAIRS.get(last.text) == last.text + part and last.offset + 1 == offset:
            found[-1] = _Token(last.text + part, last.offset)
        elif not part.isspace() and not part.startswith("//"):
            found.append(_Token(part, offset))
        offset += len(part)
    return found


class _Parser:
    """Descends one level of precedence per method."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def _peek(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _take(self, text: str = "") -> _Token:
        if self._at >= len(self._tokens) or (text and self._peek() != text):
            raise SyntaxUnknownError(text)
        self._at += 1
        return self._tokens[self._at - 1]

    def expect_end(self) -> None:
        """Raise if something is left."""
        if self._at < len(self._tokens):
            raise SyntaxUnknownError(self._peek())

    def expression(self) -> Node:
        """Read a whole expression."""
        condition = self._binary(0)
        if self._peek() != "?":
            return condition
        mark = self._take("?")
        first = self._binary(0)
        self._take(":")
        return Node("call", mark.offset, "_?_:_", None, [condition, first, self.expression()])

    def _binary(self, level: int) -> Node:
        if level == len(_BINARY):
            return self._unary()
        left = self._binary(level + 1)
        while self._peek() in _BINARY[level]:
            operator = self._take()
            left = Node("call", operator.offset, _BINARY[level][operator.text], None, [left, self._binary(level + 1)])
        return left

    def _unary(self) -> Node:
        if self._peek() in ("!", "-"):
            operator = self._take()
            operand = self._unary()
            if operator.text == "-" and operand.kind in ("int", "double"):
                return Node(operand.kind, operator.offset)
            return Node("call", operator.offset, "!_" if operator.text == "!" else "-_", None, [operand])
        return self._member()

    def _member(self) -> Node:
        node = self._primary()
        while self._peek() in (".", ".?", "[", "[?"):
            mark = self._take()
            is_optional = mark.text.endswith("?")
            if mark.text.startswith("["):
                at = self.expression()
                self._take("]")
                node = Node("call", mark.offset, "_[_]", None, [node, at], is_optional)
                continue
            name = self._take().text
            if self._peek() == "(":
                opening, arguments = self._arguments()
                node = Node("call", opening.offset, name, node, arguments)
            else:
                node = Node("select", mark.offset, name.strip("`"), node, is_optional=is_optional)
        return node

    def _arguments(self) -> tuple[_Token, list[Node]]:
        opening = self._take("(")
        return opening, self._listed(")")

    def _listed(self, closing: str) -> list[Node]:
        found = []
        while self._peek() != closing:
            if self._peek() == "?":
                self._take()
            found.append(self.expression())
            if self._peek() == ":":
                self._take()
                found.append(self.expression())
            if self._peek() != closing:
                self._take(",")
        self._take(closing)
        return found

    def _primary(self) -> Node:
        token = self._take()
        if token.text == "(":
            inner = self.expression()
            self._take(")")
            return inner
        if token.text in ("[", "[?"):
            return Node("list", token.offset, arguments=self._listed("]"))
        if token.text == "{":
            return Node("map", token.offset, arguments=self._listed("}"))
        return self._word(token)

    def _word(self, token: _Token) -> Node:
        text = token.text
        if text in _LITERALS:
            return Node(_LITERALS[text], token.offset)
        if _NUMBER.match(text):
            is_hex = text[:2] in ("0x", "0X")
            kind = "uint" if text[-1] in "uU" else "double" if not is_hex and set(text) & set(".eE") else "int"
            return Node(kind, token.offset)
        if text[-1] in "'\"":
            return Node("bytes" if "b" in text[: text.index(text[-1])].lower() else "string", token.offset, text)
        if not _NAME.fullmatch(text):
            raise SyntaxUnknownError(text)
        if self._peek() == "(":
            opening, arguments = self._arguments()
            return Node("call", opening.offset, text, None, arguments)
        return Node("name", token.offset, text)
