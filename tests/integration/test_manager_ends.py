"""SIGTERM ends the manager in good order in every phase: point 8 of what must hold."""

import socket
import time
import urllib.error

import pytest
import yaml

from tests.support import cluster, control_planes, manager_process


def redirected(control_plane, tmp_path, port):
    """Return a kubeconfig like the control plane's, for another port."""
    config = yaml.safe_load(control_plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def test_8_before_the_api_server_answers(control_plane, tmp_path):
    """An API server that takes connections and never answers does not hold up the end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        running = manager_process.ManagerProcess(redirected(control_plane, tmp_path, silent.getsockname()[1]), tmp_path / "log")
        running.start()
        connection, _ = silent.accept()
        with connection:
            assert running.terminate(10) == 0, running.output


def test_8_while_connections_are_refused(control_plane, tmp_path):
    """An API server that is not there does not hold up the end, in the middle of the backoff."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    running = manager_process.ManagerProcess(redirected(control_plane, tmp_path, port), tmp_path / "log")
    running.start()
    cluster.eventually(lambda: "refused" in running.output, 20, lambda: running.output)
    assert running.terminate(10) == 0, running.output


def test_8_before_the_caches_are_synced(server_kind, tmp_path):
    """A missing CustomResourceDefinition is named by /readyz, and the end comes at once."""
    with control_planes.create(nodes=0, crds=None, kind=server_kind) as bare:
        running = manager_process.ManagerProcess(bare.kubeconfig, tmp_path / "log")
        running.start()
        cluster.eventually(lambda: "MicroServiceDeploy" in running.output, 20, lambda: running.output)
        with pytest.raises(urllib.error.HTTPError) as refusal:
            running.fetch("health probes", "/readyz?verbose")
        with refusal.value as answer:
            assert "install its CustomResourceDefinition" in answer.read().decode()
        assert "Starting workers" not in running.output
        assert running.terminate(10) == 0, running.output


def test_8_under_load(control_plane, namespace, tmp_path):
    """In the middle of making 30 resources real, the runs in progress finish and the process ends with 0."""
    team = cluster.Cluster(control_plane.kubeconfig, namespace)
    for number in range(30):
        team.apply(cluster.sample(f"ms-load-v1s{number}", msName="ms-load", creationTimestamp=None))
    running = manager_process.ManagerProcess(control_plane.kubeconfig, tmp_path / "log", "--namespace", namespace)
    running.start()
    running.wait_until_working()
    time.sleep(0.3)
    assert running.terminate(10) == 0, running.output[-3000:]
    assert "Manager stopped" in running.output
