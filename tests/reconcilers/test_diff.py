"""The three rules, on objects recorded from a Kubernetes 1.36 API server after an apply of `tests.support.manifests`."""

import json
import pathlib
from typing import Any

import pytest

from reconcilers import diff, managed_fields
from tests.support import manifests

US = "coxswain"
RECORDED = pathlib.Path(__file__).parent / "recorded"


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def at(obj: Any, path: str) -> Any:
    for element in path.split("/"):
        obj = obj[int(element)] if element.isdigit() else obj[element]
    return obj


def put(obj: Any, path: str, value: Any) -> None:
    parent, _, last = path.rpartition("/")
    holder = at(obj, parent)
    if value is ...:
        del holder[int(last) if last.isdigit() else last]
    else:
        holder[int(last) if last.isdigit() else last] = value


def found(desired: dict[str, Any], live: dict[str, Any]) -> list[tuple[str, str]]:
    return [(difference.path, difference.rule.value) for difference in diff.diff(desired, live, US)]


CONTAINER = "spec/template/spec/containers/0"
POD = "spec.template.spec"
APP = f"{POD}.containers[name=app]"


@pytest.mark.parametrize("name", ["deployment", "service", "network_policy"])
def test_nothing_differs_after_the_apply(name: str):
    """The server's defaults, its quantities, and the empty values that it drops are no differences."""
    assert found(getattr(manifests, name)(), recorded(name)) == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("spec/replicas", 3, [("spec.replicas", "Different")]),
        ("spec/replicas", ..., [("spec.replicas", "Unwanted")]),
        ("spec/paused", True, [("spec.paused", "Unowned")]),
        ("spec/paused", False, [("spec.paused", "Unowned")]),
        ("metadata/labels", ..., [("metadata", "Unwanted")]),
        (
            "metadata/labels",
            {"app.kubernetes.io/name": "shop"},
            [('metadata.labels["app.kubernetes.io/managed-by"]', "Unwanted")],
        ),
        ("metadata/labels/new", "x", [("metadata.labels.new", "Unowned")]),
        (f"{CONTAINER}/image", "other", [(f"{APP}.image", "Different")]),
        (f"{CONTAINER}/args", ..., [(f"{APP}.args", "Unwanted")]),
        (f"{CONTAINER}/args", ["x"], [(f"{APP}.args", "Different")]),
        (f"{CONTAINER}/env/1", ..., [(f"{APP}.env[name=POD]", "Unwanted")]),
        (f"{CONTAINER}/env/0/value", "x", [(f"{APP}.env[name=EMPTY].value", "Different")]),
        (f"{CONTAINER}/env/0/value", None, []),
        (f"{CONTAINER}/env/0", {"name": "NEW"}, [(f"{APP}.env[0]", "Unowned"), (f"{APP}.env[name=EMPTY]", "Unwanted")]),
        (f"{CONTAINER}/env/1/valueFrom/fieldRef/fieldPath", "x", [(f"{APP}.env[name=POD].valueFrom.fieldRef", "Different")]),
        (
            f"{CONTAINER}/ports/0/protocol",
            "UDP",
            [(f"{APP}.ports[0]", "Unowned"), (f"{APP}.ports[containerPort=8080,protocol=TCP]", "Unwanted")],
        ),
        (
            f"{CONTAINER}/ports/1",
            {"name": "dns", "containerPort": 53},
            [(f"{APP}.ports[1]", "Unowned"), (f"{APP}.ports[containerPort=53,protocol=UDP]", "Unwanted")],
        ),
        (f"{CONTAINER}/resources/limits/cpu", "1", []),
        (f"{CONTAINER}/resources/limits/cpu", 1, []),
        (f"{CONTAINER}/resources/limits/cpu", "1001m", [(f"{APP}.resources.limits.cpu", "Different")]),
        (f"{CONTAINER}/livenessProbe/httpGet/port", "8080", [(f"{APP}.livenessProbe.httpGet.port", "Different")]),
        (f"{CONTAINER}/livenessProbe/httpGet/path", ..., [(f"{APP}.livenessProbe.httpGet.path", "Unwanted")]),
        (f"{CONTAINER}/livenessProbe/httpGet/httpHeaders", [], [(f"{APP}.livenessProbe.httpGet.httpHeaders", "Different")]),
        ("spec/template/spec/initContainers", ..., []),
        ("spec/template/spec/nodeSelector/zone", ..., [(f"{POD}.nodeSelector", "Different")]),
        ("spec/template/spec/nodeSelector", {}, [(f"{POD}.nodeSelector", "Different")]),
        ("spec/template/spec/tolerations/0/effect", ..., [(f"{POD}.tolerations", "Different")]),
        ("spec/template/spec/tolerations", [], [(f"{POD}.tolerations", "Different")]),
        ("spec/template/spec/volumes/1/emptyDir/sizeLimit", "1048576000", []),
        ("spec/template/spec/volumes/1/emptyDir", {}, [(f"{POD}.volumes[name=tmp].emptyDir.sizeLimit", "Unwanted")]),
    ],
)
def test_each_change_of_a_deployment_is_named(path: str, value: Any, expected: list[tuple[str, str]]):
    """A wish that changes in one place is named by its path and rule; another spelling of the same value is not."""
    desired = manifests.deployment()
    put(desired, path, value)
    assert found(desired, recorded("deployment")) == expected


