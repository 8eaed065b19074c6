"""The words of the reflector's machine: where it stands, what it is told, and what it wants done.

What flows in and out: see `reflector.advance`. All are frozen values. Deviation from upstream's reflector.go, where these are
local variables of its loops.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

from informers import frames, listwatch, objects

PAGE_LIMIT = 500

EndReason = Literal["closed", "read_timeout", "broken"]
Reason = Literal["closed", "read_timeout", "broken", "expired", "throttled", "error", "undecodable", "refused"]
"""Why a watch is asked for anew: the values of a metric's label, so they are few."""


# States. Each names the one input that is to be got next.


@dataclass(frozen=True)
class Connecting:
    """A watch is to be asked for; next comes `Started` or `Failed`."""

    version: str
    """Resume after this version; with *is_initial* the state sent must not be older ("": must be the newest)."""
    is_initial: bool
    """Ask for the state as events first (WatchList)."""
    fruitless: int = 0
    """How many watches in a row brought nothing."""


@dataclass(frozen=True)
class Receiving:
    """A watch is open; next comes a frame or `Ended`."""

    version: str
    is_initial: bool
    fruitless: int = 0
    has_progressed: bool = False
    """Whether it has moved the version."""


@dataclass(frozen=True)
class Listing:
    """A page is to be asked for; next comes `Page` or `Failed`."""

    last_version: str
    """Where the store stands; not sent: the list is to be the newest."""
    continue_token: str = ""
    is_unpaged: bool = False

    @property
    def options(self) -> listwatch.ListOptions:
        """The request."""
        return listwatch.ListOptions(limit=0 if self.is_unpaged else PAGE_LIMIT, continue_token=self.continue_token)


@dataclass(frozen=True)
class Waiting:
    """Something failed; next comes `Woke`, after the backoff's time."""

    then: "Connecting | Listing"
    at_least_seconds: float = 0.0
    """What the server asked for."""


State = Connecting | Receiving | Listing | Waiting


# Inputs: a frame, or one of these.


@dataclass(frozen=True)
class Started:
    """The server accepted the watch."""


@dataclass(frozen=True)
class Failed:
    """The server refused a list or a watch, or did not answer."""

    error: Exception


@dataclass(frozen=True)
class Page:
    """A page of a list came."""

    snapshots: tuple[objects.Snapshot, ...]
    resource_version: str
    continue_token: str


@dataclass(frozen=True)
class Ended:
    """The stream ended."""

    reason: EndReason
    seconds: float
    """How long it was open."""


@dataclass(frozen=True)
class Woke:
    """The wait is over."""


Input = frames.Frame | Started | Failed | Page | Ended | Woke


# Effects, to be carried out in their order. Those that come once per object are structs, which are made faster.


class Stage(msgspec.Struct, frozen=True):
    """Set objects of a state that is still incomplete aside."""

    snapshots: tuple[objects.Snapshot, ...]


class Unstage(msgspec.Struct, frozen=True, gc=False):
    """Take an object from what was set aside."""

    snapshot: objects.Snapshot


class Unstaged(msgspec.Struct, frozen=True, gc=False):
    """Forget what was set aside."""


class Replace(msgspec.Struct, frozen=True, gc=False):
    """Make what was set aside the store's content."""

    version: str


class Put(msgspec.Struct, frozen=True, gc=False):
    """Add or update an object; "" leaves the store's version."""

    snapshot: objects.Snapshot
    version: str


class Remove(msgspec.Struct, frozen=True, gc=False):
    """Remove an object; "" leaves the store's version."""

    snapshot: objects.Snapshot
    version: str


class Advance(msgspec.Struct, frozen=True, gc=False):
    """Move the store's version."""

    version: str


class Report(msgspec.Struct, frozen=True):
    """Say why nothing comes, or with None that all is well again."""

    error: Exception | None


class Skip(msgspec.Struct, frozen=True, gc=False):
    """Say what was ignored."""

    description: str


class Reconnect(msgspec.Struct, frozen=True, gc=False):
    """Count a watch that is asked for anew."""

    reason: Reason


Effect = Stage | Unstage | Unstaged | Replace | Put | Remove | Advance | Report | Skip | Reconnect
