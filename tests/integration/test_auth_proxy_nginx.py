"""The sidecar as the operator makes it, run with a real nginx in front of an application."""

import contextlib
import http.client
import json
import os
import pathlib
import stat
import subprocess
import sys

import pytest

from reconcilers.microservicedeploy import auth_proxy, desired
from tests.support import auth_proxies, cluster, control_planes, echo_application, microservices
from tests.support.auth_proxies import LINES, RIGHT, WRONG

pytestmark = pytest.mark.nginx
MEGABYTE = 1 << 20


@pytest.fixture
def application():
    """The application in the pod."""
    with echo_application.EchoApplication() as running:
        yield running


@pytest.fixture
def stranger():
    """Something else that listens on this machine; nothing may reach it."""
    with echo_application.EchoApplication() as running:
        yield running
        assert running.received == []


@pytest.fixture
def start(application, nginx_program):
    """Starts the sidecar of the sample's pod; one for each call, stopped at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda **more: stack.enter_context(
            auth_proxies.AuthProxy(pod(application.port), nginx_program, application.port, **more)
        )


@pytest.fixture
def proxy(start):
    """The sidecar with the tenant's password file."""
    return start()


def pod(port):
    """Return a pod of the sample whose application listens on *port*."""
    return desired.pod_template(microservices.sample(port=port), microservices.SETTINGS)


def processes_of(proxy):
    """Return the process ids of nginx's master and its workers."""
    children = pathlib.Path(f"/proc/{proxy.pid}/task/{proxy.pid}/children").read_text().split()
    return [proxy.pid, *map(int, children)]


def open_files(proxy):
    """Return what nginx has open, and whether it may write there; a connection may end while we look."""
    found = []
    for pid in processes_of(proxy):
        for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append((os.readlink(link), bool(link.lstat().st_mode & stat.S_IWUSR)))
    return found


def test_only_the_right_credentials_pass(proxy, application):
    """401 with a challenge without credentials and with wrong ones; 200 with right ones."""
    refused = proxy.request(credentials=None)
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="tenant"')
    for credentials in (WRONG, ("nobody", "right"), ("", ""), ("tenant", "")):
        assert proxy.status(credentials=credentials) == 401
    assert proxy.request(credentials=None, headers={"Authorization": "Bearer right"}).status == 401
    assert application.received == []
    assert proxy.status(credentials=RIGHT) == 200
    assert len(application.received) == 1


@pytest.mark.parametrize("scheme", LINES)
def test_the_usual_schemes_of_passwords_are_known(start, scheme):
    """What htpasswd writes works: MD5 of Apache, SHA-1, bcrypt, and crypt's SHA-512."""
    proxy = start(lines=f"# a comment\nother:{{SHA}}AAAA\n{LINES[scheme]}\n")
    assert [proxy.status(credentials=credentials) for credentials in (RIGHT, WRONG)] == [200, 401]


def test_without_the_password_file_all_is_refused_until_it_comes(start, application):
    """403 for everybody while the Secret is missing, also with credentials; open when it appears, closed when it goes again."""
    proxy = start(lines=None)
    assert [proxy.status(credentials=credentials) for credentials in (None, WRONG, RIGHT)] == [403, 403, 403]
    assert application.received == []
    proxy.set_lines(LINES["apr1"])
    assert [proxy.status(credentials=credentials) for credentials in (None, WRONG, RIGHT)] == [401, 401, 200]
    proxy.set_lines("tenant:{SHA}AAAA")
    assert proxy.status(credentials=RIGHT) == 401
    proxy.set_lines(None)
    assert [proxy.status(credentials=credentials) for credentials in (None, WRONG, RIGHT)] == [403, 403, 403]
    assert len(application.received) == 1


def test_an_empty_password_file_admits_nobody(start):
    """A file without users is no open door."""
    proxy = start(lines="\n")
    assert [proxy.status(credentials=credentials) for credentials in (None, ("", ""), RIGHT)] == [401, 401, 401]


def test_bodies_of_several_megabytes_pass_both_ways(proxy, application):
    """With a length and in chunks, up and down, whole."""
    body = os.urandom(5 * MEGABYTE)
    assert proxy.request("/length", method="POST", body=body).body == body
    parts = [body[start : start + 100_000] for start in range(0, len(body), 100_000)]
    assert proxy.request("/chunks", method="PUT", body=iter(parts), encode_chunked=True).body == body
    assert application.received[-1].headers["transfer-encoding"] == "chunked"
    assert proxy.request(f"/large/{5 * MEGABYTE}").body == b"x" * (5 * MEGABYTE)


def test_a_refused_body_does_not_reach_the_application(proxy, application):
    """A large upload with a wrong password gets its answer, and the application hears nothing of it."""
    assert proxy.request(method="POST", credentials=WRONG, body=bytes(MEGABYTE)).status == 401
    assert application.received == []


