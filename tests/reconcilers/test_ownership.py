"""Marks of ownership, and what an object with or without them is to an owner."""

from typing import Any

import pytest

from reconcilers import ownership

Claim = ownership.Claim
OWNER = {"apiVersion": "custom.ops/v1", "kind": "Ship", "metadata": {"name": "s", "namespace": "n", "uid": "u-1"}}
ADOPT = {"annotations": {"coxswain.dev/adopt": "true"}}


def child(**metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n", **metadata}}


def reference(**changes: Any) -> dict[str, Any]:
    return {**ownership.controller_reference(OWNER), **changes}


def test_the_controller_reference_says_who_and_blocks_deletion():
    """It names kind, name and uid, is the controller, and blocks the owner's foreground deletion."""
    assert ownership.controller_reference(OWNER) == {
        "apiVersion": "custom.ops/v1",
        "kind": "Ship",
        "name": "s",
        "uid": "u-1",
        "controller": True,
        "blockOwnerDeletion": True,
    }


def test_a_claimed_child_keeps_its_other_owners():
    """The reference is added once, whatever the manifest held, and the manifest itself is not changed."""
    other = reference(uid="u-9", controller=False)
    desired = child(ownerReferences=[reference(blockOwnerDeletion=False), other])
    claimed = ownership.ByController(OWNER).claimed(desired)
    assert claimed["metadata"]["ownerReferences"] == [other, reference()]
    assert ownership.ByController(OWNER).claimed(claimed) == claimed
    assert desired["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] is False


def test_a_second_controller_is_refused():
    """An object has one controller."""
    with pytest.raises(ValueError, match="ConfigMap c already has a controller other than Ship s"):
        ownership.ByController(OWNER).claimed(child(ownerReferences=[reference(uid="u-9")]))


@pytest.mark.parametrize("namespace", ["other", ""])
def test_an_owner_owns_only_in_its_namespace(namespace: str):
    """The garbage collector would delete a child whose owner is not in its namespace."""
    with pytest.raises(ValueError, match="Ship s in n cannot own ConfigMap c of another namespace"):
        ownership.ByController(OWNER).claimed(child(namespace=namespace))


def test_a_cluster_wide_owner_owns_anywhere():
    """An owner without namespace may own children in any."""
    owner = {**OWNER, "metadata": {"name": "s", "uid": "u-1"}}
    assert ownership.ByController(owner).claimed(child())["metadata"]["ownerReferences"] == [reference()]


@pytest.mark.parametrize(
    ("metadata", "claim"),
    [
        ({"ownerReferences": [reference()]}, Claim.OURS),
        ({"ownerReferences": [reference(uid="u-9", controller=None), reference()]}, Claim.OURS),
        ({"ownerReferences": [reference(apiVersion="custom.ops/v2")]}, Claim.OURS),
        ({"ownerReferences": [reference()], "deletionTimestamp": "2026-01-01T00:00:00Z"}, Claim.GOING),
        ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, Claim.GOING),
        ({"ownerReferences": [reference(uid="u-9")]}, Claim.GOING),
        ({"ownerReferences": [reference(uid="u-9", apiVersion="custom.ops/v2")]}, Claim.GOING),
        ({"ownerReferences": [reference(uid="u-9", apiVersion="other/v1")]}, Claim.FOREIGN),
        ({"ownerReferences": [reference(uid="u-9", kind="Boat")]}, Claim.FOREIGN),
        ({"ownerReferences": [reference(uid="u-9", name="t")], **ADOPT}, Claim.FOREIGN),
        ({"ownerReferences": [reference(controller=False)]}, Claim.FOREIGN),
        ({}, Claim.FOREIGN),
        ({"annotations": {"coxswain.dev/adopt": "yes"}}, Claim.FOREIGN),
        (ADOPT, Claim.ADOPTABLE),
    ],
)
def test_a_controller_knows_its_children(metadata: dict[str, Any], claim: Claim):
    """The uid in the controller reference decides; a namesake's and a deleted child goes by itself; the rest is foreign."""
    assert ownership.ByController(OWNER).classify(child(uid="c-1", **metadata)) is claim


APPLIED = {"managedFields": [{"manager": "us", "operation": "Apply"}]}
LABELS = {"labels": {"a": "b", "c": "d"}}


@pytest.mark.parametrize(
    ("metadata", "claim"),
    [
        ({**LABELS, **APPLIED}, Claim.OURS),
        ({**LABELS}, Claim.FOREIGN),
        ({**APPLIED, "labels": {"a": "x"}}, Claim.FOREIGN),
        ({**LABELS, "managedFields": [{"manager": "us", "operation": "Update"}]}, Claim.FOREIGN),
        ({**LABELS, **APPLIED, "ownerReferences": [reference()]}, Claim.FOREIGN),
        ({**LABELS, **APPLIED, "deletionTimestamp": "2026-01-01T00:00:00Z"}, Claim.GOING),
        ({**LABELS, **ADOPT}, Claim.ADOPTABLE),
    ],
)
def test_labels_and_manager_mark_a_shared_object(metadata: dict[str, Any], claim: Claim):
    """Both the labels and our apply are needed: labels can be copied, and our manager applies other objects too."""
    assert ownership.ByLabels({"a": "b"}, "us").classify(child(**metadata)) is claim


def test_a_shared_object_is_marked_with_labels():
    """The labels join those of the manifest; there is no owner reference."""
    shared = ownership.ByLabels({"a": "b"}, "us")
    assert shared.claimed(child(labels={"x": "y"}))["metadata"] == {"name": "c", "namespace": "n", "labels": {"x": "y", "a": "b"}}
