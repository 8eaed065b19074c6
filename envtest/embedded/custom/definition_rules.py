"""Whether the rules of a custom kind's schema can be evaluated at all.

What flows in: a schema as JSON and its path. What flows out: causes. Pure. Mirrors apiextensions-apiserver
pkg/apis/apiextensions/validation/validation.go (the rules' part). Deviation: what a rule may cost is not estimated.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from envtest.embedded.api.status import Cause, Json
from envtest.embedded.cel import cel, cel_checks
from envtest.embedded.custom import definition_schemas, field_paths, schema_printing
from envtest.embedded.validation import field_errors

_NEWLINE: Final = re.compile(r"[\n\r]")
_REASONS: Final = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")


@dataclass(frozen=True)
class _Place:
    """Where a schema stands.

    Attributes:
        path: Its path.
        fixed: The path of the list around it whose items cannot be told apart; empty if there is none.
        is_resource: Whether it is an object with a kind.
    """

    path: str
    fixed: str = ""
    is_resource: bool = False


def validate(schema: Json, path: str) -> list[Cause]:
    """Return what is wrong with the rules in *schema*, by their words."""
    causes = [
        cause
        for number, rule in enumerate(schema.get("x-kubernetes-validations", []))
        for cause in _words(schema, rule, f"{path}.x-kubernetes-validations[{number}]")
    ]
    for part, where in definition_schemas.children(schema, path):
        causes += validate(part, where)
    return causes


def compile_all(schema: Json, path: str) -> list[Cause]:
    """Return why rules in *schema*, which is fine otherwise, are no expressions."""
    return _compile(schema, _Place(path, is_resource=True))


def _words(schema: Json, rule: Json, path: str) -> list[Cause]:
    text, message, expression = rule.get("rule", ""), rule.get("message", ""), rule.get("messageExpression", "")
    causes: list[Cause] = []
    if not text.strip():
        causes.append(field_errors.required(f"{path}.rule", "rule is not specified"))
    elif message and not message.strip():
        causes.append(field_errors.invalid(f"{path}.message", message, "must be non-empty if specified"))
    elif _NEWLINE.search(message.strip()):
        causes.append(field_errors.invalid(f"{path}.message", message, "must not contain line breaks"))
    elif _NEWLINE.search(text.strip()) and not message:
        causes.append(field_errors.required(f"{path}.message", "message must be specified if rule contains line breaks"))
    if expression and not expression.strip():
        words = "messageExpression must be non-empty if specified"
        causes.append(field_errors.required(f"{path}.messageExpression", words))
    if rule.get("reason") and rule["reason"] not in _REASONS:
        causes.append(field_errors.not_supported(f"{path}.reason", rule["reason"], _REASONS))
    return causes + _field_path(schema, rule.get("fieldPath", ""), f"{path}.fieldPath")


def _field_path(schema: Json, text: str, path: str) -> list[Cause]:
    causes = []
    if text and not text.strip():
        causes.append(field_errors.invalid(path, text, "must be non-empty if specified"))
    if _NEWLINE.search(text):
        causes.append(field_errors.invalid(path, text, "must not contain line breaks"))
    if text:
        try:
            field_paths.resolve(schema, text)
        except field_paths.BadPathError:
            causes.append(field_errors.invalid(path, text, "must be a valid path"))
    return causes


def _compile(schema: Json, place: _Place) -> list[Cause]:
    causes = [
        cause
        for number, rule in enumerate(schema.get("x-kubernetes-validations", []))
        for cause in _compile_rule(schema, rule, replace(place, path=f"{place.path}.x-kubernetes-validations[{number}]"), place)
    ]
    fixed = place.fixed
    if schema.get("type") == "array" and schema.get("x-kubernetes-list-type") != "map":
        fixed = fixed or place.path
    for part, where in definition_schemas.children(schema, place.path):
        is_resource = bool(part.get("x-kubernetes-embedded-resource"))
        causes += _compile(part, _Place(where, fixed, is_resource))
    return causes


def _compile_rule(schema: Json, rule: Json, place: _Place, node: _Place) -> list[Cause]:
    causes = []
    scope = cel_checks.Scope(schema, node.is_resource, bool(rule.get("optionalOldSelf")))
    shown = schema_printing.rule(rule)
    if problem := cel_checks.problem(rule["rule"], scope, "bool"):
        causes.append(field_errors.invalid(f"{place.path}.rule", shown, problem))
    expression = rule.get("messageExpression")
    if expression and (problem := cel_checks.problem(expression, scope, "string")):
        causes.append(field_errors.invalid(f"{place.path}.messageExpression", shown, f"messageExpression {problem}"))
    if _uses_old(rule["rule"]):
        if place.fixed:
            words = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {place.fixed}"
            causes.append(field_errors.invalid(f"{place.path}.rule", rule["rule"], words))
    elif "optionalOldSelf" in rule:
        words = "may not be set if oldSelf is not used in rule"
        causes.append(field_errors.invalid(f"{place.path}.optionalOldSelf", rule["optionalOldSelf"], words))
    return causes


def _uses_old(text: str) -> bool:
    try:
        return "oldSelf" in cel.compiled(text).variables
    except cel.CompileError:
        return False