def test_a_websocket_carries_frames_both_ways(proxy):
    """The upgrade passes, the application speaks first, and answers what it is sent."""
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    lines = ("GET /socket HTTP/1.1", "Host: here", "Upgrade: WebSocket", "Connection: keep-alive, Upgrade")
    with proxy.sent(*lines, "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}") as (connection, stream):
        assert stream.readline().split()[1] == b"101"
        head = [line.strip() for line in iter(stream.readline, b"\r\n")]
        assert f"Sec-WebSocket-Accept: {echo_application.accept_of(key)}".encode() in head
        assert echo_application.read_frame(stream) == echo_application.GREETING
        for number in range(50):
            connection.sendall(echo_application.frame(b"frame %d" % number, mask=b"mask"))
            assert echo_application.read_frame(stream) == b"frame %d" % number


def test_a_websocket_needs_the_password_too(proxy, application):
    """An upgrade with a wrong password is refused like any request."""
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    assert proxy.request(credentials=WRONG, headers=headers).status == 401
    assert application.received == []


def test_no_other_upgrade_is_forwarded(proxy, application):
    """An h2c upgrade would tunnel requests past the proxy: it arrives as a plain request."""
    settings = ("HTTP2-Settings: AAMAAABkAAQAAP__", "Connection: Upgrade, HTTP2-Settings")
    for offer in ("h2c", "websocket, h2c", "h2c, websocket"):
        assert proxy.raw_status("GET / HTTP/1.1", "Host: here", f"Upgrade: {offer}", *settings) == 200
        assert "upgrade" not in application.received[-1].headers
        assert application.received[-1].headers.get("connection", "close") == "close"
    assert proxy.raw_status("PRI * HTTP/2.0", "Host: here") == 400


def test_nothing_but_the_application_is_reached(proxy, application, stranger):
    """No target, host, method or answer of the application leads the proxy anywhere else."""
    elsewhere = f"127.0.0.1:{stranger.port}"
    targets = [
        f"http://{elsewhere}/absolute",
        f"//{elsewhere}/slashes",
        f"/@{elsewhere}/user",
        f"/a/../../../{elsewhere}/up",
        f"/%2e%2e/{elsewhere}",
        f"/;{elsewhere}",
        f"/?url=http://{elsewhere}/",
        f"/redirect//{elsewhere}/",
        f"/redirect/http://{elsewhere}/",
        "/redirect@named",
    ]
    statuses = {target: proxy.raw_status(f"GET {target} HTTP/1.1", f"Host: {elsewhere}") for target in targets}
    arrived = len(application.received)
    assert arrived == sum(status == 200 for status in statuses.values()) > 7, statuses
    assert set(statuses.values()) <= {200, 400}
    for line in (f"CONNECT {elsewhere} HTTP/1.1", f"GET @{elsewhere}/ HTTP/1.1", f"GET :{stranger.port}/ HTTP/1.1"):
        assert proxy.raw_status(line, f"Host: {elsewhere}") in (400, 405)
    extra = {"X-Forwarded-Host": elsewhere, "X-Original-URL": f"http://{elsewhere}/", "X-Accel-Redirect": f"//{elsewhere}/"}
    assert proxy.request(headers=extra).status == 200


def test_the_applications_own_words_pass(proxy, application):
    """What the application tells proxies farther out is passed on and not obeyed: no second request comes of it."""
    answer = proxy.request("/redirect/inner")
    assert (answer.status, answer.headers["X-Accel-Redirect"]) == (200, "/inner")
    assert [received.target for received in application.received] == ["/redirect/inner"]


def test_the_application_learns_the_user_not_the_password(proxy, application):
    """Authorization ends at the proxy; X-Forwarded-User is the proxy's word; the target is untouched."""
    claims = {"X-Forwarded-User": "admin", "Host": "v1.ms-sample.example.com", "X-Other": "kept", "X-Forwarded-For": "10.1.1.1"}
    assert proxy.request("/a%2Fb//c?d=%20e", headers={**claims, "X-Forwarded-Proto": "https"}).status == 200
    [received] = application.received
    assert received.target == "/a%2Fb//c?d=%20e"
    assert "authorization" not in received.headers
    told = {name: received.headers[name] for name in ("x-forwarded-user", "host", "x-other", "x-forwarded-proto")}
    expected = {"x-forwarded-user": "tenant", "host": "v1.ms-sample.example.com", "x-other": "kept"}
    assert told == {**expected, "x-forwarded-proto": "https"}
    assert received.headers["x-forwarded-for"] == "10.1.1.1, 127.0.0.1"


