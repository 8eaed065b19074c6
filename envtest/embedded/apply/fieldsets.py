"""Sets of field paths: what a manager owns of an object, in the form of FieldsV1.

What flows in: FieldsV1 trees, paths. What flows out: immutable `FieldSet` values and FieldsV1 trees. Pure, safe in any thread.
Mirrors sigs.k8s.io/structured-merge-diff fieldpath. A path's elements are the wire's own words: ``f:name`` is a field,
``k:{"name":"a"}`` an item of a keyed list, ``v:"a"`` a member of a set, ``i:0`` a position.
"""

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from envtest.embedded.builtin import schemas

Json = dict[str, Any]
Value = Any  # of JSON
Path = tuple[str, ...]

_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class FieldSet:
    """An immutable set of paths; a path may be in it without those above or below it."""

    __slots__ = ("children", "members")

    def __init__(self, members: Iterable[str] = (), children: Mapping[str, "FieldSet"] | None = None) -> None:
        self.members: Final = members if isinstance(members, frozenset) else frozenset(members)
        """The paths of one element."""
        self.children: Final = {element: child for element, child in (children or {}).items() if child}
        """The longer paths, by their first element; none of these is empty."""

    def __bool__(self) -> bool:
        return bool(self.members or self.children)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSet) and self.members == other.members and self.children == other.children

    def __hash__(self) -> int:
        return hash((self.members, frozenset(self.children)))

    def __iter__(self) -> Iterator[Path]:
        """Yield every path in the server's order: those of one element first, then what is below."""
        for element in sorted(self.members, key=_order):
            yield (element,)
        for element in sorted(self.children, key=_order):
            for rest in self.children[element]:
                yield (element, *rest)

    def __repr__(self) -> str:
        return f"FieldSet({[text(path) for path in self]})"

    def __or__(self, other: "FieldSet") -> "FieldSet":
        children = {**self.children, **other.children}
        for element in self.children.keys() & other.children.keys():
            children[element] = self.children[element] | other.children[element]
        return FieldSet(self.members | other.members, children)

    def __and__(self, other: "FieldSet") -> "FieldSet":
        shared = self.children.keys() & other.children.keys()
        return FieldSet(
            self.members & other.members, {element: self.children[element] & other.children[element] for element in shared}
        )

    def __sub__(self, other: "FieldSet") -> "FieldSet":
        """Return what is not in *other*; paths below those of *other* stay."""
        children = {
            element: child - other.children[element] if element in other.children else child
            for element, child in self.children.items()
        }
        return FieldSet(self.members - other.members, children)

    def without(self, other: "FieldSet") -> "FieldSet":
        """Return what is neither in *other* nor below a path of it."""
        children = {
            element: child.without(other.children[element]) if element in other.children else child
            for element, child in self.children.items()
            if element not in other.members
        }
        return FieldSet(self.members - other.members, children)

    def below(self, element: str) -> "FieldSet":
        """Return the paths that begin with *element*, without it."""
        return self.children.get(element, EMPTY)

    def has(self, path: Path) -> bool:
        """Ask whether *path* itself is in the set."""
        node = self
        for element in path[:-1]:
            node = node.below(element)
        return bool(path) and path[-1] in node.members

    def leaves(self) -> "FieldSet":
        """Return the paths that have none below them."""
        children = {element: child.leaves() for element, child in self.children.items()}
        return FieldSet(self.members - self.children.keys(), children)

    def with_named_fields(self, schema: schemas.Schema | None) -> "FieldSet":
        """Return the set with the fields of structs above its paths: ``a`` is in the set if ``a.b`` is."""
        properties = schema.properties if schema is not None else {}
        named = {element for element in self.children if element[:2] == "f:" and element[2:] in properties}
        children = {element: child.with_named_fields(_type_of(schema, element)) for element, child in self.children.items()}
        return FieldSet(self.members | named, children)

    def fitted(self, schema: schemas.Schema) -> "FieldSet":
        """Return the set with what is atomic in place of what is below: types may have become so since the set was made."""
        members, children = set(self.members), {}
        for element, child in self.children.items():
            below = _type_of(schema, element)
            if below is not None and below.is_atomic:
                members.add(element)
            else:
                children[element] = child if below is None else child.fitted(below)
        return FieldSet(members, children)

    def to_json(self, *, is_member: bool = False) -> Json:
        """Return the FieldsV1 tree.

        Args:
            is_member: Whether the place that the tree is below is itself owned.
        """
        tree: Json = {".": {}} if is_member else {}
        for element in sorted(self.members | self.children.keys(), key=_order):
            child = self.children.get(element)
            tree[element] = child.to_json(is_member=element in self.members) if child else {}
        return tree


EMPTY: Final = FieldSet()
"""The empty set."""


