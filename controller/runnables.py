"""Long-running parts of a manager, started and stopped in groups.

What flows in: runnables. What flows out: one thread for each, and the first error that ended one. `Group.start` and
`Group.stop` are called by the manager's thread. Mirrors controller-runtime/pkg/manager/runnable_group.go; deviation: a runnable
has a `stop` of its own instead of a context, because a blocked Python thread must be woken by whoever knows what it waits for.
"""

import threading
from collections.abc import Callable
from typing import Protocol

import structlog

from workqueue import clock as clocks

_log = structlog.get_logger("controller.runnables")


class Runnable(Protocol):
    """Something that works until it is told to stop."""

    def start(self) -> None:
        """Work; return after `stop`, or raise what ended it."""
        ...

    def stop(self) -> None:
        """Ask to end; return at once. Any thread may call this, also before `start`."""
        ...


class Group:
    """Runnables that start together and stop together."""

    def __init__(self, name: str, on_error: Callable[[BaseException], None], clock: clocks.Clock) -> None:
        self.name = name
        self._on_error = on_error
        self._clock = clock
        self._lock = threading.Lock()
        self._runnables: list[Runnable] = []
        self._threads: list[threading.Thread] = []
        self._is_started = False
        self._is_stopped = False

    def add(self, runnable: Runnable) -> None:
        """Add a runnable; it starts at once if the group has started.

        Raises:
            RuntimeError: The group has been told to stop: nobody would stop this one.
        """
        with self._lock:
            if self._is_stopped:
                raise RuntimeError(f"group {self.name} is stopping: it takes no more runnables")
            self._runnables.append(runnable)
            if self._is_started:
                self._launch(runnable)

    def start(self) -> None:
        """Start all; return at once. Does nothing after `stop`, or the second time."""
        with self._lock:
            if self._is_started or self._is_stopped:
                return
            self._is_started = True
            for runnable in self._runnables:
                self._launch(runnable)

    def _launch(self, runnable: Runnable) -> None:
        name = f"{self.name}-{len(self._threads)}"
        thread = threading.Thread(target=self._body, args=(runnable,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _body(self, runnable: Runnable) -> None:
        try:
            runnable.start()
        except BaseException as error:  # noqa: BLE001 (the thread's body: nothing above it would tell, not even of SystemExit)
            self._on_error(error)

    def stop(self, timeout_seconds: float | None) -> bool:
        """Ask all to end and wait for them.

        Args:
            timeout_seconds: The longest wait for all together; None waits without limit.

        Returns:
            False if one still runs after *timeout_seconds*.
        """
        with self._lock:
            self._is_stopped = True
            runnables, threads = list(self._runnables), list(self._threads)
        deadline = None if timeout_seconds is None else self._clock.monotonic() + timeout_seconds
        for runnable in runnables:
            runnable.stop()
        for thread in threads:
            thread.join(None if deadline is None else max(0.0, deadline - self._clock.monotonic()))
        alive = [thread.name for thread in threads if thread.is_alive()]
        if alive:
            _log.warning("runnables did not end in time", group=self.name, threads=alive, timeout_seconds=timeout_seconds)
        return not alive
