"""`envtest.embedded.services`: which addresses and ports Services get, and when they get none."""

import pytest

from envtest.embedded.api import status, store
from envtest.embedded.builtin import defaults, resources, services
from tests.support import plain_objects

REGISTRY = resources.Registry.built_in()
SERVICES = REGISTRY.find("", "v1", "services")


def service(name="shop", **spec):
    """Return a Service that has been read."""
    obj = plain_objects.service()
    obj["spec"] |= spec
    obj["metadata"] |= {"name": name, "namespace": "default"}
    return defaults.apply(SERVICES, obj)


class Cluster:
    """Services that live together."""

    def __init__(self):
        self.objects = store.Store()

    def create(self, obj):
        """Keep *obj* with what it gets."""
        return self.objects.put(SERVICES, services.allocate(self.objects, REGISTRY, obj, None))["spec"]

    def update(self, obj):
        """Keep *obj* instead of the one that has its name."""
        old = self.objects.get(SERVICES, "default", obj["metadata"]["name"])
        return self.objects.put(SERVICES, services.allocate(self.objects, REGISTRY, obj, old))["spec"]

    def refusal(self, obj):
        """Return the text of the only cause for which *obj* is refused."""
        with pytest.raises(status.StatusError) as refused:
            services.allocate(self.objects, REGISTRY, obj, None)
        (cause,) = refused.value.details["causes"]
        return f"{cause['field']}: {cause['message']}"


def test_a_service_gets_an_address_of_its_own():
    """With the families that follow from that."""
    cluster = Cluster()
    one, other = cluster.create(service("one")), cluster.create(service("other"))
    assert one["clusterIP"] != other["clusterIP"]
    assert one["clusterIPs"] == [one["clusterIP"]]
    assert (one["ipFamilies"], one["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")


def test_an_address_is_kept_and_given_back():
    """An update without it keeps it; when its Service is gone another may have it."""
    cluster = Cluster()
    address = cluster.create(service("one"))["clusterIP"]
    assert cluster.update(service("one"))["clusterIP"] == address
    cluster.objects.delete(SERVICES, cluster.objects.get(SERVICES, "default", "one"))
    assert cluster.create(service("other", clusterIP=address))["clusterIP"] == address


def test_headless_services_get_no_address():
    """Those without a selector may have both families."""
    cluster = Cluster()
    headless = cluster.create(service("one", clusterIP="None"))
    assert (headless["clusterIPs"], headless["ipFamilyPolicy"]) == (["None"], "SingleStack")
    free = cluster.create(service("other", clusterIP="None", selector=None))
    assert (free["ipFamilies"], free["ipFamilyPolicy"]) == (["IPv4", "IPv6"], "RequireDualStack")


def test_external_names_get_nothing():
    """They have no address."""
    spec = Cluster().create(service(type="ExternalName", externalName="a.b"))
    assert "clusterIP" not in spec
    assert "ipFamilies" not in spec


def test_an_address_that_is_taken_is_refused():
    """So is one outside the cluster's network."""
    cluster = Cluster()
    cluster.create(service("one", clusterIP="10.0.0.77"))
    assert cluster.refusal(service("other", clusterIP="10.0.0.77")) == (
        'spec.clusterIPs: Invalid value: ["10.0.0.77"]: failed to allocate IP 10.0.0.77: provided IP is already allocated'
    )
    assert cluster.refusal(service("other", clusterIP="1.2.3.4")) == (
        'spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4:'
        " the provided network does not match the current range"
    )


def test_node_ports_are_given_where_the_type_has_them():
    """TCP and UDP on one port share a node port; two ports do not."""
    ports = [{"name": "a", "port": 53}, {"name": "b", "port": 53, "protocol": "UDP"}, {"name": "c", "port": 80}]
    given = [port["nodePort"] for port in Cluster().create(service(type="NodePort", ports=ports))["ports"]]
    assert given[0] == given[1] != given[2]
    assert all(services.FIRST_NODE_PORT <= port <= services.LAST_NODE_PORT for port in given)
    assert "nodePort" not in Cluster().create(service())["ports"][0]


def test_a_node_port_that_is_taken_is_refused():
    """So is one outside the range, and one that two ports of a Service ask for."""
    cluster = Cluster()
    cluster.create(service("one", type="NodePort", ports=[{"port": 80, "nodePort": 30077}]))
    taken = "Invalid value: 30077: provided port is already allocated"
    other = service("other", type="NodePort", ports=[{"port": 80, "nodePort": 30077}])
    assert cluster.refusal(other) == f"spec.ports[0].nodePort: {taken}"
    assert cluster.refusal(service("other", type="NodePort", ports=[{"port": 80, "nodePort": 80}])) == (
        "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range."
        " The range of valid ports is 30000-32767"
    )
    twice = [{"name": "a", "port": 80, "nodePort": 30100}, {"name": "b", "port": 81, "nodePort": 30100}]
    assert cluster.refusal(service("other", type="NodePort", ports=twice)) == (
        "spec.ports[1].nodePort: Invalid value: 30100: provided port is already allocated"
    )


def test_node_ports_are_kept_by_the_names_of_ports():
    """A port that is added gets one of its own."""
    cluster = Cluster()
    first = cluster.create(service(type="NodePort", ports=[{"name": "a", "port": 80}]))["ports"][0]["nodePort"]
    ports = [{"name": "b", "port": 81}, {"name": "a", "port": 8080}]
    second = cluster.update(service(type="NodePort", ports=ports))["ports"]
    assert second[1]["nodePort"] == first != second[0]["nodePort"]


def test_a_balancer_that_keeps_traffic_local_has_a_port_for_health_checks():
    """It is none of its node ports, and it is kept."""
    cluster = Cluster()
    spec = cluster.create(service(type="LoadBalancer", externalTrafficPolicy="Local"))
    port = spec["healthCheckNodePort"]
    assert port != spec["ports"][0]["nodePort"]
    assert cluster.update(service(type="LoadBalancer", externalTrafficPolicy="Local"))["healthCheckNodePort"] == port


def test_two_stacks_are_refused():
    """The cluster knows IPv4 only."""
    cluster = Cluster()
    assert cluster.refusal(service(ipFamilyPolicy="RequireDualStack")) == (
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'
    )
    assert cluster.refusal(service(ipFamilies=["IPv6"])) == (
        'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'
    )
