"""Asking the manager, with a small real server in its place."""

import http.server
import threading

import pytest

from demo import observation, probe
from tests.support import auto_clock

COUNT = 'controller_runtime_reconcile_total{controller="x",result="success"} '


@pytest.fixture
def manager():
    """A server whose answers the test sets: a body by path, 503 for any other."""

    answers = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = answers.get(self.path)
            self.send_response(503 if body is None else 200)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *arguments):
            """Print nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield answers, f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_ready_is_an_answer_of_200(manager):
    """A 503 and a closed port are not ready."""
    answers, address = manager
    a_probe = probe.Probe("x", auto_clock.AutoClock())
    assert not a_probe.is_ready()
    a_probe.health_address = address
    assert not a_probe.is_ready()
    answers["/readyz"] = "ok"
    assert a_probe.is_ready()


def test_the_last_reconcile_is_when_the_count_rose(manager):
    """The time since then grows until the count rises again; no answer is None."""
    answers, address = manager
    clock = auto_clock.AutoClock()
    a_probe = probe.Probe("x", clock)
    assert a_probe.reconciles() is None
    a_probe.metrics_address = address
    answers["/metrics"] = f"{COUNT}0\n"
    assert a_probe.reconciles() == observation.Reconciles(0, 0, None)
    answers["/metrics"] = f"{COUNT}2\n"
    assert a_probe.reconciles() == observation.Reconciles(2, 0, 0.0)
    clock.seconds += 5.0
    assert a_probe.reconciles() == observation.Reconciles(2, 0, 5.0)


def test_free_ports_differ():
    """Each port is another one."""
    assert len(set(probe.free_ports(4))) == 4
