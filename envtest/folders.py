"""Data folders that do not outlive their process for long.

What flows in: nothing. What flows out: a temporary folder; it is removed at the end, or, if its process was killed, when the next
control plane starts. The thread that starts a control plane calls.
"""

import fcntl
import pathlib
import shutil
import tempfile
from typing import IO

_PREFIX = "coxswain-envtest-"
_LOCK = "lock"


class DataFolder:
    """A folder of ours in the system's folder for temporary files.

    Attributes:
        path: Where it is.
    """

    def __init__(self, parent: pathlib.Path | None = None) -> None:
        self._parent = parent or pathlib.Path(tempfile.gettempdir())
        self._sweep()
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._parent))
        # Locked before it gets its name, so that nobody ever finds it unlocked while we live. The kernel unlocks it when we end.
        self._file: IO[str] = (self.path / f".{_LOCK}").open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        (self.path / f".{_LOCK}").rename(self.path / _LOCK)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._file.close()

    def _sweep(self) -> None:
        for lock in self._parent.glob(f"{_PREFIX}*/{_LOCK}"):
            try:
                with lock.open("r+") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(lock.parent, ignore_errors=True)
            except OSError:
                continue  # in use, another user's, or just being removed
