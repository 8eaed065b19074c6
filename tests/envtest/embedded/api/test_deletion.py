"""What a deletion makes of objects."""

import datetime

import pytest

from envtest.embedded.api import deletion, requests, status
from envtest.embedded.builtin import resources

REGISTRY = resources.Registry.built_in()
CONFIG_MAPS = REGISTRY.find("", "v1", "configmaps")
PODS = REGISTRY.find("", "v1", "pods")
JOBS = REGISTRY.find("batch", "v1", "jobs")
NAMESPACES = REGISTRY.find("", "v1", "namespaces")
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def obj(**own):
    """Return an object."""
    return {"apiVersion": "v1", "kind": "K", "metadata": {"name": "a", "uid": "u", "resourceVersion": "7", **own}}


def pod(seconds=30, node="n", **own):
    """Return a pod."""
    return {**obj(**own), "spec": {"terminationGracePeriodSeconds": seconds, "nodeName": node}}


def decide(resource, live, **options):
    """Decide, and return what is kept of metadata, and whether the object goes."""
    decision = deletion.decide(resource, live, requests.DeleteOptions(**options), NOW)
    return (decision.kept or {}).get("metadata"), decision.is_gone


def test_what_nothing_holds_goes_at_once():
    """Nothing is written before."""
    assert decide(CONFIG_MAPS, obj()) == (None, True)


def test_what_finalizers_hold_is_marked():
    """The time is written once, and the generation rises if there is one."""
    kept, is_gone = decide(CONFIG_MAPS, obj(finalizers=["a/b"], generation=1))
    assert not is_gone
    assert kept["deletionTimestamp"] == "2026-01-02T03:04:05Z"
    assert (kept["deletionGracePeriodSeconds"], kept["generation"]) == (0, 2)
    marked = obj(finalizers=["a/b"], deletionTimestamp="2026-01-01T00:00:00Z", deletionGracePeriodSeconds=0)
    assert decide(CONFIG_MAPS, marked) == (marked["metadata"], False)


@pytest.mark.parametrize(
    ("options", "before", "after"),
    [
        ({"propagation_policy": "Orphan"}, [], ["orphan"]),
        ({"propagation_policy": "Foreground"}, ["a/b"], ["a/b", "foregroundDeletion"]),
        ({"propagation_policy": "Background"}, ["a/b", "orphan"], ["a/b"]),
        ({"orphan_dependents": True}, [], ["orphan"]),
        ({}, ["foregroundDeletion"], ["foregroundDeletion"]),
    ],
)
def test_the_policy_becomes_a_finalizer(options, before, after):
    """Which the garbage collector works off."""
    kept, is_gone = decide(CONFIG_MAPS, obj(finalizers=before), **options)
    assert (kept["finalizers"], is_gone) == (after, False)


def test_jobs_leave_their_pods_behind_by_default():
    """As in the API's first days."""
    assert decide(JOBS, obj())[0]["finalizers"] == ["orphan"]


def test_a_pod_gets_its_grace():
    """Its end is the deletion's time."""
    kept, is_gone = decide(PODS, pod())
    assert (kept["deletionTimestamp"], kept["deletionGracePeriodSeconds"], is_gone) == ("2026-01-02T03:04:35Z", 30, False)


@pytest.mark.parametrize(
    "live", [pod(node=""), {**pod(), "status": {"phase": "Succeeded"}}], ids=["not on a node", "at its end already"]
)
def test_an_idle_pod_needs_no_grace(live):
    """It is marked and goes at once."""
    kept, is_gone = decide(PODS, live)
    assert (kept["deletionGracePeriodSeconds"], is_gone) == (0, True)


def test_the_grace_can_be_shortened_but_not_lengthened():
    """What is asked for later counts only if it is less."""
    going = pod(deletionTimestamp="2026-01-02T03:04:35Z", deletionGracePeriodSeconds=30)
    assert decide(PODS, going) == (None, False)
    assert decide(PODS, going, grace_period_seconds=60) == (None, False)
    kept, is_gone = decide(PODS, going, grace_period_seconds=10)
    assert (kept["deletionTimestamp"], kept["deletionGracePeriodSeconds"], is_gone) == ("2026-01-02T03:04:15Z", 10, False)
    kept, is_gone = decide(PODS, going, grace_period_seconds=0)
    assert (kept["deletionGracePeriodSeconds"], is_gone) == (0, True)


def test_preconditions_hold_or_the_deletion_is_refused():
    """With both values in the message, and the kind where the resource would be."""
    with pytest.raises(status.StatusError) as error:
        decide(CONFIG_MAPS, obj(), uid="other")
    start, _, rest = error.value.message.partition(": ")
    assert start == 'Operation cannot be fulfilled on ConfigMap "a"'
    assert rest.startswith("the UID in the precondition (other) does not match the UID in record (u). The object might have been")
    with pytest.raises(status.StatusError, match=r"the ResourceVersion in the precondition \(1\) does not match"):
        decide(CONFIG_MAPS, obj(), resource_version="1")
    assert decide(CONFIG_MAPS, obj(), uid="u", resource_version="7") == (None, True)


def test_a_namespace_terminates_first():
    """It goes when its content and its own finalizers have gone."""
    live = {**obj(), "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    decision = deletion.decide(NAMESPACES, live, requests.DeleteOptions(), NOW)
    assert decision.kept["status"] == {"phase": "Terminating"}
    assert not decision.is_gone
    again = deletion.decide(NAMESPACES, decision.kept, requests.DeleteOptions(), NOW)
    assert (again.kept, again.is_gone) == (None, False)


def test_the_answer_is_a_status_for_most_kinds():
    """For a few it is the object."""
    assert deletion.answer(CONFIG_MAPS, obj())["details"] == {"name": "a", "kind": "configmaps", "uid": "u"}
    assert deletion.answer(PODS, pod())["metadata"]["name"] == "a"
