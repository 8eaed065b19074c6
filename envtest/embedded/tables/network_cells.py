"""The cells of services, endpoints, ingresses and network policies in tables.

What flows in: an object and the time. What flows out: its cells, in the order of the columns in `data`. Pure. Mirrors kubernetes
pkg/printers/internalversion/printers.go.
"""

import datetime
from typing import Any, Final

from envtest.embedded.api.status import Json
from envtest.embedded.tables import cells

_LONGEST: Final = 3


def _addresses(obj: Json) -> str:
    ingress = cells.at(obj, "status", "loadBalancer", "ingress") or []
    return ",".join(sorted({each.get("ip") or each.get("hostname") or "" for each in ingress} - {""}))


def _external(obj: Json) -> str:
    spec = obj["spec"]
    kind, given = spec.get("type", "ClusterIP"), spec.get("externalIPs") or []
    if kind == "ExternalName":
        return str(spec.get("externalName", ""))
    if kind == "LoadBalancer":
        found = _addresses(obj)
        return ",".join([*([found] if found else []), *given]) or "<pending>"
    return ",".join(given) or cells.NONE


def _port(port: Json) -> str:
    number = f"{port['port']}:{port['nodePort']}" if port.get("nodePort") else str(port["port"])
    return f"{number}/{port.get('protocol', 'TCP')}"


def _service(obj: Json, now: datetime.datetime) -> list[Any]:
    spec = obj["spec"]
    return [
        cells.name_of(obj),
        spec.get("type", ""),
        next(iter(spec.get("clusterIPs") or []), cells.NONE),
        _external(obj),
        ",".join(map(_port, spec.get("ports") or [])) or cells.NONE,
        cells.age(obj, now),
        cells.labels(spec.get("selector")),
    ]


def _endpoints(obj: Json, now: datetime.datetime) -> list[Any]:
    found: list[str] = []
    for subset in obj.get("subsets") or []:
        addresses = [each["ip"] for each in subset.get("addresses") or []]
        ports = subset.get("ports") or []
        joined = [f"[{ip}]:{port['port']}" if ":" in ip else f"{ip}:{port['port']}" for port in ports for ip in addresses]
        found += joined if ports else addresses
    return [cells.name_of(obj), cells.joined_with_more(found, _LONGEST) or cells.NONE, cells.age(obj, now)]


def _endpoint_slice(obj: Json, now: datetime.datetime) -> list[Any]:
    ports = [str(each["port"] if each.get("port") is not None else each.get("name") or "*") for each in obj.get("ports") or []]
    addresses = [address for each in obj.get("endpoints") or [] for address in each.get("addresses") or []]
    shown = [cells.joined_with_more(part, _LONGEST) if part else cells.UNSET for part in (ports, addresses)]
    return [cells.name_of(obj), obj["addressType"], *shown, cells.age(obj, now)]


def _ingress(obj: Json, now: datetime.datetime) -> list[Any]:
    spec = obj["spec"]
    rules = spec.get("rules") or []
    hosts = [each["host"] for each in rules if each.get("host")][:_LONGEST]
    more = f" + {len(rules) - _LONGEST} more..." if len(rules) > _LONGEST else ""
    return [
        cells.name_of(obj),
        spec.get("ingressClassName") or cells.NONE,
        ",".join(hosts) + more if hosts else "*",
        _addresses(obj),
        "80, 443" if spec.get("tls") else "80",
        cells.age(obj, now),
    ]


def _ingress_class(obj: Json, now: datetime.datetime) -> list[Any]:
    annotations = obj["metadata"].get("annotations") or {}
    is_default = annotations.get("ingressclass.kubernetes.io/is-default-class") == "true"
    given = cells.at(obj, "spec", "parameters")
    parameters = cells.NONE
    if given:
        group = f".{given['apiGroup']}" if given.get("apiGroup") else ""
        parameters = f"{given['kind']}{group}/{given['name']}"
    name = cells.name_of(obj)
    return [f"{name} (default)" if is_default else name, obj["spec"].get("controller", ""), parameters, cells.age(obj, now)]


def _network_policy(obj: Json, now: datetime.datetime) -> list[Any]:
    return [cells.name_of(obj), cells.selector(cells.at(obj, "spec", "podSelector")), cells.age(obj, now)]


PRINTERS: Final[dict[str, cells.Printer]] = {
    "services": _service,
    "endpoints": _endpoints,
    "endpointslices.discovery.k8s.io": _endpoint_slice,
    "ingresses.networking.k8s.io": _ingress,
    "ingressclasses.networking.k8s.io": _ingress_class,
    "networkpolicies.networking.k8s.io": _network_policy,
}
"""By storage key."""
