"""The small client of envtest against a real API server."""

import threading

import pytest

pytestmark = [pytest.mark.controlplane, pytest.mark.real_only]


def test_a_watch_is_stopped_in_the_midst_of_its_frames(control_plane, namespace):
    """Whatever is on its way when another thread stops a watch, its reader sees whole frames only, and then the end."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for number in range(20):
        control_plane.client.post(path, {"metadata": {"name": f"c{number}"}, "data": {"x": "y" * 50_000}})
    ended = []

    def read(watch, has_begun):
        kinds = set()
        for frame in watch:
            kinds.add(frame["type"])
            has_begun.set()
        ended.append(kinds)

    for _ in range(20):
        watch = control_plane.client.watch(f"{path}?watch=true&resourceVersion=0", 60.0)
        has_begun = threading.Event()
        reader = threading.Thread(target=read, args=(watch, has_begun))
        reader.start()
        assert has_begun.wait(10)
        watch.stop()
        watch.stop()
        reader.join(10)
    assert ended == [{"ADDED"}] * 20
