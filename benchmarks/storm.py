"""What it costs to make 300 MicroServiceDeploys complete that are all created at once.

What flows in: the project's sample, on a control plane of its own. What flows out: wall time until all are complete, the
manager's CPU and memory, its requests by verb and status code, in all and per resource, and its reconciles. Run it as
`python -m benchmarks.storm`. With --profile, also what the manager's CPU time went to: TLS, HTTP, JSON and so on; the counting
itself makes it slower.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import tempfile
import time
from typing import Any

from benchmarks import cpu_profile
from tests.support import cluster, control_planes, manager_process

TIMEOUT_SECONDS = 600.0


def sums(metrics: dict[str, float], name: str, *labels: str) -> dict[str, float]:
    """Return the sums of a metric by some of its labels."""
    found: dict[str, float] = collections.Counter()
    for series, value in metrics.items():
        if series.startswith(name + "{"):
            given = dict(pair.split("=", 1) for pair in series[len(name) + 1 : -1].split(","))
            found[" ".join(given[label].strip('"') for label in labels)] += value
    return found


def resource(number: int) -> dict[str, Any]:
    """Return one resource: the sample, a service of its own."""
    name = f"ms-{number:03}-v1s0"
    return cluster.sample(name, msName=f"ms-{number:03}", replicas=1)


def is_complete(found: dict[str, Any]) -> bool:
    """Say whether a resource is Ready."""
    conditions = (found.get("status") or {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time, user and system, that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process has held."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def storm(team: cluster.Cluster, count: int) -> float:
    """Create *count* resources at once; return the seconds until all are complete."""
    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(16) as users:
        list(users.map(lambda number: team.create(resource(number)), range(count)))
    while (left := count - sum(map(is_complete, team.list("MicroServiceDeploy")))) > 0:
        if time.perf_counter() - began > TIMEOUT_SECONDS:
            raise SystemExit(f"{left} of {count} are not complete after {TIMEOUT_SECONDS:g} s")
        time.sleep(0.5)
    return time.perf_counter() - began


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--profile", action="store_true", help="also say what the CPU time was spent on")
    arguments = parser.parse_args()
    with control_planes.create(nodes=2) as running, tempfile.TemporaryDirectory() as folder:
        team = cluster.Cluster(running.kubeconfig, control_planes.make_namespace(running))
        team.secret()
        flags = ("--max-concurrent-reconciles", str(arguments.workers), "--log-level", "info")
        program = ("benchmarks.cpu_profile", f"{folder}/profile") if arguments.profile else ("controller",)
        manager = manager_process.ManagerProcess(running.kubeconfig, pathlib.Path(folder) / "log", *flags, program=program)
        with manager:
            manager.wait_until_working()
            before, cpu = manager.metrics(), cpu_seconds(manager.pid)
            wall = storm(team, arguments.count)
            after, cpu = manager.metrics(), cpu_seconds(manager.pid) - cpu
            peak = peak_megabytes(manager.pid)
            manager.terminate(60)  # a profile takes seconds to be written
        print(f"{arguments.count} resources, {arguments.workers} workers: {wall:.1f} s wall, {cpu:.1f} s CPU, {peak:.0f} MB peak")
        report("rest_client_requests_total", ("method", "code"), before, after, arguments.count)
        report("controller_runtime_reconcile_total", ("controller", "result"), before, after, arguments.count)
        if arguments.profile:
            print(cpu_profile.table(pathlib.Path(folder) / "profile"))


def report(name: str, labels: tuple[str, ...], before: dict[str, float], after: dict[str, float], count: int) -> None:
    """Print how a metric grew."""
    old, new = sums(before, name, *labels), sums(after, name, *labels)
    grown = {key: value - old.get(key, 0) for key, value in new.items() if value != old.get(key, 0)}
    print(f"{name}: {sum(grown.values()):.0f}, {sum(grown.values()) / count:.2f} per resource")
    for key, value in sorted(grown.items(), key=lambda pair: -pair[1]):
        print(f"  {value:7.0f}  {value / count:6.2f}  {key}")


if __name__ == "__main__":
    main()
