"""`envtest.embedded.plugins`: what admission changes in Services, volumes and claims."""

from envtest.embedded.api import admission, plugins, requests, store
from envtest.embedded.builtin import defaults, resources
from tests.support import plain_objects

REGISTRY = resources.Registry.built_in()


def admitted(obj, operation="CREATE", old=None, subresource=""):
    """Return what admission makes of *obj*."""
    resource = REGISTRY.of_kind(obj["apiVersion"], obj["kind"])
    obj = defaults.apply(resource, {**obj, "metadata": {**obj["metadata"], "namespace": "default"}})
    target = requests.Target(resource, "default", "invalid", subresource)
    objects = store.Store()
    asked = admission.Admission(objects, REGISTRY)
    plugins.install(asked, objects, REGISTRY)
    attempt = admission.Attempt(operation, target, obj, old)
    for mutator in asked.mutators:
        obj = mutator(attempt)
        attempt = admission.Attempt(operation, target, obj, old)
    return obj


def test_services_get_addresses():
    """But not when only their status is written."""
    assert admitted(plain_objects.service())["spec"]["clusterIP"].startswith("10.0.")
    status = admitted(plain_objects.service(), "UPDATE", defaults.apply(
        REGISTRY.of_kind("v1", "Service"), plain_objects.service()
    ), "status")  # fmt: skip
    assert "clusterIP" not in status["spec"]


def test_claims_and_volumes_are_protected():
    """By a finalizer, once."""
    claim = admitted(plain_objects.claim())
    assert claim["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    assert admitted(claim)["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    assert admitted(plain_objects.volume())["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]


def test_others_are_left_alone():
    """Nothing is added to them."""
    assert "finalizers" not in admitted(plain_objects.config_map())["metadata"]
