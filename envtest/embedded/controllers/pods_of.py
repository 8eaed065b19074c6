"""What a ReplicaSet sees of its pods: which count, which are ready, which go first.

What flows in: pods. What flows out: facts. Pure. Mirrors kubernetes pkg/controller/controller_utils.go and
pkg/api/v1/pod/util.go; deviation: of two pods alike, the younger one goes first, whatever the magnitude of their ages.
"""

import datetime
from collections import Counter
from collections.abc import Iterable

from envtest.embedded.api import deletion
from envtest.embedded.api.status import Json

_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}
_COST = "controller.kubernetes.io/pod-deletion-cost"


def phase(pod: Json) -> str:
    """Return the phase of a pod."""
    return str((pod.get("status") or {}).get("phase", ""))


def is_ended(pod: Json) -> bool:
    """Ask whether all its containers have ended for good."""
    return phase(pod) in ("Succeeded", "Failed")


def is_going(pod: Json) -> bool:
    """Ask whether it is being deleted."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_active(pod: Json) -> bool:
    """Ask whether it counts."""
    return not is_ended(pod) and not is_going(pod)


def condition(pod: Json, kind: str) -> Json | None:
    """Return a condition of a pod."""
    conditions: list[Json] = (pod.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), None)


def is_ready(pod: Json) -> bool:
    """Ask whether it is ready."""
    found = condition(pod, "Ready")
    return found is not None and found["status"] == "True"


def ready_since(pod: Json) -> str:
    """Return since when it is ready; an empty text if it is not."""
    found = condition(pod, "Ready")
    return str(found.get("lastTransitionTime", "")) if found and found["status"] == "True" else ""


def seconds_to_available(pod: Json, min_ready: int, now: datetime.datetime) -> float:
    """Return for how long a ready pod must stay so to be available; 0 if it is."""
    if min_ready == 0 or not (since := ready_since(pod)):
        return 0.0
    return max(0.0, min_ready - (now - deletion.read_time(since)).total_seconds())


def in_order_of_deletion(pods: Iterable[Json]) -> list[Json]:
    """Return the pods, those first that are missed least."""
    found = list(pods)
    ready_on = Counter(pod["spec"].get("nodeName", "") for pod in found if is_active(pod))

    def rank(pod: Json) -> tuple[object, ...]:
        ready = ready_since(pod)
        return (
            bool(pod["spec"].get("nodeName")),
            _PHASES.get(phase(pod), 0),
            is_ready(pod),
            _cost(pod),
            -ready_on[pod["spec"].get("nodeName", "")],
            _later_first(ready),
            -_restarts(pod),
            _later_first(pod["metadata"]["creationTimestamp"]),
            pod["metadata"]["uid"],
        )

    return sorted(found, key=rank)


def _later_first(time: str) -> float:
    return -deletion.read_time(time).timestamp() if time else 0.0


def _restarts(pod: Json) -> int:
    return max([0, *(int(each.get("restartCount", 0)) for each in (pod.get("status") or {}).get("containerStatuses") or ())])


def _cost(pod: Json) -> int:
    text = (pod["metadata"].get("annotations") or {}).get(_COST, "0")
    return int(text) if text.lstrip("-").isdecimal() else 0
