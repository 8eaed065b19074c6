"""Starts all simulated controllers, and knows them.

What flows in: the API, what plans calls, `Options`. What flows out: an API whose objects come alive. The loop's thread. Mirrors
kubernetes cmd/kube-controller-manager.
"""

from dataclasses import dataclass
from typing import Protocol

from envtest.embedded.api import pipeline, store
from envtest.embedded.controllers import (
    autoscaler,
    deployments,
    endpoints,
    garbage_collector,
    loop,
    metrics,
    namespaces,
    pod_admission,
    quotas,
    replicasets,
    scheduler,
    service_accounts,
    world,
)


@dataclass(frozen=True)
class Options:
    """What the controllers are told."""

    authority: str = ""
    """The certificate of the API's authority in PEM."""
    metrics: bool = False
    """Whether there is a metrics API."""
    autoscaler_seconds: float = autoscaler.PERIOD_SECONDS
    """How often each autoscaler looks."""


class Controller(Protocol):
    """One controller.

    Attributes:
        queue: Its keys.
    """

    queue: loop.Queue

    def see(self, key: str, event: store.Event) -> None:
        """Take note of a change of any kind."""


class Manager:
    """All controllers of one API.

    Attributes:
        metrics: What is known of the use of pods, if the options ask for it.
    """

    def __init__(self, api: pipeline.Api, timers: loop.Timers, options: Options = Options()) -> None:
        self._world = world.World(api, timers)
        self.metrics = metrics.Metrics(api) if options.metrics else None
        self._controllers: list[Controller] = [
            service_accounts.ServiceAccounts(self._world, options.authority),
            deployments.Deployments(self._world),
            replicasets.ReplicaSets(self._world),
            scheduler.Scheduler(self._world),
            garbage_collector.GarbageCollector(self._world),
            namespaces.Namespaces(self._world),
            quotas.Quotas(self._world),
            endpoints.Endpoints(self._world),
            autoscaler.Autoscaler(self._world, self.metrics, options.autoscaler_seconds),
        ]
        api.admission.mutators.append(pod_admission.PodAdmission(self._world.api).mutate)
        api.admission.validators.append(quotas.QuotaAdmission(self._world.api).validate)

    def start(self) -> None:
        """Begin to work, with what is there."""
        self._world.graph.listeners += [controller.see for controller in self._controllers]
        self._world.graph.start()

    def stop(self) -> None:
        """Work no more."""
        self._world.graph.stop()
        for controller in self._controllers:
            controller.queue.stop()
