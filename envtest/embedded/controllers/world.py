"""What simulated controllers share: the API as they call it, who belongs to whom, and their events.

What flows in: calls of controllers. What flows out: reads of the store, and writes through the pipeline under a controller's
name, so that they show up in managedFields as the real ones do. The loop's thread.
"""

from collections.abc import Callable

from envtest.embedded.api import pipeline, requests, status, store
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources
from envtest.embedded.controllers import events, graph, loop

MANAGER = "kube-controller-manager"

CONFIG_MAPS = "configmaps"
DEPLOYMENTS = "deployments.apps"
ENDPOINTS = "endpoints"
ENDPOINT_SLICES = "endpointslices.discovery.k8s.io"
AUTOSCALERS = "horizontalpodautoscalers.autoscaling"
NAMESPACES = "namespaces"
NODES = "nodes"
PODS = "pods"
QUOTAS = "resourcequotas"
REPLICA_SETS = "replicasets.apps"
SERVICE_ACCOUNTS = "serviceaccounts"
SERVICES = "services"


class Access:
    """The API under one controller's name."""

    def __init__(self, api: pipeline.Api, manager: str = MANAGER) -> None:
        self.api = api
        self._options = requests.Options(field_manager=manager, field_validation="Ignore")
        self._resources: dict[str, resources.Resource] = {}

    def resource(self, key: str) -> resources.Resource:
        """Return the resource that keeps the objects with a storage key.

        Raises:
            LookupError: None is served.
        """
        if (found := self._resources.get(key)) is None or found.is_custom:
            found = next((each for each in self.api.registry.all() if each.storage_key == key), None)
            if found is None:
                raise LookupError(f"{key} are not served")
            found = self._resources[key] = self.api.storage_of(found)
        return found

    def find(self, key: str, namespace: str, name: str) -> Json | None:
        """Return an object, or None."""
        return self.api.store.get(self.resource(key), namespace, name)

    def list(self, key: str, namespace: str | None = None) -> list[Json]:
        """Return the objects of a kind, of one namespace or of all."""
        return self.api.store.list(self.resource(key), namespace)

    def subscribe(self, key: str, callback: store.Callback) -> Callable[[], None]:
        """Call *callback* with each change of a kind; the result ends it."""
        return self.api.store.subscribe(self.resource(key), callback)

    def target(self, key: str, obj: Json, subresource: str = "") -> requests.Target:
        """Return the target that means *obj*."""
        metadata = obj["metadata"]
        return requests.Target(self.resource(key), metadata.get("namespace", ""), metadata.get("name", ""), subresource)

    def create(self, key: str, obj: Json) -> Json:
        """Create an object.

        Raises:
            status.StatusError: It is refused.
        """
        return self.api.create(self.target(key, obj), obj, self._options)

    def update(self, key: str, obj: Json, subresource: str = "") -> Json:
        """Replace an object that has the present resourceVersion, or its status.

        Raises:
            status.StatusError: It is refused; it has changed meanwhile.
        """
        return self.api.update(self.target(key, obj, subresource), obj, self._options).object

    def merge(self, key: str, obj: Json, changes: Json, subresource: str = "") -> Json:
        """Change an object by a merge patch.

        Raises:
            status.StatusError: It is refused.
        """
        patch = requests.Patch(requests.MERGE_PATCH, changes)
        return self.api.patch(self.target(key, obj, subresource), patch, self._options).object

    def delete(self, key: str, obj: Json, policy: str | None = None) -> None:
        """Delete an object, if it is still the same one.

        Raises:
            status.StatusError: It is refused, or another one has the name.
        """
        options = requests.DeleteOptions(propagation_policy=policy, uid=obj["metadata"]["uid"])
        self.api.delete(self.target(key, obj), options)


class World:
    """Everything that controllers work with.

    Attributes:
        api: The API under the controller-manager's name.
        graph: Who belongs to whom.
        events: Where they say what they did.
        timers: What plans their work.
    """

    def __init__(self, api: pipeline.Api, timers: loop.Timers) -> None:
        self.api = Access(api)
        self.graph = graph.Graph(api, timers)
        self.events = events.Recorder(api)
        self.timers = timers

    @property
    def now(self) -> str:
        """The time as the API writes it."""
        return self.api.api.now


def key_of(obj: Json) -> str:
    """Return the key under which controllers queue an object."""
    return store.key(obj)


def split(key: str) -> tuple[str, str]:
    """Return namespace and name of a key."""
    namespace, _, name = key.rpartition("/")
    return namespace, name


def owner_reference(owner: Json) -> Json:
    """Return the reference of a controller to be put into what it makes."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def without_owner(obj: Json, uid: str) -> Json:
    """Return the merge patch that takes an owner reference away."""
    owners = [owner for owner in obj["metadata"].get("ownerReferences") or () if owner["uid"] != uid]
    return {"metadata": {"uid": obj["metadata"]["uid"], "ownerReferences": owners or None}}


def with_owner(obj: Json, owner: Json) -> Json:
    """Return the merge patch that makes *owner* the controller of *obj*."""
    owners = [*(obj["metadata"].get("ownerReferences") or ()), owner_reference(owner)]
    return {"metadata": {"uid": obj["metadata"]["uid"], "ownerReferences": owners}}


def is_terminating(error: status.StatusError) -> bool:
    """Ask whether a creation is refused because its namespace goes away."""
    causes = (error.details or {}).get("causes") or ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)
