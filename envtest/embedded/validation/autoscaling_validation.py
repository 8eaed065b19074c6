"""What is wrong with autoscalers and disruption budgets.

What flows in: objects that have been read. What flows out: causes, in the server's order. Pure. Mirrors kubernetes
pkg/apis/autoscaling/validation and pkg/apis/policy/validation.
"""

from collections.abc import Callable, Mapping
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.validation import checks, field_errors, resource_validation, workload_validation
from envtest.embedded.validation.checks import Causes, Json, child

_SELECT_POLICIES: Final = ("Disabled", "Max", "Min")
_POLICY_TYPES: Final = ("Percent", "Pods")
_METRICS: Final = ("ContainerResource", "External", "Object", "Pods", "Resource")
_TARGETS: Final = ("Utilization", "Value", "AverageValue")
_FIELDS: Final = {
    "Object": "object", "External": "external", "Pods": "pods", "Resource": "resource", "ContainerResource": "containerResource",
}  # fmt: skip
_EVICTION: Final = ("AlwaysAllow", "IfHealthyBudget")
_LONGEST_PERIOD: Final = 1800
_LONGEST_WINDOW: Final = 3600


def autoscaler(obj: Json) -> Causes:
    """Check a HorizontalPodAutoscaler."""
    spec = obj["spec"]
    least, most = spec["minReplicas"], spec["maxReplicas"]
    if least < 1:
        yield field_errors.invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most == 0:
        yield field_errors.required("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        yield field_errors.invalid("spec.maxReplicas", most, "must be greater than or equal to 1")
    if most < least:
        yield field_errors.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    yield from _reference(spec["scaleTargetRef"], "spec.scaleTargetRef", needs_group=True)
    for number, metric in enumerate(spec["metrics"]):
        yield from _metric(metric, child("spec.metrics", number))
    if least == 0 and not {metric["type"] for metric in spec["metrics"]} & {"Object", "External"}:
        text = "must specify at least one Object or External metric to support scaling to zero replicas"
        yield field_errors.forbidden("spec.metrics", text)
    for name in ("scaleUp", "scaleDown"):
        if name in spec.get("behavior", {}):
            yield from _rules(spec["behavior"][name], child("spec.behavior", name))


def changed_autoscaler(obj: Json, _: Json) -> Causes:
    """Check a HorizontalPodAutoscaler that replaces another."""
    return autoscaler(obj)


def budget(obj: Json) -> Causes:
    """Check a PodDisruptionBudget."""
    spec = obj["spec"]
    if "minAvailable" in spec and "maxUnavailable" in spec:
        shown = {
            "MinAvailable": spec["minAvailable"],
            "Selector": spec.get("selector"),
            "MaxUnavailable": spec["maxUnavailable"],
            "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy"),
        }
        text = "minAvailable and maxUnavailable cannot be both set"
        yield field_errors.invalid("spec", field_errors.Printed(field_errors.compact(shown, sort=False)), text)
    for name in ("minAvailable", "maxUnavailable"):
        if name in spec:
            yield from workload_validation.positive_or_percent(child("spec", name), spec[name])
            yield from workload_validation.at_most_all(child("spec", name), spec[name])
    yield from checks.label_selector("spec.selector", spec.get("selector"))
    if "unhealthyPodEvictionPolicy" in spec:
        yield from checks.supported("spec.unhealthyPodEvictionPolicy", spec["unhealthyPodEvictionPolicy"], _EVICTION)


def changed_budget(obj: Json, _: Json) -> Causes:
    """Check a PodDisruptionBudget that replaces another."""
    return budget(obj)


def _reference(reference: Json, path: str, needs_group: bool) -> Causes:
    yield from checks.named(child(path, "kind"), reference["kind"], names.path_segment)
    yield from checks.named(child(path, "name"), reference["name"], names.path_segment)
    version = reference.get("apiVersion", "")
    if version.count("/") > 1:
        yield field_errors.invalid(child(path, "apiVersion"), version, f"unexpected GroupVersion string: {version}")
    elif needs_group and not version.rpartition("/")[0]:
        yield field_errors.invalid(child(path, "apiVersion"), version, "apiVersion must specify API group")


def _metric(metric: Json, path: str) -> Causes:
    kind, at = metric["type"], child(path, "type")
    if not kind:
        yield field_errors.required(at, "must specify a metric source type")
    if kind not in _METRICS:
        yield field_errors.not_supported(at, kind, _METRICS)
    present = [name for name in _FIELDS.values() if name in metric]
    for name in present[:1]:
        yield from _SOURCES[name](metric[name], child(path, name))
    expected = _FIELDS.get(kind, "")
    if expected and expected not in metric:
        yield field_errors.required(child(path, expected), "must populate information for the given metric source")
    if not expected:
        yield field_errors.not_supported(at, kind, _METRICS)
    if len(present) != 1:
        for name in present:
            if name != expected:
                yield field_errors.forbidden(child(path, name), "must populate the given metric source only")


