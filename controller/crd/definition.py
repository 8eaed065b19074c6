"""What an operator's author says about a custom resource, besides its fields.

What flows in: kinds, names, rules and columns as plain frozen values. What flows out: a `CustomResource`, from which the manifest
of a CustomResourceDefinition is rendered. Pure values, read by any thread. Mirrors k8s.io/apiextensions-apiserver
pkg/apis/apiextensions/v1/types.go and controller-tools' markers; deviation: values in Python instead of comments.
"""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from informers import objects


@dataclass(frozen=True)
class Rule:
    """One CEL rule: the API server refuses an object for which *rule* is false."""

    rule: str
    """The expression; `self` is the value that the rule stands on, `oldSelf` the value before an update."""
    message: str
    """What is wrong and what would be right; the value itself is added by no one."""
    field_path: str = ""
    """The field that the error names, relative to where the rule stands, such as ".maxReplicas"; "" names that place itself."""
    reason: Literal["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"] = "FieldValueInvalid"


@dataclass(frozen=True)
class PrinterColumn:
    """One column of `kubectl get`."""

    name: str
    json_path: str
    type: Literal["string", "integer", "number", "boolean", "date"]
    priority: int = 0
    """0 is always shown; above 0 only with `-o wide`."""
    format: str = ""
    description: str = ""


@dataclass(frozen=True)
class Scale:
    """Where the scale subresource finds its numbers; paths such as ".spec.replicas"."""

    spec_path: str
    status_path: str
    selector_path: str = ""


@dataclass(frozen=True)
class CustomResource:
    """A kind that an operator brings along: the one source of its CustomResourceDefinition."""

    gvk: objects.GroupVersionKind
    plural: str
    spec: type[msgspec.Struct]
    status: type[msgspec.Struct]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    scale: Scale | None = None
    printer_columns: tuple[PrinterColumn, ...] = ()
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"
    description: str = ""
    rules: tuple[Rule, ...] = ()
    """Rules on the whole object; of the metadata they can read only `self.metadata.name` and `self.metadata.generateName`."""
    name: Any = None
    """The type of metadata.name, an annotated str; None leaves the bound to the server (253 characters)."""

    @property
    def name_of_definition(self) -> str:
        """The name of the CustomResourceDefinition object."""
        return f"{self.plural}.{self.gvk.group}"
