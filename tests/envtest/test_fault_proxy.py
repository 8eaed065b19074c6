"""The proxy passes everything on, lets go wrong what is planned, and writes down what was asked."""

import json
import ssl
import threading

import pytest
import urllib3

from envtest import certificates, fault_proxy, faults
from envtest.kubelet import api
from tests.support import control_planes, http_server

PATH = "/api/v1/namespaces/team/configmaps"
STORED = {"kind": "ConfigMap", "metadata": {"name": "one", "uid": "u", "resourceVersion": "7"}}
OK = http_server.Answer()
FRAMES = (b'{"type":"ADDED"}\n', b'{"type":"MODI', b'FIED"}\n{"type":"DELETED"}\n')


@pytest.fixture
def served(tmp_path):
    """A server that answers with what a test says, a client of it by way of a proxy, and the proxy."""
    server = http_server.HTTPServer(tmp_path, [http_server.Answer()])
    admin = server.authority.issue("admin")
    serving = server.authority.issue("proxy", hosts=["127.0.0.1"])
    endpoint = api.Endpoint(server.url, server.authority.certificate, admin)
    with fault_proxy.Proxy(endpoint, serving) as proxy:
        client = api.Api(api.Endpoint(proxy.url, server.authority.certificate, server.authority.issue("somebody")))
        yield server, proxy, client
        client.close()
    server.close()
    assert not [thread for thread in threading.enumerate() if thread.name in {"fault-proxy", "watch-relay"}]


def test_requests_and_answers_pass_unchanged(served):
    """Method, path, query, headers and body arrive, sent as the administrator; status, headers and body come back."""
    server, proxy, client = served
    server.script = [http_server.Answer(201, json.dumps(STORED).encode())]
    assert client.post(f"{PATH}?fieldManager=me", {"data": {"a": "b"}}) == STORED
    [received] = server.received
    assert (received.method, received.path, received.client) == ("POST", f"{PATH}?fieldManager=me", "admin")
    assert json.loads(received.body) == {"data": {"a": "b"}}
    assert received.headers["content-type"] == "application/json"
    [entry] = proxy.log.entries()
    assert (entry.call.verb, entry.call.resource, entry.call.field_manager) == ("create", "configmaps", "me")
    assert (entry.status, entry.name, entry.uid, entry.resource_version) == (201, "one", "u", "7")


def test_refusals_pass_too(served):
    """A refusal keeps its status and its words."""
    server, proxy, client = served
    server.script = [http_server.status(409, "Conflict", "somebody was faster")]
    with pytest.raises(api.ApiError, match="somebody was faster") as refusal:
        client.delete(f"{PATH}/one", {})
    assert refusal.value.code == 409
    assert [entry.status for entry in proxy.log.writes()] == [409]


def test_connections_are_used_again(served):
    """Many requests over one client's connection need one connection to the server."""
    server, proxy, client = served
    for _ in range(20):
        client.get(PATH)
    assert {received.connection for received in server.received} == {1}
    assert [entry.ordinal for entry in proxy.log.entries()] == list(range(1, 21))


def test_a_client_needs_a_certificate(served, tmp_path):
    """Who shows none, or one of another authority, gets nothing through."""
    server, proxy, _client = served
    context = ssl.create_default_context(cafile=str(server.authority.certificate))
    folder = tmp_path / "other"
    folder.mkdir()
    other = certificates.Authority(folder).issue("admin")
    for pair in (None, other):
        if pair:
            context.load_cert_chain(pair.certificate, pair.key)
        with urllib3.PoolManager(ssl_context=context, retries=False) as pool, pytest.raises(urllib3.exceptions.HTTPError):
            pool.request("GET", proxy.url + PATH)
    assert server.received == []


def test_a_watch_comes_frame_by_frame(served):
    """Frames are passed on while the watch goes on, cut where the frames end, whatever the server's chunks are."""
    server, _proxy, client = served
    server.script = [http_server.Answer(chunks=FRAMES, is_held=True)]
    watch = client.watch(f"{PATH}?watch=true", 20)
    lines = watch.lines()
    assert [next(lines) for _ in range(3)] == [b'{"type":"ADDED"}', b'{"type":"MODIFIED"}', b'{"type":"DELETED"}']
    watch.stop()
    assert list(lines) == []


def test_a_watch_ends_as_the_server_ends_it(served):
    """The end of the answer is passed on as an end, and the connection can be used again."""
    server, _proxy, client = served
    server.script = [http_server.Answer(chunks=FRAMES), http_server.Answer(410), http_server.Answer(chunks=())]
    assert len(list(client.watch(f"{PATH}?watch=true", 20))) == 3
    with pytest.raises(api.ApiError, match="410"):
        client.watch(f"{PATH}?watch=true", 20)
    assert list(client.watch(f"{PATH}?watch=true", 20)) == []


