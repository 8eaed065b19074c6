"""Tests of demands, their sum, and who may grow."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcilers import quantities
from reconcilers.microservicedeploy import desired, instances, quota
from tests.support import microservices

ONE_CPU = {"requests": {"cpu": "1"}}


def demanded(instance: instances.Instance, live: dict[str, Any] | None = None) -> dict[str, str]:
    """Return the demand in Kubernetes' words."""
    demand = quota.demand(quota.wish(instance, microservices.SETTINGS), live)
    return {key: quota.render(key, amount) for key, amount in demand.items()}


def cpus(instance: instances.Instance, live: dict[str, Any] | None = None) -> str:
    """Return the demand of an instance whose pods ask for one cpu each: the number of pods it may have."""
    return demanded(instance, live)["requests.cpu"]


def test_the_sample_demands_its_maximum_and_the_sidecar() -> None:
    """Six pods and one of surge, each of 2 cpu and 4Gi with a sidecar of 50m and 64Mi."""
    assert demanded(microservices.sample()) == {
        "requests.cpu": "14350m",
        "requests.memory": "29120Mi",
        "limits.cpu": "14350m",
        "limits.memory": "29120Mi",
    }


@pytest.mark.parametrize(
    ("changes", "pods"),
    [
        ({"replicas": 3}, "4"),
        ({"replicas": 3, "autoscaling": True}, "7"),
        ({"replicas": 3, "autoscaling": True, "maxReplicas": 4}, "5"),
        ({"replicas": 3, "idle": True}, "0"),
        ({"replicas": 3, "autoscaling": True, "idle": True}, "0"),
        ({"replicas": 0}, "1"),
    ],
    ids=["fixed", "twice", "given", "idle", "idle with autoscaling", "zero"],
)
def test_a_resting_instance_demands_its_most_pods_and_one_of_surge(changes: dict[str, Any], pods: str) -> None:
    """The number is replicas, or the maximum under autoscaling; an idle instance demands nothing."""
    assert cpus(microservices.plain(resourceRequirements=ONE_CPU, **changes)) == pods


@pytest.mark.parametrize(
    ("status", "pods"),
    [({}, "4"), ({"updatedReplicas": 1}, "7"), ({"terminatingReplicas": 1}, "7"), ({"observedGeneration": 1}, "7")],
    ids=["at rest", "rolling", "terminating", "just changed"],
)
def test_a_rolling_instance_demands_twice_its_pods(status: dict[str, Any], pods: str) -> None:
    """Each new pod may have a terminating predecessor."""
    instance = microservices.plain(replicas=3, resourceRequirements=ONE_CPU)
    assert cpus(instance, microservices.live_deployment(instance, 3, **status)) == pods


@pytest.mark.parametrize(
    ("change", "pods"), [({"image": "shop:2"}, "7"), ({"replicas": 4}, "5"), ({"path": "v2"}, "4"), ({"config": "a=1"}, "7")]
)
def test_an_instance_that_is_about_to_roll_demands_twice_its_pods(change: dict[str, Any], pods: str) -> None:
    """The desired template differs from the applied one; scaling and the path do not roll."""
    before = {"replicas": 3, "resourceRequirements": ONE_CPU}
    live = microservices.live_deployment(microservices.plain(**before), 3)
    assert cpus(microservices.plain(**before | change), live) == pods


@pytest.mark.parametrize(
    ("requirements", "keys"),
    [
        ({}, set()),
        ({"requests": {"cpu": 1}}, {"requests.cpu"}),
        ({"limits": {"memory": "1Gi"}}, {"limits.memory", "requests.memory"}),
        ({"requests": {"nvidia.com/gpu": 1}, "limits": {"nvidia.com/gpu": 1}}, {"requests.nvidia.com/gpu"}),
        ({"requests": {"ephemeral-storage": "1Gi"}}, {"requests.ephemeral-storage"}),
    ],
    ids=["none", "a request", "a limit is a request too", "an extended resource", "storage"],
)
@pytest.mark.parametrize("need_auth", [False, True])
def test_the_keys_are_those_that_the_application_sets(requirements: dict[str, Any], keys: set[str], need_auth: bool) -> None:
    """The sidecar adds to amounts, never to keys."""
    assert demanded(microservices.plain(resourceRequirements=requirements, needAuth=need_auth)).keys() == keys


