"""`envtest.embedded.managed_fields`: who owns what after applies and updates."""

import copy
import json

import hypothesis
import pytest
from hypothesis import strategies

from envtest.embedded.api import status
from envtest.embedded.apply import fieldsets, managed_fields
from envtest.embedded.builtin import resources
from tests.support import apply_operations, apply_twin

MIXTURE = apply_twin.MIXTURE
DEPLOYMENT = resources.Registry.built_in().of_kind("apps/v1", "Deployment")
TYPED = "failed to create typed patch object (/a; /v1, Kind=ConfigMap)"
CONFIG_MAP = resources.Registry.built_in().of_kind("v1", "ConfigMap")


def at(second):
    """Return a time."""
    return f"2026-01-01T00:00:{second:02}Z"


def by(manager, second=0, **options):
    """Return who writes and when."""
    return managed_fields.By(manager, at(second), **options)


def mixture(**spec):
    """Return a configuration of the custom kind."""
    return {"apiVersion": "apply.example.com/v1", "kind": "Mixture", "metadata": {"name": "a"}, "spec": spec}


def config(data=None, **metadata):
    """Return a ConfigMap."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", **metadata}}
    return body if data is None else {**body, "data": data}


def applied(live, manager, second=0, *, force=False, **spec):
    """Apply a custom object."""
    return managed_fields.apply(MIXTURE, live, mixture(**spec), by(manager, second, force=force))


def owned(obj, manager, operation="Apply", subresource=""):
    """Return the paths that a manager owns, None if it has no entry."""
    for entry in obj["metadata"].get("managedFields", []):
        if (entry["manager"], entry["operation"], entry.get("subresource", "")) == (manager, operation, subresource):
            return {fieldsets.text(path) for path in fieldsets.from_json(entry["fieldsV1"])}
    return None


def times(obj):
    """Return the seconds of all entries."""
    return {entry["manager"]: entry.get("time", "none")[-3:-1] for entry in obj["metadata"]["managedFields"]}


def refusal(call, *arguments):
    """Return the error of a call."""
    with pytest.raises(status.StatusError) as caught:
        call(*arguments)
    return caught.value


def test_an_apply_creates_and_owns():
    """The entry says who, how, when and what; name and kind are owned by nobody."""
    obj = applied(None, "us", 1, mode="x", labels={"a": "1"})
    assert obj["spec"] == {"mode": "x", "labels": {"a": "1"}}
    assert obj["metadata"]["managedFields"] == [
        {
            "manager": "us",
            "operation": "Apply",
            "apiVersion": "apply.example.com/v1",
            "time": at(1),
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:labels": {"f:a": {}}, "f:mode": {}}},
        }
    ]


def test_what_is_not_applied_any_more_goes_unless_others_own_it():
    """Each manager takes back its own part only."""
    obj = applied(None, "us", labels={"a": "1", "b": "1"}, members=["m", "n"], mode="x")
    obj = applied(obj, "them", labels={"b": "1"}, members=["n"])
    obj = applied(obj, "us", 2, mode="x")
    assert obj["spec"] == {"labels": {"b": "1"}, "members": ["n"], "mode": "x"}
    assert (owned(obj, "us"), owned(obj, "them")) == ({".spec.mode"}, {".spec.labels.b", '.spec.members[="n"]'})


def test_equal_values_are_owned_by_both_and_give_no_time():
    """The second owner's entry has no time, because it changed nothing, and no conflict arises."""
    obj = applied(applied(None, "us", 1, mode="x"), "them", 2, mode="x")
    assert (owned(obj, "us"), owned(obj, "them"), times(obj)) == ({".spec.mode"}, {".spec.mode"}, {"us": "01", "them": "on"})


def test_an_apply_of_the_same_changes_nothing():
    """Not even the time, so that the resourceVersion stays."""
    obj = applied(None, "us", 1, mode="x", members=["a"])
    assert applied(obj, "us", 9, mode="x", members=["a"]) == obj


def test_a_conflict_names_fields_and_managers():
    """With the server's words, for one and for several."""
    obj = applied(applied(None, "us", mode="x", replicas=1), "them", replicas=1)
    one = refusal(managed_fields.apply, MIXTURE, obj, mixture(mode="y"), by("me")).to_json()
    assert (one["code"], one["reason"]) == (409, "Conflict")
    assert one["message"] == 'Apply failed with 1 conflict: conflict with "us": .spec.mode'
    assert one["details"] == {
        "causes": [{"reason": "FieldManagerConflict", "message": 'conflict with "us"', "field": ".spec.mode"}]
    }
    several = refusal(managed_fields.apply, MIXTURE, obj, mixture(mode="y", replicas=2), by("me"))
    lines = ['conflicts with "them":', "- .spec.replicas", 'conflicts with "us":', "- .spec.mode", "- .spec.replicas"]
    assert several.message == "Apply failed with 3 conflicts: " + "\n".join(lines)