def from_json(tree: Mapping[str, Any]) -> FieldSet:
    """Read a FieldsV1 tree.

    Raises:
        ValueError: It is none.
    """
    members, children = [], {}
    for key, below in tree.items():
        if key == ".":
            continue
        if not isinstance(below, Mapping):
            raise ValueError(f"{key}: not a tree of fields")  # noqa: TRY004
        element = _canonical(key)
        if element is None:
            continue
        child = from_json(below)
        if not child or "." in below:
            members.append(element)
        if child:
            children[element] = child
    return FieldSet(members, children)


def of(paths: Iterable[Path]) -> FieldSet:
    """Return the set of *paths*; the empty path, the whole object, is owned by nobody."""
    members: set[str] = set()
    deeper: dict[str, list[Path]] = {}
    for path in paths:
        if len(path) == 1:
            members.add(path[0])
        elif path:
            deeper.setdefault(path[0], []).append(path[1:])
    return FieldSet(members, {element: of(rest) for element, rest in deeper.items()})


def field(name: str) -> str:
    """Return the element of a field or of a map's entry."""
    return "f:" + name


def key(fields: Mapping[str, Any]) -> str:
    """Return the element of the item of a keyed list that has these values in its key fields."""
    try:
        return _key(tuple((name, type(field_value), field_value) for name, field_value in fields.items()))
    except TypeError:  # a value that is no scalar, and not valid
        return "k:" + go_json(dict(fields))


@functools.lru_cache(maxsize=4096)
def _key(fields: tuple[tuple[str, type, Value], ...]) -> str:
    return "k:" + go_json({name: _whole(field_value) for name, _, field_value in fields})


def value(member: Value) -> str:
    """Return the element of a member of a set."""
    return "v:" + go_json(_whole(member))


def _whole(scalar: Value) -> Value:
    """Return a number without a fraction as an integer."""
    return int(scalar) if isinstance(scalar, float) and scalar.is_integer() else scalar


def text(path: Path) -> str:
    """Return a path as the server's messages show it, such as ``.spec.ports[port=80,protocol="TCP"].name``."""
    return "".join(_element_text(element) for element in path)


def _element_text(element: str) -> str:
    kind, rest = element[0], element[2:]
    if kind == "f":
        return "." + rest
    if kind == "k":
        return "[" + ",".join(f"{name}={_go_text(field_value)}" for name, field_value in json.loads(rest).items()) + "]"
    return f"[={_go_text(json.loads(rest))}]" if kind == "v" else f"[{rest}]"


def _go_text(scalar: Value) -> str:
    return json.dumps(scalar, ensure_ascii=False)


def go_json(node: Value, *, is_sorted: bool = True) -> str:
    """Return JSON as the server writes it: compact, HTML's signs escaped.

    Args:
        node: What to write.
        is_sorted: Whether the names of fields are sorted, as those of maps are, but not those of structs.
    """
    return json.dumps(node, separators=(",", ":"), ensure_ascii=False, sort_keys=is_sorted).translate(_HTML)


@functools.lru_cache(maxsize=4096)
def _canonical(element: str) -> str | None:
    """Return an element as this module writes it, None if its kind is unknown."""
    kind, rest = element[:2], element[2:]
    if kind in ("f:", "i:"):
        return element
    if kind == "k:":
        fields = json.loads(rest)
        if not isinstance(fields, dict):
            raise ValueError(f"{element}: not the key of an item")
        return key(fields)
    if kind == "v:":
        return value(json.loads(rest))
    if len(element) < 2 or element[1] != ":":
        raise ValueError(f"{element}: not an element of a path")
    return None


@functools.lru_cache(maxsize=4096)
def _order(element: str) -> tuple[Any, ...]:
    """Return what elements are sorted by: fields, then items by key, then members, then positions."""
    kind, rest = element[0], element[2:]
    if kind == "f":
        return (0, rest)
    if kind == "k":
        return (1, tuple((name, _value_order(field_value)) for name, field_value in json.loads(rest).items()))
    return (2, _value_order(json.loads(rest))) if kind == "v" else (3, int(rest))


def _value_order(scalar: Value) -> tuple[Any, ...]:
    """Return what values are sorted by: numbers, texts, booleans, the rest."""
    if isinstance(scalar, bool):
        return (2, scalar)
    if isinstance(scalar, (int, float)):
        return (0, scalar)
    return (1, scalar) if isinstance(scalar, str) else (3, json.dumps(scalar))


def _type_of(schema: schemas.Schema | None, element: str) -> schemas.Schema | None:
    """Return the type at *element* below *schema*, None where that has none."""
    if schema is None:
        return None
    if element[0] == "f" and schema.kind != "list":
        return schema.child(element[2:])
    return schema.items if element[0] == "k" and schema.kind == "list" else None
