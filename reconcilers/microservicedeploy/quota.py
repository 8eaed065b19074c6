"""The namespace's one ResourceQuota: what each instance demands, the sum of it, and whether the server has granted it.

What flows in: instances with their live Deployments; the quota's `status.hard`. What flows out: demands, the quota's manifest,
and the answer whether an instance may grow. Both controllers call it: the one that writes the quota, the one that waits for it.
Pure, any thread. No upstream file; which keys are obligatory mirrors k8s.io/kubernetes/pkg/quota/v1/evaluator/core/pods.go.
"""

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from controller.client import interfaces
from reconcilers import quantities
from reconcilers.microservicedeploy import auth_proxy, desired, instances, rollout

NAME = "msd-quota"
DISABLE_ANNOTATION = "custom.ops/quota"
"""On a namespace: "disabled" means that it has no quota of ours."""

Demand = Mapping[str, int]
"""Thousandths for each quota key (requests.cpu, ...) that the instance sets; zero amounts count as set."""

# In a namespace whose quota has one of these keys, every container must set it, or its pod is refused.
_OBLIGATORY = frozenset({"requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
# Quotas know limits of these only; an extended resource has but one amount, its request.
_LIMITED = frozenset({"cpu", "memory", "ephemeral-storage"})
_MILLI = 1000


@dataclass(frozen=True)
class Standing:
    """What a namespace's quota is to an instance that wants to grow."""

    has_quota: bool = False
    """Whether the namespace should have a quota of ours."""
    shortfall: str = ""
    """What it lacks before pods may be added, and why, in words; "" if nothing."""


@dataclass(frozen=True)
class Wish:
    """What an instance's spec says of its pods; it depends on nothing else, so it can be kept as long as the spec stays."""

    pods: int
    """The most that there may be at rest."""
    is_idle: bool
    one: Demand
    """What one of them takes."""
    template_hash: str


def wish(instance: instances.Instance, settings: instances.Settings) -> Wish:
    """Return what the spec of *instance* says; the sidecar's resources, from *settings*, count."""
    template = desired.template_hash(desired.pod_template(instance, settings))
    most = instance.max_replicas if instance.spec.autoscaling else instance.spec.replicas
    is_idle = instance.spec.idle
    return Wish(0 if is_idle else most, is_idle, _pod_resources(instance, settings), template)


def demand(wanted: Wish, live: interfaces.Manifest | None) -> Demand:
    """Return what an instance needs in order to run and to reach its spec.

    Args:
        wanted: From its spec.
        live: Its Deployment, or None.
    """
    pods, former = _pods(wanted, live), _former(live)
    return {key: max(amount, former.get(key, amount)) * pods for key, amount in wanted.one.items()}


def standing(live: interfaces.Manifest) -> Demand:
    """Return what an instance whose spec cannot be read needs: its pods stay, made anew from the template they have.

    Args:
        live: The instance's Deployment, which nobody writes until the spec is mended.
    """
    given = {container["name"]: container.get("resources") or {} for container in live["spec"]["template"]["spec"]["containers"]}
    one = _amounts(given.get(desired.CONTAINER, {}), given.get(auth_proxy.CONTAINER, {}).get("requests", {}))
    count = rollout.replicas(live)
    pods = (2 * count if rollout.of(live).is_rolling else count) + desired.SURGE if count else 0
    former = _former(live)
    return {key: max(amount, former.get(key, amount)) * pods for key, amount in one.items()}


def rolls_from(instance: instances.Instance, settings: instances.Settings, live: interfaces.Manifest | None) -> dict[str, str]:
    """Return what one of the pods that are replaced takes, by quota key, where that is more than its successor takes.

    The Deployment carries it from the apply that starts the roll to the end of the roll: only there the former template is known.
    """
    now = _pod_resources(instance, settings)
    return {key: render(key, amount) for key, amount in sorted(_former(live).items()) if key in now and amount > now[key]}


def hard(demands: Iterable[Demand]) -> dict[str, int]:
    """Return the sum of all demands in a namespace, for the keys that every instance sets."""
    listed = list(demands)
    if not listed:
        return {}
    keys = functools.reduce(lambda common, each: common & each.keys(), listed[1:], set(listed[0]))
    return {key: sum(each[key] for each in listed) for key in sorted(keys)}


def resource_quota(namespace: str, wanted: Demand) -> interfaces.Manifest | None:
    """Return the namespace's quota, or None if it should have none. It carries our label and no owner."""
    if not wanted:
        return None
    metadata = {"name": NAME, "namespace": namespace, "labels": {instances.MANAGED_BY_LABEL: instances.MANAGER}}
    amounts = {key: render(key, amount) for key, amount in wanted.items()}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": amounts}}


def is_disabled(annotations: Mapping[str, str] | None) -> bool:
    """Say whether a namespace with these annotations does without a quota."""
    return (annotations or {}).get(DISABLE_ANNOTATION) == "disabled"


def is_asking(live: interfaces.Manifest, amounts: Mapping[str, Any]) -> bool:
    """Say whether the quota *live* asks for these *amounts*; keys that others added to it do not count."""
    given = live["spec"].get("hard") or {}
    return all(key in given and quantities.is_equal(given[key], amount) for key, amount in amounts.items())


def shortfall(grants: Sequence[Mapping[str, Any]], wanted: Demand) -> str:
    """Say what the quota still lacks before pods may be added, in words; "" if nothing.

    Args:
        grants: `status.hard` of the quota as the cache shows it, and `spec.hard`, which comes into force next: the least counts.
        wanted: The sum of all demands as the cache shows them now.
    """
    lacking = []
    for key, amount in wanted.items():
        given = [grant[key] for grant in grants if key in grant]
        least = min(given, key=_exact) if given and len(given) == len(grants) else None
        if least is None or _exact(least) < amount:
            lacking.append(f"{key} is {'not set' if least is None else least}, needed is {render(key, amount)}")
    # A key that not every instance sets any more refuses the pods of those that do not, until the server has dropped it.
    counted = {key for grant in grants for key in grant}
    return "; ".join(lacking + [f"{key} is still counted" for key in sorted(_OBLIGATORY & counted - wanted.keys())])


def grows(wanted: interfaces.Manifest, live: interfaces.Manifest | None) -> bool:
    """Say whether applying the child *wanted* may add pods, so that it must wait for the quota.

    True for a Deployment that scales up or rolls, and for an HPA whose bounds rise; False for every other kind.
    """
    if wanted["kind"] == "HorizontalPodAutoscaler":
        return live is None or any(wanted["spec"][bound] > live["spec"].get(bound, 1) for bound in ("minReplicas", "maxReplicas"))
    if wanted["kind"] != "Deployment":
        return False
    before = 0 if live is None else rollout.replicas(live)
    after = wanted["spec"].get("replicas", before)
    return bool(after > before or (after > 0 and live is not None and _hash(wanted) != _hash(live)))


def render(key: str, amount: int) -> str:
    """Return *amount*, in thousandths, in Kubernetes' canonical form: "500m", "6", "12Gi".

    Args:
        key: The quota key; memory and storage are counted in powers of 1024 where that is exact.
        amount: Thousandths.
    """
    whole, rest = divmod(amount, _MILLI)
    if rest:
        return f"{amount}m"
    is_binary = key.endswith(("memory", "ephemeral-storage")) and whole % 1024 == 0
    return _with_suffix(whole, 1024, ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")) if is_binary else _decimal(whole)


def _decimal(amount: int) -> str:
    return _with_suffix(amount, 1000, ("", "k", "M", "G", "T", "P", "E"))


def _with_suffix(amount: int, step: int, suffixes: tuple[str, ...]) -> str:
    power = 0
    while amount and amount % step == 0 and power < len(suffixes) - 1:
        amount //= step
        power += 1
    return f"{amount}{suffixes[power]}"


def _pods(wanted: Wish, live: interfaces.Manifest | None) -> int:
    """Return how many pods there may be, those on their way out included: until they are gone, nobody else has their share."""
    pods = rollout.of(live)
    existing = pods.replicas + pods.terminating
    # What the Deployment asks for may all be made; while the instance is paused, it will not be told to ask for anything else.
    possible = max(wanted.pods, pods.wanted, existing)
    is_outdated = live is not None and _hash(live) != wanted.template_hash
    if wanted.is_idle and not possible:
        return 0
    if not is_outdated and not pods.is_rolling:
        return possible + desired.SURGE
    # While pods are replaced, each may have a terminating predecessor, and the server's count includes those.
    is_known = not is_outdated and pods.is_observed
    predecessors = pods.outgoing if is_known else max(pods.wanted, existing)
    return max(possible, wanted.pods + max(wanted.pods, predecessors)) + desired.SURGE


def _former(live: interfaces.Manifest | None) -> Demand:
    """Return what one pod takes by the live template, or took before it while the Deployment still replaces pods."""
    if live is None:
        return {}
    amounts = _template_resources(live["spec"]["template"])
    if rollout.of(live).is_rolling:
        for key, amount in _noted(live).items():
            amounts[key] = max(amounts.get(key, 0), amount)
    return amounts


def _noted(live: interfaces.Manifest) -> dict[str, int]:
    """Return what the annotation of `rolls_from` says; nothing if a hand edit made it unreadable, until an apply mends it."""
    text = (live["metadata"].get("annotations") or {}).get(desired.ROLLS_FROM_ANNOTATION) or "{}"
    try:
        return {key: _exact(amount) for key, amount in msgspec.json.decode(text, type=dict[str, str]).items()}
    except (msgspec.DecodeError, ValueError):
        return {}


def _template_resources(template: Mapping[str, Any]) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for container in template["spec"]["containers"]:
        for side, given in (container.get("resources") or {}).items():
            for name, amount in given.items() if side in ("limits", "requests") else ():
                amounts[f"{side}.{name}"] = amounts.get(f"{side}.{name}", 0) + _exact(amount)
    return amounts


def _pod_resources(instance: instances.Instance, settings: instances.Settings) -> Demand:
    return _amounts(desired.resources(instance), auth_proxy.resources(settings) if instance.spec.need_auth else {})


def _amounts(given: Mapping[str, Any], sidecar: Mapping[str, Any]) -> dict[str, int]:
    """Return the amounts of one pod, under the keys that all its containers set.

    The sidecar sets cpu and memory, so it never takes one of the obligatory keys away.
    """
    limits = given.get("limits", {})
    # A request that is not given is the limit: the API server fills it in.
    requests = limits | given.get("requests", {})
    amounts = {f"requests.{name}": _exact(amount) + _exact(sidecar.get(name, 0)) for name, amount in requests.items()}
    for name in limits.keys() & _LIMITED:
        amounts[f"limits.{name}"] = _exact(limits[name]) + _exact(sidecar.get(name, 0))
    return amounts


def _exact(quantity: str | int) -> int:
    return _thousandths(str(quantity))


@functools.lru_cache(maxsize=4096)
def _thousandths(quantity: str) -> int:
    # The server rounds a container's resources up to thousandths before it counts them.
    return math.ceil(quantities.parse(quantity) * _MILLI)


def _hash(deployment: interfaces.Manifest) -> str:
    annotations: Mapping[str, str] = deployment["metadata"].get("annotations") or {}
    return annotations.get(desired.TEMPLATE_HASH_ANNOTATION, "")