def test_a_conflict_with_an_update_names_version_and_subresource():
    """So that people know which entry is meant."""
    obj = managed_fields.update(MIXTURE, None, mixture(mode="x"), by("us"))
    changed = {**obj, "status": {"phase": "x"}}
    obj = managed_fields.update(MIXTURE, obj, changed, by("us", subresource="status"))
    message = refusal(managed_fields.apply, MIXTURE, obj, mixture(mode="y"), by("me")).message
    assert message == 'Apply failed with 1 conflict: conflict with "us" using apply.example.com/v1: .spec.mode'
    body = {**mixture(), "status": {"phase": "y"}}
    message = refusal(managed_fields.apply, MIXTURE, obj, body, by("me", subresource="status")).message
    assert message.endswith('conflict with "us" with subresource "status" using apply.example.com/v1: .status.phase')


def test_force_takes_the_fields():
    """The others lose them, and their entry if it was all they had."""
    obj = applied(applied(None, "us", mode="x"), "them", replicas=1, numbers=[1])
    obj = applied(obj, "me", 3, force=True, mode="y", replicas=2)
    assert (obj["spec"]["mode"], obj["spec"]["replicas"]) == ("y", 2)
    assert (owned(obj, "us"), owned(obj, "them"), owned(obj, "me")) == (
        None,
        {".spec.numbers[=1]"},
        {".spec.mode", ".spec.replicas"},
    )


def test_atomic_values_have_one_owner():
    """A map, a struct or a list as a whole: a change of a part takes it."""
    obj = applied(None, "us", selector={"a": "1"}, whole={"a": 1}, args=["x"])
    assert owned(obj, "us") == {".spec.selector", ".spec.whole", ".spec.args"}
    message = refusal(managed_fields.apply, MIXTURE, obj, mixture(selector={"b": "1"}), by("me")).message
    assert message.endswith('conflict with "us": .spec.selector')
    assert applied(obj, "me", force=True, selector={"b": "1"})["spec"]["selector"] == {"b": "1"}


def test_items_are_told_apart_by_keys_with_defaults():
    """The key has the default, the fields do not."""
    obj = applied(None, "us", ports=[{"port": 80, "name": "a"}, {"port": 80, "protocol": "UDP"}])
    tcp, udp = '.spec.ports[port=80,protocol="TCP"]', '.spec.ports[port=80,protocol="UDP"]'
    assert owned(obj, "us") == {tcp, f"{tcp}.port", f"{tcp}.name", udp, f"{udp}.port", f"{udp}.protocol"}
    obj = applied(obj, "us", ports=[{"port": 80, "protocol": "UDP"}])
    assert obj["spec"]["ports"] == [{"port": 80, "protocol": "UDP"}]


def test_an_update_owns_what_it_changed():
    """And takes it from those who applied it; what is gone is owned by nobody."""
    obj = applied(None, "us", 1, mode="x", labels={"a": "1", "b": "1"}, members=["m"])
    changed = {**obj, "spec": {"mode": "x", "labels": {"a": "2", "c": "1"}, "members": ["m"]}}
    obj = managed_fields.update(MIXTURE, obj, changed, by("hand", 2))
    assert owned(obj, "us") == {".spec.mode", '.spec.members[="m"]'}
    assert owned(obj, "hand", "Update") == {".spec.labels.a", ".spec.labels.c"}
    assert times(obj) == {"us": "01", "hand": "02"}
    obj = managed_fields.update(MIXTURE, obj, {**obj, "spec": {**obj["spec"], "mode": "y"}}, by("hand", 3))
    assert owned(obj, "hand", "Update") == {".spec.labels.a", ".spec.labels.c", ".spec.mode"}
    assert times(obj) == {"us": "01", "hand": "03"}


def test_an_update_that_changes_nothing_changes_no_entry():
    """Whether the client sends managedFields back or not."""
    obj = managed_fields.update(MIXTURE, applied(None, "us", 1, mode="x"), mixture(mode="y"), by("hand", 2))
    sent = {**obj, "metadata": {"name": "a"}}
    assert managed_fields.update(MIXTURE, obj, obj, by("other", 9)) == obj
    assert managed_fields.update(MIXTURE, obj, sent, by("other", 9)) == obj