def test_a_key_stands_only_if_every_instance_sets_it() -> None:
    """A quota on a key refuses pods that do not set it; idle instances have a say too."""
    one = {"requests.cpu": 1, "limits.cpu": 2}
    idle = {"requests.cpu": 0}
    assert quota.hard([one, one]) == {"requests.cpu": 2, "limits.cpu": 4}
    assert quota.hard([one, idle]) == {"requests.cpu": 1}
    assert quota.hard([one, {}]) == {}
    assert quota.hard([]) == {}


@given(st.lists(st.integers(0, 10**9), max_size=8))
def test_the_sum_is_exact_and_survives_rendering(parts: list[int]) -> None:
    """No rounding anywhere, for cpu and for memory."""
    for key in ("requests.cpu", "requests.memory"):
        summed = quota.hard([{key: part} for part in parts])
        assert sum(summed.values()) == sum(parts)
        assert all(quantities.parse(quota.render(key, amount)) * 1000 == amount for amount in summed.values())


@pytest.mark.parametrize(
    ("key", "amount", "text"),
    [
        ("requests.cpu", 0, "0"),
        ("requests.cpu", 6 * 1000, "6"),
        ("requests.cpu", 500, "500m"),
        ("requests.cpu", 1024 * 1000, "1024"),
        ("requests.cpu", 3000 * 1000, "3k"),
        ("limits.memory", 12 * 1024**3 * 1000, "12Gi"),
        ("limits.memory", 1500 * 1024**2 * 1000, "1500Mi"),
        ("limits.memory", 700 * 10**6 * 1000, "700M"),
        ("requests.ephemeral-storage", 1024 * 1000, "1Ki"),
        ("requests.nvidia.com/gpu", 2 * 1000, "2"),
    ],
)
def test_amounts_are_written_as_kubernetes_writes_them(key: str, amount: int, text: str) -> None:
    """The largest suffix that leaves an integer."""
    assert quota.render(key, amount) == text


def test_each_container_is_rounded_up_to_thousandths() -> None:
    """As the API server does before it counts: 1.5m is 2m for each of two pods."""
    assert demanded(microservices.plain(resourceRequirements={"requests": {"cpu": "1500u"}})) == {"requests.cpu": "4m"}


def test_the_quota_carries_our_label_and_no_owner() -> None:
    """Without a key there is no quota."""
    assert quota.resource_quota("team", {"requests.cpu": 6000}) == {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "msd-quota", "namespace": "team", "labels": {"app.kubernetes.io/managed-by": "coxswain"}},
        "spec": {"hard": {"requests.cpu": "6"}},
    }
    assert quota.resource_quota("team", {}) is None


@pytest.mark.parametrize(
    ("granted", "wanted", "said"),
    [
        ({"requests.cpu": "6"}, {"requests.cpu": 6}, ""),
        ({"requests.cpu": "7"}, {"requests.cpu": 6}, ""),
        ({"requests.cpu": "6", "pods": "10"}, {"requests.cpu": 6}, ""),
        ({"requests.cpu": "6"}, {"requests.cpu": 7}, "requests.cpu is 6, needed is 7"),
        (None, {"requests.cpu": 7}, "requests.cpu is not set, needed is 7"),
        ({"requests.cpu": "6", "limits.cpu": "6"}, {"requests.cpu": 6}, "limits.cpu is still counted"),
        ({"requests.cpu": "6"}, {}, "requests.cpu is still counted"),
        (None, {}, ""),
    ],
    ids=["equal", "more", "somebody's key", "less", "no quota yet", "a key too many", "a quota too many", "none"],
)
def test_the_quota_must_cover_the_sum_of_all_demands(granted: dict[str, str] | None, wanted: dict[str, int], said: str) -> None:
    """What is granted must be as much, and must not count a key that some pods do not set."""
    assert quota.shortfall([granted or {}], {key: 1000 * amount for key, amount in wanted.items()}) == said


@pytest.mark.parametrize("number", range(2))
def test_the_least_of_what_is_and_what_comes_into_force_counts(number: int) -> None:
    """What is granted now does not help where less was asked for since, and what was asked for helps only once it is granted."""
    grants: list[dict[str, str]] = [{"requests.cpu": "8"} for _ in range(2)]
    assert not quota.shortfall(grants, {"requests.cpu": 8000})
    grants[number]["requests.cpu"] = "7"
    assert quota.shortfall(grants, {"requests.cpu": 8000}) == "requests.cpu is 7, needed is 8"
    grants[number].clear()
    assert quota.shortfall(grants, {"requests.cpu": 8000}) == "requests.cpu is not set, needed is 8"
    grants[number]["limits.cpu"] = "9"
    assert "limits.cpu is still counted" in quota.shortfall(grants, {"requests.cpu": 8000})


