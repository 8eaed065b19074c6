"""The manager: one connection, one cache, one registry of metrics for all controllers, and their common start and end.

What flows in: a configuration, controllers, runnables and checks. What flows out: a running process that ends when it is told to.
`Manager.run` blocks the calling thread; `Manager.stop` may be called by any thread or signal handler. Mirrors
controller-runtime/pkg/manager; the order of starting is metrics and probes, caches, others, controllers; of ending the reverse.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from controller import consistency, controller, healthz, http_server, metrics, recorder, runnables
from controller.client import cached, live, restmapper, transport
from controller.client import listwatch as rest_listwatch
from informers import factory, objects, shared_informer
from workqueue import clock as clocks

_log = structlog.get_logger("controller.manager")

IN_FLIGHT_SECONDS = 4.0
"""At the end, requests in progress get this long before they are cut off: a hung API server must not hold up SIGTERM."""


@dataclass(frozen=True)
class Options:
    """How a manager works; the defaults are upstream's."""

    namespace: str = ""
    """Watch only this namespace; "" watches all."""
    metrics_bind_address: str = ":8080"
    health_probe_bind_address: str = ":8081"
    max_concurrent_reconciles: int = 1
    sync_period_seconds: float = 36000.0
    cache_sync_timeout_seconds: float = 120.0
    graceful_shutdown_timeout_seconds: float = 30.0
    """How long the end may take before it is an error; 0: do not wait, below 0: wait for ever."""


CONNECTIONS_PER_WORKER = 4
"""Controllers share one pool, made before it is known how many there are; connections that nobody needs are not opened."""
RECORDER_SECONDS = 1.0
"""At the end, the last events get this long to be written."""
CACHE_STOP_SECONDS = 2.0


class StartError(Exception):
    """The manager could not start or had to end; the message says which part and why."""


