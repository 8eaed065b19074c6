"""CustomResourceDefinitions that cases of the contract install, and the paths to their objects. Pure."""

import uuid

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def group():
    """Return the name of a group that nobody has."""
    return f"g{uuid.uuid4().hex[:8]}.example.com"


def structure(**properties):
    """Return the schema of an object."""
    return {"type": "object", "properties": properties}


def version(schema=None, name="v1", **more):
    """Return a version that is served and stored, unless told otherwise."""
    described = {"openAPIV3Schema": schema or structure(spec={"type": "object"})}
    return {"name": name, "served": True, "storage": True, "schema": described, **more}


def definition(of_group, *versions, **spec):
    """Return a definition of Widgets."""
    wanted = {
        "group": of_group,
        "names": {"plural": "widgets", "kind": "Widget", "singular": "widget"},
        "scope": "Namespaced",
        "versions": list(versions) or [version()],
        **spec,
    }
    name = f"{wanted['names']['plural']}.{of_group}"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": wanted,
    }


SIZE = {
    "type": "integer",
    "minimum": 1,
    "maximum": 5,
    "x-kubernetes-validations": [
        {"rule": "self != 4", "messageExpression": "self == 4 ? 'four is unlucky' : ''", "reason": "FieldValueForbidden"}
    ],
}
PARTS = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "items": {**structure(name={"type": "string"}, count={"type": "integer", "default": 1}), "required": ["name"]},
}
SPEC = {
    **structure(
        size=SIZE,
        word={"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$"},
        color={"type": "string", "enum": ["red", "blue"], "default": "red"},
        tags={"type": "array", "items": {"type": "string"}, "maxItems": 2, "x-kubernetes-list-type": "set"},
        parts=PARTS,
        port={"x-kubernetes-int-or-string": True},
        free={"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        when={"type": "string", "format": "date-time"},
        map={"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 2},
        ratio={"type": "number", "multipleOf": 0.5},
        maybe={"type": "string", "nullable": True},
        nested={**structure(on={"type": "boolean", "default": True}), "default": {}},
        replicas={"type": "integer"},
    ),
    "required": ["size"],
    "x-kubernetes-validations": [
        {"rule": "!has(self.word) || self.word != 'bad'", "message": "word is bad"},
        {"rule": "self.size >= oldSelf.size", "message": "size may not shrink"},
        {
            "rule": "!has(self.replicas) || self.replicas < 10",
            "message": "too many",
            "reason": "FieldValueForbidden",
            "fieldPath": ".replicas",
        },
    ],
}
STATUS = structure(replicas={"type": "integer"}, selector={"type": "string"}, phase={"type": "string"})


def widgets(of_group):
    """Return the definition that exercises everything: v1 is stored, v1beta1 takes any spec, v1alpha1 is not served."""
    scale = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    columns = [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        {"name": "Color", "type": "string", "jsonPath": ".spec.color", "priority": 1},
    ]
    stored = version(
        structure(spec=SPEC, status=STATUS),
        subresources={"status": {}, "scale": scale},
        additionalPrinterColumns=columns,
        selectableFields=[{"jsonPath": ".spec.color"}],
    )
    loose = version(structure(spec={"type": "object", "x-kubernetes-preserve-unknown-fields": True}), "v1beta1", storage=False)
    return definition(of_group, stored, loose, version({"type": "object"}, "v1alpha1", served=False, storage=False))


def is_established(answer):
    """Ask whether an answer shows a definition that is in force."""
    conditions = answer.body.get("status", {}).get("conditions") or []
    return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)


class Widgets:
    """The Widgets of one namespace."""

    def __init__(self, space, of_group):
        self.space = space
        self.group = of_group
        self.path = f"{of_group}/v1/widgets"

    def body(self, name="w", **spec):
        """Return a Widget."""
        return {"apiVersion": f"{self.group}/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec}

    def create(self, name="w", **spec):
        """Create a Widget, size 1 unless told otherwise, and return the answer."""
        answer = self.space.post(self.path, self.body(name, **{"size": 1, **spec}))
        assert answer.status == 201, answer
        return answer

    def dry(self, **spec):
        """Return the answer to a creation that is not stored."""
        return self.space.post(self.path, self.body(**spec), dryRun="All")