def test_frames_are_held_back_and_other_answers_are_not(served):
    """Under lag a watch shows nothing yet, while reads are answered at once; when the lag goes, the frames come."""
    server, proxy, client = served
    server.script = lambda received: http_server.Answer(chunks=FRAMES, is_held=True) if "watch" in received.path else OK
    proxy.faults.set_lag(3600)
    watch = client.watch(f"{PATH}?watch=true", 2)
    assert client.get(PATH) == {}
    assert list(watch) == []  # the client's patience ended first
    watch = client.watch(f"{PATH}?watch=true", 20)
    lines = watch.lines()
    proxy.faults.set_lag(0)
    assert next(lines) == FRAMES[0].strip()
    watch.stop()


def test_a_request_is_cut_before_the_server_gets_it(served):
    """The client sees a broken connection, the callback came first, and the server never heard of it; the next one passes."""
    server, proxy, client = served
    seen = []
    proxy.faults.at(1, faults.Fault(faults.Cut.BEFORE, lambda: seen.append(len(server.received))))
    with pytest.raises(api.ApiError, match="no answer"):
        client.post(PATH, {})
    assert seen == [0]
    assert server.received == []
    client.post(PATH, {})
    assert [(entry.ordinal, entry.status) for entry in proxy.log.entries()] == [(1, 0), (2, 200)]


def test_a_request_is_cut_after_the_server_has_done_it(served):
    """The server did it, the callback came then, and the answer is lost; the log knows it."""
    server, proxy, client = served
    seen = []
    proxy.faults.at(1, faults.Fault(faults.Cut.AFTER, lambda: seen.append(len(server.received))))
    with pytest.raises(api.ApiError, match="no answer"):
        client.post(PATH, {})
    assert seen == [1]
    assert [entry.status for entry in proxy.log.entries()] == [200]


def test_a_watch_is_cut_after_the_server_has_begun_it(served):
    """The server has begun to answer, the callback came then, and the client gets nothing; the next watch runs."""
    server, proxy, client = served
    server.script = [http_server.Answer(chunks=FRAMES, is_held=True), http_server.Answer(chunks=FRAMES)]
    seen = []
    fault = faults.Fault(faults.Cut.AFTER, lambda: seen.append(len(server.received)))
    proxy.faults.at(1, fault, lambda call: call.verb == "watch")
    with pytest.raises(api.ApiError, match="no answer"):
        client.watch(f"{PATH}?watch=true", 20)
    assert seen == [1]
    assert len(list(client.watch(f"{PATH}?watch=true", 20))) == 3
    assert [entry.status for entry in proxy.log.entries()] == [200, 200]


def test_a_server_that_breaks_off_looks_like_that(served):
    """Where the server gives no answer, the client gets none."""
    server, proxy, client = served
    server.script = [http_server.CUT]
    with pytest.raises(api.ApiError, match="no answer"):
        client.get(PATH)
    assert [entry.status for entry in proxy.log.entries()] == [0]


def test_the_server_is_let_go_when_the_client_is_gone(served):
    """A client that hangs up in the middle of a silent watch ends the watch at the server too."""
    server, proxy, client = served
    server.script = [http_server.Answer(chunks=FRAMES[:1], is_held=True)]
    proxy.faults.set_lag(3600)
    watch = client.watch(f"{PATH}?watch=true", 20)
    watch.stop()
    assert list(watch) == []
    control_planes.wait_for(lambda: not [thread for thread in threading.enumerate() if thread.name == "watch-relay"])


def test_closing_ends_what_runs(served):
    """The end of the proxy ends watches and idle connections at once, as the fixture's check of threads sees."""
    server, _proxy, client = served
    client.get(PATH)
    server.script = [http_server.Answer(chunks=FRAMES[:1], is_held=True)]
    assert next(client.watch(f"{PATH}?watch=true", 20).lines())


def test_a_kubeconfig_leads_to_the_proxy(served, tmp_path):
    """The client side's own configuration works unchanged with the proxy's address."""
    from controller.client import transport

    server, proxy, _client = served
    proxy.write_kubeconfig(tmp_path / "kubeconfig")
    config = transport.load_config(str(tmp_path / "kubeconfig"), None)
    connected = transport.Transport(config, transport.TransportOptions())
    assert connected.request(transport.Request("GET", PATH)).body == b"{}"
    connected.close()
    assert [received.client for received in server.received] == ["admin"]
