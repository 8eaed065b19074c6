"""HTTP to one API server: the only module that uses the `kubernetes` package, and one of the few that read the environment.

What flows in: a kubeconfig or a pod's service account; requests as method, path and bytes. What flows out: answers as bytes, and
streams. Any thread may call; `Transport.close` makes calls in progress end. Two pools of connections, so that nothing starves
anything: one for the workers, one for watches and the informers' lists (an elector will bring its own). Mirrors client-go/rest;
deviations: HTTP/1.1, no client-side rate limit (the server's priority and fairness does that), and no compression (it costs more
than the network saves on the way to a server nearby).

Credentials: a pod's token is read again when it is a minute old, an exec plugin is asked again when what it gave expires. A 401
makes all be read again, once a request: also a kubeconfig's tokenFile, and client certificates. A CA file is read for each new
connection. An exec plugin has no deadline: requests wait for it. HTTPS_PROXY and NO_PROXY count, and a kubeconfig's proxy-url
and tls-server-name.

Every request goes through `Transport._exchange`, again for each try: the one place where a lease can be asked for.
"""

import copy
import importlib.metadata
import os
import pathlib
import sys
import threading
import urllib.parse
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

import urllib3

from controller.client import answers, connections, kubeconfig, retry
from controller.client import stream as streams
from informers import errors
from workqueue import clock as clocks

ConfigError = kubeconfig.ConfigError

CONNECT_SECONDS = 10.0
READ_SECONDS = 70.0
"""A watch that shows nothing for this long is dead: bookmarks come about every 60 s."""
WATCHES = 100
"""How many watch connections are kept for reuse; more may be open."""
SERVICE_ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
_CHUNK_BYTES = 1 << 18

_T = TypeVar("_T")


@dataclass(frozen=True)
class Config:
    """How to reach and to convince an API server."""

    load: Callable[[], Any] = field(repr=False)
    """Returns a fresh `kubernetes.client.Configuration`: files are read and exec plugins asked again. Raises `ConfigError`."""
    namespace: str
    """The context's or the pod's namespace; "default" if neither says."""
    source: str
    """Where it comes from, for logs."""


@dataclass(frozen=True)
class Request:
    """One request."""

    method: str
    path: str
    """Absolute, already quoted."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    timeout_seconds: float = 30.0
    """For each try and each of its parts: a free connection, each read of the answer's head, the answer's body."""
    is_informers: bool = False
    """Sent beside the watches, so that a worker never waits for an informer's long list."""


