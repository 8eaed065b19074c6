"""Tests of simulated HorizontalPodAutoscalers."""

import pytest

from tests.support import simulated_cluster

HPAS, DEPLOYMENTS = "horizontalpodautoscalers.autoscaling", "deployments.apps"


@pytest.fixture
def cluster():
    """A cluster in which one Deployment of two pods runs, each with a request of 100 millicores."""
    return started()


def started(**options):
    """Return such a cluster."""
    cluster = simulated_cluster.Cluster(**options)
    cluster.create(DEPLOYMENTS, simulated_cluster.deployment(replicas=2))
    cluster.settle()
    return cluster


def metric(container="app", **target):
    """Return a metric of the CPU use of a container, or of pods."""
    target = {"target": {"type": "AverageValue" if "averageValue" in target else "Utilization", **target}}
    if container:
        return {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": container, **target}}
    return {"type": "Resource", "resource": {"name": "cpu", **target}}


def autoscale(cluster, *metrics, name="web", target="web", **spec):
    """Make an autoscaler."""
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    wanted = {"minReplicas": 1, "maxReplicas": 10, "scaleTargetRef": reference}
    spec = {**wanted, "metrics": list(metrics) or [metric(averageUtilization=50)], **spec}
    cluster.create(HPAS, {"metadata": {"name": name}, "spec": spec})
    cluster.settle(2)


def use(cluster, millicores):
    """Let all pods together use so much."""
    cluster.manager.metrics.set_cpu("default", {"app": "web"}, "app", millicores)


def replicas(cluster):
    """Return the size of the Deployment."""
    return cluster.find(DEPLOYMENTS, "web")["spec"]["replicas"]


def state(cluster, name="web"):
    """Return the status of an autoscaler."""
    return cluster.find(HPAS, name)["status"]


def conditions(cluster):
    """Return status and reason of each condition."""
    return {each["type"]: (each["status"], each["reason"]) for each in state(cluster)["conditions"]}


def test_it_scales_up_by_use_and_says_so(cluster):
    """As many pods as bring the use down to the target; the status tells the metric, the number and the time."""
    use(cluster, 200)
    autoscale(cluster)
    assert replicas(cluster) == 4
    told = state(cluster)
    assert (told["currentReplicas"], told["desiredReplicas"], told["lastScaleTime"]) == (2, 4, "2026-01-02T03:04:07Z")
    current = {"averageValue": "100m", "averageUtilization": 100}
    assert told["currentMetrics"] == [
        {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "app", "current": current}}
    ]
    assert conditions(cluster) == {
        "AbleToScale": ("True", "SucceededRescale"),
        "ScalingActive": ("True", "ValidMetricFound"),
        "ScalingLimited": ("False", "DesiredWithinRange"),
    }
    reason = "cpu container resource utilization (percentage of request) above target"
    assert ("SuccessfulRescale", f"New size: 4; reason: {reason}") in cluster.events_of("HorizontalPodAutoscaler")
    owners = {each["manager"]: each.get("subresource") for each in cluster.find(DEPLOYMENTS, "web")["metadata"]["managedFields"]}
    assert owners["kube-controller-manager"] in ("scale", "status")
    cluster.settle(2)
    assert conditions(cluster)["AbleToScale"] == ("True", "ReadyForNewScale")
    assert (state(cluster)["currentReplicas"], state(cluster)["desiredReplicas"]) == (4, 4)


def test_it_waits_before_it_scales_down(cluster):
    """The highest number of the last seconds counts."""
    use(cluster, 200)
    autoscale(cluster)
    use(cluster, 40)
    cluster.settle(2)
    assert replicas(cluster) == 4
    assert conditions(cluster)["AbleToScale"] == ("True", "ScaleDownStabilized")
    cluster.settle(6)
    assert replicas(cluster) == 1


@pytest.mark.parametrize(
    ("millicores", "spec", "size", "reason"),
    [
        (900, {"maxReplicas": 3}, 3, "TooManyReplicas"),
        (900, {}, 4, "ScaleUpLimit"),
        (10, {"minReplicas": 2}, 2, "TooFewReplicas"),
    ],
)
def test_it_stays_within_its_limits(cluster, millicores, spec, size, reason):
    """And does not grow too fast."""
    use(cluster, millicores)
    autoscale(cluster, **spec)
    cluster.settle(0 if size > 2 else 6)
    assert replicas(cluster) == size
    assert conditions(cluster)["ScalingLimited"] == ("True", reason)


