"""What a request asks of a Kubernetes API: verb, resource and object, read from method, path and query.

What flows in: a request's first line and content type. What flows out: a `Call`. Pure, any thread. Mirrors k8s.io/apiserver
pkg/endpoints/request/requestinfo.go; deviations: an apply is a verb of its own, and what is not a resource has its path for one.
"""

import urllib.parse
from dataclasses import dataclass

_VERBS = {"POST": "create", "PUT": "update", "DELETE": "delete"}
_OF_NAMESPACES = frozenset({"status", "finalize"})
"""What may follow a namespace's name without being a resource inside it."""
_WRITES = frozenset({"create", "update", "patch", "apply", "delete", "deletecollection"})


@dataclass(frozen=True)
class Call:
    """One request, as an API server understands it."""

    verb: str
    """Of get, list, watch, create, update, patch, apply, delete, deletecollection; a method in lower case for other paths."""
    resource: str
    """As RBAC and kubectl have it: ``pods``, ``deployments.apps``; the path where it is no resource."""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    """Empty for collections: whoever creates sends the name in the body."""
    field_manager: str = ""
    force: bool = False
    dry_run: bool = False

    @property
    def is_write(self) -> bool:
        """Whether it may change something."""
        return self.verb in _WRITES and not self.dry_run


def parse(method: str, target: str, content_type: str = "") -> Call:
    """Understand a request.

    Args:
        method: The HTTP method.
        target: Path and query as they stand in the first line.
        content_type: Of the body; it tells an apply from other patches.
    """
    path, _, query = target.partition("?")
    given = {name: values[-1] for name, values in urllib.parse.parse_qs(query, keep_blank_values=True).items()}
    group, parts = _split([urllib.parse.unquote(part) for part in path.strip("/").split("/")])
    namespace = ""
    if len(parts) > 1 and parts[0] == "namespaces":
        namespace = parts[1]
        if len(parts) > 2 and parts[2] not in _OF_NAMESPACES:
            parts = parts[2:]
    if not parts:
        return Call(method.lower(), path)
    resource, name, subresource = (*parts, "", "")[:3]
    return Call(
        verb=_verb(method, name, content_type, is_watch=given.get("watch") in {"1", "true"}),
        resource=f"{resource}.{group}" if group else resource,
        subresource=subresource,
        namespace=namespace,
        name=name,
        field_manager=given.get("fieldManager", ""),
        force=given.get("force") == "true",
        dry_run="dryRun" in given,
    )


def _split(parts: list[str]) -> tuple[str, list[str]]:
    """Return the group and what follows the version; nothing for paths that name no resource."""
    if parts[0] == "api":
        return "", parts[2:]
    return (parts[1], parts[3:]) if parts[0] == "apis" and len(parts) > 1 else ("", [])


def _verb(method: str, name: str, content_type: str, *, is_watch: bool) -> str:
    if method == "GET":
        return "watch" if is_watch else "get" if name else "list"
    if method == "PATCH":
        return "apply" if content_type.startswith("application/apply-patch") else "patch"
    if method == "DELETE" and not name:
        return "deletecollection"
    return _VERBS.get(method, method.lower())
