"""What changes new and changed objects of built-in kinds that are not pods before they are validated.

What flows in: attempts to write. What flows out: objects. The loop's thread. Mirrors kubernetes plugin/pkg/admission
(storageobjectinuseprotection) and the place where a registry's storage gives Services their addresses.
"""

from typing import Final

from envtest.embedded.api import admission, store
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources, services

_PROTECTION: Final = {
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "persistentvolumes": "kubernetes.io/pv-protection",
}


class ServiceAllocation:
    """Gives Services their cluster IPs and node ports."""

    def __init__(self, objects: store.Store, registry: resources.Registry) -> None:
        self._objects = objects
        self._registry = registry

    def mutate(self, attempt: admission.Attempt) -> Json:
        """Return the object, a Service with its addresses.

        Raises:
            status.StatusError: An address that it asks for is taken, or makes no sense.
        """
        target = attempt.target
        if target.resource.storage_key != "services" or target.subresource:
            return attempt.object
        return services.allocate(self._objects, self._registry, attempt.object, attempt.old, attempt.dry_run)


def protect_storage(attempt: admission.Attempt) -> Json:
    """Return the object, a new volume or claim with the finalizer that keeps it while it is used."""
    finalizer = _PROTECTION.get(attempt.target.resource.storage_key)
    if attempt.operation != "CREATE" or finalizer is None:
        return attempt.object
    metadata = attempt.object["metadata"]
    finalizers = metadata.get("finalizers", [])
    if finalizer in finalizers:
        return attempt.object
    return {**attempt.object, "metadata": {**metadata, "finalizers": [*finalizers, finalizer]}}


def install(to: admission.Admission, objects: store.Store, registry: resources.Registry) -> None:
    """Let admission ask these plugins, after those that it has."""
    to.mutators += [protect_storage, ServiceAllocation(objects, registry).mutate]
