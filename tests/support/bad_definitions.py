"""CustomResourceDefinitions that the server refuses, and what it says of them.

Data: tests of the embedded server hold it against the causes here, tests on the real one show that they are the real ones.
"""

import copy
from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}


def definition(spec: Json | None = None, **changes: Any) -> Json:
    """Return a good definition with other properties in its spec's schema and other fields in its own spec."""
    properties: Json = {"spec": {"type": "object", "properties": {"text": TEXT} if spec is None else spec}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
    }
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    whole: Json = {"group": "bad.example.com", "names": names, "scope": "Namespaced", "versions": [version]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.bad.example.com"},
        "spec": {**whole, **changes},
    }


def version(name: str = "v1", **changes: Any) -> Json:
    """Return a version of `definition` with other fields."""
    found: Json = copy.deepcopy(definition()["spec"]["versions"][0])
    return {**found, "name": name, **changes}


def names(**changes: Any) -> Json:
    """Return the names of `definition` with other ones."""
    return {**definition()["spec"]["names"], **changes}


def rules(*rules: Json | str, **properties: Any) -> Json:
    """Return a definition whose spec has rules."""
    given = [rule if isinstance(rule, dict) else {"rule": rule} for rule in rules]
    found = definition(properties or {"text": {"type": "string", "maxLength": 10}, "count": {"type": "integer"}})
    found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["x-kubernetes-validations"] = given
    return found


def named(name: str) -> Json:
    """Return a definition with another name."""
    return {**definition(), "metadata": {"name": name}}