@pytest.mark.parametrize(
    ("change", "written", "expected"),
    [
        ({}, 3, False),
        ({}, None, False),
        ({}, 2, False),
        ({}, 4, True),
        ({"image": "shop:2"}, 3, True),
        ({"image": "shop:2"}, None, True),
        ({"image": "shop:2"}, 2, True),
        ({"image": "shop:2"}, 0, False),
        ({"path": "v2"}, 3, False),
    ],
)
def test_a_deployment_grows_when_it_scales_up_or_rolls(change: dict[str, Any], written: int | None, expected: bool) -> None:
    """Going to zero never waits, whatever else changes."""
    live = microservices.live_deployment(microservices.plain(replicas=3), 3)
    wanted = desired.deployment(microservices.plain(replicas=3, **change), microservices.SETTINGS, desired.Plan(written))
    assert quota.grows(wanted, live) is expected


def test_a_new_deployment_grows_unless_it_is_idle() -> None:
    """Creation waits for the quota too."""
    instance = microservices.plain()
    assert quota.grows(desired.deployment(instance, microservices.SETTINGS, desired.Plan(1)), None)
    assert not quota.grows(desired.deployment(instance, microservices.SETTINGS, desired.Plan(0)), None)


def test_an_autoscaler_grows_when_a_bound_rises() -> None:
    """The HPA may use its new bounds at once, so they wait; no other kind does."""
    scaled = microservices.sample()
    before = desired.horizontal_pod_autoscaler(scaled)
    assert quota.grows(before, None)
    assert not quota.grows(before, before)
    assert quota.grows(desired.horizontal_pod_autoscaler(microservices.sample(replicas=4)), before)
    assert not quota.grows(desired.horizontal_pod_autoscaler(microservices.sample(maxReplicas=5)), before)
    assert not quota.grows(desired.service(scaled), None)


def test_a_namespace_can_do_without() -> None:
    """The annotation's value must be exactly "disabled"."""
    assert quota.is_disabled({"custom.ops/quota": "disabled"})
    assert not quota.is_disabled({"custom.ops/quota": "off"})
    assert not quota.is_disabled(None)


def test_the_sidecar_counts_with_its_configured_size() -> None:
    """Requests and limits alike."""
    settings = dataclasses.replace(microservices.SETTINGS, auth_proxy_cpu="1")
    demand = quota.demand(quota.wish(microservices.plain(resourceRequirements=ONE_CPU, needAuth=True), settings), None)
    assert demand == {"requests.cpu": 4000}


BIG = {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"cpu": "2", "memory": "4Gi"}}
SMALL = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "500m", "memory": "1Gi"}}


def test_a_roll_to_smaller_pods_leaves_room_for_the_larger_ones_on_their_way_out() -> None:
    """While pods are replaced by smaller ones, the quota is counted with the larger: it counts both at once."""
    before, after = (
        microservices.plain(replicas=2, resourceRequirements=BIG),
        microservices.plain(replicas=2, resourceRequirements=SMALL),
    )
    live = microservices.live_deployment(before, 2)
    assert quota.demand(quota.wish(after, microservices.SETTINGS), live)["requests.cpu"] == (2 * 2 + 1) * 2000
    former = quota.rolls_from(after, microservices.SETTINGS, live)
    assert former == {"limits.cpu": "2", "limits.memory": "4Gi", "requests.cpu": "2", "requests.memory": "4Gi"}


def test_what_a_roll_comes_from_is_remembered_to_its_end() -> None:
    """The Deployment carries the former amounts while it rolls, and neither it nor the demand does after the roll."""
    after = microservices.plain(replicas=2, resourceRequirements=SMALL)
    rolling = microservices.live_deployment(after, 3, updatedReplicas=1)
    rolling["metadata"]["annotations"][desired.ROLLS_FROM_ANNOTATION] = '{"requests.cpu": "2"}'
    assert quota.rolls_from(after, microservices.SETTINGS, rolling) == {"requests.cpu": "2"}
    assert quota.demand(quota.wish(after, microservices.SETTINGS), rolling)["requests.cpu"] == (2 * 2 + 1) * 2000
    done = microservices.live_deployment(after, 2)
    done["metadata"]["annotations"][desired.ROLLS_FROM_ANNOTATION] = '{"requests.cpu": "2"}'
    assert quota.rolls_from(after, microservices.SETTINGS, done) == {}
    assert quota.demand(quota.wish(after, microservices.SETTINGS), done)["requests.cpu"] == (2 + 1) * 500


