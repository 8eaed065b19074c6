"""What is wrong with what makes pods: Deployments, ReplicaSets, StatefulSets, DaemonSets.

What flows in: objects that have been read. What flows out: causes, in the server's order. Pure. Mirrors kubernetes
pkg/apis/apps/validation.
"""

from typing import Final

from envtest.embedded.api import names
from envtest.embedded.validation import checks, field_errors, metadata_validation, pod_validation, storage_validation
from envtest.embedded.validation.checks import Causes, Json, child

_TEMPLATE: Final = "spec.template"
_LABELS: Final = "spec.template.metadata.labels"
_SELECTOR: Final = "spec.selector"
_NO_MATCH: Final = "`selector` does not match template `labels`"
_DEPLOYMENT_TYPES: Final = ("Recreate", "RollingUpdate")
_SET_TYPES: Final = ("RollingUpdate", "OnDelete")
_RETENTIONS: Final = ("Retain", "Delete")
_FREE_OF_STATEFUL_SET: Final = frozenset(
    {
        "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
)  # fmt: skip
_FIXED_OF_STATEFUL_SET: Final = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy',"
    " 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def deployment(obj: Json) -> Causes:
    """Check a Deployment."""
    spec = obj["spec"]
    yield from checks.not_negative("spec.replicas", spec["replicas"])
    yield from _strict_selector(spec["selector"], "deployment")
    yield from _always_template(spec["template"], spec["selector"], "ReplicaSet")
    yield from _deployment_strategy(spec["strategy"])
    yield from checks.fields_not_negative("spec", spec, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    if spec["progressDeadlineSeconds"] <= spec.get("minReadySeconds", 0):
        path, seconds = "spec.progressDeadlineSeconds", spec["progressDeadlineSeconds"]
        yield field_errors.invalid(path, seconds, "must be greater than minReadySeconds")


def changed_deployment(obj: Json, old: Json) -> Causes:
    """Check a Deployment that replaces another."""
    yield from deployment(obj)
    yield from checks.immutable_selector(_SELECTOR, obj["spec"]["selector"], old["spec"]["selector"])


def replica_set(obj: Json) -> Causes:
    """Check a ReplicaSet."""
    spec = obj["spec"]
    yield from checks.fields_not_negative("spec", spec, "replicas", "minReadySeconds")
    yield from _strict_selector(spec["selector"], "deployment")
    yield from _always_template(spec["template"], spec["selector"], "ReplicaSet")


def changed_replica_set(obj: Json, old: Json) -> Causes:
    """Check a ReplicaSet that replaces another."""
    yield from replica_set(obj)
    yield from checks.immutable_selector(_SELECTOR, obj["spec"]["selector"], old["spec"]["selector"])


def stateful_set(obj: Json) -> Causes:
    """Check a new StatefulSet."""
    return _stateful_set(obj["spec"], is_new=True)


def changed_stateful_set(obj: Json, old: Json) -> Causes:
    """Check a StatefulSet that replaces another."""
    yield from _stateful_set(obj["spec"], is_new=False)
    before = {name: value for name, value in old["spec"].items() if name not in _FREE_OF_STATEFUL_SET}
    if before != {name: value for name, value in obj["spec"].items() if name not in _FREE_OF_STATEFUL_SET}:
        yield field_errors.forbidden("spec", _FIXED_OF_STATEFUL_SET)


def daemon_set(obj: Json) -> Causes:
    """Check a DaemonSet."""
    spec = obj["spec"]
    yield from checks.label_selector(_SELECTOR, spec["selector"])
    yield from _no_match(spec["template"], spec["selector"])
    if spec["selector"] is not None and checks.is_empty(spec["selector"]):
        yield field_errors.invalid(_SELECTOR, checks.shown_selector(spec["selector"]), "empty selector is invalid for daemonset")
    yield from pod_validation.template(spec["template"], _TEMPLATE)
    yield from _only_always(spec["template"], "DaemonSet")
    yield from checks.fields_not_negative("spec", spec, "minReadySeconds")
    yield from _daemon_set_strategy(spec["updateStrategy"])
    yield from checks.fields_not_negative("spec", spec, "revisionHistoryLimit")


def changed_daemon_set(obj: Json, old: Json) -> Causes:
    """Check a DaemonSet that replaces another."""
    yield from checks.immutable_selector(_SELECTOR, obj["spec"]["selector"], old["spec"]["selector"])
    yield from daemon_set(obj)


def revision(obj: Json) -> Causes:
    """Check a new ControllerRevision."""
    yield from checks.not_negative("revision", obj["revision"])
    if obj.get("data") is None:
        yield field_errors.required("data", "data is mandatory")
    elif not isinstance(obj["data"], dict):
        yield field_errors.required("data", "data must be a valid JSON object")


def changed_revision(obj: Json, old: Json) -> Causes:
    """Check a ControllerRevision that replaces another."""
    yield from metadata_validation.new(obj["metadata"], names.dns_subdomain)
    yield from checks.not_negative("revision", obj["revision"])
    yield from checks.immutable("data", obj["data"], old["data"])


def positive_or_percent(path: str, value: int | str) -> Causes:
    """Check a number or a percentage."""
    if isinstance(value, str):
        yield from checks.texts(path, value, checks.percent(value))
    else:
        yield from checks.not_negative(path, value)


def at_most_all(path: str, value: int | str) -> Causes:
    """Check that a percentage is at most 100."""
    if isinstance(value, str) and not checks.percent(value) and int(value[:-1]) > 100:
        yield field_errors.invalid(path, value, "must not be greater than 100%")


def _number(value: int | str) -> int:
    if isinstance(value, str):
        return int(value[:-1]) if not checks.percent(value) else 0
    return value


def _strict_selector(selector: Json | None, kind: str) -> Causes:
    if selector is None:
        yield field_errors.required(_SELECTOR)
        return
    wrong = list(checks.label_selector(_SELECTOR, selector))
    yield from wrong
    if checks.is_empty(selector):
        yield field_errors.invalid(_SELECTOR, checks.shown_selector(selector), f"empty selector is invalid for {kind}")
    if wrong:
        text = "" if kind == "statefulset" else "invalid label selector"
        yield field_errors.invalid(_SELECTOR, checks.shown_selector(selector), text)


def _no_match(template: Json, selector: Json | None) -> Causes:
    """Say that a selector does not match the template that it should; one that makes no sense is not asked."""
    if selector is not None and list(checks.label_selector("", selector)):
        return
    labels = template["metadata"].get("labels")
    if selector is None or not checks.matches(selector, labels or {}):
        yield field_errors.invalid(_LABELS, labels, _NO_MATCH)


def _always_template(template: Json, selector: Json | None, kind: str) -> Causes:
    if selector is not None and list(checks.label_selector("", selector)):
        return
    yield from _no_match(template, selector)
    yield from pod_validation.template(template, _TEMPLATE)
    yield from _only_always(template, kind)


def _only_always(template: Json, kind: str) -> Causes:
    if template["spec"]["restartPolicy"] != "Always":
        path = child(_TEMPLATE, "spec", "restartPolicy")
        yield field_errors.not_supported(path, template["spec"]["restartPolicy"], ["Always"])
    if "activeDeadlineSeconds" in template["spec"]:
        text = f"activeDeadlineSeconds in {kind} is not Supported"
        yield field_errors.forbidden(child(_TEMPLATE, "spec", "activeDeadlineSeconds"), text)


def _deployment_strategy(strategy: Json) -> Causes:
    path, kind = "spec.strategy", strategy["type"]
    if kind not in _DEPLOYMENT_TYPES:
        shown = field_errors.compact({"Type": kind, "RollingUpdate": _go_rolling(strategy)}, sort=False)
        yield field_errors.not_supported(path, field_errors.Printed(shown), _DEPLOYMENT_TYPES)
    elif kind == "Recreate":
        if "rollingUpdate" in strategy:
            text = "may not be specified when strategy `type` is 'Recreate'"
            yield field_errors.forbidden(child(path, "rollingUpdate"), text)
    else:
        update, at = strategy["rollingUpdate"], child(path, "rollingUpdate")
        yield from positive_or_percent(child(at, "maxUnavailable"), update["maxUnavailable"])
        yield from positive_or_percent(child(at, "maxSurge"), update["maxSurge"])
        if _number(update["maxUnavailable"]) == _number(update["maxSurge"]) == 0:
            text = "may not be 0 when `maxSurge` is 0"
            yield field_errors.invalid(child(at, "maxUnavailable"), update["maxUnavailable"], text)
        yield from at_most_all(child(at, "maxUnavailable"), update["maxUnavailable"])


def _go_rolling(strategy: Json) -> Json | None:
    """Return what an update's pace looks like in a message of the server about its whole strategy."""
    update = strategy.get("rollingUpdate")
    return None if update is None else {"MaxUnavailable": update.get("maxUnavailable", 0), "MaxSurge": update.get("maxSurge", 0)}


def _daemon_set_strategy(strategy: Json) -> Causes:
    path = "spec.updateStrategy"
    if strategy["type"] == "OnDelete":
        return
    if strategy["type"] != "RollingUpdate":
        shown = field_errors.compact({"Type": strategy["type"], "RollingUpdate": _go_rolling(strategy)}, sort=False)
        yield field_errors.not_supported(path, field_errors.Printed(shown), _SET_TYPES)
        return
    update, at = strategy["rollingUpdate"], child(path, "rollingUpdate")
    for check in (positive_or_percent, at_most_all):
        for name in ("maxUnavailable", "maxSurge"):
            yield from check(child(at, name), update[name])
    unavailable, surge = _number(update["maxUnavailable"]), _number(update["maxSurge"])
    if unavailable and surge:
        text = "may not be set when maxUnavailable is non-zero"
        yield field_errors.invalid(child(at, "maxSurge"), update["maxSurge"], text)
    elif not unavailable and not surge:
        yield field_errors.required(child(at, "maxUnavailable"), "cannot be 0 when maxSurge is 0")


def _stateful_set(spec: Json, is_new: bool) -> Causes:
    policy = spec["podManagementPolicy"]
    if policy not in ("OrderedReady", "Parallel"):
        yield field_errors.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    yield from _stateful_set_strategy(spec["updateStrategy"], "spec.updateStrategy")
    for name in ("whenDeleted", "whenScaled"):
        at = child("spec.persistentVolumeClaimRetentionPolicy", name)
        yield from checks.supported(at, spec["persistentVolumeClaimRetentionPolicy"][name], _RETENTIONS)
    claims = spec.get("volumeClaimTemplates", [])
    for number, claim in enumerate(claims if is_new else ()):
        yield from storage_validation.claim_spec(claim["spec"], child("spec.volumeClaimTemplates", number, "spec"))
    yield from checks.fields_not_negative("spec", spec, "replicas", "minReadySeconds")
    yield from checks.not_negative("spec.ordinals.start", spec.get("ordinals", {}).get("start"))
    if is_new and spec["serviceName"]:
        yield from checks.texts("spec.serviceName", spec["serviceName"], names.dns_label(spec["serviceName"]))
    yield from _strict_selector(spec["selector"], "statefulset")
    if not list(checks.label_selector("", spec["selector"])):
        yield from _stateful_template(spec["template"], spec["selector"], claims)
    yield from _only_always(spec["template"], "StatefulSet")


def _stateful_template(template: Json, selector: Json | None, claims: list[Json]) -> Causes:
    """Check the template of a StatefulSet, whose pods get hostname, subdomain and the claims' volumes from it."""
    yield from _no_match(template, selector)
    spec = {name: value for name, value in template["spec"].items() if name not in ("hostname", "subdomain")}
    volumes = {claim["metadata"].get("name", ""): claim for claim in claims}
    added = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in volumes]
    spec["volumes"] = [*added, *(volume for volume in spec.get("volumes", ()) if volume["name"] not in volumes)]
    yield from pod_validation.template({**template, "spec": spec}, _TEMPLATE)
    yield from metadata_validation.template(template["metadata"], _TEMPLATE)


def _stateful_set_strategy(strategy: Json, path: str) -> Causes:
    update, at = strategy.get("rollingUpdate"), child(path, "rollingUpdate")
    if strategy["type"] not in _SET_TYPES:
        go_update = None if update is None else {"Partition": update["partition"], "MaxUnavailable": update.get("maxUnavailable")}
        shown = field_errors.compact({"Type": strategy["type"], "RollingUpdate": go_update}, sort=False)
        yield field_errors.invalid(path, field_errors.Printed(shown), "must be 'RollingUpdate' or 'OnDelete'")
    elif update is None:
        return
    elif strategy["type"] == "OnDelete":
        go_update = {"Partition": update["partition"], "MaxUnavailable": update.get("maxUnavailable")}
        shown = field_errors.compact(go_update, sort=False)
        yield field_errors.invalid(at, field_errors.Printed(shown), "only allowed for updateStrategy 'RollingUpdate'")
    else:
        yield from checks.not_negative(child(at, "partition"), update["partition"])
        if (most := update.get("maxUnavailable")) is not None:
            yield from positive_or_percent(child(at, "maxUnavailable"), most)
            if _number(most) == 0:
                yield field_errors.invalid(child(at, "maxUnavailable"), most, "cannot be 0")
            yield from at_most_all(child(at, "maxUnavailable"), most)
