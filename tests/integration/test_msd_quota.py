"""The namespace's quota: exact in the end, never in the way of the pods that it is made for.

Each test's namespace is searched at its end: no ReplicaSet may ever have been refused a pod by a quota, except where the test
itself lets foreign pods take the room. What a quota should be is computed here, not by the operator's code.
"""

import concurrent.futures
import random

import pytest

from reconcilers import quantities
from tests.support import manager_process, refusals
from tests.support.cluster import eventually, sample

ONE = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}}
TWO = {"requests": {"cpu": "200m", "memory": "128Mi"}, "limits": {"cpu": "400m", "memory": "256Mi"}}
CPU_ONLY = {"requests": {"cpu": "100m"}}
PER_POD = {"requests.cpu": 100, "requests.memory": 64, "limits.cpu": 200, "limits.memory": 128}
"""Of `ONE`, in thousandths and Mi."""
PER_SIDECAR = {"requests.cpu": 50, "requests.memory": 64, "limits.cpu": 50, "limits.memory": 64}
UNITS = {"cpu": quantities.parse("1m"), "memory": quantities.parse("1Mi")}


@pytest.fixture
def room(team):
    """A namespace in which the quota refuses nothing."""
    yield team
    assert refusals.by_quota(team) == []


def plain(name, **spec):
    """Return an instance of a microservice of its own that asks for `ONE`."""
    fields = {"needAuth": False, "autoscaling": False, "replicas": 1, "creationTimestamp": None, "resourceRequirements": ONE}
    return sample(name, **{**fields, "msName": name, **spec})


def pods(ones, sidecars=0):
    """Return the quota for as many times `ONE`, of which some pods have a sidecar, in thousandths and Mi."""
    return {key: ones * PER_POD[key] + sidecars * PER_SIDECAR[key] for key in PER_POD}


def amounts(found):
    """Return amounts by key, in thousandths and Mi."""
    return {key: quantities.parse(amount) / UNITS[key.split(".")[1]] for key, amount in found.items()}


def wait_hard(team, expected, timeout_seconds=30):
    """Wait until the quota asks for just *expected*, and the server has granted it."""

    def look():
        found = team.get("ResourceQuota", "msd-quota")
        return found and amounts(found["spec"]["hard"]) == expected == amounts(found.get("status", {}).get("hard", {}))

    eventually(look, timeout_seconds, lambda: (expected, team.get("ResourceQuota", "msd-quota")))


def test_two_instances_get_their_pods_and_both_roll_to_bigger_and_to_smaller_pods(room):
    """Each has room for itself and one pod more at rest; both roll at once, and neither waits for ever."""
    sizes = {"ms-a": 2, "ms-b": 3}
    for revision, resources, ones in ((1, ONE, 7), (2, TWO, 14), (3, ONE, 7)):
        for name, replicas in sizes.items():
            room.apply(plain(name, replicas=replicas, resourceRequirements=resources))
        for name in sizes:
            room.wait_ready(name)
        wait_hard(room, pods(ones))
        for name in sizes:
            annotations = room.get("Deployment", name)["metadata"]["annotations"]
            assert "custom.ops/rolls-from" not in annotations
            # going back to a former template takes its ReplicaSet, but still counts as a new revision
            assert annotations["deployment.kubernetes.io/revision"] == str(revision)


def test_the_quota_follows_an_instances_life(room):
    """Scaled, idle, woken, autoscaled, with a sidecar, deleted: after each step it is exact."""
    room.secret()
    room.apply(plain("ms-stays"))
    steps = [
        ({"replicas": 2}, pods(3)),
        ({"replicas": 5}, pods(6)),
        ({"replicas": 1}, pods(2)),
        ({"replicas": 0}, pods(1)),
        ({"replicas": 3, "idle": True}, pods(0)),
        ({"replicas": 3}, pods(4)),
        ({"replicas": 3, "autoscaling": True}, pods(7)),
        ({"replicas": 3, "autoscaling": True, "maxReplicas": 4}, pods(5)),
        ({"replicas": 3, "autoscaling": True, "idle": True}, pods(0)),
        ({"replicas": 2, "needAuth": True}, pods(3, sidecars=3)),
        ({"replicas": 2}, pods(3)),
    ]
    for spec, share in steps:
        room.apply(plain("ms-moves", **spec))
        room.wait_ready("ms-moves")
        wait_hard(room, {key: amount + share[key] for key, amount in pods(2).items()})
    room.delete("MicroServiceDeploy", "ms-moves")
    wait_hard(room, pods(2))
    room.delete("MicroServiceDeploy", "ms-stays")
    eventually(lambda: room.get("ResourceQuota", "msd-quota") is None)


