"""A real Kubernetes control plane on this machine, for tests and demos.

What flows in: `Options`. What flows out: a running API with a kubeconfig, and nothing left behind at the end. One thread starts
and stops a `ControlPlane`; its components are processes, its simulated nodes are threads of ours. Mirrors
sigs.k8s.io/controller-runtime pkg/envtest/server.go; deviations: `components` lists them.
"""

import contextlib
import functools
import pathlib
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import yaml

from envtest import binaries, components, kubeconfig, processes, versions
from envtest.kubelet import api, kubelet, nodes

_READY_WITHIN_SECONDS = 60.0
_GRACE_SECONDS = 2.0  # with its clients gone an API server ends in less; without etcd it would hang for a minute
_ETCD_GRACE_SECONDS = 0.5
_PORT_TAKEN = "address already in use"
_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


class ControlPlaneError(Exception):
    """A control plane cannot be started, or a component of it failed; the message holds the tail of its log."""


@dataclass(frozen=True)
class Options:
    """What a control plane should be like."""

    version: str = versions.DEFAULT
    nodes: int = 0
    """How many simulated nodes there are; without a node pods stay Pending."""
    crds: pathlib.Path | None = None
    """Folder of CRDs to install before the controller-manager starts, so that it collects garbage of their kinds from the start:
    for kinds that come later it takes up to 30 s to notice them."""
    allow_build: bool = True
    """Whether missing programs may be compiled, which takes minutes."""
    controller_manager_flags: tuple[str, ...] = ()
    """Flags that are added to ours, such as ``--horizontal-pod-autoscaler-sync-period=15s``; the last of a name wins."""
    report: Callable[[str], None] = lambda _: None
    """Gets one line for each step that takes time."""


