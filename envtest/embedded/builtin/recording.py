"""Asks a real API server how it decodes and defaults: what OpenAPI does not tell.

What flows in: definitions of types and a real server. What flows out: for each definition its defaults, the fields whose zero
values are kept, and the Go types of its fields. `extract` calls it in
one thread; `Echo` answers the server in threads of its own.

A mutating admission webhook is shown an object when it is decoded and defaulted, and before it is validated. So any object will
do, however little of it would be valid: ours have nothing but the path to the field that is looked at.
"""

import base64
import http.server
import json
import pathlib
import queue
import re
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from envtest import certificates
from envtest.embedded.builtin import schemas
from envtest.embedded.builtin.schemas import Value

Json = dict[str, Any]
Path = tuple[str, ...]

_LOOPBACK = "127.0.0.1"
_CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
_NAME = "recording.coxswain.dev"
_LABEL = {"recording": "on"}
_OF_ALL_KINDS = ("apiVersion", "kind", "metadata")
_ITEM = "*"
_KEY = "k"
_COMPANIONS: Mapping[str, Json] = {"sessionAffinityConfig": {"sessionAffinity": "ClientIP"}, "webhook": {"strategy": "Webhook"}}
"""What keeps a field from being dropped."""
_SECONDS = 10.0
_NOTICED_SECONDS = 1.0  # until the server knows of the webhook
_GO_TYPE = re.compile(r"Go .* of type (\S+)$")
_WRONG: Mapping[str, Any] = {"string": 1, "bytes": 1, "integer": "x", "number": "x", "boolean": "x"}
_ZERO: Mapping[str, Any] = {
    "string": "", "bytes": "", "integer": 0, "number": 0, "boolean": False, "int-or-string": 0, "quantity": "0", "time": None,
    "micro-time": None, "": None,
}  # fmt: skip


class Client(Protocol):
    """What is needed of a client of the server."""

    def request(self, method: str, path: str, body: Json | None, accept: str = ...) -> tuple[int, Json]:
        """Return the code and body of an answer, whatever it is."""


@dataclass(frozen=True)
class Root:
    """A kind whose objects lead to fields."""

    api_version: str
    kind: str
    path: str
    """Where its objects are created."""
    schema: schemas.Schema


@dataclass(frozen=True)
class _Place:
    """Where a definition is used; an item of a list is stepped into by ``*``, a value of a map by its key."""

    root: Root
    path: Path
    schema: schemas.Schema


class Echo:
    """Shows objects as the server's admission sees them; a context manager."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._seen: queue.Queue[Json] = queue.Queue()

    def __enter__(self) -> Self:
        with tempfile.TemporaryDirectory() as folder:
            authority = certificates.Authority(pathlib.Path(folder))
            self._server = _Server(authority.issue("echo", hosts=[_LOOPBACK]), self._seen)
            bundle = base64.b64encode(authority.certificate.read_bytes()).decode()
        threading.Thread(target=self._server.serve_forever, name="envtest-echo", daemon=True).start()
        self._client.request("DELETE", f"{_CONFIGURATION}/{_NAME}", None)
        self._client.request("POST", _CONFIGURATION, _configuration(self._server.server_port, bundle))
        time.sleep(_NOTICED_SECONDS)
        return self

    def __exit__(self, *error: object) -> None:
        self._client.request("DELETE", f"{_CONFIGURATION}/{_NAME}", None)
        self._server.shutdown()
        self._server.server_close()

    def show(self, root: Root, content: Json) -> Json | str:
        """Return what the server makes of an object of *content*, or its message if it cannot decode it."""
        metadata = {"name": "recording", **content.get("metadata", {}), "labels": _LABEL}
        body = {"apiVersion": root.api_version, "kind": root.kind, **content, "metadata": metadata}
        code, answer = self._client.request("POST", f"{root.path}?dryRun=All", body)
        if _NAME in answer.get("message", ""):
            return self._seen.get(timeout=_SECONDS)
        if code == 400:
            return str(answer["message"])
        raise RuntimeError(f"{root.kind} was not shown to the webhook: {answer}")


def record(echo: Echo, roots: Sequence[Root]) -> dict[str, Json]:
    """Return what there is to know of each definition that *roots* lead to, and that OpenAPI does not tell."""
    places = sorted(_places(roots), key=lambda place: place.schema.name)
    shown = {place.schema.name: _defaults(echo, place) for place in places}
    found = {}
    for place in places:
        facts = {"defaults": _shortened(place, shown), **_facts(echo, place)}
        if facts := {name: fact for name, fact in facts.items() if fact}:
            found[place.schema.name] = facts
    return found


def _shortened(place: _Place, shown: Mapping[str, Json]) -> Json:
    """Return the defaults of a struct; an object that has what its own type says anyway becomes an empty one.

    What a whole kind has beyond that depends on other fields, or comes from admission.
    """
    defaults = {}
    for name, value in shown[place.schema.name].items():
        child = place.schema.properties[name]
        is_own = child.kind == "struct" and value is not None and (not place.path or value == _whole(child, shown))
        defaults[name] = {} if is_own else value
    return defaults


def _whole(schema: schemas.Schema, shown: Mapping[str, Json]) -> Json:
    """Return what an empty struct is shown as, by what each type says of its own fields."""
    own = shown[schema.name]
    structs = {name for name, value in own.items() if value == {} and schema.properties[name].kind == "struct"}
    return {name: _whole(schema.properties[name], shown) if name in structs else value for name, value in own.items()}


def _facts(echo: Echo, place: _Place) -> Json:
    facts: Json = {}
    if kept := [name for name in sorted(place.schema.properties) if _keeps_zero(echo, place, name)]:
        facts["keeps"] = kept
    types = {name: _type_error(echo, place, name) for name in sorted(place.schema.properties)}
    if told := {name: said for name, said in types.items() if said not in ("", place.schema.properties[name].go_type)}:
        facts["types"] = told
    return facts


def _defaults(echo: Echo, place: _Place) -> Json:
    """Return what is there if nothing is given."""
    shown = _shown(echo, place, {}) or {}
    return {name: value for name, value in sorted(shown.items()) if place.path or name not in _OF_ALL_KINDS}


def _keeps_zero(echo: Echo, place: _Place, name: str) -> bool:
    zero = _zero(place.schema.properties[name])
    if zero is None or (not place.path and name in _OF_ALL_KINDS):
        return False
    shown = _shown(echo, place, {name: zero})
    return shown is not None and _is_zero(shown.get(name, schemas.MISSING), zero)


def _is_zero(value: object, zero: object) -> bool:
    return value == zero or (isinstance(zero, dict) and isinstance(value, dict))


def _type_error(echo: Echo, place: _Place, name: str) -> str:
    """Return the Go type that an error message calls a field's type by."""
    child = place.schema.properties[name]
    wrong: Any = _WRONG.get(child.scalar) if child.kind == "scalar" else 1 if child.kind in ("list", "map", "struct") else None
    if wrong is None or (not place.path and name in _OF_ALL_KINDS):
        return ""
    message = echo.show(place.root, _wrapped(place.path, {name: wrong}))
    told = _GO_TYPE.search(message) if isinstance(message, str) else None
    return told[1] if told else ""


