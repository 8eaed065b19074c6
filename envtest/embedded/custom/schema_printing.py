"""Schemas as the server prints its own structures in messages.

What flows in: a schema as JSON. What flows out: text. Pure. Mirrors apiextensions-apiserver
pkg/apis/apiextensions/types_jsonschema.go, all of whose fields are printed, in their order.
"""

from typing import Any, Final

from envtest.embedded.api.status import Json
from envtest.embedded.validation import field_errors

_FIELDS: Final[tuple[tuple[str, str, Any], ...]] = (
    ("ID", "id", ""),
    ("Schema", "$schema", ""),
    ("Ref", "$ref", None),
    ("Description", "description", ""),
    ("Type", "type", ""),
    ("Nullable", "nullable", False),
    ("Format", "format", ""),
    ("Title", "title", ""),
    ("Default", "default", None),
    ("Maximum", "maximum", None),
    ("ExclusiveMaximum", "exclusiveMaximum", False),
    ("Minimum", "minimum", None),
    ("ExclusiveMinimum", "exclusiveMinimum", False),
    ("MaxLength", "maxLength", None),
    ("MinLength", "minLength", None),
    ("Pattern", "pattern", ""),
    ("MaxItems", "maxItems", None),
    ("MinItems", "minItems", None),
    ("UniqueItems", "uniqueItems", False),
    ("MultipleOf", "multipleOf", None),
    ("Enum", "enum", None),
    ("MaxProperties", "maxProperties", None),
    ("MinProperties", "minProperties", None),
    ("Required", "required", None),
    ("Items", "items", None),
    ("AllOf", "allOf", None),
    ("OneOf", "oneOf", None),
    ("AnyOf", "anyOf", None),
    ("Not", "not", None),
    ("Properties", "properties", None),
    ("AdditionalProperties", "additionalProperties", None),
    ("PatternProperties", "patternProperties", None),
    ("Dependencies", "dependencies", None),
    ("AdditionalItems", "additionalItems", None),
    ("Definitions", "definitions", None),
    ("ExternalDocs", "externalDocs", None),
    ("Example", "example", None),
    ("XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", None),
    ("XEmbeddedResource", "x-kubernetes-embedded-resource", False),
    ("XIntOrString", "x-kubernetes-int-or-string", False),
    ("XListMapKeys", "x-kubernetes-list-map-keys", None),
    ("XListType", "x-kubernetes-list-type", None),
    ("XMapType", "x-kubernetes-map-type", None),
    ("XValidations", "x-kubernetes-validations", None),
)
"""Each field, what it is in JSON, and what it is if absent."""
_RULE: Final = (
    ("Rule", "rule", ""),
    ("Message", "message", ""),
    ("MessageExpression", "messageExpression", ""),
    ("Reason", "reason", None),
    ("FieldPath", "fieldPath", ""),
    ("OptionalOldSelf", "optionalOldSelf", None),
)


def schema(node: Json) -> field_errors.Printed:
    """Return a whole schema as it is printed."""
    return field_errors.Printed(field_errors.compact(_schema(node), sort=False))


def rule(node: Json) -> field_errors.Printed:
    """Return a rule as it is printed."""
    return field_errors.Printed(field_errors.compact(_rule(node), sort=False))


def _rule(node: Json) -> Json:
    return {name: node.get(key, empty) for name, key, empty in _RULE}


def _schema(node: Json) -> Json:
    found = {name: node.get(key, empty) for name, key, empty in _FIELDS}
    for name in ("AllOf", "OneOf", "AnyOf"):
        found[name] = [_schema(each) for each in found[name]] if found[name] is not None else None
    if found["Not"] is not None:
        found["Not"] = _schema(found["Not"])
    if isinstance(found["Items"], dict):
        found["Items"] = {"Schema": _schema(found["Items"]), "JSONSchemas": None}
    if found["Properties"] is not None:
        found["Properties"] = {name: _schema(part) for name, part in sorted(found["Properties"].items())}
    others = found["AdditionalProperties"]
    if others is not None:
        found["AdditionalProperties"] = {"Allows": bool(others), "Schema": _schema(others) if isinstance(others, dict) else None}
    if found["XValidations"] is not None:
        found["XValidations"] = [_rule(each) for each in found["XValidations"]]
    return found
