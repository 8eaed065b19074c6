"""The status of pods on simulated nodes."""

from envtest.kubelet import pods

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z"
ADDRESSES = pods.Addresses(host="10.76.0.1", pod="10.77.0.9")


def make(status=None, init=(), **spec):
    """Return a pod that the scheduler has bound."""
    scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": NOW}
    return {
        "metadata": {"uid": "u", "generation": 1},
        "spec": {"containers": [{"name": "app", "image": "i"}], "initContainers": list(init), **spec},
        "status": {"phase": "Pending", "conditions": [scheduled], **(status or {})},
    }


def conditions(status):
    """Return status and reason of each condition."""
    return {one["type"]: (one["status"], one.get("reason")) for one in status["conditions"]}


def test_a_bound_pod_becomes_ready():
    """One write makes a pod without init containers Running and Ready, with its addresses."""
    changes = pods.status_changes(make(), ADDRESSES, NOW)
    assert changes["phase"] == "Running"
    assert (changes["podIP"], changes["hostIP"], changes["startTime"]) == ("10.77.0.9", "10.76.0.1", NOW)
    assert set(conditions(changes)) == {"PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"}
    assert {status for status, _ in conditions(changes).values()} == {"True"}


def test_a_running_pod_needs_no_write():
    """What has been written once is not written again."""
    changes = pods.status_changes(make(), ADDRESSES, NOW)
    assert pods.status_changes(make(changes), ADDRESSES, LATER) == {}


def test_a_pod_whose_init_containers_run_is_pending():
    """Until the init containers have completed a pod is Pending and not Ready, with the reasons; then these go away."""
    init = [{"name": "once", "image": "i"}]
    first = pods.status_changes(make(init=init), ADDRESSES, NOW)
    assert first["phase"] == "Pending"
    assert conditions(first)["Initialized"] == ("False", "ContainersNotInitialized")
    assert conditions(first)["Ready"] == ("False", "ContainersNotReady")
    last = pods.status_changes(make(first, init=init), ADDRESSES, LATER)
    assert last["phase"] == "Running"
    assert conditions(last)["Ready"] == ("True", None)
    assert last["startTime"] == NOW


def test_transition_times_move_with_the_status():
    """A condition's time is that of its last change."""
    first = pods.status_changes(make(init=[{"name": "once", "image": "i"}]), ADDRESSES, NOW)
    last = pods.status_changes(make(first, init=[{"name": "once", "image": "i"}]), ADDRESSES, LATER)
    times = {one["type"]: one["lastTransitionTime"] for one in last["conditions"]}
    assert times["PodScheduled"] == NOW
    assert times["Ready"] == LATER


def test_conditions_of_others_stay():
    """Conditions that another writer set are kept, and a readiness gate on one of them is honoured."""
    gate = {"type": "example.com/gate", "status": "False", "lastTransitionTime": NOW}
    pod = make({"conditions": [gate]}, readinessGates=[{"conditionType": "example.com/gate"}])
    changes = pods.status_changes(pod, ADDRESSES, NOW)
    assert gate in changes["conditions"]
    assert conditions(changes)["Ready"] == ("False", "ReadinessGatesNotReady")
    assert conditions(changes)["ContainersReady"] == ("True", None)


def test_ended_pods_are_left_alone():
    """A pod that has failed, evicted for example, is not started again."""
    assert pods.status_changes(make({"phase": "Failed"}), ADDRESSES, NOW) == {}
