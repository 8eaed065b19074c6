"""How many requests the operators send to make one sample Ready.

What flows in: the project's sample, on a control plane of its own. What flows out: one line per method and status code, counted
by the manager's own metrics from just before the sample's creation to Ready. Run it as `python -m benchmarks.sample_requests`.
"""

import pathlib
import tempfile

from tests.support import cluster, control_planes, manager_process


def requests(manager: manager_process.ManagerProcess) -> dict[str, float]:
    """Return the manager's requests so far, by labels."""
    return {name: value for name, value in manager.metrics().items() if name.startswith("rest_client_requests_total")}


def main() -> None:
    """Run it."""
    with control_planes.create(nodes=2) as running, tempfile.TemporaryDirectory() as folder:
        team = cluster.Cluster(running.kubeconfig, control_planes.make_namespace(running))
        team.secret()
        with manager_process.ManagerProcess(running.kubeconfig, pathlib.Path(folder) / "log") as manager:
            manager.wait_until_working()
            before = requests(manager)
            team.apply(cluster.SAMPLE_AS_GIVEN)
            team.wait_ready("ms-sample-v1s0")
            after = requests(manager)
    sent = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}
    for name, value in sorted(sent.items()):
        print(f"{value:4.0f}  {name.split('{')[1].split(',host')[0].rstrip('}')}")
    print(f"{sum(sent.values()):4.0f}  in all")


if __name__ == "__main__":
    main()
