"""Whether a value fits a custom resource's OpenAPI schema, and the errors if not.

What flows in: a schema as JSON, a value, on an update the old value. What flows out: causes. Pure. Mirrors kube-openapi
pkg/validation/validate and apiextensions-apiserver pkg/apiserver/validation (ratcheting: what an update leaves as it was is
not held against it). Deviations: ``patternProperties``, ``dependencies`` and ``definitions``, which a structural schema
cannot have, are not looked at; causes come in the schema's order, where the server's is random.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from envtest.embedded.api.status import Cause, Json
from envtest.embedded.apply.json_values import ABSENT, Value, same, type_of
from envtest.embedded.custom import formats, number_validation, patterns
from envtest.embedded.validation import field_errors


@dataclass
class Result:
    """What a schema says of a value.

    Attributes:
        causes: What is wrong.
        matches: How much was looked at; the alternative with the most explains best.
    """

    causes: list[Cause] = field(default_factory=list)
    matches: int = 0

    def merge(self, other: "Result") -> None:
        """Add what *other* says."""
        self.causes += other.causes
        self.matches += other.matches


def validate(schema: Json, value: Value, old: Value = ABSENT) -> list[Cause]:
    """Return what is wrong with *value*; nothing where it equals *old*."""
    return _below(schema, value, "", old).causes


def _below(schema: Json, value: Value, path: str, old: Value) -> Result:
    if old is not ABSENT and same(value, old):
        return Result()
    return _node(schema, value, path, old)


def _node(schema: Json, value: Value, path: str, old: Value) -> Result:
    result = Result()
    if value is None:
        result.causes += _null(schema, path)
        return result
    checks = [_junctors(schema, value, path, old), Result(_enum(schema, value, path))]
    if _types(schema) or _format(schema):
        checks.insert(0, _typed(schema, value, path))
    kind = type_of(value)
    if kind == "string":
        checks.insert(-1, Result(_string(schema, value, path)))
        if formats.is_known(_format(schema)):
            checks.insert(-1, Result(_formatted(schema, value, path)))
    elif kind in ("integer", "number"):
        checks.insert(-1, Result(number_validation.validate(schema, value, path), 1))
    elif kind == "array":
        checks.insert(-1, _array(schema, value, path, old))
    elif kind == "object":
        checks.append(_object(schema, value, path, old))
    for check in checks:
        result.merge(check)
    result.matches += len(checks) + 1
    return result


def _types(schema: Json) -> list[str]:
    if schema.get("x-kubernetes-int-or-string"):
        return ["integer", "string"]
    return [schema["type"]] if schema.get("type") else []


def _format(schema: Json) -> str:
    """Return the format that holds for the schema's type; empty if none does."""
    types = _types(schema)
    return formats.of_type(schema.get("format", ""), types[0] if len(types) == 1 else "")


def _wrong_type(path: str, wanted: str, given: str) -> Cause:
    said = f"{path} in body must be of type {wanted}"
    return field_errors.type_invalid(path.removeprefix("."), given, f'{said}: "{given}"')


def _null(schema: Json, path: str) -> list[Cause]:
    causes = []
    types = _types(schema)
    if types and not schema.get("nullable"):
        causes.append(_wrong_type(path, ",".join(types), "null"))
    return causes + _enum(schema, None, path)


def _typed(schema: Json, value: Value, path: str) -> Result:
    types, wanted, given = _types(schema), _format(schema), type_of(value)
    fits = given in types or (given == "integer" and "number" in types)
    fits = fits or (given == "number" and "integer" in types and float(value).is_integer())
    if wanted and not fits and given not in ("string", "array"):
        native = {"integer": "int64", "number": "float64"}.get(given, "")
        if native != wanted:
            return Result([_wrong_type(path, wanted, native)])
    if wanted and given in ("string", "array") and not {"integer", "number"} & set(types):
        return Result([], 1)
    return Result([], 1) if fits else Result([_wrong_type(path, ",".join(types), given)])


def _enum(schema: Json, value: Value, path: str) -> list[Cause]:
    allowed = schema.get("enum")
    if not allowed or any(value is not None and same(value, each) for each in allowed):
        return []
    names = [each if isinstance(each, str) else field_errors.shown(each) for each in allowed]
    return [field_errors.not_supported(path.removeprefix("."), value, names)]


def _string(schema: Json, value: str, path: str) -> list[Cause]:
    where = path.removeprefix(".")
    limit, least, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if limit is not None and len(value) > limit:
        return [field_errors.too_long(where, limit)]
    if least is not None and len(value) < least:
        return [field_errors.invalid(where, value, f"{path} in body should be at least {least} chars long")]
    if pattern and not patterns.finds(pattern, value):
        return [field_errors.invalid(where, value, f"{path} in body should match '{pattern}'")]
    return []


