"""A controller: sources feed a queue, workers hand its keys to a reconciler, and what comes back decides what happens next.

What flows in: requests from sources. What flows out: calls of `Reconciler.reconcile`, never two at once for one request.
`Controller.start` runs in a thread of the manager's; each worker is a thread of its own. Mirrors
controller-runtime/pkg/internal/controller/controller.go; deviations: an informer that lags behind the run's own writes delays
the key's next run (`consistency`), and there is no context.
"""

import threading
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import structlog

from controller import consistency, metrics, reconcile, source
from informers import errors, objects
from workqueue import clock as clocks
from workqueue import priority_queue, rate_limiters

_log = structlog.get_logger("controller")

Outcome = Literal["success", "error", "requeue_after"]
"""The values of the label `result` of controller_runtime_reconcile_total."""


class CacheSyncTimeoutError(Exception):
    """A source was not synced in time; the message names it and what keeps it."""


class WorkerError(Exception):
    """A worker ended in the middle of its work; its `__cause__` is why. No request of the controller is safe then."""


@dataclass(frozen=True)
class Options:
    """How a controller works."""

    max_concurrent_reconciles: int = 1
    cache_sync_timeout_seconds: float = 120.0
    """Upstream's 2 minutes."""
    rate_limiter: Callable[[], rate_limiters.RateLimiter] = rate_limiters.ItemExponentialFailureRateLimiter

    def __post_init__(self) -> None:
        """Refuse a controller that would never work."""
        if self.max_concurrent_reconciles < 1:
            raise ValueError(f"max_concurrent_reconciles is {self.max_concurrent_reconciles}: a controller needs a worker")


@dataclass(frozen=True)
class Services:
    """What a controller shares with the others of its manager."""

    clock: clocks.Clock
    metrics: metrics.Metrics
    consistency: consistency.ConsistencyStore


@dataclass(frozen=True)
class Decision:
    """What to do with a key after a run, in this order: forget, then add again, then (by the caller) done."""

    outcome: Outcome
    forget: bool = False
    add_after_seconds: float = 0.0
    add_rate_limited: bool = False
    is_terminal: bool = False


