"""The endpoints of a Service, as EndpointSlices and as Endpoints have them.

What flows in: a Service and its pods. What flows out: groups of endpoints that share ports; subsets. Pure. Mirrors kubernetes
staging/src/k8s.io/endpointslice/utils.go and pkg/controller/endpoint; deviation: IPv4 only.
"""

from collections.abc import Iterable, Sequence

from envtest.embedded.api.status import Json
from envtest.embedded.controllers import pods_of

HEADLESS = "service.kubernetes.io/headless"
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
SLICE_MANAGER = "endpointslice-controller.k8s.io"

_ENDPOINTS_MANAGED_BY = "endpoints.kubernetes.io/managed-by"
_ENDPOINTS_MANAGER = "endpoint-controller"
_RESERVED = (SERVICE_NAME, MANAGED_BY, HEADLESS)
_MOST_IN_A_SLICE = 100

Group = tuple[list[Json], list[Json]]
"""Ports, and endpoints that have them."""


def has_endpoints(service: Json) -> bool:
    """Ask whether the endpoints of a Service are looked for."""
    return bool(service["spec"].get("selector")) and service["spec"].get("type") != "ExternalName"


def slice_labels(service: Json) -> Json:
    """Return the labels of a Service's EndpointSlices."""
    labels = {key: value for key, value in _labels(service).items() if key not in _RESERVED}
    headless = {HEADLESS: ""} if is_headless(service) else {}
    return {**labels, **headless, SERVICE_NAME: service["metadata"]["name"], MANAGED_BY: SLICE_MANAGER}


def endpoints_labels(service: Json) -> Json:
    """Return the labels of a Service's Endpoints."""
    labels = {key: value for key, value in _labels(service).items() if key != HEADLESS}
    return {**labels, **({HEADLESS: ""} if is_headless(service) else {}), _ENDPOINTS_MANAGED_BY: _ENDPOINTS_MANAGER}


def _labels(service: Json) -> Json:
    return service["metadata"].get("labels") or {}


def is_headless(service: Json) -> bool:
    """Ask whether a Service has no address of its own."""
    return service["spec"].get("clusterIP", "") in ("", "None")


def groups(service: Json, pods: Iterable[Json]) -> list[Group]:
    """Return the endpoints of a Service, grouped by their ports, no group larger than a slice may be."""
    by_ports: dict[str, Group] = {}
    for pod in pods:
        if pods_of.is_ended(pod) or not (pod.get("status") or {}).get("podIP"):
            continue
        ports = _ports(service, pod)
        by_ports.setdefault(repr(ports), (ports, []))[1].append(_endpoint(service, pod))
    return [
        (ports, endpoints[start : start + _MOST_IN_A_SLICE])
        for ports, endpoints in by_ports.values()
        for start in range(0, len(endpoints), _MOST_IN_A_SLICE)
    ]


def _endpoint(service: Json, pod: Json) -> Json:
    serving, terminating = pods_of.is_ready(pod), pods_of.is_going(pod)
    ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not terminating)
    endpoint: Json = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": _reference(pod),
    }
    return endpoint | _place(service, pod)


def _reference(pod: Json) -> Json:
    own = pod["metadata"]
    return {"kind": "Pod", "namespace": own["namespace"], "name": own["name"], "uid": own["uid"]}


def _place(service: Json, pod: Json) -> Json:
    spec, place = pod["spec"], {}
    if spec.get("nodeName"):
        place["nodeName"] = spec["nodeName"]
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        place["hostname"] = spec["hostname"]
    return place


def _ports(service: Json, pod: Json) -> list[Json]:
    found = []
    for port in service["spec"].get("ports") or ():
        if (number := _number(port, pod)) is not None:
            known = {"name": port.get("name", ""), "port": number, "protocol": port.get("protocol", "TCP")}
            found.append(known | ({"appProtocol": port["appProtocol"]} if port.get("appProtocol") else {}))
    return found


def _number(port: Json, pod: Json) -> int | None:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for each in container.get("ports") or ():
            if each.get("name") == target and each.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return int(each["containerPort"])
    return None


def subsets(service: Json, pods: Sequence[Json]) -> list[Json]:
    """Return the subsets of a Service's Endpoints."""
    shown = bool(service["spec"].get("publishNotReadyAddresses"))
    by_ports: dict[str, tuple[list[Json], list[Json], list[Json]]] = {}
    for pod in pods:
        if pods_of.is_ended(pod) or not (pod.get("status") or {}).get("podIP") or (pods_of.is_going(pod) and not shown):
            continue
        ports = _ports(service, pod)
        if not ports and not (is_headless(service) and not service["spec"].get("ports")):
            continue
        _, ready, unready = by_ports.setdefault(repr(ports), (ports, [], []))
        address = {"ip": pod["status"]["podIP"], **_place(service, pod), "targetRef": _reference(pod)}
        (ready if shown or pods_of.is_ready(pod) else unready).append(address)
    return [_subset(*each) for each in by_ports.values()]


def _subset(ports: list[Json], ready: list[Json], unready: list[Json]) -> Json:
    named = [{key: value for key, value in port.items() if value != ""} for port in ports]
    parts = {
        "addresses": sorted(ready, key=lambda address: str(address["ip"])),
        "notReadyAddresses": sorted(unready, key=lambda address: str(address["ip"])),
        "ports": sorted(named, key=lambda port: (int(port["port"]), str(port.get("name", "")))),
    }
    return {name: part for name, part in parts.items() if part}
