"""What cannot change about a MicroServiceDeploy once it exists, and what can."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconcilers.microservicedeploy import spec
from tests.support import definitions, raw_api

MINIMAL = {"msName": "ms", "version": "1.0", "path": "v1", "image": "example.com/app:1"}
GIVEN = {"fullName": "ms", "creationTimestamp": "1535546718115"}


@pytest.fixture(name="api", scope="module")
def _api(control_plane: Any) -> Iterator[raw_api.Api]:
    api = raw_api.Api(control_plane.kubeconfig)
    definitions.serve(api, spec.RESOURCE)
    yield api
    api.close()


@pytest.fixture(name="path")
def _path(namespace: str) -> str:
    return f"/apis/custom.ops/v1/namespaces/{namespace}/microservicedeploys/ms"


def _create(api: raw_api.Api, path: str, **fields: Any) -> None:
    metadata = {"name": "ms"}
    manifest = {"apiVersion": "custom.ops/v1", "kind": "MicroServiceDeploy", "metadata": metadata, "spec": {**MINIMAL, **fields}}
    assert api.request("POST", path.removesuffix("/ms"), manifest).status == 201


def _change(api: raw_api.Api, resource: str, **fields: Any) -> raw_api.Answer:
    return api.request("PATCH", resource, {"spec": fields}, content_type=raw_api.MERGE)


@pytest.mark.parametrize(("field", "value"), [("msName", "other"), ("fullName", "other"), ("creationTimestamp", "1535546718116")])
def test_an_immutable_field_cannot_be_changed(api: raw_api.Api, path: str, field: str, value: str) -> None:
    """Selectors, names and the order of instances hang on them."""
    _create(api, path, **GIVEN)
    answer = _change(api, path, **{field: value})
    assert answer.status == 422
    assert f"{field} cannot be changed, added or removed after creation" in str(answer.body["details"]["causes"])
    assert f"spec.{field}" in answer.causes()


@pytest.mark.parametrize("field", GIVEN)
def test_an_immutable_field_cannot_be_removed(api: raw_api.Api, path: str, field: str) -> None:
    """Leaving it out afterwards would change what it stood for."""
    _create(api, path, **GIVEN)
    answer = _change(api, path, **{field: None})
    assert answer.status == 422
    assert "cannot be changed, added or removed" in answer.causes()[f"spec.{field}"]


@pytest.mark.parametrize("field", GIVEN)
def test_an_immutable_field_cannot_be_added(api: raw_api.Api, path: str, field: str) -> None:
    """What was absent at creation stays absent, even with the value that absence meant."""
    _create(api, path)
    answer = _change(api, path, **{field: GIVEN[field]})
    assert answer.status == 422
    assert "cannot be changed, added or removed" in answer.causes()[f"spec.{field}"]


def test_all_other_fields_can_change_and_go(api: raw_api.Api, path: str) -> None:
    """A release changes the version, the image, and whatever else it likes."""
    _create(api, path, **GIVEN)
    changed = {
        "version": "2.0",
        "path": "v2",
        "image": "example.com/app:2",
        "replicas": 2,
        "autoscaling": True,
        "maxReplicas": 9,
        "targetCPUUtilization": 50,
        "needAuth": True,
        "tenant": "other",
        "config": "a=b",
        "resourceRequirements": {"requests": {"cpu": "100m"}},
        "idle": True,
        "port": 9090,
        "readinessProbe": {"grpc": {"port": 9090}},
        "imagePullSecrets": [{"name": "pull"}],
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"operator": "Exists"}],
    }
    answer = _change(api, path, **changed)
    assert (answer.status, answer.body["metadata"]["generation"]) == (200, 2)
    gone = dict.fromkeys(set(changed) - {"version", "path", "image"})
    answer = _change(api, path, **gone)
    assert (answer.status, answer.body["spec"]["replicas"], answer.body["spec"].get("maxReplicas")) == (200, 1, None)


def test_the_status_of_a_resource_with_immutable_fields_can_be_written(api: raw_api.Api, path: str) -> None:
    """The rules on the spec do not stand in the operator's way."""
    _create(api, path, **GIVEN)
    answer = api.request("PATCH", f"{path}/status", {"status": {"replicas": 1}}, content_type=raw_api.MERGE)
    assert (answer.status, answer.body["status"]["replicas"]) == (200, 1)
