"""What the API server refuses about a MicroServiceDeploy, field by field, and what it must not refuse."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from controller import crd
from reconcilers.microservicedeploy import spec
from tests.support import bad_specs, definitions, kubectl, raw_api

LONG = "a" * 300
COLLECTION = "/apis/custom.ops/v1/namespaces/default/microservicedeploys"  # every request is a dry run: nothing is left behind


@pytest.fixture(name="api", scope="module")
def _api(control_plane: Any) -> Iterator[raw_api.Api]:
    api = raw_api.Api(control_plane.kubeconfig)
    definitions.serve(api, spec.RESOURCE)
    yield api
    api.close()


def _manifest(fields: dict[str, Any], name: str = "ms") -> dict[str, Any]:
    wanted = {key: value for key, value in {**bad_specs.MINIMAL, **fields}.items() if value is not None}
    return {"apiVersion": "custom.ops/v1", "kind": "MicroServiceDeploy", "metadata": {"name": name}, "spec": wanted}


def _create(api: raw_api.Api, fields: dict[str, Any], name: str = "ms") -> raw_api.Answer:
    return api.request("POST", COLLECTION, _manifest(fields, name), fieldValidation="Strict", dryRun="All")


def test_every_field_is_tried_with_another_type_and_out_of_its_bounds() -> None:
    """Whoever adds a field adds what is refused about it; a boolean has no bounds."""
    schema = crd.render(spec.RESOURCE)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    assert schema.keys() == {field.encode_name for field in msgspec.structs.fields(spec.MicroServiceDeploySpec)}
    wrong_type = {next(iter(fields)) for fields, _, _ in bad_specs.WRONG_TYPES}
    assert wrong_type == schema.keys()
    others = {next(iter(row[0])) for row in bad_specs.REFUSED if row not in bad_specs.WRONG_TYPES}
    assert others >= {name for name, field in schema.items() if field["type"] != "boolean"}


@pytest.mark.parametrize(("fields", "field", "message"), bad_specs.REFUSED, ids=lambda part: str(part)[:60])
def test_a_bad_spec_is_refused_and_the_error_names_the_field(
    api: raw_api.Api, fields: dict[str, Any], field: str, message: str
) -> None:
    """Whoever applies it learns which field is wrong and what would be right."""
    answer = _create(api, fields)
    assert answer.status == 422, answer.body
    assert field in answer.causes()
    assert message in answer.causes()[field]


def test_good_specs_are_taken(api: raw_api.Api) -> None:
    """The edges of every rule are inside it, and none costs too much at its bounds."""
    refused = [(fields, answer.body["message"]) for fields in bad_specs.TAKEN if (answer := _create(api, fields)).status != 201]
    assert refused == []


@pytest.mark.parametrize("name", ["1st", "a.b", "a" * 64, LONG[:253]])
def test_a_name_that_no_service_can_have_is_refused(api: raw_api.Api, name: str) -> None:
    """Children are named like the resource, and a Service's name is the strictest of theirs."""
    answer = _create(api, {}, name)
    assert answer.status == 422
    assert "metadata.name" in answer.causes()


def test_the_longest_name_is_taken(api: raw_api.Api) -> None:
    """63 characters are a Service's limit."""
    assert _create(api, {"fullName": "a" * 63}, "a" * 63).status == 201


@pytest.mark.kubectl
@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"version": 1.0}, "spec.version", "must be of type string"),
        ({"path": "v1/api"}, "spec.path", "should match"),
        ({"fullName": "other"}, "spec.fullName", "fullName must be equal to metadata.name"),
        ({"autoscaling": True}, "spec.resourceRequirements", "requests.cpu must be given"),
        ({"replicas": 3, "maxReplicas": 2}, "spec.maxReplicas", "maxReplicas must be at least replicas"),
        ({"replica": 3}, "spec.replica", "unknown field"),
    ],
)
def test_a_user_of_kubectl_sees_the_field_and_the_rule(
    control_plane: Any, fields: dict[str, Any], field: str, message: str
) -> None:
    """`kubectl apply` prints what the server says, and is strict without being asked to."""
    said = kubectl.apply(control_plane.kubeconfig, "default", _manifest(fields))
    assert field in said
    assert message in said


def test_an_update_is_refused_like_a_creation(api: raw_api.Api, namespace: str) -> None:
    """A good resource stays as it was when somebody spoils it, whatever the rule."""
    collection = COLLECTION.replace("/default/", f"/{namespace}/")
    assert api.request("POST", collection, _manifest({"fullName": "ms"})).status == 201
    taken = []
    for fields, field, _ in bad_specs.REFUSED:
        answer = api.request("PATCH", f"{collection}/ms", {"spec": fields}, content_type=raw_api.MERGE)
        if answer.status != 422 or field not in answer.causes():
            taken.append((fields, answer.body))
    assert taken == []
    assert api.request("GET", f"{collection}/ms").body["metadata"]["generation"] == 1
