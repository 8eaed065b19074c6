"""Whether a tenant's credentials are there, looked up rarely and one by one.

What flows in: the name of a Secret. What flows out: whether it has credentials, and when it will be looked at again. Worker
threads call it. The operator never lists or watches Secrets, so it needs no right to, and what they hold is dropped at once.
"""

import threading
from dataclasses import dataclass

from controller.client import interfaces
from informers import errors, objects
from reconcilers.microservicedeploy.observed import TenantSecret
from workqueue import clock as clocks

KEY = "auth"
"""The key in the Secret's data, in htpasswd format."""

MISSING_SECONDS = 30.0
PRESENT_SECONDS = 300.0

_SECRET = objects.GroupVersionKind("", "v1", "Secret")


@dataclass(frozen=True)
class Sight:
    """What the last look at a Secret showed."""

    found: TenantSecret
    look_again_seconds: float
    """From now; above 0."""


class TenantSecrets:
    """Remembers what was seen, so that events do not cause requests."""

    def __init__(self, reader: interfaces.Reader, clock: clocks.Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[objects.ObjectKey, tuple[float, TenantSecret]] = {}
        """When each was looked at (monotonic seconds), and what was there."""

    def look(self, key: objects.ObjectKey) -> Sight:
        """Say whether the Secret *key* has credentials; ask the server only if the last look is too long ago.

        Raises:
            errors.ApiError: The server failed; that it refuses the request is no error but a `TenantSecret`.
            errors.TransportError: There was no answer.
        """
        now = self._clock.monotonic()
        with self._lock:
            seen = self._seen.get(key)
        if seen is None or now - seen[0] >= _interval_seconds(seen[1]):
            seen = (now, self._ask(key))
            with self._lock:
                self._seen = {k: v for k, v in self._seen.items() if now - v[0] < 2 * PRESENT_SECONDS} | {key: seen}
        looked_at, found = seen
        return Sight(found, looked_at + _interval_seconds(found) - now)

    def _ask(self, key: objects.ObjectKey) -> TenantSecret:
        try:
            has_credentials = bool((self._reader.get(_SECRET, key).get("data") or {}).get(KEY))
        except errors.NotFoundError:
            return TenantSecret.MISSING
        except errors.ForbiddenError:
            return TenantSecret.FORBIDDEN
        return TenantSecret.FOUND if has_credentials else TenantSecret.WITHOUT_KEY


def _interval_seconds(found: TenantSecret) -> float:
    return PRESENT_SECONDS if found is TenantSecret.FOUND else MISSING_SECONDS
