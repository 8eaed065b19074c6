"""What is wrong with a Service.

What flows in: Services that have been read and have got their addresses. What flows out: causes, in the server's order. Pure.
Mirrors ValidateServiceCreate and ValidateServiceUpdate of kubernetes pkg/apis/core/validation; annotations are not looked at.
"""

import ipaddress
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.builtin import service_addresses, service_types
from envtest.embedded.validation import checks, field_errors
from envtest.embedded.validation.checks import Causes, Json, child

PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_AFFINITIES: Final = ("ClientIP", "None")
_TRAFFIC: Final = ("Cluster", "Local")
_DISTRIBUTIONS: Final = ("PreferClose", "PreferSameZone", "PreferSameNode")
_ONLY_BALANCED: Final = "may only be used when `type` is 'LoadBalancer'"
_FIXED: Final = "may not change once set"
_DAY: Final = 86400
_FIRST_IP: Final = "spec.clusterIPs[0]"


def new(service: Json) -> Causes:
    """Check a new Service."""
    return _service(service["spec"])


def changed(service: Json, old: Json) -> Causes:
    """Check a Service that replaces another."""
    spec, before = service["spec"], old["spec"]
    if service_types.EXTERNAL_NAME not in (spec["type"], before["type"]):
        yield from _changed_addresses(spec, before)
        yield from _changed_families(spec, before)
    is_balanced = spec["type"] == before["type"] == service_types.LOAD_BALANCER
    if is_balanced and spec.get("loadBalancerClass") != before.get("loadBalancerClass"):
        yield field_errors.invalid("spec.loadBalancerClass", spec.get("loadBalancerClass"), _FIXED)
    yield from _class(spec)
    is_checked = service_types.needs_health_port(spec) and service_types.needs_health_port(before)
    if is_checked and spec.get("healthCheckNodePort") != before.get("healthCheckNodePort"):
        yield field_errors.forbidden("spec.healthCheckNodePort", checks.IMMUTABLE)
    yield from _service(spec)


def endpoint_address(path: str, text: str) -> Causes:
    """Check an address that traffic may be sent to."""
    if wrong := checks.ip_address(text):
        yield from checks.texts(path, text, wrong)
        return
    address = ipaddress.ip_address(text)
    if address.is_unspecified:
        yield field_errors.invalid(path, text, f"may not be unspecified ({address})")
    if address.is_loopback:
        yield field_errors.invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        yield field_errors.invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if address.is_multicast and (str(address).startswith("224.0.0.") or str(address).startswith("ff02:")):
        yield field_errors.invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")


def _is_headless(spec: Json) -> bool:
    return bool(spec.get("clusterIPs") == [service_types.NO_CLUSTER_IP])


def _changed_addresses(spec: Json, before: Json) -> Causes:
    new_ips, old_ips = spec.get("clusterIPs", []), before.get("clusterIPs", [])
    if _is_headless(spec) and _is_headless(before):
        return
    if old_ips and not new_ips:
        yield field_errors.invalid(_FIRST_IP, new_ips, "primary clusterIP can not be unset")
    for number, (address, old) in enumerate(zip(new_ips, old_ips, strict=False)):
        if address != old:
            yield field_errors.invalid(child("spec.clusterIPs", number), new_ips, _FIXED)


def _changed_families(spec: Json, before: Json) -> Causes:
    if _is_headless(spec) or _is_headless(before):
        return
    families = spec.get("ipFamilies", [])
    if any(one != other for one, other in zip(families, before.get("ipFamilies", []), strict=False)):
        yield field_errors.invalid("spec.ipFamilies[0]", families, _FIXED)


def _service(spec: Json) -> Causes:
    kind, ports = spec["type"], spec.get("ports", [])
    if not ports and not _is_headless(spec) and kind != service_types.EXTERNAL_NAME:
        yield field_errors.required("spec.ports")
    yield from _type(spec)
    seen: set[str] = set()
    for number, port in enumerate(ports):
        yield from _port(child("spec.ports", number), port, len(ports) > 1, seen)
    yield from checks.labels("spec.selector", spec.get("selector", {}))
    yield from checks.one_of("spec.sessionAffinity", spec["sessionAffinity"], _AFFINITIES)
    if spec["sessionAffinity"] == "ClientIP":
        seconds = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"]
        if not 0 < seconds <= _DAY:
            path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
            yield field_errors.invalid(path, seconds, f"must be greater than 0 and less than {_DAY}")
    if kind != service_types.EXTERNAL_NAME:
        yield from service_addresses.problems(spec)
    for number, address in enumerate(spec.get("externalIPs", ())):
        yield from endpoint_address(child("spec.externalIPs", number), address)
    yield from checks.one_of("spec.type", kind, _TYPES)
    yield from _node_ports(kind, ports)
    yield from _balancer(spec)
    yield from _external_traffic(spec)
    yield from _internal_traffic(spec)


