"""What a queue tells about itself, without knowing Prometheus.

What flows in: calls from the queue, under its lock, so they must be quick and must not call back. What flows out: whatever the
provider makes of them. Mirrors k8s.io/client-go/util/workqueue/metrics.go; deviation: unfinished work is read from the queue when
somebody looks (`PriorityQueue.unfinished`) rather than refreshed by a thread every 500 ms.
"""

from typing import Protocol


class QueueMetrics(Protocol):
    """The measurements of one queue."""

    def added(self) -> None:
        """Count an item that became ready (workqueue_adds_total)."""
        ...

    def depth_changed(self, priority: int, delta: int) -> None:
        """Move the number of ready items of *priority* by *delta* (workqueue_depth)."""
        ...

    def retried(self) -> None:
        """Count an item added with a positive delay (workqueue_retries_total)."""
        ...

    def waited(self, seconds: float) -> None:
        """Record the time from ready to handed out (workqueue_queue_duration_seconds)."""
        ...

    def worked(self, seconds: float) -> None:
        """Record the time from handed out to done or parked (workqueue_work_duration_seconds)."""
        ...


class MetricsProvider(Protocol):
    """Makes the measurements of a named queue."""

    def queue_metrics(self, name: str) -> QueueMetrics:
        """Return the measurements of the queue called *name*."""
        ...


class NoMetrics:
    """Measurements that nobody reads: both the provider and its queue's metrics."""

    def queue_metrics(self, name: str) -> QueueMetrics:  # noqa: ARG002 (the protocol's)
        """Return itself."""
        return self

    def added(self) -> None:
        """Do nothing."""

    def depth_changed(self, priority: int, delta: int) -> None:
        """Do nothing."""

    def retried(self) -> None:
        """Do nothing."""

    def waited(self, seconds: float) -> None:
        """Do nothing."""

    def worked(self, seconds: float) -> None:
        """Do nothing."""