class Manager:
    """Runs controllers."""

    def __init__(self, config: transport.Config, options: Options, clock: clocks.Clock | None = None) -> None:
        self.options = options
        self.clock: clocks.Clock = clock or clocks.RealClock()
        self.metrics = metrics.Metrics(clock=self.clock)
        self._transport = transport.Transport(
            config,
            transport.TransportOptions(
                workers=CONNECTIONS_PER_WORKER * options.max_concurrent_reconciles,
                on_request=self.metrics.rest_client_request,
                clock=self.clock,
            ),
        )
        mapper = restmapper.RESTMapper(self._transport)
        self.cache = factory.InformerFactory(
            lambda key: rest_listwatch.RESTListerWatcher(self._transport, mapper, key),
            factory.FactoryOptions(clock=self.clock, resync_seconds=options.sync_period_seconds, metrics=self.metrics),
        )
        self._consistency = consistency.ConsistencyStore(self.cache.informers, self.clock)
        self.services = controller.Services(self.clock, self.metrics, self._consistency)
        self.live = live.LiveClient(self._transport, mapper, on_write=consistency.record)
        self.cached = cached.CachedReader(self.cache, options.namespace)
        self.client = cached.CachedClient(self.cached, self.live)
        self.recorder = recorder.EventRecorder(self.live, self.clock, recorder.Options(on_drop=self.metrics.events_dropped.inc))
        self._health, self._ready = healthz.Handler(), healthz.Handler()
        self._health.add("ping", healthz.ping)
        self._ready.add("informers", self._check_informers)
        self._servers = self._bind()
        self._others = runnables.Group("others", self._fail, self.clock)
        self._controllers = runnables.Group("controllers", self._fail, self.clock)
        self._others.add(self._consistency)
        self._names: set[str] = set()
        self._stop = threading.Event()
        self._run_lock = threading.Lock()
        """Taken by the one call of `run`, and never given back."""
        self._error: BaseException | None = None

    def _bind(self) -> list[http_server.HTTPServer]:
        """Listen already: a port in use is an error before anything has started."""
        probe_routes = {**self._health.routes("/healthz"), **self._ready.routes("/readyz")}
        wanted = (
            (self.options.metrics_bind_address, {"/metrics": self._scrape}, "--metrics-bind-address"),
            (self.options.health_probe_bind_address, probe_routes, "--health-probe-bind-address"),
        )
        bound: list[http_server.HTTPServer] = []
        try:
            for address, routes, flag in wanted:
                bound.append(http_server.HTTPServer(address, routes, flag=flag))
        except http_server.BindError:
            for server in bound:
                server.stop()
            raise
        return bound

    def _scrape(self, _: http_server.Request) -> http_server.Response:
        return http_server.Response(self.metrics.expose(), content_type=metrics.CONTENT_TYPE)

    def informer(self, gvk: objects.GroupVersionKind) -> shared_informer.SharedInformer:
        """Return the informer of *gvk* in the manager's namespace; it starts with the manager."""
        return self.cache.informer(factory.InformerKey(gvk, namespace=self.options.namespace))

    def add(self, runnable: runnables.Runnable) -> None:
        """Run *runnable* with the manager, from when the caches are synced."""
        self._others.add(runnable)

    def add_controller(self, a_controller: controller.Controller) -> None:
        """Run *a_controller* from when the caches are synced.

        Raises:
            ValueError: Its name is taken: the metrics of two would be one.
        """
        if a_controller.name in self._names:
            raise ValueError(f"a controller called {a_controller.name!r} exists already: give this one another name")
        self._names.add(a_controller.name)
        self._controllers.add(a_controller)

    def add_healthz_check(self, name: str, check: Callable[[], None]) -> None:
        """Fail /healthz while *check* raises."""
        self._health.add(name, check)

    def add_readyz_check(self, name: str, check: Callable[[], None]) -> None:
        """Fail /readyz while *check* raises."""
        self._ready.add(name, check)

    def run(self) -> None:
        """Start everything, wait for `stop` or a failure, end everything; returns at once if `stop` was called before.

        Raises:
            StartError: Something did not start, or did not end in time.
            RuntimeError: It was called before: a manager runs once.
            BaseException: What ended a runnable; the first one, if there are several.
        """
        if not self._run_lock.acquire(blocking=False):
            raise RuntimeError("the manager was started already: make another one")
        try:
            if not self._stop.is_set():
                self._start()
            self.clock.wait_event(self._stop, None)
        finally:
            has_ended = self._shut_down()
        if self._error is not None:
            raise self._error
        if not has_ended:
            limit = self.options.graceful_shutdown_timeout_seconds
            raise StartError(f"failed waiting for all runnables to end within grace period of {limit:g}s")

    def stop(self) -> None:
        """End `run`; return at once. Not to be called in a signal handler itself (it takes locks): start a thread."""
        self._stop.set()

    def _start(self) -> None:
        for name, server in zip(("metrics", "health probes"), self._servers, strict=True):
            server.start()
            if server.is_enabled:
                _log.info(f"Serving {name}", bindAddress=server.address, port=server.port)
        self.recorder.start()
        self.cache.start()
        if self.cache.wait_for_sync(self._stop, self.options.cache_sync_timeout_seconds):
            _log.info("Caches synced", informers=len(self.cache.informers()))
            self._others.start()
            self._controllers.start()
        elif not self._stop.is_set():
            raise StartError(
                f"caches not synced within {self.options.cache_sync_timeout_seconds:g} s: " + "; ".join(self._unsynced())
            )

    def _unsynced(self) -> list[str]:
        return [
            f"{informer.key.gvk}: {informer.last_error or 'no answer yet'}"
            for informer in self.cache.informers()
            if not informer.has_synced() or informer.last_error is not None
        ]

    def _check_informers(self) -> None:
        """Fail while a kind cannot be watched, and name the rule or the definition that is missing."""
        if unsynced := self._unsynced():
            raise healthz.CheckError("; ".join(unsynced))

    def _fail(self, error: BaseException) -> None:
        _log.error("A part of the manager failed", error=f"{type(error).__name__}: {error}")
        self._error = self._error or error
        self._stop.set()

    def _shut_down(self) -> bool:
        """End the parts in reverse order; return whether controllers and runnables ended in time."""
        self._stop.set()
        _log.info("Stopping and waiting for controllers")
        limit = self.options.graceful_shutdown_timeout_seconds
        deadline = None if limit < 0 else self.clock.monotonic() + limit
        has_ended = self._stop_controllers(deadline)
        has_ended = self._others.stop(self._left(deadline)) and has_ended
        self.cache.stop(CACHE_STOP_SECONDS)
        self.recorder.stop(RECORDER_SECONDS)
        self._transport.close()
        for server in self._servers:
            server.stop()
        _log.info("Manager stopped", in_time=has_ended)
        return has_ended or limit == 0

    def _stop_controllers(self, deadline: float | None) -> bool:
        """Let runs in progress finish; requests that take longer than `IN_FLIGHT_SECONDS` are cut off."""
        left = self._left(deadline)
        if self._controllers.stop(IN_FLIGHT_SECONDS if left is None else min(IN_FLIGHT_SECONDS, left)):
            return True
        self.recorder.stop(RECORDER_SECONDS)  # what it has must be written before nothing can be
        self._transport.close()
        return self._controllers.stop(self._left(deadline))

    def _left(self, deadline: float | None) -> float | None:
        return None if deadline is None else max(0.0, deadline - self.clock.monotonic())
