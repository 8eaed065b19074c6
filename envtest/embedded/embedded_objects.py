"""The metadata of objects inside custom resources, below ``x-kubernetes-embedded-resource``.

What flows in: a schema as JSON and an object. What flows out: causes. Pure. Mirrors apiextensions-apiserver
pkg/apiserver/schema/objectmeta/validation.go. Deviation: of the metadata only the types are looked at.
"""

from envtest.embedded import field_errors, names
from envtest.embedded.json_values import Value
from envtest.embedded.status import Cause, Json


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
    metadata = value.get("metadata", {})
    if not isinstance(metadata, dict):
        causes.append(field_errors.invalid(field_errors.child(path, "metadata"), metadata, "must be an object"))
    return causes
