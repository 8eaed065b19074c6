"""Tests of simulated Deployments: their ReplicaSets, rollouts and status."""

import pytest

from envtest.embedded.controllers import deployments
from tests.support import simulated_cluster
from tests.support.simulated_cluster import deployment

DEPLOYMENTS, SETS = "deployments.apps", "replicasets.apps"
REVISION = "deployment.kubernetes.io/revision"


@pytest.fixture
def cluster():
    """A cluster."""
    return simulated_cluster.Cluster()


def conditions(obj):
    """Return status and reason of each condition."""
    return {each["type"]: (each["status"], each["reason"]) for each in obj["status"].get("conditions", ())}


def sizes(cluster):
    """Return how many replicas each revision's ReplicaSet wants."""
    return {each["metadata"]["annotations"][REVISION]: each["spec"]["replicas"] for each in cluster.list(SETS)}


def changes(cluster, *names):
    """Return what some counters of the Deployment's status were, one after another."""
    told = [tuple(event.object.get("status", {}).get(name, 0) for name in names) for event in cluster.history(DEPLOYMENTS)]
    return [value for value, before in zip(told, [None, *told], strict=False) if value != before]


def test_a_deployment_becomes_available(cluster):
    """Its ReplicaSet makes pods from its template; the status counts them, and says so in its conditions."""
    cluster.create(DEPLOYMENTS, deployment(replicas=3))
    cluster.settle()
    found = cluster.find(DEPLOYMENTS, "web")
    counters = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    assert [found["status"][name] for name in counters] == [3, 3, 3, 3]
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"] == 1
    assert found["status"]["terminatingReplicas"] == 0
    assert "unavailableReplicas" not in found["status"]
    assert conditions(found) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    [own] = cluster.list(SETS)
    digest = own["metadata"]["labels"][deployments.HASH]
    assert own["metadata"]["name"] == f"web-{digest}"
    assert own["spec"]["selector"]["matchLabels"] == {"app": "web", deployments.HASH: digest}
    assert {pod["metadata"]["labels"][deployments.HASH] for pod in cluster.pods_of("web")} == {digest}
    assert found["metadata"]["annotations"][REVISION] == "1"
    assert ("ScalingReplicaSet", f"Scaled up replica set web-{digest} from 0 to 3") in cluster.events_of("Deployment")


def test_the_status_is_written_as_the_real_one_writes_it(cluster):
    """First the new ReplicaSet is reported, without a generation; then the generation with what is missing; then the pods."""
    cluster.create(DEPLOYMENTS, deployment(replicas=2))
    cluster.settle()
    told = [event.object.get("status", {}) for event in cluster.history(DEPLOYMENTS)]
    assert told[0] == {}
    assert [each["reason"] for each in told[1]["conditions"]] == ["NewReplicaSetCreated"]
    assert "observedGeneration" not in told[1]
    assert (told[2]["observedGeneration"], told[2]["unavailableReplicas"]) == (1, 2)
    assert changes(cluster, "replicas", "availableReplicas") == [(0, 0), (2, 0), (2, 2)]


def test_another_template_rolls_the_pods(cluster):
    """New pods replace old ones, never fewer than wanted being available; old ReplicaSets stay with no pods."""
    cluster.create(DEPLOYMENTS, deployment(replicas=4))
    cluster.settle()
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"template": {"metadata": {"annotations": {"x": "y"}}}}})
    cluster.settle()
    assert sizes(cluster) == {"1": 0, "2": 4}
    assert {pod["metadata"]["annotations"]["x"] for pod in cluster.pods_of("web")} == {"y"}
    rolled = cluster.history(DEPLOYMENTS)[-1].object
    assert rolled["metadata"]["annotations"][REVISION] == "2"
    assert rolled["status"]["observedGeneration"] == rolled["metadata"]["generation"] == 2
    available = [event.object["status"].get("availableReplicas", 0) for event in cluster.history(DEPLOYMENTS)]
    assert min(available[available.index(4) :]) >= 3
    assert max(event.object.get("status", {}).get("replicas", 0) for event in cluster.history(DEPLOYMENTS)) <= 5


def test_a_rollout_goes_back_to_an_old_replica_set(cluster):
    """The same template again takes the old ReplicaSet, which gets the next revision and remembers the first."""
    cluster.create(DEPLOYMENTS, deployment(image="a"))
    cluster.settle()
    first = cluster.list(SETS)[0]["metadata"]["uid"]
    for image in ("b", "a"):
        template = deployment(image=image)["spec"]["template"]
        cluster.merge(DEPLOYMENTS, "web", {"spec": {"template": template}})
        cluster.settle()
    assert sizes(cluster) == {"2": 0, "3": 2}
    [back] = [each for each in cluster.list(SETS) if each["spec"]["replicas"]]
    assert back["metadata"]["uid"] == first
    assert back["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"


def test_a_size_changes_without_a_roll(cluster):
    """The ReplicaSet is told, no pod is replaced, and the oldest stay."""
    cluster.create(DEPLOYMENTS, deployment(replicas=2))
    cluster.settle()
    before = {pod["metadata"]["uid"] for pod in cluster.pods_of("web")}
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"replicas": 4}})
    cluster.settle()
    assert before < {pod["metadata"]["uid"] for pod in cluster.pods_of("web")}
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"replicas": 0}})
    cluster.settle()
    found = cluster.find(DEPLOYMENTS, "web")
    assert cluster.pods_of("web") == []
    assert "replicas" not in found["status"]
    assert found["status"]["observedGeneration"] == 3
    assert sizes(cluster) == {"1": 0}


