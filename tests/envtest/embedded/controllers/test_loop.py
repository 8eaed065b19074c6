"""Tests of the queue of a simulated controller."""

import logging

import pytest

from envtest.embedded.api import status
from envtest.embedded.controllers import loop
from tests.support import fake_timers


@pytest.fixture
def timers():
    """The event loop."""
    return fake_timers.FakeTimers()


def test_a_key_that_waits_is_worked_on_once(timers):
    """However often it was added meanwhile; afterwards it may be added again."""
    done = []
    queue = loop.Queue(done.append, timers)
    for key in ("a", "b", "a"):
        queue.add(key)
    timers.run()
    assert done == ["a", "b"]
    queue.add("a")
    timers.run()
    assert done == ["a", "b", "a"]


def test_of_two_times_the_earlier_counts(timers):
    """A key that shall be looked at later is looked at once, as early as anybody asked."""
    done = []
    queue = loop.Queue(done.append, timers)
    for seconds in (5, 2, 8):
        queue.add_after("a", seconds)
    timers.run(1.9)
    assert done == []
    timers.run(10)
    assert done == ["a"]


def test_a_controller_may_ask_to_look_again(timers):
    """What it returns is the time after which it is called again."""
    done = []

    def sync(key):
        done.append(timers.time())
        return 3.0

    loop.Queue(sync, timers).add("a")
    timers.run(7)
    assert [time - done[0] for time in done] == [0.0, 3.0, 6.0]


def test_a_failure_is_tried_again_ever_later(timers, caplog):
    """Neither a refusal nor a bug ends the queue; a bug is logged; other keys go on."""
    caplog.set_level(logging.ERROR)
    tries = []

    def sync(key):
        tries.append(key)
        if key == "bug":
            raise KeyError("x")
        if key == "refused":
            raise status.bad_request("no")

    queue = loop.Queue(sync, timers)
    for key in ("bug", "refused", "fine"):
        queue.add(key)
    timers.run(0.1)
    assert (tries.count("fine"), tries.count("bug"), tries.count("refused")) == (1, 5, 5)
    timers.run(10)
    assert tries.count("bug") < 15
    assert "a simulated controller failed at bug" in caplog.text
    assert "refused" not in caplog.text


def test_a_queue_that_is_stopped_does_nothing(timers):
    """Neither what waits nor what is added later is worked on."""
    done = []
    queue = loop.Queue(done.append, timers)
    queue.add("a")
    queue.add_after("b", 1)
    queue.stop()
    queue.add("c")
    timers.run(5)
    assert done == []
    assert timers.planned == 0
