"""The status of a HorizontalPodAutoscaler.

What flows in: the status so far, and what happens. What flows out: the new status. The loop's thread. Mirrors kubernetes
pkg/controller/podautoscaler/horizontal.go (setStatus, setConditionInList).
"""

from collections.abc import Sequence
from fractions import Fraction

from envtest.embedded.api.status import Json
from envtest.embedded.builtin import quantities
from envtest.embedded.controllers import replica_counts

_SOURCES = {"Resource": "resource", "ContainerResource": "containerResource"}


class State:
    """A status in the making.

    Attributes:
        status: As it is so far.
    """

    def __init__(self, before: Json, now: str) -> None:
        self._before = before
        self._now = now
        self.status: Json = {**before, "conditions": list(before.get("conditions") or ())}

    @property
    def changed(self) -> bool:
        """Whether it is another than before."""
        return _said(self.status) != _said(self._before)

    def set(self, kind: str, value: str, reason: str, message: str) -> None:
        """Set a condition."""
        conditions: list[Json] = self.status["conditions"]
        new = {"type": kind, "status": value, "reason": reason, "message": message}
        for index, old in enumerate(conditions):
            if old["type"] == kind:
                since = old["lastTransitionTime"] if old["status"] == value else self._now
                conditions[index] = {**new, "lastTransitionTime": since}
                return
        conditions.append({**new, "lastTransitionTime": self._now})

    def count(self, current: int, desired: int, measured: Sequence[Json], *, is_scaled: bool) -> None:
        """Set the numbers of replicas and what the metrics are."""
        self.status |= {"currentReplicas": current, "desiredReplicas": desired, "currentMetrics": list(measured) or None}
        if is_scaled:
            self.status["lastScaleTime"] = self._now


def _said(status: Json) -> Json:
    return {key: value for key, value in status.items() if value}


def source_of(metric: Json) -> Json | None:
    """Return what a metric measures; None if it is of another type than those of resources."""
    found: Json | None = metric.get(_SOURCES.get(metric["type"], ""))
    return found


def of_metric(metric: Json, proposal: replica_counts.Proposal) -> Json:
    """Return what the status says of a metric."""
    kind = _SOURCES[metric["type"]]
    source = metric[kind]
    form: quantities.Format = "BinarySI" if source["name"] == "memory" else "DecimalSI"
    current: Json = {"averageValue": str(quantities.Quantity(Fraction(proposal.average, 1000), form))}
    if proposal.utilization is not None:
        current["averageUtilization"] = proposal.utilization
    named = {name: source[name] for name in ("name", "container") if name in source}
    return {"type": metric["type"], kind: {**named, "current": current}}
