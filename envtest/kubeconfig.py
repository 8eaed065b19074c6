"""Kubeconfig files that need nothing beside them.

What flows in: a server's address, its authority and a client's certificate. What flows out: a file with all of it embedded,
readable by the owner only. Called by the thread that starts a control plane. Mirrors client-go tools/clientcmd (writing only).
"""

import base64
import os
import pathlib

import yaml

from envtest import certificates


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
        "clusters": [{"name": "envtest", "cluster": {"server": server, "certificate-authority-data": _embedded(authority)}}],
        "users": [
            {
                "name": "envtest",
                "user": {
                    "client-certificate-data": _embedded(client.certificate),
                    "client-key-data": _embedded(client.key),
                },
            }
        ],
        "contexts": [{"name": "envtest", "context": {"cluster": "envtest", "user": "envtest", "namespace": "default"}}],
        "current-context": "envtest",
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file)
    temporary.rename(path)


def _embedded(path: pathlib.Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
