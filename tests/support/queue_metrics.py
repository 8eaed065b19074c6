"""Queue metrics that a test can read.

What flows in: the calls of a `priority_queue.PriorityQueue`. What flows out: counts, depths and durations as plain attributes.
"""

from collections import Counter


class RecordingMetrics:
    """Both the provider and the metrics of the one queue that uses it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.adds = 0
        self.retries = 0
        self.depth: Counter[int] = Counter()
        self.lowest_depth = 0
        self.waits: list[float] = []
        self.works: list[float] = []

    def queue_metrics(self, name: str) -> "RecordingMetrics":
        """Remember the name."""
        self.names.append(name)
        return self

    def added(self) -> None:
        """Count."""
        self.adds += 1

    def depth_changed(self, priority: int, delta: int) -> None:
        """Move the depth of *priority*."""
        self.depth[priority] += delta
        self.lowest_depth = min(self.lowest_depth, self.depth[priority])

    def retried(self) -> None:
        """Count."""
        self.retries += 1

    def waited(self, seconds: float) -> None:
        """Remember."""
        self.waits.append(seconds)

    def worked(self, seconds: float) -> None:
        """Remember."""
        self.works.append(seconds)
