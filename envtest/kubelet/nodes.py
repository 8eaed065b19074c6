"""Simulated nodes: the Node objects, and the leases that keep them alive.

What flows in: a number of nodes and a client. What flows out: writes to the API; a thread of the kubelet calls. Mirrors
kubernetes pkg/kubelet/kubelet_node_status.go and pkg/kubelet/nodelease; deviation: every node is as large as no machine is.
"""

import datetime
from dataclasses import dataclass

from envtest.kubelet import api

RENEW_SECONDS = 10.0
"""How often leases are renewed, as real kubelets do."""
REPORT_SECONDS = 300.0
"""How often a node's unchanged status is written, as real kubelets do."""

_LEASE_SECONDS = 40
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_CAPACITY = {"cpu": "1k", "memory": "4Ti", "pods": "10k", "ephemeral-storage": "4Ti"}
_PRESSURES = {
    "MemoryPressure": "KubeletHasSufficientMemory",
    "DiskPressure": "KubeletHasNoDiskPressure",
    "PIDPressure": "KubeletHasSufficientPID",
}


@dataclass(frozen=True)
class Node:
    """One simulated node."""

    number: int
    version: str
    """Of the control plane, such as 1.36.3; the node says that it is the same."""

    @property
    def name(self) -> str:
        """The Node object's name."""
        return f"node-{self.number}"

    @property
    def address(self) -> str:
        """The node's IP address; nothing listens there."""
        return f"10.76.0.{self.number}"


def register(client: api.Api, node: Node) -> None:
    """Create the Node and its lease; both may be there already.

    Raises:
        api.ApiError: The server says no, or nothing.
    """
    labels = {"kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    manifest = {"metadata": {"name": node.name, "labels": labels}, "spec": {}, "status": _status(node)}
    spec = {"holderIdentity": node.name, "leaseDurationSeconds": _LEASE_SECONDS, "renewTime": _micro_time()}
    _create(client, "/api/v1/nodes", manifest)
    _create(client, _LEASES, {"metadata": {"name": node.name}, "spec": spec})


def renew(client: api.Api, node: Node) -> None:
    """Renew the node's lease.

    Raises:
        api.ApiError: The server says no, or nothing.
    """
    client.patch(f"{_LEASES}/{node.name}", {"spec": {"renewTime": _micro_time()}})


def report(client: api.Api, node: Node) -> None:
    """Write the node's status.

    Raises:
        api.ApiError: The server says no, or nothing.
    """
    client.patch(f"/api/v1/nodes/{node.name}/status", {"status": _status(node)}, api.STRATEGIC_MERGE_PATCH)


def is_ready(client: api.Api, node: Node) -> bool:
    """Ask whether the scheduler may use the node.

    Raises:
        api.ApiError: The server says no, or nothing.
    """
    found = client.get(f"/api/v1/nodes/{node.name}")
    return not found["spec"].get("taints")


def timestamp() -> str:
    """Return the time as the API writes it, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _create(client: api.Api, collection: str, manifest: api.Json) -> None:
    try:
        client.post(collection, manifest)
    except api.ApiError as error:
        if error.code != 409:
            raise


def _status(node: Node) -> api.Json:
    now = timestamp()
    conditions = [_condition(kind, "False", reason, now) for kind, reason in _PRESSURES.items()]
    return {
        "capacity": _CAPACITY,
        "allocatable": _CAPACITY,
        "addresses": [{"type": "InternalIP", "address": node.address}, {"type": "Hostname", "address": node.name}],
        "conditions": [*conditions, _condition("Ready", "True", "KubeletReady", now)],
        "nodeInfo": {
            "architecture": "amd64",
            "operatingSystem": "linux",
            "osImage": "simulated",
            "kernelVersion": "simulated",
            "containerRuntimeVersion": "simulated://1",
            "kubeletVersion": f"v{node.version}",
            "kubeProxyVersion": f"v{node.version}",
            "machineID": node.name,
            "systemUUID": node.name,
            "bootID": node.name,
        },
    }


def _condition(kind: str, status: str, reason: str, now: str) -> api.Json:
    return {"type": kind, "status": status, "reason": reason, "lastHeartbeatTime": now, "lastTransitionTime": now}
