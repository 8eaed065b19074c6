"""The MicroServiceDeploy kind on a real API server: accepted, defaulted, pruned, scaled, and shown."""

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from controller import crd
from reconcilers.microservicedeploy import spec
from tests.support import definitions, raw_api

SAMPLE = pathlib.Path(__file__).parents[2] / "manifests/samples/microservicedeploy.yaml"
MINIMAL = {"msName": "ms", "version": "1.0", "path": "v1", "image": "example.com/app:1"}


@pytest.fixture(name="api")
def _api(control_plane: Any) -> Iterator[raw_api.Api]:
    api = raw_api.Api(control_plane.kubeconfig)
    definitions.serve(api, spec.RESOURCE)
    yield api
    api.close()


@pytest.fixture(name="collection")
def _collection(namespace: str) -> str:
    return f"/apis/custom.ops/v1/namespaces/{namespace}/microservicedeploys"


def _manifest(name: str = "ms", **fields: Any) -> dict[str, Any]:
    return {
        "apiVersion": "custom.ops/v1",
        "kind": "MicroServiceDeploy",
        "metadata": {"name": name},
        "spec": {**MINIMAL, **fields},
    }


def test_the_definition_is_served_without_a_warning_and_is_structural(api: raw_api.Api) -> None:
    """The API server takes every bound, rule and column, and has nothing to say about any."""
    live = definitions.serve(api, spec.RESOURCE)
    conditions = {condition["type"]: condition["status"] for condition in live["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert live["spec"]["versions"][0]["schema"] == crd.render(spec.RESOURCE)["spec"]["versions"][0]["schema"]


@pytest.mark.parametrize("image", ["just a image url", "nginxinc/nginx-unprivileged:1.29"])
def test_the_sample_is_accepted_as_it_is(api: raw_api.Api, collection: str, image: str) -> None:
    """The source document's resource, with its words for an image and with a usable one, needs no change."""
    manifest = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    manifest["spec"]["image"] = image
    answer = api.request("POST", collection, manifest, fieldValidation="Strict")
    assert (answer.status, answer.warnings) == (201, ())
    assert answer.body["spec"].items() >= manifest["spec"].items()
    stored = crd.decode_spec(spec.MicroServiceDeploySpec, answer.body["spec"])
    assert stored == crd.decode_spec(spec.MicroServiceDeploySpec, manifest["spec"])


def test_defaults_appear_and_are_those_of_the_struct(api: raw_api.Api, collection: str) -> None:
    """A reader of the object sees what counts; empty values stay absent."""
    answer = api.request("POST", collection, _manifest(readinessProbe={"tcpSocket": {"port": "http"}}))
    added = {name: value for name, value in answer.body["spec"].items() if name not in MINIMAL}
    probe = added.pop("readinessProbe")
    assert added == {
        "replicas": 1,
        "autoscaling": False,
        "needAuth": False,
        "idle": False,
        "port": 8080,
        "tenant": "tenant-auth",
        "targetCPUUtilization": 80,
    }
    assert (probe["periodSeconds"], probe["timeoutSeconds"], probe["failureThreshold"]) == (10, 1, 3)
    decoded = crd.decode_spec(spec.MicroServiceDeploySpec, MINIMAL | {"readinessProbe": {"tcpSocket": {"port": "http"}}})
    assert crd.decode_spec(spec.MicroServiceDeploySpec, answer.body["spec"]) == decoded


def test_an_unknown_field_is_refused_under_strict_validation_and_pruned_otherwise(api: raw_api.Api, collection: str) -> None:
    """A misspelt name is told to whoever asks for strictness, as kubectl does."""
    manifest = _manifest(replica=3)
    refused = api.request("POST", collection, manifest, fieldValidation="Strict")
    assert refused.status == 400
    assert 'unknown field "spec.replica"' in refused.body["message"]
    pruned = api.request("POST", collection, manifest, fieldValidation="Ignore")
    assert pruned.status == 201
    assert "replica" not in pruned.body["spec"]


def test_a_null_for_an_optional_field_is_an_absent_field_or_its_default(api: raw_api.Api, collection: str) -> None:
    """Templates that render null do what they mean where there is a default, and are refused where there is none."""
    answer = api.request("POST", collection, _manifest(replicas=None, tenant=None))
    assert (answer.status, answer.body["spec"]["replicas"], answer.body["spec"]["tenant"]) == (201, 1, "tenant-auth")


def test_the_scale_subresource_reads_and_writes_replicas(api: raw_api.Api, collection: str) -> None:
    """`kubectl scale` changes the spec, shows the status, and obeys the rules."""
    requests = {"requests": {"cpu": "100m"}}
    created = api.request("POST", collection, _manifest(replicas=2, autoscaling=True, resourceRequirements=requests)).body
    status = crd.encode(spec.MicroServiceDeployStatus(replicas=2, selector="app.kubernetes.io/instance=ms"))
    assert api.request("PUT", f"{collection}/ms/status", {**created, "status": status}).status == 200
    scale = api.request("GET", f"{collection}/ms/scale").body
    assert (scale["spec"], scale["status"]) == ({"replicas": 2}, {"replicas": 2, "selector": "app.kubernetes.io/instance=ms"})
    assert api.request("PUT", f"{collection}/ms/scale", {**scale, "spec": {"replicas": 5}}).status == 200
    assert api.request("GET", f"{collection}/ms").body["spec"]["replicas"] == 5
    merge = {"spec": {"replicas": 0}}
    assert api.request("PATCH", f"{collection}/ms/scale", merge, content_type=raw_api.MERGE).status == 422


def test_the_status_is_written_apart_from_the_spec(api: raw_api.Api, collection: str) -> None:
    """A write of the status changes no generation, and its conditions are told apart by type."""
    created = api.request("POST", collection, _manifest()).body
    condition = {"type": "Ready", "status": "Maybe", "reason": "R", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    refused = api.request("PUT", f"{collection}/ms/status", {**created, "status": {"conditions": [condition]}})
    assert "status.conditions[0].status" in refused.causes()
    fine = {"conditions": [{**condition, "status": "True"}]}
    answer = api.request(
        "PUT", f"{collection}/ms/status", {**created, "spec": {**created["spec"], "replicas": 9}, "status": fine}
    )
    assert (answer.status, answer.body["metadata"]["generation"], answer.body["spec"]["replicas"]) == (200, 1, 1)
    twice = {"conditions": fine["conditions"] * 2}
    assert api.request("PUT", f"{collection}/ms/status", {**answer.body, "status": twice}).status == 422


def test_the_table_has_the_columns_that_kubectl_shows(api: raw_api.Api, collection: str) -> None:
    """Ready, Reason, Version, Replicas and Age by default, the others with `-o wide`."""
    definition = api.request("GET", f"{definitions.COLLECTION}/{spec.RESOURCE.name_of_definition}").body
    assert definition["spec"]["names"]["shortNames"] == ["msd"]
    assert api.request("POST", collection, _manifest()).status == 201
    table = api.table(collection)
    shown = [column["name"] for column in table["columnDefinitions"] if column["priority"] == 0]
    assert shown == ["Name", "Ready", "Reason", "Version", "Replicas", "Age"]
    wide = dict(zip([column["name"] for column in table["columnDefinitions"]], table["rows"][0]["cells"], strict=True))
    assert (wide["Name"], wide["Version"], wide["Wanted"], wide["Image"]) == ("ms", "1.0", 1, MINIMAL["image"])
