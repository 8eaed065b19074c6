"""A call in a thread of its own, whose result a test asks for later."""

import threading
from collections.abc import Callable
from typing import Any

from informers import errors
from tests.support import http_server


class Call(threading.Thread):
    """Runs a function at once."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__()
        self._function = function
        self._result: Any = None
        self.start()

    def run(self) -> None:
        """Keep what comes out."""
        try:
            self._result = self._function()
        except (errors.ApiError, errors.TransportError, TimeoutError) as error:
            self._result = error

    def wait(self) -> Any:
        """Return what came out: a result, or an error."""
        self.join(http_server.PATIENCE_SECONDS)
        assert not self.is_alive(), "the call still runs"
        return self._result
