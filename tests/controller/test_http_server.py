"""The HTTP server, over real sockets on the loopback interface."""

import http.client
import socket
import threading

import pytest

from controller import http_server


def text(body: str, status: int = 200) -> http_server.Response:
    return http_server.Response(body.encode(), status)


def ask(server: http_server.HTTPServer, path: str, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.fixture
def serve():
    servers: list[http_server.HTTPServer] = []

    def make(routes, address="127.0.0.1:0"):
        server = http_server.HTTPServer(address, routes)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", None),
        ("0", None),
        (":8080", ("", 8080)),
        (":0", ("", 0)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_addresses(address, expected):
    """host:port, :port and bracketed IPv6 are read; "" and "0" mean off."""
    assert http_server.parse_address(address) == expected


@pytest.mark.parametrize("address", ["8080", "host", "host:", "host:http", ":70000", ":-1", "::1:80", ":²"])
def test_a_malformed_address_is_named_with_its_flag_and_what_is_wanted(address):
    """The error names the flag, its value, and the right forms."""
    with pytest.raises(http_server.BindError, match=r"--metrics-bind-address=.*(host:port|brackets)"):
        http_server.HTTPServer(address, {}, flag="--metrics-bind-address")


def test_a_taken_port_fails_at_construction():
    """Two servers cannot have one port, and the second says so at once, naming its value."""
    first = http_server.HTTPServer("127.0.0.1:0", {})
    with pytest.raises(http_server.BindError, match=rf"127\.0\.0\.1:{first.port}.*[Aa]ddress already in use"):
        http_server.HTTPServer(f"127.0.0.1:{first.port}", {})
    first.stop()


@pytest.mark.parametrize("address", ["", "0"])
def test_off_does_nothing(address):
    """A server that is off neither listens nor minds being started and stopped."""
    server = http_server.HTTPServer(address, {"/": lambda _: text("no")})
    server.start()
    assert (server.is_enabled, server.port, server.stop()) == (False, 0, True)


def test_zero_picks_a_free_port_on_all_interfaces(serve):
    """ ":0" is not off: the system chooses, and `port` tells."""
    server = serve({"/": lambda _: text("here")}, ":0")
    assert server.port > 0
    assert ask(server, "/") == (200, "here")


def test_routes_match_exactly_or_by_prefix(serve):
    """A path that ends in a slash takes what is below it, the longest first; others match alone; the rest is 404."""
    server = serve({"/metrics": lambda _: text("m"), "/a/": lambda r: text(r.path), "/a/b/": lambda _: text("deep")})
    assert ask(server, "/metrics?x=1") == (200, "m")
    assert ask(server, "/metrics/more")[0] == 404
    assert ask(server, "/a/c%20d") == (200, "/a/c d")
    assert ask(server, "/a/b/c") == (200, "deep")
    assert ask(server, "/")[0] == 404


def test_queries_reach_the_route(serve):
    """Parameters come as lists, also those without a value."""
    server = serve({"/": lambda request: text(repr(sorted(request.query.items())))})
    assert ask(server, "/?verbose&exclude=a&exclude=b")[1] == "[('exclude', ['a', 'b']), ('verbose', [''])]"


def test_head_has_no_body_and_other_methods_are_refused(serve):
    """HEAD answers like GET without the body; POST is not implemented."""
    server = serve({"/": lambda _: text("body")})
    assert ask(server, "/", "HEAD") == (200, "")
    assert ask(server, "/", "POST")[0] == 501


def test_a_failing_route_answers_500_and_writes_nothing_to_stderr(serve, capfd):
    """The client hears of it; the text of the exception goes nowhere, and the server lives on."""

    def fail(_):
        raise KeyError("secret".upper())

    server = serve({"/": fail, "/ok": lambda _: text("ok")})
    status, body = ask(server, "/")
    assert (status, "SECRET" in body) == (500, False)
    assert ask(server, "/ok") == (200, "ok")
    assert server.stop(20)
    captured = capfd.readouterr()
    assert captured.err == ""
    assert "SECRET" not in captured.out


def test_rubbish_and_silent_clients_harm_nobody(serve, capfd):
    """What is no HTTP, and connections that say nothing, leave the server working and stderr empty."""
    server = serve({"/": lambda _: text("ok")})
    silent = socket.create_connection(("127.0.0.1", server.port))
    with socket.create_connection(("127.0.0.1", server.port)) as rude:
        rude.sendall(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        rude.recv(100)
    with socket.create_connection(("127.0.0.1", server.port)) as hasty:
        hasty.sendall(b"GET / HTTP/1.1\r\n")
    assert ask(server, "/") == (200, "ok")
    silent.close()
    assert server.stop(20)
    assert capfd.readouterr().err == ""


def test_connections_are_bounded(serve):
    """Beyond the limit a client is told 503 at once, and is served again when others have gone."""
    server = serve({"/": lambda _: text("ok")})
    address = ("127.0.0.1", server.port)
    held = [socket.create_connection(address, timeout=20) for _ in range(http_server.MAX_CONNECTIONS)]
    with socket.create_connection(address, timeout=20) as refused:
        assert refused.recv(1000).startswith(b"HTTP/1.1 503")
    for connection in held:
        connection.close()
    server._server.wait_until_idle(20)
    assert ask(server, "/") == (200, "ok")


def test_stop_waits_for_requests_in_progress_but_not_for_ever(serve):
    """A request in progress is finished if it is quick enough; stop tells if it is not."""
    entered, leave = threading.Event(), threading.Event()

    def slow(_):
        entered.set()
        leave.wait(20)
        return text("done")

    server = serve({"/": slow})
    answers: list[tuple[int, str]] = []
    client = threading.Thread(target=lambda: answers.append(ask(server, "/")))
    client.start()
    assert entered.wait(20)
    assert not server.stop(0.01)
    leave.set()
    assert server.stop(20)
    client.join(20)
    assert answers == [(200, "done")]
    with pytest.raises(ConnectionRefusedError):
        ask(server, "/")


def test_stop_without_start_frees_the_port():
    """A server that was only bound gives its port back."""
    server = http_server.HTTPServer("127.0.0.1:0", {})
    assert server.stop()
    again = http_server.HTTPServer(f"127.0.0.1:{server.port}", {})
    assert again.stop()
