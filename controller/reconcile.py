"""What an operator's author must know: a request comes in, a result goes out.

What flows in: a `Request`, which names an object and carries no event, so a reconciler can only look at the world as it is. What
flows out: a `Result`, or an exception, which means "again, with backoff". Workers call `Reconciler.reconcile`, never two at once
for one request. Mirrors controller-runtime/pkg/reconcile.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from informers import objects


class Request(NamedTuple):
    """Names the object to look at; *namespace* is "" for cluster-scoped kinds."""

    namespace: str
    name: str

    @property
    def key(self) -> objects.ObjectKey:
        """The same name as a key of the cache."""
        return objects.ObjectKey(self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class Result:
    """What should happen next; the default is "nothing until the next event"."""

    requeue_after_seconds: float = 0.0
    """Look again after this time; 0 or less: do not."""
    priority: int | None = None
    """The priority of the next run; None keeps the present one."""


class TerminalError(Exception):
    """A failure that a retry cannot mend: it is logged and counted, and the request waits for the next event."""


class Reconciler(Protocol):
    """Makes the world as the named object wants it."""

    def reconcile(self, request: Request) -> Result:
        """Do one pass, level-triggered: read the state, compare, write what differs.

        Raises:
            TerminalError: Do not retry (also found as the `__cause__` of another exception).
            Exception: Anything else is retried with per-item exponential backoff.
        """
        ...
