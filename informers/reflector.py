"""Keeps a store equal to what an API server holds: first the state, then every change.

What flows in: pages and frames of one collection, through a `listwatch.ListerWatcher`. What flows out: changes, into a `Sink`.
`advance` holds all that is known about lists and watches, and is pure. `Reflector.run` feeds it, in one thread; `Reflector.stop`
may be called by any thread.

    Connecting (WatchList) ──▶ Receiving initial events ──▶ Receiving ──410──▶ Waiting ──▶ Connecting (WatchList)
        │ refused                  │ no end marker              ▲  │ end, read timeout
        └──────────▶ Listing ◀─────┘          Connecting ───────┘◀─┘
                        └── last page ────────────▲

Mirrors client-go tools/cache/reflector.go. Deviations: a classic list is always the newest state in pages of 500; an expired page
makes one unpaged list; a page that was throttled or lost is asked for again; a watch that could not be started (no answer, 5xx)
or brought nothing is asked for again from the same version, and only after `FRUITLESS_LIMIT` of them in a row comes a relist; a
WatchList that ends without its marker is followed by a classic list.
"""

import random
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from informers import backoff, errors, frames, listwatch, objects
from informers import reflector_states as states
from workqueue import clock as clocks

_log = structlog.get_logger("informers.reflector")

SHORTEST_WATCH_SECONDS = 1.0
"""A watch that ended sooner and brought nothing is fruitless: to ask again at once could go on for ever."""
FRUITLESS_LIMIT = 5
WATCH_SECONDS = (300, 600)
"""The server ends a watch after a time drawn from here, so that the watches of many clients do not end together."""
START = states.Connecting(version="", is_initial=True)

Step = tuple[Sequence[states.Effect], states.State]


def advance(state: states.State, given: states.Input) -> Step:
    """Decide what *given* means in *state*.

    Args:
        state: Where the reflector stands.
        given: What happened; one of the inputs that the state names.

    Returns:
        What is to be done, and where the reflector stands then.

    Raises:
        TypeError: The state does not expect that.
    """
    step: Step
    match state, given:
        case states.Receiving(is_initial=True), _:
            step = _receive_initial(state, given)
        case states.Receiving(), _:
            step = _receive(state, given)
        case states.Connecting(), states.Started():
            effects = () if state.is_initial else (states.Report(None),)
            step = effects, states.Receiving(state.version, state.is_initial, state.fruitless)
        case states.Connecting(is_initial=True), states.Failed(error=error):
            step = _refused_initial(state, error)
        case states.Connecting(), states.Failed(error=error):
            step = _refused(state, error)
        case states.Listing(), states.Page():
            step = _turn_page(state, given)
        case states.Listing(), states.Failed(error=error):
            step = _fail_page(state, error)
        case states.Waiting(), states.Woke():
            step = (), state.then
        case _:
            raise TypeError(f"{type(state).__name__} does not expect {type(given).__name__}")
    return step


def _receive_initial(state: states.Receiving, given: states.Input) -> Step:
    """Take in a state that comes as events; the store does not see it before the end marker.

    The server's ADDED events come in no order of versions, so only the marker's version counts. Everything that ends the stream
    before it is followed by a classic list, which every server can do; an unmarked bookmark and silence show that this one will
    never send the marker.
    """
    step: Step
    match given:
        case frames.Object(type=frames.DELETED, snapshot=snapshot):
            step = (states.Unstage(snapshot),), state
        case frames.Object(snapshot=snapshot):
            step = (states.Stage((snapshot,)),), state
        case frames.Bookmark(resource_version=version, ends_initial_events=True):
            step = (states.Replace(version), states.Report(None)), states.Receiving(version, is_initial=False)
        case frames.Foreign(description=description):
            step = (states.Skip(description),), state
        case frames.Failure(error=error):
            effects, after = _refused_initial(states.Connecting(state.version, is_initial=True), error)
            step = (states.Unstaged(), *effects), after
        case frames.Bookmark() | states.Ended(reason="read_timeout"):
            step = (states.Unstaged(),), states.Listing(state.version)
        case frames.Undecodable(error=error):
            step = (states.Unstaged(), states.Report(error)), states.Listing(state.version)
        case states.Ended():
            step = (states.Unstaged(),), states.Waiting(states.Listing(state.version))
        case _:
            raise TypeError(f"a watch of initial events does not expect {type(given).__name__}")
    return step


def _receive(state: states.Receiving, given: states.Input) -> Step:
    """Take in a change, or find out how to go on after the stream."""
    step: Step = (), state
    match given:
        case frames.Object(type=frames.DELETED, snapshot=snapshot):
            version = snapshot.meta.resource_version
            step = (states.Remove(snapshot, version),), _moved(state, version)
        case frames.Object(type=kind, snapshot=snapshot):
            # A watch from no particular version begins with ADDED events in no order of versions.
            version = "" if kind == frames.ADDED and state.version in ("", "0") else snapshot.meta.resource_version
            step = (states.Put(snapshot, version),), _moved(state, version)
        case frames.Bookmark(resource_version=version):
            if version and (objects.compare_resource_versions(version, state.version) or 0) >= 0:
                step = (states.Advance(version),), _moved(state, version)
        case frames.Foreign(description=description):
            step = (states.Skip(description),), state
        case frames.Failure(error=error):
            step = _fail_watch(state, error)
        case frames.Undecodable(error=error):
            step = _read_nonsense(state, error)
        case states.Ended(reason=reason, seconds=seconds):
            step = _reconnect(state, reason, seconds)
        case _:
            raise TypeError(f"a watch does not expect {type(given).__name__}")
    return step


