"""Hypothesis strategies for msgspec structs, from the structs' own constraints.

What flows in: a struct type. What flows out: a strategy of its instances. Hypothesis' own strategies for types know nothing of
msgspec's constraints.
"""

from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect as types

_ASCII = st.characters(min_codepoint=32, max_codepoint=126)


def instances(struct: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Return a strategy of *struct*'s instances; fields with a default are sometimes left at it."""
    return _of(types.type_info(struct))


def _of(node: types.Type) -> st.SearchStrategy[Any]:
    if isinstance(node, types.Metadata):
        return _of(node.type)
    if isinstance(node, types.UnionType):
        return st.one_of([_of(member) for member in node.types])
    if isinstance(node, types.StructType):
        required = {field.name: _of(field.type) for field in node.fields if field.required}
        optional = {field.name: _of(field.type) for field in node.fields if not field.required}
        return st.fixed_dictionaries(required, optional=optional).map(lambda values: node.cls(**values))
    if isinstance(node, types.VarTupleType):
        return st.lists(_of(node.item_type), min_size=node.min_length or 0, max_size=3).map(tuple)
    if isinstance(node, types.DictType):
        return st.dictionaries(st.text(_ASCII, max_size=5), _of(node.value_type), max_size=min(node.max_length or 3, 3))
    return _scalar(node)


def _scalar(node: types.Type) -> st.SearchStrategy[Any]:
    if isinstance(node, types.StrType):
        return _text(node)
    if isinstance(node, types.IntType):
        return st.integers(min_value=node.ge, max_value=node.le)
    if isinstance(node, types.BoolType):
        return st.booleans()
    if isinstance(node, types.LiteralType):
        return st.sampled_from(node.values)
    assert isinstance(node, types.NoneType), node
    return st.none()


def _text(node: types.StrType) -> st.SearchStrategy[str]:
    if node.pattern is None:
        return st.text(min_size=node.min_length or 0, max_size=min(node.max_length or 20, 20))
    longest = node.max_length
    texts = st.from_regex(node.pattern, fullmatch=True, alphabet=_ASCII)
    return texts if longest is None else texts.filter(lambda text: len(text) <= longest)
