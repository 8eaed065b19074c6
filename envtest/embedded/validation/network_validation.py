"""What is wrong with Ingresses, their classes, NetworkPolicies, EndpointSlices and Endpoints.

What flows in: objects that have been read. What flows out: causes, in the server's order. Pure. Mirrors kubernetes
pkg/apis/networking/validation, pkg/apis/discovery/validation and ValidateEndpoints of pkg/apis/core/validation.
"""

import ipaddress
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.validation import checks, field_errors, metadata_validation, service_validation
from envtest.embedded.validation.checks import Causes, Json, child

_PATH_TYPES: Final = ("Exact", "ImplementationSpecific", "Prefix")
_BAD_SEQUENCES: Final = ("//", "/./", "/../", "%2f", "%2F")
_BAD_ENDS: Final = ("/..", "/.")
_POLICY_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
_POLICY_TYPES: Final = ("Ingress", "Egress")
_ADDRESS_TYPES: Final = ("FQDN", "IPv4", "IPv6")
_ABSOLUTE: Final = "must be an absolute path"
_MOST_ENDPOINTS: Final = 1000


def ingress(obj: Json) -> Causes:
    """Check a new Ingress."""
    spec = obj["spec"]
    rules = spec.get("rules", [])
    if not rules and "defaultBackend" not in spec:
        yield field_errors.invalid("spec", None, "either `defaultBackend` or `rules` must be specified")
    if "defaultBackend" in spec:
        yield from _backend(spec["defaultBackend"], "spec.defaultBackend")
    for number, rule in enumerate(rules):
        yield from _rule(rule, child("spec.rules", number))
    for number, tls in enumerate(spec.get("tls", ())):
        at = child("spec.tls", number)
        for index, host in enumerate(tls.get("hosts", ())):
            check = checks.wildcard_subdomain if "*" in host else names.dns_subdomain
            yield from checks.texts(child(at, "hosts", index), host, check(host))
        if secret := tls.get("secretName"):
            yield from checks.texts(child(at, "secretName"), secret, names.dns_subdomain(secret))
    if (name := spec.get("ingressClassName")) is not None:
        yield from checks.texts("spec.ingressClassName", name, names.dns_subdomain(name))


def changed_ingress(obj: Json, _: Json) -> Causes:
    """Check an Ingress that replaces another."""
    yield from metadata_validation.new(obj["metadata"], names.dns_subdomain)
    yield from ingress(obj)


def ingress_class(obj: Json) -> Causes:
    """Check a new IngressClass."""
    controller = obj["spec"].get("controller", "")
    yield from _domain_path("spec.controller", controller)


def changed_ingress_class(obj: Json, old: Json) -> Causes:
    """Check an IngressClass that replaces another."""
    yield from checks.immutable("spec.controller", obj["spec"].get("controller"), old["spec"].get("controller"))
    yield from metadata_validation.new(obj["metadata"], names.dns_subdomain, is_namespaced=False)
    yield from ingress_class(obj)


def policy(obj: Json) -> Causes:
    """Check a NetworkPolicy."""
    spec = obj["spec"]
    yield from checks.label_selector("spec.podSelector", spec["podSelector"])
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for number, rule in enumerate(spec.get(direction, ())):
            at = child("spec", direction, number)
            for index, port in enumerate(rule.get("ports", ())):
                yield from _policy_port(port, child(at, "ports", index))
            for index, peer in enumerate(rule.get(peers, ())):
                yield from _peer(peer, child(at, peers, index))
    types = spec["policyTypes"]
    if len(types) > len(_POLICY_TYPES):
        yield field_errors.invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for number, kind in enumerate(types):
        yield from checks.supported(child("spec.policyTypes", number), kind, _POLICY_TYPES)


def changed_policy(obj: Json, _: Json) -> Causes:
    """Check a NetworkPolicy that replaces another."""
    return policy(obj)