class ControlPlane:
    """etcd, API server, controller-manager and scheduler, and simulated nodes; a context manager."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self._paths = dict[str, pathlib.Path]()
        self._running = dict[str, processes.Process]()
        self._folder: pathlib.Path | None = None
        self._starter: processes.Starter | None = None
        self._ports: components.Ports | None = None
        self._files: components.Files | None = None
        self._api: api.Api | None = None
        self._kubelet: kubelet.Kubelet | None = None
        self.start_seconds = 0.0
        """How long the last start took, programs found."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def kubeconfig(self) -> pathlib.Path:
        """Path of a kubeconfig of an administrator; it needs no other file and goes with the control plane."""
        if self._folder is None:
            raise ControlPlaneError("the control plane does not run")
        return self._folder / "admin.kubeconfig"

    @property
    def url(self) -> str:
        """Address of the API server."""
        if self._ports is None:
            raise ControlPlaneError("the control plane does not run")
        return components.api_url(self._ports)

    @property
    def authority(self) -> pathlib.Path:
        """Path of the certificate that the API server's one chains to."""
        return self._made.authority

    def start(self) -> None:
        """Start everything and wait until it is ready.

        Raises:
            binaries.BinariesError: Programs are missing, or this is not Linux.
            ControlPlaneError: A component failed.
        """
        found = binaries.find(binaries.Options(self.options.version, self.options.allow_build, report=self.options.report))
        self._paths = dict(found)
        began = time.monotonic()
        try:
            self._start()
        except ControlPlaneError as error:
            if _PORT_TAKEN not in str(error):
                raise
            self._start()  # with other ports
        self.start_seconds = time.monotonic() - began

    def stop(self) -> None:
        """Stop everything, API server before etcd, and remove the data; harmless if nothing runs."""
        if self._kubelet:
            self._kubelet.stop()
        rest = [process for name, process in self._running.items() if name != components.ETCD]
        processes.stop(rest, _GRACE_SECONDS)
        processes.stop(self._running.values(), _ETCD_GRACE_SECONDS)
        self._running.clear()
        if self._api:
            self._api.close()
        if self._starter:
            self._starter.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._kubelet = self._api = self._starter = self._folder = self._ports = self._files = None

    def stop_component(self, name: str) -> None:
        """Stop one component, `components.API_SERVER` say; its data stays.

        Args:
            name: One of `components.NAMES`.
        """
        processes.stop([self._running.pop(name)], _GRACE_SECONDS)

    def start_component(self, name: str) -> None:
        """Start one component, on the same port as before, and wait until it is ready.

        Args:
            name: One of `components.NAMES`.

        Raises:
            ControlPlaneError: It failed.
        """
        self._launch(name)
        self._wait_ready(name)

    def compact(self) -> int:
        """Compact etcd's history at its present revision, so that reads of older resourceVersions answer 410.

        The API server's watch cache may still know older events; restart it to forget them too.

        Returns:
            The revision, which is also a resourceVersion.
        """
        etcd = api.Api(api.Endpoint(components.etcd_url(self._bound), self._made.authority, self._made.etcd_client))
        revision = int(etcd.post("/v3/kv/range", {"key": "AA=="})["header"]["revision"])
        etcd.post("/v3/kv/compaction", {"revision": revision, "physical": True})
        etcd.close()
        return revision

    def failed_components(self) -> dict[str, str]:
        """Return the components that ended by themselves, with the tail of their logs."""
        return {name: process.tail() for name, process in self._running.items() if process.exit_code() is not None}

    @property
    def client(self) -> api.Api:
        """An administrator's client of the API."""
        if self._api is None:
            raise ControlPlaneError("the control plane does not run")
        return self._api

    @property
    def _bound(self) -> components.Ports:
        if self._ports is None:
            raise ControlPlaneError("the control plane does not run")
        return self._ports

    @property
    def _made(self) -> components.Files:
        if self._files is None:
            raise ControlPlaneError("the control plane does not run")
        return self._files

    def _start(self) -> None:
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)  # whatever goes wrong, Ctrl-C too: nothing may be left running
            self._start_components()
            undo.pop_all()

    def _start_components(self) -> None:
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="coxswain-envtest-"))
        self._starter = processes.Starter()
        self._ports = components.Ports.free()
        self._files = components.write_files(self._folder, self._ports)
        kubeconfig.write(self.kubeconfig, self.url, self._files.authority, self._files.admin)
        self._api = api.Api(api.Endpoint(self.url, self._files.authority, self._files.admin))
        self._launch(components.ETCD)
        self._launch(components.API_SERVER)
        self._wait_ready(components.API_SERVER)
        if self.options.crds:
            self._install(self.options.crds)
        self._launch(components.CONTROLLER_MANAGER)
        self._launch(components.SCHEDULER)
        if self.options.nodes:
            self._start_nodes()
        self._wait_ready(components.CONTROLLER_MANAGER)
        self._wait_ready(components.SCHEDULER)
        for namespace in _NAMESPACES:
            path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
            self._wait(functools.partial(self._exists, path), f"the namespace {namespace}")
        if self._kubelet:
            self._wait(self._kubelet.are_nodes_ready, "the nodes")

    def _start_nodes(self) -> None:
        assert self._files
        members = [nodes.Node(number, self.options.version) for number in range(1, self.options.nodes + 1)]
        self._kubelet = kubelet.Kubelet(api.Endpoint(self.url, self._files.authority, self._files.admin), members)
        self._kubelet.start()

    def _launch(self, name: str) -> None:
        assert self._starter
        extra = self.options.controller_manager_flags if name == components.CONTROLLER_MANAGER else ()
        command = [str(self._paths[name]), *components.flags(name, self._made, self._bound), *extra]
        self._running[name] = self._starter.start(command, self._made.folder / f"{name}.log")

    def _wait_ready(self, name: str) -> None:
        client = api.Api(api.Endpoint("", self._made.authority, self._made.admin))
        self._wait(lambda: self._answers(client, components.health_url(name, self._bound)), name)
        client.close()

    def _answers(self, client: api.Api, url: str) -> bool:
        try:
            client.get(url, timeout_seconds=2.0)
        except api.ApiError:
            return False
        return True

    def _exists(self, path: str) -> bool:
        return self._answers(self.client, path)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not condition():
            for name, tail in self.failed_components().items():
                raise ControlPlaneError(f"{name} ended while {what} was starting; the end of its log:\n{tail}")
            if time.monotonic() > deadline:
                raise ControlPlaneError(f"{what} is not ready after {_READY_WITHIN_SECONDS:.0f} s")
            time.sleep(0.05)

    def _install(self, folder: pathlib.Path) -> None:
        crds = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
        collection = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        for crd in crds:
            self.client.post(collection, crd)
        for crd in crds:
            name = crd["metadata"]["name"]
            self._wait(functools.partial(self._is_established, f"{collection}/{name}"), f"the CRD {name}")

    def _is_established(self, path: str) -> bool:
        conditions = self.client.get(path).get("status", {}).get("conditions") or []
        return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)