def test_recreate_ends_old_pods_first(cluster):
    """With the strategy Recreate no new pod is there before the last old one has gone."""
    cluster.create(DEPLOYMENTS, deployment(replicas=2, image="a", strategy={"type": "Recreate"}))
    cluster.settle()
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"template": deployment(image="b")["spec"]["template"]}})
    cluster.settle()
    assert sizes(cluster) == {"1": 0, "2": 2}
    there = set()
    for event in cluster.history("pods"):
        name, image = event.object["metadata"]["name"], event.object["spec"]["containers"][0]["image"]
        there = {each for each in there if each[0] != name} | ({(name, image)} if event.type != "DELETED" else set())
        assert len({each[1] for each in there}) <= 1


def test_a_paused_deployment_does_not_roll(cluster):
    """Its template changes nothing until it goes on; its size does; the condition says what happens."""
    cluster.create(DEPLOYMENTS, deployment(replicas=2, image="a"))
    cluster.settle()
    template = deployment(image="b")["spec"]["template"]
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"paused": True, "replicas": 3, "template": template}})
    cluster.settle()
    assert sizes(cluster) == {"1": 3}
    assert conditions(cluster.find(DEPLOYMENTS, "web"))["Progressing"] == ("Unknown", "DeploymentPaused")
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"paused": None}})
    cluster.settle()
    assert sizes(cluster) == {"1": 0, "2": 3}
    assert conditions(cluster.find(DEPLOYMENTS, "web"))["Progressing"] == ("True", "NewReplicaSetAvailable")


def test_pods_that_do_not_become_ready_stop_a_rollout(cluster):
    """After the deadline without progress the condition says so; old pods go on."""
    cluster.create(DEPLOYMENTS, deployment(replicas=4, image="a", progressDeadlineSeconds=30))
    cluster.settle()
    cluster.is_ready = lambda pod: pod["spec"]["containers"][0]["image"] == "a"
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"template": deployment(image="b")["spec"]["template"]}})
    cluster.settle(20)
    assert conditions(cluster.find(DEPLOYMENTS, "web"))["Progressing"] == ("True", "ReplicaSetUpdated")
    cluster.settle(20)
    found = cluster.find(DEPLOYMENTS, "web")
    assert conditions(found) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("False", "ProgressDeadlineExceeded"),
    }
    assert sizes(cluster) == {"1": 3, "2": 2}
    cluster.is_ready = lambda pod: True
    cluster.settle()
    assert conditions(cluster.find(DEPLOYMENTS, "web"))["Progressing"] == ("True", "NewReplicaSetAvailable")


def test_pods_that_are_refused_show_as_a_condition(cluster):
    """The ReplicaSet's failure is the Deployment's, until it is over."""
    cluster.create("resourcequotas", {"metadata": {"name": "few"}, "spec": {"hard": {"pods": "1"}}})
    cluster.settle()
    cluster.create(DEPLOYMENTS, deployment(replicas=2))
    cluster.settle()
    found = cluster.find(DEPLOYMENTS, "web")
    [failure] = [each for each in found["status"]["conditions"] if each["type"] == "ReplicaFailure"]
    assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")
    assert "exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1" in failure["message"]
    cluster.merge("resourcequotas", "few", {"spec": {"hard": {"pods": "2"}}})
    cluster.settle()
    assert "ReplicaFailure" not in conditions(cluster.find(DEPLOYMENTS, "web"))


def test_only_so_many_old_replica_sets_are_kept(cluster):
    """Those of the lowest revisions go."""
    cluster.create(DEPLOYMENTS, deployment(image="a", revisionHistoryLimit=1))
    cluster.settle()
    for image in ("b", "c", "d"):
        cluster.merge(DEPLOYMENTS, "web", {"spec": {"template": deployment(image=image)["spec"]["template"]}})
        cluster.settle()
    assert sizes(cluster) == {"3": 0, "4": 2}


def test_a_scaled_rollout_keeps_its_proportions(cluster):
    """A size that changes while old and new pods are there changes both."""
    cluster.create(
        DEPLOYMENTS, deployment(replicas=10, image="a", strategy={"rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}})
    )
    cluster.settle()
    cluster.is_ready = lambda pod: pod["spec"]["containers"][0]["image"] == "a"
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"template": deployment(image="b")["spec"]["template"]}})
    cluster.settle()
    assert sizes(cluster) == {"1": 8, "2": 5}
    cluster.merge(DEPLOYMENTS, "web", {"spec": {"replicas": 15}})
    cluster.settle()
    assert sizes(cluster) == {"1": 11, "2": 7}


def test_a_status_is_left_alone_at_rest(cluster):
    """Once everything is there, nothing is written, whatever is looked at again."""
    cluster.create(DEPLOYMENTS, deployment())
    cluster.settle()
    before = cluster.api.store.revision
    cluster.settle(3600)
    assert cluster.api.store.revision == before
