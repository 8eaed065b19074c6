"""HTTP to one API server: the only module that uses the `kubernetes` package, and one of the few that read the environment.

What flows in: a kubeconfig or a pod's service account; requests as method, path and bytes. What flows out: answers as bytes, and
streams. Any thread may call; `Transport.close` makes calls in progress end. Two pools of connections, so that nothing starves
anything: one for watches, one for all else (an elector will bring its own). Mirrors client-go/rest; deviations: HTTP/1.1, and no
client-side rate limit (the server's priority and fairness does that).

Every mutating request goes through `Transport.request`: the one place where a lease can be asked for.
"""

import copy
import importlib.metadata
import os
import pathlib
import random
import socket
import threading
import urllib.parse
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
import urllib3
import urllib3.connection
import urllib3.connectionpool

from controller.client import stream
from informers import errors
from workqueue import clock as clocks

CONNECT_SECONDS = 10.0
READ_SECONDS = 70.0
"""A watch that shows nothing for this long is dead: bookmarks come about every 60 s."""
MAX_RETRIES = 10
"""How often an answer with Retry-After is obeyed, as client-go does."""
LOST_CONNECTION_RETRIES = 3
"""How often a GET whose connection was lost is sent again; a write is not, for it may have happened."""

# TCP keepalive as client-go has it: a probe after 30 s, then every 15 s, dead after 9.
_KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPIDLE", 4), 30),
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPINTVL", 5), 15),
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPCNT", 6), 9),
)
_NAMESPACE_FILE = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_IDEMPOTENT = frozenset({"GET", "HEAD"})


class ConfigError(Exception):
    """There is no usable configuration; the message says what was tried."""


@dataclass(frozen=True)
class Config:
    """How to reach and to convince an API server."""

    load: Callable[[], Any] = field(repr=False)
    """Returns a fresh `kubernetes.client.Configuration`: tokens and exec plugins are asked again."""
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


