"""Autoscaling, replicas and idle in every order, with the real autoscaler: each number that a Deployment was ever to have.

An autoscaler that is made soon after another one of its name went goes on with what that one recommended in its last seconds. So
no load falls between the two.
"""

import random

import pytest

from controller.client import interfaces
from informers import errors
from tests.support import replica_judge, replica_recorder, scaled_instance
from tests.support.cluster import eventually

HANDOVER = "coxswain-handover Apply"
KEPT = ("ServiceAccount", "ConfigMap", "Service", "Deployment", "Ingress", "NetworkPolicy")


@pytest.fixture
def recorder(control_plane, team):
    """Everything that happens to replicas in the team's namespace."""
    with replica_recorder.Recorder(control_plane, team.namespace) as recording:
        yield recording


@pytest.fixture
def instance(team, recorder):
    """An instance with 2 replicas; nothing is applied yet."""
    return scaled_instance.ScaledInstance(team, recorder)


def writers(instance):
    """Return who made each change of the wanted number."""
    return [replica_judge.writer(write) for write in instance.scalings]


def test_autoscaling_comes_and_goes_without_a_dip(control_plane, team, instance):
    """Turned on, it changes no number and adds just the HPA; then it scales; turned off, it goes straight to spec.replicas."""
    instance.edit()
    instance.wait_pods(2)
    before = instance.uids(*KEPT)
    instance.edit_deployment(7)
    instance.wait_pods(2)

    instance.edit(autoscaling=True, maxReplicas=6)
    instance.wait_autoscaler((2, 6))
    instance.load(control_plane, 4)
    instance.wait_pods(4)
    late = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 2}}
    late["metadata"] = {"name": instance.name, "namespace": team.namespace}
    with pytest.raises(errors.ConflictError):  # a handover from a view in which the autoscaler has not written yet
        team.client.apply(late, interfaces.ApplyOptions("coxswain-handover"))
    instance.load(control_plane, 3)
    instance.wait_pods(3)
    instance.edit_deployment(5)  # for the autoscaler to mend, not for us
    instance.wait_pods(3)
    assert instance.uids(*KEPT) == before

    instance.edit(autoscaling=False)
    instance.wait_autoscaler(None)
    instance.wait_pods(2)
    assert instance.uids(*KEPT) == before
    assert instance.replicas == [2, 7, 2, 4, 3, 5, 3, 2]
    assert writers(instance) == ["us", "hand", "us", "hpa", "hpa", "hand", "hpa", "us"]
    # from the handover until the autoscaler writes, the number is nobody else's
    [handed_over] = {
        write.managers
        for write in instance.writes("Deployment")
        if HANDOVER in write.managers and replica_judge.US not in write.managers
    }
    assert handed_over == {HANDOVER}


def test_the_bounds_follow_the_spec(control_plane, instance):
    """Replicas and maxReplicas move the HPA's bounds, which move the pods; no number is written by us while it is on."""
    instance.load(control_plane, 2)
    instance.edit(autoscaling=True, maxReplicas=6)
    instance.wait_pods(2)
    instance.edit(replicas=4)
    instance.wait_pods(4)
    instance.edit(replicas=3)
    instance.wait_pods(3)
    instance.load(control_plane, 6)
    instance.wait_pods(6)
    instance.edit(maxReplicas=5)
    instance.wait_pods(5)
    instance.edit(autoscaling=False, replicas=4)
    instance.wait_pods(4)
    instance.edit(autoscaling=True, replicas=5, maxReplicas=None)
    instance.wait_pods(6)
    assert instance.replicas == [2, 4, 3, 6, 5, 4, 5, 6]
    assert writers(instance) == ["us", "hpa", "hpa", "hpa", "hpa", "us", "hpa", "hpa"]
    bounds = [
        (write.content["spec"]["minReplicas"], write.content["spec"]["maxReplicas"])
        for write in instance.writes("HorizontalPodAutoscaler")
    ]
    assert list(dict.fromkeys(bounds)) == [(2, 6), (4, 6), (3, 6), (3, 5), (5, 10)]


def scale_up(control_plane, instance):
    """Let the autoscaler find 4 pods; from 2 it goes no further in one step."""
    instance.wait_pods(2)
    instance.load(control_plane, 4)
    instance.wait_pods(4)


def fall_asleep(instance, remembered, **spec):
    """Let the instance become idle, and check what it remembers."""
    instance.edit(idle=True, **spec)
    instance.wait_pods(0)
    instance.wait_autoscaler(None)
    assert instance.remembered == remembered


def wake_up(instance, count, **spec):
    """Wake the instance, and check that it forgets."""
    instance.edit(idle=False, **spec)
    instance.wait_pods(count)
    eventually(lambda: instance.remembered is None)


