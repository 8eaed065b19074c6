"""The API server as it is: requests out, status codes, warnings and JSON back, with no code of ours between.

What flows in: a kubeconfig file, then requests. What flows out: an `Answer` for each, also for a refusal. One thread per `Api`.
"""

import base64
import json
import pathlib
import ssl
import tempfile
from dataclasses import dataclass
from typing import Any

import urllib3
import yaml

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: dict[str, Any]
    warnings: tuple[str, ...]

    def causes(self) -> dict[str, str]:
        """Return all that is wrong with each field, by the field's path."""
        found: dict[str, str] = {}
        for cause in self.body.get("details", {}).get("causes", ()):
            found[cause["field"]] = "; ".join(filter(None, (found.get(cause["field"]), cause["message"])))
        return found


class Api:
    """Speaks to one API server with the credentials of a kubeconfig's only user."""

    def __init__(self, kubeconfig: pathlib.Path | str) -> None:
        config = yaml.safe_load(pathlib.Path(kubeconfig).read_text(encoding="utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._host = cluster["server"].rstrip("/")
        context = ssl.create_default_context(cadata=_pem(cluster, "certificate-authority"))
        if "client-certificate-data" in user or "client-certificate" in user:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                file.write(_pem(user, "client-certificate") + _pem(user, "client-key"))
                file.flush()
                context.load_cert_chain(file.name)
        self._headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._pool = urllib3.PoolManager(ssl_context=context, retries=False, timeout=30.0)

    def request(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, content_type: str = "application/json", **query: str
    ) -> Answer:
        """Send one request; *query* holds parameters such as dryRun and fieldValidation."""
        headers = {**self._headers, "Content-Type": content_type, "Accept": "application/json"}
        data = None if body is None else json.dumps(body)
        url = self._host + path + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")
        response = self._pool.request(method, url, body=data, headers=headers)
        return Answer(response.status, response.json(), tuple(response.headers.getlist("Warning")))

    def table(self, path: str) -> dict[str, Any]:
        """Return the collection at *path* in the form in which kubectl prints it."""
        headers = {**self._headers, "Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
        table: dict[str, Any] = self._pool.request("GET", self._host + path, headers=headers).json()
        return table

    def open(
        self, method: str, path: str, body: str | None, headers: dict[str, str], **options: bool
    ) -> urllib3.BaseHTTPResponse:
        """Send one request as it is and return the response; *options* are urllib3's, such as ``preload_content``."""
        return self._pool.request(method, self._host + path, body=body, headers={**self._headers, **headers}, **options)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


def _pem(entry: dict[str, str], name: str) -> str:
    if f"{name}-data" in entry:
        return base64.b64decode(entry[f"{name}-data"]).decode()
    return pathlib.Path(entry[name]).read_text(encoding="utf-8")
