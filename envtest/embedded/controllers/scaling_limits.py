"""How fast, and between which bounds, an autoscaler scales.

What flows in: the number of replicas that metrics ask for, the time. What flows out: the number that it becomes, with the reasons
for the conditions. One `History` for each autoscaler remembers. The loop's thread. Mirrors kubernetes
pkg/controller/podautoscaler/horizontal.go (normalizeDesiredReplicas and what it calls).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from envtest.embedded.api.status import Json

STABILIZATION_SECONDS = 4.0
"""As the control plane of tests sets it; five minutes in a cluster."""

_FACTOR = 2.0
_AT_LEAST = 4.0
_MANY = 2**31 - 1

Reason = tuple[str, str]
"""A condition's reason and message."""

_READY: Reason = ("ReadyForNewScale", "recommended size matches current size")
_WAITS_DOWN: Reason = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
)
_WAITS_UP: Reason = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)
_FREE: Reason = ("DesiredWithinRange", "the desired count is within the acceptable range")
_TOO_FAST: Reason = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
_TOO_SLOW: Reason = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
_TOO_MANY: Reason = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
_TOO_FEW: Reason = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")


@dataclass(frozen=True)
class Limited:
    """What became of a wish."""

    replicas: int
    able: Reason
    """For the condition AbleToScale."""
    limited: Reason
    """For the condition ScalingLimited."""
    is_limited: bool


@dataclass
class History:
    """What an autoscaler did and wanted lately: a time and a number each."""

    recommendations: list[tuple[float, int]] = field(default_factory=list)
    ups: list[tuple[float, int]] = field(default_factory=list)
    downs: list[tuple[float, int]] = field(default_factory=list)

    def begin(self, current: int, now: float) -> None:
        """Take the size that was found first for a recommendation."""
        if not self.recommendations:
            self.recommendations.append((now, current))

    def scaled(self, spec: Json, before: int, after: int, now: float) -> None:
        """Remember a change, if anything limits the rate of changes."""
        if not (behavior := spec.get("behavior")):
            return
        events, rules = (self.ups, "scaleUp") if after > before else (self.downs, "scaleDown")
        longest = max([policy["periodSeconds"] for policy in behavior[rules].get("policies") or ()], default=0)
        events[:] = [*(each for each in events if each[0] >= now - longest), (now, abs(after - before))]


@dataclass(frozen=True)
class Wish:
    """What metrics ask for, and what it is held against."""

    spec: Json
    """Of the autoscaler."""
    current: int
    desired: int
    now: float

    @property
    def least(self) -> int:
        """The lowest number of replicas."""
        return int(self.spec.get("minReplicas", 1))

    @property
    def most(self) -> int:
        """The highest number of replicas."""
        return int(self.spec["maxReplicas"])


def limit(wish: Wish, history: History) -> Limited:
    """Return the number of replicas that a wish becomes."""
    return _by_behavior(wish, history) if wish.spec.get("behavior") else _by_default(wish, history)


def _by_default(wish: Wish, history: History) -> Limited:
    recent = [each for each in history.recommendations if each[0] >= wish.now - STABILIZATION_SECONDS]
    stable = max([wish.desired, *(number for _, number in recent)])
    history.recommendations[:] = [*recent, (wish.now, wish.desired)]
    able = _READY if stable == wish.desired else _WAITS_DOWN
    fastest = int(max(_FACTOR * wish.current, _AT_LEAST))
    highest, reason = (fastest, _TOO_FAST) if wish.most > fastest else (wish.most, _TOO_MANY)
    if stable < wish.least:
        return Limited(wish.least, able, _TOO_FEW, is_limited=True)
    if stable > highest:
        return Limited(highest, able, reason, is_limited=True)
    return Limited(stable, able, _FREE, is_limited=False)


def _by_behavior(wish: Wish, history: History) -> Limited:
    up, down = wish.spec["behavior"]["scaleUp"], wish.spec["behavior"]["scaleDown"]
    stable = _stabilized(wish, history, up, down)
    waits = _WAITS_UP if wish.desired >= wish.current else _WAITS_DOWN
    able = _READY if stable == wish.desired else waits
    replicas, reason = stable, _FREE
    if stable > wish.current:
        fastest = max(wish.current, _rate_limit(wish, history, up, grows=True))
        highest, why = (fastest, _TOO_FAST) if wish.most > fastest else (wish.most, _TOO_MANY)
        if stable > highest:
            replicas, reason = highest, why
    elif stable < wish.current:
        slowest = min(wish.current, _rate_limit(wish, history, down, grows=False))
        lowest, why = (slowest, _TOO_SLOW) if wish.least < slowest else (wish.least, _TOO_FEW)
        if stable < lowest:
            replicas, reason = lowest, why
    return Limited(replicas, able, reason, is_limited=replicas != stable)


def _stabilized(wish: Wish, history: History, up: Json, down: Json) -> int:
    up_since = wish.now - up.get("stabilizationWindowSeconds", 0)
    down_since = wish.now - down.get("stabilizationWindowSeconds", STABILIZATION_SECONDS)
    lowest = min([wish.desired, *(number for time, number in history.recommendations if time > up_since)])
    highest = max([wish.desired, *(number for time, number in history.recommendations if time > down_since)])
    kept = [each for each in history.recommendations if each[0] >= min(up_since, down_since)]
    history.recommendations[:] = [*kept, (wish.now, wish.desired)]
    return min(max(wish.current, lowest), highest)


def _rate_limit(wish: Wish, history: History, rules: Json, *, grows: bool) -> int:
    select = rules.get("selectPolicy", "Max")
    if select == "Disabled":
        return wish.current
    choose: Callable[[Sequence[int]], int] = max if (select == "Max") == grows else min
    proposals = []
    for policy in rules.get("policies") or ():
        since = wish.now - policy["periodSeconds"]
        start = wish.current - _changed(history.ups, since) + _changed(history.downs, since)
        value = policy["value"] if grows else -policy["value"]
        if policy["type"] == "Pods":
            proposals.append(start + value)
        else:
            exact = start * (1 + value / 100)
            proposals.append(math.ceil(exact) if grows else int(exact))
    return choose(proposals) if proposals else (-_MANY if grows == (select == "Max") else _MANY)


def _changed(events: Sequence[tuple[float, int]], since: float) -> int:
    return sum(number for time, number in events if time > since)
