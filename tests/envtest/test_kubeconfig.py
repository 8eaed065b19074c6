"""Kubeconfigs need no other file and are private."""

import base64

import pytest
import yaml

from envtest import certificates, kubeconfig


def test_everything_is_embedded(tmp_path):
    """The file holds server, authority and client, and only its owner can read it."""
    authority = certificates.Authority(tmp_path)
    pair = authority.issue("someone", ("a-group",))
    path = tmp_path / "kubeconfig"
    kubeconfig.write(path, "https://127.0.0.1:1", authority.certificate, pair)
    found = yaml.safe_load(path.read_text())
    cluster, user = found["clusters"][0]["cluster"], found["users"][0]["user"]
    assert cluster["server"] == "https://127.0.0.1:1"
    assert base64.b64decode(cluster["certificate-authority-data"]) == authority.certificate.read_bytes()
    assert base64.b64decode(user["client-key-data"]) == pair.key.read_bytes()
    assert "insecure" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert pair.key.stat().st_mode & 0o077 == 0
    assert kubeconfig.is_ours(path)


@pytest.mark.parametrize("text", ["", "current-context: production\n", "]["])
def test_foreign_files_are_told_apart(tmp_path, text):
    """What another program wrote is not ours."""
    (tmp_path / "config").write_text(text)
    assert not kubeconfig.is_ours(tmp_path / "config")
