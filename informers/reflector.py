"""All that is known about lists and watches, without any I/O: a machine that `reflector_loop` feeds.

What flows in: where the machine stands, and one thing that happened: a page, a frame, an error, the end of a stream or of a wait.
What flows out: what to do with the store, and where it stands then, which says what to ask for next. Pure; any thread.

    Connecting (WatchList) ──▶ Receiving initial events ──▶ Receiving ──410──▶ Waiting ──▶ Connecting (WatchList)
        │ refused                  │ no end marker              ▲  │ end, read timeout
        └──────────▶ Listing ◀─────┘          Connecting ───────┘◀─┘
                        └── last page ────────────▲

Mirrors client-go tools/cache/reflector.go. Deviations: a classic list is always the newest state in pages of 500; an expired page
makes one unpaged list; a page that was throttled or lost is asked for again; a watch that could not be started (no answer, 5xx)
or brought nothing is asked for again from the same version, and only after `FRUITLESS_LIMIT` of them in a row comes a relist; a
WatchList that ends without its marker is followed by a classic list.
"""

from collections.abc import Sequence

from informers import errors, frames, objects
from informers import reflector_states as states

SHORTEST_WATCH_SECONDS = 1.0
"""A watch that ended sooner and brought nothing is fruitless: to ask again at once could go on for ever."""
FRUITLESS_LIMIT = 5
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
            step = (states.Replace(version), states.Report(None)), _progressed(version)
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
    return _progressed(version)


def _progressed(version: str) -> states.Receiving:
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
