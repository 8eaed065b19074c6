"""A controller for tests: fed by hand, with a reconciler that answers from a list.

What flows in: requests and answers. What flows out: what the reconciler was asked, and the controller's metrics.
"""

import threading
from collections.abc import Callable
from typing import Any, Self

from controller import consistency, controller, metrics, reconcile
from tests.support import fake_clock
from workqueue import clock as clocks

Answer = reconcile.Result | BaseException | Callable[[], Any]


class ManualSource:
    """A source that a test feeds by hand."""

    def __init__(self, *, synced: bool = True) -> None:
        self.queue: Any = None
        self.synced = synced
        self.is_stopped = False

    def start(self, queue: Any) -> None:
        """Keep the queue."""
        self.queue = queue

    def has_synced(self) -> bool:
        """Tell what the test says."""
        return self.synced

    def stop(self) -> None:
        """Note it."""
        self.is_stopped = True

    def __str__(self) -> str:
        return "a manual source"


class Reconciler:
    """Answers from a list, repeating its last answer: a result is returned, an exception raised, a function called."""

    def __init__(self, *answers: Answer) -> None:
        self.answers: list[Answer] = list(answers) or [reconcile.Result()]
        self.seen: list[reconcile.Request] = []
        self._changed = threading.Condition()

    def reconcile(self, request: reconcile.Request) -> reconcile.Result:
        """Answer."""
        with self._changed:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.seen.append(request)
            self._changed.notify_all()
        if isinstance(answer, BaseException):
            raise answer
        result: reconcile.Result = answer if isinstance(answer, reconcile.Result) else answer()
        return result

    def wait_for(self, runs: int) -> None:
        """Block the test until *runs* runs have begun."""
        with self._changed:
            has_come = self._changed.wait_for(lambda: len(self.seen) >= runs, fake_clock.PATIENCE_SECONDS)
        assert has_come, f"{self.seen}, expected {runs} runs"


class Harness:
    """A controller that runs inside a with block, with one manual source."""

    def __init__(
        self,
        reconciler: Any,
        *,
        clock: clocks.Clock | None = None,
        options: controller.Options | None = None,
        synced: bool = True,
        informers: Callable[[], Any] = list,
    ) -> None:
        self.clock = clock or clocks.RealClock()
        self.metrics = metrics.Metrics()
        self.consistency = consistency.ConsistencyStore(informers, self.clock)
        services = controller.Services(self.clock, self.metrics, self.consistency)
        self.source = ManualSource(synced=synced)
        self.controller = controller.Controller("test", None, reconciler, services, options or controller.Options())
        self.controller.watch(self.source)
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.controller.start()
        except (controller.CacheSyncTimeoutError, controller.WorkerError) as error:
            self.error = error

    def sample(self, series: str, **labels: str) -> float | None:
        """Return a metric of the controller."""
        return self.metrics.registry.get_sample_value(series, {"controller": "test", **labels})

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()
        self.thread.join(fake_clock.PATIENCE_SECONDS)
        assert not self.thread.is_alive()


class Part:
    """A runnable that works until it is stopped, or until it fails."""

    def __init__(self, error: BaseException | None = None, *, is_deaf: bool = False) -> None:
        self.error = error
        self.is_deaf = is_deaf
        """Whether it goes on until it is released."""
        self.started = threading.Event()
        self.stopped = threading.Event()
        self.released = threading.Event()

    def start(self) -> None:
        """Work."""
        self.started.set()
        if self.error is not None:
            raise self.error
        (self.released if self.is_deaf else self.stopped).wait(fake_clock.PATIENCE_SECONDS)

    def stop(self) -> None:
        """Ask to end."""
        self.stopped.set()
