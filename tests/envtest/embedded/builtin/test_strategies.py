"""`envtest.embedded.strategies`: what the server gives to new and changed objects."""

import pytest

from envtest.embedded.builtin import defaults, resources, strategies
from tests.support import plain_objects
from tests.support.manifests import manifest

REGISTRY = resources.Registry.built_in()


def created(obj, **metadata):
    """Return *obj* as it is created."""
    resource = REGISTRY.of_kind(obj["apiVersion"], obj["kind"])
    read = defaults.apply(resource, {**obj, "metadata": {**obj["metadata"], **metadata}})
    return strategies.prepare_create(resource, read)


def updated(obj, old):
    """Return *obj* as it replaces *old*."""
    return strategies.prepare_update(REGISTRY.of_kind(obj["apiVersion"], obj["kind"]), obj, old)


def test_nobody_creates_a_status():
    """A new object has what an empty status is read as."""
    assert created({**plain_objects.deployment(), "status": {"replicas": 5}})["status"] == {}
    assert created({**plain_objects.replica_set(), "status": {"replicas": 5}})["status"] == {"replicas": 0}
    assert created({**plain_objects.claim(), "status": {"phase": "Bound"}})["status"] == {"phase": "Pending"}


def test_nodes_come_with_their_status():
    """Kubelets register them so."""
    node = manifest("v1", "Node", "node", status={"capacity": {"cpu": "1"}})
    assert created(node)["status"]["capacity"] == {"cpu": "1"}


def test_an_update_keeps_the_status():
    """There is a subresource for it."""
    old = {**created(plain_objects.deployment()), "status": {"replicas": 1}}
    assert updated({**old, "status": {"replicas": 9}}, old)["status"] == {"replicas": 1}


@pytest.mark.parametrize(
    ("needs", "quality"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
        ({"requests": {"ephemeral-storage": "1Gi"}}, "BestEffort"),
    ],
)
def test_a_pod_is_pending_and_has_a_quality(needs, quality):
    """What is guaranteed, and what is not."""
    pod = plain_objects.changed(plain_objects.pod(), "spec|containers|0|resources", needs)
    assert created(pod)["status"] == {"phase": "Pending", "qosClass": quality}


def test_a_namespace_has_a_finalizer_and_its_name_as_a_label():
    """Only the controller removes the finalizer."""
    namespace = created(plain_objects.namespace())
    assert namespace["spec"] == {"finalizers": ["kubernetes"]}
    assert namespace["status"] == {"phase": "Active"}
    assert namespace["metadata"]["labels"]["kubernetes.io/metadata.name"] == "invalid"
    assert updated({**namespace, "spec": {}}, namespace)["spec"] == {"finalizers": ["kubernetes"]}


def test_a_job_selects_its_own_pods():
    """By its uid; a selector of its owner's making is left alone."""
    job = created(plain_objects.job(), uid="1")
    assert job["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "1"}}
    assert job["spec"]["template"]["metadata"]["labels"] == {
        "app": "shop", "job-name": "invalid", "batch.kubernetes.io/job-name": "invalid",
        "controller-uid": "1", "batch.kubernetes.io/controller-uid": "1",
    }  # fmt: skip
    manual = {**plain_objects.job(), "spec": {**plain_objects.job()["spec"], "manualSelector": True}}
    assert "selector" not in created(manual)["spec"]


def test_a_daemon_set_counts_the_changes_of_its_template():
    """In an annotation that nobody should need any more."""
    name = "deprecated.daemonset.template.generation"
    old = created(plain_objects.daemon_set())
    assert old["metadata"]["annotations"][name] == "1"
    new = plain_objects.changed(old, "spec|template|spec|containers|0|image", "other")
    assert updated(new, old)["metadata"]["annotations"][name] == "2"
    assert updated(plain_objects.changed(old, "spec|minReadySeconds", 1), old)["metadata"]["annotations"][name] == "1"
