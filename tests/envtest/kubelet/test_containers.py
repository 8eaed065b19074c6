"""Simulated containers: init containers in order, restartable ones stay, a changed image restarts."""

from envtest.kubelet import containers

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z"


def pod(init=(), main=({"name": "app", "image": "just a image url"},), step=None):
    """Return a pod with the statuses of the step before."""
    status = {"initContainerStatuses": step.init, "containerStatuses": step.main} if step else {}
    return {"metadata": {"uid": "u"}, "spec": {"initContainers": list(init), "containers": list(main)}, "status": status}


def states(statuses):
    """Return the name of each container's state."""
    return [next(iter(status["state"])) for status in statuses]


def test_any_image_runs():
    """A container with whatever image runs at once."""
    step = containers.step(pod(), NOW)
    assert step.initialized
    assert states(step.main) == ["running"]
    assert containers.are_ready(step.main)
    assert step.main[0]["image"] == "just a image url"
    assert step.main[0]["imageID"]


def test_nothing_changes_by_itself():
    """A step after the last one changes nothing."""
    step = containers.step(pod(), NOW)
    assert containers.step(pod(step=step), LATER) == step


def test_init_containers_run_in_order():
    """Each init container runs and completes before the next one starts; the others wait until all have."""
    init = [{"name": "first", "image": "a"}, {"name": "second", "image": "b"}]
    seen, step = [], None
    for _ in range(3):
        step = containers.step(pod(init, step=step), NOW)
        seen.append((states(step.init), states(step.main)))
    assert seen == [
        (["running", "waiting"], ["waiting"]),
        (["terminated", "running"], ["waiting"]),
        (["terminated", "terminated"], ["running"]),
    ]
    assert [status["state"]["terminated"]["reason"] for status in step.init] == ["Completed", "Completed"]


def test_restartable_init_containers_stay():
    """A restartable init container starts, stays running and ready, and lets the next one start."""
    init = [{"name": "side", "image": "a", "restartPolicy": "Always"}, {"name": "once", "image": "b"}]
    first = containers.step(pod(init), NOW)
    assert states(first.init) == ["running", "running"]
    second = containers.step(pod(init, step=first), NOW)
    assert states(second.init) == ["running", "terminated"]
    assert second.init[0]["started"]
    assert second.init[0]["ready"]
    assert states(second.main) == ["running"]


def test_a_changed_image_restarts_the_container():
    """The container counts one more restart and remembers how the last run ended; its neighbour goes on."""
    other = {"name": "other", "image": "o"}
    before = containers.step(pod(main=[{"name": "app", "image": "old"}, other]), NOW)
    after = containers.step(pod(main=[{"name": "app", "image": "new"}, other], step=before), LATER)
    app = after.main[0]
    assert app["restartCount"] == 1
    assert app["state"]["running"]["startedAt"] == LATER
    assert app["lastState"]["terminated"]["startedAt"] == NOW
    assert app["containerID"] != before.main[0]["containerID"]
    assert after.main[1] == before.main[1]
