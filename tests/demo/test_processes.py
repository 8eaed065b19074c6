"""The demo's processes, with small real programs."""

import os
import signal
import subprocess
import sys
import time

import pytest

from demo import processes


def run(tmp_path, code):
    """Start a Python program."""
    return processes.Process("program", [sys.executable, "-c", code], tmp_path / "log")


def test_a_program_that_did_its_work_is_quoted(tmp_path):
    """The end of what it printed is the result."""
    assert run(tmp_path, "print('done')").result(20.0, time.sleep) == "done"


def test_a_program_that_fails_says_why(tmp_path):
    """The exit code and the last lines, of standard error too, are in the message."""
    with pytest.raises(processes.FailedError, match=r"program ended with exit code 1: no luck"):
        run(tmp_path, "import sys; sys.exit('no luck')").result(20.0, time.sleep)


def test_a_program_that_takes_too_long_is_said_so_and_ended(tmp_path):
    """The time is up before the program is."""
    process = run(tmp_path, "import signal; signal.pause()")
    with pytest.raises(processes.FailedError, match=r"did not end within 7 s"):
        process.result(7, lambda _: None)
    with pytest.raises(processes.FailedError, match="ended with exit code -15"):
        process.require_running()


def test_whoever_waits_can_be_interrupted(tmp_path):
    """What a pause raises ends the wait at once, and the program."""

    def interrupt(_):
        raise InterruptedError

    process = run(tmp_path, "import signal; signal.pause()")
    with pytest.raises(InterruptedError):
        process.result(3600, interrupt)
    with pytest.raises(processes.FailedError, match="ended with exit code -15"):
        process.require_running()


def test_a_program_that_ended_is_noticed(tmp_path):
    """A program that should still run and does not is a failure."""
    process = run(tmp_path, "print('bye')")
    assert process.stop() in (0, -signal.SIGTERM)
    with pytest.raises(processes.FailedError, match="program ended"):
        process.require_running()


def test_the_users_cluster_is_out_of_sight(tmp_path, monkeypatch):
    """$KUBECONFIG does not reach the programs; the rest of the environment does."""
    monkeypatch.setenv("KUBECONFIG", "/somebody/elses")
    monkeypatch.setenv("COXSWAIN_TEST", "here")
    code = "import os; print(os.environ.get('KUBECONFIG'), os.environ.get('COXSWAIN_TEST'))"
    assert run(tmp_path, code).result(20.0, time.sleep) == "None here"


def test_programs_end_with_the_demo():
    """When the process that started a program is killed, the program gets SIGTERM."""
    child = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('ended', flush=True), sys.exit())); "
    child += "print('up', flush=True); signal.pause()"
    parent = "import os, subprocess, sys; "
    parent += f"subprocess.Popen([sys.executable, '-m', 'demo.child', str(os.getpid()), sys.executable, '-c', {child!r}]); "
    parent += "import signal; signal.pause()"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        os.kill(process.pid, signal.SIGKILL)
        assert process.stdout.readline() == "ended\n"
