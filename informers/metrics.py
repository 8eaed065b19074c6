"""What an informer tells about itself, without knowing Prometheus.

What flows in: calls from reflectors. What flows out: whatever the provider makes of them. Mirrors client-go's
tools/cache/reflector_metrics.go.
"""

from typing import Protocol

from informers import objects


class InformerMetrics(Protocol):
    """The measurements of one informer; each call must be quick."""

    def synced(self, *, is_synced: bool) -> None:
        """Tell whether the initial list is in the store."""
        ...

    def objects(self, number: int) -> None:
        """Tell how many objects the store holds."""
        ...

    def reconnected(self, reason: str) -> None:
        """Count a watch that was started again; *reason* is one of a few words."""
        ...

    def listed(self) -> None:
        """Count a full list of the state, by pages or by stream."""
        ...

    def heard(self) -> None:
        """Note that the server has sent something, be it a bookmark."""
        ...

    def handler_failed(self) -> None:
        """Count an exception of a handler."""
        ...


class MetricsProvider(Protocol):
    """Makes the measurements of an informer."""

    def informer_metrics(self, gvk: objects.GroupVersionKind, namespace: str, selector: str) -> InformerMetrics:
        """Return the measurements of one informer."""
        ...


class NoMetrics:
    """Measurements that nobody reads: both the provider and its informers' metrics."""

    def informer_metrics(self, gvk: objects.GroupVersionKind, namespace: str, selector: str) -> InformerMetrics:  # noqa: ARG002
        """Return itself."""
        return self

    def synced(self, *, is_synced: bool) -> None:
        """Do nothing."""

    def objects(self, number: int) -> None:
        """Do nothing."""

    def reconnected(self, reason: str) -> None:
        """Do nothing."""

    def listed(self) -> None:
        """Do nothing."""

    def heard(self) -> None:
        """Do nothing."""

    def handler_failed(self) -> None:
        """Do nothing."""
