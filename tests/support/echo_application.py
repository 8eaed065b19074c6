"""An application behind a proxy: it tells what reached it.

What flows in: plain HTTP/1.1 over sockets on the loopback interface. What flows out: answers that show what was received, and a
record of it. A thread for each connection.
"""

import base64
import hashlib
import http.server
import threading
from collections.abc import Mapping
from dataclasses import dataclass

PATIENCE_SECONDS = 20.0
GREETING = b"the application speaks first"
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


@dataclass(frozen=True)
class Received:
    """A request."""

    method: str
    target: str
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes


class EchoApplication:
    """Answers 200 with the request's body.

    ``/large/N`` sends N bytes in chunks; ``/redirect/PATH`` asks a proxy for another path. A WebSocket gets a greeting, then each
    of its frames back.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._server = _Server(self)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, application: EchoApplication) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.application = application


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_SECONDS
    server: _Server

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def do_GET(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, self._body())
        self.server.application.received.append(received)
        if headers.get("upgrade") == "websocket":
            self._speak_websocket(headers["sec-websocket-key"])
        elif self.path.startswith("/large/"):
            self._send_chunks(int(self.path.rpartition("/")[2]))
        else:
            self._send(received)

    def do_POST(self):
        self.do_GET()

    def do_PUT(self):
        self.do_GET()

    def _send(self, received: Received) -> None:
        self.send_response(200)
        if self.path.startswith("/redirect"):
            self.send_header("X-Accel-Redirect", self.path.removeprefix("/redirect"))
        self.send_header("Content-Length", str(len(received.body)))
        self.send_header("X-Digest", hashlib.sha256(received.body).hexdigest())
        self.end_headers()
        self.wfile.write(received.body)

    def _send_chunks(self, total: int) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for start in range(0, total, 65536):
            part = b"x" * min(65536, total - start)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        content = self.rfile.read(size)
        self.rfile.readline()
        return content

    def _speak_websocket(self, key: str) -> None:
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept_of(key))
        self.end_headers()
        self.wfile.write(frame(GREETING))
        while (content := read_frame(self.rfile)) is not None:
            self.wfile.write(frame(content))
        self.close_connection = True

    def log_message(self, *_):
        pass


def accept_of(key):
    """Return what a server answers to a WebSocket client's *key*."""
    return base64.b64encode(hashlib.sha1(key.encode() + _ACCEPT).digest()).decode()


def frame(content, mask=b""):
    """Return a short binary frame; what a client sends is masked with four bytes."""
    assert len(content) < 126
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(content)) if mask else content
    return bytes([0x82, len(content) | (0x80 if mask else 0)]) + mask + masked


def read_frame(stream):
    """Read a short frame and return what it carries; None at the end."""
    head = stream.read(2)
    if len(head) < 2:
        return None
    mask = stream.read(4) if head[1] & 0x80 else b""
    content = stream.read(head[1] & 0x7F)
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(content)) if mask else content
