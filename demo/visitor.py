"""A visitor of the instance: requests through the real proxy of one of its pods, to a small application behind it.

What flows in: a pod and the tenant's Secret as the API has them, and the tenant's password. What flows out: what the proxy
answered. The pods of the demo's nodes run nothing, so nginx runs here, with the very configuration that stands in the pod. The
main thread visits; the application has a thread of its own.
"""

import base64
import http.client
import http.server
import json
import pathlib
import re
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus

from demo import observation, probe, processes

USER = "demo"
CONTAINER = "auth-proxy"
FIND_SECONDS = 300.0
"""Where nginx is not installed, its package is downloaded."""
START_LOOKS = 300
"""How often to look whether the proxy listens; a look is followed by a pause."""

_LISTENS = re.compile(r"listens on 127\.0\.0\.1:(\d+)")


def is_visitable(pod: observation.Manifest) -> bool:
    """Ask whether *pod* has a proxy, and stays."""
    containers = [container["name"] for container in pod["spec"]["containers"]]
    return CONTAINER in containers and "deletionTimestamp" not in pod["metadata"]


class Visitor:
    """Visits one pod."""

    def __init__(self, folder: pathlib.Path, password: str, pause: Callable[[float], None]) -> None:
        """Prepare.

        Args:
            folder: For the files of this visit.
            password: The tenant's.
            pause: Lets some seconds pass.
        """
        self._folder = folder
        self._password = password
        self._pause = pause

    def visit(self, pod: observation.Manifest, tenant: observation.Manifest) -> str:
        """Send a request with a wrong password and one with the right one; say what came of it.

        Raises:
            processes.FailedError: The proxy does not run, or admits whom it should not.
        """
        try:
            command = [sys.executable, "-m", "envtest", "nginx"]
            processes.Process("nginx", command, self._folder / "nginx.log").result(FIND_SECONDS, self._pause)
        except processes.FailedError as error:
            return f"left out, for there is no nginx here: {error}"
        application = _Application()
        proxy = self._start(pod, tenant, application.port)
        try:
            port = self._wait_until_listening(proxy)
            wrong, right = self._ask(port, "wrong" + self._password), self._ask(port, self._password)
        finally:
            proxy.stop()
            application.stop()
        seen = f"nginx answers {wrong} to a wrong password, {right} to the right one"
        if (wrong, right) != (HTTPStatus.UNAUTHORIZED, HTTPStatus.OK):
            raise processes.FailedError(seen)
        return seen

    def _start(self, pod: observation.Manifest, tenant: observation.Manifest, application: int) -> processes.Process:
        files = {"pod.json": pod, "secret.json": tenant}
        for name, content in files.items():
            (self._folder / name).write_text(json.dumps(content), encoding="utf-8")
        ports = {_port(pod, CONTAINER): probe.free_ports(1)[0], _port(pod, "app"): application}
        command = [sys.executable, "-m", "envtest", "container", "--name", CONTAINER]
        command += ["--pod-file", str(self._folder / "pod.json"), "--secret-file", str(self._folder / "secret.json")]
        for inside, here in ports.items():
            command += ["--port", f"{inside}={here}"]
        return processes.Process("proxy", command, self._folder / "proxy.log")

    def _wait_until_listening(self, proxy: processes.Process) -> int:
        for _ in range(START_LOOKS):
            if found := _LISTENS.search(proxy.last_lines(3)):
                return int(found[1])
            proxy.require_running()
            self._pause(0.1)
        raise processes.FailedError("the proxy does not listen")

    @staticmethod
    def _ask(port: int, password: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=probe.TIMEOUT_SECONDS)
        try:
            credentials = base64.b64encode(f"{USER}:{password}".encode()).decode()
            connection.request("GET", "/", headers={"Authorization": f"Basic {credentials}"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise processes.FailedError(f"the proxy does not answer: {error}") from error
        finally:
            connection.close()


def _port(pod: observation.Manifest, name: str) -> int:
    container = next(container for container in pod["spec"]["containers"] if container["name"] == name)
    return int(container["ports"][0]["containerPort"])


class _Application:
    """Answers every request with 200."""

    def __init__(self) -> None:
        self._server = http.server.HTTPServer(("127.0.0.1", 0), _Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="demo-application", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing."""
