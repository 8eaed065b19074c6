"""A proxy before a real API server that lets things go wrong as planned, and keeps a log of what was asked.

What flows in: HTTP/1.1 over TLS, from clients that show a certificate of the server's own authority. What flows out: the same
requests to the server, sent as the administrator; its answers, watches frame by frame; the log. One thread for each connection of
a client, whose pools bound their number, and one more for each watch. No upstream file.

A client's kubeconfig differs from the administrator's by the address only. Requests to upgrade a connection (exec, port-forward)
are not understood.
"""

import contextlib
import http
import http.server
import pathlib
import select
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, cast

import urllib3

from envtest import calls, certificates, components, faults, kubeconfig, request_log, watch_relay
from envtest.kubelet import api

_SERVER_SECONDS = 90.0
"""Longest wait for an answer; the API server itself gives up after 60 s."""
_CONNECT_SECONDS = 5.0
_CONNECTIONS = 64
"""Idle ones to the server that are kept."""
_BACKLOG = 128

# What belongs to one connection, and what the administrator's certificate replaces; answers come unpacked, to be read.
_NOT_FORWARDED = frozenset(
    {
        "host",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "content-length",
        "te",
        "upgrade",
        "authorization",
        "accept-encoding",
    }
)


class Proxy:
    """Serves from the start to the end of a with block."""

    def __init__(self, endpoint: api.Endpoint, serving: certificates.Pair) -> None:
        """Prepare a proxy; it listens from now on.

        Args:
            endpoint: The API server, and an administrator's certificate.
            serving: What the proxy shows to clients; they trust the endpoint's authority.
        """
        self.faults = faults.Faults()
        """The plan."""
        self.log = request_log.RequestLog()
        """What was asked."""
        self._endpoint = endpoint
        self._upstream = _pool(endpoint)
        self._listener = _Listener(self, _serving_context(endpoint, serving))
        self.url = f"https://{components.LOOPBACK}:{self._listener.server_address[1]}"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), name="fault-proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Cut all connections and wait for their threads."""
        self._listener.shutdown()
        self._thread.join()
        self._listener.cut_all()
        self._listener.server_close()
        self._upstream.clear()

    def write_kubeconfig(self, path: pathlib.Path) -> None:
        """Write an administrator's kubeconfig that leads here."""
        kubeconfig.write(path, self.url, self._endpoint.authority, self._endpoint.client)

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> urllib3.HTTPResponse:
        """Ask the server; its answer's body is not read yet.

        Raises:
            urllib3.exceptions.HTTPError: There is no answer.
        """
        passed_on = {name: value for name, value in headers.items() if name.lower() not in _NOT_FORWARDED}
        response = self._upstream.request(
            method,
            self._endpoint.url + target,
            body=body or None,
            headers=passed_on,
            preload_content=False,
            decode_content=False,
            redirect=False,
        )
        return cast("urllib3.HTTPResponse", response)


def _pool(endpoint: api.Endpoint) -> urllib3.PoolManager:
    context = ssl.create_default_context(cafile=str(endpoint.authority))
    context.load_cert_chain(endpoint.client.certificate, endpoint.client.key)
    timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_SERVER_SECONDS)
    return urllib3.PoolManager(maxsize=_CONNECTIONS, retries=False, timeout=timeout, ssl_context=context)


def _serving_context(endpoint: api.Endpoint, serving: certificates.Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(serving.certificate, serving.key)
    context.load_verify_locations(endpoint.authority)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them
    request_queue_size = _BACKLOG

    def __init__(self, proxy: Proxy, context: ssl.SSLContext) -> None:
        super().__init__((components.LOOPBACK, 0), _Handler)
        self.proxy = proxy
        self._context = context
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_cut = False

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (as the library has it)
        """Serve one connection; the handshake is its thread's work."""
        secured = self._context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        with secured, contextlib.suppress(OSError):  # a client that goes away is no error
            with self._lock:
                if self._is_cut:
                    return
                self._open.add(secured)
            try:
                secured.settimeout(_CONNECT_SECONDS)
                secured.do_handshake()
                secured.settimeout(None)
                super().finish_request(secured, client_address)
            finally:
                with self._lock:
                    self._open.discard(secured)

    def cut_all(self) -> None:
        """Cut the connections that are open, and let no new one begin."""
        with self._lock:
            self._is_cut = True
            for secured in self._open:
                with contextlib.suppress(OSError):
                    # not its own shutdown, which takes the TLS state away from under the thread that uses it
                    socket.socket.shutdown(secured, socket.SHUT_RDWR)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._serve(body)
        except (urllib3.exceptions.HTTPError, OSError):
            self.close_connection = True  # one of the two sides is gone, and to the other it looks like that

    def _serve(self, body: bytes) -> None:
        proxy = self.server.proxy
        call = calls.parse(self.command, self.path, self.headers.get("Content-Type") or "")
        entry = proxy.log.begin(call)
        fault = proxy.faults.decide(call)
        if fault and fault.cut is faults.Cut.BEFORE:
            return self._cut(fault)
        response = proxy.ask(self.command, self.path, dict(self.headers), body)
        if call.verb == "watch" and response.status == HTTPStatus.OK:
            proxy.log.end(entry, response.status)
            if fault:
                response.close()
                return self._cut(fault)
            return self._follow(call, response)
        answer = response.read()
        proxy.log.end(entry, response.status, answer)
        if fault:
            return self._cut(fault)
        return self._send([self._head(response, {"Content-Length": str(len(answer))}), answer])

    def _cut(self, fault: faults.Fault) -> None:
        fault.on_cut()
        self.close_connection = True

    def _follow(self, call: calls.Call, response: urllib3.HTTPResponse) -> None:
        plan = self.server.proxy.faults
        relay = watch_relay.WatchRelay(api.Watch(response), lambda: plan.lag_seconds(call), self._is_heard)
        self._send([self._head(response, {"Transfer-Encoding": "chunked"})])
        for lines in relay:
            self._send(b"%x\r\n%s\n\r\n" % (len(line) + 1, line) for line in lines)
        self._send([b"0\r\n\r\n"])

    def _is_heard(self) -> bool:
        """Ask whether the client still listens: it says nothing during a watch, so what can be read is its end."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        return not poll.poll(0)

    def _head(self, response: urllib3.HTTPResponse, own: Mapping[str, str]) -> bytes:
        passed_on = [(name, value) for name, value in response.headers.items() if name.lower() not in _NOT_FORWARDED]
        lines = [
            f"HTTP/1.1 {response.status} {response.reason}",
            *(f"{name}: {value}" for name, value in [*passed_on, *own.items()]),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _send(self, parts: Iterable[bytes]) -> None:
        """Send all at once: a small packet that waits for the next one costs 40 ms."""
        self.wfile.write(b"".join(parts))

    def log_message(self, *_: object) -> None:
        """Say nothing: the log is elsewhere."""
