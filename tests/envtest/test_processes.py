"""Child processes log to a file, stop on request, and do not outlive whoever started them."""

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from envtest import processes
from tests.support import control_planes

STUBBORN = ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]


@pytest.fixture
def starter():
    """A starter that is closed at the end."""
    one = processes.Starter()
    yield one
    one.close()


def is_alive(pid):
    """Ask whether a process runs; one that has ended and waits to be collected does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_output_goes_to_the_log(starter, tmp_path):
    """Standard output and error are appended to the log, whose end can be read."""
    (tmp_path / "log").write_text("before\n")
    process = starter.start(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], tmp_path / "log")
    assert control_planes.wait_for(process.exit_code) == 3
    assert process.tail() == "before\nout\nerr"


def test_stop_asks_first(starter, tmp_path):
    """A process that ends when asked is not killed."""
    process = starter.start(["/bin/sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"], tmp_path / "log")
    control_planes.wait_for(process.tail)
    processes.stop([process], grace_seconds=10)
    assert process.exit_code() == 7


def test_stop_kills_who_does_not_listen(starter, tmp_path):
    """A process that ignores SIGTERM is killed after the grace period."""
    process = starter.start(STUBBORN, tmp_path / "log")
    control_planes.wait_for(process.tail)
    processes.stop([process], grace_seconds=0.1)
    assert process.exit_code() == -9


def test_stop_does_not_mind_the_dead(starter, tmp_path):
    """Stopping what has ended is harmless."""
    process = starter.start(["/bin/true"], tmp_path / "log")
    control_planes.wait_for(lambda: process.exit_code() is not None)
    processes.stop([process, process], grace_seconds=1)


def test_a_process_outlives_the_thread_that_asked(starter, tmp_path):
    """The thread that asks for a process may end: another one, which lives as long as the starter, has started it."""
    started = []
    thread = threading.Thread(target=lambda: started.append(starter.start(STUBBORN, tmp_path / "log")))
    thread.start()
    thread.join()
    control_planes.wait_for(started[0].tail)
    assert started[0].exit_code() is None
    started[0].kill()


def test_processes_end_with_their_starter(tmp_path):
    """Closing the starter ends what it started."""
    starter = processes.Starter()
    process = starter.start(STUBBORN, tmp_path / "log")
    control_planes.wait_for(process.tail)
    starter.close()
    assert control_planes.wait_for(process.exit_code) == -9


def test_processes_end_with_us(tmp_path):
    """If our process is killed, so are those that it started."""
    program = f"""
        import pathlib, time
        from envtest import processes
        process = processes.Starter().start({STUBBORN!r}, pathlib.Path({str(tmp_path / "log")!r}))
        print(process.pid, flush=True)
        time.sleep(60)
    """
    ours = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    with ours:
        pid = int(ours.stdout.readline())
        assert is_alive(pid)
        ours.kill()
    control_planes.wait_for(lambda: not is_alive(pid))


def test_a_process_without_its_parent_does_not_start():
    """A process whose parent is gone before it could be bound to it does not start."""
    launcher = [sys.executable, "-I", "-S", processes.__file__.replace("processes", "parent_death")]
    answer = subprocess.run(
        [*launcher, str(os.getpid() + 1), "-", "/bin/echo", "alive"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "is gone" in answer.stderr


def test_only_root_can_choose_the_user(starter, tmp_path):
    """Root's processes can be another user's, without root's groups; for others there is no such choice."""
    process = starter.start(["/bin/sh", "-c", "id -u; id -G"], tmp_path / "log", processes.User(4711, 4712))
    is_root = os.getuid() == 0
    assert control_planes.wait_for(lambda: process.exit_code() is not None and str(process.exit_code())) == (
        "0" if is_root else "1"
    )
    assert process.tail().endswith("4711\n4712" if is_root else "Operation not permitted")
