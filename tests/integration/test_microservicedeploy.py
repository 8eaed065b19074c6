"""The sample becomes running children, is kept so, and goes away: points 1 to 5 of what must hold."""

import pytest

from tests.support import cluster
from tests.support.cluster import eventually, sample

NAME = "ms-sample-v1s0"
CHILDREN = ("ServiceAccount", "ConfigMap", "Deployment", "Service", "HorizontalPodAutoscaler", "NetworkPolicy")
CONDITIONS = ["Ready", "Progressing", "Degraded", "SpecValid", "QuotaApplied", "AuthReady", "HostReady", "AutoscalingActive"]


def pods_of(team, name=NAME):
    return [pod for pod in team.list("Pod") if pod["metadata"]["labels"].get("app.kubernetes.io/instance") == name]


def template(team, name=NAME):
    return team.get("Deployment", name)["spec"]["template"]


def test_1_the_sample_as_given_becomes_its_children(team):
    """The document's own file yields all children, labelled and owned, the shared quota, and a full status."""
    team.secret()
    made = team.apply(cluster.SAMPLE_AS_GIVEN)
    ready = team.wait_ready(NAME, 60)
    for kind in CHILDREN:
        child = team.get(kind, NAME)
        assert child, kind
        labels = child["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "ms-sample"
        assert labels["app.kubernetes.io/instance"] == NAME
        assert labels["app.kubernetes.io/version"] == "1.0"
        assert labels["app.kubernetes.io/managed-by"] == "coxswain"
        [owner] = child["metadata"]["ownerReferences"]
        assert (owner["uid"], owner["controller"]) == (made["metadata"]["uid"], True)
    quota = team.get("ResourceQuota", "msd-quota")
    assert "ownerReferences" not in quota["metadata"]
    assert "requests.cpu" in quota["spec"]["hard"]
    containers = template(team)["spec"]["containers"]
    assert [container["name"] for container in containers] == ["app", "auth-proxy"]
    assert containers[0]["image"] == "just a image url"
    status = ready["status"]
    assert [condition["type"] for condition in status["conditions"]] == CONDITIONS
    assert status["observedGeneration"] == ready["metadata"]["generation"]
    assert status["replicas"] == 3
    assert status["host"] == f"v1.ms-sample.{team.namespace}.apps.example.com"
    assert team.get("HorizontalPodAutoscaler", NAME)["apiVersion"] == "autoscaling/v2"


def test_2_ready_says_why_not_yet(team):
    """Without the tenant's Secret the pods run, and Ready is False all the same, with the reason."""
    team.apply(sample())
    eventually(
        lambda: team.conditions(NAME).get("Ready", {}).get("reason") == "TenantSecretMissing", 30, lambda: team.conditions(NAME)
    )
    assert "tenant-auth" in team.conditions(NAME)["Ready"]["message"]
    assert team.conditions(NAME)["AuthReady"]["status"] == "False"
    eventually(lambda: team.get("Deployment", NAME)["status"].get("availableReplicas") == 3)
    eventually(lambda: team.get("MicroServiceDeploy", NAME)["status"]["availableReplicas"] == 3)
    assert team.conditions(NAME)["Ready"]["status"] == "False"


def test_2_ready_counts_the_available_pods(team):
    """Ready is False while pods are not available, with the numbers in the message."""
    team.apply(sample(needAuth=False, autoscaling=False, nodeSelector={"no": "such-node"}))
    eventually(
        lambda: team.conditions(NAME).get("Ready", {}).get("reason") == "PodsUnavailable", 30, lambda: team.conditions(NAME)
    )
    assert "0 of 3" in team.conditions(NAME)["Ready"]["message"]


def plain(**spec):
    return sample(**{"needAuth": False, "autoscaling": False, "replicas": 2, **spec})


def test_3_the_image_changes_alone(team):
    """Another image rolls the pods, and nothing else in the template changes."""
    team.apply(plain())
    team.wait_ready(NAME)
    before = template(team)
    team.apply(plain(image="another image"))
    team.wait_ready(NAME)
    after = template(team)
    assert after["spec"]["containers"][0].pop("image") == "another image"
    assert before["spec"]["containers"][0].pop("image") == "just a image url"
    assert after == before
    eventually(lambda: {pod["spec"]["containers"][0]["image"] for pod in pods_of(team)} == {"another image"})


def test_3_replicas_change_without_a_roll(team):
    """Another number of replicas scales, and no pod is replaced."""
    team.apply(plain())
    team.wait_ready(NAME)
    before = {pod["metadata"]["uid"] for pod in pods_of(team)}
    revision = team.get("Deployment", NAME)["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
    team.apply(plain(replicas=4))
    team.wait_ready(NAME)
    after = {pod["metadata"]["uid"] for pod in pods_of(team)}
    assert len(after) == 4
    assert before < after
    assert team.get("Deployment", NAME)["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == revision


def test_3_the_configuration_changes_alone(team):
    """Another configuration changes the ConfigMap and rolls the pods once, by the checksum."""
    team.apply(plain())
    team.wait_ready(NAME)
    before = template(team)
    team.apply(plain(config="password=88888888\nmode=fast"))
    team.wait_ready(NAME)
    after = template(team)
    assert team.get("ConfigMap", NAME)["data"]["mode"] == "fast"
    assert after["spec"] == before["spec"]
    assert after["metadata"]["annotations"] != before["metadata"]["annotations"]
    assert team.get("Deployment", NAME)["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


def test_3_the_resources_change_alone(team):
    """Other resources roll the pods and move the quota."""
    team.apply(plain())
    team.wait_ready(NAME)
    before = template(team)
    few = {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}
    team.apply(plain(resourceRequirements=few))
    team.wait_ready(NAME)
    after = template(team)
    assert after["spec"]["containers"][0].pop("resources") == few
    before["spec"]["containers"][0].pop("resources")
    assert after == before
    # two pods and one surge
    eventually(lambda: team.get("ResourceQuota", "msd-quota")["spec"]["hard"]["requests.cpu"] == "1500m")


@pytest.mark.parametrize(
    "kind", ["ServiceAccount", "ConfigMap", "Deployment", "Service", "NetworkPolicy", "HorizontalPodAutoscaler"]
)
def test_4_a_deleted_child_comes_back(team, kind):
    """A child deleted by hand is made again, and stays ours."""
    team.secret()
    team.apply(sample())
    team.wait_ready(NAME)
    old = team.get(kind, NAME)["metadata"]["uid"]
    team.delete(kind, NAME)

    def is_back():
        found = team.get(kind, NAME)
        return found and found["metadata"]["uid"] != old

    eventually(is_back, 30)
    team.wait_ready(NAME)


def test_4_a_hand_edit_is_undone_and_other_managers_fields_stay(team):
    """What we want is put back; what somebody else added beside it stays."""
    team.apply(plain())
    team.wait_ready(NAME)
    team.patch("Deployment", NAME, {"spec": {"replicas": 7}, "metadata": {"annotations": {"team.example.com/note": "hello"}}})
    team.patch("Service", NAME, {"spec": {"selector": {"added": "by-hand"}}})
    team.patch("ConfigMap", NAME, {"data": {"password": "changed"}})
    eventually(lambda: team.get("Deployment", NAME)["spec"]["replicas"] == 2)
    eventually(lambda: team.get("Service", NAME)["spec"]["selector"] == {"app.kubernetes.io/instance": NAME})
    eventually(lambda: team.get("ConfigMap", NAME)["data"]["password"] != "changed")
    assert team.get("Deployment", NAME)["metadata"]["annotations"]["team.example.com/note"] == "hello"


def test_4_a_foreign_child_is_left_alone_and_taken_up_when_it_goes(team):
    """Somebody else's ConfigMap of that name is named in a condition and an event, not written; when it goes, ours comes."""
    team.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": {"theirs": "1"}})
    before = team.get("ConfigMap", NAME)["metadata"]["resourceVersion"]
    team.apply(plain())
    eventually(lambda: team.conditions(NAME).get("Ready", {}).get("reason") == "ForeignChild", 30, lambda: team.conditions(NAME))
    assert "ConfigMap ms-sample-v1s0" in team.conditions(NAME)["Ready"]["message"]
    eventually(lambda: [event for event in team.list("Event") if event["reason"] == "ForeignChild"])
    assert team.get("ConfigMap", NAME)["metadata"]["resourceVersion"] == before
    team.delete("ConfigMap", NAME)
    team.wait_ready(NAME, 90)
    assert team.get("ConfigMap", NAME)["data"]["password"]


def test_4_an_adoptable_foreign_child_is_applied_over(team):
    """With the annotation coxswain.dev/adopt somebody's object becomes ours."""
    annotations = {"coxswain.dev/adopt": "true"}
    team.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME, "annotations": annotations}})
    made = team.apply(plain())
    team.wait_ready(NAME)
    [owner] = team.get("ServiceAccount", NAME)["metadata"]["ownerReferences"]
    assert owner["uid"] == made["metadata"]["uid"]


def test_5_deletion_removes_everything(team):
    """Children go by garbage collection; the quota stays while a sibling lives and goes with the last one."""
    team.secret()
    team.apply(sample())
    team.apply(sample("ms-other-v1s0", msName="ms-other"))
    team.wait_ready(NAME)
    team.wait_ready("ms-other-v1s0")
    both = team.get("ResourceQuota", "msd-quota")["spec"]["hard"]["requests.memory"]
    team.delete("MicroServiceDeploy", NAME)
    eventually(lambda: not any(team.get(kind, NAME) for kind in CHILDREN), 60, lambda: [k for k in CHILDREN if team.get(k, NAME)])
    eventually(lambda: team.get("ResourceQuota", "msd-quota")["spec"]["hard"]["requests.memory"] != both)
    assert team.get("Deployment", "ms-other-v1s0")
    team.delete("MicroServiceDeploy", "ms-other-v1s0")
    eventually(lambda: team.get("ResourceQuota", "msd-quota") is None, 30)
    eventually(lambda: not any(team.get(kind, "ms-other-v1s0") for kind in CHILDREN), 60)


def test_5_a_resource_deleted_while_it_is_reconciled_is_never_created_again(team):
    """Twenty resources deleted right after their creation leave nothing: no resource, no child, no quota."""
    names = [f"ms-brief-v1s{number}" for number in range(20)]
    for name in names:
        team.apply(sample(name, msName="ms-brief", creationTimestamp=None))
        team.delete("MicroServiceDeploy", name)
    eventually(lambda: team.get("ResourceQuota", "msd-quota") is None, 30)
    eventually(lambda: not team.list("MicroServiceDeploy"), 10)
    left = [*CHILDREN, "Pod"]
    ours = {"app.kubernetes.io/managed-by": "coxswain"}
    eventually(
        lambda: (
            not [
                kind
                for kind in left
                for found in team.list(kind)
                if ours.items() <= (found["metadata"].get("labels") or {}).items()
            ]
        ),
        60,
    )
    assert team.list("MicroServiceDeploy") == []
