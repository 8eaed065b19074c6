"""`envtest.embedded.service_types`: what a change of its type makes of a Service."""

from envtest.embedded.builtin import service_types


def changed(before, **spec):
    """Return the spec of a Service that had *before*, as far as it stays."""
    new = {"spec": {**before, **spec}, "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}
    return service_types.without_stale_fields(new, {"spec": before})


def test_an_external_name_loses_the_address():
    """With the families that go with it."""
    addresses = {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
    assert changed({"type": "ClusterIP", **addresses}, type="ExternalName")["spec"] == {"type": "ExternalName"}


def test_an_address_that_was_changed_too_stays():
    """Validation will refuse it."""
    before = {"type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}
    after = changed(before, type="ExternalName", clusterIP="10.0.0.2", clusterIPs=["10.0.0.2"])
    assert after["spec"]["clusterIP"] == "10.0.0.2"


def test_a_plain_service_loses_node_ports_and_what_balances():
    """Its ports themselves stay, and a balancer's status goes."""
    ports = [{"port": 80, "nodePort": 30080}]
    before = {"type": "LoadBalancer", "ports": ports, "externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": True}
    after = changed(before, type="ClusterIP")
    assert after["spec"] == {"type": "ClusterIP", "ports": [{"port": 80}]}
    assert after["status"] == {"loadBalancer": {}}


def test_a_balancer_keeps_its_status():
    """As long as it is one."""
    assert changed({"type": "LoadBalancer"})["status"]["loadBalancer"]["ingress"]
