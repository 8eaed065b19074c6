"""The kubelet of all simulated nodes: pods bound to them start, become ready, and end when they are deleted.

What flows in: one watch over all bound pods. What flows out: pod statuses and deletions, node leases. Threads of its own: one
that watches, some that write, one for the nodes; `Kubelet.start` and `Kubelet.stop` are called by the thread that owns the
control plane. Mirrors kubernetes pkg/kubelet/kubelet.go and hollow nodes of kubernetes test/kubemark; deviation: one watch and
one set of workers serve all nodes.
"""

import ipaddress
import threading
import time
from collections.abc import Callable, Sequence

from envtest.kubelet import api, nodes, pods, work

_WORKERS = 6  # a 2-core API server's latency at full speed is about 30 ms a write
_STOP_SECONDS = 0.1  # how long a simulated container takes to end
_RETRY_SECONDS = 1.0
_WATCH_SECONDS = 300
_SILENCE_SECONDS = 90.0  # bookmarks come every minute
_POD_RANGE = ipaddress.ip_network("10.77.0.0/16")
_JOIN_SECONDS = 1.0


class Kubelet:
    """Runs pods on simulated nodes."""

    def __init__(self, endpoint: api.Endpoint, members: Sequence[nodes.Node]) -> None:
        self._client = api.Api(endpoint, connections=_WORKERS + 2)
        self._nodes = {node.name: node for node in members}
        self._queue = work.Queue()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._watch: api.Watch | None = None
        self._pods: dict[str, api.Json] = {}
        """By uid. Written by the watching thread only; replacing an entry is atomic, so workers need no lock."""
        self._addresses: dict[str, str] = {}
        self._next_address = 0
        self._threads = [
            threading.Thread(target=body, name=f"envtest-kubelet-{name}", daemon=True)
            for name, body in [("watch", self._follow), ("nodes", self._beat), *[(str(i), self._work) for i in range(_WORKERS)]]
        ]

    def start(self) -> None:
        """Register the nodes and start to run pods.

        Raises:
            api.ApiError: The server does not take the nodes.
        """
        for node in self._nodes.values():
            nodes.register(self._client, node)
        for thread in self._threads:
            thread.start()

    def are_nodes_ready(self) -> bool:
        """Ask whether the scheduler may use all nodes.

        Raises:
            api.ApiError: The server says no, or nothing.
        """
        return all(nodes.is_ready(self._client, node) for node in self._nodes.values())

    def stop(self) -> None:
        """Stop all threads; pods and nodes stay as they are."""
        self._stopping.set()
        self._queue.close()
        with self._lock:
            if self._watch:
                self._watch.stop()
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in self._threads:
            if thread.ident:
                thread.join(max(0.0, deadline - time.monotonic()))
        self._client.close()

    def _beat(self) -> None:
        """Body of the thread for the nodes."""
        reported = time.monotonic()
        while not self._stopping.wait(nodes.RENEW_SECONDS):
            acts: list[Callable[[api.Api, nodes.Node], None]] = [nodes.renew]
            if time.monotonic() - reported >= nodes.REPORT_SECONDS:
                acts.append(nodes.report)
                reported = time.monotonic()
            for node in self._nodes.values():
                for act in acts:
                    self._try(act, node)

    def _try(self, act: Callable[[api.Api, nodes.Node], None], node: nodes.Node) -> None:
        try:
            act(self._client, node)
        except api.ApiError:
            return  # a beat is lost; the next one comes before the node counts as dead

    def _follow(self) -> None:
        """Body of the thread that watches: list, then watch on from there until the server no longer knows that version."""
        version = ""
        while not self._stopping.is_set():
            try:
                version = self._watch_from(version) if version else self._list()
            except api.ApiError as error:
                version = "" if error.code == 410 else version
                self._stopping.wait(_RETRY_SECONDS)

    def _list(self) -> str:
        found = self._client.get("/api/v1/pods?fieldSelector=spec.nodeName%21%3D")
        listed = {pod["metadata"]["uid"]: pod for pod in found["items"]}
        for uid in self._pods.keys() - listed.keys():
            self._forget(uid)
        for pod in listed.values():
            self._see(pod)
        return str(found["metadata"]["resourceVersion"])

    def _watch_from(self, version: str) -> str:
        query = f"watch=true&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds={_WATCH_SECONDS}"
        watch = self._client.watch(f"/api/v1/pods?fieldSelector=spec.nodeName%21%3D&{query}", _SILENCE_SECONDS)
        with self._lock:
            self._watch = watch
            if self._stopping.is_set():
                watch.stop()
        for frame in watch:
            if frame["type"] == "ERROR":
                raise api.ApiError(frame["object"].get("code", 500), frame["object"].get("message", ""))
            version = frame["object"]["metadata"]["resourceVersion"]
            if frame["type"] == "DELETED":
                self._forget(frame["object"]["metadata"]["uid"])
            elif frame["type"] != "BOOKMARK":
                self._see(frame["object"])
        return version

    def _see(self, pod: api.Json) -> None:
        if pod["spec"]["nodeName"] not in self._nodes:
            return
        uid = pod["metadata"]["uid"]
        if uid not in self._pods:
            self._addresses[uid] = pod.get("status", {}).get("podIP") or self._free_address()
        self._pods[uid] = pod
        self._queue.add(uid, _STOP_SECONDS if "deletionTimestamp" in pod["metadata"] else 0.0)

    def _forget(self, uid: str) -> None:
        self._pods.pop(uid, None)
        self._addresses.pop(uid, None)

    def _free_address(self) -> str:
        used = set(self._addresses.values())
        while True:
            self._next_address = self._next_address % (_POD_RANGE.num_addresses - 2) + 1
            address = str(_POD_RANGE[self._next_address])
            if address not in used:
                return address

    def _work(self) -> None:
        """Body of the threads that write."""
        while (uid := self._queue.get()) is not None:
            try:
                if pod := self._pods.get(uid):
                    self._sync(pod)
            except api.ApiError as error:
                if error.code not in (404, 409):  # otherwise it is gone or has changed, and the watch says so
                    self._queue.add(uid, _RETRY_SECONDS)
            finally:
                self._queue.done(uid)

    def _sync(self, pod: api.Json) -> None:
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        if "deletionTimestamp" in metadata:
            if metadata.get("deletionGracePeriodSeconds") != 0:  # otherwise only finalizers hold it
                self._client.delete(path, {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}})
            return
        host = self._nodes[pod["spec"]["nodeName"]].address
        address = host if pod["spec"].get("hostNetwork") else self._addresses.get(metadata["uid"], "")
        if changes := pods.status_changes(pod, pods.Addresses(host, address), nodes.timestamp()):
            # With the version, a status that was derived from an outdated pod is refused; the newer pod is on its way.
            body = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "status": changes}
            self._client.patch(f"{path}/status", body, api.STRATEGIC_MERGE_PATCH)
