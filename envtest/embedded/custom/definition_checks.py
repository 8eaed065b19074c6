"""Whether a CustomResourceDefinition is taken.

What flows in: a definition with its defaults, on an update the old one. What flows out: causes. Pure. Mirrors
apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go. Deviation: webhooks' configuration is not looked at.
"""

from collections.abc import Sequence
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.api.status import Cause, Json
from envtest.embedded.apply.json_values import Value
from envtest.embedded.custom import definition_rules, definition_schemas, field_paths, schema_printing, structural
from envtest.embedded.validation import field_errors

_COLUMN_TYPES: Final = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS: Final = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_SELECTABLE: Final = frozenset({"string", "boolean", "integer"})
_MOST_SELECTABLE: Final = 8
_NOT_SELECTABLE: Final = (
    "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
)
_AT_ROOT: Final = frozenset(
    [
        "description",
        "type",
        "format",
        "title",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "multipleOf",
        "required",
        "items",
        "properties",
        "externalDocs",
        "example",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    ]
)
_AT_ROOT_SHOWN: Final = (
    "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems"
    " MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]"
)
_SAME_NAMES: Final = ("subresources", "additionalPrinterColumns", "selectableFields")
_HOISTED: Final = (("schema", "validation"), *((name, name) for name in _SAME_NAMES))
"""What of a version stands above the versions in the server's own form, if it is the same in all."""
_HIDDEN_PRESERVE: Final = (
    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
)