def endpoint_slice(obj: Json) -> Causes:
    """Check a new EndpointSlice."""
    kind = obj["addressType"]
    yield from checks.one_of("addressType", kind, _ADDRESS_TYPES)
    yield from _slice_ports(obj["ports"] or [])
    endpoints = obj["endpoints"] or []
    if len(endpoints) > _MOST_ENDPOINTS:
        yield field_errors.too_many("endpoints", len(endpoints), _MOST_ENDPOINTS)
        endpoints = []
    for number, endpoint in enumerate(endpoints):
        at = child("endpoints", number)
        if not endpoint["addresses"]:
            yield field_errors.required(child(at, "addresses"), "must contain at least 1 address")
        for index, address in enumerate(endpoint["addresses"] or ()):
            yield from _address(kind, child(at, "addresses"), index, address)
        if "nodeName" in endpoint:
            yield from checks.texts(child(at, "nodeName"), endpoint["nodeName"], names.dns_subdomain(endpoint["nodeName"]))
        if "hostname" in endpoint:
            yield from checks.texts(child(at, "hostname"), endpoint["hostname"], names.dns_label(endpoint["hostname"]))


def changed_endpoint_slice(obj: Json, old: Json) -> Causes:
    """Check an EndpointSlice that replaces another."""
    yield from metadata_validation.new(obj["metadata"], names.dns_subdomain)
    yield from endpoint_slice(obj)
    yield from checks.immutable("addressType", obj["addressType"], old["addressType"])


def endpoints(obj: Json) -> Causes:
    """Check Endpoints."""
    for number, subset in enumerate(obj.get("subsets", ())):
        at = child("subsets", number)
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield field_errors.required(at, "must specify `addresses` or `notReadyAddresses`")
        for name in ("addresses", "notReadyAddresses"):
            for index, address in enumerate(subset.get(name, ())):
                yield from service_validation.endpoint_address(child(at, name, index, "ip"), address["ip"])
        ports = subset.get("ports", [])
        for index, port in enumerate(ports):
            yield from _endpoint_port(port, len(ports) > 1, child(at, "ports", index))


def changed_endpoints(obj: Json, _: Json) -> Causes:
    """Check Endpoints that replace others."""
    return endpoints(obj)


def _endpoint_port(port: Json, needs_name: bool, path: str) -> Causes:
    name = port.get("name", "")
    if name or needs_name:
        yield from checks.named(child(path, "name"), name, names.dns_label)
    yield from checks.port(child(path, "port"), port["port"])
    yield from checks.one_of(child(path, "protocol"), port["protocol"], service_validation.PROTOCOLS)


def _rule(rule: Json, path: str) -> Causes:
    host = rule.get("host", "")
    if host:
        if not checks.ip_address(host):
            yield field_errors.invalid(child(path, "host"), host, "must be a DNS name, not an IP address")
        check = checks.wildcard_subdomain if "*" in host else names.dns_subdomain
        yield from checks.texts(child(path, "host"), host, check(host))
    if "http" not in rule:
        return
    at = child(path, "http", "paths")
    yield from checks.present(at, rule["http"]["paths"])
    for number, given in enumerate(rule["http"]["paths"] or ()):
        yield from _path(given, child(at, number))


def _path(given: Json, path: str) -> Causes:
    kind, text, at = given["pathType"], given.get("path", ""), child(path, "path")
    if kind is None:
        yield field_errors.required(child(path, "pathType"), "pathType must be specified")
        return
    if kind in ("Exact", "Prefix"):
        if not text.startswith("/"):
            yield field_errors.invalid(at, text, _ABSOLUTE)
        for sequence in _BAD_SEQUENCES:
            if sequence in text:
                yield field_errors.invalid(at, text, f"must not contain '{sequence}'")
        for end in _BAD_ENDS:
            if text.endswith(end):
                yield field_errors.invalid(at, text, f"cannot end with '{end}'")
    elif kind == "ImplementationSpecific":
        if text and not text.startswith("/"):
            yield field_errors.invalid(at, text, _ABSOLUTE)
    else:
        yield field_errors.not_supported(child(path, "pathType"), kind, _PATH_TYPES)
    yield from _backend(given["backend"], child(path, "backend"))


