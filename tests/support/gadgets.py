"""A custom kind whose schema has a bit of everything; `tests/support/gadget_specs.py` has objects of it.

Data: tests hold the embedded server's answers against the real server's.
"""

from typing import Any

Json = dict[str, Any]

GROUP = "tests.example.com"
TEXT: Json = {"type": "string"}
SHORT: Json = {"type": "string", "maxLength": 20}
MAX = 9_000_000_000

FIELDS: Json = {
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64", "maximum": MAX, "exclusiveMaximum": True},
    "bounded": {"type": "integer", "minimum": 2, "exclusiveMinimum": True, "maximum": 10, "multipleOf": 3},
    "number": {"type": "number", "minimum": 0.5, "maximum": 1.5, "multipleOf": 0.25},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "flag": {"type": "boolean"},
    "short": {"type": "string", "minLength": 2, "maxLength": 3},
    "one": {"type": "string", "maxLength": 1},
    "pattern": {"type": "string", "pattern": "^[a-z]+\\d$"},
    "choice": {"type": "string", "enum": ["a", "b"]},
    "number_choice": {"type": "integer", "enum": [1, 2]},
    "nullable": {"type": "string", "nullable": True},
    "nullable_default": {"type": "string", "nullable": True, "default": "given"},
    "defaulted": {"type": "string", "default": "given"},
    "nested": {
        "type": "object",
        "default": {"a": 1},
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 2}},
    },
    "absent": {"type": "object", "properties": {"b": {"type": "integer", "default": 2}}},
    "port": {"x-kubernetes-int-or-string": True},
    "port_in_words": {
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "x-kubernetes-int-or-string": True,
        "pattern": "^a",
        "maximum": 9,
    },
    "names": {"type": "array", "items": SHORT, "x-kubernetes-list-type": "set", "maxItems": 3},
    "plain": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
    "numbers": {"type": "array", "items": {"type": "integer", "maximum": 5}, "maxItems": 9},
    "items": {
        "type": "array",
        "maxItems": 9,
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": SHORT,
                "size": {"type": "integer", "default": 1, "minimum": 1},
                "kind": {"type": "string", "default": "plain", "maxLength": 10},
            },
            "x-kubernetes-validations": [{"rule": "self.size <= oldSelf.size + 1", "message": "size grows by one at a time"}],
        },
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
    },
    "two_keys": {
        "type": "array",
        "maxItems": 9,
        "items": {"type": "object", "required": ["a", "b"], "properties": {"a": SHORT, "b": {"type": "integer"}}},
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["a", "b"],
    },
    "labels": {"type": "object", "additionalProperties": SHORT, "maxProperties": 2, "minProperties": 1},
    "free": {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "properties": {"known": {"type": "object", "properties": {"a": TEXT}}},
    },
    "anything": {"x-kubernetes-preserve-unknown-fields": True},
    "template": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
    "either": {
        "type": "object",
        "properties": {"a": TEXT, "b": TEXT, "c": TEXT},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "any_of": {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
    "all_of": {"type": "string", "allOf": [{"minLength": 3}, {"pattern": "^a"}]},
    "not": {"type": "string", "not": {"pattern": "^bad"}},
    "time": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "duration": {"type": "string", "format": "duration"},
    "uuid": {"type": "string", "format": "uuid"},
    "ipv4": {"type": "string", "format": "ipv4"},
    "ipv6": {"type": "string", "format": "ipv6"},
    "cidr": {"type": "string", "format": "cidr"},
    "uri": {"type": "string", "format": "uri"},
    "email": {"type": "string", "format": "email"},
    "hostname": {"type": "string", "format": "hostname"},
    "mac": {"type": "string", "format": "mac"},
    "byte": {"type": "string", "format": "byte"},
    "unknown_format": {"type": "string", "format": "made-up"},
    "a-b.c/d": {"type": "integer"},
    "namespace": SHORT,
    "rules": {
        "type": "object",
        "properties": {
            "text": {**SHORT, "x-kubernetes-validations": [{"rule": "self != 'bad'", "reason": "FieldValueDuplicate"}]},
            "other": {**SHORT, "x-kubernetes-validations": [{"rule": "self != 'bad'"}]},
            "list": {"type": "array", "maxItems": 5, "items": {"type": "integer"}},
            "map": {
                "type": "object",
                "maxProperties": 5,
                "additionalProperties": {
                    **SHORT,
                    "x-kubernetes-validations": [{"rule": "self != 'bad'", "message": "no bad value"}],
                },
            },
            "quantity": {"x-kubernetes-int-or-string": True, "maxLength": 20},
            "count": {"type": "integer", "x-kubernetes-validations": [{"rule": "self >= oldSelf", "message": "never less"}]},
            "fixed": {
                **SHORT,
                "x-kubernetes-validations": [{"rule": "!oldSelf.hasValue() || self == oldSelf.value()", "optionalOldSelf": True}],
            },
            "when": {"type": "string", "format": "date-time", "maxLength": 40},
            "long": {"type": "string", "format": "duration", "maxLength": 20},
            "ratio": {"type": "number"},
        },
        "x-kubernetes-validations": [
            {
                "rule": "!has(self.text) || !has(self.other) || self.text != self.other",
                "message": "text and other differ",
                "fieldPath": ".other",
            },
            {
                "rule": "!has(self.list) || self.list.all(x, x < 10)",
                "messageExpression": "self.list.size() > 1 ? 'one of several is 10 or more' : 'it is 10 or more'",
            },
            {"rule": "!has(self.list) || self.list[0] > 0"},
            {"rule": "!has(self.map) || self.map['wanted'] == 'yes'", "reason": "FieldValueForbidden"},
            {
                "rule": "!has(self.quantity) || quantity(string(self.quantity)).isLessThan(quantity('2Gi'))",
                "message": "below 2Gi",
            },
            {"rule": "!has(self.list) || 10 / self.list[0] > 0", "reason": "FieldValueRequired"},
            {"rule": "!has(self.text) || self.text.size() < 8", "message": "fewer than 8 characters"},
            {
                "rule": "!has(self.text) || self.text.find('[0-9]+') == '' || int(self.text.find('[0-9]+')) < 50",
                "message": "number below 50",
            },
            {"rule": "self.?map[?'other'].orValue('fine') == 'fine'", "message": "other must be fine"},
            {"rule": "!has(self.when) || self.when < timestamp('2030-01-01T00:00:00Z')", "message": "too late"},
            {"rule": "!has(self.long) || self.long <= duration('1h')", "message": "too long"},
            {"rule": "!has(self.ratio) || self.ratio < 0.5", "message": "too much"},
            {"rule": "!has(self.text) || !self.text.startsWith('url') || isURL('https://' + self.text)"},
            {"rule": "!has(self.list) || self.list.all(i, v, i < 3 || v == 1)", "message": "only ones from the fourth on"},
            {"rule": "!has(self.list) || self.list.map(x, x * 2).sum() != 14", "message": "not a sum of 7"},
            {"rule": "!has(self.list) || self.list.isSorted() || self.list.indexOf(3) < 0", "message": "sorted, if 3 is there"},
        ],
    },
}

SCHEMA: Json = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "properties": FIELDS,
            "x-kubernetes-validations": [
                {"rule": "!has(self.a__dash__b__dot__c__slash__d) || self.a__dash__b__dot__c__slash__d > 0"},
                {"rule": "!has(self.__namespace__) || self.__namespace__ != 'bad'", "message": "bad namespace"},
                {"rule": "!has(self.nullable) || self.nullable != 'bad'", "message": "bad nullable"},
            ],
        },
        "status": {
            "type": "object",
            "properties": {
                "count": {"type": "integer", "minimum": 0},
                "selector": TEXT,
                "choice": {"type": "string", "enum": ["a"]},
            },
            "x-kubernetes-validations": [{"rule": "!has(self.count) || self.count < 100"}],
        },
    },
    "x-kubernetes-validations": [
        {"rule": "self.metadata.name.startsWith('g')", "message": "the name starts with g"},
        {"rule": "!has(self.status) || !has(self.status.count) || !has(self.spec.int32) || self.status.count <= self.spec.int32"},
    ],
}


