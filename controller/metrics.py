"""What Prometheus can see, under upstream's names.

What flows in: measurements of queues, controllers, the client, informers and the event recorder, from any thread. What flows
out: the text of a scrape. Label sets exist from a controller's start on, so that a rate over them never misses its first
increase. Mirrors controller-runtime/pkg/metrics and pkg/internal/controller/metrics; deviations: unfinished work is asked of
the queues at each scrape, there are no native histograms, and some series are ours alone (informers, dropped events, caches
that came too late).

The library adds a ``_created`` series to each counter and histogram. It can be told not to, but only for the whole process; so
the registry here, which is not the library's global one, drops them when it is read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import prometheus_client
from prometheus_client import metrics_core

from informers import metrics as informer_metrics
from informers import objects
from workqueue import clock as clocks
from workqueue import metrics as queue_metrics
from workqueue import priority_queue

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
MAX_PRIORITIES = 25
"""Distinct values of the label `priority` per queue, as upstream."""
EXCEEDED = "exceeded_cardinality_limit"

RECONCILE_SECONDS = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    *(1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60),
)
QUEUE_SECONDS = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0)
RESULTS = ("error", "requeue_after", "requeue", "success")

_CONTROLLER = ("controller",)
_QUEUE = ("name", "controller")
_INFORMER = ("group", "version", "kind", "namespace", "selector")


class _Registry(prometheus_client.CollectorRegistry):
    """A registry without ``_created`` series."""

    def collect(self) -> Iterable[metrics_core.Metric]:
        for metric in super().collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


@dataclass(frozen=True)
class ControllerMetrics:
    """The series of one controller."""

    active_workers: prometheus_client.Gauge
    reconcile_time: prometheus_client.Histogram
    reconcile_panics: prometheus_client.Counter
    reconcile_timeouts: prometheus_client.Counter
    read_your_writes_deadline_exceeded: prometheus_client.Counter
    _errors: prometheus_client.Counter
    _terminal_errors: prometheus_client.Counter
    _results: dict[str, prometheus_client.Counter]

    def reconciled(self, outcome: str, *, is_terminal: bool = False) -> None:
        """Count a run; *outcome* is one of `RESULTS`. Terminal errors count as errors as well."""
        self._results[outcome].inc()
        if outcome == "error":
            self._errors.inc()
        if is_terminal:
            self._terminal_errors.inc()


class QueueMetrics:
    """The series of one queue; the queue calls it under its own lock."""

    def __init__(self, name: str, families: "_QueueFamilies") -> None:
        self._labels = (name, name)
        self._depth_family = families.depth
        self._depth: dict[int, prometheus_client.Gauge] = {}
        self._adds = families.adds.labels(*self._labels)
        self._retries = families.retries.labels(*self._labels)
        self._waited = families.waited.labels(*self._labels)
        self._worked = families.worked.labels(*self._labels)
        self.depth_changed(0, 0)

    def added(self) -> None:
        """Count an item that became ready."""
        self._adds.inc()

    def depth_changed(self, priority: int, delta: int) -> None:
        """Move the depth of *priority*; beyond `MAX_PRIORITIES` distinct ones, all others share a series."""
        depth = self._depth.get(priority)
        if depth is None:
            label = str(priority) if len(self._depth) < MAX_PRIORITIES else EXCEEDED
            depth = self._depth_family.labels(*self._labels, label)
            if label != EXCEEDED:
                self._depth[priority] = depth
        depth.inc(delta)

    def retried(self) -> None:
        """Count an item added with a delay."""
        self._retries.inc()

    def waited(self, seconds: float) -> None:
        """Record the time from ready to handed out."""
        self._waited.observe(seconds)

    def worked(self, seconds: float) -> None:
        """Record the time from handed out to done."""
        self._worked.observe(seconds)


class _QueueFamilies:
    def __init__(self, registry: prometheus_client.CollectorRegistry) -> None:
        counter, gauge, histogram = prometheus_client.Counter, prometheus_client.Gauge, prometheus_client.Histogram
        self.depth = gauge("workqueue_depth", "Ready keys", (*_QUEUE, "priority"), registry=registry)
        self.adds = counter("workqueue_adds_total", "Keys that became ready", _QUEUE, registry=registry)
        self.retries = counter("workqueue_retries_total", "Keys added with a delay", _QUEUE, registry=registry)
        self.waited = histogram(
            "workqueue_queue_duration_seconds", "From ready to a worker", _QUEUE, buckets=QUEUE_SECONDS, registry=registry
        )
        self.worked = histogram(
            "workqueue_work_duration_seconds", "From a worker to done", _QUEUE, buckets=QUEUE_SECONDS, registry=registry
        )
        self.unfinished = gauge(
            "workqueue_unfinished_work_seconds", "How long all present runs have taken, added up", _QUEUE, registry=registry
        )
        self.longest = gauge(
            "workqueue_longest_running_processor_seconds", "How long the longest present run takes", _QUEUE, registry=registry
        )


class _ControllerFamilies:
    def __init__(self, registry: prometheus_client.CollectorRegistry) -> None:
        def counter(name: str, text: str, labels: tuple[str, ...] = _CONTROLLER) -> prometheus_client.Counter:
            return prometheus_client.Counter(name, text, labels, registry=registry)

        def gauge(name: str, text: str) -> prometheus_client.Gauge:
            return prometheus_client.Gauge(name, text, _CONTROLLER, registry=registry)

        prefix = "controller_runtime_"
        self.total = counter(prefix + "reconcile_total", "Runs, by result", (*_CONTROLLER, "result"))
        self.errors = counter(prefix + "reconcile_errors_total", "Runs that failed, terminal errors included")
        self.terminal = counter(prefix + "terminal_reconcile_errors_total", "Runs that failed and are not retried")
        self.panics = counter(prefix + "reconcile_panics_total", "Runs ended by an exception that is a bug")
        self.timeouts = counter(prefix + "reconcile_timeouts_total", "Runs that went beyond their time limit")
        self.maximum = gauge(prefix + "max_concurrent_reconciles", "Workers")
        self.active = gauge(prefix + "active_workers", "Workers that are in a run")
        self.late = counter(
            "read_your_writes_deadline_exceeded_total", "Keys that went on although the cache did not show their writes yet"
        )
        self.time = prometheus_client.Histogram(
            prefix + "reconcile_time_seconds",
            "How long a run took",
            _CONTROLLER,
            buckets=RECONCILE_SECONDS,
            registry=registry,
        )


class InformerMetrics:
    """The series of one informer."""

    def __init__(self, labels: tuple[str, ...], families: "_InformerFamilies", clock: clocks.Clock) -> None:
        self._labels = labels
        self._clock = clock
        self._reconnects = families.reconnects
        self._synced = families.synced.labels(*labels)
        self._objects = families.objects.labels(*labels)
        self._lists = families.lists.labels(*labels)
        self._last_event = families.last_event.labels(*labels)
        self._handler_failures = families.handler_failures.labels(*labels)

    def synced(self, *, is_synced: bool) -> None:
        """Tell whether the initial list is in the store."""
        self._synced.set(is_synced)

    def objects(self, number: int) -> None:
        """Tell how many objects the store holds."""
        self._objects.set(number)

    def reconnected(self, reason: str) -> None:
        """Count a watch that was started again."""
        self._reconnects.labels(*self._labels, reason).inc()

    def listed(self) -> None:
        """Count a full list of the state."""
        self._lists.inc()

    def heard(self) -> None:
        """Note the time: the server has sent something, be it a bookmark."""
        self._last_event.set(self._clock.now().timestamp())

    def handler_failed(self) -> None:
        """Count an exception of a handler."""
        self._handler_failures.inc()


class _InformerFamilies:
    def __init__(self, registry: prometheus_client.CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> prometheus_client.Gauge:
            return prometheus_client.Gauge(name, text, _INFORMER, registry=registry)

        def counter(name: str, text: str, labels: tuple[str, ...]) -> prometheus_client.Counter:
            return prometheus_client.Counter(name, text, labels, registry=registry)

        self.synced = gauge("informer_synced", "1 if the initial list is in the cache")
        self.objects = gauge("informer_objects", "Objects in the cache")
        self.last_event = gauge(
            "informer_last_event_timestamp_seconds", "When the server last sent something, bookmarks included"
        )
        self.handler_failures = counter("informer_handler_failures_total", "Events on which a handler raised", _INFORMER)
        self.lists = counter("informer_lists_total", "Full lists of the state, by pages or by stream", _INFORMER)
        self.reconnects = counter("watch_reconnects_total", "Watches that were started again", (*_INFORMER, "reason"))


class Metrics:
    """All series of one process, or of one manager.

    Args:
        registry: Where they are registered; by default a new one without ``_created`` series.
        clock: Tells when an informer last heard from the server.
    """

    def __init__(self, registry: prometheus_client.CollectorRegistry | None = None, *, clock: clocks.Clock | None = None) -> None:
        self.registry = registry or _Registry()
        self._clock = clock or clocks.RealClock()
        prometheus_client.ProcessCollector(registry=self.registry)
        prometheus_client.PlatformCollector(registry=self.registry)
        prometheus_client.GCCollector(registry=self.registry)
        self._controllers = _ControllerFamilies(self.registry)
        self._queues = _QueueFamilies(self.registry)
        self._informers = _InformerFamilies(self.registry)
        self._requests = prometheus_client.Counter(
            "rest_client_requests_total", "Requests to the API server", ("code", "method", "host"), registry=self.registry
        )
        self.events_dropped = prometheus_client.Counter(
            "event_recorder_dropped_total", "Events that were not written", registry=self.registry
        )

    def expose(self) -> bytes:
        """Return the text of a scrape, of type `CONTENT_TYPE`."""
        return prometheus_client.generate_latest(self.registry)

    def rest_client_request(self, method: str, host: str, code: str) -> None:
        """Count a request; *code* is the answer's status, or "<error>" if there was none."""
        self._requests.labels(code, method, host).inc()

    def controller(self, name: str, workers: int) -> ControllerMetrics:
        """Create the series of the controller called *name*, all at 0, and return them."""
        families = self._controllers
        families.maximum.labels(name).set(workers)
        return ControllerMetrics(
            active_workers=families.active.labels(name),
            reconcile_time=families.time.labels(name),
            reconcile_panics=families.panics.labels(name),
            reconcile_timeouts=families.timeouts.labels(name),
            read_your_writes_deadline_exceeded=families.late.labels(name),
            _errors=families.errors.labels(name),
            _terminal_errors=families.terminal.labels(name),
            _results={result: families.total.labels(name, result) for result in RESULTS},
        )

    def queue_metrics(self, name: str) -> queue_metrics.QueueMetrics:
        """Create the series of the queue called *name* and return them."""
        return QueueMetrics(name, self._queues)

    def informer_metrics(self, gvk: objects.GroupVersionKind, namespace: str, selector: str) -> informer_metrics.InformerMetrics:
        """Create the series of one informer and return them."""
        return InformerMetrics((*gvk, namespace, selector), self._informers, self._clock)

    def watch_queue(self, name: str, unfinished: Callable[[], priority_queue.Unfinished]) -> None:
        """Ask *unfinished* of the queue called *name* at each scrape."""
        self._queues.unfinished.labels(name, name).set_function(lambda: unfinished().total_seconds)
        self._queues.longest.labels(name, name).set_function(lambda: unfinished().longest_seconds)
