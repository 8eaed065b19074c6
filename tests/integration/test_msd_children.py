"""What becomes of children that are no longer wanted, paused, somebody else's, or in trouble."""

from tests.support import manager_process, refusals
from tests.support.cluster import eventually, sample

NAME = "ms-sample-v1s0"
BASIC = {"ServiceAccount", "ConfigMap", "Deployment", "Service", "Ingress"}
CHILDREN = {*BASIC, "HorizontalPodAutoscaler", "NetworkPolicy"}
PAUSED = "coxswain.dev/paused"
ADOPT = "coxswain.dev/adopt"


def plain(**spec):
    return sample(**{"needAuth": False, "autoscaling": False, "replicas": 2, **spec})


def annotated(manifest, **annotations):
    """Return *manifest* with annotations of ours."""
    given = {f"coxswain.dev/{key}": value for key, value in annotations.items()}
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": given}}


def children(team):
    """Return the uid of each child by kind."""
    found = {kind: team.get(kind, NAME) for kind in CHILDREN}
    return {kind: child["metadata"]["uid"] for kind, child in found.items() if child}


def verdict(team, kind, name=NAME):
    """Return status and reason of a condition."""
    condition = team.conditions(name).get(kind, {})
    return condition.get("status"), condition.get("reason")


def wait_verdict(team, kind, expected, timeout_seconds=30):
    """Wait until a condition has this status and reason."""
    eventually(lambda: verdict(team, kind) == expected, timeout_seconds, lambda: team.conditions(NAME))


def test_turning_a_feature_off_removes_just_its_children(team):
    """Of all kinds, autoscaling and needAuth each have one; the others stay the same objects."""
    team.secret()
    team.apply(sample(replicas=2))
    team.wait_ready(NAME)
    eventually(lambda: children(team).keys() == CHILDREN, 30, lambda: children(team))
    every = children(team)
    for features, gone in (
        ({"autoscaling": False, "needAuth": True}, {"HorizontalPodAutoscaler"}),
        ({"autoscaling": False, "needAuth": False}, {"HorizontalPodAutoscaler", "NetworkPolicy"}),
    ):
        team.apply(sample(**{"replicas": 2, **features}))
        team.wait_ready(NAME)
        expected = {kind: uid for kind, uid in every.items() if kind not in gone}
        eventually(lambda expected=expected: children(team) == expected, 10, lambda: children(team))
    team.apply(sample(replicas=2, autoscaling=True, needAuth=False))
    team.wait_ready(NAME)
    eventually(lambda: children(team).keys() == CHILDREN - {"NetworkPolicy"}, 10, lambda: children(team))
    assert {kind: uid for kind, uid in children(team).items() if kind in BASIC} == {kind: every[kind] for kind in BASIC}


def made_or_deleted(manager):
    """Return how many objects the manager has made by an apply or deleted."""
    metrics = manager.metrics()
    applied = 'code="201"', 'method="PATCH"'
    return sum(
        value
        for series, value in metrics.items()
        if series.startswith("rest_client_requests_total")
        and (all(label in series for label in applied) or 'method="DELETE"' in series)
    )


