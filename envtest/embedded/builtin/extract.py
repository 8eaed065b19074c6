"""Extracts what a real API server tells of its built-in kinds: ``python -m envtest.embedded.builtin.extract --kubeconfig FILE``.

What flows in: an administrator's kubeconfig of a real control plane, as ``python -m envtest up`` writes it. What flows out: the
files of ``data/``, which `resources` and `defaults` read. One thread. Run it when the version of Kubernetes rises; see the diff.
"""

import argparse
import base64
import json
import pathlib
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import urllib3
import yaml

from envtest.embedded.builtin import recording, resources

Json = dict[str, Any]

DATA = pathlib.Path(__file__).with_name("data")
KINDS: Mapping[str, tuple[str, ...]] = {
    "v1": (
        "configmaps", "endpoints", "events", "limitranges", "namespaces", "nodes", "persistentvolumeclaims",
        "persistentvolumes", "pods", "podtemplates", "resourcequotas", "secrets", "serviceaccounts", "services",
    ),
    "apiextensions.k8s.io/v1": ("customresourcedefinitions",),
    "apps/v1": ("controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"),
    "autoscaling/v1": ("horizontalpodautoscalers",),
    "autoscaling/v2": ("horizontalpodautoscalers",),
    "batch/v1": ("cronjobs", "jobs"),
    "coordination.k8s.io/v1": ("leases",),
    "discovery.k8s.io/v1": ("endpointslices",),
    "events.k8s.io/v1": ("events",),
    "networking.k8s.io/v1": ("ingressclasses", "ingresses", "networkpolicies"),
    "policy/v1": ("poddisruptionbudgets",),
    "rbac.authorization.k8s.io/v1": ("clusterrolebindings", "clusterroles", "rolebindings", "roles"),
    "scheduling.k8s.io/v1": ("priorityclasses",),
    "storage.k8s.io/v1": ("storageclasses",),
}  # fmt: skip
"""The built-in resources, by apiVersion."""
EXTRA_DEFINITIONS = (
    "io.k8s.api.autoscaling.v1.Scale",
    "io.k8s.api.policy.v1.Eviction",
    "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Status",
)

_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
_REFERENCE = "#/components/schemas/"
_SECONDS = 30.0


class Server:
    """A client of a real API server."""

    def __init__(self, kubeconfig: pathlib.Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._url = cluster["server"]
        self._folder = tempfile.TemporaryDirectory()
        self._pool = urllib3.PoolManager(
            ca_certs=self._write("ca.crt", cluster["certificate-authority-data"]),
            cert_file=self._write("client.crt", user["client-certificate-data"]),
            key_file=self._write("client.key", user["client-key-data"]),
        )

    def get(self, path: str, accept: str = "application/json") -> Json:
        """Read what is at *path*."""
        return self.request("GET", path, None, accept)[1]

    def request(self, method: str, path: str, body: Json | None, accept: str = "application/json") -> tuple[int, Json]:
        """Return the code and body of an answer, whatever it is."""
        answer = self.ask(method, path, body, accept)
        return answer.status, json.loads(answer.data)

    def ask(self, method: str, path: str, body: Json | None, accept: str = "application/json") -> urllib3.BaseHTTPResponse:
        """Return an answer, whatever it is."""
        headers = {"Accept": accept, "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        return self._pool.request(method, self._url + path, body=content, headers=headers, timeout=_SECONDS)

    def close(self) -> None:
        """Forget the connections and the files of the certificates."""
        self._pool.clear()
        self._folder.cleanup()

    def _write(self, name: str, content: str) -> str:
        path = pathlib.Path(self._folder.name, name)
        path.write_bytes(base64.b64decode(content))
        return str(path)


def collection(api_version: str) -> str:
    """Return the path below which the resources of *api_version* are."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def discovery(server: Server) -> Json:
    """Return the entries of discovery of our kinds, by apiVersion."""
    found = {}
    for api_version, plurals in KINDS.items():
        entries = server.get(collection(api_version))["resources"]
        found[api_version] = [entry for entry in entries if entry["name"].partition("/")[0] in plurals]
    return found


def definitions(server: Server) -> Json:
    """Return the OpenAPI definitions that our kinds need, without descriptions."""
    known: Json = {}
    for api_version in KINDS:
        known |= server.get(f"/openapi/v3{collection(api_version)}")["components"]["schemas"]
    roots = [name for name, node in known.items() if _is_root(node)]
    needed = _reachable(known, [*roots, *EXTRA_DEFINITIONS])
    return {name: _pruned(known[name]) for name in sorted(needed)}


def columns(server: Server, entries: Json) -> Json:
    """Return the columns that the server prints of each resource, by apiVersion and plural."""
    found = {}
    for api_version, listed in entries.items():
        for entry in listed:
            if "/" not in entry["name"]:
                table = server.get(f"{collection(api_version)}/{entry['name']}?limit=1", _TABLE)
                found[f"{api_version}/{entry['name']}"] = table["columnDefinitions"]
    return found


def decoding(server: Server) -> Json:
    """Return how the server decodes and defaults each definition; the files that `write` wrote before say which there are."""
    found = sorted(resources.Registry.built_in().all(), key=_pods_last)
    with recording.Echo(server) as echo:
        return recording.record(echo, [root(resource) for resource in found])


def root(resource: resources.Resource) -> recording.Root:
    """Return how objects of *resource* are recorded."""
    return recording.Root(resource.api_version, resource.kind, creation(resource), resource.schema)


def _pods_last(resource: resources.Resource) -> int:
    """Order kinds so that admission, which adds to a Pod and refuses much of it, is not taken for decoding."""
    return {"PodTemplate": 0, "Pod": 2}.get(resource.kind, 1)


def creation(resource: resources.Resource, namespace: str = "default") -> str:
    """Return the path where objects of *resource* are created."""
    place = f"namespaces/{namespace}/" if resource.is_namespaced else ""
    return f"{collection(resource.api_version)}/{place}{resource.plural}"


def _is_root(node: Json) -> bool:
    kinds = node.get("x-kubernetes-group-version-kind", [])
    versions = {f"{kind['group']}/{kind['version']}".lstrip("/") for kind in kinds}
    return len(kinds) == 1 and bool(versions & KINDS.keys()) and "items" not in node.get("properties", {})


def _reachable(known: Json, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(known[name])
    return found


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"].removeprefix(_REFERENCE)] if isinstance(node.get("$ref"), str) else []
        return own + [name for value in node.values() for name in _references(value)]
    return [name for value in node for name in _references(value)] if isinstance(node, list) else []


def _pruned(node: Any) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(node, dict):
        return {key: _pruned(value) for key, value in node.items() if not (key == "description" and isinstance(value, str))}
    return [_pruned(value) for value in node] if isinstance(node, list) else node


def write(folder: pathlib.Path, name: str, content: Mapping[str, Any]) -> None:
    """Write a file of data, a line for each entry, so that a diff can be read."""
    lines = (f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in content.items())
    folder.joinpath(f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    name = "python -m envtest.embedded.builtin.extract"
    parser = argparse.ArgumentParser(prog=name, description="Extract what a real server tells.")
    parser.add_argument("--kubeconfig", required=True, type=pathlib.Path, help="an administrator's kubeconfig")
    server = Server(parser.parse_args(arguments).kubeconfig)
    try:
        DATA.mkdir(exist_ok=True)
        entries = discovery(server)
        write(DATA, "discovery", entries)
        write(DATA, "definitions", definitions(server))
        write(DATA, "columns", columns(server, entries))
        write(DATA, "decoding", decoding(server))
    finally:
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
