"""What a URL asks for.

What flows in: an HTTP method, a path and its query. What flows out: a `RequestInfo`. Pure. Mirrors apiserver
pkg/endpoints/request/requestinfo.go.
"""

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

_VERBS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OF_NAMESPACES = ("status", "finalize")  # what follows the name of a namespace is a kind, but for these


@dataclass(frozen=True)
class RequestInfo:
    """A request for resources."""

    verb: str
    """What is done: create, get, list, watch, update, patch, delete or deletecollection; empty: there is no such thing."""
    group: str
    version: str
    namespace: str
    plural: str
    name: str
    subresource: str


def parse(method: str, path: str, query: Mapping[str, str]) -> RequestInfo | None:
    """Say what is asked for.

    Args:
        method: In capitals.
        path: As it came, with its escapes.
        query: Decoded.

    Returns:
        None if it is not about resources: discovery, health and what leads nowhere.
    """
    parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    is_watch_path = rest[0] == "watch" and len(rest) > 1
    if is_watch_path:
        rest = rest[1:]
    namespace, rest = _namespace(rest)
    if len(rest) > 3 or not all(rest):
        return None
    plural, name, subresource = [*rest, "", ""][:3]
    verb = "watch" if is_watch_path else _verb(method, name, query)
    return RequestInfo(verb, group, version, namespace, plural, name, subresource)


def _namespace(rest: list[str]) -> tuple[str, list[str]]:
    if rest[0] == "namespaces" and len(rest) > 2 and not (rest[2] in _OF_NAMESPACES and len(rest) == 3):
        return rest[1], rest[2:]
    return "", rest


def is_true(text: str | None) -> bool:
    """Read a flag of a query as the server does: there and neither 0 nor false."""
    return text is not None and text.lower() not in ("0", "false", "")


def _verb(method: str, name: str, query: Mapping[str, str]) -> str:
    if method in ("GET", "HEAD") and not name:
        return "watch" if is_true(query.get("watch")) else "list"
    if method == "GET" and is_true(query.get("watch")):
        return "get"
    if method == "DELETE" and not name:
        return "deletecollection"
    return _VERBS.get(method, "")