def finish(team, name):
    """Let the pods of *name* end that were held."""
    for pod in team.list("Pod"):
        if pod["metadata"]["name"].startswith(name) and pod["metadata"].get("finalizers"):
            team.patch("Pod", pod["metadata"]["name"], {"metadata": {"finalizers": None}})


@pytest.mark.parametrize("spec", [{"replicas": 1}, {"idle": True}], ids=["scaled down", "idle"])
def test_pods_on_their_way_out_keep_their_share(room, spec):
    """While one instance's pods end slowly, another grows at the same time, and none of its pods is refused."""
    room.apply(plain("ms-shrinks", replicas=4))
    room.apply(plain("ms-grows", replicas=1))
    room.wait_ready("ms-shrinks")
    room.wait_ready("ms-grows")
    for pod in room.list("Pod"):
        if pod["metadata"]["name"].startswith("ms-shrinks"):
            room.patch("Pod", pod["metadata"]["name"], {"metadata": {"finalizers": ["example.com/slow"]}})
    room.apply(plain("ms-shrinks", **{"replicas": 4, **spec}))
    room.apply(plain("ms-grows", replicas=4))
    room.wait_ready("ms-grows")
    assert len([pod for pod in room.list("Pod") if pod["metadata"].get("deletionTimestamp")]) >= 3
    finish(room, "ms-shrinks")
    wait_hard(room, pods(5 + (0 if "idle" in spec else 2)))


def test_a_key_stands_only_if_every_instance_sets_it(room):
    """An instance that sets fewer keys takes them from the quota, one that sets none takes the quota away, before their pods."""
    room.apply(plain("ms-full"))
    room.wait_ready("ms-full")
    wait_hard(room, pods(2))
    room.apply(plain("ms-cpu", resourceRequirements=CPU_ONLY))
    room.wait_ready("ms-cpu")
    wait_hard(room, {"requests.cpu": 400})
    room.apply(plain("ms-none", resourceRequirements=None))
    room.wait_ready("ms-none")
    assert room.get("ResourceQuota", "msd-quota") is None
    assert room.conditions("ms-full")["QuotaApplied"]["reason"] in {"QuotaCovers", "NotRequested"}
    room.apply(plain("ms-full", replicas=3))
    room.wait_ready("ms-full")
    eventually(lambda: room.conditions("ms-full")["QuotaApplied"]["reason"] == "NotRequested")
    room.delete("MicroServiceDeploy", "ms-none")
    wait_hard(room, {"requests.cpu": 600})
    room.apply(plain("ms-full", replicas=3, resourceRequirements=None))
    room.wait_ready("ms-full")
    eventually(lambda: room.get("ResourceQuota", "msd-quota") is None)


def disable(team, value):
    """Set the annotation by which a namespace does without a quota."""
    team.patch("Namespace", team.namespace, {"metadata": {"annotations": {"custom.ops/quota": value}}})


def test_a_namespace_does_without_a_quota_while_its_annotation_says_so(room):
    """The quota goes, instances grow without it, and it comes back as large as they are by then."""
    room.apply(plain("ms-a"))
    room.wait_ready("ms-a")
    wait_hard(room, pods(2))
    disable(room, "disabled")
    eventually(lambda: room.get("ResourceQuota", "msd-quota") is None)
    room.apply(plain("ms-a", replicas=3))
    room.wait_ready("ms-a")
    assert room.conditions("ms-a")["QuotaApplied"]["reason"] == "NotRequested"
    assert room.get("ResourceQuota", "msd-quota") is None
    disable(room, None)
    wait_hard(room, pods(4))


