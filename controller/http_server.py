"""A small HTTP server for probes and metrics.

What flows in: GET and HEAD requests, at most `MAX_CONNECTIONS` at a time. What flows out: what the route of the path answers; one
request per connection. Each request runs in a daemon thread of its own, so routes must be safe to call from any thread. Nothing
is ever written to stderr. Mirrors controller-runtime/pkg/manager/server.go; deviations: every server binds when it is made
(upstream's metrics server binds at start), and the number of connections is bounded.
"""

import contextlib
import http.server
import socket
import socketserver
import sys
import threading
import traceback
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

import structlog

_log = structlog.get_logger("controller.http_server")

MAX_CONNECTIONS = 64
"""One Prometheus, one kubelet and a few curious humans need far fewer."""
READ_TIMEOUT_SECONDS = 32.0
"""How long a client may take to send its request: upstream's ReadHeaderTimeout."""
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BindError(Exception):
    """An address cannot be listened on; the message names it, its flag, and why."""


@dataclass(frozen=True)
class Request:
    """What a route may know about a request."""

    path: str
    """Without the query; percent-decoded."""
    query: Mapping[str, list[str]] = field(default_factory=dict)
    """Parameters without a value, such as ``?verbose``, have the value ""."""


@dataclass(frozen=True)
class Response:
    """What a route answers."""

    body: bytes
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"


Route = Callable[[Request], Response]
_FAILED = Response(b"internal server error\n", HTTPStatus.INTERNAL_SERVER_ERROR)
_NOT_FOUND = Response(b"404 page not found\n", HTTPStatus.NOT_FOUND)


def parse_address(address: str) -> tuple[str, int] | None:
    """Split "host:port" or ":port"; "" and "0" mean off and give None.

    Raises:
        ValueError: It is none of these.
    """
    if address in ("", "0"):
        return None
    host, colon, port = address.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError('want "host:port", ":port", or "0" for off')
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1], int(port)
    if ":" in host:
        raise ValueError('an IPv6 address needs brackets, as in "[::1]:8080"')
    return host, int(port)


def _listen(host: str, port: int) -> socket.socket:
    if not host and socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)
    if not host:
        return socket.create_server(("", port), backlog=128)
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=128)


class HTTPServer:
    """Serves *routes* on *address* from `start` to `stop`; with the address "" or "0" it does nothing.

    A route whose path ends in "/" answers for everything below it, any other for its path alone; the longest match wins.
    """

    def __init__(self, address: str, routes: Mapping[str, Route], *, flag: str = "") -> None:
        """Bind, so that a taken port fails now.

        Raises:
            BindError: *address* is malformed, or cannot be listened on. *flag*, if given, is named in the message.
        """
        self.address = address
        self.port = 0
        """The port that it listens on, also when ":0" let the system choose; 0 if it is off."""
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        subject = f"{flag}={address}" if flag else f"address {address!r}"
        try:
            parsed = parse_address(address)
            if parsed is None:
                return
            listening = _listen(*parsed)
        except (OSError, ValueError, OverflowError) as error:
            raise BindError(f"cannot listen on {subject}: {getattr(error, 'strerror', None) or error}") from error
        self.port = listening.getsockname()[1]
        self._server = _Server(listening, dict(routes))

    @property
    def is_enabled(self) -> bool:
        """Whether there is an address to serve."""
        return self.port != 0

    def start(self) -> None:
        """Serve in a thread; return at once. Connections made since the construction are answered now."""
        if self._server is None or self._thread is not None:
            return
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name=f"http-{self.port}", daemon=True
        )
        self._thread.start()

    def stop(self, timeout_seconds: float = 1.0) -> bool:
        """Take no more connections, and wait for the requests in progress.

        Returns:
            False if one still runs after *timeout_seconds*; it ends with the process.
        """
        if self._server is None:
            return True
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join(timeout_seconds)
        self._server.server_close()
        return self._server.wait_until_idle(timeout_seconds)


_Socket = socket.socket | tuple[bytes, socket.socket]
"""What the base class takes; the latter is for datagrams."""


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, listening: socket.socket, routes: dict[str, Route]) -> None:
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()  # the one that the base class made, of IPv4
        self.socket = listening
        self.routes = routes
        self._connections = 0
        self._idle = threading.Condition()

    def process_request(self, request: _Socket, client_address: Any) -> None:  # noqa: ANN401 (the base's)
        with self._idle:
            is_busy = self._connections >= MAX_CONNECTIONS
            self._connections += not is_busy
        if is_busy:
            with contextlib.suppress(OSError):
                cast("socket.socket", request).sendall(_BUSY)
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def process_request_thread(self, request: _Socket, client_address: Any) -> None:  # noqa: ANN401 (the base's)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._idle:
                self._connections -= 1
                self._idle.notify_all()

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        with self._idle:
            return self._idle.wait_for(lambda: self._connections == 0, timeout_seconds)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 (the base's)
        """Log what a request's thread raised; a client that went away is nobody's fault."""
        error = sys.exception()
        if error is None or isinstance(error, OSError):
            return
        frames = "".join(traceback.format_tb(error.__traceback__))
        _log.error("HTTP request failed", error=type(error).__name__, stacktrace=frames)

    def route(self, path: str) -> Route | None:
        if path in self.routes:
            return self.routes[path]
        above = [prefix for prefix in self.routes if prefix.endswith("/") and path.startswith(prefix)]
        return self.routes[max(above, key=len)] if above else None


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    timeout = READ_TIMEOUT_SECONDS
    protocol_version = "HTTP/1.1"
    server_version = "coxswain"
    sys_version = ""

    def do_GET(self) -> None:
        split = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(split.path)
        route = self.server.route(path)
        if route is None:
            self._send(_NOT_FOUND)
            return
        response = _FAILED
        try:
            response = route(Request(path, urllib.parse.parse_qs(split.query, keep_blank_values=True)))
        finally:
            self._send(response)  # when the route raised, the client hears of it before the server logs it

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, response: Response) -> None:
        self.close_connection = True
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        """Write nothing: probes come every few seconds."""
