"""Kubeconfig files that need nothing beside them.

What flows in: a server's address, its authority and a client's certificate. What flows out: a file with all of it embedded,
readable by the owner only. Called by the thread that starts a control plane. Mirrors client-go tools/clientcmd (writing only).
"""

import base64
import os
import pathlib

import yaml

from envtest import certificates

_NAME = "envtest"


def write(path: pathlib.Path, server: str, authority: pathlib.Path, client: certificates.Pair) -> None:
    """Write a kubeconfig; readers never see half of it.

    Args:
        path: The file to make or replace.
        server: The API server's URL.
        authority: Certificate that the server's one must chain to.
        client: What the client shows.
    """
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": _NAME, "cluster": {"server": server, "certificate-authority-data": _embedded(authority)}}],
        "users": [
            {
                "name": _NAME,
                "user": {
                    "client-certificate-data": _embedded(client.certificate),
                    "client-key-data": _embedded(client.key),
                },
            }
        ],
        "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _NAME, "namespace": "default"}}],
        "current-context": _NAME,
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file)
    temporary.rename(path)


def is_ours(path: pathlib.Path) -> bool:
    """Ask whether *path* is a file that `write` wrote."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    return isinstance(found, dict) and found.get("current-context") == _NAME


def _embedded(path: pathlib.Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