def test_a_foreign_quota_of_our_name_is_reported_and_left_alone(room):
    """Instances wait for our own, which comes when the foreign one goes; where no quota is wanted, nobody waits for it."""
    made = room.create(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "msd-quota"},
            "spec": {"hard": {"requests.cpu": "5", "limits.cpu": "5"}},
        }
    )
    room.apply(plain("ms-a"))
    eventually(
        lambda: room.conditions("ms-a").get("QuotaApplied", {}).get("status") == "False", 30, lambda: room.conditions("ms-a")
    )
    eventually(
        lambda: (
            "ResourceQuota msd-quota exists and is not managed by this operator"
            in room.conditions("ms-a")["QuotaApplied"]["message"]
        )
    )
    assert room.conditions("ms-a")["Ready"]["reason"] == "QuotaPending"
    assert room.get("Deployment", "ms-a") is None
    assert room.get("Service", "ms-a")
    disable(room, "disabled")
    room.wait_ready("ms-a")
    found = room.get("ResourceQuota", "msd-quota")
    assert found["metadata"]["uid"] == made["metadata"]["uid"]
    assert found["spec"] == made["spec"]
    assert {entry["manager"] for entry in found["metadata"]["managedFields"] if not entry.get("subresource")} == {
        entry["manager"] for entry in made["metadata"]["managedFields"]
    }
    disable(room, None)
    room.apply(plain("ms-a", replicas=2))
    eventually(lambda: room.conditions("ms-a")["QuotaApplied"]["status"] == "False")
    room.delete("ResourceQuota", "msd-quota")
    room.wait_ready("ms-a")
    wait_hard(room, pods(3))


def test_foreign_pods_share_the_quota(team):
    """They may take the room of ours: the quota is as large as said, the refusal is told, and when they go all is well."""
    container = {"name": "app", "image": "any", "resources": ONE}
    for name in ("foreign-1", "foreign-2"):
        team.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}})
    team.apply(plain("ms-a", replicas=2))
    eventually(lambda: team.conditions("ms-a").get("Degraded", {}).get("status") == "True", 30, lambda: team.conditions("ms-a"))
    told = team.conditions("ms-a")
    assert (told["QuotaApplied"]["status"], told["Ready"]["status"]) == ("True", "False")
    assert told["Degraded"]["reason"] == "FailedCreate"
    assert "exceeded quota: msd-quota" in told["Degraded"]["message"]
    wait_hard(team, pods(3))
    for name in ("foreign-1", "foreign-2"):
        team.delete("Pod", name)
    team.wait_ready("ms-a")
    eventually(lambda: team.conditions("ms-a")["Degraded"]["status"] == "False")


def some_spec(choose):
    """Return one of many shapes, and how many pods of `ONE` and how many sidecars it may have at rest."""
    replicas, autoscaling, need_auth, idle = (
        choose.randint(1, 2),
        choose.random() < 0.2,
        choose.random() < 0.3,
        choose.random() < 0.3,
    )
    spec = {"replicas": replicas, "autoscaling": autoscaling, "needAuth": need_auth, "idle": idle}
    count = 0 if idle else 1 + replicas * (2 if autoscaling else 1)
    return spec, count, count if need_auth else 0


def test_fifty_instances_changed_at_once_end_with_the_exact_sum(room):
    """Scaled, rolled, woken and put to sleep together, with two deleted among them: nothing is lost, and no pod is refused."""
    room.secret()
    choose = random.Random(20261124)
    names = [f"ms-many-{number}" for number in range(50)]
    shapes = {name: some_spec(choose) for name in names}
    with concurrent.futures.ThreadPoolExecutor(4) as users:
        list(users.map(lambda name: room.apply(plain(name, idle=choose.random() < 0.5)), names))
        eventually(lambda: len(room.list("Deployment")) == 50, 60)
        list(users.map(lambda name: room.apply(plain(name, version="2.0", **shapes[name][0])), names))
        list(users.map(lambda name: room.delete("MicroServiceDeploy", name), names[:2]))
    left = [shapes[name] for name in names[2:]]
    wait_hard(room, pods(sum(count for _, count, _ in left), sum(sidecars for _, _, sidecars in left)), 120)
    for name in names[2:]:
        room.wait_ready(name)


def test_the_quota_of_instances_deleted_while_no_manager_ran_is_removed(quiet_control_plane, quiet_teams, tmp_path):
    """At its start the manager finds a quota without instances, and another whose sum is no longer right."""
    emptied, shrunk = quiet_teams
    everyone = [(emptied, "ms-a"), (shrunk, "ms-a"), (shrunk, "ms-b")]
    manager = manager_process.ManagerProcess(quiet_control_plane.kubeconfig, tmp_path / "log")
    with manager:
        for team, name in everyone:
            team.apply(plain(name))
        for team, name in everyone:
            team.wait_ready(name)
        wait_hard(shrunk, pods(4))
    emptied.delete("MicroServiceDeploy", "ms-a")
    shrunk.delete("MicroServiceDeploy", "ms-a")
    eventually(lambda: not emptied.list("Pod"))
    assert emptied.get("ResourceQuota", "msd-quota")
    with manager:
        eventually(lambda: emptied.get("ResourceQuota", "msd-quota") is None)
        wait_hard(shrunk, pods(2))
