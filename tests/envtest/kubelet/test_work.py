"""The kubelet's queue: each key once, when it is due, to one worker at a time."""

import threading

from envtest.kubelet import work


def test_a_key_comes_once():
    """A key that is added twice before it is taken comes once."""
    queue = work.Queue()
    queue.add("a")
    queue.add("a")
    queue.add("b")
    assert [queue.get(), queue.get()] == ["a", "b"]


def test_the_earlier_time_counts():
    """A key that waits is due at once if it is added without delay."""
    queue = work.Queue()
    queue.add("a", delay_seconds=3600)
    queue.add("a")
    assert queue.get() == "a"


def test_a_key_is_held_by_one_worker():
    """A key that is added while it is worked on comes again only when it is given back."""
    queue = work.Queue()
    queue.add("a")
    queue.add("b")
    assert queue.get() == "a"
    queue.add("a")
    assert queue.get() == "b"
    queue.done("a")
    assert queue.get() == "a"


def test_a_delay_is_kept():
    """A key with a delay comes after one without."""
    queue = work.Queue()
    queue.add("late", delay_seconds=0.05)
    queue.add("soon")
    assert [queue.get(), queue.get()] == ["soon", "late"]


def test_close_ends_waiting():
    """Closing the queue sends all workers home."""
    queue = work.Queue()
    results = []
    threads = [threading.Thread(target=lambda: results.append(queue.get())) for _ in range(3)]
    for thread in threads:
        thread.start()
    queue.close()
    for thread in threads:
        thread.join(10)
    assert results == [None, None, None]