def test_a_roll_to_larger_pods_needs_no_memory() -> None:
    """Where successors take more, nothing is noted."""
    before, after = (
        microservices.plain(replicas=2, resourceRequirements=SMALL),
        microservices.plain(replicas=2, resourceRequirements=BIG),
    )
    assert quota.rolls_from(after, microservices.SETTINGS, microservices.live_deployment(before, 2)) == {}


def test_an_unreadable_note_of_the_former_amounts_counts_for_nothing() -> None:
    """A hand edit of the annotation must not stop the pass that would mend it."""
    instance = microservices.plain(replicas=2, resourceRequirements=ONE_CPU)
    for junk in ("x", "[]", '{"requests.cpu": "much"}', '{"requests.cpu": 1}'):
        rolling = microservices.live_deployment(instance, 3, updatedReplicas=1)
        rolling["metadata"]["annotations"][desired.ROLLS_FROM_ANNOTATION] = junk
        assert quota.demand(quota.wish(instance, microservices.SETTINGS), rolling) == {"requests.cpu": 5000}


def test_a_paused_instance_keeps_the_share_of_the_pods_it_has() -> None:
    """While nothing is written, pods beyond the spec, even of an idle one, stay and must stay covered."""
    for changes, pods in (({"replicas": 1}, 6), ({"replicas": 1, "idle": True}, 6), ({"replicas": 8}, 9)):
        instance = microservices.plain(resourceRequirements=ONE_CPU, **changes)
        paused = dataclasses.replace(instance, annotations={"coxswain.dev/paused": "true"})
        live = microservices.live_deployment(instance, 5)
        assert quota.demand(quota.wish(paused, microservices.SETTINGS), live)["requests.cpu"] == 1000 * pods
        assert quota.demand(quota.wish(paused, microservices.SETTINGS), None) == quota.demand(
            quota.wish(instance, microservices.SETTINGS), None
        )


def test_an_instance_that_cannot_be_read_demands_what_its_pods_take() -> None:
    """Nobody writes its Deployment, but its pods count, and the Deployment may make them anew."""
    instance = microservices.sample(replicas=3)
    resting, rolling = (
        {key: quota.render(key, amount) for key, amount in quota.standing(live).items()}
        for live in (microservices.live_deployment(instance, 3), microservices.live_deployment(instance, 3, updatedReplicas=1))
    )
    assert (resting["requests.cpu"], resting["limits.memory"]) == ("8200m", "16640Mi")
    assert rolling["requests.cpu"] == "14350m"
    assert set(quota.standing(microservices.live_deployment(instance, 0)).values()) == {0}


def test_a_key_that_an_unreadable_instance_does_not_set_is_none_of_its_demands() -> None:
    """The sidecar alone makes no key: pods without it would be refused."""
    live = microservices.live_deployment(microservices.plain(needAuth=True, resourceRequirements=ONE_CPU), 1)
    assert quota.standing(live).keys() == {"requests.cpu"}


@pytest.mark.parametrize(
    ("changes", "replicas", "status", "pods"),
    [
        ({"replicas": 2}, 5, {}, "6"),
        ({"idle": True}, 5, {}, "6"),
        ({"idle": True}, 0, {"replicas": 5, "updatedReplicas": 5}, "6"),
        ({"idle": True}, 0, {"terminatingReplicas": 5}, "6"),
        ({"replicas": 2}, 2, {"observedGeneration": 1, "replicas": 9, "updatedReplicas": 9}, "12"),
        ({"replicas": 2}, 2, {"terminatingReplicas": 7}, "10"),
        ({"replicas": 2}, 2, {"replicas": 3, "updatedReplicas": 1, "terminatingReplicas": 4}, "9"),
        ({"replicas": 2}, 5, {"replicas": 0, "updatedReplicas": 0}, "6"),
        ({"idle": True}, 0, {}, "0"),
    ],
    ids=["before", "idle before", "idle", "idle ending", "just written", "ending", "rolling too", "still being made", "gone"],
)
def test_pods_that_are_too_many_keep_their_share_until_they_are_gone(
    changes: dict[str, Any], replicas: int, status: dict[str, Any], pods: str
) -> None:
    """Scaling down frees nothing before the pods have ended, so that another instance does not grow into their place."""
    instance = microservices.plain(resourceRequirements=ONE_CPU, **changes)
    live = microservices.live_deployment(instance, replicas)
    live["status"] |= status
    assert cpus(instance, live) == pods
