"""The demo as a user runs it, without a terminal, on both kinds of control plane; it starts one of its own."""

import pathlib
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def start(kind, *arguments):
    """Start the demo on a control plane of *kind*."""
    command = [sys.executable, "-m", "demo", "--control-plane", kind, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.nginx
def test_the_story_holds(server_kind, monkeypatch, tmp_path):
    """Each step prints one line, the exit code is 0, the picture is written, and $KUBECONFIG is left alone."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "not-yours"))
    with start(server_kind, "--record", tmp_path / "demo.svg") as process:
        printed, _ = process.communicate()
    assert process.returncode == 0, printed
    steps = [line for line in printed.splitlines() if line.startswith("[")]
    assert [line.partition("]")[0] for line in steps] == [f"[{number}/14" for number in range(1, 15)]
    assert printed.splitlines()[-1] == "Cleaned up."
    assert "nginx answers 401 to a wrong password, 200 to the right one" in printed
    assert "88888888" not in printed
    assert "HorizontalPodAutoscaler" in (tmp_path / "demo.svg").read_text()


def test_an_interrupted_demo_cleans_up(server_kind):
    """SIGTERM in the middle ends everything that the demo started, and removes its files."""
    with start(server_kind) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while not lines[-1].startswith("[1/14]"):
            assert lines[-1], f"the demo ended before its first step was done: {lines}"
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        printed = process.stdout.read()
    assert process.returncode == 130
    assert printed.splitlines()[-1] == "Cleaned up."
