"""The transport, over real TLS connections to a scripted server."""

import importlib.metadata

import pytest

from controller.client import transport
from informers import errors
from tests.support import calls, fake_clock, http_server

GET = transport.Request("GET", "/api/v1/pods", {"limit": "5", "labelSelector": "a=b,c=d"})
POST = transport.Request("POST", "/api/v1/pods", {}, b'{"a":1}')

ONE_CONNECTION = -3
"""As many workers as leave one connection, with the 4 that there are besides."""


def busy(seconds):
    """An answer that asks to come again after *seconds*."""
    return http_server.Answer(429, b"", {"Retry-After": str(seconds)})


def test_a_request_carries_credentials_and_says_who_asks(serve, connect):
    """The Authorization header leaves the process, with method, path, query and User-Agent."""
    server = serve([http_server.Answer(body=b'{"kind":"PodList"}')])
    answer = connect(server).request(GET)
    (received,) = server.received
    assert (answer.status, answer.body) == (200, b'{"kind":"PodList"}')
    assert (received.method, received.path) == ("GET", "/api/v1/pods?limit=5&labelSelector=a%3Db%2Cc%3Dd")
    assert received.headers["authorization"] == "Bearer a-token"
    assert received.headers["user-agent"] == f"coxswain/{importlib.metadata.version('coxswain')}"
    assert received.headers["accept-encoding"] == "identity"


def test_a_body_is_sent_as_it_is(serve, connect):
    """Bytes and content type arrive unchanged."""
    server = serve([http_server.Answer(201)])
    connect(server).request(transport.Request("PATCH", "/x", {}, b'{"a": 1}', "application/apply-patch+yaml"))
    (received,) = server.received
    assert (received.body, received.headers["content-type"]) == (b'{"a": 1}', "application/apply-patch+yaml")


def test_a_server_of_another_authority_is_not_trusted(serve, kubeconfig):
    """TLS is verified against the configured authority, and the error says so."""
    server, other = serve([http_server.Answer()]), serve([http_server.Answer()])
    path = kubeconfig(server, cluster={"certificate-authority": str(other.authority.certificate)})
    connected = transport.Transport(transport.load_config(str(path), None))
    with pytest.raises(errors.TransportError, match="CERTIFICATE_VERIFY_FAILED"):
        connected.request(GET)
    assert server.received == []
    connected.close()


def test_connections_are_kept(serve, connect):
    """Requests one after the other share a connection, refused ones too."""
    server = serve([http_server.Answer(), http_server.status(404, "NotFound"), http_server.Answer()])
    connected = connect(server)
    connected.request(GET)
    with pytest.raises(errors.NotFoundError):
        connected.request(GET)
    connected.request(POST)
    assert {received.connection for received in server.received} == {1}


def test_a_client_certificate_is_shown(serve, connect):
    """A kubeconfig's client certificate identifies the client."""
    server = serve([http_server.Answer()])
    pair = server.authority.issue("me")
    connect(server, {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}).request(GET)
    assert server.received[0].client == "me"
    assert "authorization" not in server.received[0].headers


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
@pytest.mark.parametrize("code", [429, 500, 503])
def test_retry_after_is_obeyed(serve, connect, request_, code):
    """429 and 5xx with Retry-After are asked again after that time, writes too."""
    clock = fake_clock.FakeClock()
    server = serve([http_server.Answer(code, b"", {"Retry-After": "7"}), http_server.Answer(body=b'{"b":2}')])
    connected = connect(server, clock=clock)
    call = calls.Call(lambda: connected.request(request_))
    clock.wait_for_waits(1)
    assert len(server.received) == 1
    clock.step(6.9)
    assert len(server.received) == 1
    clock.step(0.1)
    assert call.wait().body == b'{"b":2}'
    assert [received.body for received in server.received] == [request_.body or b""] * 2


def test_retry_after_is_obeyed_ten_times(serve, connect):
    """Then the caller gets the answer, with the time that the server asked for."""
    clock = fake_clock.FakeClock()
    server = serve([busy(1)])
    connected = connect(server, clock=clock)
    call = calls.Call(lambda: connected.request(POST))
    for number in range(10):
        clock.wait_for_waits(number + 1)
        clock.step(1.0)
    error = call.wait()
    assert isinstance(error, errors.TooManyRequestsError)
    assert error.retry_after_seconds == 1.0
    assert len(server.received) == 11


def test_a_refusal_without_retry_after_is_the_callers(serve, connect):
    """A 500 that names no time is not asked again."""
    server = serve([http_server.status(500, "InternalError")])
    with pytest.raises(errors.ServerError):
        connect(server).request(GET)
    assert len(server.received) == 1


def test_closing_ends_the_wait_for_retry_after(serve, connect):
    """Shutdown does not wait for a server's good hour."""
    clock = fake_clock.FakeClock()
    connected = connect(serve([busy(30)]), clock=clock)
    call = calls.Call(lambda: connected.request(GET))
    clock.wait_for_waits(1)
    connected.close()
    assert isinstance(call.wait(), errors.TransportError)


@pytest.mark.parametrize("broken", [http_server.CUT, http_server.Answer(body=b'{"a"', is_cut=True)], ids=["no answer", "half"])
def test_a_read_whose_connection_is_lost_is_sent_again(serve, connect, broken):
    """A GET changes nothing, so it may be repeated."""
    clock = fake_clock.FakeClock()
    server = serve([broken, http_server.Answer(body=b"[]")])
    connected = connect(server, clock=clock)
    call = calls.Call(lambda: connected.request(GET))
    clock.wait_for_waits(1)
    clock.step(1.0)
    assert call.wait().body == b"[]"


