"""A proxy before an API server that lets things go wrong as planned, and keeps a log of what was asked.

What flows in: HTTP/1.1 over TLS, from clients that show a certificate of the server's own authority, or without TLS. What flows
out: the same requests to the server, sent as the administrator; its answers, watches frame by frame; the log. One thread for each
connection of a client, whose pools bound their number, and one more for each watch. No upstream file.

A client's kubeconfig differs from the administrator's by the address only. Requests to upgrade a connection (exec, port-forward)
are not understood.
"""

import contextlib
import dataclasses
import http
import http.server
import math
import pathlib
import select
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
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
_LOOK_SECONDS = 0.05
"""How often a client is looked at while nothing is said to it."""
_NOTHING = faults.Fault()
_LAST_CHUNK = b"0\r\n\r\n"

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

    def __init__(
        self,
        endpoint: api.Endpoint,
        serving: certificates.Pair | None,
        plan: faults.Faults | None = None,
        log: request_log.RequestLog | None = None,
    ) -> None:
        """Prepare a proxy; it listens from now on.

        Args:
            endpoint: The API server, and an administrator's certificate.
            serving: What the proxy shows to clients; they trust the endpoint's authority. None: it speaks plain HTTP, and takes
                everybody for the administrator.
            plan: What goes wrong; a fresh plan by default. Several proxies may share one.
            log: Where requests are noted; a fresh one by default, likewise.
        """
        self.faults = plan or faults.Faults()
        """The plan."""
        self.log = log or request_log.RequestLog()
        """What was asked."""
        self._endpoint = endpoint
        self._upstream = _pool(endpoint)
        self._listener = _Listener(self, _serving_context(endpoint, serving) if serving else None)
        self.url = f"{'https' if serving else 'http'}://{components.LOOPBACK}:{self._listener.server_address[1]}"
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

    def cut(self) -> None:
        """Cut all connections and take no new ones: to the server, the clients are dead from now on. Any thread."""
        self._listener.cut_all()

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

    def __init__(self, proxy: Proxy, context: ssl.SSLContext | None) -> None:
        super().__init__((components.LOOPBACK, 0), _Handler)
        self.proxy = proxy
        self._context = context
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_cut = False

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (as the library has it)
        """Serve one connection; the handshake is its thread's work."""
        secured = (
            self._context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) if self._context else request
        )
        with secured, contextlib.suppress(OSError):  # a client that goes away is no error
            with self._lock:
                if self._is_cut:
                    return
                self._open.add(secured)
            try:
                if self._context:
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
        fault = proxy.faults.decide(call) or _NOTHING
        entry = proxy.log.begin(call, str(fault))
        if fault.delay_seconds:
            time.sleep(fault.delay_seconds)
        if fault.frames is not None and call.verb == "watch":
            beginning, later = _NOTHING, fault
        else:
            beginning, later = fault, _NOTHING
        if refusal := beginning.refusal or self._refusal_of(call):
            proxy.log.end(entry, refusal.code)
            return self._refuse(refusal)
        if beginning.cut is faults.Cut.BEFORE:
            return self._cut(beginning)
        response = proxy.ask(self.command, _as_of(self.path, call, proxy.faults), dict(self.headers), body)
        if call.verb == "watch" and response.status == HTTPStatus.OK:
            proxy.log.end(entry, response.status)
            if beginning.cut is faults.Cut.MIDDLE:
                later = dataclasses.replace(beginning, frames=0)
            elif beginning.cut:
                response.close()
                return self._cut(beginning)
            return self._follow(call, response, later)
        answer = response.read()
        proxy.log.end(entry, response.status, answer)
        head = self._head(response, {"Content-Length": str(len(answer))})
        if beginning.cut is faults.Cut.MIDDLE:
            self._send([head, answer[: len(answer) // 2]])
        if beginning.cut:
            return self._cut(beginning)
        return self._send([head, answer])

    def _refusal_of(self, call: calls.Call) -> faults.Refusal | None:
        """Refuse what has no older view."""
        if call.verb == "watch" and "sendInitialEvents=true" in self.path and self.server.proxy.faults.view(call):
            return faults.Refusal(422, message="sendInitialEvents: Forbidden: this server cannot do that")
        return None

    def _refuse(self, refusal: faults.Refusal) -> None:
        body = refusal.to_json()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        if refusal.retry_after_seconds is not None:
            headers["Retry-After"] = str(refusal.retry_after_seconds)
        self._send([_head(refusal.code, http.HTTPStatus(refusal.code).phrase, headers.items()), body])

    def _cut(self, fault: faults.Fault) -> None:
        """Cut the connection, after a silence during which only the client's end is noticed."""
        until = time.monotonic() + fault.silent_seconds
        while time.monotonic() < until and self._is_heard():
            time.sleep(_LOOK_SECONDS)
        fault.on_cut()
        self.close_connection = True

    def _follow(self, call: calls.Call, response: urllib3.HTTPResponse, fault: faults.Fault) -> None:
        plan = self.server.proxy.faults
        known = plan.losses(call)

        def is_lost() -> bool:
            return plan.losses(call) != known

        relay = watch_relay.WatchRelay(api.Watch(response), lambda: plan.lag_seconds(call), self._is_heard, is_lost)
        self._send([self._head(response, {"Transfer-Encoding": "chunked"})])
        with contextlib.closing(iter(relay)) as frames:
            if self._pass_frames(frames, fault):
                return None
        ending = [_chunk(_error_frame(faults.Refusal(410, message="too old resource version")))] if is_lost() else []
        return self._send([*ending, _LAST_CHUNK])

    def _pass_frames(self, frames: Iterator[list[bytes]], fault: faults.Fault) -> bool:
        """Pass frames on until they end, or *fault* happens; say whether it did."""
        left = math.inf if fault.frames is None else fault.frames
        while True:
            if left == 0 and fault.cut is not faults.Cut.MIDDLE:
                self._break_off(fault)
                return True
            if (lines := next(frames, None)) is None:
                return False
            passing = lines[: int(min(left, len(lines)))]
            left -= len(passing)
            self._send(_chunk(line + b"\n") for line in passing)
            if len(passing) < len(lines):
                self._break_off(fault, lines[len(passing)])
                return True

    def _break_off(self, fault: faults.Fault, following: bytes = b"") -> None:
        """Let *fault* happen to a watch of which enough frames have passed, and *following* has come."""
        if fault.refusal and not fault.cut:
            self._send([_chunk(_error_frame(fault.refusal)), _LAST_CHUNK])
            return
        if fault.cut is faults.Cut.MIDDLE:
            self._send([_chunk(following[: len(following) // 2])])
        self._cut(fault)

    def _is_heard(self) -> bool:
        """Ask whether the client still listens: it says nothing during a watch, so what can be read is its end."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        return not poll.poll(0)

    def _head(self, response: urllib3.HTTPResponse, own: Mapping[str, str]) -> bytes:
        passed_on = [(name, value) for name, value in response.headers.items() if name.lower() not in _NOT_FORWARDED]
        return _head(response.status, response.reason or "", [*passed_on, *own.items()])

    def _send(self, parts: Iterable[bytes]) -> None:
        """Send all at once: a small packet that waits for the next one costs 40 ms."""
        self.wfile.write(b"".join(parts))

    def log_message(self, *_: object) -> None:
        """Say nothing: the log is elsewhere."""


def _head(status: int, reason: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _error_frame(refusal: faults.Refusal) -> bytes:
    return b'{"type":"ERROR","object":%s}\n' % refusal.to_json()


def _as_of(target: str, call: calls.Call, plan: faults.Faults) -> str:
    """Return the target with which a list of the planned view is asked for."""
    path, _, query = target.partition("?")
    given = urllib.parse.parse_qsl(query, keep_blank_values=True)
    if call.verb != "list" or not (version := plan.view(call)) or any(name == "continue" for name, _ in given):
        return target
    kept = [(name, value) for name, value in given if name not in {"resourceVersion", "resourceVersionMatch"}]
    return f"{path}?{urllib.parse.urlencode([*kept, ('resourceVersion', version), ('resourceVersionMatch', 'Exact')])}"