def test_an_idle_instance_keeps_everything_but_pods_and_autoscaler(control_plane, team, instance):
    """Its number is remembered before the Deployment is at zero, hand edits are undone, and waking brings all back."""
    team.secret()
    instance.edit(autoscaling=True, maxReplicas=6, needAuth=True)
    scale_up(control_plane, instance)
    before = instance.uids(*KEPT)
    assert before.keys() == set(KEPT)
    fall_asleep(instance, 4)
    ready = team.conditions(instance.name)["Ready"]
    assert (ready["status"], ready["reason"]) == ("True", "Idle")
    [slept] = [write.version for write in instance.scalings if write.replicas == 0]
    assert slept > min(write.version for write in instance.writes("MicroServiceDeploy") if write.remembered == 4)

    instance.edit_deployment(3)
    eventually(lambda: instance.replicas[-2:] == [3, 0])
    assert instance.remembered == 4
    wake_up(instance, 4)
    instance.wait_autoscaler((2, 6))
    assert instance.uids(*KEPT) == before
    assert instance.replicas == [2, 4, 0, 3, 0, 4]
    assert writers(instance) == ["us", "hpa", "us", "hand", "us", "us"]


def test_what_is_edited_while_idle_counts_on_waking(control_plane, instance):
    """Lower bounds clamp what was remembered; with autoscaling off the spec rules; both switches may turn in one edit."""
    instance.edit(autoscaling=True, maxReplicas=6)
    scale_up(control_plane, instance)
    fall_asleep(instance, 4)
    instance.edit(maxReplicas=3)
    wake_up(instance, 3)
    instance.wait_autoscaler((2, 3))

    fall_asleep(instance, 3)
    instance.edit(autoscaling=False, replicas=1)
    wake_up(instance, 1)

    fall_asleep(instance, 1)
    instance.edit(autoscaling=True, replicas=2)
    wake_up(instance, 3)  # with the 2 that are the least now, to which the autoscaler adds one

    fall_asleep(instance, 3, autoscaling=False)
    wake_up(instance, 3, autoscaling=True)
    instance.wait_autoscaler((2, 3))
    fall_asleep(instance, 3)
    wake_up(instance, 2, autoscaling=False)
    fall_asleep(instance, 2, autoscaling=True)
    assert instance.replicas == [2, 4, 0, 3, 0, 1, 0, 2, 3, 0, 3, 0, 2, 0]
    assert writers(instance) == ["us", "hpa", *["us"] * 6, "hpa", *["us"] * 5]


def edits(seed):
    """Yield edits of all kinds, at random, each with the spec that holds after it: (kind, value, spec)."""
    choose = random.Random(seed)
    spec = {"autoscaling": False, "idle": False, "replicas": 2, "maxReplicas": 6}
    while True:
        kind = choose.choice(["autoscaling", "autoscaling", "idle", "both", "replicas", "maxReplicas", "load", "load", "hand"])
        value = choose.randint(1, 6)
        spec["autoscaling"] ^= kind in ("autoscaling", "both")
        spec["idle"] ^= kind in ("idle", "both")
        if kind == "replicas":
            spec |= {"replicas": value, "maxReplicas": max(value, spec["maxReplicas"])}
        if kind == "maxReplicas":
            spec["maxReplicas"] = max(value, spec["replicas"])
        yield kind, value, dict(spec)


def test_no_walk_through_all_switches_makes_a_dip_or_a_fight(control_plane, instance):
    """30 random edits, half of them without waiting for the one before: whatever we wrote, a spec of that moment asked for."""
    instance.edit()
    instance.wait_pods(2)
    load = 2
    instance.load(control_plane, load)
    for number, (kind, value, spec) in zip(range(30), edits(seed=6), strict=False):
        if kind == "load":
            load = value
            instance.load(control_plane, load)
        elif kind == "hand":
            instance.edit_deployment(value)
        else:
            instance.edit(**spec)
        if number % 2:
            settle(instance, spec, load)
    replica_judge.judge(instance.writes("MicroServiceDeploy"), instance.scalings, instance.writes("HorizontalPodAutoscaler"))


def settle(instance, spec, load):
    """Wait until replicas, autoscaler and memory are as *spec* says, and the autoscaler has answered the load."""
    is_autoscaled = spec["autoscaling"] and not spec["idle"]
    instance.wait_autoscaler((spec["replicas"], spec["maxReplicas"]) if is_autoscaled else None)

    def look():
        live = instance.get("Deployment")["spec"]["replicas"]
        if spec["idle"]:
            return live == 0
        wanted = max(spec["replicas"], min(load, spec["maxReplicas"])) if is_autoscaled else spec["replicas"]
        return live == wanted and instance.remembered is None

    eventually(look, 60, lambda: (spec, instance.replicas, instance.remembered))
