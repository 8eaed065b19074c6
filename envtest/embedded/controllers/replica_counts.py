"""How many replicas a metric asks for.

What flows in: pods, their metrics, a target. What flows out: a number of replicas and the present value. Pure. Mirrors kubernetes
pkg/controller/podautoscaler/replica_calculator.go, with an initialization period and a readiness delay of zero.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from envtest.embedded.api import deletion
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import quantities
from envtest.embedded.controllers import pods_of

Values = dict[str, int]
"""In thousandths, by the pod's name."""


class MetricError(Exception):
    """No number can be computed; the message is the autoscaler's."""


@dataclass(frozen=True)
class Wish:
    """What is asked of a metric."""

    resource: str
    """Such as cpu."""
    container: str
    """Whose use counts; empty: that of all containers."""
    current: int
    """How many replicas the target wants now."""
    up: float
    """By which part of the target the use may exceed it."""
    down: float
    """By which part of the target the use may fall below it."""

    def is_near(self, ratio: float) -> bool:
        """Ask whether a use is so near to the target that nothing changes."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


@dataclass(frozen=True)
class Proposal:
    """What a metric says."""

    replicas: int
    average: int
    """What a pod uses on average, in thousandths."""
    utilization: int | None = None
    """The use in percent of what was requested."""


def measured(metrics: Sequence[Json], wish: Wish) -> Values:
    """Return the use of each pod of which it is known."""
    if not metrics:
        raise MetricError("no metrics returned from resource metrics API")
    values: Values = {}
    for each in metrics:
        containers = [one for one in each["containers"] if wish.container in ("", one["name"])]
        uses = [one["usage"].get(wish.resource) for one in containers]
        if uses and None not in uses:
            values[each["metadata"]["name"]] = sum(quantities.of(use).milli_value for use in uses)
    return values


def by_utilization(pods: Sequence[Json], values: Values, target: int, wish: Wish) -> Proposal:
    """Return what a target in percent of the requests asks for.

    Raises:
        MetricError: A pod requests nothing, or too little is known.
    """
    groups = _grouped(pods, values, wish)
    requests = {pod["metadata"]["name"]: _requested(pod, wish) for pod in pods}
    floor = max(100, target)

    def ratio_of(known: Values) -> tuple[float, int, int]:
        total = sum(requests[name] for name in known if name in requests)
        if total == 0:
            raise MetricError("no metrics returned matched known pods")
        used = sum(value for name, value in known.items() if name in requests)
        percent = used * 100 // total
        return percent / target, percent, used // len(known)

    ratio, percent, average = ratio_of(groups.known)
    fill = {name: requests[name] * floor // 100 for name in groups.missing}
    replicas = _replicas(groups, wish, (ratio, lambda known: ratio_of(known)[0]), fill)
    return Proposal(replicas, average, percent)


def by_average(pods: Sequence[Json], values: Values, target: int, wish: Wish) -> Proposal:
    """Return what a target in thousandths for each pod asks for.

    Raises:
        MetricError: Too little is known.
    """
    groups = _grouped(pods, values, wish)

    def average_of(known: Values) -> int:
        return sum(known.values()) // len(known)

    average = average_of(groups.known)
    ratio = average / target
    fill = dict.fromkeys(groups.missing, target)
    replicas = _replicas(groups, wish, (ratio, lambda known: average_of(known) / target), fill)
    return Proposal(replicas, average)


@dataclass(frozen=True)
class _Groups:
    known: Values
    ready: int
    unready: list[str]
    missing: list[str]


def _grouped(pods: Sequence[Json], values: Values, wish: Wish) -> _Groups:
    if not pods:
        raise MetricError("no pods returned by selector while calculating replica count")
    known, ready = dict(values), 0
    unready: list[str] = []
    missing: list[str] = []
    for pod in pods:
        name = pod["metadata"]["name"]
        if pods_of.is_going(pod) or pods_of.phase(pod) == "Failed":
            known.pop(name, None)
        elif pods_of.phase(pod) == "Pending":
            unready.append(name)
        elif name not in values:
            missing.append(name)
        elif wish.resource == "cpu" and _is_unready(pod):
            unready.append(name)
        else:
            ready += 1
    for name in unready:
        known.pop(name, None)
    if not known:
        raise MetricError("did not receive metrics for targeted pods (pods might be unready)")
    return _Groups(known, ready, unready, missing)


def _is_unready(pod: Json) -> bool:
    """Ask whether a pod has never been ready."""
    found, started = pods_of.condition(pod, "Ready"), (pod.get("status") or {}).get("startTime")
    if found is None or not started:
        return True
    is_early = deletion.read_time(started) > deletion.read_time(found["lastTransitionTime"])
    return bool(found["status"] == "False" and is_early)


def _replicas(groups: _Groups, wish: Wish, ratios: tuple[float, Callable[[Values], float]], fill: Mapping[str, int]) -> int:
    """Return the number of replicas; pods of which nothing is known damp the change.

    Args:
        groups: The pods.
        wish: What is asked.
        ratios: The present use in parts of the target, and what computes it anew.
        fill: What the missing pods are taken to use when there shall be fewer.
    """
    ratio, ratio_of = ratios
    grows_unready = bool(groups.unready) and ratio > 1.0
    if not grows_unready and not groups.missing:
        return wish.current if wish.is_near(ratio) else math.ceil(ratio * groups.ready)
    known = dict(groups.known)
    if ratio != 1.0:
        known |= fill if ratio < 1.0 else dict.fromkeys(groups.missing, 0)
    if grows_unready:
        known |= dict.fromkeys(groups.unready, 0)
    new = ratio_of(known)
    if wish.is_near(new) or (ratio < 1.0 < new) or (new < 1.0 < ratio):
        return wish.current
    replicas = math.ceil(new * len(known))
    is_against = (new < 1.0 and replicas > wish.current) or (new > 1.0 and replicas < wish.current)
    return wish.current if is_against else replicas


def _requested(pod: Json, wish: Wish) -> int:
    name, total = pod["metadata"]["name"], 0
    sidecars = [each for each in pod["spec"].get("initContainers") or () if each.get("restartPolicy") == "Always"]
    is_found = not wish.container
    for each in [*pod["spec"]["containers"], *sidecars]:
        if wish.container not in ("", each["name"]):
            continue
        is_found = True
        requests = (each.get("resources") or {}).get("requests") or {}
        if wish.resource not in requests:
            raise MetricError(f"missing request for {wish.resource} in container {each['name']} of Pod {name}")
        total += quantities.of(requests[wish.resource]).milli_value
    if not is_found:
        raise MetricError(f"container {wish.container} not found in Pod {name}")
    return total