def test_a_creator_does_not_own_what_every_object_has():
    """As Go's empty objects have their structs, those are owned by nobody, but what is optional has its own entry."""
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i", "resources": {}}]}}
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "labels": {}}}
    body["spec"] = {"selector": {"matchLabels": {"a": "b"}}, "strategy": strategy, "template": pod}
    container = {".": {}, "f:image": {}, "f:name": {}, "f:resources": {}}
    assert managed_fields.update(DEPLOYMENT, None, body, by("us"))["metadata"]["managedFields"][0]["fieldsV1"] == {
        "f:metadata": {"f:labels": {}},
        "f:spec": {
            "f:selector": {},
            "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}}, "f:type": {}},
            "f:template": {
                "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
                "f:spec": {"f:containers": {'k:{"name":"c"}': container}},
            },
        },
    }


def test_what_a_strategy_resets_is_not_owned():
    """Neither the status by a write to the object, nor the spec by a write to the status."""
    body = {**mixture(mode="x"), "status": {"phase": "p"}}
    obj = managed_fields.apply(MIXTURE, None, body, by("us"))
    assert owned(obj, "us") == {".spec.mode"}
    obj = managed_fields.apply(MIXTURE, obj, body, by("us", subresource="status"))
    assert owned(obj, "us", subresource="status") == {".status.phase"}


def test_what_nobody_owns_is_from_before_the_first_apply():
    """An object whose managedFields were forgotten is not tracked until it is applied to."""
    obj = managed_fields.update(CONFIG_MAP, None, config({"a": "1", "b": "1"}, uid="u"), by("us"))
    obj = managed_fields.update(CONFIG_MAP, obj, config({"a": "1", "b": "1"}, uid="u", managedFields=[{}]), by("us"))
    assert "managedFields" not in obj["metadata"]
    obj = managed_fields.update(CONFIG_MAP, obj, config({"a": "1", "b": "2"}, uid="u"), by("us"))
    assert "managedFields" not in obj["metadata"]
    obj = managed_fields.apply(CONFIG_MAP, obj, config({"a": "1"}), by("me"))
    assert owned(obj, "before-first-apply", "Update") == {".data", ".data.a", ".data.b"}
    assert owned(obj, "me") == {".data.a"}


def test_clients_may_set_managed_fields():
    """What they leave out is forgotten, what is not well formed or of an unknown version is not taken."""
    obj = managed_fields.update(CONFIG_MAP, None, config({"a": "1"}, uid="u"), by("us"))
    entry = obj["metadata"]["managedFields"][0]
    for bad in (
        {**entry, "operation": "Nope"},
        {**entry, "fieldsType": "X"},
        {**entry, "fieldsV1": {"nonsense": {}}},
        {"manager": "x"},
    ):
        sent = config({"a": "1"}, uid="u", managedFields=[bad])
        assert owned(managed_fields.update(CONFIG_MAP, obj, sent, by("me")), "us", "Update") == {".data", ".data.a"}
    sent = config({"a": "1", "b": "1"}, uid="u", managedFields=[{**entry, "manager": "renamed"}])
    assert owned(managed_fields.update(CONFIG_MAP, obj, sent, by("me")), "renamed", "Update") == {".data", ".data.a"}
    other = {**entry, "apiVersion": "v9"}
    sent = config({"a": "1", "b": "1"}, uid="u", managedFields=[other])
    assert [each["manager"] for each in managed_fields.update(CONFIG_MAP, obj, sent, by("me"))["metadata"]["managedFields"]] == [
        "me"
    ]


def test_too_many_updaters_are_put_together():
    """The oldest become one entry, with the time of the youngest of them."""
    obj = managed_fields.update(CONFIG_MAP, None, config({"k0": "1"}), by("m0"))
    for number in range(1, 13):
        changed = {**obj, "data": {**obj["data"], f"k{number}": "1"}}
        obj = managed_fields.update(CONFIG_MAP, obj, changed, by(f"m{number}", number))
    assert len(obj["metadata"]["managedFields"]) == 10
    assert owned(obj, "ancient-changes", "Update") == {".data", ".data.k0", ".data.k1", ".data.k2", ".data.k3"}
    assert times(obj)["ancient-changes"] == "03"