@pytest.mark.parametrize("broken", [http_server.CUT, http_server.Answer(body=b'{"a"', is_cut=True)], ids=["no answer", "half"])
def test_a_write_whose_connection_is_lost_is_an_error(serve, connect, broken):
    """It may have happened: the caller looks, and decides."""
    server = serve([broken])
    with pytest.raises(errors.TransportError) as caught:
        connect(server).request(POST)
    assert isinstance(caught.value.__cause__, (ConnectionError, EOFError))
    assert len(server.received) == 1


def test_a_refused_connection_is_an_error_at_once(serve, connect):
    """Nobody listens: the caller's own backoff decides, and the cause says what it was."""
    server = serve([http_server.Answer()])
    connected = connect(server, clock=fake_clock.FakeClock())
    server.close()
    with pytest.raises(errors.TransportError) as caught:
        connected.request(GET)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize("silent", [http_server.HELD, http_server.Answer(body=b"{", is_held=True)], ids=["head", "body"])
def test_silence_is_an_error_after_the_deadline(serve, connect, silent):
    """A server that does not go on does not hold a worker."""
    with pytest.raises(errors.TransportError) as caught:
        connect(serve([silent])).request(transport.Request("GET", "/x", timeout_seconds=0.1))
    assert isinstance(caught.value.__cause__, TimeoutError)


def test_a_worker_waits_for_a_free_connection_and_not_for_ever(serve, connect):
    """More callers than connections wait for one; a deadline ends that."""
    server = serve([http_server.HELD])
    connected = connect(server, workers=ONE_CONNECTION)
    holding = calls.Call(lambda: connected.request(POST))
    server.wait_for_requests(1)
    with pytest.raises(errors.TransportError, match="no connection became free"):
        connected.request(transport.Request("GET", "/x", timeout_seconds=0.1))
    connected.close()
    assert isinstance(holding.wait(), errors.TransportError)


def test_informers_do_not_take_the_workers_connections(serve, connect):
    """A list that takes long goes beside the watches."""
    server = serve(lambda received: http_server.HELD if received.path == "/list" else http_server.Answer(body=b"1"))
    connected = connect(server, workers=ONE_CONNECTION)
    listing = calls.Call(lambda: connected.request(transport.Request("GET", "/list", is_informers=True)))
    server.wait_for_requests(1)
    assert connected.request(POST).body == b"1"
    connected.close()
    assert isinstance(listing.wait(), errors.TransportError)


@pytest.mark.parametrize("silent", [http_server.HELD, http_server.Answer(body=b"{", is_held=True)], ids=["head", "body"])
def test_closing_ends_calls_in_progress(serve, connect, silent):
    """Whoever waits for an answer gets an error at once, and later calls too."""
    server = serve([silent])
    connected = connect(server)
    call = calls.Call(lambda: connected.request(POST))
    server.wait_for_requests(1)
    connected.close()
    assert isinstance(call.wait(), errors.TransportError)
    with pytest.raises(errors.TransportError, match="the transport is closed"):
        connected.request(GET)
    connected.close()


def test_closing_ends_a_handshake(kubeconfig, serve, silent_listener):
    """A server that accepts and never shakes hands does not keep the process."""
    path = kubeconfig(serve([http_server.Answer()]), cluster={"server": f"https://127.0.0.1:{silent_listener.port}"})
    connected = transport.Transport(transport.load_config(str(path), None))
    call = calls.Call(lambda: connected.request(POST))
    silent_listener.wait_for_client()
    connected.close()
    assert isinstance(call.wait(), errors.TransportError)


def test_requests_are_counted(serve, connect):
    """Each try is told of, with method, host and code; one without an answer as <error>."""
    told = []
    server = serve([http_server.Answer(201), http_server.status(409, "Conflict"), http_server.CUT])
    connected = connect(server, on_request=lambda *what: told.append(what))
    connected.request(POST)
    for _ in range(2):
        with pytest.raises((errors.ConflictError, errors.TransportError)):
            connected.request(POST)
    host = server.url.removeprefix("https://")
    assert told == [("POST", host, "201"), ("POST", host, "409"), ("POST", host, "<error>")]


def test_a_redirect_is_a_refusal(serve, connect):
    """A login page's address is no answer of an API server."""
    server = serve([http_server.Answer(302, b"", {"Location": "/login"})])
    with pytest.raises(errors.ApiError, match="302"):
        connect(server).request(GET)


def test_no_chain_of_exceptions_holds_the_servers_words(serve, connect):
    """An error neither has nor hides another error with the answer in it."""
    clock = fake_clock.FakeClock()
    secret = http_server.Answer(503, b'{"kind":"Status","message":"s3cret"}', {"Retry-After": "1"})
    server = serve([secret, http_server.Answer(body=b"s3cret", is_cut=True)])
    connected = connect(server, clock=clock)
    call = calls.Call(lambda: connected.request(POST))
    clock.wait_for_waits(1)
    clock.step(1.0)
    link, seen = call.wait(), []
    while link is not None:
        seen.append(f"{link!r} {vars(link)}")
        link = link.__cause__ or link.__context__
    assert "s3cret" not in " ".join(seen)
