"""`envtest.embedded.defaults`: what is made of an object when it is read, here and by a real server."""

import pathlib

import pytest
import yaml

from envtest.embedded.api import status
from envtest.embedded.builtin import defaults, extract, recording, resources, scalars
from tests.support import built_in_objects, manifests

REGISTRY = resources.Registry.built_in()
OF_ADMISSION = ("preemptionPolicy", "priority", "serviceAccount", "serviceAccountName", "tolerations", "taints")


def read(obj):
    """Return what ours makes of *obj*."""
    return defaults.apply(REGISTRY.of_kind(obj["apiVersion"], obj["kind"]), obj)


def without_admission(obj):
    """Return *obj* without what a server's admission adds, and what it writes into metadata."""
    metadata = {name: value for name, value in obj["metadata"].items() if name in ("name", "annotations")}
    if obj["kind"] not in ("Pod", "Node"):
        return {**obj, "metadata": metadata}
    return {**obj, "metadata": metadata, "spec": {name: obj["spec"][name] for name in obj["spec"] if name not in OF_ADMISSION}}


@pytest.fixture(scope="module")
def show(control_plane):
    """A function that shows what a real server makes of an object."""
    client = extract.Server(control_plane.kubeconfig)
    with recording.Echo(client) as echo:
        yield lambda obj: echo.show(extract.root(REGISTRY.of_kind(obj["apiVersion"], obj["kind"])), obj)
    client.close()


@pytest.mark.real_only
def test_objects_are_read_as_a_real_server_reads_them(show):
    """All defaults, all that is rewritten and all that is left out are equal, in poor and in realistic objects of each kind."""
    folder = pathlib.Path(__file__).resolve().parents[3] / "crds"
    definitions = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
    for obj in [*built_in_objects.readable(), *definitions]:
        assert without_admission(read(obj)) == without_admission(show(obj))


@pytest.mark.real_only
def test_objects_that_cannot_be_read_get_a_real_servers_message(show):
    """Value, field and Go type are named alike."""
    for obj in built_in_objects.unreadable():
        with pytest.raises(status.StatusError) as refusal:
            read(obj)
        assert (refusal.value.code, refusal.value.message) == (400, show(obj))


def test_an_object_is_not_changed():
    """What was sent stays as it was sent."""
    obj = manifests.deployment()
    read(obj)
    assert obj == manifests.deployment()


def test_reading_twice_changes_nothing():
    """What the server stores it reads back as it is."""
    for obj in built_in_objects.readable():
        once = read(obj)
        assert read(once) == once


def test_defaults_are_filled_in_at_all_depths():
    """A Deployment has its strategy, a container its pull policy, a port its protocol."""
    spec = read(manifests.deployment())["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert (spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (10, 600)
    app = spec["template"]["spec"]["containers"][0]
    assert (app["imagePullPolicy"], app["ports"][0]["protocol"]) == ("IfNotPresent", "TCP")
    assert app["readinessProbe"]["failureThreshold"] == 3


def test_empty_optional_values_are_left_out():
    """An empty list, text or map is as good as none; a pointer to zero is not."""
    container = read(manifests.deployment())["spec"]["template"]["spec"]["containers"][0]
    assert "args" not in container
    assert container["env"][0] == {"name": "EMPTY"}
    assert read(manifests.stateful_set())["spec"]["replicas"] == 0


def test_quantities_are_rewritten():
    """As the largest suffix that loses nothing."""
    hard = read(manifests.resource_quota())["spec"]["hard"]
    assert hard == {
        "requests.cpu": "1", "limits.cpu": "250m", "requests.memory": "1Gi", "limits.memory": "1536Mi", "pods": "3",
    }  # fmt: skip


def test_unknown_fields_are_left_out():
    """They are reported elsewhere."""
    obj = manifests.manifest("v1", "ConfigMap", "map", dta={"a": "b"})
    assert "dta" not in read(obj)


def test_defaults_are_nobody_elses():
    """Two objects share no default that one of them may change."""
    obj = manifests.manifest("autoscaling/v2", "HorizontalPodAutoscaler", "autoscaler")
    read(obj)["spec"]["metrics"].clear()
    assert read(obj)["spec"]["metrics"]


def test_the_field_whose_type_is_wrong_is_named():
    """As the server names it, without the list's index."""
    obj = manifests.deployment()
    obj["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] = "http"
    with pytest.raises(status.StatusError) as refusal:
        read(obj)
    field = "ContainerPort.spec.template.spec.containers.ports.containerPort"
    assert (refusal.value.code, refusal.value.reason) == (400, "BadRequest")
    assert refusal.value.message == (
        'Deployment in version "v1" cannot be handled as a Deployment:'
        f" json: cannot unmarshal string into Go struct field {field} of type int32"
    )


def test_metadata_of_custom_kinds_is_read_too():
    """Times are rewritten, and wrong types refused."""
    given = {"name": "a", "labels": {}, "creationTimestamp": "2026-01-01T02:00:00+02:00", "unknown": 1}
    assert defaults.metadata(given) == {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}
    with pytest.raises(scalars.UnreadableError, match=r"ObjectMeta\.labels of type string"):
        defaults.metadata({"labels": {"a": 1}})
