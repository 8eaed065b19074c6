"""A few paths of an API server: discovery, and whatever answers a test plans.

What flows in: requests, as the scripted server received them. What flows out: planned answers, the last one for ever; elsewhere
404 as plain text, which is how an API server says it. The server's threads call it.
"""

import json
from typing import Any

from tests.support import http_server

RESOURCES = {
    "/api/v1": [
        ("configmaps", "ConfigMap", True),
        ("namespaces", "Namespace", False),
        ("namespaces/status", "Namespace", False),
        ("serviceaccounts/token", "TokenRequest", True),
    ],
    "/apis/apps/v1": [("deployments", "Deployment", True), ("deployments/scale", "Scale", True)],
    "/apis/events.k8s.io/v1": [("events", "Event", True)],
}
UNKNOWN_PATH = http_server.Answer(404, b"404 page not found\n", {"Content-Type": "text/plain"})


class ScriptedAPI:
    """A script for a server."""

    def __init__(self) -> None:
        self.resources = {group: list(listed) for group, listed in RESOURCES.items()}
        self.discoveries: list[str] = []
        """The groups that were asked for."""
        self.requests: list[http_server.Received] = []
        """All other requests."""
        self.server: http_server.HTTPServer
        """Where it listens."""
        self._planned: dict[str, list[http_server.Answer]] = {}

    def plan(self, request: str, *answers: http_server.Answer | dict[str, Any]) -> None:
        """Answer *request*, as in "GET /api/v1/namespaces" without a query, with *answers* in order."""
        self._planned[request] = [
            each if isinstance(each, http_server.Answer) else http_server.Answer(body=json.dumps(each).encode())
            for each in answers
        ]

    def __call__(self, received: http_server.Received) -> http_server.Answer:
        """Answer a request."""
        path = received.path.partition("?")[0]
        if path in self.resources:
            self.discoveries.append(path)
            listed = [{"name": name, "kind": kind, "namespaced": is_in} for name, kind, is_in in self.resources[path]]
            return http_server.Answer(body=json.dumps({"kind": "APIResourceList", "resources": listed}).encode())
        self.requests.append(received)
        planned = self._planned.get(f"{received.method} {path}")
        if not planned:
            return UNKNOWN_PATH
        return planned.pop(0) if len(planned) > 1 else planned[0]
