"""One API server under contract: a `Server` for each kind of server, and a `Space` (a namespace with its requests) for each case.

What flows in: a running control plane. What flows out: answers as the server gave them, frames of watches, what kubectl printed.
No code of ours between but urllib3's caller. One thread per `Server`.

A path is absolute, or relative to the namespace of the case: ``configmaps/a`` and ``apps/v1/deployments/web/status``.
"""

import contextlib
import functools
import json
import pathlib
import re
import subprocess
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field

from tests.support import kubectl, raw_api

AGENT = "contract/1.0"
"""Names the field manager ``contract`` where a request names none."""
JSON = "application/json"
YAML = "application/yaml"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
_GROUP = re.compile(r"(?:[a-z0-9.-]+/)?v\d+(?:(?:alpha|beta)\d+)?/")
_WAIT_SECONDS = 20.0


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: dict
    warnings: tuple[str, ...] = ()
    headers: dict = field(default_factory=dict)

    @property
    def refusal(self):
        """Code, reason and message of a Status."""
        return self.status, self.body.get("reason"), self.body.get("message")

    @property
    def causes(self):
        """Reason, field and message of each cause of a Status."""
        found = self.body.get("details", {}).get("causes", ())
        return [(cause.get("reason"), cause.get("field"), cause.get("message")) for cause in found]

    @property
    def findings(self):
        """Field and message of each cause of a Status, as one text."""
        return [f"{field}: {message}" for _, field, message in self.causes]

    @property
    def version(self):
        """The object's or the list's resourceVersion."""
        return self.body["metadata"]["resourceVersion"]

    @property
    def names(self):
        """The names of a list's items."""
        return [item["metadata"]["name"] for item in self.body["items"]]


class Watch:
    """The frames of one watch; read to the end or closed."""

    def __init__(self, response):
        self.status = response.status
        self._response = response
        self._lines = self._read()

    def _read(self):
        rest = b""
        for part in self._response.stream(65536):
            *lines, rest = (rest + part).split(b"\n")
            yield from (json.loads(line) for line in lines)
        assert not rest, f"half a frame: {rest!r}"

    def next(self):
        """Return the next frame."""
        return next(self._lines)

    def take(self, number):
        """Return the next *number* frames as pairs of type and name."""
        return [brief(self.next()) for _ in range(number)]

    def rest(self):
        """Return what is left until the server ends the watch."""
        return list(self._lines)

    def close(self):
        """End it."""
        if self._response.connection:  # none: the server has ended it
            self._response.shutdown()
        self._response.close()


def brief(frame):
    """Return type and object's name of a frame."""
    return frame["type"], frame["object"]["metadata"].get("name")


class Server:
    """A running control plane and the requests that a case sends to it."""

    def __init__(self, control_plane, cache):
        self.control_plane = control_plane
        self.kubeconfig = pathlib.Path(control_plane.kubeconfig)
        self._api = raw_api.Api(self.kubeconfig)
        self._cache = cache

    @functools.cached_property
    def _program(self):
        return kubectl.find()

    def close(self):
        """Close the connections."""
        self._api.close()

    def send(self, method, path, body=None, **options):
        """Send one request.

        Args:
            method: As on the wire.
            path: Absolute.
            body: What becomes JSON, or text that is sent as it is.
            options: ``content_type``, ``accept``, ``agent`` are headers, everything else is a parameter of the query.
        """
        response = self._open(method, path, body, options)
        data = response.data
        found = json.loads(data) if data.startswith(b"{") else {"text": data.decode()}
        return Answer(response.status, found, tuple(response.headers.getlist("Warning")), dict(response.headers))

    @contextlib.contextmanager
    def watching(self, path, **query):
        """Open a watch at *path*; it ends with the block."""
        response = self._open("GET", path, None, {"watch": "1", "timeoutSeconds": "20", **query}, preload_content=False)
        watch = Watch(response)
        try:
            yield watch
        finally:
            watch.close()

    def _open(self, method, path, body, options, **more):
        headers = {
            "Content-Type": options.pop("content_type", JSON),
            "Accept": options.pop("accept", JSON),
            "User-Agent": options.pop("agent", AGENT),
        }
        query = urllib.parse.urlencode(options)
        data = body if body is None or isinstance(body, str) else json.dumps(body)
        return self._api.open(method, f"{path}?{query}" if query else path, data, headers, **more)

    def kubectl(self, *arguments, stdin=None):
        """Run kubectl and return exit code, standard output and standard error."""
        command = [self._program, "--kubeconfig", str(self.kubeconfig), "--cache-dir", str(self._cache), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
        errors = [line for line in done.stderr.splitlines() if "version skew" not in line]
        return done.returncode, done.stdout, "\n".join(errors)

    def space(self):
        """Make a namespace and return it."""
        name = f"contract-{uuid.uuid4().hex[:8]}"
        made = self.send("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        assert made.status == 201, made
        return Space(self, name)


class Space:
    """A namespace of one case."""

    def __init__(self, server, name):
        self.server = server
        self.name = name

    def path(self, path):
        """Return the absolute form of *path*."""
        if path.startswith("/"):
            return path
        found = _GROUP.match(path)
        version = found.group().rstrip("/") if found else "v1"
        rest = path[found.end() :] if found else path
        return f"/api{'s' if '/' in version else ''}/{version}/namespaces/{self.name}/{rest}"

    def get(self, path, **options):
        """Read an object or a list."""
        return self.server.send("GET", self.path(path), **options)

    def post(self, path, body, **options):
        """Create an object."""
        return self.server.send("POST", self.path(path), body, **options)

    def put(self, path, body, **options):
        """Replace an object."""
        return self.server.send("PUT", self.path(path), body, **options)

    def patch(self, path, body, content_type=MERGE, **options):
        """Patch an object, as a merge patch unless told otherwise."""
        return self.server.send("PATCH", self.path(path), body, content_type=content_type, **options)

    def apply(self, path, body, manager="tester", **options):
        """Apply a configuration."""
        return self.server.send("PATCH", self.path(path), body, content_type=APPLY, fieldManager=manager, **options)

    def delete(self, path, body=None, **options):
        """Delete an object or a collection."""
        return self.server.send("DELETE", self.path(path), body, **options)

    def watch(self, path, **query):
        """Open a watch; a context manager."""
        return self.server.watching(self.path(path), **query)

    def kubectl(self, *arguments, stdin=None):
        """Run kubectl in this namespace and return exit code, standard output and standard error."""
        return self.server.kubectl("--namespace", self.name, *arguments, stdin=stdin)

    def config_map(self, name="a", data=None, **metadata):
        """Create a ConfigMap and return the answer."""
        body = {"metadata": {"name": name, **metadata}, **({} if data is None else {"data": data})}
        return self.post("configmaps", body)

    def until(self, path, condition, **options):
        """Read *path* until its answer meets *condition*, and return that answer."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while not condition(answer := self.get(path, **options)):
            assert time.monotonic() < deadline, f"still not so: {answer}"
            time.sleep(0.05)
        return answer
