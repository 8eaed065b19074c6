"""What an object takes of a ResourceQuota.

What flows in: objects and quotas. What flows out: amounts by the quota's names. Pure. Mirrors kubernetes
pkg/quota/v1/evaluator/core and apiserver pkg/quota/v1.
"""

import datetime
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from envtest.embedded.api import deletion
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import quantities, strategies
from envtest.embedded.controllers import pod_resources, pods_of

Amounts = pod_resources.Amounts

ONE = quantities.Quantity(Fraction(1))

PODS = "pods"
SERVICES = "services"
CLAIMS = "persistentvolumeclaims"

_COUNT = "count/"
_REQUESTS = "requests."
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_OF_PODS = frozenset({"pods", *_COMPUTE, *(f"requests.{name}" for name in _COMPUTE), *(f"limits.{name}" for name in _COMPUTE)})
_MUST_BE_SET = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
_OF_SERVICES = frozenset({"services", "services.nodeports", "services.loadbalancers"})
_OF_CLAIMS = frozenset({"persistentvolumeclaims", "requests.storage"})
_OF_CLASS = ".storageclass.storage.k8s.io/"
_COUNTED = frozenset({"configmaps", "resourcequotas", "replicationcontrollers", "secrets"})


def kind_of(name: str) -> str | None:
    """Return the storage key of the kind whose objects take of *name*; None if none does."""
    if name.startswith(_COUNT):
        return name.removeprefix(_COUNT)
    if name in _OF_SERVICES:
        return SERVICES
    if name in _OF_CLAIMS or _OF_CLASS in name:
        return CLAIMS
    if name in _COUNTED:
        return name
    if name in _OF_PODS or name.startswith(("hugepages-", "requests.hugepages-")):
        return PODS
    return PODS if name.startswith(_REQUESTS) and "/" in name else None


def names_for(key: str, names: Iterable[str]) -> list[str]:
    """Return those of *names* of which objects of a kind take something."""
    return [name for name in names if kind_of(name) == key]


def usage(key: str, obj: Json, now: datetime.datetime) -> Amounts:
    """Return what an object takes."""
    taken = {_COUNT + key: ONE}
    if key == PODS:
        return taken | _pod(obj, now)
    if key == SERVICES:
        return taken | _service(obj)
    if key == CLAIMS:
        return taken | _claim(obj)
    return taken | ({key: ONE} if key in _COUNTED else {})


def total(key: str, objects: Iterable[Json], quota: Json, now: datetime.datetime) -> Amounts:
    """Return what all objects of a kind take of a quota, by the quota's names."""
    names = names_for(key, (quota["spec"].get("hard") or {}).keys())
    zero = dict.fromkeys(names, quantities.ZERO)
    taken = pod_resources.added([zero, *(usage(key, obj, now) for obj in objects if is_in_scope(key, obj, quota))])
    return {name: taken[name] for name in names}


def missing(pod: Json, names: Iterable[str]) -> str:
    """Say which containers must name amounts that a quota limits; an empty text if none."""
    spec = pod["spec"]
    if spec.get("resources"):
        return ""
    required = sorted(_MUST_BE_SET.intersection(names))
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    lacking = {name: sorted({each["name"] for each in containers if name not in _named(each)}) for name in required}
    parts = [f"{name} for: {','.join(who)}" for name, who in lacking.items() if who]
    return f"must specify {'; '.join(parts)}" if parts else ""


def _named(container: Json) -> Amounts:
    resources = container.get("resources") or {}
    return _compute(
        dict.fromkeys(resources.get("requests") or (), ONE),
        dict.fromkeys(resources.get("limits") or (), ONE),
    )


def _compute(requests: Mapping[str, quantities.Quantity], limits: Mapping[str, quantities.Quantity]) -> Amounts:
    taken = {"pods": ONE}
    for name, amount in requests.items():
        if name in _COMPUTE or name.startswith("hugepages-"):
            taken[name] = amount
        if name in _COMPUTE or name.startswith("hugepages-") or "/" in name:
            taken[_REQUESTS + name] = amount
    return taken | {f"limits.{name}": amount for name, amount in limits.items() if name in _COMPUTE}


def _pod(pod: Json, now: datetime.datetime) -> Amounts:
    if pods_of.is_ended(pod) or _is_overdue(pod, now):
        return {}
    return _compute(pod_resources.of(pod, "requests"), pod_resources.of(pod, "limits"))


def _is_overdue(pod: Json, now: datetime.datetime) -> bool:
    end, grace = pod["metadata"].get("deletionTimestamp"), pod["metadata"].get("deletionGracePeriodSeconds")
    if not end or grace is None:
        return False
    return now > deletion.read_time(end) + datetime.timedelta(seconds=grace)


def _service(service: Json) -> Amounts:
    spec = service["spec"]
    kind, ports = spec.get("type", "ClusterIP"), spec.get("ports") or []
    node_ports = len(ports) if kind in ("NodePort", "LoadBalancer") else 0
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        node_ports = sum(bool(port.get("nodePort")) for port in ports)
    return {
        "services": ONE,
        "services.nodeports": quantities.Quantity(Fraction(node_ports)),
        "services.loadbalancers": quantities.Quantity(Fraction(kind == "LoadBalancer")),
    }


def _claim(claim: Json) -> Amounts:
    spec = claim["spec"]
    requested = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    taken = {"persistentvolumeclaims": ONE}
    if requested is not None:
        taken["requests.storage"] = quantities.of(requested)
    if storage_class := spec.get("storageClassName"):
        taken |= {f"{storage_class}{_OF_CLASS}{name}": amount for name, amount in taken.items()}
    return taken


def is_in_scope(key: str, obj: Json, quota: Json) -> bool:
    """Ask whether a quota is about an object."""
    spec = quota["spec"]
    wanted = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    wanted += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return all(key == PODS and each["scopeName"] in _SCOPES and _SCOPES[each["scopeName"]](obj, each) for each in wanted)


def _is_limited_in_time(pod: Json, _: Json) -> bool:
    return bool(pod["spec"].get("activeDeadlineSeconds", -1) >= 0)


def _is_best_effort(pod: Json, _: Json) -> bool:
    return strategies.quality(pod["spec"]) == "BestEffort"


def _has_class(pod: Json, wanted: Json) -> bool:
    name, values = pod["spec"].get("priorityClassName", ""), wanted.get("values") or ()
    operator = str(wanted["operator"])
    if operator in ("Exists", "DoesNotExist"):
        return bool(name) == (operator == "Exists")
    return bool((name in values) == (operator == "In"))


def _looks_elsewhere(pod: Json, _: Json) -> bool:
    affinity = pod["spec"].get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        own = affinity.get(kind) or {}
        terms = list(own.get("requiredDuringSchedulingIgnoredDuringExecution") or ())
        terms += [each["podAffinityTerm"] for each in own.get("preferredDuringSchedulingIgnoredDuringExecution") or ()]
        if any(term.get("namespaces") or "namespaceSelector" in term for term in terms):
            return True
    return False


_SCOPES: Mapping[str, Callable[[Json, Json], bool]] = {
    "Terminating": _is_limited_in_time,
    "NotTerminating": lambda pod, wanted: not _is_limited_in_time(pod, wanted),
    "BestEffort": _is_best_effort,
    "NotBestEffort": lambda pod, wanted: not _is_best_effort(pod, wanted),
    "PriorityClass": _has_class,
    "CrossNamespacePodAffinity": _looks_elsewhere,
}
