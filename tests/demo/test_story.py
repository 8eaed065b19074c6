"""The judges of the story."""

from dataclasses import replace

from demo import observation, story
from tests.support import demo_objects


def test_all_children_are_needed():
    """One missing kind is named; all kinds hold."""
    whole = demo_objects.whole()
    assert story.has_all_children(whole).holds
    verdict = story.has_all_children(replace(whole, children=whole.children[1:]))
    assert not verdict.holds
    assert "missing: ServiceAccount" in verdict.seen


def test_ready_must_be_true_current_and_complete():
    """Not ready, an old generation, and too few pods do not hold, and the reason is in what was seen."""
    judge = story.is_ready_with(3)
    assert judge(demo_objects.whole()).holds
    assert not judge(observation.Observation()).holds
    assert not judge(observation.Observation(demo_objects.resource(is_current=False))).holds
    assert not judge(observation.Observation(demo_objects.resource(replicas=2))).holds
    verdict = judge(observation.Observation(demo_objects.resource(ready=False)))
    assert verdict == (False, "3 of 3 pods ready, Ready=False (RollingOut: 1 of 3)")


def test_scaled_means_autoscaler_and_deployment_followed():
    """The autoscaler's minimum, the Deployment and the ready pods must all have followed."""
    whole = demo_objects.whole(4)
    assert story.is_scaled_to(4)(whole).holds
    assert not story.is_scaled_to(4)(replace(whole, children=demo_objects.children(3))).holds
    verdict = story.is_scaled_to(4)(demo_objects.whole(3))
    assert not verdict.holds
    assert verdict.seen.startswith("autoscaler from 3, Deployment at 3, 3 of 4 pods ready")


def test_repaired_means_another_uid():
    """A missing child, and the old one that is still there, do not hold."""
    whole = demo_objects.whole()
    assert story.is_replaced(whole, "Service", "older").holds
    assert not story.is_replaced(whole, "Service", "Service-1").holds
    assert story.is_replaced(replace(whole, children=()), "Service", "older") == (False, "no Service")


def test_gone_means_nothing_left():
    """Resource, children and quota must be gone; what is left is named."""
    assert story.is_gone(observation.Observation()) == (True, "nothing left")
    left = observation.Observation(demo_objects.resource(), (demo_objects.child("Service"),))
    assert story.is_gone(left) == (False, "left: the resource itself, Service ms")
