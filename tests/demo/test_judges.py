"""The judges of the judges."""

from dataclasses import replace

from demo import judges, observation
from tests.support import demo_objects


def test_all_children_are_needed():
    """One missing kind is named; all kinds hold."""
    whole = demo_objects.whole()
    assert judges.has_all_children(whole).holds
    verdict = judges.has_all_children(replace(whole, children=whole.children[1:]))
    assert not verdict.holds
    assert "missing: ServiceAccount" in verdict.seen


def test_ready_must_be_true_current_and_complete():
    """Not ready, an old generation, and too few pods do not hold, and the reason is in what was seen."""
    judge = judges.is_ready_with(3)
    assert judge(demo_objects.whole()).holds
    assert not judge(observation.Observation()).holds
    assert not judge(observation.Observation(demo_objects.resource(is_current=False))).holds
    assert not judge(observation.Observation(demo_objects.resource(replicas=2))).holds
    verdict = judge(observation.Observation(demo_objects.resource(ready=False)))
    assert verdict == (False, "3 of 3 pods ready, Ready=False (RollingOut: 1 of 3)")


def test_scaled_means_autoscaler_and_deployment_followed():
    """The autoscaler's minimum, the Deployment and the ready pods must all have followed."""
    whole = demo_objects.whole(4)
    assert judges.is_scaled_to(4)(whole).holds
    assert not judges.is_scaled_to(4)(replace(whole, children=demo_objects.children(3))).holds
    verdict = judges.is_scaled_to(4)(demo_objects.whole(3))
    assert not verdict.holds
    assert verdict.seen.startswith("autoscaler from 3, Deployment at 3, 3 of 4 pods ready")


def test_repaired_means_another_uid():
    """A missing child, and the old one that is still there, do not hold."""
    whole = demo_objects.whole()
    assert judges.is_replaced(whole, "Service", "older").holds
    assert not judges.is_replaced(whole, "Service", "Service-1").holds
    assert judges.is_replaced(replace(whole, children=()), "Service", "older") == (False, "no Service")


def test_gone_means_nothing_left():
    """Resource, children and quota must be gone; what is left is named."""
    assert judges.is_gone(observation.Observation()) == (True, "nothing left")
    left = observation.Observation(demo_objects.resource(), (demo_objects.child("Service"),))
    assert judges.is_gone(left) == (False, "left: the resource itself, Service ms")


def with_child(seen, kind, **fields):
    """Return *seen* with fields of a child, the metadata's annotations among them, set."""
    annotations = fields.pop("annotations", {})
    changed = [
        {**child, **fields, "metadata": {**child["metadata"], "annotations": annotations}} if child["kind"] == kind else child
        for child in seen.children
    ]
    return replace(seen, children=tuple(changed))


def rolled(revision=2, updated=3, **data):
    """Return a sight of three pods of pod template *revision*, and of a configuration."""
    annotations = {judges.REVISION_ANNOTATION: str(revision)}
    status = {"replicas": 3, "updatedReplicas": updated}
    seen = with_child(demo_objects.whole(), "Deployment", annotations=annotations, status=status)
    return with_child(seen, "ConfigMap", data=data)


def test_configured_means_the_key_is_there_and_all_pods_were_replaced_once():
    """Without the key, with old pods left, or after another number of rolls it does not hold; no value is told."""
    verdict = judges.is_configured(rolled(mode="secret"), "mode", 2)
    assert verdict.holds
    assert "secret" not in verdict.seen
    for seen in (rolled(), rolled(mode="a", updated=2), rolled(mode="a", revision=1), rolled(mode="a", revision=3)):
        assert not judges.is_configured(seen, "mode", 2).holds


def measured(replicas, use):
    """Return a sight of an autoscaler that measured *use*."""
    metrics = [{"containerResource": {"current": {"averageUtilization": use}}}] if use is not None else None
    return with_child(demo_objects.whole(replicas), "HorizontalPodAutoscaler", status={"currentMetrics": metrics})


def test_autoscaled_means_the_autoscaler_measured_and_went_there():
    """The number of pods alone does not do: the autoscaler must have measured."""
    verdict = judges.is_autoscaled_to(6)(measured(6, 80))
    assert verdict.holds
    assert verdict.seen.startswith("CPU use 80 %, Deployment at 6")
    assert not judges.is_autoscaled_to(6)(measured(6, None)).holds
    assert not judges.is_autoscaled_to(6)(measured(4, 120)).holds


def idle(**changes):
    """Return a sight of an idle instance."""
    resource = demo_objects.resource(replicas=0)
    resource["status"] |= {"lastActiveReplicas": 6, **changes}
    resource["status"]["conditions"][0] |= {"reason": "Idle"}
    children = [child for child in demo_objects.children(0) if child["kind"] != "HorizontalPodAutoscaler"]
    return observation.Observation(resource, tuple(children))


def test_idle_means_no_pods_no_autoscaler_and_all_else():
    """Pods that are left, a child that is missing, an autoscaler that is there, and a number forgotten do not hold."""
    assert judges.is_idle(idle()).holds
    assert not judges.is_idle(idle(lastActiveReplicas=None)).holds
    assert not judges.is_idle(with_child(idle(), "Deployment", status={"replicas": 1})).holds
    assert not judges.is_idle(replace(idle(), children=idle().children[1:])).holds
    assert not judges.is_idle(replace(idle(), children=demo_objects.children(0))).holds