def definition() -> Json:
    """Return the CustomResourceDefinition of Gadgets."""
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": SCHEMA},
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.int32",
                "statusReplicasPath": ".status.count",
                "labelSelectorPath": ".status.selector",
            },
        },
        "selectableFields": [{"jsonPath": ".spec.choice"}],
        "additionalPrinterColumns": [
            {"name": "Text", "type": "string", "jsonPath": ".spec.short"},
            {"name": "Int", "type": "integer", "jsonPath": ".spec.int32"},
            {"name": "Number", "type": "number", "jsonPath": ".spec.number", "format": "double"},
            {"name": "Flag", "type": "boolean", "jsonPath": ".spec.flag", "description": "A flag."},
            {"name": "When", "type": "date", "jsonPath": ".spec.time"},
            {"name": "First", "type": "string", "jsonPath": ".spec.items[0].name", "priority": 1},
            {"name": "Size", "type": "string", "jsonPath": '.spec.items[?(@.name=="b")].size'},
            {"name": "All", "type": "string", "jsonPath": ".spec.items[*].name"},
            {"name": "Nested", "type": "string", "jsonPath": ".spec.nested"},
            {"name": "Quoted", "type": "string", "jsonPath": ".spec.labels['a']"},
            {"name": "Dotted", "type": "string", "jsonPath": ".metadata.annotations.example\\.com/a"},
            {"name": "List", "type": "string", "jsonPath": ".spec.names"},
            {"name": "Wrong", "type": "integer", "jsonPath": ".spec.short"},
        ],
    }
    names = {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList", "shortNames": ["gg"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"gadgets.{GROUP}"},
        "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def gadget(spec: Json | None = None, name: str = "gadget", **fields: Any) -> Json:
    """Return a Gadget."""
    whole = {"apiVersion": f"{GROUP}/v1", "kind": "Gadget", "metadata": {"name": name}, "spec": {} if spec is None else spec}
    return {**whole, **fields}