@dataclass(frozen=True)
class Response:
    """An answer that says yes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class TransportOptions:
    """How a transport works."""

    workers: int = 4
    """Threads that send requests at the same time; the pool has 4 connections more, for recorders and the like."""
    on_request: Callable[[str, str, str], None] = lambda *_: None
    """Told of each try: method, host, and status code or "<error>"."""
    clock: clocks.Clock = field(default_factory=clocks.RealClock)
    read_seconds: float = READ_SECONDS
    user_agent: str = f"coxswain/{importlib.metadata.version('coxswain')}"


def load_config(kubeconfig_path: str | None, context: str | None) -> Config:
    """Find a configuration: *kubeconfig_path*, else $KUBECONFIG, else the pod's service account, else ~/.kube/config.

    Args:
        kubeconfig_path: A file, or None.
        context: A context of the kubeconfig; None is its current one.

    Raises:
        ConfigError: There is none, or it cannot be read.
    """
    path = kubeconfig_path or os.environ.get("KUBECONFIG")
    if not path and not context and os.environ.get("KUBERNETES_SERVICE_HOST"):
        return in_cluster()
    default = os.path.expanduser("~/.kube/config")
    if not path and not pathlib.Path(default).exists():
        raise ConfigError(
            "no cluster to talk to: no --kubeconfig, $KUBECONFIG is not set, this is not a pod ($KUBERNETES_SERVICE_HOST is not"
            f" set), {default} does not exist"
        )
    return _from_kubeconfig(path or default, context)


def in_cluster(service_account: pathlib.Path = SERVICE_ACCOUNT) -> Config:
    """Return the configuration of the pod that this process runs in.

    Args:
        service_account: The folder with `token`, `ca.crt` and `namespace`.

    Raises:
        ConfigError: This is not a pod, or it has no service account.
    """
    from kubernetes import client
    from kubernetes.config import incluster_config

    def load() -> Any:
        configuration = client.Configuration()
        token, authority = str(service_account / "token"), str(service_account / "ca.crt")
        incluster_config.InClusterConfigLoader(token, authority).load_and_set(configuration)  # type: ignore[no-untyped-call]
        return configuration

    file = service_account / "namespace"
    namespace = file.read_text().strip() if file.exists() else "default"
    return _tried(Config(lambda: _reading(load, f"the pod's service account in {service_account}"), namespace, "in-cluster"))


def _from_kubeconfig(path: str, context: str | None) -> Config:
    from kubernetes import client, config

    chosen = kubeconfig.find_context(path, context)

    def load() -> Any:
        configuration = client.Configuration()
        config.load_kube_config(  # type: ignore[no-untyped-call]
            path, context=chosen.name, client_configuration=configuration, persist_config=False
        )
        if chosen.plugin and not configuration.api_key and not configuration.cert_file:
            raise ValueError(f"the command {chosen.plugin!r} gave no credentials; its complaint is in the log")
        if not str(configuration.host).startswith(("https://", "http://")):
            raise ValueError(f"the server must be a URL, not {configuration.host!r}")
        return configuration

    return _tried(Config(lambda: _reading(load, f"kubeconfig {path}, context {chosen.name!r}"), chosen.namespace, path))


def _tried(config: Config) -> Config:
    config.load()
    return config


def _reading(load: Callable[[], Any], what: str) -> Any:
    """Call *load* and turn its many kinds of exceptions into `ConfigError`; some quote a file, which holds credentials."""
    from kubernetes.config import ConfigException

    try:
        return load()
    except (ConfigException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = kubeconfig.without_entries(str(error)) or type(error).__name__
    raise ConfigError(f"{what}: {problem}")


class _Credentials:
    """What to show the server; read again when it is refused, once for all threads that were refused."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        """Held while credentials are read: an exec plugin runs once, not once for each thread."""
        self.configuration = config.load()
        self._edition = 0

    def authorization(self) -> tuple[str, int]:
        """Return the Authorization header, "" for none, and the edition that it is from.

        Raises:
            ConfigError: They cannot be read any more.
        """
        with self._lock:
            configuration = self.configuration
            token = _reading(lambda: configuration.get_api_key_with_prefix("BearerToken", alias="authorization"), "credentials")
            return (token or "").strip(), self._edition  # a file's last line ends with a newline, a header must not

    def refresh(self, refused_edition: int) -> None:
        """Read the credentials again, unless another thread has done so since *refused_edition*.

        Raises:
            ConfigError: They cannot be read any more.
        """
        with self._lock:
            if self._edition == refused_edition:
                self.configuration = self._config.load()
                self._edition += 1


class Transport:
    """Connections to one API server."""

    def __init__(self, config: Config, options: TransportOptions | None = None) -> None:
        self._options = options or TransportOptions()
        self._credentials = _Credentials(config)
        self._is_closed = threading.Event()
        self._connections = connections.Connections()
        self._lock = threading.Lock()
        self._streams: weakref.WeakSet[streams.WatchStream] = weakref.WeakSet()
        """Changed and looked at under the lock."""
        self.host = str(self._credentials.configuration.host).rstrip("/")
        self.namespace = config.namespace
        self._host_label = urllib3.util.parse_url(self.host).netloc or self.host
        self._workers = self._pool(self._options.workers + 4, is_blocking=True)
        self._watches = self._pool(WATCHES, is_blocking=False)

    def _pool(self, size: int, *, is_blocking: bool) -> urllib3.PoolManager:
        from kubernetes.client import rest

        configuration = copy.copy(self._credentials.configuration)
        configuration.connection_pool_maxsize = size
        configuration.socket_options = list(connections.KEEPALIVE)
        configuration.retries = False
        proxy = _without_password(configuration)
        try:
            manager: urllib3.PoolManager = rest.RESTClientObject(configuration).pool_manager
        except (ImportError, urllib3.exceptions.HTTPError, ValueError) as error:
            raise ConfigError(f"the proxy {proxy} cannot be used: {error}") from error
        manager.connection_pool_kw["block"] = is_blocking
        self._connections.track(manager)
        return manager

    def request(self, request: Request) -> Response:
        """Send *request* and return the answer; `retry` says when it is sent again.

        Raises:
            errors.ApiError: The answer is no.
            errors.TransportError: There was no answer, or the transport is closed.
        """
        pool = self._watches if request.is_informers else self._workers
        tries = retry.Tries()
        while True:
            answer = self._authorized(request, pool, lambda response: self._whole(response, request.timeout_seconds))
            if isinstance(answer, Response):
                return answer
            following = retry.next_try(request.method, answer, tries)
            if following is None:
                raise answer
            seconds, tries = following
            if self._options.clock.wait_event(self._is_closed, seconds):
                raise errors.TransportError("the transport is closed")

    def stream(self, path: str, query: Mapping[str, str]) -> streams.WatchStream:
        """Start a request whose answer does not end; return when the server has said yes.

        Raises:
            errors.ApiError: The server said no.
            errors.TransportError: There was no answer.
        """
        request = Request("GET", path, query, timeout_seconds=self._options.read_seconds)
        answer = self._authorized(request, self._watches, self._follow)
        if not isinstance(answer, streams.WatchStream):
            raise answer
        with self._lock:
            self._streams.add(answer)
        if self._is_closed.is_set():
            answer.stop()
        return answer

    def _follow(self, response: urllib3.BaseHTTPResponse) -> streams.WatchStream:
        return streams.WatchStream(response, self._host_label, self._connections.cut)

    def _authorized(
        self, request: Request, pool: urllib3.PoolManager, finish: Callable[[urllib3.BaseHTTPResponse], _T]
    ) -> _T | errors.ApiError | errors.TransportError:
        """Send *request*, and again with fresh credentials if those it had were refused."""
        try:
            authorization, edition = self._credentials.authorization()
            answer = self._exchange(request, pool, authorization, finish)
            if isinstance(answer, errors.UnauthorizedError):
                self._refresh(edition)
                authorization, _ = self._credentials.authorization()
                answer = self._exchange(request, pool, authorization, finish)
        except ConfigError as error:
            return errors.TransportError(f"{request.method} {self._host_label}: {error}")
        return answer

    def _refresh(self, edition: int) -> None:
        self._credentials.refresh(edition)
        configuration = self._credentials.configuration
        for manager in (self._workers, self._watches):
            manager.connection_pool_kw.update(cert_file=configuration.cert_file, key_file=configuration.key_file)
            if configuration.cert_file:
                # A connection keeps the certificate that it began with; the new one may be in a file of the same name.
                manager.clear()

    def _exchange(
        self,
        request: Request,
        pool: urllib3.PoolManager,
        authorization: str,
        finish: Callable[[urllib3.BaseHTTPResponse], _T],
    ) -> _T | errors.ApiError | errors.TransportError:
        """Send *request* once; what goes wrong is a value, so that no chain of exceptions holds an answer's words."""
        if self._is_closed.is_set():
            return errors.TransportError("the transport is closed")
        outside = sys.exception()
        try:
            response = pool.request(
                request.method,
                self.host + request.path + ("?" + urllib.parse.urlencode(request.query) if request.query else ""),
                body=request.body,
                headers=self._headers(request, authorization),
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, request.timeout_seconds), read=request.timeout_seconds),
                pool_timeout=request.timeout_seconds,
                retries=False,
                preload_content=False,
                redirect=False,
            )
            if response.status < HTTPStatus.MULTIPLE_CHOICES:
                answer: _T | errors.ApiError = finish(response)
            else:
                refusal = self._whole(response, request.timeout_seconds)
                answer = answers.refused(refusal.status, refusal.headers, refusal.body)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            self._options.on_request(request.method, self._host_label, "<error>")
            return answers.absent(error, request.method, self._host_label, outside)
        self._options.on_request(request.method, self._host_label, str(response.status))
        return answer

    def _whole(self, response: urllib3.BaseHTTPResponse, seconds: float) -> Response:
        """Read all within *seconds*: the socket's own timeout begins anew with each byte."""
        deadline = self._options.clock.monotonic() + seconds
        chunks = []
        while chunk := response.read1(_CHUNK_BYTES):
            chunks.append(chunk)
            if self._options.clock.monotonic() > deadline:
                response.close()
                raise TimeoutError(f"the answer was not complete after {seconds:g} s")
        return Response(response.status, response.headers, b"".join(chunks))

    def _headers(self, request: Request, authorization: str) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": self._options.user_agent}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if authorization:
            headers["Authorization"] = authorization
        return headers

    def close(self) -> None:
        """End everything at once: calls in progress with an `errors.TransportError`, streams as if stopped; idempotent."""
        self._is_closed.set()
        with self._lock:
            running = list(self._streams)
        for one in running:
            one.stop()
        self._connections.cut_all()
        for manager in (self._workers, self._watches):
            manager.clear()


def _without_password(configuration: Any) -> str:
    """Take user and password out of the proxy's URL, into the header that is sent to it; return the URL, "" for none."""
    if not configuration.proxy:
        return ""
    try:
        parsed = urllib3.util.parse_url(configuration.proxy)
    except urllib3.exceptions.LocationParseError:
        parsed = urllib3.util.Url()
    if parsed.host is None:
        raise ConfigError("the proxy's URL (HTTPS_PROXY, ALL_PROXY or the kubeconfig's proxy-url) is not one")
    if parsed.auth and not configuration.proxy_headers:
        configuration.proxy_headers = urllib3.util.make_headers(proxy_basic_auth=urllib.parse.unquote(parsed.auth))
    return str(parsed._replace(auth=None))