def test_it_listens_on_one_port_only(proxy):
    """Master and worker share one listening socket: the port named auth."""
    inodes = {
        target.removeprefix("socket:[").removesuffix("]") for target, _ in open_files(proxy) if target.startswith("socket:")
    }
    ports = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        path = pathlib.Path(f"/proc/net/{table}")
        rows = [line.split() for line in path.read_text().splitlines()[1:]] if path.exists() else []
        ports |= {int(row[1].rpartition(":")[2], 16) for row in rows if row[9] in inodes and row[3] in ("0A", "07")}
    assert ports == {proxy.port}


def test_it_writes_below_its_scratch_folder_only(proxy):
    """The root filesystem may be read-only: after all kinds of requests, nothing but the scratch folder has changed."""
    scratch = proxy.folder / "run" / "auth-proxy"

    def others():
        paths = [path for path in proxy.folder.rglob("*") if scratch not in (path, *path.parents)]
        return {path: path.lstat().st_mtime_ns for path in paths}

    before = others()
    proxy.request("/", method="POST", body=os.urandom(2 * MEGABYTE))
    proxy.request(f"/large/{2 * MEGABYTE}")
    assert others() == before
    assert (scratch / "nginx.pid").is_file()
    written = {
        pathlib.Path(target) for target, is_writable in open_files(proxy) if is_writable and pathlib.Path(target).is_file()
    }
    assert {path for path in written if scratch not in path.parents} == {proxy.log}


def test_it_runs_as_the_user_of_its_security_context(proxy):
    """No process of it is root's, and other users see nothing of its files."""
    users = {pathlib.Path(f"/proc/{pid}").stat().st_uid for pid in processes_of(proxy)}
    assert users == {101 if os.getuid() == 0 else os.getuid()}
    assert proxy.folder.parent.stat().st_mode & 0o007 == 0


def test_nothing_secret_is_logged(proxy):
    """Passwords, queries and headers stay out of the log; the path, the status and the time are in it."""
    proxy.request("/path?token=hush", headers={"Cookie": "hush", "Referer": "http://x/?hush"})
    proxy.status("/path?token=hush", credentials=("tenant", "hush"))
    proxy.status("/path?token=hush", credentials=("hush-user", "hush"))
    password_file = (proxy.folder / "etc" / "auth-proxy-tenant" / "auth").resolve()
    password_file.chmod(0)
    assert proxy.status("/path?token=hush") == 500
    proxy.set_lines(None)
    assert proxy.status("/path?token=hush") == 403
    control_planes.wait_for(lambda: len(proxy.log.read_text().splitlines()) >= 5)
    log = proxy.log.read_text()
    assert [line.split()[4] for line in log.splitlines()] == ["200", "401", "401", "500", "403"]
    assert log.count('"GET /path"') == 5
    for secret in ("hush", "right", auth_proxies.authorization(RIGHT)["Authorization"].split()[1], "apr1"):
        assert secret not in log


def test_an_application_that_is_not_there_is_a_502(start, application):
    """The proxy starts before the application and answers for it meanwhile; the log holds no query."""
    proxy = start()
    application.__exit__()
    assert proxy.status("/path?token=hush") == 502
    assert "hush" not in proxy.log.read_text()


def test_the_command_runs_it_until_told_to_end(nginx_program, application, tmp_path):
    """``python -m envtest container`` serves a pod's proxy and ends with 0 on SIGTERM, or with 1 and nginx's complaint."""
    manifest, here = pod(application.port), auth_proxies.free_port()
    (tmp_path / "secret").write_text(
        json.dumps({"metadata": {"name": auth_proxies.SECRET}, "data": auth_proxies.data(LINES["apr1"])})
    )
    command = [sys.executable, "-m", "envtest", "container", "--pod-file", str(tmp_path / "pod"), "--name", "auth-proxy"]
    command += ["--secret-file", str(tmp_path / "secret"), "--port", f"15080={here}"]
    (tmp_path / "pod").write_text(json.dumps(manifest))
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=cluster.ROOT) as process:
        assert process.stderr.readline() == f"auth-proxy listens on 127.0.0.1:{here}\n"
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", here, timeout=10)) as connection:
            for credentials, status in ((WRONG, 401), (RIGHT, 200)):
                connection.request("GET", "/", headers=auth_proxies.authorization(credentials))
                response = connection.getresponse()
                response.read()
                assert response.status == status
        process.terminate()
        assert process.wait(20) == 0
    manifest["metadata"]["annotations"][auth_proxy.CONFIGURATION_ANNOTATION] = "nonsense;"
    (tmp_path / "pod").write_text(json.dumps(manifest))
    ended = subprocess.run(command, capture_output=True, text=True, cwd=cluster.ROOT, timeout=30, check=False)
    assert ended.returncode == 1
    assert 'unknown directive "nonsense"' in ended.stderr