def _formatted(schema: Json, value: str, path: str) -> list[Cause]:
    name = schema["format"]
    if formats.has(name, value):
        return []
    detail = f"{path} in body must be of type {name}: {field_errors.shown(value)}"
    return [field_errors.type_invalid(path.removeprefix("."), value, detail)]


def _array(schema: Json, value: list[Any], path: str, old: Value) -> Result:
    result = Result([], 1)
    items = schema.get("items")
    if isinstance(items, dict):
        for number, item in enumerate(value):
            result.merge(_below(items, item, f"{path}[{number}]", old_item(schema, item, old)))
    where = path.removeprefix(".")
    least, limit = schema.get("minItems"), schema.get("maxItems")
    if least is not None and len(value) < least:
        detail = f"{path} in body should have at least {least} items"
        result.causes.append(field_errors.invalid(where, len(value), detail))
    if limit is not None and len(value) > limit:
        result.causes.append(field_errors.too_many(where, len(value), limit))
    if schema.get("uniqueItems") and any(same(one, two) for at, one in enumerate(value) for two in value[:at]):
        result.causes.append(field_errors.invalid(where, "", f"{path} in body shouldn't contain duplicates"))
    return result


def old_item(schema: Json, item: Value, old: Value) -> Value:
    """Return what *item* was before: only items of a list of type map can be told."""
    keys: Sequence[str] = schema.get("x-kubernetes-list-map-keys", ())
    if schema.get("x-kubernetes-list-type") != "map" or not isinstance(old, list) or not isinstance(item, dict):
        return ABSENT
    wanted = [item.get(name) for name in keys]
    for each in old:
        if isinstance(each, dict) and [each.get(name) for name in keys] == wanted:
            return each
    return ABSENT


def _object(schema: Json, value: Json, path: str, old: Value) -> Result:
    result = Result(_sizes(schema, value, path))
    known: Mapping[str, Json] = schema.get("properties", {})
    others = schema.get("additionalProperties")
    before = old if isinstance(old, dict) else {}
    for name, entry in value.items():
        if name in known:
            continue
        if others is False:
            detail = f"{path}.{name} in body is a forbidden property"
            result.causes.append(field_errors.invalid(path.removeprefix("."), name, detail))
        elif isinstance(others, dict):
            result.merge(_below(others, entry, f"{path}.{name}", before.get(name, ABSENT)))
    for name, part in known.items():
        if name in value:
            was = ABSENT if not path and name in ("apiVersion", "kind") else before.get(name, ABSENT)
            result.merge(_below(part, value[name], field_errors.child(path, name), was))
    missing = [name for name in schema.get("required", ()) if name not in value]
    result.causes += [field_errors.required(f"{path}.{name}".removeprefix(".")) for name in missing]
    return result


def _sizes(schema: Json, value: Json, path: str) -> list[Cause]:
    causes = []
    where = path.removeprefix(".")
    least, limit = schema.get("minProperties"), schema.get("maxProperties")
    if least is not None and len(value) < least:
        detail = f"{path} in body should have at least {least} properties"
        causes.append(field_errors.invalid(where, len(value), detail))
    if limit is not None and len(value) > limit:
        causes.append(field_errors.too_many(where, len(value), limit))
    return causes


def _whole(text: str) -> Cause:
    return field_errors.invalid("", "", text)


def _junctors(schema: Json, value: Value, path: str, old: Value) -> Result:
    result = Result([], 1)
    if schema.get("anyOf"):
        results = [_node(part, value, path, old) for part in schema["anyOf"]]
        good = next((each for each in results if not each.causes), None)
        if good is None:
            result.causes.append(_whole(f'"{path}" must validate at least one schema (anyOf)'))
        result.merge(good or max(results, key=lambda each: each.matches))
    if schema.get("oneOf"):
        result.merge(_one_of([_node(part, value, path, old) for part in schema["oneOf"]], path))
    if schema.get("allOf"):
        results = [_node(part, value, path, old) for part in schema["allOf"]]
        for each in results:
            result.merge(each)
        bad = sum(bool(each.causes) for each in results)
        if bad:
            none = ". None validated" if bad == len(results) else ""
            result.causes.append(_whole(f'"{path}" must validate all the schemas (allOf){none}'))
    if "not" in schema and not _node(schema["not"], value, path, old).causes:
        result.causes.append(_whole(f'"{path}" must not validate the schema (not)'))
    return result


def _one_of(results: list[Result], path: str) -> Result:
    good = [each for each in results if not each.causes]
    if len(good) == 1:
        return good[0]
    found = f"Found {len(good)} valid alternatives" if good else "Found none valid"
    result = Result([_whole(f'"{path}" must validate one and only one schema (oneOf). {found}')])
    if not good:
        result.merge(max(results, key=lambda each: each.matches))
    return result
