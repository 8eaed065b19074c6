"""Contract: JSON patch, merge patch and strategic merge patch."""

import pytest

from tests.support import contract_objects, contract_server

JSON_PATCH = contract_server.JSON_PATCH
STRATEGIC = contract_server.STRATEGIC
WEB = "apps/v1/deployments/web"


def pods(**spec):
    """Return a patch of a Deployment's pods."""
    return {"spec": {"template": {"spec": spec}}}


def containers(answer):
    """Return the containers of a Deployment."""
    assert answer.status == 200, answer
    return answer.body["spec"]["template"]["spec"]["containers"]


@pytest.fixture
def web(space):
    """A Deployment with two containers, the first with two variables, and a toleration."""
    first = contract_objects.container(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    template = contract_objects.template(first, contract_objects.container("d", args=["x", "y"]))
    template["spec"]["tolerations"] = [{"key": "k", "operator": "Exists"}]
    assert space.post("apps/v1/deployments", contract_objects.deployment(pods=template)).status == 201
    return space


class TestJsonPatch:
    """application/json-patch+json."""

    def test_all_operations_run_in_order(self, space):
        """Add, replace, move, copy and test work one after the other; ~1 in a path is a slash."""
        space.config_map("a", {"x": "1", "y": "2"}, annotations={"e.x/k": "v"})
        operations = [
            {"op": "add", "path": "/data/z", "value": "3"},
            {"op": "replace", "path": "/data/x", "value": "9"},
            {"op": "move", "from": "/data/y", "path": "/data/w"},
            {"op": "copy", "from": "/data/w", "path": "/data/v"},
            {"op": "test", "path": "/data/x", "value": "9"},
            {"op": "remove", "path": "/metadata/annotations/e.x~1k"},
        ]
        answer = space.patch("configmaps/a", operations, JSON_PATCH)
        assert (answer.status, answer.body["data"]) == (200, {"v": "2", "w": "2", "x": "9", "z": "3"})
        assert "annotations" not in answer.body["metadata"]

    @pytest.mark.parametrize(
        "operation",
        [
            {"op": "test", "path": "/data/x", "value": "7"},
            {"op": "remove", "path": "/data/none"},
            {"op": "add", "path": "/data/none/z", "value": "1"},
            {"op": "fly", "path": "/data/x"},
        ],
        ids=["test fails", "remove nothing", "add below nothing", "unknown"],
    )
    def test_an_operation_that_fails_refuses_the_patch(self, space, operation):
        """A failed operation is 422 with the general text, and nothing is written."""
        made = space.config_map("a", {"x": "1"})
        answer = space.patch("configmaps/a", [{"op": "add", "path": "/data/n", "value": "1"}, operation], JSON_PATCH)
        assert answer.refusal == (422, "Invalid", "the server rejected our request due to an error in our request")
        assert space.get("configmaps/a").body == made.body

    def test_a_replacement_of_nothing_adds(self, space):
        """Upstream's library is kinder than the standard: replace makes what is not there."""
        space.config_map("a", {"x": "1"})
        answer = space.patch("configmaps/a", [{"op": "replace", "path": "/data/none", "value": "1"}], JSON_PATCH)
        assert answer.body["data"] == {"none": "1", "x": "1"}

    def test_lists_are_edited_by_index(self, web):
        """A number inserts before an element, a dash appends."""
        operations = [
            {"op": "add", "path": "/spec/template/spec/containers/1/args/0", "value": "first"},
            {"op": "add", "path": "/spec/template/spec/containers/1/args/-", "value": "last"},
        ]
        assert containers(web.patch(WEB, operations, JSON_PATCH))[1]["args"] == ["first", "x", "y", "last"]

    def test_it_must_be_a_list(self, space):
        """An object is no JSON patch."""
        space.config_map("a")
        answer = space.patch("configmaps/a", {"op": "add"}, JSON_PATCH)
        message = "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        assert answer.refusal == (400, "BadRequest", message)


class TestMergePatch:
    """application/merge-patch+json."""

    def test_null_removes_and_maps_merge(self, space):
        """Null takes a key away, other keys stay."""
        space.config_map("a", {"x": "1", "y": "2"}, labels={"l": "1"})
        answer = space.patch("configmaps/a", {"data": {"x": None, "z": "3"}, "metadata": {"labels": None}})
        assert (answer.status, answer.body["data"]) == (200, {"y": "2", "z": "3"})
        assert "labels" not in answer.body["metadata"]

    def test_lists_are_replaced(self, web):
        """A list takes the place of the old one."""
        answer = web.patch(WEB, pods(containers=[contract_objects.container("z")]))
        assert [container["name"] for container in containers(answer)] == ["z"]

    def test_it_must_be_an_object(self, space):
        """A list is no merge patch."""
        space.config_map("a")
        answer = space.patch("configmaps/a", [1])
        message = "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        assert answer.refusal == (400, "BadRequest", message)

    def test_the_name_cannot_change(self, space):
        """A patch of name or namespace is 400."""
        space.config_map("a")
        name = space.patch("configmaps/a", {"metadata": {"name": "b"}})
        assert name.refusal == (400, "BadRequest", "the name of the object (b) does not match the name on the URL (a)")
        namespace = space.patch("configmaps/a", {"metadata": {"namespace": "b"}})
        message = "the namespace of the provided object does not match the namespace sent on the request"
        assert namespace.refusal == (400, "BadRequest", message)

    def test_a_wrong_type_is_invalid(self, space):
        """A number where text belongs is 422, and the message ends with what Go says."""
        space.config_map("a", {"x": "1"})
        answer = space.patch("configmaps/a", {"data": {"x": 1}})
        assert answer.refusal[:2] == (422, "Invalid")
        assert answer.refusal[2].startswith(' "" is invalid: patch: Invalid value: "{')
        assert answer.refusal[2].endswith("json: cannot unmarshal number into Go struct field ConfigMap.data of type string")

    def test_immutable_fields_are_guarded(self, web):
        """A Deployment's selector does not change, and must match its template."""
        answer = web.patch(WEB, {"spec": {"selector": {"matchLabels": {"app": "other"}}}})
        mismatch = 'Invalid value: {"app":"web"}: `selector` does not match template `labels`'
        immutable = 'Invalid value: {"matchLabels":{"app":"other"}}: field is immutable'
        assert answer.status == 422
        assert answer.causes == [
            ("FieldValueInvalid", "spec.template.metadata.labels", mismatch),
            ("FieldValueInvalid", "spec.selector", immutable),
        ]


class TestStrategicMergePatch:
    """application/strategic-merge-patch+json."""

    def test_lists_merge_by_their_key(self, web):
        """Containers and their variables merge by name; what is not named stays."""
        env = [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]
        first, second = containers(web.patch(WEB, pods(containers=[{"name": "c", "image": "j", "env": env}]), STRATEGIC))
        assert (first["image"], first["env"]) == ("j", [{"name": "A", "value": "1"}, *env])
        assert second["args"] == ["x", "y"]

    def test_elements_are_deleted_by_their_key(self, web):
        """`$patch: delete` takes one element away."""
        answer = web.patch(WEB, pods(containers=[{"name": "d", "$patch": "delete"}]), STRATEGIC)
        assert [container["name"] for container in containers(answer)] == ["c"]

    def test_a_list_is_replaced_on_demand(self, web):
        """`$patch: replace` makes the list what the patch says."""
        answer = web.patch(WEB, pods(containers=[{"$patch": "replace"}, contract_objects.container("z")]), STRATEGIC)
        assert [container["name"] for container in containers(answer)] == ["z"]

    def test_elements_can_be_ordered(self, web):
        """`$setElementOrder` says the order of the result."""
        patch = pods(containers=[{"name": "d", "image": "j"}, {"name": "c"}])
        patch["spec"]["template"]["spec"]["$setElementOrder/containers"] = [{"name": "d"}, {"name": "c"}]
        answer = web.patch(WEB, patch, STRATEGIC)
        assert [(container["name"], container["image"][0]) for container in containers(answer)] == [("d", "j"), ("c", "r")]

    def test_lists_without_a_key_are_replaced(self, web):
        """Tolerations are atomic."""
        wanted = [{"key": "z", "operator": "Exists"}]
        answer = web.patch(WEB, pods(tolerations=wanted), STRATEGIC)
        assert answer.body["spec"]["template"]["spec"]["tolerations"] == wanted

    def test_unions_keep_only_the_named_keys(self, web):
        """`$retainKeys` drops the other member of the strategy."""
        answer = web.patch(WEB, {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}, STRATEGIC)
        assert answer.body["spec"]["strategy"] == {"type": "Recreate"}

    def test_sets_of_strings_merge(self, web):
        """Finalizers are added in front, and taken away by value."""
        web.patch(WEB, {"metadata": {"finalizers": ["e.x/c", "e.x/d"]}}, STRATEGIC)
        more = web.patch(WEB, {"metadata": {"finalizers": ["e.x/e"]}}, STRATEGIC)
        assert more.body["metadata"]["finalizers"] == ["e.x/e", "e.x/c", "e.x/d"]
        patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["e.x/c", "e.x/d"]}}
        assert web.patch(WEB, patch, STRATEGIC).body["metadata"]["finalizers"] == ["e.x/e"]
        web.patch(WEB, {"metadata": {"finalizers": None}}, STRATEGIC)

    def test_an_element_without_its_key_is_an_error(self, web):
        """The server cannot place a container without a name, and says so with 500."""
        answer = web.patch(WEB, pods(containers=[{"image": "zz"}]), STRATEGIC)
        assert answer.refusal == (500, None, "map: map[image:zz] does not contain declared merge key: name")

    def test_an_unknown_directive_is_an_error(self, web):
        """A directive that nobody knows is 500 with its name."""
        answer = web.patch(WEB, {"spec": {"$patch": "fly"}}, STRATEGIC)
        assert answer.refusal == (500, None, "unknown patch type: fly in map: map[$patch:fly]")

    def test_ports_merge_by_container_port(self, web):
        """A port is named by its number; its protocol is defaulted."""
        web.patch(WEB, pods(containers=[{"name": "c", "ports": [{"containerPort": 80}]}]), STRATEGIC)
        ports = [{"containerPort": 80, "name": "http"}, {"containerPort": 81}]
        first = containers(web.patch(WEB, pods(containers=[{"name": "c", "ports": ports}]), STRATEGIC))[0]
        assert first["ports"] == [
            {"containerPort": 80, "name": "http", "protocol": "TCP"},
            {"containerPort": 81, "protocol": "TCP"},
        ]

    def test_custom_resources_do_not_have_it(self, space):
        """A strategic merge patch of a custom resource is 415."""
        path = "custom.ops/v1/microservicedeploys/none"
        answer = space.patch(path, {"spec": {}}, STRATEGIC)
        assert (answer.status, answer.body["reason"]) == (415, "UnsupportedMediaType")