def validate(definition: Json, old: Json | None = None) -> list[Cause]:
    """Return what is wrong with *definition*, its metadata's own rules apart."""
    spec, causes = definition["spec"], list[Cause]()
    spoken = spec.get("names", {})
    wanted = f"{spoken.get('plural', '')}.{spec.get('group', '')}"
    name = definition["metadata"].get("name", "")
    if old is None and name != wanted:
        causes.append(field_errors.invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group'))
    causes += _group(spec.get("group", "")) + _scope(spec.get("scope", "")) + _versions(spec)
    causes += _required_names(spoken) + _names(spoken, "spec.names") + _hoisted(spec)
    causes += _conversion(spec.get("conversion") or {})
    if old is not None:
        causes += _immutable(definition, old)
    causes += _stored_versions(definition)
    if spec.get("preserveUnknownFields") and not (old or {}).get("spec", {}).get("preserveUnknownFields"):
        causes.append(field_errors.invalid("spec.preserveUnknownFields", spec["preserveUnknownFields"], _HIDDEN_PRESERVE))
    return causes


def warnings(definition: Json) -> list[str]:
    """Return what the author of *definition* should know, though it is taken."""
    schemas = [(version.get("schema") or {}).get("openAPIV3Schema") or {} for version in definition["spec"]["versions"]]
    unknown = [name for schema in schemas for name in definition_schemas.unknown_formats(schema)]
    return [f'unrecognized format "{name}"' for name in dict.fromkeys(unknown)]


def _group(group: str) -> list[Cause]:
    if not group:
        return [field_errors.required("spec.group")]
    wrong = names.dns_subdomain(group)
    if wrong:
        return [field_errors.invalid("spec.group", group, ",".join(wrong))]
    return [] if "." in group else [field_errors.invalid("spec.group", group, "should be a domain with at least one dot")]


def _scope(scope: str) -> list[Cause]:
    if not scope:
        return [field_errors.required("spec.scope")]
    known = ("Cluster", "Namespaced")
    return [] if scope in known else [field_errors.not_supported("spec.scope", scope, known)]


def _is_same_in_all(spec: Json, name: str) -> bool:
    values = [version.get(name) for version in spec.get("versions", [])]
    return bool(values) and bool(values[0]) and all(value == values[0] for value in values)


def _versions(spec: Json) -> list[Cause]:
    versions: list[Json] = spec.get("versions") or []
    causes = [
        field_errors.required(f"spec.versions[{number}].schema.openAPIV3Schema")
        for number, version in enumerate(versions)
        if not (version.get("schema") or {}).get("openAPIV3Schema")
    ]
    for number, version in enumerate(versions):
        wrong = names.dns_label_1035(version["name"])
        if wrong:
            causes.append(field_errors.invalid(f"spec.versions[{number}].name", version["name"], ",".join(wrong)))
        own = {name: version[name] for name, _ in _HOISTED if version.get(name) and not _is_same_in_all(spec, name)}
        causes += _version(own, version, [f"spec.versions[{number}].{name}" for name, _ in _HOISTED])
    shown = field_errors.Printed(field_errors.compact([_printed(version) for version in versions], sort=False))
    found = [version["name"] for version in versions]
    if len(found) != len(set(found)):
        causes.append(field_errors.invalid("spec.versions", shown, "must contain unique version names"))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        words = "must have exactly one version marked as storage version"
        causes.append(field_errors.invalid("spec.versions", shown, words))
    wrong = names.dns_label_1035(found[0]) if found else []
    return causes + ([field_errors.invalid("spec.version", found[0], ",".join(wrong))] if wrong else [])


def _printed(version: Json) -> Json:
    return {
        "Name": version["name"],
        "Served": bool(version.get("served")),
        "Storage": bool(version.get("storage")),
        "Deprecated": bool(version.get("deprecated")),
        "DeprecationWarning": version.get("deprecationWarning"),
        **dict.fromkeys(("Schema", "Subresources", "AdditionalPrinterColumns", "SelectableFields")),
    }


def _hoisted(spec: Json) -> list[Cause]:
    """Check what all versions have in common."""
    shared = {name: spec["versions"][0][name] for name, _ in _HOISTED if _is_same_in_all(spec, name)}
    whole = {name: value for version in spec.get("versions", [])[:1] for name, value in version.items()}
    return _version(shared, whole, [f"spec.{place}" for _, place in _HOISTED])


def _version(own: Json, whole: Json, places: Sequence[str]) -> list[Cause]:
    """Check the parts *own* of the version *whole*."""
    schema, subresources, columns, selectable = places
    node = (whole.get("schema") or {}).get("openAPIV3Schema") or {}
    causes: list[Cause] = []
    if "schema" in own and node:
        causes += _schema(node, f"{schema}.openAPIV3Schema", "status" in (whole.get("subresources") or {}))
    if "subresources" in own:
        causes += _scale_paths(own["subresources"].get("scale") or {}, f"{subresources}.scale")
    for number, column in enumerate(own.get("additionalPrinterColumns", [])):
        causes += _column(column, f"{columns}[{number}]")
    return causes + _selectable(node, own.get("selectableFields", []), selectable)


def _schema(node: Json, path: str, has_status: bool) -> list[Cause]:
    causes: list[Cause] = []
    if has_status and node.get("type") and node["type"] != "object":
        words = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        causes.append(field_errors.invalid(f"{path}.type", node["type"], words))
    elif has_status and node.keys() - _AT_ROOT:
        words = f"only {_AT_ROOT_SHOWN} fields are allowed at the root of the schema if the status subresource is enabled"
        causes.append(field_errors.invalid(path, schema_printing.schema(node), words))
    if node.get("nullable"):
        causes.append(field_errors.forbidden(f"{path}.nullable", "nullable cannot be true at the root"))
    found = structural.validate(node, path) or definition_schemas.defaults(node, path)
    words_wrong = definition_schemas.validate(node, path) + definition_schemas.forbidden_defaults(node, path)
    words_wrong += definition_rules.validate(node, path)
    if not found and not words_wrong:
        found = definition_rules.compile_all(node, path)
    return causes + found + words_wrong


def _scale_paths(scale: Json, path: str) -> list[Cause]:
    if not scale:
        return []
    wanted = (("specReplicasPath", (".spec.",), ".spec"), ("statusReplicasPath", (".status.",), ".status"))
    causes = []
    for name, starts, words in (*wanted, ("labelSelectorPath", (".spec.", ".status."), "either .spec or .status")):
        text = scale.get(name, "")
        if not text:
            causes += [field_errors.required(f"{path}.{name}")] if name != "labelSelectorPath" else []
        elif simple := _simple_path(text, f"{path}.{name}"):
            causes += simple
        elif not text.startswith(starts):
            causes.append(field_errors.invalid(f"{path}.{name}", text, f"should be a json path under {words}"))
    return causes


def _simple_path(text: str, path: str) -> list[Cause]:
    return [] if text.startswith(".") else [field_errors.invalid(path, text, "must be a simple json path starting with .")]


def _column(column: Json, path: str) -> list[Cause]:
    causes = []
    kind, form, text = column.get("type", ""), column.get("format", ""), column.get("jsonPath", "")
    if not column.get("name"):
        causes.append(field_errors.required(f"{path}.name"))
    words = f"must be one of {','.join(_COLUMN_TYPES)}"
    if not kind:
        causes.append(field_errors.required(f"{path}.type", words))
    elif kind not in _COLUMN_TYPES:
        causes.append(field_errors.invalid(f"{path}.type", kind, words))
    if form and form not in _COLUMN_FORMATS:
        causes.append(field_errors.invalid(f"{path}.format", form, f"must be one of {','.join(_COLUMN_FORMATS)}"))
    return causes + (_simple_path(text, f"{path}.JSONPath") if text else [field_errors.required(f"{path}.JSONPath")])


def _selectable(node: Json, fields: Sequence[Json], path: str) -> list[Cause]:
    causes: list[Cause] = []
    seen: set[str] = set()
    for number, each in enumerate(fields):
        where, text = f"{path}[{number}].jsonPath", each.get("jsonPath", "")
        if not text:
            causes.append(field_errors.required(where))
            continue
        try:
            schema, found = field_paths.resolve(node, text, with_brackets=False)
        except field_paths.BadPathError as error:
            causes.append(field_errors.invalid(where, text, f"is an invalid path: {error}"))
            continue
        if found.split(".")[0] == "metadata":
            causes.append(field_errors.invalid(where, text, "must not point to fields in metadata"))
        if schema.get("type") not in _SELECTABLE:
            causes.append(field_errors.invalid(where, text, _NOT_SELECTABLE))
        if found in seen:
            causes.append(field_errors.duplicate(where, text))
        seen.add(found)
    return causes + ([field_errors.too_many(path, len(seen), _MOST_SELECTABLE)] if len(seen) > _MOST_SELECTABLE else [])


def _required_names(spoken: Json) -> list[Cause]:
    wanted = ("plural", "singular", "kind", "listKind")
    return [field_errors.required(f"spec.names.{name}") for name in wanted if not spoken.get(name)]


def _names(spoken: Json, path: str) -> list[Cause]:
    causes: list[Cause] = []

    def check(name: str, value: str, start: str = "") -> None:
        wrong = names.dns_label_1035(value.lower() if start else value) if value else []
        if wrong:
            causes.append(field_errors.invalid(f"{path}.{name}", value, start + ",".join(wrong)))

    check("plural", spoken.get("plural", ""))
    check("singular", spoken.get("singular", ""))
    for name in ("kind", "listKind"):
        check(name, spoken.get(name, ""), "may have mixed case, but should otherwise match: ")
    for number, short in enumerate(spoken.get("shortNames") or []):
        check(f"shortNames[{number}]", short)
    if spoken.get("kind") and spoken.get("kind") == spoken.get("listKind"):
        words = "kind and listKind may not be the same"
        causes.append(field_errors.invalid(f"{path}.listKind", spoken["listKind"], words))
    for number, category in enumerate(spoken.get("categories") or []):
        check(f"categories[{number}]", category)
    return causes


def _conversion(conversion: Json) -> list[Cause]:
    strategy, known = conversion.get("strategy", "None"), ("None", "Webhook")
    if strategy not in known:
        return [field_errors.not_supported("spec.conversion.strategy", strategy, known)]
    if strategy == "Webhook" and not conversion.get("webhook"):
        return [field_errors.required("spec.conversion.webhookClientConfig", "required when strategy is set to Webhook")]
    return []


def _immutable(definition: Json, old: Json) -> list[Cause]:
    conditions = (old.get("status") or {}).get("conditions") or []
    is_established = any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
    paths = [["scope"], ["names", "kind"]] if is_established else []
    causes = []
    for path in [*paths, ["group"], ["names", "plural"]]:
        new, before = _at(definition["spec"], path), _at(old["spec"], path)
        if new != before:
            causes.append(field_errors.invalid(f"spec.{'.'.join(path)}", new, "field is immutable"))
    return causes


def _at(value: Value, path: Sequence[str]) -> Value:
    for name in path:
        value = value.get(name, {})
    return value


def _stored_versions(definition: Json) -> list[Cause]:
    path = "status.storedVersions"
    stored = (definition.get("status") or {}).get("storedVersions")
    if not stored:
        return [field_errors.invalid(path, None, "must have at least one stored version")]
    causes = []
    rest = set(stored)
    for version in definition["spec"].get("versions") or []:
        if version.get("storage") and version["name"] not in rest:
            causes.append(field_errors.invalid(path, stored, f"must have the storage version {version['name']}"))
        rest.discard(version["name"])
    for number, name in enumerate(stored):
        if name in rest:
            words = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a"
                f" storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            )
            causes.append(field_errors.invalid(f"{path}[{number}]", name, words))
    return causes
