"""The demo's cluster: starts it, changes it, looks at it, ends it.

What flows in: the story's actions. What flows out: processes, writes to the API that they serve, and an `Observation` for each
look. The main thread only. The API is used as any program would use it, through `controller.client`.
"""

import pathlib
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import yaml

from controller.client import interfaces, live, restmapper, transport
from demo import observation, probe, processes, visitor
from informers import errors, objects
from workqueue import clock as clocks

NAMESPACE = "demo"
FIELD_MANAGER = "coxswain-demo"
_ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLE = _ROOT / "manifests" / "samples" / "microservicedeploy.yaml"
START_SECONDS = 1800.0
"""For the control plane: without its programs at hand they are downloaded, or compiled in minutes."""
INSTALL_SECONDS = 60.0
POLL_SECONDS = 0.3
CONTROL_PLANES = {"embedded": "an API server in memory", "real": "etcd and Kubernetes' own programs"}
"""What the story may run on."""
DEFAULT_AIM_PERCENT = 80
"""targetCPUUtilization where the sample does not set it."""
INSTANCE_LABEL = "app.kubernetes.io/instance"
AS_TOLD = (0, -signal.SIGTERM)
"""Exit codes of a program that was told to end; the second is that of one that had not yet begun to listen."""


class InterruptedByUserError(Exception):
    """The user asked the demo to end."""


