"""``python -m envtest up`` runs in the foreground and leaves nothing behind, however it ends."""

import contextlib
import pathlib
import signal
import subprocess
import sys
import time

import pytest
import yaml

from envtest import kubeconfig
from tests.support import control_planes

pytestmark = [pytest.mark.controlplane, pytest.mark.real_only]


@contextlib.contextmanager
def up(folder, *flags):
    """Run the command until its kubeconfig is there; yield it with the kubeconfig's path."""
    target = folder / "kubeconfig"
    command = [sys.executable, "-m", "envtest", "up", "--no-build", "--kubeconfig-out", str(target), *flags]
    with (folder / "output").open("w") as output, subprocess.Popen(command, stderr=output) as process:
        try:
            control_planes.wait_for(lambda: target.exists() or process.poll() is not None, timeout_seconds=60)
            yield process, target
        finally:
            process.kill()


def descendants(pid):
    """Return the ids of all processes that *pid* started."""
    children = [
        int(word) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]
    return children + [one for child in children for one in descendants(child)]


def alive(pids):
    """Return those of *pids* that still run."""
    return [pid for pid in pids if pathlib.Path(f"/proc/{pid}").exists()]


def test_sigterm_ends_everything_quickly(tmp_path):
    """SIGTERM ends the command within 3 s, with exit code 0, no process left, and without its kubeconfig and data."""
    with up(tmp_path, "--nodes", "1", "--metrics") as (process, target):
        assert kubeconfig.is_ours(target)
        started = descendants(process.pid)
        assert len(started) == 4
        data = next(path for path in pathlib.Path(f"/proc/{started[0]}/cmdline").read_text().split("\0") if "--data-dir=" in path)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - began < 3
        assert alive(started) == []
    assert not target.exists()
    assert not pathlib.Path(data.partition("=")[2]).parent.exists()
    said = (tmp_path / "output").read_text()
    assert "is ready after" in said
    assert "stopped after" in said


def test_sigkill_leaves_no_process(tmp_path):
    """Even when the command is killed, no process is left."""
    with up(tmp_path) as (process, target):
        started = descendants(process.pid)
        assert len(started) == 4
        process.kill()
        process.wait(timeout=10)
        control_planes.wait_for(lambda: not alive(started), timeout_seconds=5)
        assert yaml.safe_load(target.read_text())["clusters"]


def test_a_dead_component_ends_the_command(tmp_path):
    """If a component ends by itself the command ends too, with exit code 1, the component's name and the end of its log."""
    with up(tmp_path) as (process, _):
        started = descendants(process.pid)
        scheduler = next(pid for pid in started if "kube-scheduler" in pathlib.Path(f"/proc/{pid}/cmdline").read_text())
        subprocess.run(["kill", "-KILL", str(scheduler)], check=True)
        assert process.wait(timeout=20) == 1
        assert alive(started) == []
    assert "kube-scheduler ended by itself" in (tmp_path / "output").read_text()


def test_a_foreign_kubeconfig_is_safe(tmp_path):
    """The command does not overwrite a kubeconfig that is not its own."""
    (tmp_path / "kubeconfig").write_text("current-context: production\n")
    with up(tmp_path) as (process, target):
        assert process.wait(timeout=20) == 1
        assert target.read_text() == "current-context: production\n"
    assert "choose another file" in (tmp_path / "output").read_text()


def test_assets_prints_the_folder():
    """The other command prints one folder that holds all programs."""
    command = [sys.executable, "-m", "envtest", "assets", "--no-build"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    folder = pathlib.Path(answer.stdout.strip())
    for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        assert (folder / name).exists()
