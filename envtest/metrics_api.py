"""The resource metrics API, with a CPU use that a test or a demo sets, so that the real autoscaler scales.

What flows in: the use of pods, from Python or by HTTP; requests that the API server passes on. What flows out: PodMetrics, and
the APIService that brings the requests here. One thread listens, each connection has one of its own; `MetricsApi.set_cpu` may be
called by any thread. Mirrors sigs.k8s.io/metrics-server; deviations: nodes have no metrics, and whoever reaches the port may ask.

Another process sets a use by a request to the API server, with an administrator's kubeconfig, or to `MetricsApi.url`:

    PUT /apis/metrics.k8s.io/v1beta1/namespaces/NAMESPACE/usage
    {"labels": {"app.kubernetes.io/instance": "NAME"}, "container": "app", "millicores": 1200}

Its pods have 1200 millicores together then, as `pod_metrics` explains; null millicores mean that nothing is known.
"""

import base64
import http.server
import json
import re
import ssl
import threading
import urllib.parse
from typing import Any, ClassVar, Protocol

from envtest import certificates, pod_metrics
from envtest.kubelet import api

SERVICE = "metrics"
NAMESPACE = "kube-system"
HOST = f"{SERVICE}.{NAMESPACE}.svc"
"""The name that the API server expects in our certificate."""
PATH = f"/apis/{pod_metrics.GROUP}/{pod_metrics.VERSION}"

_LOOPBACK = "127.0.0.1"
_SILENCE_SECONDS = 300.0  # then a connection is closed; the API server's client keeps idle ones for 90 s
_PLACE = re.compile(rf"{PATH}(?:/namespaces/([^/]+))?/(pods|usage)(?:/([^/]+))?")
_DISCOVERY: api.Json = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": f"{pod_metrics.GROUP}/{pod_metrics.VERSION}",
    "resources": [{"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]}],
}


class MetricsApi:
    """Serves the metrics of one control plane's pods."""

    def __init__(self, endpoint: api.Endpoint, serving: certificates.Pair) -> None:
        """Prepare to serve.

        Args:
            endpoint: The API server; its authority is also that of the certificate.
            serving: The certificate for `HOST`.
        """
        self._endpoint = endpoint
        self._client = api.Api(endpoint)
        self._usages = pod_metrics.Usages()
        self._server = _Server(serving, Answers(self._client, self._usages))

    @property
    def url(self) -> str:
        """Where it listens: a port of the loopback interface, TLS."""
        return f"https://{_LOOPBACK}:{self._server.server_port}"

    def set_cpu(self, namespace: str, labels: dict[str, str], container: str, millicores: int | None) -> None:
        """Set the CPU use of a container, in all ready pods with *labels* together; None: nothing is known of it."""
        self._usages.set(pod_metrics.Target.of(namespace, labels, container), millicores)

    def start(self) -> None:
        """Listen, and tell the API server.

        It takes the API server less than a second to see that we answer; until then `is_available` is False.

        Raises:
            api.ApiError: It refuses.
        """
        threading.Thread(target=self._server.serve_forever, name="envtest-metrics", daemon=True).start()
        # Nothing routes cluster IPs here. An external name is dialled as it is, at the port of the APIService.
        service = {"metadata": {"name": SERVICE}, "spec": {"type": "ExternalName", "externalName": _LOOPBACK}}
        spec = {
            "group": pod_metrics.GROUP,
            "version": pod_metrics.VERSION,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "service": {"name": SERVICE, "namespace": NAMESPACE, "port": self._server.server_port},
            "caBundle": base64.b64encode(self._endpoint.authority.read_bytes()).decode(),
        }
        self._client.post(f"/api/v1/namespaces/{NAMESPACE}/services", service)
        name = f"{pod_metrics.VERSION}.{pod_metrics.GROUP}"
        self._client.post("/apis/apiregistration.k8s.io/v1/apiservices", {"metadata": {"name": name}, "spec": spec})

    def is_available(self) -> bool:
        """Ask whether the API server passes requests on.

        Raises:
            api.ApiError: It does not, or does not answer.
        """
        return bool(self._client.get(PATH))

    def stop(self) -> None:
        """Listen no more. Connections end with the API server that holds them."""
        self._server.shutdown()
        self._server.server_close()
        self._client.close()


class RefusedError(Exception):
    """A request is answered with an error.

    Attributes:
        code: The HTTP status.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Reads(Protocol):
    """What can read from the API: `api.Api`, or the server itself."""

    def get(self, path: str) -> api.Json:
        """Return what is at *path*.

        Raises:
            api.ApiError: There is no good answer.
        """


class Answers:
    """Say what is answered to a request."""

    def __init__(self, client: Reads, usages: pod_metrics.Usages) -> None:
        self._client = client
        self._usages = usages

    def get(self, target: str) -> api.Json:
        """Return what is at *target*, a path with a query.

        Raises:
            RefusedError: There is nothing.
        """
        path, _, query = target.partition("?")
        if path == PATH:
            return _DISCOVERY
        namespace, kind, name = _place(path)
        if kind != "pods":
            raise RefusedError(405, "the use can be set only")
        found = self._usages.measure(self._pods(namespace, query))
        if not name:
            return {"kind": "PodMetricsList", "apiVersion": _DISCOVERY["groupVersion"], "metadata": {}, "items": found}
        metrics = next((each for each in found if each["metadata"]["name"] == name), None)
        if metrics is None:
            raise RefusedError(404, f"nothing is known of pod {name}")
        return metrics

    def put(self, target: str, body: bytes) -> api.Json:
        """Set a use.

        Raises:
            RefusedError: *target* is not the place for it, or *body* does not say which.
        """
        namespace, kind, name = _place(target.partition("?")[0])
        if kind != "usage" or not namespace or name:
            raise RefusedError(405, "only the use can be set")
        try:
            wanted: api.Json = json.loads(body)
            labels = {str(key): str(value) for key, value in wanted["labels"].items()}
            millicores = None if wanted["millicores"] is None else int(wanted["millicores"])
            self._usages.set(pod_metrics.Target.of(namespace, labels, wanted["container"]), millicores)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise RefusedError(400, f"wanted are labels, container and millicores: {error!r}") from error
        return wanted

    def _pods(self, namespace: str, query: str) -> list[api.Json]:
        selectors = urllib.parse.parse_qs(query).get("labelSelector", [])
        pods = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        suffix = "?" + urllib.parse.urlencode({"labelSelector": selectors[0]}) if selectors else ""
        try:
            return list(self._client.get(pods + suffix)["items"])
        except api.ApiError as error:
            raise RefusedError(error.code or 503, str(error)) from error


def _place(path: str) -> tuple[str, str, str]:
    found = _PLACE.fullmatch(path)
    if found is None:
        raise RefusedError(404, f"there is nothing at {path}")
    namespace, kind, name = found.groups("")
    return namespace, kind, name


class _Server(http.server.ThreadingHTTPServer):
    def __init__(self, serving: certificates.Pair, answers: Answers) -> None:
        handler = type("Handler", (_Handler,), {"answers": answers})
        super().__init__((_LOOPBACK, 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(serving.certificate, serving.key)
        # A connection's own thread shakes hands, so that nobody keeps the one that listens waiting.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever broke the connection off knows."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SILENCE_SECONDS
    answers: ClassVar[Answers]

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            code, said = 200, self.answers.get(self.path) if self.command == "GET" else self.answers.put(self.path, body)
        except RefusedError as refusal:
            code = refusal.code
            said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": str(refusal)}
        content = json.dumps(said).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 (the base's)
        """Say nothing of requests."""
