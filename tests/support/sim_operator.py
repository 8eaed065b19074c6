"""The whole operator in this process, behind a proxy that can kill it: one life after the other.

What flows in: a control plane, a namespace, a plan of faults. What flows out: a manager that works, is cut off from the server
for ever at a chosen moment, and is followed by another that knows nothing of it. The test's thread starts and ends lives; a
thread of the proxy cuts.

A life that is cut off goes on computing for a moment, as a process would whose every packet is lost. To the server that is a
crash: it hears of none of the life's later decisions.
"""

import dataclasses
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from kubernetes import client

from controller import consistency, manager
from controller.client import transport
from envtest import fault_proxy, faults, request_log
from reconcilers import microservicedeploy
from reconcilers.microservicedeploy import kinds, reconciler
from tests.support import fast_clock

FLAGS = {flag.name: flag.default for flag in microservicedeploy.FLAGS} | {"base-domain": "apps.example.com"}
SPEED = 10
"""How much faster than time the operator's clock runs: its shortest backoff is 0.8 s, its deadline for own writes 5 s."""
EVENTS = "events.events.k8s.io"
_RUNS = re.compile(r'controller_runtime_reconcile_total\{controller="([^"]+)",result="(\w+)"\} (\S+)')


class CountingConsistency(consistency.ConsistencyStore):
    """Knows how many keys it holds back."""

    def __init__(self, *args):
        super().__init__(*args)
        self._count_lock = threading.Lock()
        self.held = 0

    def hold(self, writes, release):
        """Hold a key back, and count it until it is released."""

        def released(is_late):
            self._count(-1)
            release(is_late)

        self._count(1)
        if super().hold(writes, released):
            return True
        self._count(-1)
        return False

    def _count(self, number):
        with self._count_lock:
            self.held += number


class SimulatedManager(manager.Manager):
    """A manager whose queues can be looked into."""

    consistency_type = CountingConsistency

    def __init__(self, config, options, clock):
        super().__init__(config, options, clock)
        self.controllers = []
        self.held = self.consistency_type(self.cache.informers, clock)
        self.add(self.held)
        self.services = dataclasses.replace(self.services, consistency=self.held)

    def add_controller(self, a_controller):
        """Add a controller, and remember it."""
        self.controllers.append(a_controller)
        super().add_controller(a_controller)

    def is_idle(self):
        """Ask whether no key is ready, worked on, or held back."""
        queues = [each.queue for each in self.controllers]
        return not self.held.held and not any(len(queue) or queue.unfinished().longest_seconds for queue in queues)

    def shows(self, sight):
        """Ask whether its cache shows what *sight* does."""
        return all(
            {found["metadata"]["name"]: found["metadata"]["resourceVersion"] for found in sight.list(informer.key.gvk.kind)}
            == {each.key.name: each.meta.resource_version for each in informer.store.list(sight.namespace)}
            for informer in self.cache.informers()
            if informer.key.gvk != kinds.NAMESPACE
        )

    def has_looked(self):
        """Ask whether the workers have begun, and each known instance was looked at."""
        known = self.informer(kinds.INSTANCE)
        return known.has_synced() and self.runs() >= len(known.store.keys())

    def runs(self):
        """Return how many runs over instances have ended."""
        return sum(number for name, _, number in self._counted() if name == "microservicedeploy")

    def failed_runs(self):
        """Return how many runs of all controllers have failed."""
        return sum(number for _, result, number in self._counted() if result == "error")

    def _counted(self):
        return [(name, result, int(float(number))) for name, result, number in _RUNS.findall(self.metrics.expose().decode())]


@dataclass(frozen=True)
class Variant:
    """Which operator plays; tests plant bugs here."""

    manager_type: type = SimulatedManager
    make_reconciler: Callable[[reconciler.Tools], reconciler.InstanceReconciler] = reconciler.InstanceReconciler


class Life:
    """One process's worth of operator."""

    def __init__(self, namespace, proxy, variant):
        self._proxy = proxy
        self.is_dead = threading.Event()
        config = transport.Config(lambda: _configuration(proxy.url), namespace, "a proxy")
        options = manager.Options(namespace=namespace, metrics_bind_address="0", health_probe_bind_address="0")
        self.manager = variant.manager_type(config, options, fast_clock.FastClock(SPEED))
        microservicedeploy.setup(self.manager, FLAGS, variant.make_reconciler)
        self.error = None
        self._thread = threading.Thread(target=self._run, name="simulated-operator")

    def start(self):
        """Start; return at once."""
        self._proxy.__enter__()
        self._thread.start()

    def _run(self):
        try:
            self.manager.run()
        except BaseException as error:  # noqa: BLE001 (a thread's body: whoever started it looks)
            self.error = error

    def crash(self):
        """Cut it off from the server, for ever. Any thread."""
        self._proxy.cut()
        self.is_dead.set()

    def end(self):
        """Cut it off and wait until nothing of it is left."""
        self.crash()
        self.manager.stop()
        self._thread.join()
        self._proxy.__exit__(None, None, None)


def _configuration(url):
    found = client.Configuration()
    found.host = url
    return found


class Operator:
    """Lives, one after the other; a context manager."""

    def __init__(self, control_plane, namespace, variant=None):
        self._control_plane = control_plane
        self._namespace = namespace
        self._variant = variant or Variant()
        self.plan = faults.Faults()
        self.log = request_log.RequestLog()
        self.lives = 0
        self.life = None

    def __enter__(self):
        self._begin()
        return self

    def __exit__(self, *_):
        self.life.end()

    def _begin(self):
        # TLS is none of the story's affair, and would take a third of its time
        proxy = fault_proxy.Proxy(self._control_plane.endpoint, None, self.plan, self.log)
        self.life = Life(self._namespace, proxy, self._variant)
        self.life.start()
        self.lives += 1

    def crash(self):
        """Kill the present life; `tend` starts the next one. Any thread."""
        self.life.crash()

    def tend(self):
        """Start anew what has crashed.

        Raises:
            BaseException: What the manager ended with, if it ended by itself.
        """
        if self.life.error is not None and not self.life.is_dead.is_set():
            raise self.life.error
        if self.life.is_dead.is_set():
            self.life.end()
            self._begin()

    def is_idle(self):
        """Ask whether it works, and has nothing to do."""
        return not self.life.is_dead.is_set() and self.life.manager.is_idle()

    def shows(self, sight):
        """Ask whether its cache shows what *sight* does."""
        return not self.life.is_dead.is_set() and self.life.manager.shows(sight)

    def has_worked(self):
        """Ask whether the present life has looked at the instances that it knows, and has nothing to do."""
        return not self.life.is_dead.is_set() and self.life.manager.has_looked() and self.is_idle()

    def writes(self):
        """Return what it wrote so far, in order; events are told by a thread of their own, and do not count."""
        return [entry for entry in self.log.writes() if entry.call.resource != EVENTS]
