"""Reads an object of a built-in kind as the server does: what it leaves out, rewrites and adds.

What flows in: an object as a client sent it. What flows out: a new one without what the kind does not know and what Go leaves out
when it is empty, with amounts and times rewritten, and with defaults; or an error that names the field whose type is wrong. Pure.
Mirrors the decoding, defaulting and encoding of k8s.io/api types; the facts come from ``data/decoding.json``, which `recording`
found out, and those that depend on other fields from `conditional_defaults`.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from envtest.embedded.api import status
from envtest.embedded.builtin import conditional_defaults, resources, scalars, schemas
from envtest.embedded.builtin.schemas import Value

Json = dict[str, Any]
Schema = schemas.Schema

_NO_PLAN_BELOW = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOr"
_SCHEMA_PROPS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
_LISTS: Final = (list, tuple)


@dataclass(frozen=True)
class _Field:
    """A property of a struct."""

    schema: Schema
    keeps_zero: bool
    """Whether an empty value of it is written; if not, it is as good as none."""
    go_type: str


@dataclass(frozen=True)
class _Plan:
    """How a struct is read."""

    go_name: str
    fields: Mapping[str, _Field]
    defaults: tuple[tuple[str, Any], ...]
    """What is put where nothing is; an empty object is filled with the defaults of its own type."""
    adjust: conditional_defaults.Adjust | None


def apply(resource: resources.Resource, obj: Json) -> Json:
    """Return what the server makes of an object when it has read it.

    Args:
        resource: Its kind, a built-in one.
        obj: The object; it is not changed.

    Raises:
        status.StatusError: A field has a wrong type.
    """
    try:
        read = _struct(obj, resource.schema)
    except scalars.UnreadableError as error:
        kind = resource.kind
        raise status.bad_request(f'{kind} in version "{resource.version}" cannot be handled as a {kind}: {error}') from error
    read["apiVersion"], read["kind"] = resource.api_version, resource.kind
    return read


def metadata(given: Json) -> Json:
    """Return what the server makes of the metadata of a custom resource.

    Raises:
        scalars.UnreadableError: A field has a wrong type.
    """
    return _struct(given, resources.definition(schemas.OBJECT_META))


def empty(schema: Schema) -> Json:
    """Return what an empty struct of a built-in type is read as."""
    return _struct({}, schema)


@functools.cache
def _plan(name: str) -> _Plan:
    schema = resources.definition(name)
    facts = resources.data("decoding").get(name, {})
    types, keeps = facts.get("types", {}), frozenset(facts.get("keeps", ()))
    fields = {
        prop: _Field(child, prop in keeps or child.kind == "any", types.get(prop, child.go_type))
        for prop, child in schema.properties.items()
    }
    short = name.rpartition(".")[2]
    depends = conditional_defaults.DEPENDING.get(short, frozenset())
    given = tuple((prop, value) for prop, value in facts.get("defaults", {}).items() if prop not in depends)
    return _Plan(short, fields, given, conditional_defaults.ADJUSTMENTS.get(".".join(name.split(".")[-3:])))


def _struct(value: Value, schema: Schema) -> Json:
    """Read a struct that has a definition."""
    plan = _plan(schema.name)
    read: Json = {}
    for name, given in value.items():
        field = plan.fields.get(name)
        if field is None or given is None:
            continue
        try:
            found = _read(given, field.schema, field.go_type)
        except scalars.UnreadableError as error:
            raise error.inside(plan.go_name, name) from None
        if found or field.keeps_zero:
            read[name] = found
    for name, default in plan.defaults:
        if name not in read:
            read[name] = _fresh(default, plan.fields[name].schema)
    if plan.adjust:
        plan.adjust(read)
    return read


def _fresh(default: Value, schema: Schema) -> Value:
    """Return a default that nobody else has."""
    if isinstance(default, dict) and not default and schema.kind == "struct":
        return _struct({}, schema)
    return json.loads(json.dumps(default)) if isinstance(default, dict | list) else default


def _read(value: Value, schema: Schema, go_type: str) -> Value:
    kind = schema.kind
    if kind == "scalar":
        return scalars.read(value, schema.scalar, go_type)
    if kind == "struct":
        if not isinstance(value, dict):
            raise scalars.wrong_type(value, go_type)
        return _struct(value, schema)
    if kind == "list":
        return _list(value, schema, go_type)
    if kind == "map":
        return _map(value, schema, go_type)
    return _struct(value, resources.definition(_SCHEMA_PROPS)) if _is_schema(value, schema) else value


def _is_schema(value: Value, schema: Schema) -> bool:
    """Say whether a value of no known type is the schema of a custom kind, which may also be a boolean or a list there."""
    return isinstance(value, dict) and schema.name.startswith(_NO_PLAN_BELOW)


def _list(value: Value, schema: Schema, go_type: str) -> list[Value]:
    if not isinstance(value, _LISTS):
        raise scalars.wrong_type(value, go_type)
    items = schema.items or schemas.ANY
    return [_read(_EMPTY.get(items.kind, "") if item is None else item, items, items.go_type) for item in value]


_EMPTY: Final[Mapping[str, Value]] = {"struct": {}, "map": {}, "list": [], "any": None}


def _map(value: Value, schema: Schema, go_type: str) -> Json:
    if not isinstance(value, dict):
        raise scalars.wrong_type(value, go_type)
    items = schema.items or schemas.ANY
    if items.scalar == "quantity":
        return {key: _milli(given) for key, given in value.items()}
    return {key: _read("" if given is None else given, items, items.go_type) for key, given in value.items()}


def _milli(value: Value) -> str:
    """Read an amount of a resource, of which thousandths are the smallest."""
    return str(scalars.quantity(0 if value is None else value).to_milli())
