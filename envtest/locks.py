"""One process at a time, in a folder that several share.

What flows in: a file's name. What flows out: the lock while a block runs. Any thread.
"""

import contextlib
import fcntl
import pathlib
from collections.abc import Iterator

from envtest import progress


@contextlib.contextmanager
def hold(file: pathlib.Path, report: progress.Report) -> Iterator[None]:
    """Hold the lock *file* while a block runs, making it if need be; the kernel frees the lock of a process that dies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another process is fetching the programs; waiting for it ...")
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
