"""What one pass saw of an instance, as far as its status speaks of it.

What flows in: the reconciler's reads and the outcomes of its writes. What flows out: one `Observed` for `conditions`. Pure
values, any thread. No upstream file.
"""

import enum
from dataclasses import dataclass, field

from controller.client import interfaces
from reconcilers.microservicedeploy.host import HostDecision


class Problem(enum.StrEnum):
    """Why a child is not as it should be."""

    FOREIGN = "ForeignChild"
    """It exists and is not ours; nothing is written."""
    WAITING = "WaitingForDeletion"
    """One of a former resource of the same name is on its way out."""
    REJECTED = "ChildRejected"
    """The API server refuses what we want, with 403 or 422."""


class TenantSecret(enum.StrEnum):
    """What a look at the tenant's Secret showed."""

    FOUND = "TenantSecretFound"
    MISSING = "TenantSecretMissing"
    WITHOUT_KEY = "TenantSecretKeyMissing"
    FORBIDDEN = "TenantSecretForbidden"


@dataclass(frozen=True)
class Trouble:
    """One child that is not as it should be."""

    kind: str
    name: str
    problem: Problem
    message: str = ""
    """What the API server said, already free of secret values; "" where the problem says it all."""

    def __str__(self) -> str:
        said = {
            Problem.FOREIGN: "exists and belongs to somebody else",
            Problem.WAITING: "of a former resource is still being deleted",
            Problem.REJECTED: "was refused by the API server",
        }[self.problem]
        return f"{self.kind} {self.name} {said}" + (f": {self.message}" if self.message else "")


@dataclass(frozen=True)
class Observed:
    """The world after a pass."""

    deployment: interfaces.Manifest | None = None
    """Ours, as the last answer or the cache shows it; None if there is none or it is foreign."""
    autoscaler: interfaces.Manifest | None = None
    """The HPA, likewise."""
    ingress: interfaces.Manifest | None = None
    """The Ingress, likewise."""
    spec_errors: tuple[str, ...] = ()
    """What is wrong with the spec, without any configuration value; then nothing was written."""
    troubles: tuple[Trouble, ...] = ()
    host: HostDecision = field(default_factory=HostDecision)
    tenant_secret: TenantSecret | None = None
    """None without needAuth."""
    quota_shortfall: str = ""
    """Why the instance is held back now: `quota.shortfall`, or what keeps the quota from being written; "" if it is not."""
    has_quota: bool = True
    """Whether the namespace has a quota of ours: False if it is disabled or no key is common to all instances."""
