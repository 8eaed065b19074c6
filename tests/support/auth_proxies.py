"""The sidecar of a pod, run with a real nginx in front of an application of the test, and requests to it.

What flows in: a pod, an htpasswd file's lines, ports. What flows out: a running proxy, and answers.
"""

import base64
import contextlib
import http.client
import socket
from dataclasses import dataclass

from envtest import local_container

SECRET = "tenant-auth"
PATIENCE_SECONDS = 10.0
LINES = {
    "apr1": "tenant:$apr1$abcdefgh$tPMe7lknrFZeX55XJF00t0",
    "sha1": "tenant:{SHA}0nofEXcSAJSXFLGvmfBIpBb11vQ=",
    "bcrypt": "tenant:$2y$04$abcdefghijklmnopqrstuuFmEfrkTQnczNzw475xE2VhDrK1uwJiC",
    "sha512": "tenant:$6$rounds=1000$abcdefgh$"
    "I84hbD0J7Jmo4sU9lTz8m9rfHdqr2VWqu9ekV6OoZIYKOQE5DVzhYkbyGHOzzK51UO2h54cIPrULnl5mNQFZP0",
}
"""The password ``right`` of the user ``tenant``, by scheme."""
RIGHT = ("tenant", "right")
WRONG = ("tenant", "wrong")


@dataclass(frozen=True)
class Answer:
    """An answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class AuthProxy(local_container.LocalContainer):
    """The container ``auth-proxy`` of a pod."""

    def __init__(self, pod, program, application_port, lines=LINES["apr1"]):
        declared = {port["name"]: port["containerPort"] for container in pod["spec"]["containers"] for port in container["ports"]}
        options = local_container.Options(
            pod=pod,
            name="auth-proxy",
            programs={"nginx": program},
            secrets={SECRET: data(lines)} if lines else {},
            ports={declared["auth"]: free_port(), declared["http"]: application_port},
        )
        super().__init__(options)

    def set_lines(self, lines):
        """Change the password file as the kubelet does; None takes the Secret away."""
        self.set_secret(SECRET, data(lines) if lines else None)

    def request(self, target="/", credentials=RIGHT, method="GET", **more):
        """Send a request, with *more* as `http.client` takes it, and return the answer."""
        headers = {**authorization(credentials), **more.pop("headers", {})}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)) as connection:
            connection.request(method, target, headers=headers, **more)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def status(self, target="/", credentials=RIGHT):
        """Return the status of the answer to a GET."""
        return self.request(target, credentials).status

    @contextlib.contextmanager
    def sent(self, *lines):
        """Send a request line and headers as they are, with the right credentials; yield the socket and a stream to read."""
        head = [*lines, *(f"{name}: {value}" for name, value in authorization(RIGHT).items()), "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS) as connection:
            connection.sendall("\r\n".join(head).encode())
            with connection.makefile("rb") as stream:
                yield connection, stream

    def raw_status(self, *lines):
        """Send a request line and headers as they are, and return the status of the answer."""
        with self.sent(*lines) as (_, stream):
            return int(stream.readline().split()[1])


def data(lines):
    """Return the Secret's data that holds *lines*."""
    return {"auth": base64.b64encode(lines.encode()).decode()}


def authorization(credentials):
    """Return the header that carries *credentials*; none if they are None."""
    if credentials is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(credentials).encode()).decode()}


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
