"""`envtest.embedded.entries`: managedFields read and written."""

import pytest

from envtest.embedded.api import status
from envtest.embedded.apply import entries, fieldsets
from envtest.embedded.builtin import resources
from tests.support import apply_twin

MODE = fieldsets.of([("f:spec", "f:mode")])


def entry(manager="us", operation="Apply", **more):
    """Return an entry."""
    made = {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": MODE.to_json()}
    return {**made, **more}


def test_entries_survive_being_read_and_written():
    """With time and subresource where they have one."""
    encoded = [entry(time="2026-01-01T00:00:00Z"), entry(operation="Update", subresource="status")]
    assert entries.write(entries.read(encoded).items()) == encoded
    assert entries.read(None) == entries.read([]) == {}


def test_the_order_is_by_operation_then_time_then_name():
    """Applies come first, and those without a time before those with one."""
    late, early = "2026-01-01T00:00:02Z", "2026-01-01T00:00:01Z"
    encoded = [
        entry("d", "Update"),
        entry("a", time=late),
        entry("b", "Update", time=early),
        entry("c", time=early),
        entry("b", time=early),
    ]
    order = [(each["manager"], each["operation"]) for each in entries.write(entries.read(encoded).items())]
    assert order == [("b", "Apply"), ("c", "Apply"), ("a", "Apply"), ("d", "Update"), ("b", "Update")]


def test_versions_tell_updates_apart_but_not_applies():
    """A manager has one Apply entry, in the version that it applied last."""
    encoded = [entry(), entry(apiVersion="v2"), entry(operation="Update"), entry(operation="Update", apiVersion="v2")]
    assert len(entries.read(encoded)) == 3


@pytest.mark.parametrize("wrong", [{"operation": "Nope"}, {"apiVersion": ""}, {"fieldsType": ""}, {"fieldsV1": {"x": {}}}])
def test_malformed_entries_are_refused(wrong):
    """An apply to an object that has such entries fails; an update forgets them."""
    obj = {"metadata": {"managedFields": [entry(**wrong)]}}
    with pytest.raises(status.StatusError, match="failed to decode managed fields"):
        entries.of(obj)
    assert entries.of_update(obj, {"metadata": {}}, "") == {}


def test_clients_do_not_set_entries_through_subresources():
    """There those of the live object count."""
    live, sent = {"metadata": {"managedFields": [entry()]}}, {"metadata": {"managedFields": [entry("them")]}}
    assert [who.manager for who in entries.of_update(live, sent, "")] == ["them"]
    assert [who.manager for who in entries.of_update(live, sent, "status")] == ["us"]


def test_other_versions_of_a_kind_are_known():
    """Entries of versions that a kind never had are dropped."""
    registry = resources.Registry.built_in()
    managed = entries.read(
        [entry(str(number), apiVersion=version) for number, version in enumerate(["autoscaling/v1", "v1", "x/v1"])]
    )
    scaler = registry.of_kind("autoscaling/v2", "HorizontalPodAutoscaler")
    assert [who.manager for who in entries.known(scaler, managed)] == ["0"]
    assert [who.manager for who in entries.known(registry.of_kind("v1", "ConfigMap"), managed)] == ["1"]
    ours = entries.read([entry(apiVersion="apply.example.com/v2")])
    assert entries.known(apply_twin.MIXTURE, ours) == ours


@pytest.mark.parametrize(
    ("kind", "subresource", "reset"),
    [
        ("Deployment", "", {".status"}),
        ("Deployment", "status", {".spec", ".metadata.labels"}),
        ("Deployment", "scale", set()),
        ("Pod", "status", {".spec", ".metadata.deletionTimestamp", ".metadata.ownerReferences"}),
        ("Namespace", "finalize", {".status"}),
        ("ConfigMap", "", set()),
        ("CustomResourceDefinition", "", {".status"}),
    ],
)
def test_strategies_reset_what_a_request_is_not_about(kind, subresource, reset):
    """As each kind's does on the server."""
    found = next(each for each in resources.Registry.built_in().all() if each.kind == kind)
    assert {fieldsets.text(path) for path in entries.reset_fields(found, subresource)} == reset


def test_a_custom_kinds_status_is_all_that_its_status_takes():
    """Not even metadata."""
    assert {fieldsets.text(path) for path in entries.reset_fields(apply_twin.MIXTURE, "status")} == {".spec", ".metadata"}
