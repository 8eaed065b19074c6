"""What the API server refuses about a MicroServiceDeploy, field by field, and what it must not refuse."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconcilers.microservicedeploy import spec
from tests.support import definitions, raw_api

pytestmark = pytest.mark.controlplane

MINIMAL = {"msName": "ms", "version": "1.0", "path": "v1", "image": "example.com/app:1"}
LONG = "a" * 300


COLLECTION = "/apis/custom.ops/v1/namespaces/default/microservicedeploys"  # every request is a dry run: nothing is left behind


@pytest.fixture(name="api", scope="module")
def _api(control_plane: Any) -> Iterator[raw_api.Api]:
    api = raw_api.Api(control_plane.kubeconfig)
    definitions.serve(api, spec.RESOURCE)
    yield api
    api.close()


def _create(api: raw_api.Api, fields: dict[str, Any], name: str = "ms") -> raw_api.Answer:
    wanted = {key: value for key, value in {**MINIMAL, **fields}.items() if value is not None}
    manifest = {"apiVersion": "custom.ops/v1", "kind": "MicroServiceDeploy", "metadata": {"name": name}, "spec": wanted}
    return api.request("POST", COLLECTION, manifest, fieldValidation="Strict", dryRun="All")


def _resources(limits: dict[str, Any] | None = None, requests: dict[str, Any] | None = None) -> dict[str, Any]:
    given = {"limits": limits, "requests": requests}
    return {"resourceRequirements": {name: value for name, value in given.items() if value is not None}}


def _probe(name: str = "readinessProbe", **fields: Any) -> dict[str, Any]:
    return {name: fields}


CPU = _resources(requests={"cpu": "100m"})
TCP: dict[str, Any] = {"tcpSocket": {"port": 8080}}

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    # required fields and their forms
    ({"msName": None}, "spec.msName", "Required value"),
    ({"version": None}, "spec.version", "Required value"),
    ({"path": None}, "spec.path", "Required value"),
    ({"image": None}, "spec.image", "Required value"),
    ({"image": ""}, "spec.image", "at least 1 chars"),
    ({"image": "a" * 4097}, "spec.image", "may not be more than 4096 bytes"),
    ({"msName": "1st"}, "spec.msName", "should match"),
    ({"msName": "a-"}, "spec.msName", "should match"),
    ({"msName": "a" * 41}, "spec.msName", "may not be more than 40"),
    ({"path": "v.1"}, "spec.path", "should match"),
    ({"path": "V1"}, "spec.path", "should match"),
    ({"path": "v" * 33}, "spec.path", "may not be more than 32"),
    ({"version": 1.0}, "spec.version", "must be of type string"),
    ({"version": "1.0 beta"}, "spec.version", "should match"),
    ({"version": "a" * 64}, "spec.version", "may not be more than 63"),
    ({"fullName": "other"}, "spec.fullName", "fullName must be equal to metadata.name"),
    ({"creationTimestamp": 1535546718115}, "spec.creationTimestamp", "must be of type string"),
    ({"creationTimestamp": "yesterday"}, "spec.creationTimestamp", "should match"),
    ({"creationTimestamp": "1" * 17}, "spec.creationTimestamp", "may not be more than 16"),
    ({"config": "a" * 131_073}, "spec.config", "may not be more than 131072"),
    ({"tenant": "Tenant"}, "spec.tenant", "should match"),
    ({"port": 0}, "spec.port", "greater than or equal to 1"),
    ({"port": 65536}, "spec.port", "less than or equal to 65535"),
    # replicas and autoscaling
    ({"replicas": -1}, "spec.replicas", "greater than or equal to 0"),
    ({"replicas": 1001}, "spec.replicas", "less than or equal to 1000"),
    ({"replicas": "3"}, "spec.replicas", "must be of type integer"),
    ({"replicas": 3, "maxReplicas": 2}, "spec.maxReplicas", "maxReplicas must be at least replicas"),
    ({"replicas": 0, "autoscaling": True, **CPU}, "spec.replicas", "replicas must be at least 1 while autoscaling is on"),
    ({"autoscaling": True}, "spec.resourceRequirements", "requests.cpu must be given"),
    ({"autoscaling": True, **_resources(limits={"cpu": 1})}, "spec.resourceRequirements", "requests.cpu must be given"),
    ({"autoscaling": True, **_resources(requests={"memory": "1Gi"})}, "spec.resourceRequirements", "requests.cpu must be given"),
    ({"autoscaling": True, **_resources(requests={"cpu": "0m"})}, "spec.resourceRequirements", "above 0"),
    ({"targetCPUUtilization": 0}, "spec.targetCPUUtilization", "greater than or equal to 1"),
    ({"targetCPUUtilization": 101}, "spec.targetCPUUtilization", "less than or equal to 100"),
    # resources
    (_resources({"cpu": "1"}, {"cpu": "1001m"}), "spec.resourceRequirements.requests", "must not be more than the limit"),
    (
        _resources({"memory": "1Gi"}, {"memory": 2**30 + 1}),
        "spec.resourceRequirements.requests",
        "must not be more than the limit",
    ),
    (_resources({"cpu": "many"}), "spec.resourceRequirements.limits.cpu", "should match"),
    (_resources({"cpu": "-1"}), "spec.resourceRequirements.limits.cpu", "should match"),
    (_resources({"cpu": "1e999999999"}), "spec.resourceRequirements.limits.cpu", "should match"),
    (_resources({"cpu": -1}), "spec.resourceRequirements.limits.cpu", "greater than or equal to 0"),
    (_resources({"cpu": 0.5}), "spec.resourceRequirements.limits.cpu", "must be of type integer"),
    (_resources({"cpus": 1}), "spec.resourceRequirements.limits", "keys must be cpu, memory"),
    (_resources({f"example.com/r{i}": 1 for i in range(11)}), "spec.resourceRequirements.limits", "at most 10 items"),
    # probes
    (_probe(), "spec.readinessProbe", "exactly one of httpGet"),
    (_probe(**TCP, grpc={"port": 1}), "spec.readinessProbe", "exactly one of httpGet"),
    (_probe(tcpSocket={}), "spec.readinessProbe.tcpSocket.port", "Required value"),
    (_probe(tcpSocket={"port": 0}), "spec.readinessProbe.tcpSocket.port", "greater than or equal to 1"),
    (_probe(tcpSocket={"port": "auth"}), "spec.readinessProbe.tcpSocket.port", "should match"),
    (_probe(httpGet={"port": 1, "path": "ready"}), "spec.readinessProbe.httpGet.path", "should match"),
    (_probe(httpGet={"port": 1, "scheme": "FTP"}), "spec.readinessProbe.httpGet.scheme", "supported values"),
    (_probe(exec={"command": []}), "spec.readinessProbe.exec.command", "at least 1 items"),
    (_probe(**TCP, periodSeconds=0), "spec.readinessProbe.periodSeconds", "greater than or equal to 1"),
    (_probe("livenessProbe", **TCP, successThreshold=2), "spec.livenessProbe.successThreshold", "must be 1"),
    (_probe("startupProbe", **TCP, successThreshold=2), "spec.startupProbe.successThreshold", "must be 1"),
    # scheduling
    ({"imagePullSecrets": [{"name": "a"}, {"name": "a"}]}, "spec.imagePullSecrets[1]", "Duplicate value"),
    ({"imagePullSecrets": [{}]}, "spec.imagePullSecrets[0].name", "Required value"),
    ({"imagePullSecrets": [{"name": f"s{i}"} for i in range(17)]}, "spec.imagePullSecrets", "at most 16 items"),
    ({"nodeSelector": {"no spaces": "a"}}, "spec.nodeSelector", "keys must be label keys"),
    ({"nodeSelector": {"a": "no spaces"}}, "spec.nodeSelector.a", "should match"),
    ({"nodeSelector": {f"k{i}": "v" for i in range(17)}}, "spec.nodeSelector", "at most 16 items"),
    ({"tolerations": [{"key": "a", "operator": "Likes"}]}, "spec.tolerations[0].operator", "supported values"),
    ({"tolerations": [{"value": "a"}]}, "spec.tolerations[0].operator", "must be Exists when key is empty"),
    ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, "spec.tolerations[0].value", "must be empty"),
    ({"tolerations": [{"key": "a", "tolerationSeconds": 1}]}, "spec.tolerations[0].effect", "must be NoExecute"),
]

TAKEN: list[dict[str, Any]] = [
    {"fullName": "ms"},
    {"msName": "a" * 40, "path": "v" * 32, "version": "v1.0_rc-1"},
    {"path": "1"},
    {"image": "any words, or ümlauts"},
    {"replicas": 0},
    {"replicas": 0, "maxReplicas": 1},
    {"replicas": 3, "maxReplicas": 3},
    {"replicas": 3, "autoscaling": True, **CPU},
    {"autoscaling": True, **_resources(requests={"cpu": 1})},
    {"config": "ü" * 131_072},
    {"config": ""},
    _resources({"cpu": "1"}, {"cpu": "1000m"}),
    _resources({"cpu": 1, "memory": "1024Mi"}, {"cpu": "1", "memory": "1Gi"}),
    _resources({"cpu": "2"}, {"memory": "64Gi"}),
    _resources({"cpu": ".5", "memory": "1.5e3", "nvidia.com/gpu": 1, "hugepages-2Mi": "4Mi", "ephemeral-storage": "1G"}),
    _resources({}, {}),
    _resources(
        {f"example.com/{'r' * 50}{i}": "1." + "0" * 29 for i in range(10)}, {f"example.com/{'r' * 50}{i}": "1" for i in range(10)}
    ),
    _probe(httpGet={"port": "http", "path": "/ready", "scheme": "HTTPS"}, initialDelaySeconds=5, successThreshold=2),
    _probe("livenessProbe", exec={"command": ["true"]}),
    _probe("startupProbe", grpc={"port": 9000, "service": "health"}, failureThreshold=30),
    {"imagePullSecrets": [{"name": "pull"}, {"name": "pull.more"}]},
    {"nodeSelector": {"disk": "ssd", "example.com/zone": "", f"{'d' * 63}.example.com/{'n' * 63}": "v" * 63}},
    {"tolerations": [{"operator": "Exists"}, {"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 0}]},
]


@pytest.mark.parametrize(("fields", "field", "message"), REFUSED, ids=lambda part: str(part)[:60])
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
    refused = [(fields, answer.body["message"]) for fields in TAKEN if (answer := _create(api, fields)).status != 201]
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
