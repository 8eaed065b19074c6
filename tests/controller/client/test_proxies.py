"""Proxies: HTTPS_PROXY and NO_PROXY, and a kubeconfig's own."""

import base64

import pytest

from controller.client import transport
from tests.support import http_server

GET = transport.Request("GET", "/api/v1/pods")


@pytest.fixture
def proxy(monkeypatch):
    """A proxy, and a process that knows of none."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    running = http_server.ConnectProxy()
    yield running
    running.close()


@pytest.fixture
def server(serve):
    """A server that says yes."""
    return serve([http_server.Answer(body=b"1"), http_server.Answer(chunks=(b"1\n",))])


def test_https_proxy_is_used(monkeypatch, proxy, server, connect):
    """Requests and watches go through a tunnel, in which TLS is verified as ever."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    connected = connect(server)
    assert connected.request(GET).body == b"1"
    assert list(connected.stream("/x", {})) == [b"1"]
    assert proxy.tunnels == [(server.url.removeprefix("https://"), "")] * 2
    assert server.received[0].headers["authorization"] == "Bearer a-token"


@pytest.mark.parametrize("exception", ["127.0.0.1", "127.0.0.0/8", "example.com,127.0.0.1", "*"])
def test_no_proxy_is_obeyed(monkeypatch, proxy, server, connect, exception):
    """Hosts, networks and lists of them are reached directly."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv("NO_PROXY", exception)
    assert connect(server).request(GET).body == b"1"
    assert proxy.tunnels == []


def test_a_proxys_credentials_are_sent_to_it_alone(monkeypatch, proxy, server, connect):
    """User and password of the proxy's URL are decoded and shown to the proxy, not to the server."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:p%40ss@{proxy.address}")
    connect(server).request(GET)
    assert proxy.tunnels[0][1] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert "proxy-authorization" not in server.received[0].headers


def test_a_kubeconfigs_proxy_is_used(proxy, server, kubeconfig):
    """Its proxy-url needs no environment."""
    path = kubeconfig(server, cluster={"proxy-url": f"http://{proxy.address}"})
    connected = transport.Transport(transport.load_config(str(path), None))
    assert connected.request(GET).body == b"1"
    assert len(proxy.tunnels) == 1
    connected.close()


def test_closing_ends_what_goes_through_a_proxy(monkeypatch, proxy, serve, connect):
    """A tunnelled watch is cut like any other."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    connected = connect(serve([http_server.Answer(chunks=(b"1\n",), is_held=True)]))
    reading = iter(connected.stream("/x", {}))
    assert next(reading) == b"1"
    connected.close()
    assert list(reading) == []
