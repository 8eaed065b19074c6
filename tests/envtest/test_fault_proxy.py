"""The proxy passes everything on, lets go wrong what is planned, and writes down what was asked."""

import json
import math
import ssl
import threading
import time

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


def test_a_request_is_refused_in_the_servers_place(served):
    """The client gets the status, the reason and Retry-After; the server never hears of it."""
    server, proxy, client = served
    for refusal in (faults.Refusal(429, 7), faults.Refusal(409), faults.Refusal(410), faults.Refusal(500)):
        proxy.faults.at(1, faults.Fault(refusal=refusal))
        with pytest.raises(api.ApiError, match="refused by plan") as failure:
            client.post(PATH, {})
        assert failure.value.code == refusal.code
    assert server.received == []
    assert [entry.status for entry in proxy.log.entries()] == [429, 409, 410, 500]
    proxy.faults.at(1, faults.Fault(refusal=faults.Refusal(429, 7)))
    answer = raw(served, "DELETE")
    assert answer.headers["Retry-After"] == "7"
    assert answer.json() | {"message": ""} == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "",
        "reason": "TooManyRequests",
        "details": {"retryAfterSeconds": 7},
        "code": 429,
    }


def raw(served, method):
    """Ask by a client that hides nothing of the answer."""
    server, proxy, _client = served
    context = ssl.create_default_context(cafile=str(server.authority.certificate))
    pair = server.authority.issue("raw")
    context.load_cert_chain(pair.certificate, pair.key)
    with urllib3.PoolManager(ssl_context=context, retries=False) as pool:
        return pool.request(method, proxy.url + PATH)


def test_a_request_is_held(served):
    """The server gets it late, and then all goes well."""
    server, proxy, client = served
    proxy.faults.at(1, faults.Fault(delay_seconds=0.3))
    began = time.monotonic()
    assert client.post(PATH, {}) == {}
    assert time.monotonic() >= began + 0.3
    assert len(server.received) == 1


def test_an_answer_is_truncated(served):
    """The server has done it, and half of what it says arrives before the connection is cut."""
    server, proxy, client = served
    server.script = [http_server.Answer(201, json.dumps(STORED).encode())]
    proxy.faults.at(1, faults.Fault(faults.Cut.MIDDLE))
    with pytest.raises(api.ApiError, match=r"no answer.*IncompleteRead"):
        client.post(PATH, {})
    assert len(server.received) == 1


def test_a_frame_is_truncated(served):
    """So many frames come whole, then half of one, and then the connection is cut."""
    server, proxy, client = served
    server.script = [http_server.Answer(chunks=FRAMES, is_held=True)]
    proxy.faults.at(1, faults.Fault(faults.Cut.MIDDLE, frames=2), lambda call: call.verb == "watch")
    assert list(client.watch(f"{PATH}?watch=true", 20).lines()) == [b'{"type":"ADDED"}', b'{"type":"MODIFIED"}']
    proxy.faults.at(1, faults.Fault(faults.Cut.MIDDLE), lambda call: call.verb == "watch")
    response = client.watch(f"{PATH}?watch=true", 20)._response
    assert response.read1() == b'{"type":'


def test_a_watch_is_cut_after_so_many_frames(served):
    """The frames come, then the connection's end, though the server has more to say."""
    server, proxy, client = served
    server.script = [http_server.Answer(chunks=FRAMES, is_held=True)]
    proxy.faults.at(1, faults.Fault(faults.Cut.AFTER, frames=1), lambda call: call.verb == "watch")
    assert list(client.watch(f"{PATH}?watch=true", 20).lines()) == [b'{"type":"ADDED"}']


def test_a_watch_expires_in_its_middle(served):
    """After so many frames comes one of type ERROR that holds a Status 410, and the watch ends in good order."""
    server, proxy, client = served
    server.script = [http_server.Answer(chunks=FRAMES, is_held=True)]
    proxy.faults.at(1, faults.Fault(refusal=faults.Refusal(410), frames=1), lambda call: call.verb == "watch")
    first, last = client.watch(f"{PATH}?watch=true", 20)
    assert first == {"type": "ADDED"}
    assert last["type"] == "ERROR"
    assert (last["object"]["kind"], last["object"]["code"], last["object"]["reason"]) == ("Status", 410, "Expired")


