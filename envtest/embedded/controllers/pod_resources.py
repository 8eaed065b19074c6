"""What a pod takes: requests and limits of all its containers together.

What flows in: pods. What flows out: amounts by the resource's name. Pure. Mirrors component-helpers resource/helpers.go;
deviation: resources of the pod as a whole (``spec.resources``) are not looked at.
"""

from collections.abc import Iterable, Mapping

from envtest.embedded.api.status import Json
from envtest.embedded.builtin import quantities

Amounts = dict[str, quantities.Quantity]


def of(pod: Json, kind: str) -> Amounts:
    """Return what a pod takes.

    Args:
        pod: The pod.
        kind: Either requests or limits.
    """
    spec = pod["spec"]
    together = added(_amounts(each, kind) for each in spec.get("containers") or ())
    beside: Amounts = {}
    highest: Amounts = {}
    for each in spec.get("initContainers") or ():
        own = _amounts(each, kind)
        if each.get("restartPolicy") == "Always":
            together, beside = added([together, own]), added([beside, own])
            own = beside
        else:
            own = added([own, beside])
        highest = _higher(highest, own)
    together = _higher(together, highest)
    overhead = {name: quantities.parse(str(text)) for name, text in (spec.get("overhead") or {}).items()}
    if kind == "limits":
        overhead = {name: amount for name, amount in overhead.items() if name in together}
    return added([together, overhead])


def _amounts(container: Json, kind: str) -> Amounts:
    given = (container.get("resources") or {}).get(kind) or {}
    return {name: quantities.parse(str(text)) for name, text in given.items()}


def added(parts: Iterable[Mapping[str, quantities.Quantity]]) -> Amounts:
    """Return the sums."""
    total: Amounts = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total[name] + amount if name in total else amount
    return total


def _higher(one: Amounts, other: Amounts) -> Amounts:
    return one | {name: amount for name, amount in other.items() if name not in one or amount > one[name]}
