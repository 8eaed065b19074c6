"""From a msgspec struct to a structural openAPIV3Schema.

What flows in: a struct type whose fields carry constraints, descriptions and rules. What flows out: the schema as JSON values.
Pure, called by any thread. Mirrors controller-tools pkg/crd/schema.go; deviation: a type that a structural schema cannot
say, a union of structs for example, is refused here and not by the API server.

How types map: `T | None` is an optional field that may be absent but not null; int and str together are int-or-string; a struct's
docstring is its description, unless the field has one. A number's or boolean's default becomes the schema's default, and so does
any other that is not empty: an empty string, list, map or struct means the same as an absent one, and nobody wants to read it.
"""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import inspect as types

from controller.crd import definition, fields

Schema = dict[str, Any]

_INT32_MAX = 2**31 - 1


class SchemaError(Exception):
    """A type that has no structural schema; the message names the field."""


def of_struct(struct: type[msgspec.Struct], *, with_defaults: bool = True) -> Schema:
    """Return the schema of *struct*.

    Args:
        struct: The type.
        with_defaults: Whether the struct's defaults become the server's. A status, which its operator writes whole, needs none.

    Raises:
        SchemaError: A field has a type that cannot be said.
    """
    return _of(types.type_info(struct), struct.__name__, with_defaults)


def of_type(annotation: object) -> Schema:
    """Return the schema of any type that a field can have.

    Raises:
        SchemaError: It has a type that cannot be said.
    """
    return _of(types.type_info(annotation), "", with_defaults=True)


def of_rules(rules: tuple[definition.Rule, ...]) -> Schema:
    """Return the part of a schema that holds *rules*; empty without any."""
    return {"x-kubernetes-validations": [_of_rule(rule) for rule in rules]} if rules else {}


def _of_rule(rule: definition.Rule) -> Schema:
    schema = {"rule": rule.rule, "message": rule.message, "reason": rule.reason}
    return {**schema, "fieldPath": rule.field_path} if rule.field_path else schema


def _of(node: types.Type, path: str, with_defaults: bool) -> Schema:
    if isinstance(node, types.Metadata):
        return _with_metadata(node, path, with_defaults)
    if isinstance(node, types.UnionType):
        return _of_union(node, path, with_defaults)
    if isinstance(node, types.StructType):
        return _of_struct(node, path, with_defaults)
    if isinstance(node, types.VarTupleType | types.ListType):
        bounds = _present(minItems=node.min_length, maxItems=node.max_length)
        items = _of(node.item_type, f"{path}[]", with_defaults)
        return {"type": "array", "x-kubernetes-list-type": "atomic", **bounds, "items": items}
    if isinstance(node, types.DictType):
        bounds = _present(minProperties=node.min_length, maxProperties=node.max_length)
        return {"type": "object", **bounds, "additionalProperties": _of(node.value_type, f"{path}{{}}", with_defaults)}
    scalar = _SCALARS.get(type(node))
    if scalar is None:
        raise SchemaError(f"{path}: a custom resource cannot hold a {type(node).__name__.removesuffix('Type')}")
    return scalar(node)


def _with_metadata(node: types.Metadata, path: str, with_defaults: bool) -> Schema:
    schema = {**_of(node.type, path, with_defaults), **(node.extra_json_schema or {})}
    rules = of_rules((node.extra or {}).get(fields.RULES, ()))
    if rules:
        rules["x-kubernetes-validations"] += schema.pop("x-kubernetes-validations", [])
    return {**schema, **rules}


def _of_union(node: types.UnionType, path: str, with_defaults: bool) -> Schema:
    members = [member for member in node.types if not isinstance(member, types.NoneType)]
    if len(members) == 1:
        return _of(members[0], path, with_defaults)
    schemas = [_of(member, path, with_defaults) for member in members]
    if sorted(str(schema.pop("type", "")) for schema in schemas) != ["integer", "string"]:
        raise SchemaError(f"{path}: of all unions, only int | str and T | None have a structural schema")
    either = {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
    merged = {key: value for schema in schemas for key, value in schema.items() if key != "format"}
    return {**either, **merged}


def _of_struct(node: types.StructType, path: str, with_defaults: bool) -> Schema:
    description = inspect.cleandoc(node.cls.__doc__ or "")
    properties = {field.encode_name: _of_field(field, f"{path}.{field.encode_name}", with_defaults) for field in node.fields}
    required = [field.encode_name for field in node.fields if field.required]
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "properties": properties,
        **({"required": required} if required else {}),
        **of_rules(getattr(node.cls, "validations", ())),
    }


def _of_field(field: types.Field, path: str, with_defaults: bool) -> Schema:
    schema = _of(field.type, path, with_defaults)
    default = msgspec.to_builtins(field.default) if field.default is not msgspec.NODEFAULT else None
    is_empty = default is None or (isinstance(default, str | list | dict | tuple) and not default)
    return schema if is_empty or not with_defaults else {**schema, "default": default}


def _of_int(node: types.IntType) -> Schema:
    bounds = [bound for bound in (node.ge, node.gt, node.le, node.lt) if bound is not None]
    is_long = any(abs(bound) > _INT32_MAX for bound in bounds)
    return {"type": "integer", "format": "int64" if is_long else "int32", **_of_range(node)}


def _of_float(node: types.FloatType) -> Schema:
    return {"type": "number", "format": "double", **_of_range(node)}


def _of_range(node: types.IntType | types.FloatType) -> Schema:
    schema = _present(minimum=node.ge, maximum=node.le, multipleOf=node.multiple_of)
    if node.gt is not None:
        schema |= {"minimum": node.gt, "exclusiveMinimum": True}
    if node.lt is not None:
        schema |= {"maximum": node.lt, "exclusiveMaximum": True}
    return schema


def _of_str(node: types.StrType) -> Schema:
    return {"type": "string", **_present(minLength=node.min_length, maxLength=node.max_length, pattern=node.pattern)}


def _of_literal(node: types.LiteralType) -> Schema:
    kinds = {str: "string", int: "integer"}
    return {"type": kinds[type(node.values[0])], "enum": list(node.values)}


_SCALARS: dict[type[types.Type], Callable[[Any], Schema]] = {
    types.BoolType: lambda _: {"type": "boolean"},
    types.IntType: _of_int,
    types.FloatType: _of_float,
    types.StrType: _of_str,
    types.LiteralType: _of_literal,
}


def _present(**values: float | str | None) -> Schema:
    return {key: value for key, value in values.items() if value is not None}
