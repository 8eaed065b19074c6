"""Whether an expression can be a rule of a schema, and the compiler's words if not.

What flows in: an expression and the schema that it stands in. What flows out: the error, or nothing. Pure. Mirrors cel-go's
checker as far as users run into it: unknown variables, fields and functions, operators on the wrong types, and what a rule
returns. What is not known is taken for right.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from envtest.embedded.api.status import Json
from envtest.embedded.cel import cel, cel_syntax, cel_types
from envtest.embedded.cel.cel_syntax import Node
from envtest.embedded.cel.cel_types import BOOL, DYN, INT, Type
from envtest.embedded.custom import formats, patterns
from envtest.embedded.tables import durations

_COMPARABLE: Final = frozenset({"bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"})
_NUMBERS: Final = frozenset({"int", "uint", "double"})
_ADDABLE: Final = frozenset({"int", "uint", "double", "string", "bytes", "list", "duration"})
_OF_STRINGS: Final = frozenset({"startsWith", "endsWith", "matches", "contains"})
_MACROS: Final = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map", "sortBy"})
_TEXT: Final = frozenset({"string"})
_LISTS: Final = frozenset({"list"})
_FIRST_ARGUMENTS: Final = {
    "size": frozenset({"string", "bytes", "list", "map"}),
    "string": frozenset(
        ["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration", "kubernetes.IP", "kubernetes.CIDR"]
    ),
    **dict.fromkeys(["quantity", "isQuantity", "url", "isURL", "isIP", "cidr", "isCIDR", "semver", "isSemver"], _TEXT),
    **dict.fromkeys(
        ["lowerAscii", "upperAscii", "trim", "split", "charAt", "substring", "replace", "find", "findAll", "format"], _TEXT
    ),
    **dict.fromkeys(["reverse", "sort", "distinct", "flatten", "isSorted", "sum", "min", "max", "join", "first", "last"], _LISTS),
}
"""What some functions can be called on."""
_ESCAPED: Final = re.compile(r"\\(.)")
_ORDERS: Final = frozenset({"_<_", "_<=_", "_>_", "_>=_"})
_LOGIC: Final = frozenset({"_&&_", "_||_", "!_"})
_NAMESPACES: Final = frozenset({"strings", "sets", "lists", "optional", "ip", "format"})
_UNTYPED: Final = frozenset({"has", "optMap", "optFlatMap", "transformList", "transformMap"})
_SIGNS: Final = "_@"
_SCALARS: Final = frozenset({"bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration", "null"})


@dataclass(frozen=True)
class Scope:
    """Where an expression stands.

    Attributes:
        schema: The schema of self.
        is_resource: Whether self is an object with a kind.
        is_optional: Whether oldSelf is an optional value.
    """

    schema: Json
    is_resource: bool = False
    is_optional: bool = False


def problem(text: str, scope: Scope, wanted: Literal["bool", "string"]) -> str:
    """Return why *text* cannot be such an expression; empty if it can."""
    try:
        cel.compiled(text)
    except cel.CompileError as error:
        return f"compilation failed: {error}"
    try:
        tree = cel_syntax.parse(text)
    except cel_syntax.SyntaxUnknownError:
        return ""
    own = cel_types.of_schema(scope.schema, is_resource=scope.is_resource)
    checker = _Checker()
    found = checker.check(tree, {"self": own, "oldSelf": Type("optional", (own,)) if scope.is_optional else own})
    if checker.errors:
        return "compilation failed: " + "\n".join(_located(text, offset, said) for offset, said in sorted(checker.errors))
    if found.name in ("dyn", wanted):
        return ""
    return "cel expression must evaluate to a bool" if wanted == "bool" else "must evaluate to a string"


def _located(text: str, offset: int, said: str) -> str:
    """Return an error as the compiler prints it, with the line that it is in."""
    before = text[:offset]
    line, column = before.count("\n") + 1, offset - (before.rfind("\n") + 1)
    shown = text.split("\n")[line - 1]
    return f"ERROR: <input>:{line}:{column + 1}: {said}\n | {shown}\n | {'.' * column}^"


class _Checker:
    """Finds the types of all parts of an expression, and what does not fit."""

    def __init__(self) -> None:
        self.errors: list[tuple[int, str]] = []

    def _wrong(self, node: Node, said: str) -> Type:
        self.errors.append((node.offset, said))
        return DYN

    def check(self, node: Node, names: Mapping[str, Type]) -> Type:
        """Return the type of *node* among the variables *names*."""
        if node.kind in cel_types.LITERALS:
            return cel_types.LITERALS[node.kind]
        if node.kind == "name":
            if node.name not in names and node.name not in _SCALARS | {"list", "map", "type"}:
                return self._wrong(node, f"undeclared reference to '{node.name}' (in container '')")
            return names.get(node.name, Type("type"))
        if node.kind == "select":
            return self._select(node, names)
        if node.kind == "call":
            return self._call(node, names)
        parts = [self.check(each, names) for each in node.arguments]
        return self._list(node, parts) if node.kind == "list" else Type("map", (DYN, DYN))

    def _list(self, node: Node, parts: list[Type]) -> Type:
        for each, part in zip(node.arguments, parts, strict=True):
            if not cel_types.fits(parts[0], part):
                self._wrong(each, f"expected type '{parts[0]}' but found '{part}'")
        return Type("list", (parts[0] if parts else DYN,))

    def _select(self, node: Node, names: Mapping[str, Type]) -> Type:
        whole = self.check(node.target, names) if node.target else DYN
        was_optional = whole.name == "optional"
        whole = whole.parts[0] if was_optional else whole
        if whole.name in _SCALARS | {"list"}:
            return self._wrong(node, f"type '{whole}' does not support field selection")
        found = cel_types.field_of(whole, node.name)
        if found is None:
            return self._wrong(node, f"undefined field '{node.name}'")
        return Type("optional", (found,)) if node.is_optional or was_optional else found

    def _call(self, node: Node, names: Mapping[str, Type]) -> Type:
        target = node.target
        space = target.name if target and target.kind == "name" and target.name not in names else ""
        if space in _NAMESPACES:
            return self._namespaced(node, f"{space}.{node.name}", names)
        if target is not None and node.name in _MACROS:
            return self._macro(node, target, names)
        whole = self.check(target, names) if target else None
        if node.name == "has" and node.arguments and node.arguments[0].kind == "select":
            self._select(replace(node.arguments[0], offset=node.offset), names)
        if node.name in _UNTYPED:
            return cel_types.result(node.name)
        given = [self.check(each, names) for each in node.arguments]
        if node.name[0] in _SIGNS or node.name[-1] in _SIGNS:
            return self._operator(node, given)
        return self._function(node, whole, given)

    def _namespaced(self, node: Node, name: str, names: Mapping[str, Type]) -> Type:
        for each in node.arguments:
            self.check(each, names)
        return cel_types.result(name)

    def _macro(self, node: Node, target: Node, names: Mapping[str, Type]) -> Type:
        whole = self.check(target, names)
        if whole.name in _SCALARS | {"object"}:
            words = "cannot be range of a comprehension (must be list, map, or dynamic)"
            return self._wrong(target, f"expression of type '{whole}' {words}")
        item = whole.parts[0] if whole.name in ("list", "map") else DYN
        bound = [item]
        if node.name not in ("map", "filter") and len(node.arguments) == 3:
            bound = list(whole.parts) if whole.name == "map" else [INT, item]
        inner = {**names, **{each.name: kind for each, kind in zip(node.arguments, bound, strict=False)}}
        given = [self.check(each, inner) for each in node.arguments[len(bound) :]]
        if node.name == "filter" and given and given[0].name not in ("bool", "dyn"):
            return self._no_overload(node, "_?_:_", [given[0], whole, whole])
        if node.name == "map":
            return Type("list", (given[-1] if given else DYN,))
        return Type("list", (item,)) if node.name in ("filter", "sortBy") else BOOL

    def _no_overload(self, node: Node, name: str, given: list[Type]) -> Type:
        return self._wrong(node, f"found no matching overload for '{name}' applied to '({', '.join(map(str, given))})'")

    def _operator(self, node: Node, given: list[Type]) -> Type:
        name, kinds = node.name, {each.name for each in given}
        if name == "_[_]":
            return self._index(node, given)
        if name == "_?_:_":
            is_fine, found = given[0].name in ("bool", "dyn") and cel_types.fits(*given[1:]), given[1]
        elif name in _LOGIC:
            return self._logic(node, given)
        elif name in ("_==_", "_!=_"):
            is_fine, found = cel_types.fits(*given), BOOL
        elif name in _ORDERS:
            is_comparable = cel_types.fits(*given) and kinds <= _COMPARABLE | {"dyn"}
            is_fine, found = kinds <= _NUMBERS | {"dyn"} or is_comparable, BOOL
        elif name == "@in":
            item = given[1].parts[0] if given[1].name in ("list", "map") else DYN
            is_fine, found = given[1].name in ("list", "map", "dyn") and cel_types.fits(given[0], item), BOOL
        else:
            return self._arithmetic(node, given)
        return found if is_fine else self._no_overload(node, name, given)

    def _logic(self, node: Node, given: list[Type]) -> Type:
        for operand, kind in zip(node.arguments, given, strict=True):
            if kind.name not in ("bool", "dyn"):
                if node.name == "!_":
                    return self._no_overload(node, node.name, given)
                self._wrong(operand, f"expected type 'bool' but found '{kind}'")
        return BOOL

    def _index(self, node: Node, given: list[Type]) -> Type:
        whole, at = given
        if whole.name == "optional":
            return Type("optional", (DYN,))
        if whole.name not in ("list", "map", "dyn") or not cel_types.fits(at, INT if whole.name == "list" else DYN):
            return self._no_overload(node, node.name, given)
        found = whole.parts[-1] if whole.parts else DYN
        return Type("optional", (found,)) if node.is_optional else found

    def _arithmetic(self, node: Node, given: list[Type]) -> Type:
        kinds = {each.name for each in given}
        if "dyn" in kinds:
            return DYN
        if kinds <= {"timestamp", "duration"} and node.name in ("_+_", "_-_"):
            return Type("duration") if kinds == {"duration"} or node.name == "_-_" else Type("timestamp")
        allowed = _ADDABLE if node.name == "_+_" else {"int", "uint"} if node.name == "_%_" else _NUMBERS
        if len(kinds) == 1 and kinds <= allowed:
            return given[0]
        return self._no_overload(node, node.name, given)

    def _function(self, node: Node, target: Type | None, given: list[Type]) -> Type:
        name, shown = node.name, ", ".join(map(str, given))
        if not cel_types.is_function(name):
            return self._wrong(node, f"undeclared reference to '{name}' (in container '')")
        whole = [*([target] if target else []), *given]
        allowed = _FIRST_ARGUMENTS.get(name, frozenset()) | {"dyn"}
        is_wrong = name in _FIRST_ARGUMENTS and bool(whole) and whole[0].name not in allowed
        is_wrong = is_wrong or (name in _OF_STRINGS and any(each.name not in ("string", "dyn") for each in whole))
        if is_wrong:
            start = f"{target}." if target else ""
            return self._wrong(node, f"found no matching overload for '{name}' applied to '{start}({shown})'")
        if name in _LITERALS and node.arguments and node.arguments[-1].kind == "string":
            self._literal(node.arguments[-1], name)
        if name == "value" and target and target.name == "optional":
            return target.parts[0]
        return cel_types.result(name)

    def _literal(self, node: Node, function: str) -> None:
        """Check what a function can be told before it is called."""
        quote = node.name[-1]
        text = node.name[node.name.index(quote) :].strip(quote)
        text = text if node.name[0] in "rR" else _ESCAPED.sub(r"\1", text)
        if not _LITERALS[function](text):
            self._wrong(node, f"invalid {function} argument")


def _is_pattern(text: str) -> bool:
    try:
        patterns.compiled(text)
    except patterns.BadPatternError:
        return False
    return True


_LITERALS: Final[Mapping[str, Callable[[str], bool]]] = {
    "matches": _is_pattern,
    "duration": lambda text: durations.parsed_by_go(text) is not None,
    "timestamp": formats.is_date_time,
}
