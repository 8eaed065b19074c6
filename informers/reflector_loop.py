"""Keeps a store equal to what an API server holds: first the state, then every change.

What flows in: pages and frames of one collection, through a `listwatch.ListerWatcher`. What flows out: changes, into a `Sink`.
What they mean is decided by `reflector.advance`; here is the I/O. `Reflector.run` is the body of one thread; any thread may call
`Reflector.stop`. Mirrors client-go tools/cache/reflector.go.
"""

import random
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from informers import backoff, errors, frames, listwatch, objects, reflector
from informers import reflector_states as states
from workqueue import clock as clocks

_log = structlog.get_logger("informers.reflector")

WATCH_SECONDS = (300, 600)
"""The server ends a watch after a time drawn from here, so that the watches of many clients do not end together."""


class Sink(Protocol):
    """Where a reflector's changes go; all is called in its thread."""

    def replace(self, content: dict[objects.ObjectKey, objects.Snapshot], resource_version: str) -> None:
        """Hold exactly *content*, which is handed over."""
        ...

    def put(self, snapshot: objects.Snapshot, resource_version: str) -> None:
        """Add or update an object; "" leaves the version."""
        ...

    def remove(self, snapshot: objects.Snapshot, resource_version: str) -> None:
        """Remove an object; "" leaves the version."""
        ...

    def advance(self, resource_version: str) -> None:
        """Stand at *resource_version*."""
        ...

    def report(self, error: Exception | None) -> None:
        """Take note of why nothing comes, or with None that all is well."""
        ...

    def reconnected(self, reason: str) -> None:
        """Count a watch that is asked for anew."""
        ...


@dataclass(frozen=True)
class ReflectorOptions:
    """What a reflector works with."""

    clock: clocks.Clock = field(default_factory=clocks.RealClock)
    uniform: Callable[[float, float], float] = random.uniform
    """Draws a number between two bounds: for the life of watches, and the jitter of sleeps."""


class Reflector:
    """Follows one collection until it is stopped."""

    def __init__(
        self,
        gvk: objects.GroupVersionKind,
        lister_watcher: listwatch.ListerWatcher,
        sink: Sink,
        options: ReflectorOptions | None = None,
    ) -> None:
        options = options or ReflectorOptions()
        self._gvk = gvk
        self._lister_watcher = lister_watcher
        self._sink = sink
        self._clock = options.clock
        self._uniform = options.uniform
        self._backoff = backoff.Backoff(options.clock, options.uniform)
        self._decode = frames.decoder(gvk)
        self._staged: dict[objects.ObjectKey, objects.Snapshot] = {}
        self._stop = threading.Event()
        self._stream_lock = threading.Lock()
        self._stream: listwatch.WatchStream | None = None
        self._frames: Iterator[bytes] = iter(())
        self._opened_at = 0.0

    def run(self) -> None:
        """List and watch until `stop`; whatever goes wrong is reported, waited for, and begun anew."""
        while not self._stop.is_set():
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 (the thread's body: a watch must never end silently)
                stack = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
                _log.error("Reflector failed", kind=str(self._gvk), error=type(error).__name__, stacktrace=stack)
                self._sink.report(error)
                self._backoff.sleep(self._stop)
            finally:
                self._staged = {}
                self._close()

    def stop(self) -> None:
        """Ask `run` to end; return at once. A request in flight ends in its own time, a watch and a sleep at once."""
        self._stop.set()
        with self._stream_lock:
            if self._stream is not None:
                self._stream.stop()

    def _follow(self) -> None:
        state: states.State = reflector.START
        while True:
            given = self._next_input(state)
            if self._stop.is_set():
                return
            effects, state = reflector.advance(state, given)
            for effect in effects:
                self._carry_out(effect)
            if self._stream is not None and not isinstance(state, states.Receiving):
                self._close()

    def _next_input(self, state: states.State) -> states.Input:
        match state:
            case states.Receiving():
                return self._receive()
            case states.Connecting():
                return self._connect(state)
            case states.Listing():
                return self._list(state)
            case states.Waiting():
                self._backoff.sleep(self._stop, state.at_least_seconds)
                return states.Woke()

    def _receive(self) -> states.Input:
        reason: states.EndReason = "closed"
        try:
            frame = next(self._frames, None)
        except TimeoutError:
            frame, reason = None, "read_timeout"
        except errors.TransportError:
            frame, reason = None, "broken"
        return states.Ended(reason, self._clock.monotonic() - self._opened_at) if frame is None else self._decode(frame)

    def _connect(self, state: states.Connecting) -> states.Input:
        options = listwatch.WatchOptions(state.version, int(self._uniform(*WATCH_SECONDS)), state.is_initial)
        try:
            stream = self._lister_watcher.watch(options)
        except (errors.ApiError, errors.TransportError) as error:
            return states.Failed(error)
        with self._stream_lock:
            self._stream = stream
        if self._stop.is_set():  # it came between the request and the line above
            stream.stop()
        self._frames = iter(stream)
        self._opened_at = self._clock.monotonic()
        return states.Started()

    def _list(self, state: states.Listing) -> states.Input:
        try:
            page = self._lister_watcher.list_page(state.options)
            snapshots = tuple(objects.Snapshot.parse(self._gvk, raw) for raw in page.items)
        except (errors.ApiError, errors.TransportError, ValueError) as error:
            return states.Failed(error)
        return states.Page(snapshots, page.resource_version, page.continue_token)

    def _close(self) -> None:
        with self._stream_lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.stop()
        self._frames = iter(())

    def _carry_out(self, effect: states.Effect) -> None:
        match effect:
            case states.Stage(snapshots=snapshots):
                for snapshot in snapshots:
                    self._staged[snapshot.key] = snapshot
            case states.Unstage(snapshot=snapshot):
                self._staged.pop(snapshot.key, None)
            case states.Unstaged():
                self._staged = {}
            case states.Replace(version=version):
                content, self._staged = self._staged, {}
                self._sink.replace(content, version)
            case states.Put(snapshot=snapshot, version=version):
                self._sink.put(snapshot, version)
            case states.Remove(snapshot=snapshot, version=version):
                self._sink.remove(snapshot, version)
            case states.Advance(version=version):
                self._sink.advance(version)
            case states.Report(error=error):
                self._sink.report(error)
            case states.Reconnect(reason=reason):
                self._sink.reconnected(reason)
            case states.Skip(description=description):
                _log.warning("Unexpected watch event skipped", kind=str(self._gvk), frame=description)
