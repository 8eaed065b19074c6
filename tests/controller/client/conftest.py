"""A scripted server, and transports to it."""

import socket

import pytest
import yaml

from controller.client import transport
from tests.support import http_server, scripted_api


@pytest.fixture
def serve(tmp_path):
    """Return a function that starts a server with a script."""
    servers = []

    def start(script):
        folder = tmp_path / f"server-{len(servers)}"
        folder.mkdir()
        servers.append(http_server.HTTPServer(folder, script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def kubeconfig(tmp_path):
    """Return a function that writes a kubeconfig for a server and returns its path."""

    def write(server, *, cluster=None, name="config", **user):
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "team"}}],
            "clusters": [
                {
                    "name": "c",
                    "cluster": {
                        "server": server.url,
                        "certificate-authority": str(server.authority.certificate),
                        **(cluster or {}),
                    },
                }
            ],
            "users": [{"name": "u", "user": user or {"token": "a-token"}}],
        }
        path = tmp_path / name
        path.write_text(yaml.safe_dump(document))
        return path

    return write


@pytest.fixture
def connect(kubeconfig):
    """Return a function that connects a transport to a server; `user` is the kubeconfig's user."""
    transports = []

    def make(server, user=None, **options):
        config = transport.load_config(str(kubeconfig(server, **(user or {}))), None)
        transports.append(transport.Transport(config, transport.TransportOptions(**options)))
        return transports[-1]

    yield make
    for each in transports:
        each.close()


class SilentListener:
    """Accepts a connection and never says a word."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._client = None

    def wait_for_client(self):
        """Wait until a client has said hello."""
        self._listener.settimeout(http_server.PATIENCE_SECONDS)
        self._client, _ = self._listener.accept()
        self._client.recv(1)

    def close(self):
        """Hang up."""
        self._listener.close()
        if self._client:
            self._client.close()


@pytest.fixture
def silent_listener():
    """A server that accepts connections and says nothing."""
    listener = SilentListener()
    yield listener
    listener.close()


@pytest.fixture
def pod(monkeypatch, tmp_path):
    """Return a function that makes this process one in a pod next to a server, and returns its service account's folder."""

    def enter(server):
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
        folder = tmp_path / "serviceaccount"
        folder.mkdir()
        (folder / "token").write_text("pods-token\n")
        (folder / "ca.crt").write_text(server.authority.certificate.read_text())
        (folder / "namespace").write_text("its-namespace\n")
        return folder

    return enter


@pytest.fixture
def api(serve):
    """An API server of a few paths; `server` is where it listens."""
    script = scripted_api.ScriptedAPI()
    script.server = serve(script)
    return script
