"""The rules of a custom resource's schema, ``x-kubernetes-validations``, and whether an object obeys them.

What flows in: a schema as JSON; objects, on an update the old one. What flows out: causes, and warnings for what an update only
left as it was. The server's thread. Mirrors apiextensions-apiserver pkg/apiserver/schema/cel/validation.go.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cel import OptionalValue

from envtest.embedded.api.status import Cause, Json
from envtest.embedded.apply import json_values
from envtest.embedded.apply.json_values import ABSENT, Value
from envtest.embedded.cel import cel, cel_values
from envtest.embedded.custom import schema_validation
from envtest.embedded.validation import field_errors

_LONGEST_MESSAGE: Final = 5120
_ERRORS: Final[Mapping[str, Callable[[str, Any, str], Cause]]] = {
    "FieldValueForbidden": lambda path, _, detail: field_errors.forbidden(path, detail),
    "FieldValueRequired": lambda path, _, detail: field_errors.required(path, detail),
    "FieldValueDuplicate": lambda path, value, _: field_errors.duplicate(path, value),
}
_PART: Final = re.compile(r"\.([^.\[\]]+)|\['((?:[^'\\]|\\.)*)'\]")


class Rule:
    """One compiled rule."""

    def __init__(self, node: Json) -> None:
        self.expression = cel.compiled(node["rule"])
        self.message = cel.compiled(node["messageExpression"]) if node.get("messageExpression") else None
        self.text = (node.get("message") or node["rule"]).strip()
        self.detail = node["message"].strip() if node.get("message") else f"failed rule: {self.text}"
        self.field = field_path(node.get("fieldPath", ""))
        self.is_optional = bool(node.get("optionalOldSelf"))
        """Whether oldSelf is an optional value, so that the rule holds at a creation, too."""
        self.is_transition = "oldSelf" in self.expression.variables
        self.error = _ERRORS.get(node.get("reason", ""), field_errors.invalid)


def field_path(text: str) -> str:
    """Return a rule's fieldPath as error messages have it."""
    parts = [name or re.sub(r"\\(.)", r"\1", quoted) for name, quoted in _PART.findall(text)]
    return ".".join(parts)


@dataclass(frozen=True)
class _Old:
    """What is known of the value before.

    Attributes:
        value: It, or ABSENT.
        is_same: Whether it, or what it is a part of, did not change.
    """

    value: Value = ABSENT
    is_same: bool = False

    def part(self, value: Value, new: Value) -> "_Old":
        """Return the same of a part: without an old value, that of the whole counts."""
        return _Old(ABSENT, self.is_same) if value is ABSENT else _Old(value, json_values.same(value, new))


@dataclass
class Verdict:
    """What rules say.

    Attributes:
        causes: What is wrong.
        warnings: What is wrong, but was so before.
    """

    causes: list[Cause] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Rules:
    """The rules of a schema and of what is below it."""

    def __init__(self, schema: Json, is_resource: bool = False) -> None:
        self._schema = schema
        self._is_resource = is_resource or bool(schema.get("x-kubernetes-embedded-resource"))
        self._rules = [Rule(node) for node in schema.get("x-kubernetes-validations", ()) if node["rule"].strip()]
        self._properties = {
            name: rules
            for name, part in schema.get("properties", {}).items()
            if cel_values.is_known(part) and not (rules := Rules(part)).is_empty
        }
        self._values = _below(schema.get("additionalProperties"))
        self._items = _below(schema.get("items"))
        self._programs = [part for rule in self._rules for part in (rule.expression, rule.message) if part]

    @property
    def is_empty(self) -> bool:
        """Whether there is no rule here or below."""
        return not (self._rules or self._properties or self._values or self._items)

    def validate(self, value: Json, old: Json | None = None) -> Verdict:
        """Return what the rules say of an object, on an update with the old one."""
        verdict = Verdict()
        before = _Old() if old is None else _Old(old, json_values.same(old, value))
        self.judge(value, before, "", verdict)
        return verdict

    def judge(self, value: Value, old: _Old, path: str, verdict: Verdict) -> None:
        """Add to *verdict* what the rules say of a part of an object."""
        if value is None:
            return
        if self._rules:
            self._evaluate(value, old, path, verdict)
        if isinstance(value, list) and self._items:
            for number, item in enumerate(value):
                was = schema_validation.old_item(self._schema, item, old.value)
                self._items.judge(item, old.part(was, item), field_errors.index(path, number), verdict)
        elif isinstance(value, dict):
            self._validate_entries(value, old, path, verdict)

    def _validate_entries(self, value: Json, old: _Old, path: str, verdict: Verdict) -> None:
        before = old.value if isinstance(old.value, dict) else {}
        for name, entry in value.items():
            rules = self._properties.get(name)
            where = field_errors.child(path, name)
            if rules is None and self._values and name not in self._schema.get("properties", {}):
                rules, where = self._values, field_errors.key(path, name)
            if rules is not None:
                rules.judge(entry, old.part(before.get(name, ABSENT), entry), where, verdict)

    def _evaluate(self, value: Value, old: _Old, path: str, verdict: Verdict) -> None:
        seen = cel_values.converted(self._schema, value, self._is_resource)
        has_old = old.value is not ABSENT and old.value is not None
        before = cel_values.converted(self._schema, old.value, self._is_resource) if has_old else None
        plain = cel.context({"self": seen, "oldSelf": before} if has_old else {"self": seen}, self._programs)
        for rule in self._rules:
            context = plain
            if rule.is_optional:
                optional = OptionalValue.of(before) if has_old else OptionalValue.none()
                context = cel.context({"self": seen, "oldSelf": optional}, self._programs)
            elif rule.is_transition and not has_old:
                continue
            self._judge(rule, value, context, (old, path, verdict))

    def _judge(self, rule: Rule, value: Value, context: Value, place: tuple[_Old, str, Verdict]) -> None:
        old, path, verdict = place
        kind = self._schema.get("type", "")
        try:
            if rule.expression.evaluate(context) is True:
                return
        except cel.EvaluationError as error:
            text = f"{error} evaluating rule: {rule.text}"
            if str(error).startswith("no such overload"):
                said = "call arguments did not match a supported operator, function or macro signature for rule"
                text = f"'{error}': {said}: {rule.text}"
            verdict.causes.append(field_errors.invalid(path, kind, text))
            return
        detail = _message(rule, context) or rule.detail
        where = field_errors.child(path, rule.field) if rule.field else path
        cause = rule.error(where, field_errors.OMITTED if kind in ("object", "array") else value, detail)
        if old.is_same and not rule.is_transition:
            verdict.warnings.append(f"{cause.field}: {cause.message}")
        else:
            verdict.causes.append(cause)


def _below(schema: Value) -> Rules | None:
    rules = Rules(schema) if isinstance(schema, dict) else None
    return rules if rules and not rules.is_empty else None


def _message(rule: Rule, context: Value) -> str:
    """Return what the message's expression says; empty if it says nothing that can be shown."""
    if rule.message is None:
        return ""
    try:
        text = rule.message.evaluate(context)
    except cel.EvaluationError:
        return ""
    text = text.strip() if isinstance(text, str) else ""
    return "" if len(text.encode()) > _LONGEST_MESSAGE or "\n" in text else text
