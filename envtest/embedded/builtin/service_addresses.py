"""Which IP families and cluster IPs a Service asks for.

What flows in: the spec of a Service as it shall be and as it was. What flows out: the spec with all that follows from that, and
what is wrong with it. Pure. Mirrors kubernetes pkg/registry/core/service/storage and ValidateServiceClusterIPsRelatedFields;
deviation: the cluster knows IPv4 only.
"""

import ipaddress
from typing import Final

from envtest.embedded.api.status import Cause, Json
from envtest.embedded.builtin import service_types
from envtest.embedded.validation import checks, field_errors
from envtest.embedded.validation.checks import Causes, child

FAMILIES: Final = ("IPv4", "IPv6")
POLICIES: Final = ("PreferDualStack", "RequireDualStack", "SingleStack")

_SINGLE, _DUAL = "SingleStack", "RequireDualStack"
_NONE: Final = service_types.NO_CLUSTER_IP
_IPS: Final = "spec.clusterIPs"
_POLICY: Final = "spec.ipFamilyPolicy"


def normalized(spec: Json, before: Json | None) -> Json:
    """Return *spec* with what its writer left out but it already has, and with both fields for cluster IPs."""
    if before is None:
        if spec.get("clusterIP") and not spec.get("clusterIPs"):
            spec["clusterIPs"] = [spec["clusterIP"]]
        return spec
    spec = _with_allocated(spec, before)
    given, was = spec.get("clusterIP", ""), before.get("clusterIP", "")
    if given == was:
        if before.get("clusterIPs") and not spec.get("clusterIPs"):
            spec["clusterIPs"] = before["clusterIPs"]
    elif spec.get("clusterIPs") == before.get("clusterIPs"):
        spec.pop("clusterIPs", None)
        if given:
            spec["clusterIPs"] = [given]
    return spec


def _with_allocated(spec: Json, before: Json) -> Json:
    if service_types.has_cluster_ip(before) and service_types.has_cluster_ip(spec):
        for name in ("clusterIP", "clusterIPs"):
            if before.get(name) and not spec.get(name):
                spec[name] = before[name]
    if service_types.needs_node_ports(before) and service_types.needs_node_ports(spec) and "ports" in spec:
        used = service_types.node_ports(before) & service_types.node_ports(spec)
        known = {port.get("name", ""): port.get("nodePort", 0) for port in before.get("ports", ())}
        spec["ports"] = [_with_known(port, known, used) for port in spec["ports"]]
    if service_types.needs_health_port(before) and service_types.needs_health_port(spec):
        spec.setdefault("healthCheckNodePort", before.get("healthCheckNodePort", 0))
    return spec


def _with_known(port: Json, known: dict[str, int], used: set[int]) -> Json:
    number = known.get(port.get("name", ""), 0)
    return port if port.get("nodePort") or not number or number in used else {**port, "nodePort": number}


def with_families(spec: Json, before: Json | None) -> tuple[Json, list[Cause]]:
    """Return *spec* with its IP families and their policy, and what is wrong with them."""
    is_free = spec.get("clusterIP") == _NONE and not spec.get("selector")
    if "ipFamilyPolicy" not in spec:
        old = (before or {}).get("ipFamilyPolicy")
        spec = {**spec, "ipFamilyPolicy": old or (_DUAL if is_free else _SINGLE)}
    families, causes = _inferred_families(spec)
    if spec["ipFamilyPolicy"] == _SINGLE:
        causes = [*_single_stack_problems(spec), *causes]
    if causes:
        return spec, causes
    if is_free:
        families = families or ["IPv4"]
        if len(families) == 1 and spec["ipFamilyPolicy"] != _SINGLE:
            families.append("IPv6" if families == ["IPv4"] else "IPv4")
        return {**spec, "ipFamilies": families}, []
    return {**spec, "ipFamilies": families or ["IPv4"]}, list(_unknown_families(spec, families))


def _inferred_families(spec: Json) -> tuple[list[str], list[Cause]]:
    """Return the families of *spec*, those of its addresses included, and which of these the cluster does not know."""
    families, causes = list(spec.get("ipFamilies", ())), []
    for number, address in enumerate(spec.get("clusterIPs", ())):
        if address == _NONE:
            break
        if number < len(families):
            continue
        if ipaddress.ip_address(address).version == 4:
            families.append("IPv4")
        else:
            text = "IPv6 is not configured on this cluster"
            causes.append(field_errors.invalid(child(_IPS, number), spec["clusterIPs"], text))
    return families, causes


def _unknown_families(spec: Json, families: list[str]) -> Causes:
    if spec["ipFamilyPolicy"] == _DUAL:
        yield field_errors.invalid(_POLICY, _DUAL, "this cluster is not configured for dual-stack services")
    for number, family in enumerate(families):
        if family != "IPv4":
            yield field_errors.invalid(child("spec.ipFamilies", number), family, "not configured on this cluster")


def _single_stack_problems(spec: Json) -> Causes:
    for name, values in (("cluster IPs", spec.get("clusterIPs", ())), ("IP families", spec.get("ipFamilies", ()))):
        if len(values) == 2:
            text = f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {name} are specified"
            yield field_errors.invalid(_POLICY, spec["ipFamilyPolicy"], text)


def problems(spec: Json) -> list[Cause]:
    """Return what is wrong with the cluster IPs and families of a Service that may have some."""
    return list(_problems(spec))


def _problems(spec: Json) -> Causes:
    addresses = spec.get("clusterIPs", [])
    yield from _mismatch(spec.get("clusterIP", ""), addresses)
    families = spec.get("ipFamilies", [])
    for number, family in enumerate(families):
        at = child("spec.ipFamilies", number)
        yield from checks.supported(at, family, FAMILIES)
        if family in families[:number]:
            yield field_errors.duplicate(at, family)
    if "ipFamilyPolicy" in spec:
        yield from checks.supported(_POLICY, spec["ipFamilyPolicy"], POLICIES)
    wrong = list(_address_problems(addresses))
    yield from wrong
    if len(addresses) > 2:
        yield field_errors.invalid(_IPS, addresses, "may only hold up to 2 values")
    if wrong:
        return
    versions = [ipaddress.ip_address(address).version for address in addresses if address != _NONE]
    if len(addresses) > 1 and set(versions) != {4, 6}:
        yield field_errors.invalid(_IPS, addresses, "may specify no more than one IP for each IP family")
    if spec.get("clusterIP") == _NONE:
        return
    for number, (version, family) in enumerate(zip(versions, families, strict=False)):
        if family in FAMILIES and family != f"IPv{version}":
            text = f"expected an {family} value as indicated by `ipFamilies[{number}]`"
            yield field_errors.invalid(child(_IPS, number), addresses[number], text)


def _mismatch(address: str, addresses: list[str]) -> Causes:
    if not address and addresses:
        yield field_errors.invalid(_IPS, addresses, "must be empty when `clusterIP` is not specified")
    elif address and not addresses:
        yield field_errors.required(_IPS)
    elif address and addresses[0] != address:
        yield field_errors.invalid(_IPS, addresses, "first value must match `clusterIP`")


def _address_problems(addresses: list[str]) -> Causes:
    for number, address in enumerate(addresses):
        if number == 0 and address == _NONE:
            if len(addresses) > 1:
                yield field_errors.invalid(_IPS, addresses, "'None' must be the first and only value")
            continue
        yield from checks.texts(child(_IPS, number), address, checks.ip_address(address))
