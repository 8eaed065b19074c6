"""From kinds to paths, as the API server's discovery tells.

What flows in: a kind. What flows out: its resource, and the paths of its objects. Any thread; discovery is asked once for each
group and version, and again for a kind that is not known. Mirrors controller-runtime/pkg/client/apiutil/restmapper.go.
"""

import threading
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from controller.client import transport
from informers import errors, objects


@dataclass(frozen=True)
class Resource:
    """How a kind is served."""

    gvk: objects.GroupVersionKind
    plural: str
    is_namespaced: bool


class _APIResource(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool


class _APIResourceList(msgspec.Struct):
    resources: list[_APIResource]


class RESTMapper:
    """Knows the resources of one API server."""

    def __init__(self, connected: transport.Transport) -> None:
        self._transport = connected
        self._lock = threading.Lock()
        self._resources: dict[objects.GroupVersionKind, Resource] = {}

    def resource(self, gvk: objects.GroupVersionKind) -> Resource:
        """Return how *gvk* is served.

        Raises:
            errors.KindNotFoundError: It is not served: its CustomResourceDefinition is missing.
            errors.ApiError: Discovery failed.
            errors.TransportError: There was no answer.
        """
        with self._lock:
            found = self._resources.get(gvk)
        if found is None:
            found = self._discover(gvk)
        return found

    def _discover(self, gvk: objects.GroupVersionKind) -> Resource:
        try:
            answer = self._transport.request(transport.Request("GET", _group_path(gvk)))
        except errors.NotFoundError:
            raise missing(gvk) from None
        listed = msgspec.json.decode(answer.body, type=_APIResourceList).resources
        of_group = {
            kind: Resource(kind, each.name, each.namespaced)
            for each in listed
            if "/" not in each.name
            for kind in [objects.GroupVersionKind(gvk.group, gvk.version, each.kind)]
        }
        with self._lock:
            self._resources.update(of_group)
        if gvk not in of_group:
            raise missing(gvk)
        return of_group[gvk]

    def forget(self, gvk: objects.GroupVersionKind) -> None:
        """Ask discovery again for *gvk* the next time: its path was answered with 404."""
        with self._lock:
            self._resources.pop(gvk, None)

    def path(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey, subresource: str = "") -> str:
        """Return the path of one object, or of a collection if *key* has no name; "" as its namespace is all namespaces.

        Raises:
            errors.KindNotFoundError: The kind is not served.
        """
        resource = self.resource(gvk)
        parts = [_group_path(gvk)]
        if resource.is_namespaced and key.namespace:
            parts += ["namespaces", quote(key.namespace, safe="")]
        parts.append(resource.plural)
        if key.name:
            parts.append(quote(key.name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


def missing(gvk: objects.GroupVersionKind) -> errors.KindNotFoundError:
    """Return the error that says that *gvk* is not served."""
    return errors.KindNotFoundError(
        404,
        "NotFound",
        f"the API server does not serve kind {gvk.kind} of {gvk.api_version}: install its CustomResourceDefinition",
    )


def _group_path(gvk: objects.GroupVersionKind) -> str:
    return f"/apis/{gvk.group}/{gvk.version}" if gvk.group else f"/api/{gvk.version}"
