"""Whether a custom kind's schema is structural: every field has one type, said in one place.

What flows in: a schema as JSON and its path. What flows out: causes, sorted as the server sorts them. Pure. Mirrors
apiextensions-apiserver pkg/apiserver/schema/validation.go. Deviation: that what a junctor speaks of also stands outside of it is
not looked at.
"""

from typing import Final

from envtest.embedded.api.status import Cause, Json
from envtest.embedded.apply.json_values import Value
from envtest.embedded.custom import patterns
from envtest.embedded.validation import field_errors

_INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]
_FORBIDDEN: Final = (
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
    ("x-kubernetes-embedded-resource", "must be false to be structural"),
    ("x-kubernetes-int-or-string", "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
    ("x-kubernetes-validations", "must be empty to be structural"),
)
"""What may not stand in a junctor."""
_EMPTY_TYPE: Final = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}


def validate(schema: Json, path: str) -> list[Cause]:
    """Return why *schema* is not structural."""
    return sorted(_node(schema, "root", path), key=lambda cause: f"{cause.field}: {cause.message}")


def _node(schema: Json, level: str, path: str) -> list[Cause]:
    causes: list[Cause] = []
    if schema.get("type") == "array" and "items" not in schema:
        causes.append(field_errors.required(f"{path}.items", "must be specified"))
    if isinstance(schema.get("items"), dict):
        causes += _node(schema["items"], "item", f"{path}.items")
    for name, part in schema.get("properties", {}).items():
        causes += _node(part, "field", f"{path}.properties[{name}]")
    others = schema.get("additionalProperties")
    if others is not None and level == "root":
        causes.append(field_errors.forbidden(f"{path}.additionalProperties", "must not be used at the root"))
    if isinstance(others, dict):
        causes += _node(others, "field", f"{path}.additionalProperties")
    return (
        causes + _extensions(schema, path) + _values(schema, path) + _type(schema, level, path) + _resource(schema, level, path)
    )


def _extensions(schema: Json, path: str) -> list[Cause]:
    if not schema.get("x-kubernetes-int-or-string"):
        return []
    names = ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource")
    return [
        field_errors.invalid(f"{path}.{name}", schema[name], "must be false if x-kubernetes-int-or-string is true")
        for name in names
        if schema.get(name)
    ]


def _type(schema: Json, level: str, path: str) -> list[Cause]:
    kind, where = schema.get("type", ""), f"{path}.type"
    causes: list[Cause] = []
    is_resource = schema.get("x-kubernetes-embedded-resource")
    if is_resource and kind != "object":
        words = "must be object if x-kubernetes-embedded-resource is true"
        causes.append(field_errors.invalid(where, kind, words) if kind else field_errors.required(where, words))
    elif not kind and not (schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")):
        causes.append(field_errors.required(where, _EMPTY_TYPE[level]))
    if is_resource and "additionalProperties" in schema:
        words = "must not be used if x-kubernetes-embedded-resource is set"
        causes.append(field_errors.forbidden(f"{path}.additionalProperties", words))
    if level == "root" and kind and kind != "object":
        causes.append(field_errors.invalid(where, kind, "must be object at the root"))
    return causes


def _resource(schema: Json, level: str, path: str) -> list[Cause]:
    """Check what a schema says of the fields that every object has."""
    known = schema.get("properties", {})
    is_resource = bool(schema.get("x-kubernetes-embedded-resource"))
    causes: list[Cause] = []
    if level == "root" or is_resource:
        for name, kind in (("kind", "string"), ("apiVersion", "string"), ("metadata", "object")):
            given = known.get(name, {}).get("type", "")
            if name in known and given != kind:
                causes.append(field_errors.invalid(f"{path}.properties[{name}].type", given, f"must be {kind}"))
    if level == "root" and not _is_bare(known.get("metadata", {})):
        words = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        causes.append(field_errors.forbidden(f"{path}.properties[metadata]", words))
    if is_resource and not schema.get("x-kubernetes-preserve-unknown-fields") and not known:
        words = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        causes.append(field_errors.required(f"{path}.properties", words))
    return causes


def _is_bare(metadata: Json) -> bool:
    return not metadata.keys() - {"type", "properties", "default"} and not metadata.get("properties", {}).keys() - {
        "name",
        "generateName",
    }


def _values(schema: Json, path: str, is_exempt: bool = False) -> list[Cause]:
    """Check junctors and the pattern."""
    causes: list[Cause] = []
    all_of = schema.get("allOf", [])
    is_first_exempt = bool(all_of) and all_of[0].get("anyOf") == _INT_OR_STRING
    if not is_exempt and schema.get("anyOf") != _INT_OR_STRING:
        for number, part in enumerate(schema.get("anyOf", [])):
            causes += _nested(part, f"{path}.anyOf[{number}]")
    for number, part in enumerate(all_of):
        causes += _nested(part, f"{path}.allOf[{number}]", is_exempt=is_first_exempt and number == 0)
    for number, part in enumerate(schema.get("oneOf", [])):
        causes += _nested(part, f"{path}.oneOf[{number}]")
    if "not" in schema:
        causes += _nested(schema["not"], f"{path}.not")
    return causes + _pattern(schema.get("pattern", ""), path)


def _pattern(pattern: str, path: str) -> list[Cause]:
    try:
        patterns.compiled(pattern)
    except patterns.BadPatternError as error:
        detail = f"must be a valid regular expression, but isn't: {error}"
        return [field_errors.invalid(f"{path}.pattern", pattern, detail)]
    return []


def _nested(schema: Json, path: str, is_exempt: bool = False) -> list[Cause]:
    causes = _values(schema, path, is_exempt)
    if isinstance(schema.get("items"), dict):
        causes += _nested(schema["items"], f"{path}.items")
    for name, part in schema.get("properties", {}).items():
        causes += _nested(part, f"{path}.properties[{name}]")
        if name == "metadata":
            causes.append(field_errors.forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context"))
    forbidden = [(name, words) for name, words in _FORBIDDEN if _is_set(schema.get(name))]
    return causes + [field_errors.forbidden(f"{path}.{name}", words) for name, words in forbidden]


def _is_set(value: Value) -> bool:
    return value is not None and value is not False and value not in ("", [])