def _shown(echo: Echo, place: _Place, value: Json) -> Json | None:
    shown: Any = echo.show(place.root, _wrapped(place.path, value))
    if not isinstance(shown, dict):
        raise RuntimeError(f"{place.root.kind} {place.path}: {shown}")  # noqa: TRY004 (the server says so)
    for step in place.path:
        shown = shown[0] if step == _ITEM else shown.get(step)
        if shown is None:
            return None
    return dict(shown)


def _wrapped(path: Path, value: Value) -> Value:
    """Return an object that has *value* at *path*."""
    for step in reversed(path):
        value = [value] if step == _ITEM else {step: value, **_COMPANIONS.get(step, {})}
    return value


def _zero(schema: schemas.Schema) -> Value:
    if schema.kind == "scalar":
        return _ZERO[schema.scalar]
    return {"list": [], "map": {}, "struct": {}}.get(schema.kind)


def _places(roots: Sequence[Root]) -> Iterator[_Place]:
    """Yield a shortest way to each definition from the first root that leads to it."""
    seen: set[str] = set()
    for root in roots:
        waiting = [_Place(root, (), root.schema)]
        while waiting:
            place = waiting.pop(0)
            name = place.schema.name
            if name in seen:
                continue
            if place.schema.kind == "struct" and name:
                seen.add(name)
                yield place
            waiting += _inner(place)


def _inner(place: _Place) -> list[_Place]:
    steps = {name: schema for name, schema in place.schema.properties.items() if place.path or name != "metadata"}
    if place.schema.kind == "list" and place.schema.items:
        steps = {_ITEM: place.schema.items}
    if place.schema.kind == "map" and place.schema.items:
        steps = {_KEY: place.schema.items}
    return [_Place(place.root, (*place.path, step), schema) for step, schema in steps.items()]


def _configuration(port: int, bundle: str) -> Json:
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["*"]}
    webhook = {
        "name": _NAME,
        "clientConfig": {"url": f"https://{_LOOPBACK}:{port}/", "caBundle": bundle},
        "rules": [rule],
        "objectSelector": {"matchLabels": _LABEL},
        "matchPolicy": "Exact",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    return {"metadata": {"name": _NAME}, "webhooks": [webhook]}


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, serving: certificates.Pair, seen: "queue.Queue[Json]") -> None:
        super().__init__((_LOOPBACK, 0), type("Handler", (_Handler,), {"seen": seen}))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(serving.certificate, serving.key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body in one packet, or each answer waits 40 ms for an acknowledgement
    seen: "queue.Queue[Json]"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        self.seen.put(request["object"])
        review = {"uid": request["uid"], "allowed": False}
        content = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": review}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 (the base's)
        """Say nothing of requests."""
