"""A real Kubernetes control plane on this machine, for tests and demos.

What flows in: `Options`. What flows out: a running API with a kubeconfig, and nothing left behind at the end. One thread starts
and stops a `ControlPlane`; its components are processes, its simulated nodes are threads of ours. Mirrors
sigs.k8s.io/controller-runtime pkg/envtest/server.go; deviations: `components` lists them.
"""

import contextlib
import functools
import pathlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import yaml

from envtest import binaries, certificates, components, folders, kubeconfig, metrics_api, processes, versions
from envtest.kubelet import api, kubelet, nodes

_READY_WITHIN_SECONDS = 60.0
_GRACE_SECONDS = 2.0  # with its clients gone an API server ends in less; without etcd it would hang for a minute
_ETCD_GRACE_SECONDS = 0.5
_HEALTH_SECONDS = 2.0
_POLL_SECONDS = 0.05
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
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
    metrics: bool = False
    """Whether there is a metrics API, whose `ControlPlane.metrics` says how busy pods are; it needs nodes to run them."""
    allow_build: bool = True
    """Whether missing programs may be compiled, which takes minutes."""
    controller_manager_flags: tuple[str, ...] = ()
    """Flags that are added to ours, such as ``--horizontal-pod-autoscaler-sync-period=15s``; the last of a name wins."""
    api_server_flags: tuple[str, ...] = ()
    """Likewise for the API server, such as ``--audit-log-path=-``."""
    report: Callable[[str], None] = lambda _: None
    """Gets one line for each step that takes time."""


@dataclass(frozen=True)
class _Run:
    """What one run of a control plane has."""

    folder: folders.DataFolder
    starter: processes.Starter
    ports: components.Ports
    files: components.Files
    client: api.Api
    running: dict[str, processes.Process]

    @classmethod
    def prepare(cls, ports: components.Ports) -> "_Run":
        folder = folders.DataFolder()
        files = components.write_files(folder.path, ports)
        client = api.Api(api.Endpoint(components.api_url(ports), files.authority, files.admin))
        return cls(folder, processes.Starter(), ports, files, client, {})

    def stop(self) -> None:
        rest = [process for name, process in self.running.items() if name != components.ETCD]
        processes.stop(rest, _GRACE_SECONDS)
        processes.stop(self.running.values(), _ETCD_GRACE_SECONDS)
        self.client.close()
        self.starter.close()
        self.folder.remove()


