"""The least of an API server over HTTP: discovery, collections that never change, and creations that are kept.

What flows in: requests. What flows out: what the test put in, refusals by path, and the bodies of what was created. Streams of
initial events end at once, as a server may do.
"""

import http.server
import json
import pathlib
import threading
from typing import Any, Self

import yaml

from tests.support import fake_clock

_RESOURCES = {
    "/api/v1": [{"name": "configmaps", "kind": "ConfigMap", "namespaced": True}],
    "/apis/events.k8s.io/v1": [{"name": "events", "kind": "Event", "namespaced": True}],
}


class RestApi:
    """Serves from the start to the end of a with block."""

    def __init__(self) -> None:
        self.config_maps: list[dict[str, Any]] = []
        self.refusals: dict[str, int] = {}
        """The status by which requests to a path are refused, always with the words of a missing rule."""
        self.created: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.answer(self, *api.get(self.path))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body["metadata"] |= {"uid": f"uid-{len(api.created)}", "resourceVersion": "11"}
                api.answer(self, 201, body)
                with api._changed:
                    api.created.append(body)
                    api._changed.notify_all()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def get(self, target: str) -> tuple[int, Any]:
        """Return status and body for a GET: a list of frames is a stream."""
        path, _, query = target.partition("?")
        if path in self.refusals:
            code = self.refusals[path]
            message = 'configmaps is forbidden: User "u" cannot list resource "configmaps" in API group "" at the cluster scope'
            return code, {"kind": "Status", "code": code, "reason": "Forbidden", "message": message}
        if path in _RESOURCES:
            return 200, {"kind": "APIResourceList", "resources": _RESOURCES[path]}
        if not path.endswith("/configmaps"):
            return 404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": path}
        if "sendInitialEvents=true" in query:
            return 200, [*({"type": "ADDED", "object": each} for each in self.config_maps), _BOOKMARK]
        return 200, [] if "watch=true" in query else {"metadata": {"resourceVersion": "10"}, "items": self.config_maps}

    @staticmethod
    def answer(handler: http.server.BaseHTTPRequestHandler, status: int, body: Any) -> None:
        """Send *body*."""
        frames = body if isinstance(body, list) else [body]
        raw = b"".join(json.dumps(frame).encode() + b"\n" for frame in frames)
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    def kubeconfig(self, folder: pathlib.Path) -> str:
        """Write a kubeconfig into *folder* and return its path."""
        return write_kubeconfig(folder, f"http://127.0.0.1:{self._server.server_address[1]}")

    def wait_for_created(self, count: int) -> None:
        """Block the test until *count* objects were created."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.created) >= count, fake_clock.PATIENCE_SECONDS), self.created

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


_BOOKMARK = {
    "type": "BOOKMARK",
    "object": {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "10", "annotations": {"k8s.io/initial-events-end": "true"}},
    },
}


def config_map(name: str, namespace: str = "default", **meta: Any) -> dict[str, Any]:
    """Return a ConfigMap as the server has it."""
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": "5", **meta}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def write_kubeconfig(folder: pathlib.Path, server: str) -> str:
    """Write a kubeconfig for *server* into *folder* and return its path."""
    path = folder / "kubeconfig"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    path.write_text(yaml.safe_dump(config))
    return str(path)
