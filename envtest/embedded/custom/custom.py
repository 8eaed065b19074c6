"""A kind that a CustomResourceDefinition defines, in one version: what becomes of its objects, and which are refused.

What flows in: a `Resource` with the definition's version; objects. What flows out: new objects, causes, warnings; nothing is
changed. The server's thread. Mirrors apiextensions-apiserver pkg/registry/customresource (validator.go, strategy.go, etcd.go).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from envtest.embedded.api import status
from envtest.embedded.api.status import Cause, Json
from envtest.embedded.apply import json_values
from envtest.embedded.builtin.resources import Resource
from envtest.embedded.cel import cel_rules
from envtest.embedded.custom import custom_scale, embedded_objects, list_types, pruning, schema_validation
from envtest.embedded.tables import jsonpath
from envtest.embedded.validation import field_errors, finalizer_warnings

_BLOCKING: Final = frozenset({status.NOT_SUPPORTED, status.REQUIRED, status.TOO_LONG, status.TOO_MANY, status.TYPE_INVALID})
"""What is so wrong that rules cannot be evaluated."""
_UNCHECKED: Final = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
)


@dataclass(frozen=True)
class Verdict:
    """Whether an object is taken.

    Attributes:
        causes: What is wrong, in the server's order.
        warnings: What is wrong, but was so before.
    """

    causes: list[Cause] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class CustomKind:
    """What the server does with the objects of a custom kind."""

    def __init__(self, resource: Resource) -> None:
        """Compile the schema of *resource*.

        Raises:
            envtest.embedded.cel.CompileError: A rule is not CEL.
        """
        self.resource = resource
        version = resource.definition or {}
        self.schema: Json = version.get("schema", {}).get("openAPIV3Schema", {})
        subresources = version.get("subresources", {})
        self.has_status = "status" in subresources
        self._scaling = custom_scale.Scaling(subresources["scale"]) if subresources.get("scale") else None
        self._rules = cel_rules.Rules(self.schema, is_resource=True)
        self._selectable = {
            each["jsonPath"].removeprefix("."): jsonpath.compiled(each["jsonPath"])
            for each in version.get("selectableFields", ())
        }

    def prune(self, value: Json) -> tuple[Json, list[str]]:
        """Return *value* without unknown fields and useless nulls, and the paths of the unknown fields.

        Raises:
            StatusError: Metadata of an object inside has a field of the wrong type.
        """
        pruned, unknown = pruning.prune(self.schema, value)
        metadata = {"metadata": pruned["metadata"]} if "metadata" in pruned else {}
        try:
            dropped, below = embedded_objects.without_unknown_metadata(self.schema, pruning.drop_nulls(self.schema, pruned))
        except embedded_objects.WrongMetadataError as error:
            kind = self.resource.kind
            text = f'{kind} in version "{self.resource.version}" cannot be handled as a {kind}: {error}'
            raise status.bad_request(text) from error
        return {**dropped, **metadata}, [*unknown, *below]

    def default(self, value: Json) -> Json:
        """Return *value* with defaults."""
        defaulted: Json = pruning.default(self.schema, value)
        return defaulted

    def validate(self, value: Json, old: Json | None = None, subresource: str = "", before: Sequence[Cause] = ()) -> Verdict:
        """Say what is wrong with *value*.

        Args:
            value: What is to be stored.
            old: On an update, what is stored.
            subresource: Empty or ``status``.
            before: What the caller found about metadata.
        """
        wrong = self._wrong_kind(value)
        if wrong:
            return Verdict(wrong)
        causes = [*before, *self._schema_causes(value, old, subresource)]
        if self._scaling:
            causes += self._scaling.causes(value, with_spec=subresource != "status")
        if subresource != "status":
            causes += embedded_objects.validate(self.schema, value)
        if old is None or not list_types.validate(self.schema, old):
            causes += list_types.validate(self.schema, value)
        warnings = [] if subresource == "status" else finalizer_warnings.of_new(value, old)
        if self._rules.is_empty:
            return Verdict(causes, warnings)
        if any(cause.type in _BLOCKING for cause in causes):
            return Verdict([*causes, field_errors.invalid("", None, _UNCHECKED)])
        verdict = self._rules.validate(value, old)
        return Verdict(causes + verdict.causes, verdict.warnings + warnings)

    def _wrong_kind(self, value: Json) -> list[Cause]:
        wanted = {"kind": self.resource.kind, "apiVersion": self.resource.api_version}
        return [
            field_errors.invalid(name, value.get(name, ""), f"must be {right}")
            for name, right in wanted.items()
            if value.get(name) != right
        ]

    def _schema_causes(self, value: Json, old: Json | None, subresource: str) -> list[Cause]:
        if subresource != "status":
            return schema_validation.validate(self.schema, value, json_values.ABSENT if old is None else old)
        part = self.schema.get("properties", {}).get("status")
        if part is None or "status" not in value:
            return []
        was = (old or {}).get("status", json_values.ABSENT)
        found = schema_validation.validate(part, value["status"], was)
        return [_below_status(cause) for cause in found]

    def scale(self, value: Json) -> Json:
        """Return the autoscaling/v1 Scale of an object.

        Raises:
            StatusError: The kind has none, or the object says no number of replicas.
        """
        return self._scaling_or_raise().read(value)

    def with_scale(self, value: Json, scale: Json) -> Json:
        """Return an object with the replicas of a Scale.

        Raises:
            StatusError: The kind has none.
        """
        return self._scaling_or_raise().write(value, scale)

    def _scaling_or_raise(self) -> custom_scale.Scaling:
        if self._scaling is None:
            raise status.kind_not_found()
        return self._scaling

    def selectable(self, value: Json) -> dict[str, str]:
        """Return the fields of an object that field selectors can ask for, besides name and namespace."""
        found = {name: path.find(value) for name, path in self._selectable.items()}
        return {name: jsonpath.printed(values[0]) if values and values[0] is not None else "" for name, values in found.items()}


def _below_status(cause: Cause) -> Cause:
    where = "status" if cause.field == field_errors.NO_FIELD else f"status.{cause.field}"
    return Cause(cause.type, where, cause.message)
