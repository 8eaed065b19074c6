"""Operators with one bug each, as careful authors make them: none shows while nothing goes wrong.

What flows in: what the real operator is made of. What flows out: variants for `sim_operator.Operator`, by name.
"""

from reconcilers import status
from reconcilers.microservicedeploy import reconciler, replicas
from tests.support import sim_operator


class LateMemory(reconciler.InstanceReconciler):
    """Writes down with how many pods to wake up after it has put the instance to sleep, not before."""

    def __init__(self, tools):
        super().__init__(tools)
        self._postponed = []

    def _remember(self, a_pass, number):
        self._postponed.append((a_pass, number))

    def _act(self, a_pass):
        super()._act(a_pass)
        while self._postponed:
            super()._remember(*self._postponed.pop())


class Careless(sim_operator.CountingConsistency):
    """Never waits until the cache shows what was written."""

    def hold(self, writes, release):
        """Let the key's next run begin at once."""
        return False


class CarelessManager(sim_operator.SimulatedManager):
    """Trusts its cache."""

    consistency_type = Careless


class TrustingReconciler(reconciler.InstanceReconciler):
    """Forgets the number to wake up with as soon as it has woken, and takes the cache's word for what sleeps."""

    def _act(self, a_pass):
        super()._act(a_pass)
        live, before = a_pass.live["Deployment"], a_pass.primary.get("status") or {}
        if replicas.MEMORY_FIELD in before and not a_pass.instance.spec.idle and live["spec"]["replicas"]:
            status.remove_field(self._tools.client, a_pass.primary, replicas.MEMORY_FIELD)

    def _scale_to_act_on(self, a_pass, owner):
        return self._scale(a_pass.live["Deployment"])


class DeletesByName:
    """A client that deletes whatever has the name now."""

    def __init__(self, real):
        self.get, self.list, self.apply, self.create, self.merge_patch = (
            real.get,
            real.list,
            real.apply,
            real.create,
            real.merge_patch,
        )
        self._real = real

    def delete(self, gvk, key, preconditions=None, *, propagation_policy="Background"):
        """Delete without preconditions."""
        self._real.delete(gvk, key, None, propagation_policy=propagation_policy)


class NamingManager(sim_operator.SimulatedManager):
    """Knows objects by their names."""

    def __init__(self, *args):
        super().__init__(*args)
        self.live = DeletesByName(self.live)


VARIANTS = {
    "": sim_operator.Variant(),
    "late memory": sim_operator.Variant(make_reconciler=LateMemory),
    "trusts its cache": sim_operator.Variant(CarelessManager, TrustingReconciler),
    "deletes by name": sim_operator.Variant(manager_type=NamingManager),
}
