"""Tests of the children that a spec wants."""

import dataclasses
from typing import Any

import msgspec
import pytest

from reconcilers.microservicedeploy import desired, instances, properties
from tests.support import microservices

PLAN = desired.Plan(replicas=3)
REQUESTS = {"requests": {"cpu": "1"}}


def kinds(instance: instances.Instance, plan: desired.Plan = PLAN) -> list[str]:
    """Return the kinds of all children, in the order of applying."""
    return [child["kind"] for child in desired.children(instance, microservices.SETTINGS, plan)]


def template_hash(instance: instances.Instance, settings: instances.Settings = microservices.SETTINGS) -> str:
    """Return the hash whose change means that the pods roll."""
    return desired.template_hash(desired.pod_template(instance, settings))


def container(instance: instances.Instance) -> dict[str, Any]:
    """Return the application's container."""
    found: dict[str, Any] = desired.pod_template(instance, microservices.SETTINGS)["spec"]["containers"][0]
    return found


@pytest.mark.parametrize(
    ("changes", "added"),
    [
        ({}, set()),
        ({"needAuth": True}, {"NetworkPolicy"}),
        ({"autoscaling": True}, {"HorizontalPodAutoscaler"}),
        ({"autoscaling": True, "idle": True}, set()),
        ({"idle": True, "needAuth": True}, {"NetworkPolicy"}),
    ],
)
def test_the_children_follow_the_switches(changes: dict[str, Any], added: set[str]) -> None:
    """Four are always there; needAuth and autoscaling add theirs, idleness takes only the HPA away."""
    always = {"ServiceAccount", "ConfigMap", "Service", "Deployment"}
    assert set(kinds(microservices.plain(resourceRequirements=REQUESTS, **changes))) == always | added


def test_the_ingress_follows_the_plan() -> None:
    """Who has the host is decided elsewhere."""
    assert "Ingress" not in kinds(microservices.sample())
    assert kinds(microservices.sample(), desired.Plan(3, needs_ingress=True))[-1] == "Ingress"


def test_the_door_closes_before_pods_change() -> None:
    """NetworkPolicy and Service stand before the Deployment, what the pods mount stands first, what scales them last."""
    assert kinds(microservices.sample()) == [
        "ServiceAccount",
        "ConfigMap",
        "NetworkPolicy",
        "Service",
        "Deployment",
        "HorizontalPodAutoscaler",
    ]


def test_every_child_has_name_namespace_and_labels() -> None:
    """All are called like the instance and carry the recommended labels and the path."""
    for child in desired.children(microservices.sample(), microservices.SETTINGS, desired.Plan(3, needs_ingress=True)):
        assert child["metadata"]["name"] == "ms-sample-v1s0"
        assert child["metadata"]["namespace"] == microservices.NAMESPACE
        assert child["metadata"]["labels"] == {
            "app.kubernetes.io/name": "ms-sample",
            "app.kubernetes.io/instance": "ms-sample-v1s0",
            "app.kubernetes.io/version": "1.0",
            "app.kubernetes.io/managed-by": "coxswain",
            "custom.ops/path": "v1",
        }


