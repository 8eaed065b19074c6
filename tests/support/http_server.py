"""An HTTPS server that does what a test says, and a proxy in front of it.

What flows in: requests over real sockets on the loopback interface, and a script that answers them. What flows out: the answers,
broken ones too, and a record of what was received. A thread for each connection.
"""

import contextlib
import http.server
import json
import pathlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from envtest import certificates

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Received:
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    client: str
    """The common name of the client's certificate; "" if it showed none."""
    connection: int
    """Which connection it came over, counted from 1."""


@dataclass(frozen=True)
class Answer:
    """What to send, and how it ends."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: tuple[bytes, ...] | None = None
    """Sent one by one in place of a body."""
    is_cut: bool = False
    """Whether the connection is closed where the answer should go on; with no status, in place of an answer."""
    is_held: bool = False
    """Whether the server falls silent where the answer should end, until the client goes or the server is closed."""


def status(code: int, reason: str = "", message: str = "", **details: Any) -> Answer:
    """Return an answer with a Status object, as an API server refuses."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message}
    return Answer(code, json.dumps({**body, "details": details}).encode())


CUT = Answer(status=0, is_cut=True)
"""No answer at all: the connection ends."""
HELD = Answer(status=0, is_held=True)
"""No answer at all: silence."""


class HTTPServer:
    """Answers with a script: a function of the request, or answers in order of which the last one stays."""

    def __init__(self, folder: pathlib.Path, script: Callable[[Received], Answer] | list[Answer]) -> None:
        self.authority = certificates.Authority(folder)
        self.script = script
        self.received: list[Received] = []
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._connections = 0
        self._closed = threading.Event()
        pair = self.authority.issue("server", hosts=["127.0.0.1", "localhost"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        context.load_verify_locations(self.authority.certificate)
        context.verify_mode = ssl.CERT_OPTIONAL
        self._server = _Listener(self, context)
        self.port = self._server.server_address[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="scripted-server")
        self._thread.start()

    def next_answer(self, received: Received) -> Answer:
        """Record a request and return its answer."""
        with self._lock:
            self.received.append(received)
            self._arrived.notify_all()
            if callable(self.script):
                return self.script(received)
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def wait_for_requests(self, count: int) -> None:
        """Wait until *count* requests have arrived."""
        with self._lock:
            arrived = self._arrived.wait_for(lambda: len(self.received) >= count, PATIENCE_SECONDS)
        assert arrived, f"{len(self.received)} requests arrived, expected {count}"

    def count_connection(self) -> int:
        """Return the number of a new connection."""
        with self._lock:
            self._connections += 1
            return self._connections

    def hold(self, connection: socket.socket) -> None:
        """Say nothing until the client hangs up or the server is closed."""
        while not self._closed.wait(0.01):
            if select.select([connection], [], [], 0)[0]:
                return

    def close(self) -> None:
        """Stop listening and let go of what is held."""
        self._closed.set()
        self._server.shutdown()
        self._thread.join(PATIENCE_SECONDS)
        self._server.server_close()


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: HTTPServer, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self._context = context

    def finish_request(self, request: Any, client_address: Any) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are what is tested."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def setup(self) -> None:
        super().setup()
        subject = dict(part[0] for part in (self.connection.getpeercert() or {}).get("subject", ()))
        self._client = subject.get("commonName", "")
        self._number = self.server.script.count_connection()

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, body, self._client, self._number)
        self._send(self.server.script.next_answer(received))

    def _send(self, answer: Answer) -> None:
        if answer.status:
            self._send_head(answer)
            for part in (answer.body,) if answer.chunks is None else answer.chunks:
                self.wfile.write(part if answer.chunks is None else b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
        if answer.is_held:
            self.server.script.hold(self.connection)
        if answer.is_cut or answer.is_held:
            self.close_connection = True
        elif answer.chunks is not None:
            self.wfile.write(b"0\r\n\r\n")

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        if answer.chunks is None:
            missing = 10 if answer.is_cut or answer.is_held else 0
            self.send_header("Content-Length", str(len(answer.body) + missing))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep the tests' output clean."""


class ConnectProxy:
    """An HTTP proxy that makes tunnels, and records who asked for which."""

    def __init__(self) -> None:
        self.tunnels: list[tuple[str, str]] = []
        """Target and Proxy-Authorization of each."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), name="tunnel", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            lines = head.decode().split("\r\n")
            target = lines[0].split()[1]
            credentials = [line.partition(": ")[2] for line in lines if line.lower().startswith("proxy-authorization:")]
            self.tunnels.append((target, credentials[0] if credentials else ""))
            host, _, port = target.rpartition(":")
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _relay(client, server)

    def close(self) -> None:
        """Stop listening; tunnels end with their clients."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE_SECONDS)


def _relay(one: socket.socket, other: socket.socket) -> None:
    while True:
        for source in select.select([one, other], [], [])[0]:
            data = source.recv(65536)
            if not data:
                return
            (other if source is one else one).sendall(data)
