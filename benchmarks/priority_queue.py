"""How long an item takes through the priority queue: add, get and done, as in upstream's BenchmarkAddGetDone.

What flows in: nothing. What flows out: a table of microseconds per item on standard output. Run it as a script.
"""

import threading
import time
from collections.abc import Callable

from workqueue import priority_queue

ITEMS = 100_000
WORKERS = 4


def add_only() -> float:
    """Add distinct keys; return seconds per item."""
    queue = priority_queue.PriorityQueue[int]()
    started = time.perf_counter()
    for number in range(ITEMS):
        queue.add(number)
    return (time.perf_counter() - started) / ITEMS


def add_again() -> float:
    """Add one key that is ready already; return seconds per add."""
    queue = priority_queue.PriorityQueue[int]()
    started = time.perf_counter()
    for _ in range(ITEMS):
        queue.add(1)
    return (time.perf_counter() - started) / ITEMS


def add_get_done() -> float:
    """Add 1000 keys, then get and finish them, again and again; return seconds per item."""
    queue = priority_queue.PriorityQueue[int]()
    started = time.perf_counter()
    for _ in range(ITEMS // 1000):
        for number in range(1000):
            queue.add(number)
        for _ in range(1000):
            item = queue.get()
            assert item is not None
            queue.done(item.key)
    return (time.perf_counter() - started) / ITEMS


def add_after() -> float:
    """Add distinct keys with a delay, and wake them; return seconds per item."""
    queue = priority_queue.PriorityQueue[int]()
    started = time.perf_counter()
    for number in range(ITEMS):
        queue.add_after(number, 60 + number % 17)
    for number in range(ITEMS):
        queue.add(number)
    return (time.perf_counter() - started) / ITEMS


def workers() -> float:
    """Add distinct keys while four workers take them; return seconds per item."""
    queue = priority_queue.PriorityQueue[int]()

    def work() -> None:
        while (item := queue.get()) is not None:
            queue.done(item.key)

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for number in range(ITEMS):
        queue.add(number)
    queue.shut_down_with_drain()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - started) / ITEMS


def main() -> None:
    """Print the best of three of each."""
    cases: tuple[Callable[[], float], ...] = (add_only, add_again, add_get_done, add_after, workers)
    for case in cases:
        best = min(case() for _ in range(3))
        print(f"{case.__name__:<14} {best * 1e6:7.2f} us per item")


if __name__ == "__main__":
    main()
