"""What may change or refuse a write before it is kept.

What flows in: an `Attempt` to write. What flows out: the object as it shall be, or a `status.StatusError`. The loop's thread.
Mirrors apiserver pkg/admission and its plugin namespace/lifecycle; other plugins are functions that whoever owns them appends.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from envtest.embedded.api import requests, status, store
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources

_PERMANENT = ("default", "kube-system", "kube-public")


@dataclass(frozen=True)
class Attempt:
    """Somebody wants to write."""

    operation: Literal["CREATE", "UPDATE", "DELETE"]
    target: requests.Target
    object: Json
    """As it shall be; of a deletion, as it is."""
    old: Json | None = None
    """As it is; None if it is new."""
    dry_run: bool = False


Mutator = Callable[[Attempt], Json]
Validator = Callable[[Attempt], None]


class Admission:
    """Asks all plugins.

    Attributes:
        mutators: Asked first, in order; each returns the object as it shall be, a copy if it differs. Not asked about deletions.
        validators: Asked last, after validation; each raises a `status.StatusError` if it refuses.
    """

    def __init__(self, objects: store.Store, registry: resources.Registry) -> None:
        self._store = objects
        self._registry = registry
        self.mutators: list[Mutator] = []
        self.validators: list[Validator] = []

    def mutate(self, attempt: Attempt) -> Json:
        """Return the object as it shall be.

        Raises:
            status.StatusError: It is refused.
        """
        self._check_namespace(attempt)
        for mutator in self.mutators:
            attempt = replace(attempt, object=mutator(attempt))
        return attempt.object

    def validate(self, attempt: Attempt) -> None:
        """Ask whether the object may be kept, or go.

        Raises:
            status.StatusError: It is refused.
        """
        if attempt.operation == "DELETE":
            self._check_namespace(attempt)
        for validator in self.validators:
            validator(attempt)

    def _check_namespace(self, attempt: Attempt) -> None:
        target = attempt.target
        if target.resource.storage_key == "namespaces":
            if attempt.operation == "DELETE" and target.name in _PERMANENT:
                raise status.forbidden(target.resource, target.name, "this namespace may not be deleted")
            return
        if not target.resource.is_namespaced or attempt.operation == "DELETE":
            return
        namespaces = self._registry.find("", "v1", "namespaces")
        assert namespaces is not None
        namespace = self._store.get(namespaces, "", target.namespace)
        if namespace is None:
            raise status.not_found(namespaces, target.namespace)
        is_terminating = (namespace.get("status") or {}).get("phase") == "Terminating"
        if attempt.operation == "CREATE" and is_terminating:
            raise _terminating(target, attempt.object["metadata"].get("name", ""))


def _terminating(target: requests.Target, name: str) -> status.StatusError:
    namespace = target.namespace
    text = f"unable to create new content in namespace {namespace} because it is being terminated"
    error = status.forbidden(target.resource, name, text)
    cause = status.Cause("NamespaceTerminating", "metadata.namespace", f"namespace {namespace} is being terminated")
    error.details = {**(error.details or {}), "causes": [cause.to_json()]}
    return error
