"""From kinds to paths, as the API server's discovery tells.

What flows in: a kind. What flows out: its resource, and the paths of its objects. Any thread; discovery is asked once for each
group and version, and again for a kind that is not known
or whose path was answered with 404. Mirrors controller-runtime/pkg/client/apiutil/restmapper.go.
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
    namespaced: bool = False


class _APIResourceList(msgspec.Struct):
    resources: list[_APIResource]


_decode_resources = msgspec.json.Decoder(_APIResourceList).decode


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
            errors.TransportError: There was no answer, or it is not that of a Kubernetes API.
        """
        with self._lock:
            found = self._resources.get(gvk)
        return self._discover(gvk) if found is None else found

    def _discover(self, gvk: objects.GroupVersionKind) -> Resource:
        try:
            answer = self._transport.request(transport.Request("GET", _group_path(gvk)))
            listed = _decode_resources(answer.body).resources
        except errors.NotFoundError:
            raise missing(gvk) from None
        except ValueError:  # not JSON, or not UTF-8
            raise errors.TransportError(f"GET {self._transport.host}{_group_path(gvk)}: not a list of resources") from None
        of_group = {}
        for each in listed:
            if "/" not in each.name:  # a subresource, which may have a kind of its own
                kind = objects.GroupVersionKind(gvk.group, gvk.version, each.kind)
                of_group[kind] = Resource(kind, each.name, each.namespaced)
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
        """Return the path of one object; a namespace is left out if the kind has none.

        Raises:
            errors.KindNotFoundError: The kind is not served.
            ValueError: There can be no object of that name; its path would mean something else, perhaps all objects.
        """
        names = [(key.name, "name")]
        if self.resource(gvk).is_namespaced:
            names.append((key.namespace, "namespace"))
        for name, what in names:
            if name in {"", ".", ".."} or "/" in name or "%" in name:
                raise ValueError(f"{gvk.kind} {str(key)!r}: {name!r} cannot be the {what} of an object")
        parts = [self.collection_path(gvk, key.namespace), quote(key.name, safe="")]
        return "/".join([*parts, subresource] if subresource else parts)

    def collection_path(self, gvk: objects.GroupVersionKind, namespace: str = "") -> str:
        """Return the path of all objects, or of those in *namespace*, if the kind has namespaces.

        Raises:
            errors.KindNotFoundError: The kind is not served.
        """
        resource = self.resource(gvk)
        parts = [_group_path(gvk)]
        if resource.is_namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        return "/".join([*parts, resource.plural])


def missing(gvk: objects.GroupVersionKind) -> errors.KindNotFoundError:
    """Return the error that says that *gvk* is not served."""
    return errors.KindNotFoundError(
        404,
        "NotFound",
        f"the API server does not serve kind {gvk.kind} of {gvk.api_version}: install its CustomResourceDefinition",
    )


def _group_path(gvk: objects.GroupVersionKind) -> str:
    return f"/apis/{gvk.group}/{gvk.version}" if gvk.group else f"/api/{gvk.version}"
