"""Whether a node suits a pod, in the scheduler's words.

What flows in: a pod, a node, what is taken of the node. What flows out: an empty text, or why not. Pure. Mirrors kubernetes
pkg/scheduler/framework/plugins (nodeaffinity, nodename, noderesources, nodeunschedulable, tainttoleration).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from envtest.embedded.api.status import Json
from envtest.embedded.builtin import quantities
from envtest.embedded.controllers import pod_resources

Amounts = Counter[str]
"""In thousandths."""

NO_NODES = "no nodes available to schedule pods"

_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
_UNHELPFUL = "Preemption is not helpful for scheduling"
_NO_VICTIMS = "No preemption victims found for incoming pod"


def misfit(pod: Json, node: Json, used: Amounts) -> str:
    """Say why a node does not suit a pod; an empty text if it does."""
    spec = node.get("spec") or {}
    tolerations = pod["spec"].get("tolerations") or []
    cordon = {"key": _UNSCHEDULABLE, "effect": "NoSchedule"}
    if spec.get("unschedulable") and not _is_tolerated(cordon, tolerations):
        return "node(s) were unschedulable"
    taints = [taint for taint in spec.get("taints") or () if taint.get("effect") in ("NoSchedule", "NoExecute")]
    if not all(_is_tolerated(taint, tolerations) for taint in taints):
        return "node(s) had untolerated taint(s)"
    if not _matches(pod, node):
        return "node(s) didn't match Pod's node affinity/selector"
    return _shortage(pod, node, used)


def summary(reasons: Sequence[str]) -> str:
    """Say why no node suits a pod.

    Args:
        reasons: One for each node.
    """
    if not reasons:
        return NO_NODES
    counted = Counter(reasons)
    head = f"0/{len(reasons)} nodes are available:"
    said = ", ".join(sorted(f"{number} {reason}" for reason, number in counted.items()))
    short = sum(reason.startswith(("Insufficient", "Too many")) for reason in reasons)
    victims = {_NO_VICTIMS: short, _UNHELPFUL: len(reasons) - short}
    after = ", ".join(sorted(f"{number} {reason}" for reason, number in victims.items() if number))
    return f"{head} {said}. no new claims to deallocate, preemption: {head} {after}."


def requested(pod: Json) -> Amounts:
    """Return what a pod takes of its node, in thousandths."""
    amounts: Amounts = Counter({name: amount.milli_value for name, amount in pod_resources.of(pod, "requests").items()})
    amounts["pods"] = 1000
    return amounts


def _shortage(pod: Json, node: Json, used: Amounts) -> str:
    there = (node.get("status") or {}).get("allocatable") or {}
    for name, amount in requested(pod).items():
        has = quantities.parse(str(there.get(name, "0"))).value if there or name != "pods" else Fraction(1)
        if amount and used[name] + amount > has * 1000:
            return "Too many pods" if name == "pods" else f"Insufficient {name}"
    return ""


def _is_tolerated(taint: Json, tolerations: Sequence[Json]) -> bool:
    return any(_tolerates(toleration, taint) for toleration in tolerations)


def _tolerates(toleration: Json, taint: Json) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    return bool(toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", ""))


def _matches(pod: Json, node: Json) -> bool:
    labels = node["metadata"].get("labels") or {}
    if not (pod["spec"].get("nodeSelector") or {}).items() <= labels.items():
        return False
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    if affinity is None:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(_matches_term(term, labels, fields) for term in affinity.get("nodeSelectorTerms") or ())


def _matches_term(term: Json, labels: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    expressions, of_fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not of_fields:
        return False
    return all(_holds(each, labels) for each in expressions) and all(_holds(each, fields) for each in of_fields)


def _holds(expression: Json, labels: Mapping[str, str]) -> bool:
    value, values, operator = labels.get(expression["key"]), expression.get("values") or [], str(expression["operator"])
    if operator == "In":
        return bool(value in values)
    if operator == "NotIn":
        return bool(value not in values)
    if operator in ("Exists", "DoesNotExist"):
        return (value is not None) == (operator == "Exists")
    if value is None or not value.lstrip("-").isdecimal():
        return False
    number = int(values[0])
    return bool(int(value) > number if operator == "Gt" else int(value) < number)