class ControlPlane:
    """etcd, API server, controller-manager and scheduler, and simulated nodes; a context manager."""

    def __init__(
        self, options: Options | None = None, find_ports: Callable[[], components.Ports] = components.Ports.free
    ) -> None:
        self.options = options or Options()
        self._find_ports = find_ports
        self._paths: Mapping[str, pathlib.Path] = {}
        self._run: _Run | None = None
        self._kubelet: kubelet.Kubelet | None = None
        self._metrics: metrics_api.MetricsApi | None = None
        self.start_seconds = 0.0
        """How long the last start took, once the programs were found."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def kubeconfig(self) -> pathlib.Path:
        """Path of an administrator's kubeconfig; it needs no other file, and goes away with the control plane."""
        return self._now.folder.path / "admin.kubeconfig"

    @property
    def url(self) -> str:
        """Address of the API server."""
        return components.api_url(self._now.ports)

    @property
    def etcd_url(self) -> str:
        """Address of etcd."""
        return components.etcd_url(self._now.ports)

    @property
    def authority(self) -> pathlib.Path:
        """Path of the certificate that the API server's one chains to."""
        return self._now.files.authority

    @property
    def endpoint(self) -> api.Endpoint:
        """Where the API server is, and an administrator's certificate."""
        return api.Endpoint(self.url, self.authority, self._now.files.admin)

    @property
    def serving(self) -> certificates.Pair:
        """What the components show to their clients; whoever serves in their place on this machine can show it too."""
        return self._now.files.server

    @property
    def client(self) -> api.Api:
        """An administrator's client of the API."""
        return self._now.client

    @property
    def metrics(self) -> metrics_api.MetricsApi:
        """The metrics API, if the options ask for one."""
        if self._metrics is None:
            raise ControlPlaneError("there is no metrics API")
        return self._metrics

    def start(self) -> None:
        """Start everything and wait until it is ready.

        Raises:
            binaries.BinariesError: Programs are missing, or this is not Linux.
            ControlPlaneError: A component failed.
        """
        options = self.options
        self._paths = binaries.find(binaries.Options(options.version, options.allow_build, report=options.report))
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
        if self._run:
            self._run.stop()
        if self._metrics:
            self._metrics.stop()
        self._kubelet = self._metrics = self._run = None

    def write_kubeconfig(self, path: pathlib.Path) -> None:
        """Write an administrator's kubeconfig to *path*; readers never see half of it."""
        kubeconfig.write(path, self.url, self.authority, self._now.files.admin)

    def stop_component(self, name: str) -> None:
        """Stop one component; its data stays.

        Args:
            name: One of `components.NAMES`.
        """
        processes.stop([self._now.running.pop(name)], _GRACE_SECONDS)

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

        Raises:
            api.ApiError: etcd says no, or nothing.
        """
        run = self._now
        etcd = api.Api(api.Endpoint(self.etcd_url, run.files.authority, run.files.etcd_client))
        revision = int(etcd.post("/v3/kv/range", {"key": "AA=="})["header"]["revision"])
        etcd.post("/v3/kv/compaction", {"revision": revision, "physical": True})
        etcd.close()
        return revision

    def failed_components(self) -> dict[str, str]:
        """Return the components that ended by themselves, with the tail of their logs."""
        return {name: process.tail() for name, process in list(self._now.running.items()) if process.exit_code() is not None}

    @property
    def _now(self) -> _Run:
        if self._run is None:
            raise ControlPlaneError("the control plane does not run")
        return self._run

    def _start(self) -> None:
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)  # whatever goes wrong, Ctrl-C too: nothing may be left running
            self._run = _Run.prepare(self._find_ports())
            self.write_kubeconfig(self.kubeconfig)
            self._start_components()
            undo.pop_all()

    def _start_components(self) -> None:
        self._launch(components.ETCD)
        self._launch(components.API_SERVER)
        self._wait_ready(components.API_SERVER)
        if self.options.crds:
            self._install(self.options.crds)
        if self.options.metrics:
            self._start_metrics()
        self._launch(components.CONTROLLER_MANAGER)
        self._launch(components.SCHEDULER)
        if self.options.nodes:
            self._start_nodes()
        self._wait_ready(components.CONTROLLER_MANAGER)
        self._wait_ready(components.SCHEDULER)
        for namespace in _NAMESPACES:
            self._wait_exists(f"/api/v1/namespaces/{namespace}/serviceaccounts/default")
        if self._kubelet:
            self._wait(self._kubelet.are_nodes_ready, "the nodes")
        if self._metrics:
            self._wait(self._metrics.is_available, "the metrics API")

    def _start_nodes(self) -> None:
        self._wait_exists("/api/v1/namespaces/kube-node-lease")
        members = [nodes.Node(number, self.options.version) for number in range(1, self.options.nodes + 1)]
        self._kubelet = kubelet.Kubelet(self.endpoint, members)
        self._wait(self._kubelet.start, "the kubelet")

    def _start_metrics(self) -> None:
        self._wait_exists(f"/api/v1/namespaces/{metrics_api.NAMESPACE}")
        self._metrics = metrics_api.MetricsApi(self.endpoint, self._now.files.metrics)
        self._metrics.start()

    def _launch(self, name: str) -> None:
        run = self._now
        added = {
            components.API_SERVER: self.options.api_server_flags,
            components.CONTROLLER_MANAGER: self.options.controller_manager_flags,
        }
        command = [str(self._paths[name]), *components.flags(name, run.files, run.ports), *added.get(name, ())]
        run.running[name] = run.starter.start(command, run.files.folder / f"{name}.log")

    def _wait_ready(self, name: str) -> None:
        run = self._now
        client = api.Api(api.Endpoint(components.health_url(name, run.ports), run.files.authority, run.files.admin))
        self._wait(lambda: client.get("", timeout_seconds=_HEALTH_SECONDS), name)
        client.close()

    def _wait_exists(self, path: str) -> None:
        self._wait(lambda: self.client.get(path), path)

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait until *condition* neither returns False nor gets an error from the API."""
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while True:
            try:
                if condition() is not False:
                    return
                reason = "not yet"
            except api.ApiError as error:
                reason = str(error)
            for name, tail in self.failed_components().items():
                raise ControlPlaneError(f"{name} ended while {what} was waited for; the end of its log:\n{tail}")
            if time.monotonic() > deadline:
                raise ControlPlaneError(f"{what} is not ready after {_READY_WITHIN_SECONDS:.0f} s ({reason}){self._tail(what)}")
            time.sleep(_POLL_SECONDS)

    def _tail(self, name: str) -> str:
        process = self._now.running.get(name)
        return f"; the end of its log:\n{process.tail()}" if process else ""

    def _install(self, folder: pathlib.Path) -> None:
        crds = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
        for crd in crds:
            try:
                self.client.post(_CRDS, crd)
            except api.ApiError as error:
                raise ControlPlaneError(f"a CRD in {folder} is refused: {error}") from error
        for crd in crds:
            name = crd["metadata"]["name"]
            self._wait(functools.partial(self._is_established, f"{_CRDS}/{name}"), f"the CRD {name}")

    def _is_established(self, path: str) -> bool:
        conditions = self.client.get(path).get("status", {}).get("conditions") or []
        return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)