def test_a_half_open_connection_is_silent_until_the_client_gives_up(served):
    """The connection stays open, and nothing comes: not the answer of a request, and no further frame of a watch."""
    server, proxy, client = served
    proxy.faults.at(1, faults.Fault(faults.Cut.AFTER, silent_seconds=math.inf), lambda call: call.verb == "get")
    with pytest.raises(api.ApiError, match="Read timed out"):
        client.get(f"{PATH}/one", timeout_seconds=0.3)
    server.script = [http_server.Answer(chunks=FRAMES, is_held=True)]
    proxy.faults.at(1, faults.Fault(faults.Cut.AFTER, frames=1, silent_seconds=math.inf), lambda call: call.verb == "watch")
    watch = client.watch(f"{PATH}?watch=true", 0.3)
    began = time.monotonic()
    assert list(watch.lines()) == [b'{"type":"ADDED"}']
    assert time.monotonic() >= began + 0.3


def test_a_half_open_connection_may_turn_out_to_be_dead(served):
    """After the silence comes the end."""
    _server, proxy, client = served
    proxy.faults.at(1, faults.Fault(faults.Cut.BEFORE, silent_seconds=0.2))
    began = time.monotonic()
    with pytest.raises(api.ApiError, match="no answer"):
        client.post(PATH, {})
    assert time.monotonic() >= began + 0.2


def test_lists_are_answered_as_of_an_older_version(served):
    """The server is asked for just that version, by the first page; later the present is asked for again."""
    server, proxy, client = served
    proxy.faults.set_view("41")
    client.get(f"{PATH}?limit=2&resourceVersion=7")
    client.get(f"{PATH}?limit=2&continue=token")
    client.get(f"{PATH}/one")
    proxy.faults.set_view("")
    client.get(PATH)
    assert [received.path.removeprefix(PATH) for received in server.received] == [
        "?limit=2&resourceVersion=41&resourceVersionMatch=Exact",
        "?limit=2&continue=token",
        "/one",
        "",
    ]


def test_watches_of_an_older_view_show_nothing_new(served):
    """Frames are held back while the view is an older one, and a watch that would begin with a list of now is refused."""
    server, proxy, client = served
    server.script = [http_server.Answer(chunks=FRAMES, is_held=True)]
    proxy.faults.set_view("41", "configmaps")
    with pytest.raises(api.ApiError, match="422"):
        client.watch(f"{PATH}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", 20)
    watch = client.watch(f"{PATH}?watch=true&resourceVersion=41", 20)
    came = []
    reader = threading.Thread(target=lambda: came.append(next(watch.lines())))
    reader.start()
    reader.join(0.2)
    assert came == []
    proxy.faults.set_view("", "configmaps")
    reader.join(20)
    assert came == [b'{"type":"ADDED"}']
    watch.stop()


def test_frames_that_are_lost_are_never_seen(served):
    """What a watch held back is dropped, and it ends by 410: its client must list again."""
    server, proxy, client = served
    server.script = [http_server.Answer(chunks=FRAMES, is_held=True)]
    proxy.faults.set_lag(math.inf)
    watch = client.watch(f"{PATH}?watch=true", 20)
    server.wait_for_requests(1)
    proxy.faults.lose("configmaps")
    [frame] = watch
    assert (frame["type"], frame["object"]["code"]) == ("ERROR", 410)


def test_a_client_that_is_cut_off_stays_so(served):
    """From the cut on nothing gets through, by old connections or new ones."""
    server, proxy, client = served
    client.get(PATH)
    proxy.cut()
    for _ in range(2):
        with pytest.raises(api.ApiError, match="no answer"):
            client.get(PATH)
    assert len(server.received) == 1


def test_a_proxy_without_a_certificate_speaks_plain_http(served):
    """Everybody is the administrator then; the server is spoken to as before, and a cut is one."""
    server, _proxy, _client = served
    endpoint = api.Endpoint(server.url, server.authority.certificate, server.authority.issue("second"))
    with fault_proxy.Proxy(endpoint, None) as plain, urllib3.PoolManager(retries=False) as pool:
        assert plain.url.startswith("http://")
        assert pool.request("GET", plain.url + PATH).status == 200
        plain.cut()
        with pytest.raises(urllib3.exceptions.HTTPError):
            pool.request("GET", plain.url + PATH)
    assert [received.client for received in server.received] == ["second"]


def test_proxies_may_share_a_plan_and_a_log(served):
    """Several proxies before one server, each a door of its own, follow one plan and write one log."""
    server, proxy, _client = served
    endpoint = api.Endpoint(server.url, server.authority.certificate, server.authority.issue("third"))
    serving = server.authority.issue("door", hosts=["127.0.0.1"])
    with fault_proxy.Proxy(endpoint, serving, proxy.faults, proxy.log) as other:
        client = api.Api(api.Endpoint(other.url, server.authority.certificate, server.authority.issue("anybody")))
        proxy.faults.at(1, faults.Fault(refusal=faults.Refusal(500)))
        with pytest.raises(api.ApiError, match="500"):
            client.post(PATH, {})
        client.close()
    assert [(entry.status, entry.fault) for entry in proxy.log.entries()] == [(500, "500")]


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