def _backend(backend: Json, path: str) -> Causes:
    if "resource" in backend and "service" in backend:
        yield field_errors.invalid(path, "", "cannot set both resource and service backends")
    elif "resource" in backend:
        for name in ("kind", "name"):
            yield from checks.named(child(path, "resource", name), backend["resource"][name], names.path_segment)
    elif "service" in backend:
        service, at = backend["service"], child(path, "service")
        yield from checks.named(child(at, "name"), service["name"], names.dns_label)
        name, number = service["port"].get("name", ""), service["port"].get("number", 0)
        if name and number:
            yield field_errors.invalid(path, "", "cannot set both port name & port number")
        elif name:
            yield from checks.port(child(at, "port", "name"), name)
        elif number:
            yield from checks.port(child(at, "port", "number"), number)
        else:
            yield field_errors.required(path, "port name or number is required")
    else:
        yield field_errors.invalid(path, "", "resource or service backend is required")


def _domain_path(path: str, value: str) -> Causes:
    if not value:
        yield field_errors.required(path)
        return
    domain, slash, rest = value.partition("/")
    if not domain or not slash or not rest:
        text = 'must be a domain-prefixed path (such as "acme.io/foo")'
        yield field_errors.invalid(path, value, text)
        return
    yield from checks.texts(path, domain, names.dns_subdomain(domain))


def _policy_port(port: Json, path: str) -> Causes:
    yield from checks.supported(child(path, "protocol"), port["protocol"], _POLICY_PROTOCOLS)
    number, end, at = port.get("port"), port.get("endPort"), child(path, "endPort")
    if number is None:
        if end is not None:
            yield field_errors.invalid(at, end, "may not be specified when `port` is not specified")
    elif isinstance(number, str):
        if end is not None:
            yield field_errors.invalid(at, end, "may not be specified when `port` is non-numeric")
        yield from checks.port(child(path, "port"), number)
    else:
        yield from checks.port(child(path, "port"), number)
        if end is not None:
            if end < number:
                yield field_errors.invalid(at, number, "must be greater than or equal to `port`")
            yield from checks.port(at, end)


def _peer(peer: Json, path: str) -> Causes:
    for name in ("podSelector", "namespaceSelector"):
        yield from checks.label_selector(child(path, name), peer.get(name))
    if "ipBlock" in peer:
        yield from _block(peer["ipBlock"], child(path, "ipBlock"))
    if not peer:
        yield field_errors.required(path, "must specify a peer")
    elif len(peer) > 1 and "ipBlock" in peer:
        yield field_errors.forbidden(path, "may not specify both ipBlock and another peer")


def _block(block: Json, path: str) -> Causes:
    cidr = block["cidr"]
    if not cidr:
        yield field_errors.required(child(path, "cidr"))
        return
    if wrong := checks.network(cidr):
        yield from checks.texts(child(path, "cidr"), cidr, wrong)
        return
    whole = ipaddress.ip_network(cidr, strict=False)
    for number, text in enumerate(block.get("except", ())):
        at = child(path, "except", number)
        if wrong := checks.network(text):
            yield from checks.texts(at, text, wrong)
            continue
        part = ipaddress.ip_network(text, strict=False)
        is_inside = part.version == whole.version and part.network_address in whole and part.prefixlen > whole.prefixlen
        if not is_inside:
            yield field_errors.invalid(at, text, "must be a strict subset of `cidr`")


def _slice_ports(ports: list[Json]) -> Causes:
    seen: set[str] = set()
    for number, port in enumerate(ports):
        at, name = child("ports", number), port["name"]
        if name:
            yield from checks.texts(child(at, "name"), name, names.dns_label(name))
        if name in seen:
            yield field_errors.duplicate(child(at, "name"), name)
        seen.add(name)
        yield from checks.supported(child(at, "protocol"), port["protocol"], service_validation.PROTOCOLS)
        if "appProtocol" in port:
            yield from checks.label_key(child(at, "appProtocol"), port["appProtocol"])


def _address(kind: str, path: str, index: int, address: str) -> Causes:
    at = child(path, index)
    if kind not in ("IPv4", "IPv6"):
        return
    if wrong := checks.ip_address(address):
        yield from checks.texts(at, address, wrong)
        return
    if f"IPv{ipaddress.ip_address(address).version}" != kind:
        yield field_errors.invalid(path, address, f"must be an {kind} address")
    yield from service_validation.endpoint_address(at, address)
