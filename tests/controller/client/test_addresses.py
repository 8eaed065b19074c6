"""What a kubeconfig may say about the way to a server: a path, another name, no verification, a proxy of another kind."""

import contextlib
import socket
import threading

import pytest

from controller.client import transport
from informers import errors
from tests.support import calls, http_server

GET = transport.Request("GET", "/api/v1/pods")
POST = transport.Request("POST", "/api/v1/pods", {}, b"{}")


@pytest.fixture
def server(serve):
    """A server that says yes."""
    return serve([http_server.Answer()])


@pytest.fixture
def reach(kubeconfig):
    """Return a function that connects to a server in the way that a kubeconfig's cluster says."""
    transports = []

    def make(server, /, **cluster):
        config = transport.load_config(str(kubeconfig(server, cluster=cluster)), None)
        transports.append(transport.Transport(config))
        return transports[-1]

    yield make
    for each in transports:
        each.close()


@pytest.fixture
def full_listener():
    """The address of a listener whose queue is full, so that connecting to it takes for ever."""
    with contextlib.ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = open_sockets.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()


def test_a_servers_path_stands_before_every_path(server, reach):
    """Some servers serve many clusters, each under a path of its own."""
    connected = reach(server, server=f"{server.url}/k8s/clusters/c1/")
    connected.request(GET)
    connected.stream("/api/v1/nodes", {"watch": "true"}).stop()
    assert [received.path for received in server.received] == [
        "/k8s/clusters/c1/api/v1/pods",
        "/k8s/clusters/c1/api/v1/nodes?watch=true",
    ]


def test_a_server_of_another_name(server, reach):
    """The certificate is held against tls-server-name, not against the address."""
    assert reach(server, **{"tls-server-name": "localhost"}).request(GET).status == 200
    with pytest.raises(errors.TransportError, match=r"match|mismatch"):
        reach(server, **{"tls-server-name": "elsewhere"}).request(GET)


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_verification_is_off_only_where_the_user_says_so(server, serve, reach):
    """insecure-skip-tls-verify is the user's own choice, of this cluster only."""
    stranger = serve([http_server.Answer()]).authority.certificate
    assert reach(server, **{"certificate-authority": str(stranger), "insecure-skip-tls-verify": True}).request(GET).status == 200
    with pytest.raises(errors.TransportError, match="CERTIFICATE_VERIFY_FAILED"):
        reach(server, **{"certificate-authority": str(stranger)}).request(GET)


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.DependencyWarning")
def test_a_proxy_that_needs_a_package(server, reach):
    """The message names the proxy, without its password, and what is missing."""
    with pytest.raises(transport.ConfigError, match=r"socks5://127\.0\.0\.1:1 .*socks") as raised:
        reach(server, **{"proxy-url": "socks5://me:hunter2@127.0.0.1:1"})
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://me:hunter2@[", "http://"])
def test_a_proxy_that_is_no_url(server, reach, url):
    """The message says where to look, and does not quote it."""
    with pytest.raises(transport.ConfigError, match="HTTPS_PROXY") as raised:
        reach(server, **{"proxy-url": url})
    assert "hunter2" not in str(raised.value)


def test_closing_ends_a_connection_that_is_being_made(server, reach, full_listener):
    """A host that drops packets does not keep the process."""
    connected = reach(server, server=f"https://{full_listener[0]}:{full_listener[1]}")
    call = calls.Call(lambda: connected.request(POST))
    until = threading.Event()
    while not connected._connections._twins:  # there is nothing outside to see: the listener does not hear of it
        assert not until.wait(0.001)
    connected.close()
    assert isinstance(call.wait(), errors.TransportError)


def test_a_certificate_that_was_replaced_in_its_file(serve, connect):
    """A 401 makes new connections, which show the new certificate, though its file has the old name."""
    server = serve(lambda received: http_server.Answer() if received.client == wanted[0] else refused)
    refused, wanted = http_server.status(401, "Unauthorized", "Unauthorized"), ["one"]
    first, second = server.authority.issue("one"), server.authority.issue("two")
    connected = connect(server, {"client-certificate": str(first.certificate), "client-key": str(first.key)})
    connected.request(GET)
    first.certificate.write_bytes(second.certificate.read_bytes())
    first.key.write_bytes(second.key.read_bytes())
    wanted[0] = "two"
    connected.request(GET)
    assert [received.client for received in server.received] == ["one", "one", "two"]


def test_a_cause_is_this_requests_own(serve, connect):
    """What the caller was handling when it asked is no cause of what then went wrong."""
    server = serve([http_server.Answer(status=99)])
    connected = connect(server)
    try:
        raise ConnectionResetError("of somebody else")
    except ConnectionResetError:
        with pytest.raises(errors.TransportError) as raised:
            connected.request(POST)
    assert "somebody else" not in str(raised.value)
