"""A small client of the Kubernetes API, for the simulated nodes and for the control plane's own start.

What flows in: methods, paths, JSON bodies. What flows out: decoded JSON, frames of a watch, or an `ApiError`. Any thread may
call. It shares no code with the client side, a twin on purpose: what tests the client must not be the client.
"""

import contextlib
import json
import os
import pathlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import urllib3

from envtest import certificates

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"

Json = dict[str, Any]

_WATCHES = 100
"""How many connections of ended watches are kept: more than there ever are, for urllib3 complains of each that it drops."""


class ApiError(Exception):
    """The server answered with an error, or not at all.

    Attributes:
        code: The HTTP status; 0 if there was no answer.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code or 'no answer'}: {message}")
        self.code = code


@dataclass(frozen=True)
class Endpoint:
    """Where a server is and how we show ourselves to it."""

    url: str
    authority: pathlib.Path
    client: certificates.Pair


class Api:
    """A client with a pool of connections."""

    def __init__(self, endpoint: Endpoint, connections: int = 8) -> None:
        context = ssl.create_default_context(cafile=str(endpoint.authority))
        context.load_cert_chain(endpoint.client.certificate, endpoint.client.key)
        self._url = endpoint.url
        self._pool = urllib3.PoolManager(maxsize=connections, block=True, retries=False, ssl_context=context)
        # A pool of its own: a watch holds its connection for minutes.
        self._watches = urllib3.PoolManager(maxsize=_WATCHES, retries=False, ssl_context=context)

    def get(self, path: str, timeout_seconds: float = 10.0) -> Json:
        """Read what is at *path*.

        Returns:
            The decoded JSON; empty where the answer is not JSON (``/readyz``).

        Raises:
            ApiError: There is no good answer.
        """
        return self._request("GET", path, None, timeout_seconds=timeout_seconds)

    def post(self, path: str, body: Json) -> Json:
        """Create *body* at the collection *path*.

        Raises:
            ApiError: There is no good answer.
        """
        return self._request("POST", path, body)

    def patch(self, path: str, body: Json, content_type: str = MERGE_PATCH) -> Json:
        """Patch what is at *path*.

        Raises:
            ApiError: There is no good answer.
        """
        return self._request("PATCH", path, body, content_type)

    def delete(self, path: str, options: Json) -> Json:
        """Delete what is at *path* with DeleteOptions.

        Raises:
            ApiError: There is no good answer.
        """
        return self._request("DELETE", path, options)

    def watch(self, path: str, read_timeout_seconds: float) -> "Watch":
        """Start a watch.

        Args:
            path: Path with the query that makes it a watch.
            read_timeout_seconds: Longest silence before the connection counts as dead.

        Returns:
            The running watch.

        Raises:
            ApiError: The server refused the watch, or did not answer.
        """
        timeout = urllib3.Timeout(connect=5.0, read=read_timeout_seconds)
        try:
            response = self._watches.request("GET", self._url + path, preload_content=False, timeout=timeout)
            if response.status != 200:
                raise ApiError(response.status, response.data.decode(errors="replace")[:1000])
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ApiError(0, str(error)) from error
        return Watch(cast("urllib3.HTTPResponse", response))

    def close(self) -> None:
        """Drop idle connections."""
        self._pool.clear()
        self._watches.clear()

    def _request(
        self, method: str, path: str, body: Json | None, content_type: str = "application/json", timeout_seconds: float = 30.0
    ) -> Json:
        headers: Mapping[str, str] = {"Content-Type": content_type} if body is not None else {}
        data = None if body is None else json.dumps(body).encode()
        try:
            response = self._pool.request(method, self._url + path, body=data, headers=headers, timeout=timeout_seconds)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ApiError(0, f"{method} {path}: {error}") from error
        if response.status >= 300:
            raise ApiError(response.status, f"{method} {path}: {response.data.decode(errors='replace')[:1000]}")
        is_json = "json" in response.headers.get("Content-Type", "")
        return cast("Json", json.loads(response.data)) if is_json else {}


class Watch:
    """A running watch; iterate over its frames, or over its lines, once."""

    def __init__(self, response: urllib3.HTTPResponse) -> None:
        self._response = response
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Json]:
        """Yield frames until the server, `stop` or a broken connection ends the watch."""
        for line in self.lines():
            yield json.loads(line)

    def lines(self) -> Iterator[bytes]:
        """Yield frames as they came, without decoding them; they end likewise."""
        rest = b""
        try:
            while chunk := self._response.read1():
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line for line in lines if line)
        except (urllib3.exceptions.HTTPError, OSError):
            return  # the next watch goes on where this one ended, however that was
        finally:
            with self._lock:
                self._response.close()

    def stop(self) -> None:
        """End the watch at once, from any thread; harmless if it has ended."""
        with self._lock, contextlib.suppress(OSError):  # which means that the connection is just being closed
            sock = getattr(self._response.connection, "sock", None)
            if sock is not None:
                # Shutting down a TLS socket takes its TLS state away from under the thread that reads; its twin has none.
                with socket.socket(fileno=os.dup(sock.fileno())) as twin:
                    twin.shutdown(socket.SHUT_RDWR)