def _moved(state: states.Receiving, version: str) -> states.Receiving:
    if not version or version == state.version:
        return state
    return states.Receiving(version, is_initial=False, has_progressed=True)


def _reconnect(state: states.Receiving, reason: states.EndReason, seconds: float) -> Step:
    if state.has_progressed or seconds >= SHORTEST_WATCH_SECONDS:
        return (states.Reconnect(reason),), states.Connecting(state.version, is_initial=False)
    return (states.Reconnect(reason),), states.Waiting(_try_again(state.version, state.fruitless))


def _try_again(version: str, fruitless: int) -> states.Connecting:
    """Ask for the same watch again, or for the whole state if that has brought nothing too often."""
    if fruitless + 1 >= FRUITLESS_LIMIT:
        return _relist(version)
    return states.Connecting(version, is_initial=False, fruitless=fruitless + 1)


def _relist(version: str) -> states.Connecting:
    return states.Connecting(version, is_initial=True)


def _fail_watch(state: states.Receiving, error: errors.ApiError) -> Step:
    """Go on after an error inside the stream."""
    at_least = error.retry_after_seconds or 0.0
    if isinstance(error, errors.TooManyRequestsError):
        again = states.Connecting(state.version, is_initial=False)
        return (states.Report(error), states.Reconnect("throttled")), states.Waiting(again, at_least)
    if isinstance(error, errors.GoneError):
        return (states.Reconnect("expired"),), states.Waiting(_relist(state.version), at_least)
    version = "" if isinstance(error, errors.ResourceVersionTooLargeError) else state.version
    return (states.Report(error), states.Reconnect("error")), states.Waiting(_relist(version), at_least)


def _read_nonsense(state: states.Receiving, error: ValueError) -> Step:
    """Ask once more, for the frame may be cut off; a second time it is poison, which only a relist gets past."""
    again = _relist(state.version) if state.fruitless else states.Connecting(state.version, is_initial=False, fruitless=1)
    return (states.Report(error), states.Reconnect("undecodable")), states.Waiting(again)


def _is_expired(error: Exception) -> bool:
    return isinstance(error, errors.GoneError | errors.ResourceVersionTooLargeError)


def _at_least(error: Exception) -> float:
    return (error.retry_after_seconds or 0.0) if isinstance(error, errors.ApiError) else 0.0


def _refused_initial(state: states.Connecting, error: Exception) -> Step:
    """Go on after a WatchList was refused; most servers that refuse one do not know it."""
    if _is_expired(error) and state.version:
        return (), START
    if isinstance(error, errors.TooManyRequestsError | errors.TransportError):
        return (states.Report(error),), states.Waiting(state, _at_least(error))
    return (), states.Listing(state.version)


def _refused(state: states.Connecting, error: Exception) -> Step:
    """Go on after a watch was refused."""
    again: states.Connecting = state
    reason: states.Reason = "refused"
    match error:
        case errors.GoneError():
            return (states.Reconnect("expired"),), states.Waiting(_relist(state.version))
        case errors.TooManyRequestsError():
            reason = "throttled"
        case errors.TransportError():
            pass  # however long the server is away: its history may well still be there
        case errors.ResourceVersionTooLargeError():
            again, reason = START, "expired"
        case errors.ServerError():
            again, reason = _try_again(state.version, state.fruitless), "error"
        case _:
            again, reason = _relist(state.version), "error"
    return (states.Report(error), states.Reconnect(reason)), states.Waiting(again, _at_least(error))


def _turn_page(state: states.Listing, page: states.Page) -> Step:
    stage = states.Stage(page.snapshots)
    if page.continue_token:
        return (stage,), states.Listing(state.last_version, page.continue_token)
    version = page.resource_version
    return (stage, states.Replace(version)), states.Connecting(version, is_initial=False)


def _fail_page(state: states.Listing, error: Exception) -> Step:
    if isinstance(error, errors.GoneError) and state.continue_token:
        return (states.Unstaged(),), states.Listing(state.last_version, is_unpaged=True)
    if state.continue_token and isinstance(error, errors.TooManyRequestsError | errors.ServerError | errors.TransportError):
        return (states.Report(error),), states.Waiting(state, _at_least(error))
    version = "" if _is_expired(error) else state.last_version
    return (states.Unstaged(), states.Report(error)), states.Waiting(_relist(version), _at_least(error))


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
        state: states.State = START
        while True:
            given = self._next_input(state)
            if self._stop.is_set():
                return
            effects, state = advance(state, given)
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
                _log.warning("Unexpected watch event skipped", kind=str(self._gvk), event=description)
