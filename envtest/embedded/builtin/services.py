"""Gives Services their cluster IPs and node ports.

What flows in: a Service as it shall be and as it was, and all that there are. What flows out: the Service with all that it gets,
or a `status.StatusError`. Nothing is remembered: what is taken is what the stored Services have. The loop's thread. Mirrors
kubernetes pkg/registry/core/service/storage; deviations: IPv4 only, and the lowest free value is given, not a random one.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Final

from envtest.embedded.api import status, store
from envtest.embedded.api.status import Cause, Json
from envtest.embedded.builtin import resources, service_addresses, service_types
from envtest.embedded.validation import field_errors

NETWORK: Final = ipaddress.IPv4Network("10.0.0.0/16")
FIRST_NODE_PORT: Final = 30000
LAST_NODE_PORT: Final = 32767

_FIRST_DYNAMIC_IP: Final = 256  # those before are for whoever names them, see KEP 3070
_FIRST_DYNAMIC_PORT: Final = 86  # see KEP 3668
_IP_OUTSIDE: Final = "the provided network does not match the current range"
_IP_OUTSIDE_OF_DRY_RUN: Final = f"the provided IP ({{}}) is not in the valid range. The range of valid IPs is {NETWORK}"
_TAKEN_PORT: Final = "provided port is already allocated"
_PORT_OUTSIDE: Final = f"provided port is not in the valid range. The range of valid ports is {FIRST_NODE_PORT}-{LAST_NODE_PORT}"


def allocate(
    objects: store.Store, registry: resources.Registry, service: Json, old: Json | None, is_dry_run: bool = False
) -> Json:
    """Return *service* with its addresses and ports.

    Args:
        objects: Where the other Services are.
        registry: Knows Services.
        service: It as it shall be, read and defaulted.
        old: It as it is; None if it is new.
        is_dry_run: Whether nothing will be kept; less is checked then, as on the server.

    Raises:
        status.StatusError: What it asks for is taken or makes no sense.
    """
    resource = registry.find("", "v1", "services")
    assert resource is not None
    metadata = service["metadata"]
    own = (metadata.get("namespace"), metadata.get("name"))
    others = [
        each["spec"]
        for each in objects.list(resource, None)
        if (each["metadata"].get("namespace"), each["metadata"]["name"]) != own or old is None
    ]
    before = old["spec"] if old else None
    wish = _Wish(metadata.get("name", ""), others, before, is_dry_run)
    spec = service_addresses.normalized(dict(service["spec"]), before)
    if spec["type"] != service_types.EXTERNAL_NAME:
        wish.refuse(service_addresses.problems(spec))
        spec, causes = service_addresses.with_families(spec, before)
        wish.refuse(causes)
        spec = wish.with_cluster_ip(spec)
    if service_types.has_node_ports(spec):
        spec = wish.with_node_ports(spec)
    if service_types.needs_health_port(spec) and not (before and service_types.needs_health_port(before)):
        spec = wish.with_health_port(spec)
    return {**service, "spec": spec}


class _Wish:
    """One Service that wants something, among others that have it."""

    def __init__(self, name: str, others: Iterable[Json], before: Json | None, is_dry_run: bool) -> None:
        self._name = name
        self._is_dry_run = is_dry_run
        self._before = before or {"type": service_types.EXTERNAL_NAME}
        self._is_new = before is None
        self._others = list(others)
        self.ports = {port for spec in self._others for port in _ports(spec)}

    def refuse(self, causes: list[Cause]) -> None:
        """Raise an error if there are causes."""
        if causes:
            raise status.invalid(("Service", ""), self._name, causes)

    def with_cluster_ip(self, spec: Json) -> Json:
        """Return *spec* with a cluster IP, unless it is headless or has one already."""
        given = spec.get("clusterIP", "")
        if given == service_types.NO_CLUSTER_IP or self._before["type"] != service_types.EXTERNAL_NAME:
            return spec
        taken = {address for other in self._others for address in other.get("clusterIPs", ())}
        if given:
            self.refuse(self._address_problems(given, spec["clusterIPs"], taken))
            return spec
        address = next(str(each) for each in _dynamic_addresses() if str(each) not in taken)
        return {**spec, "clusterIP": address, "clusterIPs": [address]}

    def with_node_ports(self, spec: Json) -> Json:
        """Return *spec* with the node ports that it lacks."""
        if "ports" not in spec:
            return spec
        own = set(_ports(self._before))
        taken = self.ports | own
        by_port: dict[int, int] = {}
        ports = []
        for number, port in enumerate(spec["ports"]):
            wanted = port.get("nodePort", 0)
            shared = {by_port.get(port["port"])} if self._is_new else set(by_port.values())
            if self._is_new:
                wanted = wanted or by_port.get(port["port"]) or _requested(port["port"], spec["ports"])
            if wanted and wanted not in own | shared:
                self.refuse(self._port_problems(number, wanted, taken))
            elif not wanted and service_types.needs_node_ports(spec):
                wanted = self.free_port(taken)
            if wanted:
                taken.add(wanted)
                by_port[port["port"]] = wanted
            ports.append({**port, "nodePort": wanted} if wanted else port)
        return {**spec, "ports": ports}

    def _address_problems(self, address: str, given: list[str], taken: set[str]) -> list[Cause]:
        edges = (str(NETWORK.network_address), str(NETWORK.broadcast_address))
        if ipaddress.ip_address(address) not in NETWORK or address in edges:
            reason = _IP_OUTSIDE_OF_DRY_RUN.format(address) if self._is_dry_run else _IP_OUTSIDE
        elif address in taken and not self._is_dry_run:
            reason = "provided IP is already allocated"
        else:
            return []
        return [field_errors.invalid("spec.clusterIPs", given, f"failed to allocate IP {address}: {reason}")]

    def _port_problems(self, number: int, port: int, taken: set[int]) -> list[Cause]:
        path = f"spec.ports[{number}].nodePort"
        if not FIRST_NODE_PORT <= port <= LAST_NODE_PORT and not self._is_dry_run:
            return [field_errors.invalid(path, port, _PORT_OUTSIDE)]
        return [field_errors.invalid(path, port, _TAKEN_PORT)] if port in taken else []

    def with_health_port(self, spec: Json) -> Json:
        """Return *spec* with a port for health checks.

        Raises:
            status.StatusError: The one that it asks for is taken.
        """
        taken = self.ports | service_types.node_ports(spec)
        wanted: int = spec.get("healthCheckNodePort") or self.free_port(taken)
        if wanted in taken:
            raise status.internal(f"failed to allocate requested HealthCheck NodePort {wanted}: {_TAKEN_PORT}")
        return {**spec, "healthCheckNodePort": wanted}

    def free_port(self, taken: set[int]) -> int:
        """Return a node port that nobody has.

        Raises:
            status.StatusError: There is none.
        """
        dynamic = range(FIRST_NODE_PORT + _FIRST_DYNAMIC_PORT, LAST_NODE_PORT + 1)
        static = range(FIRST_NODE_PORT, FIRST_NODE_PORT + _FIRST_DYNAMIC_PORT)
        for port in (*dynamic, *static):
            if port not in taken:
                return int(port)
        raise status.internal("failed to allocate a nodePort: range is full")


def _ports(spec: Json) -> list[int]:
    found = [port["nodePort"] for port in spec.get("ports", ()) if port.get("nodePort")]
    return [*found, spec["healthCheckNodePort"]] if spec.get("healthCheckNodePort") else found


def _requested(port: int, ports: list[Json]) -> int:
    """Return the node port that any of *ports* with the same number asks for, since UDP and TCP may share it."""
    found = (each["nodePort"] for each in ports if each["port"] == port and each.get("nodePort"))
    return int(next(found, 0))


def _dynamic_addresses() -> Iterator[ipaddress.IPv4Address]:
    for number in (*range(_FIRST_DYNAMIC_IP, NETWORK.num_addresses - 1), *range(1, _FIRST_DYNAMIC_IP)):
        yield NETWORK[number]
