"""What every namespace gets: the ServiceAccount ``default``, and the ConfigMap with the certificate of the API.

What flows in: namespaces, and deletions of these objects. What flows out: the objects. The loop's thread. Mirrors kubernetes
pkg/controller/serviceaccount/serviceaccounts_controller.go and pkg/controller/certificates/rootcacertpublisher.
"""

from envtest.embedded.api import store
from envtest.embedded.api.status import Json
from envtest.embedded.controllers import loop, world

DEFAULT = "default"
CERTIFICATE = "kube-root-ca.crt"

_ABOUT = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal"
    " service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)


class ServiceAccounts:
    """The controller."""

    def __init__(self, shared: world.World, authority: str) -> None:
        """Prepare to work.

        Args:
            shared: What controllers share.
            authority: The certificate in PEM.
        """
        self._api = shared.api
        self._data = {"ca.crt": authority}
        self.queue = loop.Queue(self.sync, shared.timers)

    def see(self, key: str, event: store.Event) -> None:
        """Take note of a change of any kind."""
        metadata = event.object["metadata"]
        if key == world.NAMESPACES:
            self.queue.add(metadata["name"])
        elif (key == world.SERVICE_ACCOUNTS and metadata["name"] == DEFAULT) or (
            key == world.CONFIG_MAPS and metadata["name"] == CERTIFICATE
        ):
            self.queue.add(metadata["namespace"])

    def sync(self, key: str) -> float | None:
        """Make what a namespace lacks.

        Raises:
            status.StatusError: It is refused.
        """
        namespace = self._api.find(world.NAMESPACES, "", key)
        if namespace is None or namespace["metadata"].get("deletionTimestamp"):
            return None
        if self._api.find(world.SERVICE_ACCOUNTS, key, DEFAULT) is None:
            self._api.create(world.SERVICE_ACCOUNTS, {"metadata": {"name": DEFAULT, "namespace": key}})
        self._publish(key)
        return None

    def _publish(self, namespace: str) -> None:
        found = self._api.find(world.CONFIG_MAPS, namespace, CERTIFICATE)
        annotations = {"kubernetes.io/description": _ABOUT}
        metadata: Json = {"name": CERTIFICATE, "namespace": namespace, "annotations": annotations}
        if found is None:
            self._api.create(world.CONFIG_MAPS, {"metadata": metadata, "data": self._data})
        elif found.get("data") != self._data:
            self._api.update(world.CONFIG_MAPS, {**found, "data": self._data})
