"""What the type of a Service makes of its other fields when it changes.

What flows in: a Service as it shall be and as it was. What flows out: the same without what no longer applies. Pure. Mirrors
dropTypeDependentFields of kubernetes pkg/registry/core/service/strategy.go.
"""

from envtest.embedded.api.status import Json

EXTERNAL_NAME = "ExternalName"
LOAD_BALANCER = "LoadBalancer"
NODE_PORT = "NodePort"
NO_CLUSTER_IP = "None"


def has_cluster_ip(spec: Json) -> bool:
    """Ask whether Services of this type have a cluster IP, even if it is None."""
    return bool(spec["type"] != EXTERNAL_NAME)


def has_node_ports(spec: Json) -> bool:
    """Ask whether Services of this type may have node ports."""
    return spec["type"] in (NODE_PORT, LOAD_BALANCER)


def needs_node_ports(spec: Json) -> bool:
    """Ask whether Services of this type get node ports."""
    return bool(has_node_ports(spec) and spec.get("allocateLoadBalancerNodePorts", True))


def needs_health_port(spec: Json) -> bool:
    """Ask whether Services of this type have a port for health checks."""
    return bool(spec["type"] == LOAD_BALANCER and spec.get("externalTrafficPolicy") == "Local")


def is_external(spec: Json) -> bool:
    """Ask whether the Service is reached from outside the cluster."""
    return has_node_ports(spec) or bool(spec["type"] == "ClusterIP" and spec.get("externalIPs"))


def without_stale_fields(service: Json, old: Json) -> Json:
    """Return *service* without what its type no longer has, as far as its writer has not changed that, too."""
    spec, before = dict(service["spec"]), old["spec"]
    if has_cluster_ip(before) and not has_cluster_ip(spec):
        _drop_same(spec, before, "clusterIP", "clusterIPs")
        _drop_same(spec, before, "ipFamilies")
        _drop_same(spec, before, "ipFamilyPolicy")
        _drop_same(spec, before, "internalTrafficPolicy")  # upstream when it is read: defaultOnReadInternalTrafficPolicy
    if has_node_ports(before) and not has_node_ports(spec) and node_ports(spec) <= node_ports(before):
        spec["ports"] = [{key: value for key, value in port.items() if key != "nodePort"} for port in spec.get("ports", ())]
        if not spec["ports"]:
            del spec["ports"]
    if needs_health_port(before) and not needs_health_port(spec):
        _drop_same(spec, before, "healthCheckNodePort")
    if before["type"] == LOAD_BALANCER != spec["type"]:
        _drop_same(spec, before, "allocateLoadBalancerNodePorts")
        _drop_same(spec, before, "loadBalancerClass")
    if is_external(before) and not is_external(spec):
        _drop_same(spec, before, "externalTrafficPolicy")
    changed = {**service, "spec": spec}
    return changed if spec["type"] == LOAD_BALANCER else {**changed, "status": {**service.get("status", {}), "loadBalancer": {}}}


def node_ports(spec: Json) -> set[int]:
    """Return the node ports that a Service has."""
    return {port["nodePort"] for port in spec.get("ports", ()) if port.get("nodePort")}


def _drop_same(spec: Json, before: Json, *names: str) -> None:
    """Remove fields if all of them are as they were."""
    if all(spec.get(name) == before.get(name) for name in names):
        for name in names:
            spec.pop(name, None)
