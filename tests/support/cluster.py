"""A test's hands on a cluster: raw JSON over the project's own live client, and patience.

What flows in: a kubeconfig. What flows out: reads, and writes as different users would make them.
"""

import contextlib
import copy
import pathlib
import time
from collections.abc import Callable
from typing import Any

import yaml

from controller.client import interfaces, live, restmapper, transport
from informers import errors, objects

ROOT = pathlib.Path(__file__).parents[2]
SAMPLE = yaml.safe_load((ROOT / "manifests" / "samples" / "microservicedeploy.yaml").read_text())
SAMPLE_AS_GIVEN = yaml.safe_load((ROOT / "tests" / "support" / "sample_as_given.yaml").read_text())

MSD = objects.GroupVersionKind("custom.ops", "v1", "MicroServiceDeploy")
KINDS = {
    "MicroServiceDeploy": MSD,
    "Deployment": objects.GroupVersionKind("apps", "v1", "Deployment"),
    "HorizontalPodAutoscaler": objects.GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler"),
    "NetworkPolicy": objects.GroupVersionKind("networking.k8s.io", "v1", "NetworkPolicy"),
    "Ingress": objects.GroupVersionKind("networking.k8s.io", "v1", "Ingress"),
    "ReplicaSet": objects.GroupVersionKind("apps", "v1", "ReplicaSet"),
    "EndpointSlice": objects.GroupVersionKind("discovery.k8s.io", "v1", "EndpointSlice"),
    "Event": objects.GroupVersionKind("events.k8s.io", "v1", "Event"),
}


def gvk(kind: str) -> objects.GroupVersionKind:
    """Name a kind; those not listed are of the core group."""
    return KINDS.get(kind, objects.GroupVersionKind("", "v1", kind))


class Cluster:
    """One namespace of a cluster."""

    def __init__(self, kubeconfig: pathlib.Path, namespace: str) -> None:
        self._transport = transport.Transport(transport.load_config(str(kubeconfig), None), transport.TransportOptions())
        self.client = live.LiveClient(self._transport, restmapper.RESTMapper(self._transport))
        self.namespace = namespace

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return an object, or None."""
        try:
            return self.client.get(gvk(kind), self._key(kind, name))
        except errors.NotFoundError:
            return None

    def list(self, kind: str) -> list[dict[str, Any]]:
        """Return all objects of a kind in the namespace."""
        return self.client.list(gvk(kind), namespace=self.namespace)

    def _key(self, kind: str, name: str) -> objects.ObjectKey:
        return objects.ObjectKey("" if kind == "Namespace" else self.namespace, name)

    def apply(self, manifest: dict[str, Any], manager: str = "user") -> dict[str, Any]:
        """Apply as a user with kubectl would."""
        manifest = copy.deepcopy(manifest)
        manifest["metadata"]["namespace"] = self.namespace
        return self.client.apply(manifest, interfaces.ApplyOptions(manager, force=True))

    def create(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Create as a user would."""
        manifest = copy.deepcopy(manifest)
        manifest["metadata"]["namespace"] = self.namespace
        return self.client.create(manifest)

    def patch(self, kind: str, name: str, patch: dict[str, Any]) -> dict[str, Any]:
        """Merge-patch as somebody with `kubectl edit` would."""
        return self.client.merge_patch(gvk(kind), self._key(kind, name), patch)

    def delete(self, kind: str, name: str) -> None:
        """Delete; gone is fine."""
        with contextlib.suppress(errors.NotFoundError):
            self.client.delete(gvk(kind), self._key(kind, name))

    def secret(self, name: str = "tenant-auth") -> dict[str, Any]:
        """Create a tenant's credentials."""
        data = {"auth": "tenant:$2y$05$c29tZS1zYWx0LWhlcmUuLuVVtWzYJDTcwkNbP"}
        return self.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data})

    def conditions(self, name: str) -> dict[str, dict[str, Any]]:
        """Return a MicroServiceDeploy's conditions by type."""
        found = self.get("MicroServiceDeploy", name) or {}
        return {condition["type"]: condition for condition in (found.get("status") or {}).get("conditions") or ()}

    def wait_ready(self, name: str, timeout_seconds: float = 60.0) -> dict[str, Any]:
        """Wait until a MicroServiceDeploy is Ready for its present generation; return it."""

        def look() -> dict[str, Any] | None:
            found = self.get("MicroServiceDeploy", name)
            ready = self.conditions(name).get("Ready", {})
            is_ready = ready.get("status") == "True" and found and ready["observedGeneration"] == found["metadata"]["generation"]
            return found if is_ready else None

        return eventually(look, timeout_seconds, lambda: self.conditions(name))


def eventually(look: Callable[[], Any], timeout_seconds: float = 30.0, describe: Callable[[], object] = lambda: "") -> Any:
    """Call *look* until it returns something true, and return that; an assertion in it counts as "not yet"."""
    deadline = time.monotonic() + timeout_seconds
    last: BaseException | None = None
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
            last = None
        except AssertionError as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"not within {timeout_seconds} s; last seen: {describe()}") from last


def sample(name: str = "ms-sample-v1s0", **spec: Any) -> dict[str, Any]:
    """Return the sample under another name, with spec fields replaced (None removes one)."""
    manifest = copy.deepcopy(SAMPLE_AS_GIVEN)
    manifest["metadata"]["name"] = name
    manifest["spec"]["fullName"] = name
    manifest["spec"] = {key: value for key, value in {**manifest["spec"], **spec}.items() if value is not None}
    return manifest