class World:
    """A control plane, a manager, and one resource."""

    def __init__(self, control_plane: str, stop: threading.Event, clock: clocks.Clock) -> None:
        """Prepare.

        Args:
            control_plane: A key of `CONTROL_PLANES`.
            stop: Is set when the user wants to end.
            clock: Tells the time.
        """
        self._control_plane = control_plane
        self._stop = stop
        self._clock = clock
        self._folder = tempfile.TemporaryDirectory(prefix="coxswain-demo-")
        self._processes: list[processes.Process] = []
        self._client: live.LiveClient | None = None
        self._transport: transport.Transport | None = None
        self._probe = probe.Probe(observation.RESOURCE.kind.lower(), clock)
        self._uid = ""
        self._password = secrets.token_urlsafe()
        self._fields: dict[str, object] = {}
        """Of the resource's spec, where it is not the sample's."""
        self.sample: dict[str, Any] = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
        self.key = objects.ObjectKey(NAMESPACE, self.sample["metadata"]["name"])

    @property
    def folder(self) -> pathlib.Path:
        """Where kubeconfig and logs are until the end."""
        return pathlib.Path(self._folder.name)

    @property
    def kubeconfig(self) -> pathlib.Path:
        """The kubeconfig of the demo's own cluster."""
        return self.folder / "kubeconfig"

    def start_control_plane(self) -> str:
        """Start a Kubernetes API with two simulated nodes, wait until it answers, and say what it is."""
        command = [sys.executable, "-m", "envtest", "up", "--kubeconfig-out", str(self.kubeconfig), "--nodes", "2"]
        command += ["--metrics", "--control-plane", self._control_plane]
        # The garbage collector takes up to half a minute to notice a kind that came after it; these are there when it starts.
        command += ["--crds", str(_ROOT / "crds")]
        process = processes.Process("control plane", command, self.folder / "control-plane.log", is_progress_shown=True)
        self._processes.append(process)
        self._wait(process, self.kubeconfig.exists, "a kubeconfig", START_SECONDS)
        config = transport.load_config(str(self.kubeconfig), None)
        self._transport = transport.Transport(config, transport.TransportOptions(clock=self._clock))
        self._client = live.LiveClient(self._transport, restmapper.RESTMapper(self._transport), on_write=None)
        self._wait(process, self._is_serving, "an answer of the API server", 60.0)
        nodes = self._client.list(objects.GroupVersionKind("", "v1", "Node"))
        return f"{CONTROL_PLANES[self._control_plane]}, {len(nodes)} simulated nodes, {self._transport.host}"

    def install(self) -> str:
        """Install the CustomResourceDefinitions as a user would, and return what the installer printed."""
        command = [sys.executable, "-m", "controller", "install", "--kubeconfig", str(self.kubeconfig)]
        return processes.Process("coxswain install", command, self.folder / "install.log").result(INSTALL_SECONDS, self.pause)

    def start_manager(self) -> str:
        """Start the manager as a user would, and wait until it is ready."""
        command = [sys.executable, "-m", "controller", "run", "--kubeconfig", str(self.kubeconfig)]
        command += ["--metrics-bind-address", self._probe.metrics_address]
        command += ["--health-probe-bind-address", self._probe.health_address]
        process = processes.Process("manager", command, self.folder / "manager.log")
        self._processes.append(process)
        self._wait(process, self._probe.is_ready, "/readyz to answer 200", 60.0)
        return "/readyz answers 200"

    def prepare(self) -> str:
        """Make the namespace and the tenant's Secret, with a password that nobody is told."""
        metadata = {"name": self._tenant, "namespace": NAMESPACE}
        self._apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        htpasswd = f"{visitor.USER}:{{PLAIN}}{self._password}\n"
        self._apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"auth": htpasswd}})
        return f"namespace {NAMESPACE}, Secret {metadata['name']}"

    def apply(self, **fields: object) -> None:
        """Apply the sample with *fields* of its spec as given, and those given before."""
        self._fields |= fields
        metadata = {**self.sample["metadata"], "namespace": NAMESPACE}
        spec = {**self.sample["spec"], **self._fields}
        self._uid = self._apply({**self.sample, "metadata": metadata, "spec": spec})["metadata"]["uid"]

    def visit(self) -> str:
        """Send requests with a wrong and with the right password through the real proxy of a pod; say what came of it."""
        tenant = self.client.get(observation.SECRET, objects.ObjectKey(NAMESPACE, self._tenant))
        pods = [pod for pod in self.client.list(observation.POD, namespace=NAMESPACE) if visitor.is_visitable(pod)]
        if not pods:
            raise processes.FailedError("there is no pod with a proxy")
        return visitor.Visitor(self.folder, self._password, self.pause).visit(pods[0], tenant)

    def load(self, pods: int) -> None:
        """Let the pods together use as much CPU as *pods* of them do at the use that the autoscaler aims at."""
        spec = self.sample["spec"]
        aim = spec.get("targetCPUUtilization", DEFAULT_AIM_PERCENT)
        millicores = pods * int(spec["resourceRequirements"]["requests"]["cpu"]) * 1000 * aim // 100
        body = {"labels": {INSTANCE_LABEL: self.key.name}, "container": "app", "millicores": millicores}
        path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{NAMESPACE}/usage"
        self.connected.request(transport.Request("PUT", path, body=msgspec.json.encode(body)))

    def delete_child(self, kind: str) -> str:
        """Delete the child of *kind* behind the operator's back, and return the uid that it had."""
        child = self.look().child(kind)
        if child is None:
            raise processes.FailedError(f"there is no {kind} to delete")
        name = objects.ObjectKey(NAMESPACE, child["metadata"]["name"])
        self.client.delete(observation.CHILDREN[kind], name)
        return str(child["metadata"]["uid"])

    def remove(self) -> None:
        """Delete the resource."""
        self.client.delete(observation.RESOURCE, self.key)

    def look(self) -> observation.Observation:
        """Look at the resource, its children, and the manager's count of its runs."""
        for process in self._processes:
            process.require_running()
        try:
            resource = self.client.get(observation.RESOURCE, self.key)
        except errors.NotFoundError:
            resource = None
        kinds = observation.CHILDREN.values()
        found = [{**child, "kind": gvk.kind} for gvk in kinds for child in self.client.list(gvk, namespace=NAMESPACE)]
        children = tuple(child for child in found if observation.is_child(child, self._uid))
        return observation.Observation(resource, children, self._probe.reconciles())

    def pause(self, seconds: float = POLL_SECONDS) -> None:
        """Let time pass.

        Raises:
            InterruptedByUserError: The user asked the demo to end.
        """
        if self._clock.wait_event(self._stop, seconds):
            raise InterruptedByUserError

    def manager_log(self, number: int) -> str:
        """Return the last lines of the manager's log; nothing before it was started."""
        manager = next((process for process in self._processes if process.name == "manager"), None)
        return manager.last_lines(number) if manager else ""

    def close(self) -> str:
        """End all processes, the last first, and remove their files; say what was not as it should be."""
        codes = {process.name: process.stop() for process in reversed(self._processes)}
        if self._transport is not None:
            self._transport.close()
        self._folder.cleanup()
        return ", ".join(f"{name} ended with exit code {code}" for name, code in codes.items() if code not in AS_TOLD)

    @property
    def _tenant(self) -> str:
        return str(self.sample["spec"].get("tenant", "tenant-auth"))

    @property
    def connected(self) -> transport.Transport:
        """The connection to the demo's own cluster; there is none before the control plane runs."""
        if self._transport is None:
            raise processes.FailedError("the control plane does not run")
        return self._transport

    @property
    def client(self) -> live.LiveClient:
        """The client of the demo's own cluster; there is none before the control plane runs."""
        if self._client is None:
            raise processes.FailedError("the control plane does not run")
        return self._client

    def _apply(self, manifest: dict[str, Any]) -> dict[str, Any]:
        return self.client.apply(manifest, interfaces.ApplyOptions(FIELD_MANAGER, force=True))

    def _wait(self, process: processes.Process, is_there: Callable[[], bool], what: str, timeout_seconds: float) -> None:
        deadline = self._clock.monotonic() + timeout_seconds
        while not is_there():
            process.require_running()
            if self._clock.monotonic() > deadline:
                raise processes.FailedError(f"waited {timeout_seconds:g} s for {what}")
            self.pause(0.1)

    def _is_serving(self) -> bool:
        try:
            return bool(self.client.list(objects.GroupVersionKind("", "v1", "Namespace")))
        except (errors.ApiError, errors.TransportError):
            return False
