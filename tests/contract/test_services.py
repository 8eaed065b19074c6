"""Contract: Services: addresses, node ports, what may change, and what is refused.

Addresses and ports that a case asks for are in the lower bands, which the server does not hand out by itself.
"""

import ipaddress

import pytest

from tests.support import contract_objects

service = contract_objects.service
ADDRESSES = ipaddress.ip_network("10.0.0.0/16")


def spec_of(answer):
    """Return the spec of a Service."""
    assert answer.status in (200, 201), answer
    return answer.body["spec"]


def test_a_service_gets_an_address_and_defaults(space):
    """The address is in the range; everything else has its default."""
    spec = spec_of(space.post("services", service()))
    assert ipaddress.ip_address(spec["clusterIP"]) in ADDRESSES
    assert spec.pop("clusterIPs") == [spec.pop("clusterIP")]
    assert spec == {
        "internalTrafficPolicy": "Cluster",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "selector": {"app": "web"},
        "sessionAffinity": "None",
        "type": "ClusterIP",
    }


def test_two_services_have_two_addresses(space):
    """No address is given twice."""
    found = {spec_of(space.post("services", service(name)))["clusterIP"] for name in "abc"}
    assert len(found) == 3


def test_a_headless_service_has_none(space):
    """None stays None."""
    spec = spec_of(space.post("services", service(clusterIP="None")))
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("None", ["None"])


def test_an_external_name_has_no_address(space):
    """An ExternalName Service gets no address, families or policies."""
    body = {"metadata": {"name": "s"}, "spec": {"type": "ExternalName", "externalName": "x.example.com"}}
    assert spec_of(space.post("services", body)) == {
        "externalName": "x.example.com",
        "sessionAffinity": "None",
        "type": "ExternalName",
    }


def test_an_address_can_be_asked_for_once(space):
    """A wanted address is given; the second who wants it is refused, until it is free again."""
    assert spec_of(space.post("services", service("a", clusterIP="10.0.0.77")))["clusterIP"] == "10.0.0.77"
    answer = space.post("services", service("b", clusterIP="10.0.0.77"))
    text = 'Invalid value: ["10.0.0.77"]: failed to allocate IP 10.0.0.77: provided IP is already allocated'
    assert answer.refusal == (422, "Invalid", f'Service "b" is invalid: spec.clusterIPs: {text}')
    space.delete("services/a")
    assert space.post("services", service("b", clusterIP="10.0.0.77")).status == 201


