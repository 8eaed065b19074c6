"""`envtest.embedded.strategic`: merge patches that know types."""

import copy

import pytest

from envtest.embedded.api import status
from envtest.embedded.apply import strategic
from envtest.embedded.builtin import resources

SCHEMA = resources.Registry.built_in().of_kind("apps/v1", "Deployment").schema

DEPLOYMENT = {
    "metadata": {"name": "a", "labels": {"x": "1"}, "finalizers": ["p", "q"]},
    "spec": {
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
        "template": {
            "spec": {
                "containers": [
                    {"name": "c", "image": "i:1", "args": ["a"], "env": [{"name": "E", "value": "1"}]},
                    {"name": "d", "image": "i:1"},
                ],
                "nodeSelector": {"a": "1"},
                "tolerations": [{"key": "k"}],
            }
        },
    },
}


def patched(changes):
    """Return the Deployment with *changes*, and see that nothing given is changed."""
    before = copy.deepcopy((DEPLOYMENT, changes))
    found = strategic.patch(SCHEMA, DEPLOYMENT, changes)
    assert (DEPLOYMENT, changes) == before
    return found


def pod(**changes):
    """Return the pod's spec with *changes*."""
    return patched({"spec": {"template": {"spec": changes}}})["spec"]["template"]["spec"]


def names(items):
    """Return the names of items."""
    return [item["name"] for item in items]


def test_items_are_merged_by_their_merge_key():
    """New ones are put behind, and the patch's own order counts."""
    found = pod(containers=[{"name": "e", "image": "i:2"}, {"name": "c", "image": "i:2", "args": ["b"]}])["containers"]
    assert names(found) == ["e", "c", "d"]
    assert found[1] == {"name": "c", "image": "i:2", "args": ["b"], "env": [{"name": "E", "value": "1"}]}


def test_lists_without_a_strategy_are_replaced():
    """As in a merge patch."""
    assert pod(tolerations=[{"key": "l"}])["tolerations"] == [{"key": "l"}]


def test_null_deletes():
    """A field, but nothing that is not there; nulls in new values are dropped."""
    assert "nodeSelector" not in pod(nodeSelector=None, hostname=None)
    assert pod(securityContext={"a": None, "b": 1})["securityContext"] == {"b": 1}


def test_directives_delete_and_replace():
    """Items by their key, whole maps and whole lists."""
    assert names(pod(containers=[{"name": "c", "$patch": "delete"}])["containers"]) == ["d"]
    assert pod(containers=[{"name": "x"}, {"$patch": "replace"}])["containers"] == [{"name": "x"}]
    assert pod(nodeSelector={"b": "2", "$patch": "replace"})["nodeSelector"] == {"b": "2"}
    assert pod(nodeSelector={"$patch": "delete"})["nodeSelector"] == {}
    assert "dnsConfig" not in pod(dnsConfig={"$patch": "delete"})


def test_members_of_sets_are_merged_and_deleted():
    """Scalars that are there are not doubled."""
    assert patched({"metadata": {"finalizers": ["r", "p"]}})["metadata"]["finalizers"] == ["r", "p", "q"]
    assert patched({"metadata": {"$deleteFromPrimitiveList/finalizers": ["p"]}})["metadata"]["finalizers"] == ["q"]
    assert patched({"metadata": {"$deleteFromPrimitiveList/none": ["p"]}}) == DEPLOYMENT


def test_the_order_of_a_list_can_be_given():
    """With or without changes; what it does not name keeps its place."""
    order = {"$setElementOrder/containers": [{"name": "d"}, {"name": "c"}]}
    assert names(pod(**order)["containers"]) == ["d", "c"]
    new = pod(containers=[{"name": "x", "image": "i"}], **{"$setElementOrder/containers": [{"name": "x"}, {"name": "d"}]})
    assert names(new["containers"]) == ["x", "c", "d"]
    added = pod(initContainers=[{"name": "i"}], **{"$setElementOrder/initContainers": [{"name": "i"}]})
    assert names(added["initContainers"]) == ["i"]
    assert pod(**{"$setElementOrder/initContainers": [{"name": "i"}]}) == DEPLOYMENT["spec"]["template"]["spec"]


def test_fields_can_be_retained():
    """The others go, as the strategy's parameters do when its type changes."""
    changed = patched({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}})
    assert changed["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ([1], 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        ({"metadata": {"$patch": "fly"}}, 500, "unknown patch type: fly in map: map[$patch:fly]"),
        ({"spec": {"$retainKeys": ["x"], "paused": True}}, 400, "invalid patch format of retainKeys"),
        ({"spec": {"$retainKeys": "x"}}, 400, "invalid patch format of retainKeys"),
        (
            {"metadata": {"$setElementOrder/finalizers": ["p"], "finalizers": ["r"]}},
            500,
            "The order in patch list:\n[r]\n doesn't match $setElementOrder list:\n[p]\n",
        ),
        ({"metadata": {"$setElementOrder/finalizers": "p"}}, 500, "expected a []interface {}, but received a string"),
        (
            {"spec": {"template": {"spec": {"containers": [{"image": "i"}]}}}},
            500,
            "map: map[image:i] does not contain declared merge key: name",
        ),
        (
            {"spec": {"template": {"spec": {"containers": [{"image": "i", "$patch": "delete"}]}}}},
            500,
            "map: map[$patch:delete image:i] does not contain declared merge key: name",
        ),
        (
            {"spec": {"template": {"spec": {"containers": [{"name": "c", "$patch": "merge"}]}}}},
            500,
            "merging lists cannot yet be specified in the patch",
        ),
        (
            {"spec": {"template": {"spec": {"containers": [{"name": "c", "$patch": "x"}]}}}},
            500,
            "unknown patch type: x in map: map[$patch:x name:c]",
        ),
        ({"metadata": {"finalizers": [1]}}, 500, "list element types are not identical: [[p q] [1]]"),
        ({"metadata": {"finalizers": [["r"]]}}, 422, "the server rejected our request due to an error in our request"),
    ],
)
def test_malformed_patches_are_refused(changes, code, text):
    """With the server's codes and words."""
    with pytest.raises(status.StatusError) as caught:
        patched(changes)
    assert (caught.value.code, caught.value.message) == (code, text)