ROOT: Json = {"type": "object", "properties": {"a": TEXT}}
ROWS: list[Json] = [
    named("widget.bad.example.com"),
    definition(group="example"),
    definition(scope="Everywhere"),
    definition(versions=[version(storage=False)]),
    definition(versions=[version(), version("v2")]),
    definition(versions=[version(), version(storage=False)]),
    definition(versions=[version("1")]),
    definition(versions=[{**version(), "schema": None}]),
    definition(names=names(plural="widgets", kind="1Widget")),
    definition(names=names(listKind="Widget")),
    definition(names=names(shortNames=["W"])),
    definition(names=names(categories=["a b"])),
    definition({"a": {}}),
    definition({"a": {"type": "array"}}),
    definition({"a": {"type": "text"}}),
    definition({"a": {"type": "null"}}),
    definition({"a": {"type": "array", "items": {}}}),
    definition({"a": {"type": "string", "pattern": "("}}),
    definition({"a": {"type": "object", "properties": {"b": TEXT}, "additionalProperties": TEXT}}),
    definition({"a": {"type": "array", "uniqueItems": True, "items": TEXT}}),
    definition({"a": {"type": "string", "default": 1}}),
    definition({"a": {"type": "object", "default": {"c": 1}, "properties": {"b": TEXT}}}),
    definition({"a": {"type": "string", "default": "abc", "maxLength": 2}}),
    definition({"a": {"type": "string", "anyOf": [{"type": "string"}, {"pattern": "a"}]}}),
    definition({"a": {"type": "string", "allOf": [{"description": "words"}, {"nullable": True}, {"default": "x"}]}}),
    definition({"a": {"x-kubernetes-int-or-string": True, "x-kubernetes-preserve-unknown-fields": True}}),
    definition({"a": {"x-kubernetes-embedded-resource": True}}),
    definition({"a": {"type": "object", "x-kubernetes-embedded-resource": True}}),
    definition({"a": {"type": "object", "x-kubernetes-preserve-unknown-fields": False}}),
    definition({"a": {"type": "array", "items": TEXT, "x-kubernetes-list-type": "map"}}),
    definition({"a": {"type": "array", "items": TEXT, "x-kubernetes-list-type": "bag"}}),
    definition({"a": {"type": "object", "x-kubernetes-list-type": "set"}}),
    definition({"a": {"type": "object", "x-kubernetes-map-type": "set"}}),
    definition({"a": {"type": "string", "x-kubernetes-map-type": "atomic"}}),
    definition({"a": {"type": "array", "items": TEXT, "x-kubernetes-list-map-keys": ["b"]}}),
    definition(
        {
            "a": {
                "type": "array",
                "items": {"type": "object", "properties": {"b": TEXT}},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["b"],
            }
        }
    ),
    definition(
        {
            "a": {
                "type": "array",
                "items": {"type": "object", "properties": {"b": TEXT}, "required": ["b"]},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["c"],
            }
        }
    ),
    definition({"a": {"type": "array", "items": {"type": "object", "properties": {"b": TEXT}}, "x-kubernetes-list-type": "set"}}),
    definition(versions=[version(schema={"openAPIV3Schema": {"type": "string"}})]),
    definition(versions=[version(schema={"openAPIV3Schema": {"properties": {"a": TEXT}}})]),
    definition(versions=[version(schema={"openAPIV3Schema": {"type": "object", "additionalProperties": TEXT}})]),
    definition(versions=[version(schema={"openAPIV3Schema": {"type": "object", "nullable": True}})]),
    definition(
        versions=[
            version(
                schema={
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}},
                    }
                }
            )
        ]
    ),
    definition(versions=[version(schema={"openAPIV3Schema": {**ROOT, "maxProperties": 9}}, subresources={"status": {}})]),
    definition(versions=[version(additionalPrinterColumns=[{"name": "A", "type": "word", "jsonPath": "spec.a"}])]),
    definition(versions=[version(additionalPrinterColumns=[{"name": "A", "type": "string", "format": "x", "jsonPath": ".a"}])]),
    definition(versions=[version(subresources={"scale": {"specReplicasPath": ".a.b", "statusReplicasPath": "status.b"}})]),
    definition(versions=[version(selectableFields=[{"jsonPath": ".spec.other"}])]),
    definition(versions=[version(selectableFields=[{"jsonPath": ".metadata.labels"}, {"jsonPath": ".spec"}])]),
    definition(
        versions=[
            version(),
            version(
                "v2",
                storage=False,
                additionalPrinterColumns=[{"name": "A", "type": "word", "jsonPath": ".a"}],
                schema={"openAPIV3Schema": {"type": "object", "properties": {"a": {}}}},
            ),
        ]
    ),
    definition(conversion={"strategy": "Magic"}),
    definition(preserveUnknownFields=True),
    rules(""),
    rules("self.text =="),
    rules("self.nothing == 'a'"),
    rules("self.text.nothing == 'a'"),
    rules("nothing == 'a'"),
    rules("nothing(self.text)"),
    rules("self.text.nothing()"),
    rules("self.text"),
    rules("self.count == 'a'"),
    rules("self.text == 'a' && self.count > 'b'"),
    rules({"rule": "self.text ==\n'a'"}),
    rules({"rule": "self.text == 'a'", "message": " "}),
    rules({"rule": "self.text == 'a'", "message": "a\nb"}),
    rules({"rule": "self.text == 'a'", "messageExpression": "1"}),
    rules({"rule": "self.text == 'a'", "messageExpression": "self.none"}),
    rules({"rule": "self.text == 'a'", "reason": "Because"}),
    rules({"rule": "self.text == 'a'", "fieldPath": ".other"}),
    rules({"rule": "self.text == 'a'", "fieldPath": "text"}),
    rules({"rule": "self.text == 'a'", "optionalOldSelf": True}),
    rules("self.items.all(x, x == y)", items={"type": "array", "items": TEXT, "maxItems": 3}),
    rules(
        "self.items[0].other == 'a'",
        items={"type": "array", "maxItems": 3, "items": {"type": "object", "properties": {"b": TEXT}}},
    ),
    rules(
        "self.items.all(x, x.other == 'a')",
        items={"type": "array", "maxItems": 3, "items": {"type": "object", "properties": {"b": TEXT}}},
    ),
    definition(
        {
            "a": {
                "type": "array",
                "items": {"type": "string", "maxLength": 3, "x-kubernetes-validations": [{"rule": "self == oldSelf"}]},
                "maxItems": 3,
            }
        }
    ),
]
"""Each is refused."""