@pytest.mark.parametrize(
    ("address", "field", "text"),
    [
        (
            "1.2.3.4",
            "spec.clusterIPs",
            '["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided network does not match the current range',
        ),
        ("bad", "spec.clusterIPs[0]", '"bad": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
    ],
)
def test_a_wrong_address_is_refused(space, address, field, text):
    """An address outside the range, and what is none."""
    answer = space.post("services", service(clusterIP=address))
    assert answer.causes == [("FieldValueInvalid", field, f"Invalid value: {text}")]


def test_an_address_does_not_change(space):
    """The cluster IP is immutable, and a PUT without it keeps it."""
    made = spec_of(space.post("services", service()))
    answer = space.patch("services/s", {"spec": {"clusterIP": "10.0.0.78"}})
    assert answer.causes == [("FieldValueInvalid", "spec.clusterIPs[0]", 'Invalid value: ["10.0.0.78"]: may not change once set')]
    assert spec_of(space.put("services/s", service())) == made


def test_an_address_is_given_back(space):
    """A Service that becomes an ExternalName loses address, families and policies."""
    space.post("services", service())
    spec = spec_of(space.patch("services/s", {"spec": {"type": "ExternalName", "externalName": "x.example.com"}}))
    assert spec == {
        "externalName": "x.example.com",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "selector": {"app": "web"},
        "sessionAffinity": "None",
        "type": "ExternalName",
    }


def test_endpoints_are_of_yesterday(space):
    """Reads of Endpoints warn that slices took their place."""
    answer = space.get("endpoints")
    text = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
    assert (answer.status, answer.warnings) == (200, (text,))
    assert space.get("services").warnings == ()


class TestNodePorts:
    """Ports of the nodes."""

    def test_a_node_port_is_given(self, space):
        """A NodePort Service gets a port of the range and a traffic policy."""
        spec = spec_of(space.post("services", service(type="NodePort")))
        assert 30000 <= spec["ports"][0]["nodePort"] <= 32767
        assert spec["externalTrafficPolicy"] == "Cluster"

    def test_a_load_balancer_gets_one_too(self, space):
        """A LoadBalancer Service has a node port, and its status is empty."""
        answer = space.post("services", service(type="LoadBalancer"))
        assert spec_of(answer)["allocateLoadBalancerNodePorts"] is True
        assert "nodePort" in spec_of(answer)["ports"][0]
        assert answer.body["status"] == {"loadBalancer": {}}

    def test_a_taken_port_is_refused(self, space):
        """The second Service that wants a port is told which, until it is free again."""
        port = {"port": 80, "nodePort": 30071}
        assert spec_of(space.post("services", service("a", port, type="NodePort")))["ports"][0]["nodePort"] == 30071
        answer = space.post("services", service("b", port, type="NodePort"))
        text = "Invalid value: 30071: provided port is already allocated"
        assert answer.refusal == (422, "Invalid", f'Service "b" is invalid: spec.ports[0].nodePort: {text}')
        assert answer.causes == [("FieldValueInvalid", "spec.ports[0].nodePort", text)]
        space.delete("services/a")
        assert space.post("services", service("b", port, type="NodePort")).status == 201

    def test_a_port_outside_the_range_is_refused(self, space):
        """The message names the range."""
        answer = space.post("services", service("a", {"port": 80, "nodePort": 1}, type="NodePort"))
        text = "Invalid value: 1: provided port is not in the valid range. The range of valid ports is 30000-32767"
        assert answer.causes == [("FieldValueInvalid", "spec.ports[0].nodePort", text)]

    def test_a_port_survives_a_replacement(self, space):
        """A PUT that does not say the port keeps it."""
        made = spec_of(space.post("services", service("a", {"port": 80, "nodePort": 30072}, type="NodePort")))
        answer = space.put("services/a", service("a", type="NodePort"))
        assert spec_of(answer) == made

    def test_a_cluster_ip_service_has_none(self, space):
        """A node port needs the type."""
        answer = space.post("services", service("a", {"port": 80, "nodePort": 30073}))
        text = "Forbidden: may not be used when `type` is 'ClusterIP'"
        assert answer.causes == [("FieldValueForbidden", "spec.ports[0].nodePort", text)]

    def test_the_type_can_change(self, space):
        """A Service becomes NodePort and back: the port comes and goes, the address stays."""
        made = spec_of(space.post("services", service()))
        opened = spec_of(space.patch("services/s", {"spec": {"type": "NodePort"}}))
        assert ("nodePort" in opened["ports"][0], opened["clusterIP"]) == (True, made["clusterIP"])
        assert spec_of(space.patch("services/s", {"spec": {"type": "ClusterIP"}})) == made


@pytest.mark.parametrize(
    ("ports", "causes"),
    [
        (
            [{"port": 0}],
            [
                ("FieldValueInvalid", "spec.ports[0].port", "Invalid value: 0: must be between 1 and 65535, inclusive"),
                ("FieldValueInvalid", "spec.ports[0].targetPort", "Invalid value: 0: must be between 1 and 65535, inclusive"),
            ],
        ),
        (
            [{"port": 80}, {"port": 81}],
            [
                ("FieldValueRequired", "spec.ports[0].name", "Required value"),
                ("FieldValueRequired", "spec.ports[1].name", "Required value"),
            ],
        ),
        (
            [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}],
            [("FieldValueDuplicate", "spec.ports[1].name", 'Duplicate value: "a"')],
        ),
        (
            [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}],
            [
                (
                    "FieldValueDuplicate",
                    "spec.ports[1]",
                    'Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
                )
            ],
        ),
        (
            [{"port": 80, "protocol": "X"}],
            [
                (
                    "FieldValueNotSupported",
                    "spec.ports[0].protocol",
                    'Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
                )
            ],
        ),
        (
            [{"port": 80, "targetPort": "a_b"}],
            [
                (
                    "FieldValueInvalid",
                    "spec.ports[0].targetPort",
                    'Invalid value: "a_b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
                )
            ],
        ),
    ],
    ids=["zero", "names", "same name", "same port", "protocol", "target"],
)
def test_ports_are_checked(space, ports, causes):
    """Ports need numbers, names, and to differ."""
    assert space.post("services", service("s", *ports)).causes == causes


def test_ports_are_required(space):
    """A Service with an address needs a port."""
    answer = space.post("services", {"metadata": {"name": "s"}, "spec": {}})
    assert answer.causes == [("FieldValueRequired", "spec.ports", "Required value")]


def test_the_type_must_be_known(space):
    """The message lists the types."""
    answer = space.post("services", service(type="Foo"))
    text = 'Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'
    assert answer.causes == [("FieldValueNotSupported", "spec.type", text)]
