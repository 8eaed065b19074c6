"""Credentials that change while the process runs: a pod's token, a token file, an exec plugin's token or certificate."""

import json
import stat
import threading

import pytest

from controller.client import transport
from informers import errors
from tests.support import calls, http_server

GET = transport.Request("GET", "/api/v1/pods")
REFUSED = http_server.status(401, "Unauthorized", "Unauthorized")


def accepting(*tokens):
    """A script that accepts only these tokens."""
    headers = {f"bearer {token}" for token in tokens}
    return lambda received: http_server.Answer() if received.headers.get("authorization", "").lower() in headers else REFUSED


def shown(server):
    """The Authorization headers that a server has seen."""
    return [received.headers.get("authorization", "").lower() for received in server.received]


@pytest.fixture
def connected_pod(serve, pod):
    """A server, the folder of a service account, and a transport that uses it."""
    server = serve(accepting("pods-token"))
    folder = pod(server)
    connected = transport.Transport(transport.in_cluster(folder))
    yield server, folder, connected
    connected.close()


@pytest.fixture
def plugin(tmp_path):
    """Return a function that makes an exec plugin: it prints what a file holds, and notes each run."""

    def make(status):
        answer, runs, command = tmp_path / "answer", tmp_path / "runs", tmp_path / "plugin"
        runs.write_text("")
        answer.write_text(
            json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})
        )
        command.write_text(f"#!/bin/sh\necho run >> {runs}\nsleep 0.05\ncat {answer}\n")
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
        return {"apiVersion": "client.authentication.k8s.io/v1", "command": str(command)}, answer, runs

    return make


def test_a_pods_token_is_sent(connected_pod):
    """Without the file's last newline, which no header may have."""
    server, _, connected = connected_pod
    connected.request(GET)
    assert shown(server) == ["bearer pods-token"]


def test_a_pods_token_is_read_again_when_it_is_refused(connected_pod):
    """The kubelet has rotated it: one 401 later the new one is used, by a write as well."""
    server, folder, connected = connected_pod
    server.script = accepting("rotated")
    (folder / "token").write_text("rotated")
    connected.request(transport.Request("POST", "/api/v1/pods", {}, b"{}"))
    assert shown(server) == ["bearer pods-token", "bearer rotated"]


def test_a_watch_reads_the_token_again_too(connected_pod):
    """Reconnecting after the rotation costs one refusal, not a relist."""
    server, folder, connected = connected_pod
    server.script = accepting("rotated")
    (folder / "token").write_text("rotated")
    assert list(connected.stream("/x", {})) == []
    assert shown(server) == ["bearer pods-token", "bearer rotated"]


def test_a_second_refusal_is_the_callers(connected_pod):
    """Credentials are read again once a request, not for ever."""
    server, _, connected = connected_pod
    server.script = [REFUSED]
    with pytest.raises(errors.UnauthorizedError):
        connected.request(GET)
    assert len(server.received) == 2


def test_a_token_that_has_gone(connected_pod):
    """A file that cannot be read is an error that names it, not a crash of whoever asks."""
    server, folder, connected = connected_pod
    server.script = [REFUSED]
    (folder / "token").unlink()
    with pytest.raises(errors.TransportError, match=f"service account in {folder}"):
        connected.request(GET)


def test_a_kubeconfigs_token_file_is_read_again(serve, connect, tmp_path):
    """Some platforms rotate what tokenFile names."""
    token = tmp_path / "token"
    token.write_text("first\n")
    server = serve(accepting("first"))
    connected = connect(server, {"tokenFile": str(token)})
    connected.request(GET)
    token.write_text("second\n")
    server.script = accepting("second")
    connected.request(GET)
    assert shown(server) == ["bearer first", "bearer first", "bearer second"]


def test_a_plugins_token_is_asked_for_again_once_for_all_threads(serve, connect, plugin):
    """Threads that are refused together run the command together, once."""
    entry, answer, runs = plugin({"token": "first"})
    server = serve(accepting("first"))
    connected = connect(server, {"exec": entry}, workers=8)
    connected.request(GET)
    before = len(runs.read_text().split())
    answer.write_text(answer.read_text().replace("first", "second"))
    barrier = threading.Barrier(8)

    def answer_all(received):
        if received.headers["authorization"].endswith("first"):
            return REFUSED
        return http_server.Answer()

    server.script = answer_all

    def ask():
        barrier.wait(http_server.PATIENCE_SECONDS)
        return connected.request(GET)

    asked = [calls.Call(ask) for _ in range(8)]
    assert [call.wait().status for call in asked] == [200] * 8
    assert len(runs.read_text().split()) == before + 1


def test_a_plugins_expired_token_is_not_sent(serve, connect, plugin):
    """When the plugin said until when, it is asked again in time."""
    entry, _, runs = plugin({"token": "first", "expirationTimestamp": "2020-01-01T00:00:00Z"})
    server = serve(accepting("first"))
    connected = connect(server, {"exec": entry})
    before = len(runs.read_text().split())
    connected.request(GET)
    assert len(runs.read_text().split()) == before + 1


def test_a_plugins_new_certificate_makes_new_connections(serve, connect, plugin):
    """A connection is bound to the certificate that it was made with."""
    server = serve(lambda received: http_server.Answer() if received.client == wanted[0] else REFUSED)
    wanted = ["one"]

    def certificate(name):
        pair = server.authority.issue(name)
        return {"clientCertificateData": pair.certificate.read_text(), "clientKeyData": pair.key.read_text()}

    entry, answer, _ = plugin(certificate("one"))
    connected = connect(server, {"exec": entry})
    connected.request(GET)
    document = json.loads(answer.read_text())
    answer.write_text(json.dumps({**document, "status": certificate("two")}))
    wanted[0] = "two"
    connected.request(GET)
    assert [received.client for received in server.received] == ["one", "one", "two"]
