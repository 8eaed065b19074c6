"""Whether an expression can be a rule of a schema, and the compiler's words if not.

What flows in: an expression and the schema that it stands in. What flows out: the error, or nothing. Pure. Mirrors cel-go's
checker as far as users run into it: unknown variables, fields and functions, operators on the wrong types, and what a rule
returns. What is not known is taken for right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from envtest.embedded import cel, cel_syntax, cel_types
from envtest.embedded.cel_syntax import Node
from envtest.embedded.cel_types import BOOL, DYN, INT, Type
from envtest.embedded.status import Json

_COMPARABLE: Final = frozenset({"bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"})
_NUMBERS: Final = frozenset({"int", "uint", "double"})
_ADDABLE: Final = frozenset({"int", "uint", "double", "string", "bytes", "list", "duration"})
_OF_STRINGS: Final = frozenset({"startsWith", "endsWith", "matches"})
_SIZED: Final = frozenset({"string", "bytes", "list", "map"})
_MACROS: Final = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map"})
_ORDERS: Final = frozenset({"_<_", "_<=_", "_>_", "_>=_"})
_LOGIC: Final = frozenset({"_&&_", "_||_", "!_"})
_NAMESPACES: Final = frozenset({"strings", "sets", "lists", "optional", "ip", "format"})
_UNTYPED: Final = frozenset({"optMap", "optFlatMap", "transformList", "transformMap"})
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
        parts = [self.check(each, names) for each in node.arguments] if node.kind in ("list", "map") else []
        if node.kind == "list":
            return Type("list", (parts[0] if parts and all(cel_types.fits(parts[0], part) for part in parts) else DYN,))
        return Type("map", (DYN, DYN)) if node.kind == "map" else self._call(node, names)

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
        if node.name in _UNTYPED:
            return DYN
        given = [self.check(each, names) for each in node.arguments]
        if node.name[0] in _SIGNS or node.name[-1] in _SIGNS:
            return self._operator(node, given)
        if not cel_types.is_function(node.name):
            return self._wrong(node, f"undeclared reference to '{node.name}' (in container '')")
        return self._function(node, whole, given)

    def _namespaced(self, node: Node, name: str, names: Mapping[str, Type]) -> Type:
        for each in node.arguments:
            self.check(each, names)
        return cel_types.result(name)

    def _macro(self, node: Node, target: Node, names: Mapping[str, Type]) -> Type:
        whole = self.check(target, names)
        item = whole.parts[0] if whole.name in ("list", "map") else DYN
        bound = [item]
        if node.name not in ("map", "filter") and len(node.arguments) == 3:
            bound = list(whole.parts) if whole.name == "map" else [INT, item]
        inner = {**names, **{each.name: kind for each, kind in zip(node.arguments, bound, strict=False)}}
        given = [self.check(each, inner) for each in node.arguments[len(bound) :]]
        if node.name == "map":
            return Type("list", (given[-1] if given else DYN,))
        return Type("list", (item,)) if node.name == "filter" else BOOL

    def _no_overload(self, node: Node, name: str, given: list[Type]) -> Type:
        return self._wrong(node, f"found no matching overload for '{name}' applied to '({', '.join(map(str, given))})'")

    def _operator(self, node: Node, given: list[Type]) -> Type:
        name, kinds = node.name, {each.name for each in given}
        if name == "_[_]":
            return self._index(node, given)
        if name == "_?_:_":
            is_fine, found = given[0].name in ("bool", "dyn") and cel_types.fits(*given[1:]), given[1]
        elif name in _LOGIC:
            is_fine, found = kinds <= {"bool", "dyn"}, BOOL
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
        shown = ", ".join(map(str, given))
        if (
            node.name in _OF_STRINGS
            and target
            and (target.name not in ("string", "dyn") or given[0].name not in ("string", "dyn"))
        ):
            return self._wrong(node, f"found no matching overload for '{node.name}' applied to '{target}.({shown})'")
        if node.name == "size":
            if target and target.name not in _SIZED | {"dyn"}:
                return self._wrong(node, f"found no matching overload for 'size' applied to '{target}.()'")
            if target is None and given and given[0].name not in _SIZED | {"dyn"}:
                return self._no_overload(node, "size", given)
        if node.name == "value" and target and target.name == "optional":
            return target.parts[0]
        return cel_types.result(node.name)
