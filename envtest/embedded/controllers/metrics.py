"""The metrics API of an embedded server: how busy pods are, as somebody says.

What flows in: the use of pods, from Python or by HTTP through the API server. What flows out: PodMetrics. The loop's thread
answers; any thread may call `Metrics.set_cpu`. Mirrors sigs.k8s.io/metrics-server; its surface is that of
`metrics_api.MetricsApi`.
"""

import urllib.parse
from collections.abc import Callable

from envtest import metrics_api, pod_metrics
from envtest.embedded.api import pipeline, selectors, status
from envtest.embedded.api.status import Json
from envtest.embedded.controllers import world
from envtest.embedded.http import aggregation


class Metrics:
    """What is known of the use of pods.

    Attributes:
        group: What the API server needs to know to serve it.
    """

    def __init__(self, api: pipeline.Api) -> None:
        self._pods = _Pods(world.Access(api))
        self._usages = pod_metrics.Usages()
        self._answers = metrics_api.Answers(self._pods, self._usages)
        self.group = aggregation.Group(pod_metrics.GROUP, pod_metrics.VERSION, self.answer)

    def set_cpu(self, namespace: str, labels: dict[str, str], container: str, millicores: int | None) -> None:
        """Set the CPU use of a container, in all ready pods with *labels* together; None: nothing is known of it."""
        self._usages.set(pod_metrics.Target.of(namespace, labels, container), millicores)

    def answer(self, method: str, target: str, body: bytes) -> Json:
        """Answer a request.

        Raises:
            status.StatusError: It makes no sense.
        """
        acts: dict[str, Callable[[], Json]] = {
            "GET": lambda: self._answers.get(target),
            "PUT": lambda: self._answers.put(target, body),
        }
        if method not in acts:
            raise status.method_not_allowed()
        try:
            return acts[method]()
        except metrics_api.RefusedError as error:
            raise aggregation.refused(error.code, str(error)) from error

    def measure(self, namespace: str, selector: selectors.Selector) -> list[Json]:
        """Return the PodMetrics of the pods that match."""
        found = self._usages.measure(self._pods.list(namespace, selectors.EVERYTHING))
        return [each for each in found if selector.matches(each)]


class _Pods:
    """Reads pods as `metrics_api.Answers` asks for them."""

    def __init__(self, api: world.Access) -> None:
        self._api = api

    def get(self, path: str) -> Json:
        place, _, query = path.partition("?")
        parts = place.split("/")
        namespace = parts[4] if "namespaces" in parts else None
        wanted = urllib.parse.parse_qs(query).get("labelSelector", [""])[0]
        selector = selectors.parse(self._api.resource(world.PODS), wanted, "")
        return {"items": self.list(namespace, selector)}

    def list(self, namespace: str | None, selector: selectors.Selector) -> list[Json]:
        return [pod for pod in self._api.list(world.PODS, namespace) if selector.matches(pod)]
