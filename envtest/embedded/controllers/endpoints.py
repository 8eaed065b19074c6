"""The endpoints of Services: EndpointSlices, and Endpoints for those who still read them.

What flows in: Services and pods. What flows out: slices and Endpoints. The loop's thread. Mirrors kubernetes
pkg/controller/endpointslice and pkg/controller/endpoint; deviation: slices that change are not packed anew.
"""

from itertools import zip_longest

from envtest.embedded.api import selectors, status, store
from envtest.embedded.api.status import Json
from envtest.embedded.controllers import graph, loop, service_endpoints, world

_TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"


class Endpoints:
    """Both controllers."""

    def __init__(self, shared: world.World) -> None:
        self._world = shared
        self._api = shared.api
        self.queue = loop.Queue(self.sync, shared.timers)

    def see(self, key: str, event: store.Event) -> None:
        """Take note of a change of any kind."""
        if key == world.SERVICES:
            self.queue.add(world.key_of(event.object))
        elif key == world.PODS:
            self._see_pod(event)
        elif key == world.ENDPOINT_SLICES:
            owner = graph.controller_of(event.object)
            if owner and owner["kind"] == "Service":
                self.queue.add(store.key_of(event.object["metadata"]["namespace"], owner["name"]))
        elif key == world.ENDPOINTS:
            self.queue.add(world.key_of(event.object))

    def _see_pod(self, event: store.Event) -> None:
        pods = [pod for pod in (event.object, event.previous) if pod]
        labels = [(pod["metadata"].get("labels") or {}).items() for pod in pods]
        for service in self._api.list(world.SERVICES, event.object["metadata"]["namespace"]):
            wanted = (service["spec"].get("selector") or {}).items()
            if wanted and any(wanted <= each for each in labels):
                self.queue.add(world.key_of(service))

    def sync(self, key: str) -> float | None:
        """Bring the endpoints of one Service up to date.

        Raises:
            status.StatusError: A write is refused.
        """
        namespace, name = world.split(key)
        service = self._api.find(world.SERVICES, namespace, name)
        if service is None:
            if (left := self._api.find(world.ENDPOINTS, namespace, name)) is not None and not _is_by_hand(left):
                self._api.delete(world.ENDPOINTS, left)
            return None
        selector = _selector(service)
        if selector is None:
            return None
        pods = [pod for pod in self._api.list(world.PODS, namespace) if selector.matches(pod)]
        try:
            self._write_slices(service, pods)
            self._write_endpoints(service, pods)
        except status.StatusError as error:
            if not world.is_terminating(error):
                raise
        return None

    def _write_slices(self, service: Json, pods: list[Json]) -> None:
        own = self._world.graph.controlled(service["metadata"]["uid"], world.ENDPOINT_SLICES)
        there = [each for each in own if (each["metadata"].get("labels") or {}).get(service_endpoints.MANAGED_BY)]
        wanted = service_endpoints.groups(service, pods) or [([], [])]
        for old, group in zip_longest(there, wanted):
            if group is None:
                self._api.delete(world.ENDPOINT_SLICES, old)
            else:
                self._write_slice(service, old, *group)

    def _write_slice(self, service: Json, old: Json | None, ports: list[Json], endpoints: list[Json]) -> None:
        labels = service_endpoints.slice_labels(service)
        annotations = {_TRIGGER: self._world.now}
        if old is None:
            metadata = {
                "generateName": f"{service['metadata']['name']}-",
                "namespace": service["metadata"]["namespace"],
                "labels": labels,
                "annotations": annotations,
                "ownerReferences": [world.owner_reference(service)],
            }
            new = {"metadata": metadata, "addressType": "IPv4"} | _filled(endpoints, ports)
            self._api.create(world.ENDPOINT_SLICES, new)
        elif (
            (old.get("endpoints") or []) != endpoints
            or (old.get("ports") or []) != ports
            or old["metadata"].get("labels") != labels
        ):
            metadata = {**old["metadata"], "labels": labels, "annotations": annotations}
            kept = {name: part for name, part in old.items() if name not in ("endpoints", "ports")}
            self._api.update(world.ENDPOINT_SLICES, {**kept, "metadata": metadata} | _filled(endpoints, ports))

    def _write_endpoints(self, service: Json, pods: list[Json]) -> None:
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        labels, subsets = service_endpoints.endpoints_labels(service), service_endpoints.subsets(service, pods)
        old = self._api.find(world.ENDPOINTS, namespace, name)
        annotations = {_TRIGGER: self._world.now}
        if old is None:
            metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
            self._api.create(world.ENDPOINTS, {"metadata": metadata, "subsets": subsets})
        elif (old.get("subsets") or []) != subsets or old["metadata"].get("labels") != labels:
            metadata = {**old["metadata"], "labels": labels, "annotations": annotations}
            self._api.update(world.ENDPOINTS, {**old, "metadata": metadata, "subsets": subsets})


def _filled(endpoints: list[Json], ports: list[Json]) -> Json:
    """Return the parts of a slice that are not empty, as the real controller sends them."""
    return {name: part for name, part in (("endpoints", endpoints), ("ports", ports)) if part}


def _selector(service: Json) -> selectors.Selector | None:
    if not service_endpoints.has_endpoints(service):
        return None
    return selectors.Selector(selectors.of_label_selector({"matchLabels": service["spec"]["selector"]}))


def _is_by_hand(endpoints: Json) -> bool:
    return not (endpoints["metadata"].get("labels") or {}).get("endpoints.kubernetes.io/managed-by")
