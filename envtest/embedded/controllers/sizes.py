"""How many pods a Deployment's ReplicaSets shall have: the arithmetic of rollouts.

What flows in: Deployments and ReplicaSets. What flows out: numbers. Pure. Mirrors kubernetes
pkg/controller/deployment/util/deployment_util.go.
"""

import math
from collections.abc import Iterable, Sequence

from envtest.embedded.api.status import Json

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
LIMIT = "deployment.kubernetes.io/max-replicas"


def wanted(obj: Json) -> int:
    """Return ``spec.replicas`` of a Deployment or ReplicaSet."""
    return int(obj["spec"].get("replicas", 1))


def counted(obj: Json, name: str) -> int:
    """Return a counter of an object's status."""
    return int((obj.get("status") or {}).get(name) or 0)


def total(sets: Iterable[Json]) -> int:
    """Return how many pods the sets shall have together."""
    return sum(map(wanted, sets))


def total_counted(sets: Iterable[Json], name: str) -> int:
    """Return the sum of a counter over the sets' statuses."""
    return sum(counted(each, name) for each in sets)


def active(sets: Iterable[Json]) -> list[Json]:
    """Return those that shall have pods."""
    return [each for each in sets if wanted(each) > 0]


def is_rolling(deployment: Json) -> bool:
    """Ask whether old and new pods may run side by side."""
    return bool((deployment["spec"].get("strategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def _fenceposts(deployment: Json) -> tuple[int, int]:
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    replicas = wanted(deployment)
    surge = scaled(rolling.get("maxSurge", 0), replicas, up=True)
    unavailable = scaled(rolling.get("maxUnavailable", 0), replicas, up=False)
    return (0, 1) if surge == unavailable == 0 else (surge, unavailable)


def scaled(value: int | str, base: int, *, up: bool) -> int:
    """Return a number, or a percentage of *base*, rounded up or down."""
    if isinstance(value, int):
        return value
    part = int(value.removesuffix("%")) * base / 100
    return math.ceil(part) if up else math.floor(part)


def max_surge(deployment: Json) -> int:
    """Return how many pods there may be beyond the wanted ones."""
    return _fenceposts(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Json) -> int:
    """Return how many of the wanted pods may be missing."""
    if not is_rolling(deployment) or wanted(deployment) == 0:
        return 0
    return min(_fenceposts(deployment)[1], wanted(deployment))


def new_size(deployment: Json, sets: Sequence[Json], present: int) -> int:
    """Return the size of the new ReplicaSet, which has *present* pods now."""
    if not is_rolling(deployment):
        return wanted(deployment)
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    limit = wanted(deployment) + scaled(rolling.get("maxSurge", 0), wanted(deployment), up=True)
    count = total(sets)
    return present if count >= limit else present + min(limit - count, wanted(deployment) - present)


def is_saturated(deployment: Json, new: Json | None) -> bool:
    """Ask whether the new ReplicaSet alone has all that the Deployment wants."""
    if new is None:
        return False
    replicas = wanted(deployment)
    desired = (new["metadata"].get("annotations") or {}).get(DESIRED)
    return wanted(new) == replicas and desired == str(replicas) and counted(new, "availableReplicas") == replicas


def proportions(deployment: Json, sets: Sequence[Json]) -> list[tuple[Json, int]]:
    """Share out a change of the Deployment's size among the ReplicaSets that have pods, in proportion to their sizes."""
    allowed = wanted(deployment) + max_surge(deployment) if wanted(deployment) else 0
    to_add, added = allowed - total(sets), 0
    ordered = by_age(sets, newest_first=to_add > 0) if to_add else list(sets)
    if to_add:
        ordered.sort(key=wanted, reverse=True)
    sizes: list[tuple[Json, int]] = []
    for each in ordered:
        share = _share(deployment, each, to_add, added) if to_add else 0
        added += share
        sizes.append((each, wanted(each) + share))
    if to_add and sizes:
        first, size = sizes[0]
        sizes[0] = first, max(0, size + to_add - added)
    return sizes


def _share(deployment: Json, each: Json, to_add: int, added: int) -> int:
    if wanted(each) == 0 or to_add == added:
        return 0
    fraction, allowed = _fraction(deployment, each), to_add - added
    return min(fraction, allowed) if to_add > 0 else max(fraction, allowed)


def _fraction(deployment: Json, each: Json) -> int:
    if wanted(deployment) == 0:
        return -wanted(each)
    noted = (each["metadata"].get("annotations") or {}).get(LIMIT, "")
    before = int(noted) if noted.isdecimal() else 0
    before = before or counted(deployment, "replicas")
    if before == 0:
        return 0
    exact = wanted(each) * (wanted(deployment) + max_surge(deployment)) / before
    return math.floor(exact + 0.5) - wanted(each)


def by_age(sets: Iterable[Json], *, newest_first: bool = False) -> list[Json]:
    """Return the sets sorted by the time of their creation, then by name."""
    return sorted(sets, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"]), reverse=newest_first)


def revision(obj: Json) -> int:
    """Return the revision that an annotation tells; 0 if none does."""
    text = (obj["metadata"].get("annotations") or {}).get(REVISION, "")
    return int(text) if text.isdecimal() else 0
