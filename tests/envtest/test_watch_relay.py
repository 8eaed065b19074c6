"""Frames of a watch come when they are due."""

import queue
import threading
import time

import pytest

from envtest import watch_relay

PATIENCE_SECONDS = 20


class Watch:
    """A watch whose lines a test says; None ends it."""

    def __init__(self):
        self.given = queue.Queue()
        self.is_stopped = False

    def lines(self):
        return iter(self.given.get, None)

    def stop(self):
        self.is_stopped = True
        self.given.put(None)


class Listener(threading.Thread):
    """Iterates over a relay, and says what came and when."""

    def __init__(self, lag_seconds=0.0):
        super().__init__()
        self.watch = Watch()
        self.lag_seconds = lag_seconds
        self.is_listening = True
        self.is_lost = False
        self.came = queue.Queue()
        self.start()

    def run(self):
        for lines in self.relay():
            for line in lines:
                self.came.put((time.monotonic(), line))

    def relay(self):
        return watch_relay.WatchRelay(self.watch, lambda: self.lag_seconds, lambda: self.is_listening, lambda: self.is_lost)

    def next(self):
        return self.came.get(timeout=PATIENCE_SECONDS)


@pytest.fixture
def listeners():
    """Makes listeners and ends them."""
    made = []

    def make(**options):
        made.append(Listener(**options))
        return made[-1]

    yield make
    for one in made:
        one.is_listening = False
        one.join(PATIENCE_SECONDS)
        assert not one.is_alive()


def test_frames_come_in_order_and_then_the_end(listeners):
    """Without lag every frame is passed on as it comes, and the watch's end ends the relay."""
    listener = listeners()
    for line in (b"1", b"2", b"3"):
        listener.watch.given.put(line)
    assert [listener.next()[1] for _ in range(3)] == [b"1", b"2", b"3"]
    listener.watch.given.put(None)
    listener.join(PATIENCE_SECONDS)
    assert not listener.is_alive()


def test_frames_are_late_and_so_is_the_end(listeners):
    """No frame comes before its time, nor does the end."""
    listener = listeners(lag_seconds=0.3)
    began = time.monotonic()
    for line in (b"1", b"2", None):
        listener.watch.given.put(line)
    assert [listener.next()[1] for _ in range(2)] == [b"1", b"2"]
    assert time.monotonic() >= began + 0.3
    listener.join(PATIENCE_SECONDS)
    assert time.monotonic() >= began + 0.3


def test_another_lag_counts_at_once(listeners):
    """Frames that are held back come as soon as the lag is gone."""
    listener = listeners(lag_seconds=3600)
    listener.watch.given.put(b"1")
    with pytest.raises(queue.Empty):
        listener.came.get(timeout=0.3)
    listener.lag_seconds = 0
    assert listener.next()[1] == b"1"


def test_the_server_is_let_go_when_the_client_is_gone(listeners):
    """A client that hangs up ends the watch, whatever is still held back."""
    listener = listeners(lag_seconds=3600)
    listener.watch.given.put(b"1")
    listener.is_listening = False
    listener.join(PATIENCE_SECONDS)
    assert listener.watch.is_stopped
    assert listener.came.empty()


def test_what_is_lost_never_comes(listeners):
    """Frames that are held back when they are lost are dropped, and the relay ends, and with it the server's watch."""
    listener = listeners(lag_seconds=3600)
    listener.watch.given.put(b"1")
    listener.is_lost = True
    listener.join(PATIENCE_SECONDS)
    assert listener.watch.is_stopped
    assert listener.came.empty()