def test_numbers_and_conditions_of_a_paused_rollout_tell_the_truth(team):
    """Under a pause a deadline that a hand made short is missed for real: Degraded says so; our part is repaired afterwards."""
    team.apply(plain())
    team.wait_ready(NAME)
    team.apply(annotated(plain(), paused="true"))
    wait_verdict(team, "Progressing", ("False", "Paused"))
    stuck = {"nodeSelector": {"no": "such-node"}}
    team.patch("Deployment", NAME, {"spec": {"progressDeadlineSeconds": 1, "template": {"spec": stuck}}})
    wait_verdict(team, "Degraded", ("True", "ProgressDeadlineExceeded"))
    assert verdict(team, "Ready") == ("False", "RollingOut")
    assert verdict(team, "Progressing") == ("False", "Paused")
    status = team.get("MicroServiceDeploy", NAME)["status"]
    numbers = {key: status[key] for key in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")}
    assert numbers == {"replicas": 3, "updatedReplicas": 1, "readyReplicas": 2, "availableReplicas": 2}
    team.apply(plain())
    eventually(lambda: team.get("Deployment", NAME)["spec"]["progressDeadlineSeconds"] == 600)
    wait_verdict(team, "Progressing", ("True", "ProgressDeadlineExceeded"))
    # a field that nobody but a hand has set stays its own
    team.patch("Deployment", NAME, {"spec": {"template": {"spec": {"nodeSelector": None}}}})
    team.wait_ready(NAME)
    wait_verdict(team, "Degraded", ("False", "AsExpected"))


def test_pods_that_a_quota_of_somebody_else_refuses_are_told(team):
    """ReplicaFailure becomes Degraded, with the quota's words; when there is room, it heals."""
    tight = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight"}, "spec": {"hard": {"pods": "1"}}}
    team.create(tight)
    eventually(lambda: team.get("ResourceQuota", "tight").get("status", {}).get("hard"))
    team.apply(plain())
    wait_verdict(team, "Degraded", ("True", "FailedCreate"))
    told = team.conditions(NAME)
    assert "exceeded quota: tight" in told["Degraded"]["message"]
    assert told["Ready"]["status"] == "False"
    eventually(lambda: team.get("MicroServiceDeploy", NAME)["status"]["availableReplicas"] == 1)
    team.delete("ResourceQuota", "tight")
    team.wait_ready(NAME)
    wait_verdict(team, "Degraded", ("False", "AsExpected"))


def test_adopt_takes_a_child_without_a_controller_and_no_other(team):
    """A ConfigMap of nobody is applied over when it may be; one that a controller owns is not, whatever it says."""
    owner = team.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"], "controller": True}
    head = {"name": NAME, "annotations": {ADOPT: "true"}}
    team.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": head, "data": {"theirs": "1", "password": "other"}})
    controlled = team.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**head, "ownerReferences": [reference]}})
    made = team.apply(plain())
    wait_verdict(team, "Ready", ("False", "ForeignChild"))
    assert f"ServiceAccount {NAME} exists and belongs to somebody else" in team.conditions(NAME)["Ready"]["message"]
    adopted = eventually(lambda: team.get("ConfigMap", NAME))
    eventually(lambda: team.get("ConfigMap", NAME)["data"]["password"] != "other")
    adopted = team.get("ConfigMap", NAME)
    assert [one["uid"] for one in adopted["metadata"]["ownerReferences"]] == [made["metadata"]["uid"]]
    assert adopted["data"]["theirs"] == "1"
    assert team.get("ServiceAccount", NAME)["metadata"]["resourceVersion"] == controlled["metadata"]["resourceVersion"]
    eventually(lambda: [event for event in team.list("Event") if event["reason"] == "ForeignChild"])
    team.delete("ServiceAccount", NAME)
    team.wait_ready(NAME, 90)


def test_a_child_of_a_deleted_namesake_is_waited_for_without_an_event(team):
    """A resource made anew before its predecessor's children are gone waits for them, and then has all of its own."""
    team.apply(plain())
    team.wait_ready(NAME)
    team.patch("ConfigMap", NAME, {"metadata": {"finalizers": ["example.com/slow"]}})
    old = children(team)
    team.delete("MicroServiceDeploy", NAME)
    made = team.apply(plain())
    eventually(lambda: verdict(team, "Progressing")[1] == "WaitingForDeletion", 30, lambda: team.conditions(NAME))
    eventually(lambda: team.get("ConfigMap", NAME)["metadata"].get("deletionTimestamp"))
    assert children(team)["ConfigMap"] == old["ConfigMap"]
    team.patch("ConfigMap", NAME, {"metadata": {"finalizers": None}})
    team.wait_ready(NAME)
    eventually(lambda: not set(old.values()) & set(children(team).values()), 30, lambda: (old, children(team)))
    for kind in BASIC:
        [owner] = team.get(kind, NAME)["metadata"]["ownerReferences"]
        assert owner["uid"] == made["metadata"]["uid"]
    assert not [event for event in team.list("Event") if event["reason"] == "ForeignChild"]


