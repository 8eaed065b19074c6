"""Connections that another thread can cut at any moment: while they connect, shake hands, wait for an answer or read it.

What flows in: urllib3's pool managers, whose connections are tracked from then on. What flows out: an end, at once, to whatever
waits on one of them. Any thread may connect and cut. No upstream file: Go cancels a context.

A connection is cut by shutting down a twin of its socket's descriptor. Closing the socket would block until the reader's timeout,
and shutting down a TLS socket takes its TLS state away from under a thread that reads. Only the look-up of a name cannot be cut.
"""

import errno
import os
import socket
import threading
import weakref
from collections.abc import Mapping
from typing import Any

import urllib3
import urllib3.connection
from urllib3 import exceptions
from urllib3.util import wait

# As client-go has it: a probe after 30 s of silence, then every 15 s, dead after 9 of them. The names are Linux's; where they are
# missing, keepalive is on with the system's numbers.
KEEPALIVE = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, int(getattr(socket, name)), value)
        for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 9))
        if hasattr(socket, name)
    ),
)


class Connections:
    """The connections of one transport."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._twins: weakref.WeakKeyDictionary[object, socket.socket] = weakref.WeakKeyDictionary()
        """By connection; shut down and closed only under the lock."""
        self._is_cut = False

    def track(self, manager: urllib3.PoolManager) -> None:
        """Make the connections that *manager* will open known here."""
        kinds: Mapping[str, Any] = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {
            scheme: type(kind.__name__, (kind,), {"ConnectionCls": self._tracked(kind.ConnectionCls)})
            for scheme, kind in kinds.items()
        }

    def _tracked(self, kind: type) -> type:
        connections = self
        has_own_way = kind._new_conn is not urllib3.connection.HTTPConnection._new_conn  # type: ignore[attr-defined] # noqa: SLF001

        class Tracked(kind):  # type: ignore[misc]
            def _new_conn(self) -> socket.socket:
                if not has_own_way:
                    return _dial(self, connections)
                opened: socket.socket = super()._new_conn()  # through a SOCKS proxy
                connections.add(self, opened)
                return opened

            def close(self) -> None:
                try:
                    super().close()
                finally:
                    connections.forget(self)  # the peer learns of the end only when both descriptors are closed

        return Tracked

    def add(self, connection: object, sock: socket.socket, address: tuple[Any, ...] = ()) -> int:
        """Know *sock* as that of *connection*, and begin to connect it.

        Args:
            connection: urllib3's.
            sock: Its socket; closed if it is too late for it. With an address it must not block.
            address: Where to connect to; empty if it is connected. One that has not begun to connect could not be cut.

        Returns:
            The system's error code, 0 for none.

        Raises:
            ConnectionAbortedError: All connections are cut.
        """
        with self._lock:
            if self._is_cut:
                sock.close()
                raise ConnectionAbortedError("the transport is closed")
            old = self._twins.get(connection)
            self._twins[connection] = sock.dup()
            if old is not None:
                old.close()
            return sock.connect_ex(address) if address else 0

    def forget(self, connection: object) -> None:
        """Close the twin of *connection*."""
        with self._lock:
            twin = self._twins.pop(connection, None)
            if twin is not None:
                twin.close()

    def cut(self, connection: object) -> None:
        """Make whoever waits on *connection* fail at once; nothing happens if it is closed."""
        with self._lock:
            if twin := self._twins.get(connection):
                _shut_down(twin)

    def cut_all(self) -> None:
        """Cut all connections, and let no new one be opened."""
        with self._lock:
            self._is_cut = True
            for twin in list(self._twins.values()):
                _shut_down(twin)


def _dial(connection: urllib3.connection.HTTPConnection, known: Connections) -> socket.socket:
    """Connect as urllib3 does, but by a socket that is known before it is connected."""
    failure: OSError = OSError("the name has no address")
    try:
        addresses = socket.getaddrinfo(connection.host.strip("[]"), connection.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise exceptions.NameResolutionError(connection.host, connection, error) from error
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        try:
            for option in connection.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(0)
            begun = known.add(connection, sock, address)
            _wait_connected(sock, begun, connection.timeout)
            sock.settimeout(connection.timeout)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise exceptions.NewConnectionError(connection, str(failure)) from failure


def _wait_connected(sock: socket.socket, code: int, timeout_seconds: float | None) -> None:
    if code in {errno.EINPROGRESS, errno.EWOULDBLOCK}:
        if not wait.wait_for_write(sock, timeout_seconds):
            raise TimeoutError("connecting took too long")
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


def _shut_down(twin: socket.socket) -> None:
    try:
        twin.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster, or it is not connected yet
