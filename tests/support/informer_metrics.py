"""Measurements of informers that a test can read.

What flows in: calls of one informer. What flows out: the last value or the number of each. Also the provider of itself.
"""

from informers import objects


class RecordingMetrics:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.is_synced: bool | None = None
        self.count = 0
        self.reasons: list[str] = []
        self.lists = 0
        self.heards = 0
        self.failures = 0
        self.made_for: list[tuple[objects.GroupVersionKind, str, str]] = []

    def informer_metrics(self, gvk: objects.GroupVersionKind, namespace: str, selector: str) -> "RecordingMetrics":
        """Return itself."""
        self.made_for.append((gvk, namespace, selector))
        return self

    def synced(self, *, is_synced: bool) -> None:
        """Remember it."""
        self.is_synced = is_synced

    def objects(self, number: int) -> None:
        """Remember it."""
        self.count = number

    def reconnected(self, reason: str) -> None:
        """Remember it."""
        self.reasons.append(reason)

    def listed(self) -> None:
        """Count it."""
        self.lists += 1

    def heard(self) -> None:
        """Count it."""
        self.heards += 1

    def handler_failed(self) -> None:
        """Count it."""
        self.failures += 1
