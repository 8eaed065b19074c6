"""The metadata of objects inside custom resources, below ``x-kubernetes-embedded-resource``.

What flows in: a schema as JSON and an object. What flows out: causes. Pure. Mirrors apiextensions-apiserver
pkg/apiserver/schema/objectmeta/validation.go.
"""

from envtest.embedded.api import fields_check, names
from envtest.embedded.api.status import Cause, Json
from envtest.embedded.apply.json_values import Value
from envtest.embedded.builtin import defaults, resources, scalars, schemas
from envtest.embedded.validation import field_errors, metadata_validation


class WrongMetadataError(ValueError):
    """Metadata cannot be read; the message is the server's."""


def validate(schema: Json, value: Value, path: str = "", is_root: bool = True) -> list[Cause]:
    """Return what is wrong with the objects inside *value*, which is not looked at itself."""
    causes: list[Cause] = []
    if isinstance(value, dict):
        if schema.get("x-kubernetes-embedded-resource") and not is_root:
            causes += _object(value, path)
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, entry in value.items():
            if name in known:
                causes += validate(known[name], entry, field_errors.child(path, name), is_root=False)
            elif isinstance(others, dict):
                causes += validate(others, entry, field_errors.key(path, name), is_root=False)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for number, item in enumerate(value):
            causes += validate(schema["items"], item, field_errors.index(path, number), is_root=False)
    return causes


def _object(value: Json, path: str) -> list[Cause]:
    causes = [field_errors.required(field_errors.child(path, name)) for name in ("apiVersion", "kind") if name not in value]
    for name in ("apiVersion", "kind"):
        text, where = value.get(name), field_errors.child(path, name)
        if name in value and not isinstance(text, str):
            causes.append(field_errors.invalid(where, text, "must be a string"))
        elif text == "":
            causes.append(field_errors.invalid(where, text, "must not be empty"))
        elif name == "kind" and text and (wrong := names.dns_label_1035(text.lower())):
            detail = "may have mixed case, but should otherwise match: " + ",".join(wrong)
            causes.append(field_errors.invalid(where, text, detail))
    metadata, where = value.get("metadata", {}), field_errors.child(path, "metadata")
    if not isinstance(metadata, dict):
        return [*causes, field_errors.invalid(where, metadata, "must be an object")]
    named = {"name": "fakename", **metadata}
    found = metadata_validation.of_any_new(named, names.path_segment, bool(metadata.get("namespace")))
    return causes + [Cause(each.type, where + each.field.removeprefix("metadata"), each.message) for each in found]


def without_unknown_metadata(schema: Json, value: Value, path: str = "") -> tuple[Value, list[str]]:
    """Return *value* with only known fields in the metadata of the objects inside, and the paths of the others.

    Raises:
        WrongMetadataError: A field of it has the wrong type.
    """
    unknown: list[str] = []
    return _known(schema, value, path, unknown), unknown


def _known(schema: Json, value: Value, path: str, unknown: list[str]) -> Value:
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [_known(schema["items"], item, field_errors.index(path, at), unknown) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    parts = {name: known.get(name, others if isinstance(others, dict) else None) for name in value}
    found = {
        name: entry if parts[name] is None else _known(parts[name], entry, field_errors.child(path, name), unknown)
        for name, entry in value.items()
    }
    if path and schema.get("x-kubernetes-embedded-resource") and isinstance(found.get("metadata"), dict):
        where, given = field_errors.child(path, "metadata"), found["metadata"]
        unknown += fields_check.unknown(resources.definition(schemas.OBJECT_META), given, where)
        try:
            found["metadata"] = defaults.metadata(given)
        except scalars.UnreadableError as error:
            raise WrongMetadataError(f"{where}: Invalid value: {field_errors.shown(given)}: {error}") from error
    return found