def test_the_order_of_items_with_keys_counts():
    """Environment variables that stand in another order are a difference: one may refer to those before it."""
    desired = manifests.deployment()
    at(desired, CONTAINER)["env"].reverse()
    assert found(desired, recorded("deployment")) == [(f"{APP}.env", "Different")]


def test_items_of_other_managers_may_stand_between_ours():
    """A sidecar that somebody injects between our containers is no difference."""
    live = recorded("deployment")
    at(live, "spec/template/spec/containers").insert(1, {"name": "injected"})
    assert found(manifests.deployment(), live) == []


def test_an_empty_map_lets_others_fill_it():
    """Annotations that we want empty, and somebody fills, are theirs; the update takes our empty map from us."""
    live = recorded("deployment")
    live["spec"]["template"]["metadata"]["annotations"] = {"their": "x"}
    del at(live["metadata"]["managedFields"][0], "fieldsV1/f:spec/f:template/f:metadata")["f:annotations"]
    theirs = {"f:spec": {"f:template": {"f:metadata": {"f:annotations": {".": {}, "f:their": {}}}}}}
    live["metadata"]["managedFields"].append({"manager": "x", "operation": "Update", "apiVersion": "apps/v1", "fieldsV1": theirs})
    assert found(manifests.deployment(), live) == []


def test_an_ownership_taken_is_seen_though_the_values_are_ours():
    """A key added by hand to a Service's selector leaves our keys in place and takes the field from us."""
    live = recorded("service")
    live["spec"]["selector"]["by"] = "hand"
    theft = live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"].pop("f:selector")
    taken = {"f:spec": {"f:selector": theft}}
    live["metadata"]["managedFields"].append({"manager": "hand", "operation": "Update", "apiVersion": "v1", "fieldsV1": taken})
    assert found(manifests.service(), live) == [("spec.selector", "Unowned")]


@pytest.mark.parametrize(
    "entry",
    [
        {"manager": "somebody else"},
        {"operation": "Update"},
        {"subresource": "status"},
        {"apiVersion": "apps/v1beta1"},
    ],
)
def test_only_our_apply_of_this_version_counts(entry: dict[str, str]):
    """Without an entry of our manager, operation Apply, no subresource and this apiVersion, we have to apply."""
    live = recorded("deployment")
    live["metadata"]["managedFields"][0].update(entry)
    assert found(manifests.deployment(), live) == [("", "NotApplied")]


def test_an_object_without_managed_fields_was_not_applied():
    """Somebody may clear managedFields; then we have to apply."""
    live = recorded("deployment")
    del live["metadata"]["managedFields"]
    assert found(manifests.deployment(), live) == [("", "NotApplied")]


def test_identity_and_status_are_not_compared():
    """What the server keeps in metadata, and the status, are never a reason to apply."""
    desired = manifests.deployment()
    desired["metadata"].update(namespace="x", uid="u", resourceVersion="1", creationTimestamp=None, managedFields=[])
    desired["status"] = {"replicas": 7}
    assert found(desired, recorded("deployment")) == []


def test_a_selector_that_becomes_empty_in_an_atomic_value_is_a_difference():
    """To select every pod and to select none by omission are not the same."""
    desired = manifests.network_policy()
    desired["spec"]["ingress"][0]["from"] = [{"podSelector": {}, "namespaceSelector": {}}]
    assert found(desired, recorded("network_policy")) == [("spec.ingress", "Different")]
    live = recorded("network_policy")
    live["spec"]["ingress"][0]["from"] = [{"podSelector": {}, "namespaceSelector": {}}]
    assert found(manifests.network_policy(), live) == [("spec.ingress", "Different")]


def test_a_difference_tells_no_value():
    """Values may be secret: only the path and a fixed sentence appear."""
    live = {
        **manifests.config_map(),
        "metadata": {
            "name": "shop",
            "managedFields": [
                {"manager": US, "operation": "Apply", "apiVersion": "v1", "fieldsV1": {"f:data": {"f:empty": {}}}},
            ],
        },
    }
    texts = [str(difference) for difference in diff.diff(manifests.config_map(), live, US)]
    assert texts == [
        "metadata: it is wanted and another manager has it, or nobody",
        "data.sizeLimit: it is wanted and another manager has it, or nobody",
        'data["application.properties"]: it is wanted and another manager has it, or nobody',
    ]


def test_the_status_is_compared_on_its_own():
    """With the subresource, only the status counts, and only our entry for it."""
    live = {
        "apiVersion": "v1",
        "kind": "Thing",
        "metadata": {
            "name": "a",
            "managedFields": [
                {
                    "manager": US,
                    "operation": "Apply",
                    "apiVersion": "v1",
                    "subresource": "status",
                    "fieldsV1": {"f:status": {"f:n": {}}},
                }
            ],
        },
        "spec": {"x": 1},
        "status": {"n": 1},
    }
    desired = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a", "labels": {"a": "b"}}, "status": {"n": 1}}
    assert diff.diff(desired, live, US, subresource="status") == []
    desired["status"]["n"] = 2
    assert [difference.path for difference in diff.diff(desired, live, US, subresource="status")] == ["status.n"]
    assert [difference.rule for difference in diff.diff(desired, live, US)] == [diff.Rule.NOT_APPLIED]


def test_our_fields_can_be_read():
    """The root entry yields the names that we own."""
    root = managed_fields.entry(recorded("service"), US, "v1")
    assert set(root.field("spec").names()) == {"ports", "selector"}
    assert {"port": 53, "protocol": "TCP"} in root.field("spec").field("ports").keys().values()
    assert root.field("spec").field("selector").is_leaf
