"""Contract: server-side apply of lists by key, sets, atomic values, defaulted keys, subresources, scale and custom resources."""

import json

from tests.support import contract_objects, contract_shapes

owners = contract_shapes.owners
WEB = "apps/v1/deployments/web"
TEMPLATE = "spec.template.spec.containers"


def service(*ports, **spec):
    """Return a Service without a selector, to apply."""
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": list(ports), **spec}}


def variables(**values):
    """Return a partial Deployment that only says variables of container c."""
    env = [{"name": name, "value": value} for name, value in values.items()]
    template = {"spec": {"containers": [{"name": "c", "env": env}]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": template}}


def env_of(answer):
    """Return the variables of the first container."""
    assert answer.status == 200, answer
    found = answer.body["spec"]["template"]["spec"]["containers"][0].get("env", [])
    return {item["name"]: item.get("value", "") for item in found}


class TestLists:
    """Lists by key, sets and atomic values."""

    def test_defaulted_keys_count(self, space):
        """A port without a protocol is the TCP one, and only what was said is owned."""
        answer = space.apply("services/s", service({"port": 80}, selector={"a": "b"}))
        assert answer.body["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
        paths = ["spec.ports[port=80,protocol=TCP]", "spec.ports[port=80,protocol=TCP].port", "spec.selector"]
        assert owners(answer.body) == [("tester Apply", paths)]

    def test_ports_of_two_protocols_are_two(self, space):
        """TCP 80 and UDP 80 are elements of their own, of two managers."""
        space.apply("services/s", service({"port": 80, "name": "t"}))
        answer = space.apply("services/s", service({"port": 80, "protocol": "UDP", "name": "u"}), "two")
        assert [(port["protocol"], port["name"]) for port in answer.body["spec"]["ports"]] == [("TCP", "t"), ("UDP", "u")]

    def test_an_element_that_is_not_applied_any_more_goes(self, space):
        """Removing a port from the configuration removes it from the Service."""
        space.apply("services/s", service({"port": 80, "name": "a"}, {"port": 81, "name": "b"}))
        answer = space.apply("services/s", service({"port": 81, "name": "b"}))
        assert [port["port"] for port in answer.body["spec"]["ports"]] == [81]

    def test_a_key_may_not_stand_twice(self, space):
        """Two elements with the same key are 500, and the message shows the key with its default."""
        answer = space.apply("services/s", service({"port": 80}, {"port": 80, "protocol": "TCP"}))
        message = (
            "failed to create typed patch object (/s; /v1, Kind=Service): .spec.ports: "
            'duplicate entries for key [port=80,protocol="TCP"]'
        )
        assert answer.refusal == (500, None, message)

    def test_a_port_of_text_is_refused(self, space):
        """Numbers are not text."""
        answer = space.apply("services/s", service({"port": "x"}))
        message = (
            "failed to create typed patch object (/s; /v1, Kind=Service): "
            '.spec.ports[port="x",protocol="TCP"].port: expected numeric (int or float), got string'
        )
        assert answer.refusal == (500, None, message)

    def test_a_selector_is_one_value(self, space):
        """A Service's selector is atomic: the conflict is about all of it, and force replaces it."""
        space.apply("services/s", service({"port": 80}, selector={"a": "b"}))
        wanted = service({"port": 80}, selector={"c": "d"})
        answer = space.apply("services/s", wanted, "two")
        assert answer.refusal[2] == 'Apply failed with 1 conflict: conflict with "tester": .spec.selector'
        forced = space.apply("services/s", wanted, "two", force="true")
        assert forced.body["spec"]["selector"] == {"c": "d"}
        assert owners(forced.body) == [
            ("tester Apply", ["spec.ports[port=80,protocol=TCP]", "spec.ports[port=80,protocol=TCP].port"]),
            ("two Apply", ["spec.ports[port=80,protocol=TCP]", "spec.ports[port=80,protocol=TCP].port", "spec.selector"]),
        ]

    def test_finalizers_are_a_set(self, space):
        """Members of two managers live side by side, and each goes with its manager."""
        body = contract_objects.config_map()
        one = {**body, "metadata": {"name": "a", "finalizers": ["e.x/one"]}}
        two = {**body, "metadata": {"name": "a", "finalizers": ["e.x/two"]}}
        space.apply("configmaps/a", one)
        answer = space.apply("configmaps/a", two, "two")
        assert answer.body["metadata"]["finalizers"] == ["e.x/one", "e.x/two"]
        assert space.apply("configmaps/a", body).body["metadata"]["finalizers"] == ["e.x/two"]
        assert "finalizers" not in space.apply("configmaps/a", body, "two").body["metadata"]


class TestDeployments:
    """A kind with deep lists, defaults, status and scale."""

    def test_an_apply_owns_what_it_says_and_no_defaults(self, space):
        """Defaulted fields have no owner after an apply."""
        answer = space.apply(WEB, contract_objects.deployment())
        paths = [
            "spec.paused",
            "spec.replicas",
            "spec.selector",
            "spec.template.metadata.labels.app",
            f"{TEMPLATE}[name=c]",
            f"{TEMPLATE}[name=c].image",
            f"{TEMPLATE}[name=c].name",
        ]
        assert (answer.status, answer.body["spec"]["revisionHistoryLimit"]) == (201, 10)
        assert owners(answer.body)[0] == ("tester Apply", paths)

    def test_variables_of_two_managers_live_together(self, space):
        """A manager may apply one variable of a container that another owns."""
        space.apply(WEB, contract_objects.deployment())
        space.apply(WEB, variables(A="1"), "two")
        assert env_of(space.apply(WEB, variables(B="2"), "three")) == {"A": "1", "B": "2"}
        assert env_of(space.apply(WEB, variables(C="3"), "two")) == {"B": "2", "C": "3"}

    def test_an_empty_value_is_dropped_and_owned(self, space):
        """A variable with the value "" has none on the server, and repeating the apply writes nothing."""
        space.apply(WEB, contract_objects.deployment())
        made = space.apply(WEB, variables(A=""), "two")
        [container] = made.body["spec"]["template"]["spec"]["containers"]
        assert container["env"] == [{"name": "A"}]
        two = dict(owners(made.body))["two Apply"]
        element = f"{TEMPLATE}[name=c].env[name=A]"
        assert two == [f"{TEMPLATE}[name=c]", element, f"{element}.name", f"{element}.value", f"{TEMPLATE}[name=c].name"]
        assert space.apply(WEB, variables(A=""), "two").body["metadata"]["generation"] == made.body["metadata"]["generation"]

    def test_a_quantity_keeps_its_canonical_form(self, space):
        """1000m is stored as 1, and applying 1000m again is no change."""
        body = contract_objects.deployment()
        body["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1000m", "memory": "1024Mi"}}
        made = space.apply(WEB, body)
        [container] = made.body["spec"]["template"]["spec"]["containers"]
        assert container["resources"] == {"limits": {"cpu": "1", "memory": "1Gi"}}
        assert space.apply(WEB, body).body["metadata"]["generation"] == 1

    def test_scale_owns_the_replicas(self, space):
        """Writing the scale subresource takes `spec.replicas` under the name of the subresource."""
        space.apply(WEB, contract_objects.deployment())
        scaled = space.patch(f"{WEB}/scale", {"spec": {"replicas": 3}}, fieldManager="scaler")
        assert (scaled.status, scaled.body["kind"], scaled.body["spec"]) == (200, "Scale", {"replicas": 3})
        found = dict(owners(space.get(WEB).body))
        assert found["scaler Update scale"] == ["spec.replicas"]
        assert "spec.replicas" not in found["tester Apply"]

    def test_an_apply_conflicts_with_the_scaler(self, space):
        """Applying other replicas than the scaler's names the subresource."""
        space.apply(WEB, contract_objects.deployment())
        space.patch(f"{WEB}/scale", {"spec": {"replicas": 3}}, fieldManager="scaler")
        answer = space.apply(WEB, contract_objects.deployment())
        message = 'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas'
        assert answer.refusal == (409, "Conflict", message)

    def test_leaving_replicas_out_hands_them_over(self, space):
        """A manager that stops to say replicas leaves them to the scaler."""
        space.apply(WEB, contract_objects.deployment())
        space.patch(f"{WEB}/scale", {"spec": {"replicas": 3}}, fieldManager="scaler")
        body = contract_objects.deployment()
        del body["spec"]["replicas"]
        answer = space.apply(WEB, body)
        assert (answer.status, answer.body["spec"]["replicas"]) == (200, 3)

    def test_the_scale_can_be_read(self, space):
        """The scale of a Deployment has its selector as text."""
        made = space.post("apps/v1/deployments", contract_objects.deployment()).body
        answer = space.get(f"{WEB}/scale")
        assert contract_shapes.plain(answer.body) == {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {"name": "web"},
            "spec": {},
            "status": {"replicas": 0, "selector": "app=web"},
        }
        assert answer.body["metadata"]["uid"] == made["metadata"]["uid"]

    def test_the_status_is_owned_apart(self, space):
        """An apply of the status subresource owns status only, under the name of the subresource."""
        space.apply(WEB, contract_objects.deployment(), "spec-writer")
        condition = {"type": "Fine", "status": "True"}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "status": {"conditions": [condition]}}
        answer = space.apply(f"{WEB}/status", body, "status-writer")
        assert answer.status == 200
        found = dict(owners(answer.body))
        element = "status.conditions[type=Fine]"
        assert found["status-writer Apply status"] == [element, f"{element}.status", f"{element}.type"]

    def test_a_status_in_an_apply_of_the_object_is_ignored(self, space):
        """Status that is applied to the object itself is dropped and not owned."""
        answer = space.apply(WEB, {**contract_objects.deployment(), "status": {"replicas": 7}})
        assert answer.body["status"] == {}
        assert not [path for _, paths in owners(answer.body) for path in paths if path.startswith("status")]


def test_client_side_apply_migrates(space):
    """Who applied on the client's side and starts on the server's takes over the last configuration's fields."""
    body = contract_objects.config_map(x="1", y="1")
    last = json.dumps(body)
    body["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": last}
    space.post("configmaps", body, fieldManager="kubectl-client-side-apply")
    answer = space.apply("configmaps/a", contract_objects.config_map(y="2"), "kubectl", force="true")
    assert answer.body["data"] == {"x": "1", "y": "2"}
    assert dict(owners(answer.body))["kubectl Apply"] == ["data.y"]