def quota(team):
    """Return the amount of CPU that the quota asks for."""
    found = team.get("ResourceQuota", "msd-quota")
    return found and found["spec"]["hard"]["requests.cpu"]


def test_a_pause_stops_every_write_but_to_the_status(quiet_control_plane, quiet_teams, tmp_path):
    """Whatever is changed, edited or deleted stays so, the quota's share too; the end of the pause repairs all; one that is
    paused from the start has no children, and deletion needs no end of the pause."""
    team = quiet_teams[0]
    flags = ("--base-domain", "apps.example.com", "--namespace", team.namespace)
    with manager_process.ManagerProcess(quiet_control_plane.kubeconfig, tmp_path / "log", *flags) as manager:
        team.secret()
        team.apply(annotated(plain(), paused="true"))
        wait_verdict(team, "Progressing", ("False", "Paused"))
        assert children(team) == {}
        team.apply(plain())
        team.wait_ready(NAME)
        eventually(lambda: quota(team) == "6")
        assert children(team).keys() == BASIC
        team.apply(annotated(plain(), paused="true"))
        wait_verdict(team, "Progressing", ("False", "Paused"))
        _check_nothing_is_written(team, manager)
        team.apply(sample(replicas=3, image="another"))
        team.wait_ready(NAME)
        assert children(team).keys() == CHILDREN
        template = team.get("Deployment", NAME)["spec"]["template"]["spec"]
        assert template["containers"][0]["image"] == "another"
        assert team.get("Service", NAME)["spec"]["selector"] == {"app.kubernetes.io/instance": NAME}
        team.apply(annotated(sample(replicas=3, image="another"), paused="true"))
        wait_verdict(team, "Progressing", ("False", "Paused"))
        team.delete("MicroServiceDeploy", NAME)
        eventually(lambda: children(team) == {}, 60, lambda: children(team))
        eventually(lambda: quota(team) is None)


def _check_nothing_is_written(team, manager):
    """Change everything under the pause and look at what the manager did."""
    team.delete("ConfigMap", NAME)
    team.patch("Service", NAME, {"spec": {"selector": {"added": "by-hand"}}})
    team.patch("Deployment", NAME, {"spec": {"replicas": 1}})
    eventually(lambda: team.get("MicroServiceDeploy", NAME)["status"]["replicas"] == 1)
    count, before = made_or_deleted(manager), _own_traces(team)
    team.apply(annotated(sample(replicas=3, image="another"), paused="true"))
    _wait_observed(team)
    team.apply(annotated(sample(replicas=3, idle=True), paused="true"))
    _wait_observed(team)
    assert children(team).keys() == BASIC - {"ConfigMap"}
    assert _own_traces(team) == before
    assert made_or_deleted(manager) == count
    assert team.get("Service", NAME)["spec"]["selector"] == {"app.kubernetes.io/instance": NAME, "added": "by-hand"}
    assert team.get("Deployment", NAME)["spec"]["replicas"] == 1
    [pod] = team.list("Pod")
    team.delete("Pod", pod["metadata"]["name"])
    eventually(lambda: team.list("Pod") and team.list("Pod")[0]["metadata"]["uid"] != pod["metadata"]["uid"])
    assert refusals.by_quota(team) == []


def _wait_observed(team):
    generation = team.get("MicroServiceDeploy", NAME)["metadata"]["generation"]
    eventually(lambda: team.get("MicroServiceDeploy", NAME)["status"]["observedGeneration"] == generation)


def _own_traces(team):
    """Return when the manager last applied which fields of each child."""
    found = {kind: team.get(kind, NAME) for kind in sorted(CHILDREN)}
    return {
        kind: [entry for entry in child["metadata"]["managedFields"] if entry["manager"] == "coxswain"]
        for kind, child in found.items()
        if child
    }
