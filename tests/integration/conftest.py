"""The operators at work on the shared control plane."""

import json

import pytest

from tests.support import cluster, control_planes, manager_process

FORBIDDEN = ("88888888", "c29tZS1zYWx0", "$2y$05")
"""Parts of the sample's configuration value and of the tests' credentials: they must stand nowhere."""


@pytest.fixture(scope="session")
def manager(control_plane, tmp_path_factory):
    """`coxswain run` over all namespaces; whatever it printed is searched for secrets at the end."""
    log = tmp_path_factory.mktemp("manager") / "manager.log"
    flags = ("--base-domain", "apps.example.com", "--max-concurrent-reconciles", "4")
    with manager_process.ManagerProcess(control_plane.kubeconfig, log, *flags) as running:
        running.wait_until_working()
        yield running
        assert_clean(running.output, "the log")
        assert_clean(json.dumps(running.metrics()), "the metrics")


@pytest.fixture(scope="session")
def quiet_control_plane(server_kind):
    """A control plane with a node and our CRDs on which no manager runs but those that a test starts and ends."""
    with control_planes.create(nodes=1, kind=server_kind) as running:
        yield running


@pytest.fixture
def quiet_teams(quiet_control_plane):
    """Two fresh namespaces without a manager."""
    names = [control_planes.make_namespace(quiet_control_plane) for _ in range(2)]
    yield [cluster.Cluster(quiet_control_plane.kubeconfig, name) for name in names]
    for name in names:
        control_planes.delete_namespace(quiet_control_plane, name)


@pytest.fixture
def team(control_plane, namespace, manager):
    """A namespace in which the operators are at work."""
    at_work = cluster.Cluster(control_plane.kubeconfig, namespace)
    yield at_work
    assert_clean(json.dumps(at_work.list("Event")), "the events")
    for found in at_work.list("MicroServiceDeploy"):
        assert_clean(json.dumps(found.get("status", {})), "a status")


def assert_clean(text, where):
    """Fail if *text* holds a secret, without repeating it."""
    for secret in FORBIDDEN:
        assert secret not in text, f"{where} holds a secret value"
