"""One line for each step that takes time, with the seconds it took.

What flows in: the names of steps. What flows out: lines, to whoever is given. The caller's thread does the step; a thread of ours
speaks up while it lasts.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

Report = Callable[[str], None]

_BEAT_SECONDS = 30.0


@contextlib.contextmanager
def step(report: Report, name: str) -> Iterator[None]:
    """Report that the step *name* begins, every 30 s that it lasts, and how it ended.

    Args:
        report: Gets the lines.
        name: What is being done, such as "building etcd".

    Yields:
        Nothing.
    """
    report(f"{name} ...")
    began = time.monotonic()
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(report, name, began, ended), name="envtest-progress", daemon=True)
    beat.start()
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        ended.set()
        beat.join()
        report(f"{name}: {outcome} after {time.monotonic() - began:.1f} s")


def _beat(report: Report, name: str, began: float, ended: threading.Event) -> None:
    while not ended.wait(_BEAT_SECONDS):
        report(f"{name}: {time.monotonic() - began:.0f} s so far")
