"""The MicroServiceDeploy types: the sample decodes, and what each field defaults to."""

import pathlib
from typing import Any

import pytest
import yaml

from controller import crd
from controller.crd import fields, podfields
from reconcilers.microservicedeploy import spec

SAMPLE = pathlib.Path(__file__).parents[3] / "manifests/samples/microservicedeploy.yaml"
REQUIRED = {"msName": "ms", "version": "1.0", "path": "v1", "image": "example.com/app:1"}


def _decode(**raw: Any) -> spec.MicroServiceDeploySpec:
    return crd.decode_spec(spec.MicroServiceDeploySpec, {**REQUIRED, **raw})


def test_the_sample_decodes() -> None:
    """Each of the source document's fields arrives under its Python name."""
    manifest = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    assert crd.decode_spec(spec.MicroServiceDeploySpec, manifest["spec"]) == spec.MicroServiceDeploySpec(
        ms_name="ms-sample",
        full_name="ms-sample-v1s0",
        version="1.0",
        path="v1",
        image="nginxinc/nginx-unprivileged:1.29",
        replicas=3,
        autoscaling=True,
        need_auth=True,
        config="password=88888888",
        creation_timestamp="1535546718115",
        resource_requirements=podfields.ResourceRequirements(
            limits={"cpu": "2", "memory": "4Gi"}, requests={"cpu": "2", "memory": "4Gi"}
        ),
        idle=False,
    )


def test_only_four_fields_are_required_and_the_others_have_defaults() -> None:
    """The shortest resource is one replica without anything special."""
    found = _decode()
    assert found == spec.MicroServiceDeploySpec(ms_name="ms", version="1.0", path="v1", image="example.com/app:1")
    assert (found.full_name, found.creation_timestamp, found.max_replicas) == (None, None, None)
    assert (found.replicas, found.autoscaling, found.need_auth, found.idle, found.config) == (1, False, False, False, "")
    assert (found.port, found.target_cpu_utilization, found.tenant) == (8080, 80, "tenant-auth")
    assert (found.readiness_probe, found.liveness_probe, found.startup_probe) == (None, None, None)
    assert (found.image_pull_secrets, found.node_selector, found.tolerations) == ((), {}, ())
    assert found.resource_requirements == podfields.ResourceRequirements(limits={}, requests={})


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_required_field_is_named(name: str) -> None:
    """The four fields without which there is no instance."""
    raw = {key: value for key, value in REQUIRED.items() if key != name}
    with pytest.raises(crd.SpecError, match=f"^spec.{name}: is required$"):
        crd.decode_spec(spec.MicroServiceDeploySpec, raw)


def test_a_version_that_yaml_takes_for_a_number_is_an_error() -> None:
    """1.0 without quotes would lose its last digit: the user has to write a string."""
    with pytest.raises(crd.SpecError, match=r"^spec.version: expected str, got float$"):
        _decode(version=1.0)


def test_a_probe_encodes_as_a_pod_takes_it() -> None:
    """What is at Kubernetes' own default is left out, the rest has the API's names."""
    probe = _decode(readinessProbe={"httpGet": {"port": "http", "path": "/ready"}, "periodSeconds": 3}).readiness_probe
    assert probe is not None
    assert crd.encode(probe) == {"httpGet": {"port": "http", "path": "/ready"}, "periodSeconds": 3}


def test_tolerations_and_pull_secrets_encode_as_a_pod_takes_them() -> None:
    """They are handed on without a translation."""
    found = _decode(
        tolerations=[{"key": "gpu", "operator": "Exists", "tolerationSeconds": 0}], imagePullSecrets=[{"name": "pull"}]
    )
    assert [crd.encode(item) for item in found.tolerations] == [{"key": "gpu", "operator": "Exists", "tolerationSeconds": 0}]
    assert [crd.encode(item) for item in found.image_pull_secrets] == [{"name": "pull"}]


def test_a_status_encodes_whole_but_for_what_was_never_set() -> None:
    """Counters are shown as 0, not as blanks; absent remembered replicas stay absent."""
    condition = fields.Condition(
        type="Ready", status="False", last_transition_time="2026-01-01T00:00:00Z", reason="Pending", message=""
    )
    assert crd.encode(spec.MicroServiceDeployStatus(conditions=(condition,))) == {
        "observedGeneration": 0,
        "replicas": 0,
        "readyReplicas": 0,
        "updatedReplicas": 0,
        "availableReplicas": 0,
        "selector": "",
        "host": "",
        "configHash": "",
        "conditions": [
            {
                "type": "Ready",
                "status": "False",
                "observedGeneration": 0,
                "lastTransitionTime": "2026-01-01T00:00:00Z",
                "reason": "Pending",
                "message": "",
            }
        ],
    }
    assert crd.encode(spec.MicroServiceDeployStatus(last_active_replicas=0))["lastActiveReplicas"] == 0


def test_the_longest_host_leaves_room_for_a_base_domain() -> None:
    """<path>.<msName>.<namespace>. is at most 138 of a host's 253 characters."""
    properties = crd.render(spec.RESOURCE)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    longest_namespace = 63
    assert properties["path"]["maxLength"] + properties["msName"]["maxLength"] + longest_namespace + len("...") <= 253 - 115


def test_the_kind_has_its_names_columns_and_scale() -> None:
    """What kubectl shows and scales."""
    manifest = crd.render(spec.RESOURCE)["spec"]
    version = manifest["versions"][0]
    assert (manifest["names"]["shortNames"], manifest["names"]["categories"]) == (["msd"], ["coxswain"])
    shown = [column["name"] for column in version["additionalPrinterColumns"] if not column.get("priority")]
    assert shown == ["Ready", "Reason", "Version", "Replicas", "Age"]
    assert version["subresources"]["scale"] == {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
