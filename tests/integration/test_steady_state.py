"""Steady state sends nothing: point 7 of what must hold."""

import time

from tests.support import cluster, control_planes, manager_process
from tests.support.cluster import eventually, sample

WATCH_SECONDS = 60


def test_7_sixty_seconds_of_forced_resyncs_make_no_mutating_request(server_kind, tmp_path):
    """With resyncs every 2 s, a foreign child and a missing Secret among the resources, not one write is sent in 60 s."""
    with control_planes.create(nodes=1, kind=server_kind) as running:
        namespace = control_planes.make_namespace(running)
        team = cluster.Cluster(running.kubeconfig, namespace)
        team.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ms-foreign-v1s0"}, "data": {"theirs": "1"}})
        team.secret("known")
        team.apply(sample("ms-ready-v1s0", tenant="known", msName="ms-ready"))
        team.apply(sample("ms-closed-v1s0", tenant="unknown", msName="ms-closed"))
        team.apply(sample("ms-foreign-v1s0", tenant="known", msName="ms-foreign"))
        team.apply(sample("ms-idle-v1s0", tenant="known", msName="ms-idle", idle=True))
        flags = ("--sync-period", "2", "--base-domain", "apps.example.com")
        with manager_process.ManagerProcess(running.kubeconfig, tmp_path / "log", *flags) as manager:
            team.wait_ready("ms-ready-v1s0")
            team.wait_ready("ms-idle-v1s0")
            eventually(lambda: team.conditions("ms-closed-v1s0").get("Ready", {}).get("reason") == "TenantSecretMissing")
            eventually(lambda: team.conditions("ms-foreign-v1s0").get("Ready", {}).get("reason") == "ForeignChild")
            _wait_until_quiet(manager)
            before, reconciles = manager.mutating_requests(), _reconciles(manager)
            time.sleep(WATCH_SECONDS)
            assert manager.mutating_requests() == before
            assert _reconciles(manager) >= reconciles + 4 * WATCH_SECONDS / 2 * 0.8


def _reconciles(manager):
    return sum(value for series, value in manager.metrics().items() if series.startswith("controller_runtime_reconcile_total"))


def _wait_until_quiet(manager):
    """The HPA's first measurements and the pods' start come in over some seconds."""
    last, since = manager.mutating_requests(), time.monotonic()
    deadline = time.monotonic() + 60
    while time.monotonic() - since < 8:
        assert time.monotonic() < deadline, "it never becomes quiet"
        time.sleep(0.5)
        now = manager.mutating_requests()
        if now != last:
            last, since = now, time.monotonic()