def _object(source: Json, path: str) -> Causes:
    yield from _reference(source["describedObject"], child(path, "describedObject"), needs_group=False)
    yield from _identifier_and_target(source, path)
    if not source["target"].keys() & {"value", "averageValue"}:
        yield field_errors.required(child(path, "target", "averageValue"), "must set either a target value or averageValue")


def _external(source: Json, path: str) -> Causes:
    yield from _identifier_and_target(source, path)
    given = source["target"].keys() & {"value", "averageValue"}
    if not given:
        text = "must set either a target value for metric or a per-pod target"
        yield field_errors.required(child(path, "target", "averageValue"), text)
    if len(given) > 1:
        text = "may not set both a target value for metric and a per-pod target"
        yield field_errors.forbidden(child(path, "target", "value"), text)


def _pods(source: Json, path: str) -> Causes:
    yield from _identifier_and_target(source, path)
    if "averageValue" not in source["target"]:
        yield field_errors.required(child(path, "target", "averageValue"), "must specify a positive target averageValue")


def _identifier_and_target(source: Json, path: str) -> Causes:
    at, name = child(path, "metric", "name"), source["metric"]["name"]
    if name:
        yield from checks.texts(at, name, names.path_segment(name))
    else:
        yield field_errors.required(at, "must specify a metric name")
    yield from _target(source["target"], child(path, "target"))


def _resource(source: Json, path: str) -> Causes:
    if not source["name"]:
        yield field_errors.required(child(path, "name"), "must specify a resource name")
    yield from _utilization(source["target"], child(path, "target"))


def _container_resource(source: Json, path: str) -> Causes:
    if source["name"]:
        yield from resource_validation.container_name(child(path, "name"), source["name"])
    else:
        yield field_errors.required(child(path, "name"), "must specify a resource name")
    if source["container"]:
        yield from checks.texts(child(path, "container"), source["container"], names.dns_label(source["container"]))
    else:
        yield field_errors.required(child(path, "container"), "must specify a container")
    yield from _utilization(source["target"], child(path, "target"))


def _utilization(target: Json, path: str) -> Causes:
    yield from _target(target, path)
    given = target.keys() & {"averageUtilization", "averageValue"}
    if not given:
        text = "must set either a target raw value or a target utilization"
        yield field_errors.required(child(path, "averageUtilization"), text)
    if len(given) > 1:
        text = "may not set both a target raw value and a target utilization"
        yield field_errors.forbidden(child(path, "averageValue"), text)


def _target(target: Json, path: str) -> Causes:
    at, kind = child(path, "type"), target["type"]
    if not kind:
        yield field_errors.required(at, "must specify a metric target type")
    if kind not in _TARGETS:
        yield field_errors.invalid(at, kind, "must be either Utilization, Value, or AverageValue")
    for name in ("value", "averageValue"):
        if name in target and checks.amount(target[name]).value <= 0:
            yield field_errors.invalid(child(path, name), target[name], "must be positive")
    if (utilization := target.get("averageUtilization", 1)) < 1:
        yield field_errors.invalid(child(path, "averageUtilization"), utilization, "must be greater than 0")


def _rules(rules: Json, path: str) -> Causes:
    at, seconds = child(path, "stabilizationWindowSeconds"), rules.get("stabilizationWindowSeconds", 0)
    if seconds < 0:
        yield field_errors.invalid(at, seconds, "must be greater than or equal to zero")
    if seconds > _LONGEST_WINDOW:
        yield field_errors.invalid(at, seconds, f"must be less than or equal to {_LONGEST_WINDOW}")
    yield from checks.supported(child(path, "selectPolicy"), rules["selectPolicy"], _SELECT_POLICIES)
    if not rules["policies"]:
        yield field_errors.required(child(path, "policies"), "must specify at least one Policy")
    for number, policy in enumerate(rules["policies"]):
        at = child(path, "policies", number)
        yield from checks.supported(child(at, "type"), policy["type"], _POLICY_TYPES)
        yield from checks.positive(child(at, "value"), policy["value"])
        yield from checks.positive(child(at, "periodSeconds"), policy["periodSeconds"])
        if policy["periodSeconds"] > _LONGEST_PERIOD:
            text = f"must be less than or equal to {_LONGEST_PERIOD}"
            yield field_errors.invalid(child(at, "periodSeconds"), policy["periodSeconds"], text)
    if "tolerance" in rules:
        yield from checks.not_negative_amount(child(path, "tolerance"), rules["tolerance"])


_SOURCES: Final[Mapping[str, Callable[[Json, str], Causes]]] = {
    "object": _object,
    "external": _external,
    "pods": _pods,
    "resource": _resource,
    "containerResource": _container_resource,
}
