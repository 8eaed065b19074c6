"""What was asked of a server, in order of arrival, and what it answered.

What flows in: calls and their answers, from the threads that serve them. What flows out: entries, to any thread. No upstream
file: it is what an audit log holds, without the bodies.
"""

import collections
import dataclasses
import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from envtest import calls

CAPACITY = 200_000
"""Entries that are kept; the oldest give way."""


@dataclass(frozen=True)
class Entry:
    """One request."""

    ordinal: int
    """Counted from 1, in order of arrival."""
    seconds: float
    """When it arrived, on the monotonic clock."""
    call: calls.Call
    status: int = 0
    """The answer's; 0 while there is none, and for ever if there will be none."""
    name: str = ""
    """Of the object that was asked for, or that a creation made."""
    uid: str = ""
    """Of the object that a write left behind, or deleted."""
    resource_version: str = ""
    """Of the object that a write left behind; empty for one that is gone."""
    fault: str = ""
    """What went wrong with it as planned."""

    def __str__(self) -> str:
        """Say it in a line."""
        thing = "/".join(part for part in (self.call.resource, self.name, self.call.subresource) if part)
        manager = f" by {self.call.field_manager}" if self.call.field_manager else ""
        left = f" -> {self.uid} at {self.resource_version}" if self.uid else ""
        fault = f" [{self.fault}]" if self.fault else ""
        return f"{self.ordinal:5} {self.seconds:12.3f} {self.status or '---'} {self.call.verb} {thing}{manager}{left}{fault}"


class RequestLog:
    """Keeps the entries; it locks itself."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._entries: collections.OrderedDict[int, Entry] = collections.OrderedDict()
        self._count = 0

    def begin(self, call: calls.Call, fault: str = "") -> Entry:
        """Note the arrival of *call*, and what is planned to go wrong with it."""
        with self._lock:
            self._count += 1
            entry = Entry(self._count, time.monotonic(), call, name=call.name, fault=fault)
            self._entries[entry.ordinal] = entry
            if len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
        return entry

    def end(self, entry: Entry, status: int, body: bytes = b"") -> None:
        """Note the answer to *entry*; *body* tells what a write did."""
        found = _object_of(body) if entry.call.is_write and status < 300 else {}
        ended = dataclasses.replace(
            entry,
            status=status,
            name=entry.name or found.get("name", ""),
            uid=found.get("uid", ""),
            resource_version=found.get("resourceVersion", ""),
        )
        with self._lock:
            if entry.ordinal in self._entries:
                self._entries[entry.ordinal] = ended

    def entries(self) -> list[Entry]:
        """Return what is known, in order of arrival."""
        with self._lock:
            return list(self._entries.values())

    def writes(self) -> list[Entry]:
        """Return the entries of requests that may have changed something."""
        return [entry for entry in self.entries() if entry.call.is_write]


def _object_of(body: bytes) -> dict[str, Any]:
    """Return the metadata of an object, or the details of a Status, which is the answer to most deletions."""
    try:
        decoded = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(decoded, dict):
        return {}
    found = decoded.get("details") if decoded.get("kind") == "Status" else decoded.get("metadata")
    return found if isinstance(found, dict) else {}
