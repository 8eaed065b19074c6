"""Putting CustomResourceDefinitions into a cluster, and waiting until it serves them.

What flows in: custom resources and a client. What flows out: nothing once every kind is served, or an `InstallError` that says
what is in the way. Called by the main thread of `coxswain install`, and by tests. Mirrors controller-runtime pkg/envtest/crd.go;
deviation: server-side apply, and the names must be accepted too, else a short name that another kind has would be lost unseen.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from controller.client import interfaces
from controller.crd import definition, gen
from informers import errors, objects
from workqueue import clock

CUSTOM_RESOURCE_DEFINITION = objects.GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")

_POLL_SECONDS = 0.1
_NAMES_GRACE_SECONDS = 5.0  # the server may still be thinking about a former conflict


class Client(Protocol):
    """The part of `interfaces.Client` that installing needs."""

    def get(self, gvk: objects.GroupVersionKind, key: objects.ObjectKey) -> interfaces.Manifest:
        """Return the live object; see `interfaces.Reader.get`."""
        ...

    def apply(self, obj: interfaces.Manifest, options: interfaces.ApplyOptions) -> interfaces.Manifest:
        """Apply *obj* server-side; see `interfaces.Writer.apply`."""
        ...


class InstallError(Exception):
    """A definition was refused, or is not served in time."""


@dataclass(frozen=True)
class InstallOptions:
    """How to install."""

    timeout_seconds: float = 60.0
    """How long to wait for all kinds together."""
    field_manager: str = "coxswain"
    clock: clock.Clock = field(default_factory=clock.RealClock)
    stop: threading.Event = field(default_factory=threading.Event)
    """Ends the wait early, from any thread."""


def install(client: Client, resources: Iterable[definition.CustomResource], options: InstallOptions | None = None) -> list[str]:
    """Apply the definitions of *resources* and wait until the API server serves them.

    Args:
        client: Reads must be live.
        resources: The kinds; fields that somebody else set to other values are taken over.
        options: The wait's deadline, and more.

    Returns:
        The names of the definitions.

    Raises:
        InstallError: The server refuses a definition, or it is not Established with its names accepted in time.
    """
    options = options or InstallOptions()
    deadline = options.clock.monotonic() + options.timeout_seconds
    manifests = [gen.render(resource) for resource in resources]
    for manifest in manifests:
        _apply(client, manifest, options)
    for manifest in manifests:
        _wait(client, manifest, options, deadline)
    return [str(manifest["metadata"]["name"]) for manifest in manifests]


@dataclass(frozen=True)
class Obstacle:
    """What keeps a definition from being served."""

    message: str
    is_refusal: bool = False
    """Whether the server has looked at the names and said no: waiting helps only if it is about to look again."""


def find_obstacle(live: interfaces.Manifest) -> Obstacle | None:
    """Return what keeps the definition *live* from being served; None if nothing does."""
    if live["metadata"].get("deletionTimestamp"):
        return Obstacle("the old definition is being deleted, with all its resources")
    conditions = {condition["type"]: condition for condition in (live.get("status") or {}).get("conditions") or ()}
    for name in ("NamesAccepted", "Established"):
        condition = conditions.get(name, {"status": "Unknown"})
        if condition["status"] != "True":
            message = f"{name} is {condition['status']}: {condition.get('message') or 'the server has not looked at it yet'}"
            return Obstacle(message, is_refusal=name == "NamesAccepted" and condition["status"] == "False")
    return None


def _apply(client: Client, manifest: interfaces.Manifest, options: InstallOptions) -> None:
    try:
        client.apply(manifest, interfaces.ApplyOptions(options.field_manager, force=True))
    except (errors.ApiError, errors.TransportError) as error:
        raise InstallError(f"{manifest['metadata']['name']}: the API server did not take the definition: {error}") from error


def _wait(client: Client, manifest: interfaces.Manifest, options: InstallOptions, deadline: float) -> None:
    name = manifest["metadata"]["name"]
    refusal_ends = options.clock.monotonic() + _NAMES_GRACE_SECONDS
    while obstacle := _look(client, manifest, options):
        now = options.clock.monotonic()
        if now >= deadline or (obstacle.is_refusal and now >= refusal_ends):
            raise InstallError(f"{name}: not served after {options.timeout_seconds - (deadline - now):.0f} s: {obstacle.message}")
        if options.clock.wait_event(options.stop, min(_POLL_SECONDS, deadline - now)):
            raise InstallError(f"{name}: stopped while waiting: {obstacle.message}")


def _look(client: Client, manifest: interfaces.Manifest, options: InstallOptions) -> Obstacle | None:
    key = objects.ObjectKey("", manifest["metadata"]["name"])
    try:
        return find_obstacle(client.get(CUSTOM_RESOURCE_DEFINITION, key))
    except errors.NotFoundError:  # the old one, which was being deleted, is gone
        _apply(client, manifest, options)
        return Obstacle("the definition was deleted and is applied again")
    except (errors.ServerError, errors.TooManyRequestsError, errors.TransportError) as error:
        return Obstacle(f"the API server did not answer: {error}")
    except errors.ApiError as error:
        raise InstallError(f"{key}: the definition cannot be read: {error}") from error