def test_no_child_has_an_empty_value_but_the_config_may() -> None:
    """The API server drops empty maps and lists, so a diff would find them for ever."""

    def empty(value: Any, path: str) -> list[str]:
        if isinstance(value, dict) and value:
            return [found for key, item in value.items() for found in empty(item, f"{path}.{key}")]
        if isinstance(value, list) and value:
            return [found for item in value for found in empty(item, f"{path}[]")]
        return [path] if value in ({}, [], "", None) else []

    for instance in (microservices.sample(), microservices.plain(config="a=1")):
        for child in desired.children(instance, microservices.SETTINGS, desired.Plan(3, needs_ingress=True)):
            assert empty(child, child["kind"]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"config": "a=2"},
        {"config": "a=1\n# said"},
        {"version": "2"},
        {"image": "shop:2"},
        {"resourceRequirements": {"requests": {"cpu": "2"}}},
        {"needAuth": False},
        {"tenant": "other"},
        {"port": 9090},
        {"readinessProbe": {"httpGet": {"port": "http"}}},
        {"livenessProbe": {"tcpSocket": {"port": 8080}}},
        {"startupProbe": {"grpc": {"port": 8080}}},
        {"imagePullSecrets": [{"name": "registry"}]},
        {"nodeSelector": {"disk": "ssd"}},
        {"tolerations": [{"key": "gpu", "operator": "Exists"}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_rolls_the_pods(change: dict[str, Any]) -> None:
    """Each of these changes the pod template."""
    base = {"config": "a=1", "needAuth": True, "resourceRequirements": REQUESTS}
    assert template_hash(microservices.plain(**base)) != template_hash(microservices.plain(**base | change))


@pytest.mark.parametrize(
    "change",
    [
        {"replicas": 5},
        {"autoscaling": True},
        {"maxReplicas": 9},
        {"targetCPUUtilization": 50},
        {"idle": True},
        {"path": "v2"},
        {"tenant": "other"},
        {"creationTimestamp": "1535546718115"},
        {"fullName": "shop-v1"},
        {"port": 8080},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_does_not_roll_the_pods(change: dict[str, Any]) -> None:
    """Scaling, the path, defaults written out, and a tenant that nobody asks for."""
    base = {"resourceRequirements": REQUESTS}
    assert template_hash(microservices.plain(**base)) == template_hash(microservices.plain(**base | change))


def test_the_deployment_selects_by_what_cannot_change() -> None:
    """A selector is immutable, so version and path are not in it; the template carries what it selects."""
    spec = desired.deployment(microservices.sample(), microservices.SETTINGS, desired.Plan(3))["spec"]
    assert spec["selector"] == {"matchLabels": {"app.kubernetes.io/instance": "ms-sample-v1s0"}}
    assert spec["template"]["metadata"]["labels"].items() >= spec["selector"]["matchLabels"].items()
    assert "custom.ops/path" not in spec["template"]["metadata"]["labels"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_replicas_are_left_out_for_the_autoscaler() -> None:
    """None is not zero."""
    instance = microservices.sample()
    assert "replicas" not in desired.deployment(instance, microservices.SETTINGS, desired.Plan(None))["spec"]
    assert desired.deployment(instance, microservices.SETTINGS, desired.Plan(0))["spec"]["replicas"] == 0


def test_the_template_hash_stands_on_the_deployment_only() -> None:
    """On pods it would roll them without need when its making changes."""
    made = desired.deployment(microservices.sample(), microservices.SETTINGS, desired.Plan(3))
    template = made["spec"]["template"]
    assert made["metadata"]["annotations"] == {desired.TEMPLATE_HASH_ANNOTATION: desired.template_hash(template)}
    assert desired.TEMPLATE_HASH_ANNOTATION not in template["metadata"]["annotations"]


def test_the_configuration_reaches_the_container_twice() -> None:
    """As environment and as a read-only file; the file's own key becomes a variable that says where it is, not the whole text."""
    found = container(microservices.plain(config="a=1"))
    assert found["envFrom"] == [{"configMapRef": {"name": "shop-v1"}}]
    assert found["env"] == [{"name": "application.properties", "value": "/etc/config/application.properties"}]
    assert found["volumeMounts"] == [{"name": "config", "mountPath": "/etc/config", "readOnly": True}]
    assert desired.config_map(microservices.plain(config="a=1"))["data"] == {"a": "1", properties.FILE: "a=1"}


def test_only_the_config_map_holds_the_configuration() -> None:
    """Its value stands nowhere else, its hash on the pod template."""
    children = desired.children(microservices.sample(), microservices.SETTINGS, PLAN)
    assert [child["kind"] for child in children if "88888888" in str(child)] == ["ConfigMap"]


def test_the_users_container_is_left_as_it_is() -> None:
    """No security context, no probe but readiness by default, any text as image."""
    found = container(microservices.plain(image="just a image url"))
    assert found["image"] == "just a image url"
    assert found["ports"] == [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
    assert found["readinessProbe"] == {"tcpSocket": {"port": "http"}}
    assert not found.keys() & {"securityContext", "livenessProbe", "startupProbe", "resources"}


def test_what_the_user_gives_is_passed_on() -> None:
    """Probes, pull secrets, node selector, tolerations and resources, in the API's own form."""
    probe = {"httpGet": {"path": "/up", "port": "http"}, "periodSeconds": 3}
    instance = microservices.plain(
        readinessProbe=probe,
        livenessProbe=probe,
        startupProbe=probe,
        imagePullSecrets=[{"name": "registry"}],
        nodeSelector={"disk": "ssd"},
        tolerations=[{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
        resourceRequirements={"limits": {"cpu": 2}, "requests": {"cpu": "500m"}},
    )
    found = container(instance)
    assert [found[name] for name in ("readinessProbe", "livenessProbe", "startupProbe")] == [probe] * 3
    assert found["resources"] == {"limits": {"cpu": "2"}, "requests": {"cpu": "500m"}}
    pod = desired.pod_template(instance, microservices.SETTINGS)["spec"]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["nodeSelector"] == {"disk": "ssd"}
    assert pod["tolerations"] == [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_no_pod_gets_a_token() -> None:
    """Neither the account nor the pod mounts one."""
    assert desired.service_account(microservices.plain())["automountServiceAccountToken"] is False
    pod = desired.pod_template(microservices.plain(), microservices.SETTINGS)["spec"]
    assert (pod["automountServiceAccountToken"], pod["serviceAccountName"]) == (False, "shop-v1")


@pytest.mark.parametrize(("need_auth", "target"), [(False, "http"), (True, "auth")])
def test_the_service_leads_to_the_proxy_while_auth_is_needed(need_auth: bool, target: str) -> None:
    """By name, so that pods without the proxy have no endpoint."""
    spec = desired.service(microservices.plain(needAuth=need_auth))["spec"]
    assert spec == {
        "type": "ClusterIP",
        "selector": {"app.kubernetes.io/instance": "shop-v1"},
        "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": target}],
    }


def test_the_autoscaler_measures_the_application() -> None:
    """Between replicas and the maximum, by the cpu of one container."""
    spec = desired.horizontal_pod_autoscaler(microservices.sample())["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 6)
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ms-sample-v1s0"}
    target = {"type": "Utilization", "averageUtilization": 80}
    metric = {"container": container(microservices.sample())["name"], "name": "cpu", "target": target}
    assert spec["metrics"] == [{"type": "ContainerResource", "containerResource": metric}]


def test_a_configuration_too_large_for_a_config_map_is_a_problem() -> None:
    """Its size is said, its content is not."""
    instance = microservices.sample()
    assert desired.problems(instance) == []
    text = "\n".join(f"k{number}={'x' * 120_000}" for number in range(5))
    # Admission bounds the text so that this cannot come from the API server; an older schema's object could.
    large = dataclasses.replace(instance, spec=msgspec.structs.replace(instance.spec, config=text))
    [problem] = desired.problems(large)
    assert problem == "spec.config: makes a ConfigMap of 1200051 bytes, at most 1048576 are possible"


def test_the_full_name_is_the_resources_own_name_by_default() -> None:
    """It is never written to the spec."""
    assert microservices.plain("other").full_name == "other"
    assert microservices.sample().full_name == "ms-sample-v1s0"
