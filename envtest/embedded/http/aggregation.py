"""APIs that something else than the store answers, such as that of metrics.

What flows in: requests below a group's path. What flows out: what the group's owner says. The loop's thread. Mirrors
kube-aggregator pkg/apiserver/handler_proxy.go; deviation: the owner is a function, not a server.
"""

from collections.abc import Callable
from dataclasses import dataclass

from envtest.embedded.api import status
from envtest.embedded.api.status import Json

Answer = Callable[[str, str, bytes], Json]
"""Answers a request: method, path with its query, body; raises a `status.StatusError` if it refuses."""


@dataclass(frozen=True)
class Group:
    """One group in one version."""

    name: str
    version: str
    answer: Answer

    @property
    def path(self) -> str:
        """Below which its resources are."""
        return f"/apis/{self.name}/{self.version}"

    @property
    def entry(self) -> Json:
        """What discovery says of the group."""
        version = {"groupVersion": f"{self.name}/{self.version}", "version": self.version}
        return {"name": self.name, "versions": [version], "preferredVersion": version}

    def find(self, method: str, target: str, body: bytes) -> Json | None:
        """Answer a request, if it is for this group.

        Raises:
            status.StatusError: It is refused.
        """
        path = target.partition("?")[0].rstrip("/")
        if path == f"/apis/{self.name}" and method == "GET":
            return {**self.entry, "kind": "APIGroup", "apiVersion": "v1"}
        if path != self.path and not path.startswith(f"{self.path}/"):
            return None
        return self.answer(method, target, body)


def refused(code: int, message: str) -> status.StatusError:
    """Return the error of an owner that speaks HTTP."""
    reasons = {400: "BadRequest", 404: "NotFound", 405: "MethodNotAllowed"}
    return status.StatusError(code, reasons.get(code, ""), message)
