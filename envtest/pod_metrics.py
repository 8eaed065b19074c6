"""What the metrics API says of pods: the CPU use that somebody set, shared out among those that are ready.

What flows in: the use of whatever pods have some labels; pods as the API shows them. What flows out: PodMetrics of
metrics.k8s.io/v1beta1. Any thread. Mirrors sigs.k8s.io/metrics-server pkg/api; deviation: pods of whose use nothing was said have
no metrics.

The use that is set is that of all these pods together, like a load that a Service spreads: each ready one has an equal share, so
an autoscaler comes to rest at the number that carries the load.
"""

import datetime
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envtest.kubelet import api

GROUP = "metrics.k8s.io"
VERSION = "v1beta1"

_WINDOW = "1s"
_NANOCORES = 1_000_000  # in a millicore


@dataclass(frozen=True)
class Target:
    """Who uses: one container of all pods of a namespace that have these labels."""

    namespace: str
    labels: frozenset[tuple[str, str]]
    container: str

    @classmethod
    def of(cls, namespace: str, labels: Mapping[str, str], container: str) -> "Target":
        """Name the container of the pods with *labels*."""
        return cls(namespace, frozenset(labels.items()), container)

    def has(self, pod: api.Json) -> bool:
        """Say whether *pod* is one of these pods."""
        metadata = pod["metadata"]
        return metadata["namespace"] == self.namespace and self.labels <= (metadata.get("labels") or {}).items()


class Usages:
    """What was said of the use of pods."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millicores: dict[Target, int] = {}

    def set(self, target: Target, millicores: int | None) -> None:
        """Say what *target* uses in all its pods together; None: nothing is known of it."""
        with self._lock:
            if millicores is None:
                self._millicores.pop(target, None)
            else:
                self._millicores[target] = millicores

    def measure(self, pods: Sequence[api.Json]) -> list[api.Json]:
        """Return the PodMetrics of those of *pods* that are ready and of whose use something was said.

        Args:
            pods: All that share a use, at least: each gets the share that it would have if there were no others.
        """
        with self._lock:
            known = dict(self._millicores)
        measured: dict[tuple[str, str], api.Json] = {}
        ready = [pod for pod in pods if _is_ready(pod)]
        for target, millicores in known.items():
            sharing = [pod for pod in ready if target.has(pod)]
            for pod in sharing:
                key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
                metrics = measured.setdefault(key, _metrics(pod))
                usage = {"cpu": f"{millicores * _NANOCORES // len(sharing)}n"}
                metrics["containers"].append({"name": target.container, "usage": usage})
        return list(measured.values())


def _is_ready(pod: api.Json) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    is_ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
    return is_ready and "deletionTimestamp" not in pod["metadata"]


def _metrics(pod: api.Json) -> api.Json:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "kind": "PodMetrics",
        "apiVersion": f"{GROUP}/{VERSION}",
        "metadata": {name: pod["metadata"][name] for name in ("name", "namespace", "labels") if name in pod["metadata"]},
        "timestamp": now,
        "window": _WINDOW,
        "containers": [],
    }
