"""What it costs to sync a cache of 10,000 custom resources of 1.8 KB, and to read one of them.

What flows in: nothing, or `--kubeconfig FILE --kind GROUP/VERSION/KIND` of a cluster that has them. What flows out: CPU and
wall seconds of the sync, growth of resident memory in MB, microseconds for one cached read. Each figure comes from a process of
its own, so that what was measured before does not help. Run it as `python -m benchmarks.informer_sync`.
"""

import argparse
import concurrent.futures
import gc
import json
import pathlib
import statistics
import subprocess
import sys
import time

from controller.client import interfaces, listwatch, live, restmapper, transport
from informers import errors, factory, objects, shared_informer
from workqueue import clock as clocks

COUNT = 10_000
OBJECT_BYTES = 1800
RUNS = 5
KIND = objects.GroupVersionKind("bench.coxswain.dev", "v1", "Sample")
NAMESPACE = "default"

_SCHEMA = {"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "samples.bench.coxswain.dev"},
    "spec": {
        "group": KIND.group,
        "scope": "Namespaced",
        "names": {"plural": "samples", "singular": "sample", "kind": KIND.kind},
        "versions": [{"name": KIND.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": _SCHEMA}}],
    },
}


def connect(kubeconfig: str) -> tuple[transport.Transport, restmapper.RESTMapper]:
    """Return a transport and what knows its paths."""
    connected = transport.Transport(transport.load_config(kubeconfig, None), transport.TransportOptions(workers=16))
    return connected, restmapper.RESTMapper(connected)


def is_served(mapper: restmapper.RESTMapper) -> bool:
    """Ask whether the API server knows the kind."""
    try:
        mapper.resource(KIND)
    except errors.KindNotFoundError:
        return False
    return True


def fill(kubeconfig: str) -> None:
    """Create the definition and the resources."""
    connected, mapper = connect(kubeconfig)
    client = live.LiveClient(connected, mapper)
    client.apply(DEFINITION, interfaces.ApplyOptions("bench", force=True))
    deadline = time.monotonic() + 30
    while not is_served(mapper):
        assert time.monotonic() < deadline, "the kind is not served"
        time.sleep(0.2)

    def create(number: int) -> None:
        padding = "x" * (OBJECT_BYTES - 700)
        spec = {"replicas": number, "image": "registry.example.com/app:1.0", "padding": padding}
        metadata = {"name": f"sample-{number:05}", "namespace": NAMESPACE, "labels": {"app": f"app-{number % 100}"}}
        client.create({"apiVersion": KIND.api_version, "kind": KIND.kind, "metadata": metadata, "spec": spec})

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(create, range(COUNT)))
    connected.close()


def resident_mb() -> float:
    """Return this process' resident memory."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def measure(kubeconfig: str) -> dict[str, float]:
    """Sync once in this process and read; return the figures."""
    connected, mapper = connect(kubeconfig)
    mapper.resource(KIND)  # the connection stands, and everything is imported
    key = shared_informer.InformerKey(KIND)
    options = factory.FactoryOptions(clock=clocks.RealClock())
    informers = factory.InformerFactory(lambda wanted: listwatch.RESTListerWatcher(connected, mapper, wanted), options)
    informer = informers.informer(key)
    gc.collect()
    memory, cpu, wall = resident_mb(), time.process_time(), time.monotonic()
    informers.start()
    while not informer.has_synced():
        time.sleep(0.005)
    figures = {"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall}
    gc.collect()
    figures["memory_mb"] = resident_mb() - memory
    keys = informer.store.keys()
    figures["objects"] = len(keys)
    figures["bytes"] = statistics.mean(len(each.raw) for each in informer.store.list())
    started = time.perf_counter()
    for each in keys:
        found = informer.store.get(each)
        assert found is not None
        found.decode()
    figures["read_us"] = (time.perf_counter() - started) / len(keys) * 1e6
    informers.stop(2.0)
    connected.close()
    return figures


def main() -> None:
    """Fill a control plane of its own, and measure in fresh processes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure", metavar="KUBECONFIG", help="measure once, print JSON (used by itself)")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    from envtest import controlplane  # noqa: PLC0415 (only the outer process runs a server)

    with controlplane.ControlPlane() as running:
        fill(str(running.kubeconfig))
        command = [sys.executable, "-m", "benchmarks.informer_sync", "--measure", str(running.kubeconfig)]
        runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(RUNS)]
    for name in runs[0]:
        values = sorted(run[name] for run in runs)
        print(f"{name:10} median {statistics.median(values):10.2f}   all {', '.join(f'{value:.2f}' for value in values)}")


if __name__ == "__main__":
    main()
