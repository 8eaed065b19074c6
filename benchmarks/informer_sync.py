"""What a cache of 10,000 custom resources of 1.8 KB costs: CPU and wall time of the sync, memory, and the time of a read.

What flows in: a cluster, by --kubeconfig; it gets a CRD and the resources, which stay there for the next run. What flows out: one
line per run on standard output. Each run is a process of its own, so that its memory is its own.
"""

import argparse
import base64
import concurrent.futures
import os
import pathlib
import resource
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import msgspec
import urllib3
import yaml

from controller.client import listwatch, restmapper, transport
from informers import errors, factory, objects
from informers import listwatch as informer_listwatch

GVK = objects.GroupVersionKind("bench.coxswain.dev", "v1", "Widget")
NAMESPACE = "default"
SIZE = 1800
"""Bytes of JSON that an object has as the server sends it, managedFields included."""
READS = 20_000


def definition() -> dict[str, Any]:
    """Return the CRD."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"kind": GVK.kind, "plural": "widgets", "singular": "widget"}
    version = {"name": GVK.version, "served": True, "storage": True, "schema": schema}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{GVK.group}"},
        "spec": {"group": GVK.group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


def widget(number: int) -> dict[str, Any]:
    """Return an object that the server sends as about `SIZE` bytes."""
    labels = {"app.kubernetes.io/name": f"app-{number % 100}", "app.kubernetes.io/instance": f"widget-{number}"}
    spec = {f"field{n}": f"value-{number}-{n}" for n in range(20)}
    body = {
        "apiVersion": GVK.api_version,
        "kind": GVK.kind,
        "metadata": {"name": f"widget-{number:05}", "namespace": NAMESPACE, "labels": labels},
        "spec": spec,
    }
    return body | {"spec": {**spec, "text": "x" * 428}}


class Writer:
    """Fills the cluster, with the credentials of a kubeconfig's only user."""

    def __init__(self, kubeconfig: pathlib.Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
            file.flush()
            context.load_cert_chain(file.name)
        self._server = cluster["server"]
        self._pool = urllib3.PoolManager(ssl_context=context, maxsize=16)

    def request(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return status and decoded answer."""
        headers = {"Content-Type": "application/json"}
        data = None if body is None else msgspec.json.encode(body)
        answer = self._pool.request(method, self._server + path, body=data, headers=headers)
        # a path that is not served yet is answered in plain text
        return answer.status, answer.json() if answer.headers.get("Content-Type", "").startswith("application/json") else {}

    def fill(self, count: int) -> int:
        """Make the CRD and *count* objects, as far as they are missing; return the size of one."""
        self.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition())
        collection = f"/apis/{GVK.group}/{GVK.version}/namespaces/{NAMESPACE}/widgets"
        while self.request("GET", f"{collection}?limit=1")[0] != 200:
            time.sleep(0.2)
        with concurrent.futures.ThreadPoolExecutor(16) as workers:
            list(workers.map(lambda number: self.request("POST", collection, widget(number)), range(count)))
        return len(msgspec.json.encode(self.request("GET", f"{collection}/widget-00000")[1]))


class Paged:
    """A server without streaming lists, to measure the classic list."""

    def __init__(self, inner: informer_listwatch.ListerWatcher) -> None:
        self._inner = inner
        self.list_page = inner.list_page

    def watch(self, options: informer_listwatch.WatchOptions) -> informer_listwatch.WatchStream:
        """Refuse to stream a state."""
        if options.send_initial_events:
            raise errors.InvalidError(422, "Invalid", "no streaming lists")
        return self._inner.watch(options)


def resident_megabytes() -> float:
    """Return how much memory this process holds now."""
    pages = int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def measure(kubeconfig: pathlib.Path, *, is_paged: bool) -> None:
    """Sync once and print what it cost."""
    connected = transport.Transport(transport.load_config(str(kubeconfig), None), transport.TransportOptions(workers=1))
    mapper = restmapper.RESTMapper(connected)
    mapper.resource(GVK)  # discovery and the connection's set-up are not the sync

    def lister_watcher(key: factory.InformerKey) -> informer_listwatch.ListerWatcher:
        plain = listwatch.RESTListerWatcher(connected, mapper, key)
        return Paged(plain) if is_paged else plain

    informers = factory.InformerFactory(lister_watcher)
    informer = informers.informer(GVK)
    memory, cpu, wall = resident_megabytes(), time.process_time(), time.perf_counter()
    informers.start()
    assert informers.wait_for_sync(threading.Event(), 60.0), informer.last_error
    cpu, wall, memory = time.process_time() - cpu, time.perf_counter() - wall, resident_megabytes() - memory
    key = informer.store.keys()[0]
    began = time.perf_counter()
    for _ in range(READS):
        snapshot = informer.store.get(key)
        assert snapshot is not None
        snapshot.decode()
    read = (time.perf_counter() - began) / READS
    way = "pages" if is_paged else "stream"
    print(
        f"{way:<7} {len(informer.store)} objects: sync {cpu:.2f} s CPU, {wall:.2f} s wall, "
        f"{memory:.1f} MB more resident memory, one cached read {read * 1e6:.1f} us"
    )
    informers.stop(2.0)
    connected.close()


def main() -> None:
    """Fill the cluster, then measure each way of syncing several times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kubeconfig", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--measure", choices=["stream", "pages"], help="only this way, once, in this process")
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.kubeconfig, is_paged=arguments.measure == "pages")
        return
    size = Writer(arguments.kubeconfig).fill(arguments.count)
    print(f"{arguments.count} objects of {size} bytes")
    for way in ("stream", "pages"):
        for _ in range(arguments.runs):
            command = [sys.executable, __file__, "--kubeconfig", str(arguments.kubeconfig), "--measure", way]
            subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})


if __name__ == "__main__":
    main()
