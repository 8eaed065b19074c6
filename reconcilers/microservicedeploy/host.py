"""Who among the instances of one path holds their host, and the Ingress that gives it to them.

What flows in: claims, one per instance that shares namespace, msName and path, and which of them have an Ingress. What flows out:
a `HostDecision`, the same for every instance that looks, so exactly one holds the host. Pure, any thread. No upstream file.
"""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from controller.client import interfaces
from reconcilers.microservicedeploy import instances

SERVICE_PORT_NAME = "http"
_MAX_HOST_LENGTH = 253
_MAX_LABEL_LENGTH = 63
_MADE_OF = "spec.path, spec.msName, the namespace and the base domain"


@dataclass(frozen=True)
class Claim:
    """What counts when an instance asks for the host; all claims of one contest have different names."""

    name: str
    is_stuck: bool = False
    """It has the host, and nothing of it may be written: it is paused, or its spec cannot be read."""
    prefers: bool = False
    """Its annotation `custom.ops/host` is "prefer"."""
    is_idle: bool = False
    created_ms: int = 0
    """Milliseconds since 1970: spec.creationTimestamp, or else metadata.creationTimestamp."""

    @property
    def rank(self) -> tuple[bool, bool, bool, int, str]:
        """The smallest holds the host."""
        return (not self.is_stuck, not self.prefers, self.is_idle, self.created_ms, self.name)


@dataclass(frozen=True)
class HostDecision:
    """The outcome for one instance; all empty without a base domain."""

    host: str = ""
    holder: str = ""
    """The name of the instance that has the host."""
    is_mine: bool = False
    needs_ingress: bool = False
    """Whether the instance's Ingress should exist now: also after the host went to another one, until that has its own."""
    error: str = ""
    """Why the host cannot be, or ""."""


def name(instance: instances.Instance, settings: instances.Settings) -> str:
    """Return the instance's host, or "" without a base domain."""
    if not settings.base_domain:
        return ""
    spec = instance.spec
    return f"{spec.path}.{spec.ms_name}.{instance.namespace}.{settings.base_domain}"


def claim(instance: instances.Instance, with_ingress: Collection[str] = ()) -> Claim:
    """Return the claim of *instance*; *with_ingress* are the names of those whose Ingress has the host now."""
    given = instance.spec.creation_timestamp or ""
    # isdecimal also takes digits of other scripts; int reads them all the same.
    created_ms = int(given) if given.isdecimal() else _epoch_ms(instance.created)
    is_stuck = instance.is_paused and instance.full_name in with_ingress
    return Claim(instance.full_name, is_stuck, instance.prefers_host, instance.spec.idle, created_ms)


def decide(mine: Claim, others: Iterable[Claim], host: str, with_ingress: Collection[str] = ()) -> HostDecision:
    """Decide who has *host*.

    Args:
        mine: The claim of the instance that asks.
        others: The claims of its siblings; its own may be among them. None of a resource that is being deleted.
        host: From `name`; "" if there is none.
        with_ingress: The names of the instances, the asking one included, whose Ingress has the host now.
    """
    if not host:
        return HostDecision()
    if error := _error(host):
        return HostDecision(host=host, error=error)
    holder = min([mine, *others], key=lambda each: each.rank).name
    is_mine = holder == mine.name
    # The new holder's Ingress comes before the old one's goes, so that the host is never without.
    lingers = mine.name in with_ingress and holder not in with_ingress
    return HostDecision(host, holder, is_mine, needs_ingress=is_mine or lingers)


def ingress(instance: instances.Instance, settings: instances.Settings) -> interfaces.Manifest:
    """Return the Ingress that leads the host to the instance's Service."""
    host = name(instance, settings)
    backend = {"service": {"name": instance.full_name, "port": {"name": SERVICE_PORT_NAME}}}
    spec: dict[str, Any] = {
        "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    }
    if settings.ingress_class:
        spec["ingressClassName"] = settings.ingress_class
    if settings.tls_secret:
        spec["tls"] = [{"hosts": [host], "secretName": settings.tls_secret}]
    return instances.manifest(instance, "networking.k8s.io/v1", "Ingress") | {"spec": spec}


def _error(host: str) -> str:
    if len(host) > _MAX_HOST_LENGTH:
        return f"{_MADE_OF} make a host of {len(host)} characters, at most {_MAX_HOST_LENGTH} are possible: {host}"
    label = max(host.split("."), key=len)
    if len(label) > _MAX_LABEL_LENGTH:
        return f"{_MADE_OF} make a host whose part {label} has {len(label)} characters, at most {_MAX_LABEL_LENGTH} are possible"
    return ""


def _epoch_ms(timestamp: str) -> int:
    if not timestamp:
        return 0
    moment = datetime.datetime.fromisoformat(timestamp)
    return round(moment.timestamp() * 1000)