def client_side(data, applied_data):
    """Return a ConfigMap that client-side apply made, and maybe others changed."""
    last = json.dumps(config(applied_data))
    body = config(applied_data, annotations={managed_fields.LAST_APPLIED: last})
    obj = managed_fields.update(CONFIG_MAP, None, body, by("kubectl-client-side-apply"))
    return managed_fields.update(CONFIG_MAP, obj, {**obj, "data": data}, by("other"))


def test_kubectl_takes_over_from_client_side_apply():
    """What the annotation applied and nobody changed is no conflict for the manager kubectl, and the annotation follows."""
    obj = managed_fields.apply(CONFIG_MAP, client_side({"a": "1"}, {"a": "1"}), config({"a": "<2>"}), by("kubectl"))
    assert obj["data"] == {"a": "<2>"}
    expected = '{"apiVersion":"v1","data":{"a":"\\u003c2\\u003e"},"kind":"ConfigMap","metadata":{"name":"a"}}\n'
    assert obj["metadata"]["annotations"][managed_fields.LAST_APPLIED] == expected
    assert owned(obj, "kubectl") == {".data.a"}


def test_kubectl_does_not_take_what_others_changed():
    """And no other manager takes anything without force."""
    changed = client_side({"a": "1", "b": "2"}, {"a": "1", "b": "1"})
    message = refusal(managed_fields.apply, CONFIG_MAP, changed, config({"a": "5", "b": "5"}), by("kubectl")).message
    assert message == 'Apply failed with 1 conflict: conflict with "other" using v1: .data.b'
    same = client_side({"a": "1"}, {"a": "1"})
    assert "kubectl-client-side-apply" in refusal(managed_fields.apply, CONFIG_MAP, same, config({"a": "5"}), by("me")).message


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({**config(), "apiVersion": "v2"}, 400, "invalid object type: /v2, Kind=ConfigMap"),
        ({**config(), "kind": "Secret"}, 400, "invalid object type: /v1, Kind=Secret"),
        ({"metadata": {}}, 400, "invalid object type: /, Kind="),
        (config(managedFields=[]), 400, "metadata.managedFields must be nil"),
        (
            {**config({}, namespace="n"), "nope": 1},
            500,
            "failed to create typed patch object (n/a; /v1, Kind=ConfigMap): .nope: field not declared in schema",
        ),
        (
            config(finalizers=["x", "x"]),
            500,
            f'{TYPED}: .metadata.finalizers: duplicate entries for key [="x"]',
        ),
    ],
)
def test_configurations_that_do_not_fit_are_refused(body, code, message):
    """With the server's codes and words, some of which call it an error of their own."""
    error = refusal(managed_fields.apply, CONFIG_MAP, None, body, by("us"))
    assert (error.code, error.message) == (code, message)


def test_old_times_come_back_if_nothing_else_changed():
    """So that an apply whose values the server rewrites the same way again is no write."""
    obj = applied(None, "us", 1, mode="x")
    later = copy.deepcopy(obj)
    later["metadata"]["managedFields"][0]["time"] = at(9)
    assert managed_fields.keep_times(obj, later) == obj
    changed = {**later, "spec": {"mode": "y"}}
    assert managed_fields.keep_times(obj, changed) == changed
    more = {**later, "metadata": {**later["metadata"], "managedFields": later["metadata"]["managedFields"] * 2}}
    assert managed_fields.keep_times(obj, more) == more


def has_empty(value):
    """Ask whether there is a null, an empty map or an empty list in a value."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return value in (None, {}, []) or any(has_empty(each) for each in below)


@hypothesis.settings(deadline=None)
@hypothesis.given(strategies.integers(0, 100_000), strategies.integers(1, 12))
def test_any_sequence_keeps_its_promises(seed, steps):
    """A repetition is no change, and nothing that is given is changed."""
    choice, obj = apply_operations.Choice(seed), None
    for second in range(steps):
        manager, body = choice.manager(), choice.mixture("a")
        before = copy.deepcopy((obj, body))
        if obj is None or choice.number():
            new = managed_fields.apply(MIXTURE, obj, body, by(manager, second, force=True))
            # An empty value does not come back at once where its items were taken away, on the real server neither.
            assert has_empty(body) or has_empty(new["spec"]) or managed_fields.apply(MIXTURE, new, body, by(manager, 59)) == new
        else:
            new = managed_fields.update(MIXTURE, obj, {**obj, "spec": body["spec"]}, by(manager, second))
            assert managed_fields.update(MIXTURE, new, {**new, "metadata": {"name": "a"}}, by("x", 59))["spec"] == new["spec"]
        assert (obj, body) == before
        obj = new
