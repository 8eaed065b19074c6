"""The cells of built-in kinds in tables, those of pods and of networks apart.

What flows in: an object and the time. What flows out: its cells, in the order of the columns in `data`. Pure. Mirrors kubernetes
pkg/printers/internalversion/printers.go.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from envtest.embedded.api.status import Json
from envtest.embedded.apply.json_values import Value
from envtest.embedded.builtin.resources import Column
from envtest.embedded.tables import durations

Printer = Callable[[Json, datetime.datetime], list[Any]]

NONE: Final = "<none>"
UNSET: Final = "<unset>"
_UNKNOWN: Final = "<unknown>"
_LONGEST_METRICS: Final = 2
_MODES: Final = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_ROLE_PREFIX: Final = "node-role.kubernetes.io/"
_OPERATORS: Final = {"In": "in", "NotIn": "notin"}

NAME: Final = Column(
    name="Name",
    type="string",
    format="name",
    description=(
        "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client"
        " to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and"
        " configuration definition. Cannot be updated. More info:"
        " https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
    ),
)
"""The first column of every table of a custom kind."""


def at(obj: Value, *path: str) -> Value:
    """Return what is at *path* in an object, None if nothing is."""
    for name in path:
        obj = obj.get(name) if isinstance(obj, dict) else None
    return obj


def since(timestamp: str | None, now: datetime.datetime) -> str:
    """Return how long ago *timestamp* was."""
    if not timestamp:
        return _UNKNOWN
    return durations.age((now - datetime.datetime.fromisoformat(timestamp)).total_seconds())


def age(obj: Json, now: datetime.datetime) -> str:
    """Return how old an object is."""
    return since(obj["metadata"].get("creationTimestamp"), now)


def name_of(obj: Json) -> str:
    """Return the name of an object."""
    return str(obj["metadata"]["name"])


def labels(values: Mapping[str, str] | None) -> str:
    """Return labels as text."""
    return ",".join(f"{key}={value}" for key, value in sorted((values or {}).items())) or NONE


def selector(value: Json | None) -> str:
    """Return a label selector as text."""
    found: dict[tuple[str, str], None] = {}
    for key, label in (at(value, "matchLabels") or {}).items():
        found[key, f"{key}={label}"] = None
    for each in at(value, "matchExpressions") or []:
        key, operator = each["key"], each["operator"]
        if operator in _OPERATORS:
            text = f"{key} {_OPERATORS[operator]} ({','.join(sorted(each['values']))})"
        else:
            text = key if operator == "Exists" else f"!{key}"
        found[key, text] = None
    return ",".join(text for _, text in sorted(found)) or NONE


def joined_with_more(parts: Sequence[str], limit: int, separator: str = ",") -> str:
    """Return at most *limit* parts, and how many more there are."""
    more = f" + {len(parts) - limit} more..." if len(parts) > limit else ""
    return separator.join(parts[:limit]) + more


def _containers(template: Json | None) -> list[str]:
    containers = at(template, "spec", "containers") or []
    return [",".join(each.get(name, "") for each in containers) for name in ("name", "image")]


def plain(obj: Json, now: datetime.datetime) -> list[Any]:
    """Return the cells of a kind that has no printer: when it was created, as it is written."""
    del now
    return [name_of(obj), obj["metadata"].get("creationTimestamp")]


def _only_age(obj: Json, now: datetime.datetime) -> list[Any]:
    return [name_of(obj), age(obj, now)]


def _config_map(obj: Json, now: datetime.datetime) -> list[Any]:
    return [name_of(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), age(obj, now)]


def _secret(obj: Json, now: datetime.datetime) -> list[Any]:
    return [name_of(obj), obj.get("type", ""), len(obj.get("data") or {}), age(obj, now)]


def _namespace(obj: Json, now: datetime.datetime) -> list[Any]:
    return [name_of(obj), at(obj, "status", "phase") or "", age(obj, now)]


def _node(obj: Json, now: datetime.datetime) -> list[Any]:
    conditions = {each["type"]: each["status"] for each in at(obj, "status", "conditions") or []}
    status = ["Ready" if conditions["Ready"] == "True" else "NotReady"] if "Ready" in conditions else ["Unknown"]
    if at(obj, "spec", "unschedulable"):
        status.append("SchedulingDisabled")
    given = obj["metadata"].get("labels") or {}
    roles = {key.removeprefix(_ROLE_PREFIX) for key in given if key.startswith(_ROLE_PREFIX)} | {
        given.get("kubernetes.io/role", "")
    }
    addresses: dict[str, str] = {}
    for each in at(obj, "status", "addresses") or []:
        addresses.setdefault(each["type"], each["address"])
    info = at(obj, "status", "nodeInfo") or {}
    kernel = info.get("kernelVersion") or _UNKNOWN
    return [
        name_of(obj),
        ",".join(status),
        ",".join(sorted(roles - {""})) or NONE,
        age(obj, now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE),
        addresses.get("ExternalIP", NONE),
        info.get("osImage") or _UNKNOWN,
        f"{kernel} ({info['architecture']})" if info.get("architecture") else kernel,
        info.get("containerRuntimeVersion") or _UNKNOWN,
    ]


def _deployment(obj: Json, now: datetime.datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"
    counts = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    text = selector(spec.get("selector"))
    return [name_of(obj), ready, *counts, age(obj, now), *_containers(spec["template"]), "" if text == NONE else text]


def _replica_set(obj: Json, now: datetime.datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    counts = [spec.get("replicas", 1), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [name_of(obj), *counts, age(obj, now), *_containers(spec.get("template")), selector(spec.get("selector"))]


def _stateful_set(obj: Json, now: datetime.datetime) -> list[Any]:
    spec = obj["spec"]
    ready = f"{at(obj, 'status', 'readyReplicas') or 0}/{spec.get('replicas', 1)}"
    return [name_of(obj), ready, age(obj, now), *_containers(spec["template"])]


def _daemon_set(obj: Json, now: datetime.datetime) -> list[Any]:
    spec = obj["spec"]
    names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable")
    counts = [at(obj, "status", name) or 0 for name in names]
    nodes = labels(at(spec, "template", "spec", "nodeSelector"))
    return [name_of(obj), *counts, nodes, age(obj, now), *_containers(spec["template"]), selector(spec.get("selector"))]


def _controller_revision(obj: Json, now: datetime.datetime) -> list[Any]:
    owners = [each for each in obj["metadata"].get("ownerReferences") or [] if each.get("controller")]
    owner = NONE
    if owners:
        group = owners[0]["apiVersion"].rpartition("/")[0]
        kind = f"{owners[0]['kind']}.{group}" if group else owners[0]["kind"]
        owner = f"{kind.lower()}/{owners[0]['name']}"
    return [name_of(obj), owner, obj["revision"], age(obj, now)]


def _job(obj: Json, now: datetime.datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    done, parallel = status.get("succeeded", 0), spec.get("parallelism") or 0
    completions = f"{done}/{spec['completions']}" if spec.get("completions") is not None else f"{done}/1"
    if spec.get("completions") is None and parallel > 1:
        completions = f"{done}/1 of {parallel}"
    end = datetime.datetime.fromisoformat(status["completionTime"]) if status.get("completionTime") else now
    took = since(status["startTime"], end) if status.get("startTime") else ""
    true = {each["type"] for each in status.get("conditions") or [] if each["status"] == "True"}
    names = ["Complete", "Failed", "Terminating", "Suspended", "FailureTarget", "SuccessCriteriaMet"]
    if obj["metadata"].get("deletionTimestamp"):
        true.add("Terminating")
    state = next((name for name in names if name in true), "Running")
    return [name_of(obj), state, completions, took, age(obj, now), *_containers(spec["template"]), selector(spec.get("selector"))]


def _cron_job(obj: Json, now: datetime.datetime) -> list[Any]:
    spec, last = obj["spec"], at(obj, "status", "lastScheduleTime")
    template = at(spec, "jobTemplate", "spec") or {}
    return [
        name_of(obj),
        spec["schedule"],
        spec.get("timeZone") or NONE,
        "True" if spec.get("suspend") else "False",
        len(at(obj, "status", "active") or []),
        since(last, now) if last else NONE,
        age(obj, now),
        *_containers(template.get("template")),
        selector(template.get("selector")),
    ]


def _autoscaler(obj: Json, now: datetime.datetime) -> list[Any]:
    spec, target = obj["spec"], obj["spec"]["scaleTargetRef"]
    least, metrics = spec.get("minReplicas"), spec.get("metrics") or []
    current = at(obj, "status", "currentMetrics") or []
    shown = [_metric(each, current[number] if number < len(current) else {}) for number, each in enumerate(metrics)]
    return [
        name_of(obj),
        f"{target['kind']}/{target['name']}",
        joined_with_more(shown, _LONGEST_METRICS, ", ") if shown else NONE,
        UNSET if least is None else str(least),
        spec["maxReplicas"],
        at(obj, "status", "currentReplicas") or 0,
        age(obj, now),
    ]


def _metric(metric: Json, current: Json) -> str:
    kind = metric["type"]
    source = kind[:1].lower() + kind[1:]
    target, value = at(metric, source, "target") or {}, at(current, source, "current") or {}
    if kind not in ("Resource", "ContainerResource"):
        name = "averageValue" if target.get("averageValue") is not None else "value"
        average = " (avg)" if kind != "Pods" and name == "averageValue" else ""
        return f"{value.get(name, _UNKNOWN)}/{target.get(name)}{average}"
    wanted, seen = target.get("averageValue"), value.get("averageValue", _UNKNOWN)
    if wanted is None:
        percent, now_percent = target.get("averageUtilization"), value.get("averageUtilization")
        wanted = "<auto>" if percent is None else f"{percent}%"
        seen = _UNKNOWN if now_percent is None else f"{now_percent}%"
    return f"{metric[source]['name']}: {seen}/{wanted}"


def _resource_quota(obj: Json, now: datetime.datetime) -> list[Any]:
    hard, used = at(obj, "status", "hard") or {}, at(obj, "status", "used") or {}
    texts = {name: f"{name}: {used.get(name, '0')}/{hard[name]}" for name in sorted(hard)}
    requests = ", ".join(text for name, text in texts.items() if not name.startswith("limits."))
    return [name_of(obj), requests, ", ".join(text for name, text in texts.items() if name.startswith("limits.")), age(obj, now)]


def _disruption_budget(obj: Json, now: datetime.datetime) -> list[Any]:
    limits = [
        str(at(obj, "spec", name) if at(obj, "spec", name) is not None else "N/A") for name in ("minAvailable", "maxUnavailable")
    ]
    return [name_of(obj), *limits, at(obj, "status", "disruptionsAllowed") or 0, age(obj, now)]


def _lease(obj: Json, now: datetime.datetime) -> list[Any]:
    return [name_of(obj), at(obj, "spec", "holderIdentity") or "", age(obj, now)]


def _volume_class(obj: Json) -> str:
    annotations = obj["metadata"].get("annotations") or {}
    return annotations.get("volume.beta.kubernetes.io/storage-class") or at(obj, "spec", "storageClassName") or ""


def _modes(modes: Sequence[str] | None) -> str:
    return ",".join(short for mode, short in _MODES.items() if mode in (modes or ()))


def _phase(obj: Json) -> str:
    return "Terminating" if obj["metadata"].get("deletionTimestamp") else at(obj, "status", "phase") or ""


def _volume(obj: Json, now: datetime.datetime) -> list[Any]:
    spec, claim = obj["spec"], at(obj, "spec", "claimRef")
    return [
        name_of(obj),
        at(spec, "capacity", "storage") or "0",
        _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        _phase(obj),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        _volume_class(obj),
        spec.get("volumeAttributesClassName") or UNSET,
        at(obj, "status", "reason") or "",
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


def _claim(obj: Json, now: datetime.datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    name = spec.get("volumeName", "")
    return [
        name_of(obj),
        _phase(obj),
        name,
        (at(status, "capacity", "storage") or "0") if name else "",
        _modes(status.get("accessModes")) if name else "",
        _volume_class(obj),
        spec.get("volumeAttributesClassName") or UNSET,
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


def _storage_class(obj: Json, now: datetime.datetime) -> list[Any]:
    annotations = obj["metadata"].get("annotations") or {}
    is_default = annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    return [
        f"{name_of(obj)} (default)" if is_default else name_of(obj),
        obj["provisioner"],
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        obj.get("allowVolumeExpansion", False),
        age(obj, now),
    ]


def _priority_class(obj: Json, now: datetime.datetime) -> list[Any]:
    return [name_of(obj), obj["value"], obj.get("globalDefault", False), age(obj, now), obj.get("preemptionPolicy", "")]


def _role_binding(obj: Json, now: datetime.datetime) -> list[Any]:
    subjects = obj.get("subjects") or []

    def of(kind: str) -> str:
        found = [each for each in subjects if each["kind"] == kind]
        return ", ".join(f"{each['namespace']}/{each['name']}" if kind == "ServiceAccount" else each["name"] for each in found)

    role = f"{obj['roleRef']['kind']}/{obj['roleRef']['name']}"
    return [name_of(obj), role, age(obj, now), of("User"), of("Group"), of("ServiceAccount")]


def _pod_template(obj: Json, now: datetime.datetime) -> list[Any]:
    del now
    return [name_of(obj), *_containers(obj.get("template")), labels(at(obj, "template", "metadata", "labels"))]


def _event(obj: Json, now: datetime.datetime) -> list[Any]:
    """Return the cells of an Event of either group."""
    subject = obj.get("involvedObject") or obj.get("regarding") or {}
    source = obj.get("source") or obj.get("deprecatedSource") or {}
    first = obj.get("firstTimestamp") or obj.get("deprecatedFirstTimestamp") or obj.get("eventTime")
    last = obj.get("lastTimestamp") or obj.get("deprecatedLastTimestamp") or first
    count = obj.get("count") or obj.get("deprecatedCount") or 1
    if obj.get("series"):
        last, count = obj["series"].get("lastObservedTime"), obj["series"].get("count", 0)
    component = source.get("component") or obj.get("reportingComponent") or obj.get("reportingController") or ""
    instance = source.get("host") or obj.get("reportingInstance") or ""
    kind, name = subject.get("kind", "").lower(), subject.get("name", "")
    return [
        since(last, now),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{kind}/{name}" if name else kind,
        subject.get("fieldPath", ""),
        f"{component}, {instance}" if instance else component,
        (obj.get("message") or obj.get("note") or "").strip(),
        since(first, now),
        count,
        name_of(obj),
    ]


PRINTERS: Final[dict[str, Printer]] = {
    "configmaps": _config_map,
    "secrets": _secret,
    "namespaces": _namespace,
    "nodes": _node,
    "serviceaccounts": _only_age,
    "events": _event,
    "events.events.k8s.io": _event,
    "podtemplates": _pod_template,
    "resourcequotas": _resource_quota,
    "persistentvolumes": _volume,
    "persistentvolumeclaims": _claim,
    "deployments.apps": _deployment,
    "replicasets.apps": _replica_set,
    "statefulsets.apps": _stateful_set,
    "daemonsets.apps": _daemon_set,
    "controllerrevisions.apps": _controller_revision,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "poddisruptionbudgets.policy": _disruption_budget,
    "leases.coordination.k8s.io": _lease,
    "storageclasses.storage.k8s.io": _storage_class,
    "priorityclasses.scheduling.k8s.io": _priority_class,
    "rolebindings.rbac.authorization.k8s.io": _role_binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _role_binding,
}
"""By storage key."""
