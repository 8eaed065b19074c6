"""When a request that failed is sent again.

What flows in: what went wrong, and what was tried so far. What flows out: how long to wait before the next try, or None. Pure.
Mirrors client-go/rest/with_retry.go; deviations: the waits for Retry-After have a sum that they do not exceed, a lost connection
is tried fewer times, and a server that lags behind a resourceVersion is the reflector's affair.
"""

import ssl
from dataclasses import dataclass

from informers import errors

MAX_RETRIES = 10
"""How many answers with Retry-After are obeyed, for all methods: such an answer means that nothing was done."""
MAX_WAIT_SECONDS = 60.0
"""How long one call waits for Retry-After altogether; then the caller gets the answer and decides."""
MAX_LOST = 3
"""How often a read whose connection was lost is sent again; a write is not, for it may have happened."""
LOST_WAIT_SECONDS = 1.0

_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Tries:
    """What has happened to one call so far."""

    answered: int = 0
    waited_seconds: float = 0.0
    lost: int = 0


def next_try(method: str, error: errors.ApiError | errors.TransportError, tries: Tries) -> tuple[float, Tries] | None:
    """Decide what follows a failure.

    Args:
        method: The request's.
        error: What went wrong; a lost connection is a `errors.TransportError` whose cause says so.
        tries: What was tried before.

    Returns:
        The seconds to wait and what has been tried then; None to give up.
    """
    if isinstance(error, errors.TransportError):
        if method not in _READS or tries.lost >= MAX_LOST or not is_lost_connection(error):
            return None
        return LOST_WAIT_SECONDS, Tries(tries.answered, tries.waited_seconds, tries.lost + 1)
    seconds = error.retry_after_seconds
    if seconds is None or not isinstance(error, errors.TooManyRequestsError | errors.ServerError):
        return None
    waited = tries.waited_seconds + seconds
    if isinstance(error, errors.ResourceVersionTooLargeError) or tries.answered >= MAX_RETRIES or waited > MAX_WAIT_SECONDS:
        return None
    return seconds, Tries(tries.answered + 1, waited, tries.lost)


def is_lost_connection(error: errors.TransportError) -> bool:
    """Tell whether a connection that had been made was lost; a refused one, or a timeout, is not that."""
    lost = isinstance(error.__cause__, ConnectionError | EOFError | ssl.SSLEOFError)
    return lost and not isinstance(error.__cause__, ConnectionRefusedError)
