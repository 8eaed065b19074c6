"""A container of a pod runs as a process here: with its files, as its user, on ports of this machine."""

import base64
import pathlib
import sys
import urllib.request

import pytest

from envtest import local_container
from tests.support import auth_proxies, fake_archive

# Serves, on the port that its configuration names, a listing of the folder that its configuration names.
_PROGRAM = f"""#!{sys.executable} -IS
import http.server, pathlib, sys
words = pathlib.Path(sys.argv[1], "server.conf").read_text().split()
print("serving", flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        folder = pathlib.Path(words[3])
        files = "".join(f"{{path.name}}={{path.read_text()}}" for path in sorted(folder.glob("[a-z]*")))
        pathlib.Path(words[5], "visited").touch()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(files.encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(words[1])), Handler).serve_forever()
"""
_CONFIGURATION = "listen 7000 folder /etc/server-secret scratch /var/scratch to http://127.0.0.1:7001 5:7000 secs 7000"


@pytest.fixture
def program(tmp_path):
    """The path of a program that serves."""
    folder = tmp_path / "program"
    folder.mkdir()
    fake_archive.write_program(folder / "server", _PROGRAM)
    return folder / "server"


def pod(**container):
    """Return a pod with one container, as the API has it."""
    mounts = {"config": "/etc/server", "secret": "/etc/server-secret", "scratch": "/var/scratch"}
    field = {"fieldPath": "metadata.annotations['example.com/config']"}
    complete = {
        "name": "server",
        "command": ["serve", "/etc/server"],
        "ports": [{"containerPort": 7000}],
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts.items()],
        **container,
    }
    volumes = [
        {"name": "config", "downwardAPI": {"items": [{"path": "server.conf", "fieldRef": field}]}},
        {"name": "secret", "secret": {"secretName": "tenant", "optional": True}},
        {"name": "scratch", "emptyDir": {}},
    ]
    metadata = {"annotations": {"example.com/config": _CONFIGURATION}}
    return {"metadata": metadata, "spec": {"containers": [complete], "volumes": volumes}}


def secret(text):
    """Return a Secret's data with one key."""
    return {"key": base64.b64encode(text.encode()).decode()}


@pytest.fixture
def make(program):
    """Makes a container of a pod; the test starts and stops it."""

    def made(a_pod, name="server", programs=None):
        ports = {7000: auth_proxies.free_port(), 7001: 7002}
        given = {"serve": program} if programs is None else programs
        options = local_container.Options(pod=a_pod, name=name, programs=given, secrets={"tenant": secret("first")}, ports=ports)
        return local_container.LocalContainer(options)

    return made


def ask(container):
    """Return what the program serves."""
    with urllib.request.urlopen(f"http://127.0.0.1:{container.port}/", timeout=10) as answer:
        return answer.read().decode()


def test_files_and_ports_are_those_of_this_machine(make):
    """Paths of mounts are replaced whole, not where they begin another; ports only after the word listen and colons."""
    with make(pod()) as running:
        text = (running.folder / "etc" / "server" / "server.conf").read_text()
        folders = running.folder / "etc" / "server-secret", running.folder / "var" / "scratch"
        expected = f"listen {running.port} folder {folders[0]} scratch {folders[1]} to http://127.0.0.1:7002 5:{running.port}"
        assert text == f"{expected} secs 7000"
        assert ask(running) == "key=first"
        assert (folders[1] / "visited").exists()
        assert running.tail() == "serving"


def test_a_secret_changes_under_the_running_program(make):
    """It comes, changes and goes as the API says."""
    with make(pod()) as running:
        for data, seen in ((secret("second"), "key=second"), (None, ""), (secret("third"), "key=third")):
            running.set_secret("tenant", data)
            assert ask(running) == seen
        assert running.exit_code() is None


def test_nothing_is_left(make):
    """At the end process and folder are gone."""
    with make(pod()) as running:
        process, folder = pathlib.Path(f"/proc/{running.pid}"), running.folder.parent
    assert not process.exists()
    assert not folder.exists()


def test_a_program_that_ends_is_told_with_its_last_words(make):
    """What it printed is in the error, and nothing is left."""
    broken = make(pod(command=["serve", "/nowhere"]))
    with pytest.raises(local_container.ContainerError, match=r"server ended with exit code 1:\n(.*\n)*.*/nowhere"), broken:
        pass
    assert not broken.folder.parent.exists()


def test_what_cannot_be_run_is_named(make):
    """No such container, no program for it, or a volume without its source."""
    with pytest.raises(local_container.ContainerError, match="no container other"):
        make(pod(), name="other")
    with pytest.raises(local_container.ContainerError, match="no program for serve"), make(pod(), programs={}):
        pass
    bare = pod()
    bare["metadata"] = {}
    with pytest.raises(local_container.ContainerError, match="volume config"), make(bare):
        pass