def is_terminal(error: BaseException) -> bool:
    """Tell whether *error* or one of its causes is a `reconcile.TerminalError`."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, reconcile.TerminalError):
            return True
        cause = cause.__cause__
    return False


def decide(result: reconcile.Result, error: BaseException | None) -> Decision:
    """Decide what follows a run; *result* does not count if there was an error. Neither kind of error forgets the failures."""
    if error is not None:
        terminal = is_terminal(error)
        return Decision("error", add_rate_limited=not terminal, is_terminal=terminal)
    if result.requeue_after_seconds > 0:
        return Decision("requeue_after", forget=True, add_after_seconds=result.requeue_after_seconds)
    return Decision("success", forget=True)


@dataclass
class Controller:
    """Runs one reconciler."""

    name: str
    kind: objects.GroupVersionKind | None
    """The kind of what requests name, for logs; None if they name something else."""
    reconciler: reconcile.Reconciler
    services: Services
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        """Make the queue, so that sources may be added and the depth is seen from the start."""
        self._sources: list[source.Source] = []
        self._stop = threading.Event()
        self._is_started = False
        self._death: BaseException | None = None
        """What ended a worker that should have gone on."""
        self.queue: source.RequestQueue = priority_queue.PriorityQueue(
            self.name,
            rate_limiter=self.options.rate_limiter(),
            clock=self.services.clock,
            metrics=self.services.metrics,
        )
        self._metrics = self.services.metrics.controller(self.name, self.options.max_concurrent_reconciles)
        self.services.metrics.watch_queue(self.name, self.queue.unfinished)

    def watch(self, a_source: source.Source) -> None:
        """Feed this controller from *a_source*, from its start on."""
        self._sources.append(a_source)

    def start(self) -> None:
        """Feed the queue, wait until everything that is there is in it, then work until `stop`.

        Raises:
            CacheSyncTimeoutError: A source was not synced within the options' time.
            WorkerError: A worker died.
            RuntimeError: It was started before.
        """
        if self._is_started:
            raise RuntimeError(f"controller {self.name} was started already")
        self._is_started = True
        try:
            if self._feed():
                self._run_workers()
        finally:
            self.stop()  # a source that was started while `stop` ran is stopped now
        if self._death is not None:
            raise WorkerError(f"controller {self.name}: a worker died of {type(self._death).__name__}") from self._death

    def stop(self) -> None:
        """End: runs in progress finish, what is queued is dropped (the next start lists everything again)."""
        self._stop.set()
        self.queue.shut_down()
        for one in self._sources:
            one.stop()

    def _feed(self) -> bool:
        """Start the sources; return False if stopped before all were synced."""
        for one in self._sources:
            if self._stop.is_set():
                return False
            one.start(self.queue)
        return self._wait_for_sync()

    def _run_workers(self) -> None:
        number = self.options.max_concurrent_reconciles
        _log.info("Starting workers", controller=self.name, **{"worker count": number})
        workers = [threading.Thread(target=self._work, name=f"{self.name}-worker-{n}", daemon=True) for n in range(number)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        _log.info("All workers finished", controller=self.name)

    def _wait_for_sync(self) -> bool:
        """Wait for all sources; return False if stopped meanwhile."""
        clock = self.services.clock
        deadline = clock.monotonic() + self.options.cache_sync_timeout_seconds
        while waiting := [str(one) for one in self._sources if not one.has_synced()]:
            if clock.monotonic() >= deadline:
                raise CacheSyncTimeoutError(
                    f"controller {self.name}: no sync within {self.options.cache_sync_timeout_seconds:g} s: {', '.join(waiting)}"
                )
            if clock.wait_event(self._stop, 0.02):
                return False
        return not self._stop.is_set()

    def _work(self) -> None:
        try:
            while (item := self.queue.get()) is not None:
                self._metrics.active_workers.inc()
                try:
                    self._process(item)
                finally:
                    self._metrics.active_workers.dec()
        except BaseException as error:  # noqa: BLE001 (a thread's body; the key stays locked, so the others must not just go on)
            self._death = error
            self.stop()

    def _process(self, item: priority_queue.Item[reconcile.Request]) -> None:
        """Run one item and put its key where it belongs; the key is added again *before* it is done."""
        with consistency.collect() as writes:
            result, error = self._reconcile(item.key)
        decision = decide(result, error)
        priority = item.priority if result.priority is None else result.priority
        if decision.forget:
            self.queue.forget(item.key)
        if decision.add_after_seconds > 0:
            self.queue.add_after(item.key, decision.add_after_seconds, priority=priority)
        elif decision.add_rate_limited:
            self.queue.add_rate_limited(item.key, priority=priority)
        self._metrics.reconciled(decision.outcome, is_terminal=decision.is_terminal)
        self.queue.park(item.key)
        if not self.services.consistency.hold(writes, lambda is_late: self._release(item.key, is_late=is_late)):
            self.queue.done(item.key)

    def _release(self, request: reconcile.Request, *, is_late: bool) -> None:
        if is_late:
            self._metrics.read_your_writes_deadline_exceeded.inc()
            _log.warning(
                "cache still lacks own writes, going on", controller=self.name, namespace=request.namespace, name=request.name
            )
        self.queue.done(request)

    def _reconcile(self, request: reconcile.Request) -> tuple[reconcile.Result, BaseException | None]:
        started = self.services.clock.monotonic()
        with structlog.contextvars.bound_contextvars(**self._log_context(request)):
            _log.debug("Reconciling")
            try:
                return _checked(self.reconciler.reconcile(request)), None
            except BaseException as error:  # noqa: BLE001 (a worker survives whatever a reconciler does, even sys.exit)
                self._log_error(error)
                return reconcile.Result(), error
            finally:
                self._metrics.reconcile_time.observe(self.services.clock.monotonic() - started)

    def _log_context(self, request: reconcile.Request) -> dict[str, str]:
        context = {
            "controller": self.name,
            "namespace": request.namespace,
            "name": request.name,
            "reconcileID": str(uuid.uuid4()),
        }
        if self.kind is not None:
            context |= {"controllerGroup": self.kind.group, "controllerKind": self.kind.kind}
        return context

    def _log_error(self, error: BaseException) -> None:
        """Log a failed run; expected answers of the API server need no stack."""
        if isinstance(error, errors.ConflictError):
            _log.info("Reconciler conflict, retrying", error=str(error))
        elif isinstance(error, errors.ApiError | errors.TransportError | reconcile.TerminalError):
            _log.error("Reconciler error", error=str(error), terminal=is_terminal(error))
        else:
            self._metrics.reconcile_panics.inc()
            frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
            _log.error("Reconciler error", error=f"{type(error).__name__}: {error}", stacktrace="".join(frames))


def _checked(result: object) -> reconcile.Result:
    """Return *result* if it is one: forgetting `return` must fail in the run, not in the worker."""
    if not isinstance(result, reconcile.Result):
        raise TypeError(f"reconcile returned {type(result).__name__}, not a Result")
    return result
