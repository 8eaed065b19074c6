import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from controller import cli
from tests.support import cluster, rest_api

OFF = ("--metrics-bind-address", "0", "--health-probe-bind-address", "0")


@pytest.fixture
def kubeconfig(tmp_path):
    """A kubeconfig for a server that is not there."""
    return rest_api.write_kubeconfig(tmp_path, "http://127.0.0.1:9")


def refuse(capsys, *arguments):
    """Run with *arguments*, which must fail with 1; return the one error that was logged."""
    assert cli.main(["run", *arguments]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return next(line["error"] for line in lines if line["msg"] == "Cannot run")


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--sync-period", "0", "'0' is not a number of seconds above 0"),
        ("--sync-period", "-5", "'-5' is not a number of seconds above 0"),
        ("--sync-period", "nan", "'nan' is not a number of seconds above 0"),
        ("--sync-period", "inf", "'inf' is not a number of seconds above 0"),
        ("--sync-period", "1e300", "'1e300' is not a number of seconds above 0"),
        ("--sync-period", "10h", "'10h' is not a number of seconds above 0"),
        ("--max-concurrent-reconciles", "0", "'0' is not a whole number from 1 to"),
        ("--max-concurrent-reconciles", "2.5", "'2.5' is not a whole number from 1 to"),
        ("--max-concurrent-reconciles", "many", "'many' is not a whole number from 1 to"),
        ("--log-format", "xml", "invalid choice: 'xml'"),
        ("--log-level", "loud", "invalid choice: 'loud'"),
    ],
)
def test_a_bad_value_is_wrong_usage(flag, value, message, capsys):
    """Exit code 2, and a message that names flag and value."""
    with pytest.raises(SystemExit, match="2"):
        cli.main(["run", f"{flag}={value}"])
    said = capsys.readouterr().err
    assert f"argument {flag}: " in said
    assert message in said


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nope", "--operators=nope: no operator named nope; installed: microservicedeploy"),
        ("nope, microservicedeploy,nada", "--operators=nope, microservicedeploy,nada: no operator named nada, nope"),
        ("", "--operators=: name at least one operator"),
        (" , ", "--operators= , : name at least one operator"),
    ],
)
def test_an_unknown_operator_is_named(value, message, kubeconfig, capsys):
    """Exit code 1, and the installed ones are listed."""
    assert message in refuse(capsys, "--kubeconfig", kubeconfig, *OFF, f"--operators={value}")


@pytest.mark.parametrize("flag", ["--metrics-bind-address", "--health-probe-bind-address"])
@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("8080", 'want "host:port", ":port", or "0" for off'),
        (":65536", 'want "host:port", ":port", or "0" for off'),
        ("localhost:http", 'want "host:port", ":port", or "0" for off'),
        ("::1:8080", "an IPv6 address needs brackets"),
    ],
)
def test_a_malformed_address_is_named(flag, address, why, kubeconfig, capsys):
    """Exit code 1; the message has flag, value, and what is right."""
    error = refuse(capsys, "--kubeconfig", kubeconfig, *OFF, f"{flag}={address}")
    assert error.startswith(f"cannot listen on {flag}={address}: {why}")


@pytest.mark.parametrize("flag", ["--metrics-bind-address", "--health-probe-bind-address"])
def test_a_taken_port_is_named(flag, kubeconfig, capsys):
    """Exit code 1 at once, before anything has started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        error = refuse(capsys, "--kubeconfig", kubeconfig, *OFF, f"{flag}={address}")
    assert error.startswith(f"cannot listen on {flag}={address}: Address already in use")


def test_a_missing_kubeconfig_is_named(tmp_path, capsys):
    """Exit code 1; the message has the file."""
    missing = tmp_path / "missing"
    assert str(missing) in refuse(capsys, "--kubeconfig", str(missing), *OFF)


def test_an_unknown_context_is_named(kubeconfig, capsys):
    """Exit code 1; the message has the context."""
    assert "nowhere" in refuse(capsys, "--kubeconfig", kubeconfig, "--context", "nowhere", *OFF)


def test_the_console_format_is_for_people(kubeconfig, capsys):
    """With --log-format console, lines are not JSON."""
    assert cli.main(["run", "--kubeconfig", kubeconfig, *OFF, "--operators=nope", "--log-format", "console"]) == 1
    said = capsys.readouterr().err
    assert "Cannot run" in said
    with pytest.raises(json.JSONDecodeError):
        json.loads(said.splitlines()[0])


class Process:
    """`coxswain run`, held up while it reads its kubeconfig, because that is a pipe."""

    def __init__(self, folder):
        self.config = rest_api.write_kubeconfig(folder, "http://127.0.0.1:9")
        self.pipe = folder / "pipe"
        os.mkfifo(self.pipe)
        command = [sys.executable, "-m", "controller", "run", "--kubeconfig", str(self.pipe), *OFF]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=cluster.ROOT)
        self.writer = self.pipe.open("w")  # returns when the process opens the pipe: its signal handlers are in place

    def release(self):
        """Let it read, this time and again."""
        content = (self.pipe.parent / "kubeconfig").read_text()
        os.replace(self.config, self.pipe)
        self.writer.write(content)
        self.writer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.writer.close()
        self.process.kill()
        self.process.wait(10)
        self.process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_there_is_a_manager_is_kept(tmp_path, number):
    """Once the manager is made, it ends at once, in good order."""
    with Process(tmp_path) as running:
        running.process.send_signal(number)
        running.release()
        _, said = running.process.communicate(timeout=30)
        assert running.process.returncode == 0, said
        assert "Manager stopped" in said
        assert "Caches synced" not in said


def test_a_second_signal_ends_the_process_at_once(tmp_path):
    """Exit code 1, whatever it was doing."""
    with Process(tmp_path) as running:
        running.process.send_signal(signal.SIGTERM)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(10) == 1