def _type(spec: Json) -> Causes:
    kind = spec["type"]
    if kind in (service_types.LOAD_BALANCER, service_types.NODE_PORT) and _is_headless(spec):
        yield field_errors.invalid(_FIRST_IP, service_types.NO_CLUSTER_IP, f"may not be set to 'None' for {kind} services")
    if kind != service_types.EXTERNAL_NAME:
        return
    for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(name):
            yield field_errors.forbidden(child("spec", name), "may not be set for ExternalName services")
    yield from checks.named("spec.externalName", spec.get("externalName", "").removesuffix("."), names.dns_subdomain)


def _port(path: str, port: Json, needs_name: bool, seen: set[str]) -> Causes:
    name = port.get("name", "")
    if needs_name and not name:
        yield field_errors.required(child(path, "name"))
    elif name:
        yield from checks.texts(child(path, "name"), name, names.dns_label(name))
        if name in seen:
            yield field_errors.duplicate(child(path, "name"), name)
        seen.add(name)
    yield from checks.port(child(path, "port"), port["port"])
    yield from checks.one_of(child(path, "protocol"), port["protocol"], PROTOCOLS)
    yield from checks.port(child(path, "targetPort"), port["targetPort"])
    if "appProtocol" in port:
        yield from checks.label_key(child(path, "appProtocol"), port["appProtocol"])


def _node_ports(kind: str, ports: list[Json]) -> Causes:
    if kind == "ClusterIP":
        for number, port in enumerate(ports):
            if port.get("nodePort"):
                text = "may not be used when `type` is 'ClusterIP'"
                yield field_errors.forbidden(child("spec.ports", number, "nodePort"), text)
    given = [(port["protocol"], port.get("nodePort", 0)) for port in ports]
    for number, key in enumerate(given):
        if key[1] and key in given[:number]:
            yield field_errors.duplicate(child("spec.ports", number, "nodePort"), key[1])
    numbers = [(port["protocol"], port["port"]) for port in ports]
    for number, key in enumerate(numbers):
        if key in numbers[:number]:
            shown = f'{{"Name":"","Protocol":"{key[0]}","AppProtocol":null,"Port":{key[1]},"TargetPort":0,"NodePort":0}}'
            yield field_errors.duplicate(child("spec.ports", number), field_errors.Printed(shown))


def _balancer(spec: Json) -> Causes:
    is_balanced = spec["type"] == service_types.LOAD_BALANCER
    if ranges := spec.get("loadBalancerSourceRanges"):
        path = "spec.LoadBalancerSourceRanges"
        if not is_balanced:
            yield field_errors.forbidden(path, _ONLY_BALANCED)
        for number, value in enumerate(ranges):
            yield from checks.texts(child(path, number), value.strip(), checks.network(value.strip()))
    if "allocateLoadBalancerNodePorts" in spec and not is_balanced:
        yield field_errors.forbidden("spec.allocateLoadBalancerNodePorts", _ONLY_BALANCED)
    yield from _class(spec)


def _class(spec: Json) -> Causes:
    name = spec.get("loadBalancerClass")
    if name is None:
        return
    if spec["type"] == service_types.LOAD_BALANCER:
        yield from checks.label_key("spec.loadBalancerClass", name)
    else:
        yield field_errors.forbidden("spec.loadBalancerClass", _ONLY_BALANCED)


def _external_traffic(spec: Json) -> Causes:
    path, policy = "spec.externalTrafficPolicy", spec.get("externalTrafficPolicy", "")
    if service_types.is_external(spec):
        yield from checks.one_of(path, policy, _TRAFFIC)
    elif policy:
        yield field_errors.invalid(path, policy, "may only be set for externally-accessible services")
    path, port = "spec.healthCheckNodePort", spec.get("healthCheckNodePort", 0)
    if not service_types.needs_health_port(spec):
        if port:
            text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
            yield field_errors.invalid(path, port, text)
    else:
        yield from checks.port(path, port) if port else checks.present(path, port)


def _internal_traffic(spec: Json) -> Causes:
    if "internalTrafficPolicy" in spec:
        yield from checks.supported("spec.internalTrafficPolicy", spec["internalTrafficPolicy"], _TRAFFIC)
    if "trafficDistribution" in spec:
        yield from checks.supported("spec.trafficDistribution", spec["trafficDistribution"], _DISTRIBUTIONS)