@dataclass(frozen=True)
class Response:
    """An answer below 400."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class TransportOptions:
    """How a transport works."""

    workers: int = 4
    """Threads that send requests at the same time; the pool has 4 connections more."""
    on_request: Callable[[str, str, str], None] = lambda *_: None
    """Told of each request: method, host, and status code or "<error>"."""
    clock: clocks.Clock = field(default_factory=clocks.RealClock)
    read_seconds: float = READ_SECONDS


def load_config(kubeconfig: str | None, context: str | None) -> Config:
    """Find a configuration: *kubeconfig*, else $KUBECONFIG, else the pod's service account, else ~/.kube/config.

    Args:
        kubeconfig: A file, or None.
        context: A context of the kubeconfig; None is its current one.

    Raises:
        ConfigError: There is none, or it cannot be read.
    """
    path = kubeconfig or os.environ.get("KUBECONFIG")
    if not path and not context and os.environ.get("KUBERNETES_SERVICE_HOST"):
        return _in_cluster()
    default = pathlib.Path.home() / ".kube" / "config"
    if not path and not default.exists():
        raise ConfigError(
            f"no cluster to talk to: no --kubeconfig, $KUBECONFIG is not set, this is not a pod, {default} does not exist"
        )
    return _from_kubeconfig(path or str(default), context)


def _in_cluster() -> Config:
    from kubernetes import client, config

    def load() -> Any:
        configuration = client.Configuration()
        config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        return configuration

    _try(load, "the pod's service account")
    namespace = _NAMESPACE_FILE.read_text().strip() if _NAMESPACE_FILE.exists() else "default"
    return Config(load, namespace, "in-cluster")


def _from_kubeconfig(path: str, context: str | None) -> Config:
    from kubernetes import client, config

    def load() -> Any:
        configuration = client.Configuration()
        config.load_kube_config(path, context=context, client_configuration=configuration, persist_config=False)  # type: ignore[no-untyped-call]
        return configuration

    def find_namespace() -> str:
        contexts, current = config.list_kube_config_contexts(path)  # type: ignore[no-untyped-call]
        chosen = current if context is None else next(each for each in contexts if each["name"] == context)
        return str(chosen["context"].get("namespace") or "default")

    _try(load, f"kubeconfig {path}" + (f", context {context}" if context else ""))
    return Config(load, find_namespace(), path)


def _try(load: Callable[[], Any], what: str) -> None:
    from kubernetes.config import ConfigException

    try:
        load()
    except (ConfigException, OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{what}: {error}") from error


class Transport:
    """Connections to one API server."""

    def __init__(self, config: Config, options: TransportOptions | None = None) -> None:
        self._options = options or TransportOptions()
        self._config = config
        self._lock = threading.Lock()
        """Held while credentials are read: an exec plugin runs once, not once for each thread."""
        self._is_closed = threading.Event()
        self._connections: weakref.WeakSet[urllib3.connection.HTTPConnection] = weakref.WeakSet()
        self._configuration = config.load()
        self.host = str(self._configuration.host).rstrip("/")
        self.namespace = config.namespace
        self._host_label = urllib3.util.parse_url(self.host).netloc or self.host
        self._user_agent = f"coxswain/{importlib.metadata.version('coxswain')}"
        self._workers = self._pool(self._options.workers + 4, is_blocking=True)
        self._watches = self._pool(100, is_blocking=False)

    def _pool(self, size: int, *, is_blocking: bool) -> urllib3.PoolManager:
        from kubernetes.client import rest

        configuration = copy.copy(self._configuration)
        configuration.connection_pool_maxsize = size
        configuration.socket_options = list(_KEEPALIVE)
        configuration.retries = False
        manager: urllib3.PoolManager = rest.RESTClientObject(configuration).pool_manager
        manager.connection_pool_kw["block"] = is_blocking
        manager.pool_classes_by_scheme = self._tracked()
        return manager

    def _tracked(self) -> dict[str, type[urllib3.connectionpool.HTTPConnectionPool]]:
        """Return pools whose connections are known, so that `close` can cut them."""
        connections = self._connections

        class Plain(urllib3.connection.HTTPConnection):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                connections.add(self)

        class Secure(urllib3.connection.HTTPSConnection):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                connections.add(self)

        plain = type("PlainPool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": Plain})
        secure = type("SecurePool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": Secure})
        return {"http": plain, "https": secure}

    def request(self, request: Request) -> Response:
        """Send *request* and return the answer.

        Raises:
            errors.ApiError: The answer is 400 or above; Retry-After was obeyed `MAX_RETRIES` times before.
            errors.TransportError: There was no answer, or the transport is closed.
        """
        is_reloaded = False
        lost = 0
        for _ in range(MAX_RETRIES):
            try:
                return self._attempt(request)
            except errors.UnauthorizedError:
                if is_reloaded:
                    raise
                is_reloaded = True
                self._reload()
            except errors.TransportError:
                lost += 1
                if request.method not in _IDEMPOTENT or lost >= LOST_CONNECTION_RETRIES or self._is_closed.is_set():
                    raise
                self._pause(random.uniform(0.1, 1.0))  # noqa: S311 (spreads clients out, guards nothing)
            except (errors.TooManyRequestsError, errors.ServerError) as error:
                if error.retry_after_seconds is None:
                    raise
                self._pause(error.retry_after_seconds)
        return self._attempt(request)

    def _pause(self, seconds: float) -> None:
        if self._options.clock.wait_event(self._is_closed, seconds):
            raise errors.TransportError("the transport is closed")

    def _attempt(self, request: Request) -> Response:
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, request.timeout_seconds), read=request.timeout_seconds)
        response = self._send(self._workers, request, timeout, is_stream=False)
        return Response(response.status, response.headers, response.data)

    def stream(self, path: str, query: Mapping[str, str]) -> stream.WatchStream:
        """Start a request whose answer does not end; return when the server has said yes.

        Raises:
            errors.ApiError: The server said no.
            errors.TransportError: There was no answer.
        """
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=self._options.read_seconds)
        request = Request("GET", path, query)
        try:
            response = self._send(self._watches, request, timeout, is_stream=True)
        except errors.UnauthorizedError:
            self._reload()
            response = self._send(self._watches, request, timeout, is_stream=True)
        return stream.WatchStream(response)

    def _send(
        self, pool: urllib3.PoolManager, request: Request, timeout: urllib3.Timeout, *, is_stream: bool
    ) -> urllib3.BaseHTTPResponse:
        if self._is_closed.is_set():
            raise errors.TransportError("the transport is closed")
        url = self.host + request.path + ("?" + urllib.parse.urlencode(request.query) if request.query else "")
        try:
            response = pool.request(
                request.method,
                url,
                body=request.body,
                headers=self._headers(request),
                timeout=timeout,
                retries=False,
                preload_content=False,
                redirect=False,
            )
            body = b"" if is_stream and response.status < HTTPStatus.BAD_REQUEST else response.data
        except (urllib3.exceptions.HTTPError, OSError) as error:
            self._options.on_request(request.method, self._host_label, "<error>")
            cause = _root(error)
            raise errors.TransportError(f"{request.method} {self.host}: {type(cause).__name__}: {cause}") from cause
        self._options.on_request(request.method, self._host_label, str(response.status))
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise _to_error(response, body)
        return response

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": self._user_agent}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        with self._lock:
            token = self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
            basic = self._configuration.get_basic_auth_token() if self._configuration.username else None
        if authorization := token or basic:
            headers["Authorization"] = authorization
        return headers

    def _reload(self) -> None:
        """Read the credentials again: a token was rotated, or an exec plugin's has expired."""
        with self._lock:
            self._configuration = self._config.load()

    def close(self) -> None:
        """Cut all connections; calls in progress end with a `errors.TransportError`, streams just end."""
        self._is_closed.set()
        for connection in list(self._connections):
            if (sock := connection.sock) is not None:
                try:
                    # not SSLSocket's own, which takes the TLS state away from a thread that reads
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
                except OSError:
                    continue  # it is closed already


def _root(error: BaseException) -> BaseException:
    """Return the operating system's or TLS' own error below urllib3's wrapping, if there is one."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and not isinstance(seen, urllib3.exceptions.HTTPError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return error


def _to_error(response: urllib3.BaseHTTPResponse, body: bytes) -> errors.ApiError:
    try:
        status = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        status = {}  # a proxy's page, or the plain text of an unknown path
    retry_after = response.headers.get("Retry-After", "")
    return errors.from_status(response.status, status, retry_after_seconds=float(retry_after) if retry_after.isdigit() else None)
