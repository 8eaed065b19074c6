"""A collection of a server in memory, with a history and with faults.

What flows in: a script of steps, each a change or a fault, one per frame that a watch waits for. What flows out: pages and
streams as a real API server gives them, to the reflector that runs in the same thread; after the last step `on_end` is called.
A watch resumes after any version that is not compacted; initial events come in the order of names, not of versions.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from informers import errors, listwatch, objects
from tests.support import fake_lister_watcher as fakes
from tests.support.snapshots import CONFIG_MAP

NAMES = "abcdef"
PAGE = 2
"""Objects per page, so that few objects make several pages."""


@dataclass
class Collection:
    """Implements `listwatch.ListerWatcher`."""

    steps: list[str]
    """A change ("put", "delete" or "recreate", and a name), or one word: "bookmark", "end", "break", "cut", "timeout", "expire",
    "error", "throttle", "compact" (no version before the present one can be resumed), "refuse" (the next connection)."""
    on_end: Callable[[], None] = lambda: None
    has_streaming: bool = True
    held: dict[str, bytes] = field(default_factory=dict)
    history: list[tuple[int, str, bytes]] = field(default_factory=list)
    """Version, event type and object of each change."""
    version: int = 100
    compacted: int = 0
    requests: int = 0
    refusals: list[Exception] = field(default_factory=list)
    """Answers to the next requests."""
    _uids: int = 0

    def make(self, names: str) -> None:
        """Add an object for each letter, before anybody asks."""
        for name in names:
            self._change("put", name)

    def list_page(self, options: listwatch.ListOptions) -> listwatch.ListPage:
        """Return a page of the state at the version that the first page had."""
        self._begin()
        start, version = 0, self.version
        if options.continue_token:
            version, start = (int(part) for part in options.continue_token.split(":"))
            if version < self.compacted:
                raise errors.GoneError(410, "Expired")
        items = [raw for _, raw in sorted(self.state_at(version).items())]
        end = start + PAGE if options.limit else len(items)
        token = f"{version}:{end}" if end < len(items) else ""
        self._step()  # something may happen between two pages
        return listwatch.ListPage(items[start:end], str(version), token)

    def watch(self, options: listwatch.WatchOptions) -> fakes.FakeStream:
        """Return a stream that plays the script."""
        self._begin()
        if options.send_initial_events and not self.has_streaming:
            raise errors.InvalidError(422, "Invalid")
        if not options.send_initial_events and int(options.resource_version) < self.compacted:
            raise errors.GoneError(410, "Expired")
        return _Stream(self._frames(options))

    def state_at(self, version: int) -> dict[str, bytes]:
        """Return the objects by name as of *version*."""
        state: dict[str, bytes] = {}
        for changed_at, kind, raw in self.history:
            if changed_at <= version:
                name = objects.Snapshot.parse(CONFIG_MAP, raw).key.name
                state.pop(name, None) if kind == "DELETED" else state.update({name: raw})
        return state

    def _begin(self) -> None:
        self.requests += 1
        if self.refusals:
            raise self.refusals.pop(0)

    def _frames(self, options: listwatch.WatchOptions) -> Iterator[bytes]:
        at = int(options.resource_version or 0)
        if options.send_initial_events:
            at = self.version
            for _, raw in sorted(self.state_at(at).items()):
                yield b'{"type":"ADDED","object":%s}' % raw
                if (fault := self._step()) is not None:
                    yield from self._misbehave(fault)
                    return
            for version, kind, raw in self._changes_since(at):  # what happened meanwhile may come before the marker
                at = version
                yield b'{"type":"%s","object":%s}' % (kind.encode(), raw)
            yield fakes.bookmark(str(at), ends_initial_events=True)
        while True:
            for version, kind, raw in self._changes_since(at):
                at = version
                yield b'{"type":"%s","object":%s}' % (kind.encode(), raw)
            fault = self._step()
            if fault == "bookmark":
                yield fakes.bookmark(str(at))
            elif fault is not None:
                yield from self._misbehave(fault)
                return
            elif not self.steps and at == self.version:
                self.on_end()
                return

    def _changes_since(self, version: int) -> list[tuple[int, str, bytes]]:
        return [change for change in self.history if change[0] > version]

    def _step(self) -> str | None:
        """Take the next step; return it if the stream has to show it."""
        if not self.steps:
            return None
        action, _, name = self.steps.pop(0).partition(" ")
        if action in ("put", "delete", "recreate"):
            self._change(action, name)
            return None
        if action == "compact":
            self.compacted = self.version
            return None
        if action == "refuse":
            self.refusals.append(errors.TransportError("refused"))
            return None
        return action

    def _change(self, action: str, name: str) -> None:
        if name in self.held and action in ("delete", "recreate"):
            self._note("DELETED", name)
        if action in ("put", "recreate"):
            self._note("MODIFIED" if name in self.held else "ADDED", name)

    def _note(self, kind: str, name: str) -> None:
        self.version += 1
        if kind == "ADDED":
            self._uids += 1
            raw = fakes.manifest(name, str(self.version), uid=f"{name}-{self._uids}")
        else:
            uid = objects.Snapshot.parse(CONFIG_MAP, self.held[name]).meta.uid
            raw = fakes.manifest(name, str(self.version), uid=uid)
        self.history.append((self.version, kind, raw))
        if kind == "DELETED":
            del self.held[name]
        else:
            self.held[name] = raw

    def _misbehave(self, fault: str) -> Iterator[bytes]:
        if fault == "break":
            raise errors.TransportError("reset")
        if fault == "timeout":
            raise TimeoutError("silence")
        if fault == "cut":
            self._change("put", "a")
            yield b'{"type":"MODIFIED","object":%s}' % self.held["a"][:-9]
        codes = {"expire": 410, "error": 500, "throttle": 429}
        if fault in codes:
            yield fakes.error_frame(codes[fault])


class _Stream(fakes.FakeStream):
    """Frames that are made as they are asked for."""

    def __init__(self, made: Iterator[bytes]) -> None:
        super().__init__()
        self._made = made

    def __iter__(self) -> Iterator[bytes]:
        while not self.is_stopped:
            frame = next(self._made, None)
            if frame is None:
                return
            yield frame
