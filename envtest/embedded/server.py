"""A control plane in memory, with the surface of the real one: `controlplane.ControlPlane`.

What flows in: `controlplane.Options`. What flows out: an API over HTTPS with a kubeconfig, and nothing left behind at the end.
Any thread may call; what it asks of the objects is done by the one thread in which the loop runs, and which owns all of them.
Mirrors `envtest/controlplane.py`.
"""

import asyncio
import contextlib
import datetime
import pathlib
import ssl
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

import yaml
from aiohttp import web

from envtest import certificates, components, controlplane, folders, kubeconfig
from envtest.embedded.api import pipeline, seeds, store, watches
from envtest.embedded.builtin import resources
from envtest.embedded.controllers import autoscaler, manager, metrics
from envtest.embedded.http import http_api
from envtest.kubelet import api as client_api
from envtest.kubelet import kubelet, nodes

LOOPBACK = "127.0.0.1"

_HOSTS = (LOOPBACK, "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "10.0.0.1")
_BACKLOG = 512
_ANSWER_SECONDS = 30.0
_STOP_SECONDS = 2.0
_CONNECTION_SECONDS = 0.1  # what running requests get at the end; the others are watches, which never end by themselves
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_POLL_SECONDS = 0.01
_READY_WITHIN_SECONDS = 20.0

Result = TypeVar("Result")


@dataclass(frozen=True)
class Settings:
    """What only the embedded server can be told."""

    bookmark_seconds: float = 60.0
    """How often watches get bookmarks."""
    window: int = store.WINDOW
    """How many events of each kind are remembered."""
    port: int = 0
    """Where to listen; 0: the system chooses."""
    autoscaler_seconds: float = autoscaler.PERIOD_SECONDS
    """How often each autoscaler looks."""


@dataclass
class _Run:
    """What one run has."""

    folder: folders.DataFolder
    authority: certificates.Authority
    serving: certificates.Pair
    admin: certificates.Pair
    api: pipeline.Api
    http: http_api.HttpApi
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    thread: threading.Thread | None = None
    server: web.Server | None = None
    runner: web.ServerRunner | None = None
    controllers: manager.Manager | None = None
    port: int = 0


class EmbeddedControlPlane:
    """API server and controllers in one thread, and simulated nodes; a context manager."""

    def __init__(self, options: controlplane.Options | None = None, settings: Settings | None = None) -> None:
        self.options = options or controlplane.Options()
        self.settings = settings or Settings()
        self._now: _Run | None = None
        self._client: client_api.Api | None = None
        self._kubelet: kubelet.Kubelet | None = None
        self.start_seconds = 0.0
        """How long the last start took."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def kubeconfig(self) -> pathlib.Path:
        """Path of an administrator's kubeconfig; it needs no other file, and goes away with the control plane."""
        return self._run.folder.path / "admin.kubeconfig"

    @property
    def url(self) -> str:
        """Address of the API server."""
        return f"https://{LOOPBACK}:{self._run.port}"

    @property
    def authority(self) -> pathlib.Path:
        """Path of the certificate that the API server's one chains to."""
        return self._run.authority.certificate

    @property
    def endpoint(self) -> client_api.Endpoint:
        """The API server, as an administrator reaches it."""
        return client_api.Endpoint(self.url, self.authority, self._run.admin)

    @property
    def serving(self) -> certificates.Pair:
        """What the API server shows; a proxy before it may show the same."""
        return self._run.serving

    @property
    def client(self) -> client_api.Api:
        """An administrator's client of the API."""
        if self._client is None:
            raise controlplane.ControlPlaneError("the control plane does not run")
        return self._client

    @property
    def metrics(self) -> metrics.Metrics:
        """The metrics API, if the options ask for one."""
        known = self._run.controllers.metrics if self._run.controllers else None
        if known is None:
            raise controlplane.ControlPlaneError("there is no metrics API")
        return known

    @property
    def requests(self) -> list[http_api.Record]:
        """The latest requests, oldest first."""
        log = self._run.http.log
        return self.call(lambda _: list(log))

    def start(self) -> None:
        """Start everything and wait until it is ready.

        Raises:
            controlplane.ControlPlaneError: It cannot be started.
        """
        began = time.monotonic()
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)  # whatever goes wrong, Ctrl-C too: nothing may be left running
            self._now = run = self._prepare()
            run.thread = threading.Thread(target=_serve, args=(run.loop,), name="envtest-api", daemon=True)
            run.thread.start()
            asyncio.run_coroutine_threadsafe(_begin(run, self.options, self.settings), run.loop).result(_ANSWER_SECONDS)
            asyncio.run_coroutine_threadsafe(_listen(run, self.settings.port), run.loop).result(_ANSWER_SECONDS)
            self.write_kubeconfig(self.kubeconfig)
            self._client = client_api.Api(self.endpoint)
            self._wait(lambda: self.call(_has_accounts), "the service accounts")
            if self.options.crds:
                self._install(self.options.crds)
            if self.options.nodes:
                self._start_nodes()
            undo.pop_all()
        self.start_seconds = time.monotonic() - began

    def stop(self) -> None:
        """Stop everything and remove the data; harmless if nothing runs."""
        if self._kubelet:
            self._kubelet.stop()
        if self._client:
            self._client.close()
        if run := self._now:
            if run.thread:
                asyncio.run_coroutine_threadsafe(_close(run), run.loop).result(_STOP_SECONDS)
                run.loop.call_soon_threadsafe(run.loop.stop)
                run.thread.join(_STOP_SECONDS)
            run.loop.close()
            run.folder.remove()
        self._kubelet = self._client = self._now = None

    def write_kubeconfig(self, path: pathlib.Path) -> None:
        """Write an administrator's kubeconfig to *path*; readers never see half of it."""
        kubeconfig.write(path, self.url, self.authority, self._run.admin)

    def compact(self) -> int:
        """Forget all history, so that reads of older resourceVersions answer 410.

        Returns:
            The present revision, which is also a resourceVersion.
        """
        return self.call(lambda api: api.store.compact())

    def stop_component(self, name: str) -> None:
        """Stop to listen, and break all connections off; the data stays.

        Args:
            name: `components.API_SERVER`; the others cannot be stopped.

        Raises:
            controlplane.ControlPlaneError: It is another.
        """
        self._do_to(name, _listen_no_more(self._run))

    def start_component(self, name: str) -> None:
        """Listen again, on the same port as before.

        Args:
            name: `components.API_SERVER`.

        Raises:
            controlplane.ControlPlaneError: It is another.
        """
        self._do_to(name, _listen(self._run, self._run.port))

    def _do_to(self, name: str, act: Coroutine[None, None, None]) -> None:
        if name != components.API_SERVER:
            act.close()
            raise controlplane.ControlPlaneError(f"{name} is no component that can be stopped")
        asyncio.run_coroutine_threadsafe(act, self._run.loop).result(_ANSWER_SECONDS)

    def failed_components(self) -> dict[str, str]:
        """Return the components that ended by themselves, with what they said last."""
        thread = self._run.thread
        return {} if thread and thread.is_alive() else {"envtest-api": "its thread has ended"}

    def call(self, ask: Callable[[pipeline.Api], Result]) -> Result:
        """Let the thread of the loop do something with the objects, and return what that returns."""
        run = self._run

        async def answer() -> Result:
            return ask(run.api)

        return asyncio.run_coroutine_threadsafe(answer(), run.loop).result(_ANSWER_SECONDS)

    @property
    def _run(self) -> _Run:
        if self._now is None:
            raise controlplane.ControlPlaneError("the control plane does not run")
        return self._now

    def _prepare(self) -> _Run:
        api = pipeline.Api(resources.Registry.built_in(), store.Store(self.settings.window), _utc_now)
        seeds.plant(api)
        folder = folders.DataFolder()
        authority = certificates.Authority(folder.path)
        settings = http_api.Settings(self.options.version, watches.Settings(self.settings.bookmark_seconds))
        return _Run(
            folder,
            authority,
            serving=authority.issue("kube-apiserver", hosts=_HOSTS),
            admin=authority.issue("envtest-admin", ("system:masters",)),
            api=api,
            http=http_api.HttpApi(api, settings),
        )

    def _install(self, folder: pathlib.Path) -> None:
        """Install the definitions of a folder."""
        for path in sorted(folder.glob("*.yaml")):
            definition = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
            try:
                self.client.post(_CRDS, definition)
            except client_api.ApiError as error:
                raise controlplane.ControlPlaneError(f"a CRD in {folder} is refused: {error}") from error

    def _start_nodes(self) -> None:
        members = [nodes.Node(number, self.options.version) for number in range(1, self.options.nodes + 1)]
        self._kubelet = kubelet.Kubelet(self.endpoint, members)
        self._kubelet.start()
        self._wait(self._kubelet.are_nodes_ready, "the nodes")

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise controlplane.ControlPlaneError(f"{what} are not ready after {_READY_WITHIN_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)


def _utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Body of the thread that owns the objects."""
    asyncio.set_event_loop(loop)
    loop.run_forever()


def _has_accounts(api: pipeline.Api) -> bool:
    """Ask whether pods can be made in the first namespaces."""
    accounts = api.registry.find("", "v1", "serviceaccounts")
    assert accounts is not None
    return all(api.store.get(accounts, namespace, "default") for namespace in seeds.NAMESPACES)


async def _begin(run: _Run, options: controlplane.Options, settings: Settings) -> None:
    """Let the controllers work."""
    authority = run.authority.certificate.read_text(encoding="ascii")
    wanted = manager.Options(authority, options.metrics, settings.autoscaler_seconds)
    run.controllers = manager.Manager(run.api, run.loop, wanted)
    run.controllers.start()
    if known := run.controllers.metrics:
        run.http.aggregated.append(known.group)


async def _listen(run: _Run, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(run.serving.certificate, run.serving.key)
    context.load_verify_locations(run.authority.certificate)
    context.verify_mode = ssl.CERT_OPTIONAL  # who shows none is answered, with 401
    run.server = run.http.server()
    run.runner = web.ServerRunner(run.server, shutdown_timeout=_CONNECTION_SECONDS)
    await run.runner.setup()
    site = web.TCPSite(run.runner, LOOPBACK, port, ssl_context=context, backlog=_BACKLOG)
    await site.start()
    run.port = run.runner.addresses[0][1]


async def _listen_no_more(run: _Run) -> None:
    if run.runner and run.server:
        transports = [connection.transport for connection in run.server.connections]
        await run.runner.cleanup()
        for transport in transports:
            if transport:
                transport.abort()  # cleanup asks politely, and would leave them open until the client has answered
        await asyncio.sleep(0)
    run.runner = run.server = None


async def _close(run: _Run) -> None:
    if run.controllers:
        run.controllers.stop()
    await _listen_no_more(run)
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