@pytest.mark.parametrize(("size", "spec", "wanted"), [(1, {"minReplicas": 3}, 3), (8, {"maxReplicas": 5}, 5)])
def test_limits_count_without_metrics(cluster, size, spec, wanted):
    """A size beyond them is corrected, whatever is known."""
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"replicas": size}})
    cluster.settle()
    autoscale(cluster, **spec)
    assert replicas(cluster) == wanted


def test_a_use_near_the_target_changes_nothing(cluster):
    """Within a tenth."""
    use(cluster, 108)
    autoscale(cluster)
    assert replicas(cluster) == 2
    assert state(cluster)["currentMetrics"][0]["containerResource"]["current"]["averageUtilization"] == 54


def test_without_a_use_nothing_changes(cluster):
    """The condition and events say what is missing."""
    autoscale(cluster)
    assert replicas(cluster) == 2
    assert conditions(cluster)["ScalingActive"] == ("False", "FailedGetContainerResourceMetric")
    message = next(each["message"] for each in state(cluster)["conditions"] if each["type"] == "ScalingActive")
    start = (
        "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu"
    )
    assert message == f"{start}: no metrics returned from resource metrics API"
    reasons = [reason for reason, _ in cluster.events_of("HorizontalPodAutoscaler")]
    assert sorted(reasons) == ["FailedComputeMetricsReplicas", "FailedGetContainerResourceMetric"]


def test_without_a_metrics_api_nothing_changes():
    """As in a cluster where nobody has installed one."""
    cluster = started(metrics=False)
    autoscale(cluster, metric(container="", averageUtilization=50))
    message = next(each["message"] for each in state(cluster)["conditions"] if each["type"] == "ScalingActive")
    assert message.endswith("the server could not find the requested resource (get pods.metrics.k8s.io)")


def test_a_target_of_zero_replicas_is_left_alone(cluster):
    """Until somebody gives it some again."""
    use(cluster, 100)
    autoscale(cluster)
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"replicas": 0}})
    cluster.settle(4)
    assert replicas(cluster) == 0
    assert conditions(cluster)["ScalingActive"] == ("False", "ScalingDisabled")
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"replicas": 1}})
    cluster.settle()
    cluster.settle(4)
    assert conditions(cluster)["ScalingActive"] == ("True", "ValidMetricFound")


def test_an_average_may_be_the_target(cluster):
    """Of all containers of a pod together."""
    use(cluster, 300)
    autoscale(cluster, metric(container="", averageValue="100m"))
    assert replicas(cluster) == 3
    assert state(cluster)["currentMetrics"][0]["resource"] == {"name": "cpu", "current": {"averageValue": "150m"}}


def test_a_behavior_limits_the_rate(cluster):
    """One pod more in a minute, and none less."""
    up = {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}
    use(cluster, 400)
    autoscale(cluster, behavior={"scaleUp": up, "scaleDown": {"selectPolicy": "Disabled"}})
    assert replicas(cluster) == 3
    assert conditions(cluster)["ScalingLimited"] == ("True", "ScaleUpLimit")
    cluster.settle(30)
    assert replicas(cluster) == 3
    cluster.settle(40)
    assert replicas(cluster) == 4
    use(cluster, 10)
    cluster.settle(400)
    assert replicas(cluster) == 4
    assert conditions(cluster)["ScalingLimited"] == ("True", "ScaleDownLimit")


def test_a_target_that_is_not_there_is_told(cluster):
    """By a condition."""
    autoscale(cluster, target="nothing")
    assert conditions(cluster) == {"AbleToScale": ("False", "FailedGetScale")}
    assert 'deployments.apps "nothing" not found' in state(cluster)["conditions"][0]["message"]


def test_two_for_the_same_pods_do_nothing(cluster):
    """The condition names them."""
    use(cluster, 300)
    autoscale(cluster)
    autoscale(cluster, name="other")
    before = replicas(cluster)
    use(cluster, 900)
    cluster.settle(4)
    assert replicas(cluster) == before
    assert conditions(cluster)["ScalingActive"] == ("False", "AmbiguousSelector")


def test_an_autoscaler_that_is_gone_does_nothing(cluster):
    """And is no longer looked at."""
    use(cluster, 100)
    autoscale(cluster)
    cluster.delete(HPAS, "web")
    use(cluster, 900)
    cluster.settle(10)
    assert replicas(cluster) == 2
