"""Where the configuration comes from."""

import pathlib

import pytest

from controller.client import transport
from tests.support import http_server


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """A process with an empty home and none of the variables."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / ".kube").mkdir(parents=True)


@pytest.fixture
def server(serve):
    """A server that is never asked."""
    return serve([http_server.Answer()])


def source(*arguments):
    """Where a configuration was found."""
    return transport.load_config(*arguments).source


def test_the_flag_comes_first(monkeypatch, kubeconfig, server, pod):
    """--kubeconfig beats $KUBECONFIG, which beats the pod."""
    pod(server)
    one, other = str(kubeconfig(server, name="one")), str(kubeconfig(server, name="other"))
    monkeypatch.setenv("KUBECONFIG", other)
    assert source(one, None) == one
    assert source(None, None) == other


def test_the_default_file_comes_last(kubeconfig, server):
    """~/.kube/config serves a person's own machine."""
    pathlib.Path("~/.kube/config").expanduser().write_text(kubeconfig(server).read_text())
    assert source(None, None) == str(pathlib.Path("~/.kube/config").expanduser())


def test_nothing_is_found():
    """The message names each place that was looked at."""
    with pytest.raises(transport.ConfigError) as caught:
        transport.load_config(None, None)
    for place in ("--kubeconfig", "$KUBECONFIG", "not a pod", "/.kube/config"):
        assert place in str(caught.value)


def test_a_pod_without_a_service_account(monkeypatch, tmp_path):
    """The message says which folder lacks what."""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(transport.ConfigError, match=rf"service account in {tmp_path}.*token file does not exist"):
        transport.in_cluster(tmp_path)
    with pytest.raises(transport.ConfigError, match="service account"):
        transport.load_config(None, None)


def test_a_pod_has_its_own_namespace(server, pod):
    """It is that of the service account; without one, "default"."""
    folder = pod(server)
    assert transport.in_cluster(folder).namespace == "its-namespace"
    (folder / "namespace").unlink()
    assert transport.in_cluster(folder).namespace == "default"


def test_the_contexts_namespace(kubeconfig, server):
    """A transport knows the namespace and the host that its context means."""
    connected = transport.Transport(transport.load_config(str(kubeconfig(server)), "here"))
    assert (connected.namespace, connected.host) == ("team", server.url)
    connected.close()


@pytest.mark.parametrize(
    ("cluster", "problem"),
    [({"server": "example.com"}, "the server must be a URL"), ({"certificate-authority": "/nowhere"}, "/nowhere")],
)
def test_a_cluster_that_cannot_be_reached(kubeconfig, server, cluster, problem):
    """The message names file, context and fault."""
    path = kubeconfig(server, cluster=cluster)
    with pytest.raises(transport.ConfigError, match=rf"{path}, context 'here': .*{problem}"):
        transport.load_config(str(path), None)


def test_a_plugin_that_gives_nothing(kubeconfig, server):
    """Requests without credentials would only be refused later, with a worse message."""
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "false"}
    path = str(kubeconfig(server, exec=plugin))
    with pytest.raises(transport.ConfigError, match="the command 'false' gave no credentials"):
        transport.load_config(path, None)
