"""The ways in which the story is disturbed: Sieve's intermediate states, stale views and unobserved states, and a seed's mixture.

What flows in: a performance, as it goes on. What flows out: a plan of faults, and crashes. The test's thread; crashes come by a
thread of the proxy.
"""

import math
import random

from envtest import fault_schedule, faults
from tests.support import sim_operator, sim_performance

KINDS = {
    "instances": "microservicedeploys.custom.ops",
    "deployments": "deployments.apps",
    "autoscalers": "horizontalpodautoscalers.autoscaling",
    "policies": "networkpolicies.networking.k8s.io",
    "services": "services",
    "configmaps": "configmaps",
    "accounts": "serviceaccounts",
    "ingresses": "ingresses.networking.k8s.io",
    "quotas": "resourcequotas",
    "all": "",
}
"""What the operator watches, by a short name."""
BURSTS = (
    ("create",),
    ("guard", "autoscale"),
    ("grow",),
    ("configure", "sleep", "wake"),
    ("pause",),
    ("take over",),
    ("begin anew",),
    ("delete",),
)


class Crash(sim_performance.Disturbance):
    """The operator dies right after its n-th write in each step, and starts again; it never gets the answer."""

    def __init__(self, number):
        self.name = f"crash-{number}"
        self.number = number
        self._steps = None

    def before(self, performance, steps):
        """Plan the crash."""
        self._steps = steps

        def is_meant(call):
            return self._steps is steps and is_own_write(call)

        performance.plan.at(self.number, faults.Fault(faults.Cut.AFTER, performance.operator.crash), is_meant)


class Lag(sim_performance.Disturbance):
    """Informers of one kind, or all, are late all the time."""

    changes_history = True

    def __init__(self, kind, seconds):
        self.name = f"lag-{kind}-{seconds}"
        self._resource, self._seconds = KINDS[kind], seconds

    def begin(self, performance):
        """Be late from the beginning."""
        performance.plan.set_lag(self._seconds, self._resource)


class OldView(sim_performance.Disturbance):
    """After each step the operator starts again, and sees one kind, or all, as before the step, until it has acted on it."""

    changes_history = True

    def __init__(self, kind):
        self.name = f"old-{kind}"
        self._resource = KINDS[kind]
        self._version = ""

    def before(self, performance, steps):
        """Note what will be the older view."""
        self._version = performance.look().version

    def after(self, performance, steps):
        """Start again with it."""
        performance.plan.set_view(self._version, self._resource)
        performance.operator.crash()
        performance.operator.tend()
        performance.wait_a_while(performance.operator.has_worked)
        performance.plan.set_view("", self._resource)
        performance.wait_for_end(steps[-1])


class Unobserved(sim_performance.Disturbance):
    """Of one kind, or all, nothing is seen while the user does several things; then what happened is lost, and listed anew."""

    changes_history = True
    bursts = BURSTS

    def __init__(self, kind):
        self.name = f"unobserved-{kind}"
        self._resource = KINDS[kind]

    def before(self, performance, steps):
        """Freeze watches."""
        performance.plan.set_lag(math.inf, self._resource)

    def during(self, performance, steps):
        """Let the operator do for a while what it wants to without them, then lose what they held."""
        performance.wait_a_while(performance.operator.is_idle)
        performance.plan.lose(self._resource)
        performance.plan.set_lag(0, self._resource)


class Seeded(sim_performance.Disturbance):
    """A mixture that a seed chooses: faults of requests, lags, lost frames, crashes."""

    changes_history = True

    def __init__(self, seed):
        self.name = f"seed-{seed}"
        self._seed = seed
        self._rng = random.Random(seed)
        self._steps = None

    def begin(self, performance):
        """Choose for the whole story."""
        share = self._rng.choice([0.02, 0.05, 0.1, 0.2])
        performance.plan.follow(fault_schedule.Schedule(self._seed, fault_schedule.Options(share=share)))
        for resource in KINDS.values():
            if resource and self._rng.random() < 0.15:
                performance.plan.set_lag(self._rng.uniform(0.02, 0.4), resource)

    def before(self, performance, steps):
        """Choose for a step."""
        self._steps = steps
        if self._rng.random() < 0.3:
            cut, number = self._rng.choice(list(faults.Cut)), self._rng.randint(1, 8)

            def is_meant(call):
                return self._steps is steps and is_own_write(call)

            performance.plan.at(number, faults.Fault(cut, performance.operator.crash), is_meant)

    def during(self, performance, steps):
        """Choose what is lost."""
        if self._rng.random() < 0.2:
            performance.plan.lose(self._rng.choice([resource for resource in KINDS.values() if resource]))


def is_own_write(call):
    """Match the writes that matter; events are told by a thread of their own, and lost with the process."""
    return call.is_write and call.resource != sim_operator.EVENTS


def named(name):
    """Return the disturbance of a name."""
    kind, _, rest = name.partition("-")
    if kind == "lag":
        of, _, seconds = rest.rpartition("-")
        return Lag(of, float(seconds))
    made = {
        "calm": lambda _: sim_performance.Disturbance(),
        "crash": lambda number: Crash(int(number)),
        "old": OldView,
        "unobserved": Unobserved,
        "seed": lambda number: Seeded(int(number)),
    }
    return made[kind](rest)
