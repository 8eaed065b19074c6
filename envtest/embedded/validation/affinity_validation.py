"""What is wrong with where a pod wants to run.

What flows in: parts of a pod's spec that have been read. What flows out: causes, in the server's order. Pure. Mirrors
validateAffinity, ValidateTolerations and validateTopologySpreadConstraints of kubernetes pkg/apis/core/validation.
"""

from typing import Final

from envtest.embedded.api import names
from envtest.embedded.validation import checks, field_errors
from envtest.embedded.validation.checks import Causes, Json, child

_REQUIRED, _PREFERRED = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_ACTIONS: Final = ("DoNotSchedule", "ScheduleAnyway")
_INCLUSIONS: Final = ("Honor", "Ignore")
_OPERATORS: Final = ("Equal", "Exists")
_HEAVIEST: Final = 100


def affinity(given: Json, path: str) -> Causes:
    """Check a pod's affinities."""
    if "nodeAffinity" in given:
        yield from _node(given["nodeAffinity"], child(path, "nodeAffinity"))
    for name in ("podAffinity", "podAntiAffinity"):
        own = given.get(name, {})
        for number, term in enumerate(own.get(_REQUIRED, ())):
            yield from _pod_term(term, child(path, name, _REQUIRED, number))
        for number, term in enumerate(own.get(_PREFERRED, ())):
            at = child(path, name, _PREFERRED, number)
            yield from _weight(term, at)
            yield from _pod_term(term["podAffinityTerm"], child(at, "podAffinityTerm"))


def _node(given: Json, path: str) -> Causes:
    if _REQUIRED in given:
        yield from node_selector(given[_REQUIRED], child(path, _REQUIRED))
    for number, term in enumerate(given.get(_PREFERRED, ())):
        at = child(path, _PREFERRED, number)
        yield from _weight(term, at)
        yield from _node_term(term["preference"], child(at, "preference"), checks_values=False)


def node_selector(given: Json, path: str) -> Causes:
    """Check a selector of nodes."""
    at = child(path, "nodeSelectorTerms")
    if not given["nodeSelectorTerms"]:
        yield field_errors.required(at, "must have at least one node selector term")
    for number, term in enumerate(given["nodeSelectorTerms"] or ()):
        yield from _node_term(term, child(at, number), checks_values=True)


def _weight(term: Json, path: str) -> Causes:
    if not 0 < term["weight"] <= _HEAVIEST:
        yield field_errors.invalid(child(path, "weight"), term["weight"], f"must be in the range 1-{_HEAVIEST}")


def _node_term(term: Json, path: str, checks_values: bool) -> Causes:
    for number, requirement in enumerate(term.get("matchExpressions", ())):
        at = child(path, "matchExpressions", number)
        yield from _node_requirement(requirement, at)
        yield from checks.label_key(child(at, "key"), requirement["key"])
        for index, value in enumerate(requirement.get("values", ()) if checks_values else ()):
            yield from checks.texts(child(at, "values", index), value, names.label_value(value))
    for number, requirement in enumerate(term.get("matchFields", ())):
        at = child(path, "matchFields", number)
        if requirement["operator"] not in ("In", "NotIn"):
            yield field_errors.invalid(child(at, "operator"), requirement["operator"], "not a valid selector operator")
        elif len(requirement.get("values", ())) != 1:
            text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
            yield field_errors.required(child(at, "values"), text)
        if requirement["key"] != "metadata.name":
            yield field_errors.invalid(child(at, "key"), requirement["key"], "not a valid field selector key")


def _node_requirement(requirement: Json, path: str) -> Causes:
    operator, values = requirement["operator"], requirement.get("values", ())
    if operator in ("In", "NotIn"):
        if not values:
            yield field_errors.required(child(path, "values"), "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield field_errors.forbidden(child(path, "values"), text)
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            text = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            yield field_errors.required(child(path, "values"), text)
    else:
        yield field_errors.invalid(child(path, "operator"), operator, "not a valid selector operator")


def _pod_term(term: Json, path: str) -> Causes:
    yield from checks.label_selector(child(path, "labelSelector"), term.get("labelSelector"))
    yield from checks.label_selector(child(path, "namespaceSelector"), term.get("namespaceSelector"))
    for name in term.get("namespaces", ()):
        yield from checks.texts(child(path, "namespace"), name, names.dns_label(name))
    if not term["topologyKey"]:
        yield field_errors.required(child(path, "topologyKey"), "can not be empty")
    yield from checks.label_key(child(path, "topologyKey"), term["topologyKey"])


def tolerations(given: list[Json], path: str) -> Causes:
    """Check a pod's tolerations."""
    for number, toleration in enumerate(given):
        yield from _toleration(toleration, child(path, number))


def _toleration(toleration: Json, path: str) -> Causes:
    key, operator = toleration.get("key", ""), toleration.get("operator", "")
    effect, value = toleration.get("effect", ""), toleration.get("value", "")
    if key:
        yield from checks.label_key(child(path, "key"), key)
    elif operator != "Exists":
        text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield field_errors.invalid(child(path, "operator"), operator, text)
    if "tolerationSeconds" in toleration and effect != "NoExecute":
        text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield field_errors.invalid(child(path, "effect"), effect, text)
    if operator in ("", "Equal"):
        if wrong := names.label_value(value):
            yield field_errors.invalid(child(path, "operator"), value, ";".join(wrong))
    elif operator == "Exists":
        if value:
            yield field_errors.invalid(child(path, "operator"), value, "value must be empty when `operator` is 'Exists'")
    else:
        yield field_errors.not_supported(child(path, "operator"), operator, _OPERATORS)
    if effect:
        yield from checks.supported(child(path, "effect"), effect, _EFFECTS)


def taints(given: list[Json], path: str) -> Causes:
    """Check a node's taints."""
    for number, taint in enumerate(given):
        at = child(path, number)
        yield from checks.label_key(child(at, "key"), taint["key"])
        if wrong := names.label_value(taint.get("value", "")):
            yield field_errors.invalid(child(at, "value"), taint["value"], ";".join(wrong))
        yield from checks.one_of(child(at, "effect"), taint["effect"], _EFFECTS)


def spread(given: list[Json], path: str) -> Causes:
    """Check how a pod wants to be spread."""
    for number, constraint in enumerate(given):
        yield from _spread(constraint, given[number + 1 :], child(path, number))


def _spread(constraint: Json, others: list[Json], path: str) -> Causes:
    key, action = constraint["topologyKey"], constraint["whenUnsatisfiable"]
    yield from checks.positive(child(path, "maxSkew"), constraint["maxSkew"])
    if not key:
        yield field_errors.required(child(path, "topologyKey"), "can not be empty")
    yield from checks.supported(child(path, "whenUnsatisfiable"), action, _ACTIONS)
    if any((other["topologyKey"], other["whenUnsatisfiable"]) == (key, action) for other in others):
        yield field_errors.duplicate(child(path, "{topologyKey, whenUnsatisfiable}"), f"{{{key}, {action}}}")
    if (least := constraint.get("minDomains")) is not None:
        yield from checks.positive(child(path, "minDomains"), least)
        if action != "DoNotSchedule":
            text = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
            yield field_errors.invalid(child(path, "minDomains"), least, text)
    for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        if name in constraint:
            yield from checks.supported(child(path, name), constraint[name], _INCLUSIONS)
    yield from checks.label_selector(child(path, "labelSelector"), constraint.get("labelSelector"))
