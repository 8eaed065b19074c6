"""The controller of instances: reads, asks the pure core what should be, writes what differs, and says in the status how it went.

What flows in: requests that name a MicroServiceDeploy. What flows out: its children and its status. Worker threads; never two for
one resource. No upstream file.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from controller import crd, reconcile, recorder
from controller.client import interfaces
from informers import errors, objects
from reconcilers import apply, managed_fields, memory, ownership, status
from reconcilers.microservicedeploy import (
    cache,
    conditions,
    desired,
    host,
    instances,
    kinds,
    quota,
    replicas,
    rollout,
    tenants,
)
from reconcilers.microservicedeploy.observed import Observed, Problem, TenantSecret, Trouble
from workqueue import clock as clocks

_PROBLEMS = {
    apply.State.FOREIGN: Problem.FOREIGN,
    apply.State.WAITING: Problem.WAITING,
    apply.State.REJECTED: Problem.REJECTED,
}
QUOTA_SECONDS = 15.0
"""How often a held instance looks again, should no event tell: what it waits for may come about without a change of the quota."""
_WARNINGS = frozenset({conditions.READY, conditions.SPEC_VALID, conditions.AUTH_READY, conditions.HOST_READY})


@dataclass
class Tools:
    """What the reconciler works with."""

    client: interfaces.Client
    applier: apply.Applier
    reads: cache.OperatorCache
    tenants: tenants.TenantSecrets
    recorder: recorder.EventRecorder
    clock: clocks.Clock
    settings: instances.Settings
    quota_standing: Callable[[str], quota.Standing]
    """Says how a namespace's quota stands."""


@dataclass
class _Pass:
    """One look at one instance."""

    primary: interfaces.Manifest
    instance: instances.Instance
    troubles: list[Trouble] = field(default_factory=list)
    live: dict[str, interfaces.Manifest | None] = field(default_factory=dict)
    """Own children by kind, as the last answer or the cache shows them."""
    settled: set[str] = field(default_factory=set)
    """Kinds whose child is there as desired."""
    look_again: list[float] = field(default_factory=list)
    """Seconds from now."""
    host_decision: host.HostDecision = field(default_factory=host.HostDecision)
    tenant_secret: TenantSecret | None = None
    has_quota: bool = False
    shortfall: str = ""
    is_held: bool = False
    """Whether a child waits for the quota."""
    spec_errors: tuple[str, ...] = ()

    def observed(self) -> Observed:
        return Observed(
            deployment=self.live.get("Deployment"),
            autoscaler=self.live.get("HorizontalPodAutoscaler"),
            ingress=self.live.get("Ingress"),
            spec_errors=self.spec_errors,
            troubles=tuple(self.troubles),
            host=self.host_decision,
            tenant_secret=self.tenant_secret,
            quota_shortfall=self.shortfall if self.is_held else "",
            has_quota=self.has_quota,
        )


class InstanceReconciler:
    """Keeps an instance's children and its status."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._lock = threading.Lock()
        self._waiting: set[reconcile.Request] = set()
        """Who may wait for a quota; noted before the quota is read, so that no change of it is missed."""
        self._told: memory.Memory[str, str] = memory.Memory()
        """By uid: what was told last of a resource whose status cannot be written."""

    def waiting_in(self, namespace: str) -> list[reconcile.Request]:
        """Return the instances of *namespace* that wait for its quota."""
        with self._lock:
            return [request for request in self._waiting if request.namespace == namespace]

    def _wait(self, request: reconcile.Request, *, waits: bool) -> None:
        with self._lock:
            if waits:
                self._waiting.add(request)
            else:
                self._waiting.discard(request)

    def reconcile(self, request: reconcile.Request) -> reconcile.Result:
        """Do one pass over the instance that *request* names."""
        primary = self._tools.reads.primary(request.key)
        if primary is None or self._tools.reads.is_terminating(request.namespace):
            self._wait(request, waits=False)
            return reconcile.Result()  # its children go with it: they carry its owner reference
        try:
            instance = cache.instance_of(primary)
        except crd.SpecError as error:
            self._wait(request, waits=False)
            self._report_unreadable(primary, str(error))
            return reconcile.Result()
        a_pass = self._look(primary, instance)
        if not instance.is_paused and not a_pass.spec_errors:
            self._act(a_pass)
            if self._tools.reads.is_terminating(request.namespace):  # what was refused because of that is no news
                return reconcile.Result()
        observed = a_pass.observed()
        self._report(primary, conditions.conditions(instance, observed), conditions.numbers(instance, observed))
        self._wait(request, waits=a_pass.is_held)
        return reconcile.Result(min(a_pass.look_again, default=0.0))

    def _look(self, primary: interfaces.Manifest, instance: instances.Instance) -> _Pass:
        """Read everything that a pass depends on."""
        reads = self._tools.reads
        a_pass = _Pass(primary, instance, spec_errors=tuple(desired.problems(instance)))
        for gvk in kinds.OBSERVED:
            a_pass.live[gvk.kind] = reads.child(gvk, instance)
        if instance.spec.need_auth:
            sight = self._tools.tenants.look(objects.ObjectKey(instance.namespace, instance.spec.tenant))
            a_pass.tenant_secret = sight.found
            a_pass.look_again.append(sight.look_again_seconds)
        a_pass.host_decision = self._decide_host(instance)
        self._wait(reconcile.Request(instance.namespace, instance.name), waits=True)
        standing = self._tools.quota_standing(instance.namespace)
        a_pass.has_quota, a_pass.shortfall = standing.has_quota, standing.shortfall
        return a_pass

    def _decide_host(self, instance: instances.Instance) -> host.HostDecision:
        name = host.name(instance, self._tools.settings)
        if not name:
            return host.HostDecision()
        siblings = self._tools.reads.siblings(objects.ObjectKey(instance.namespace, instance.name), name)
        with_ingress = {each.name for each in siblings if each.has_host}
        claims = [host.claim(each.instance, with_ingress) for each in siblings if each.instance is not None]
        unreadable = [host.Claim(each.name, is_stuck=True) for each in siblings if each.instance is None and each.has_host]
        return host.decide(host.claim(instance, with_ingress), [*claims, *unreadable], name, with_ingress)

    def _act(self, a_pass: _Pass) -> None:
        """Write what differs."""
        tools, instance = self._tools, a_pass.instance
        owner = ownership.ByController(a_pass.primary)
        remembered = (a_pass.primary.get("status") or {}).get(replicas.MEMORY_FIELD)
        decision = replicas.decide(instance, self._scale_to_act_on(a_pass, owner), remembered)
        if decision.remember is not None:
            self._remember(a_pass, decision.remember)
        if decision.handover is not None:
            self._hand_over(a_pass, decision.handover)
        rolls_from = quota.rolls_from(instance, tools.settings, a_pass.live["Deployment"])
        plan = desired.Plan(decision.write, a_pass.host_decision.needs_ingress, rolls_from)
        children = desired.children(instance, tools.settings, plan)
        self._prune(a_pass, owner, children)  # before the Deployment: an HPA on its way out must not answer what we write
        for child in children:
            if a_pass.shortfall and quota.grows(child, a_pass.live.get(child["kind"])):
                a_pass.is_held = True
                a_pass.look_again.append(QUOTA_SECONDS)
            else:
                self._ensure(a_pass, owner, child)
        if decision.forget and "Deployment" in a_pass.settled:
            status.remove_field(tools.client, a_pass.primary, replicas.MEMORY_FIELD)

    def _prune(self, a_pass: _Pass, owner: ownership.ByController, children: list[interfaces.Manifest]) -> None:
        wanted = {apply.Child.of(child) for child in children}
        for outcome in self._tools.applier.prune(owner, kinds.CHILDREN, wanted):
            if outcome.state is apply.State.REJECTED:
                self._note(a_pass, outcome)
            elif outcome.child.key.name == a_pass.instance.full_name:
                a_pass.live[outcome.child.gvk.kind] = None

    def _remember(self, a_pass: _Pass, number: int) -> None:
        """Write the number to wake up with into the status; refused if the status is not as it was read."""
        number_only = {replicas.MEMORY_FIELD: number}
        status.write_status(self._tools.client, a_pass.primary, number_only, replicas.MEMORY_MANAGER, only_as_read=True)

    def _ensure(self, a_pass: _Pass, owner: ownership.ByController, child: interfaces.Manifest) -> None:
        outcome = self._tools.applier.ensure(owner, child)
        a_pass.live[child["kind"]] = outcome.live
        if outcome.is_settled:
            a_pass.settled.add(child["kind"])
        self._note(a_pass, outcome)

    @staticmethod
    def _note(a_pass: _Pass, outcome: apply.Outcome) -> None:
        if outcome.retry_after_seconds > 0:
            a_pass.look_again.append(outcome.retry_after_seconds)
        if outcome.state in _PROBLEMS:
            message = outcome.message if outcome.state is apply.State.REJECTED else ""
            gvk, key = outcome.child
            a_pass.troubles.append(Trouble(gvk.kind, key.name, _PROBLEMS[outcome.state], message))

    def _scale_to_act_on(self, a_pass: _Pass, owner: ownership.ByController) -> replicas.Scale | None:
        """Return the Deployment's replicas; one that seems to sleep, or not to be, is looked at again before it gets a number.

        A view of it may be old, and the number to wake up with forgotten since: it may run with more pods than it would get.
        """
        scale = self._scale(a_pass.live["Deployment"])
        if not a_pass.instance.is_autoscaled or (scale is not None and scale.replicas):
            return scale
        child = apply.Child(kinds.DEPLOYMENT, objects.ObjectKey(a_pass.instance.namespace, a_pass.instance.full_name))
        a_pass.live["Deployment"] = self._tools.applier.fetch(owner, child)
        return self._scale(a_pass.live["Deployment"])

    def _scale(self, deployment: interfaces.Manifest | None) -> replicas.Scale | None:
        if deployment is None:
            return None
        entry = managed_fields.entry(deployment, self._tools.applier.field_manager, kinds.DEPLOYMENT.api_version)
        is_ours = entry.field("spec").field("replicas").ours is not None
        return replicas.Scale(rollout.replicas(deployment), is_ours)

    def _hand_over(self, a_pass: _Pass, count: int) -> None:
        """Let another manager own the Deployment's replicas too, before we let go; a conflict means: read again."""
        live = a_pass.live["Deployment"]
        assert live is not None
        manifest = {
            "apiVersion": live["apiVersion"],
            "kind": live["kind"],
            "metadata": {name: live["metadata"][name] for name in ("name", "namespace", "uid")},
            "spec": {"replicas": count},
        }
        a_pass.live["Deployment"] = self._tools.client.apply(manifest, interfaces.ApplyOptions(replicas.HANDOVER_MANAGER))

    def _report(self, primary: interfaces.Manifest, verdicts: Iterable[status.Condition], numbers: interfaces.Manifest) -> None:
        """Write the status if it differs, and an event for each condition that flipped."""
        tools = self._tools
        previous = (primary.get("status") or {}).get("conditions") or ()
        judged = status.Conditions(previous, verdicts, primary["metadata"]["generation"], tools.clock)
        wanted = {**numbers, "conditions": judged.to_list()}
        if status.write_status(tools.client, primary, wanted, tools.applier.field_manager):
            self._tell(primary, judged)

    def _report_unreadable(self, primary: interfaces.Manifest, message: str) -> None:
        """Say in the status that the spec cannot be read; where no status can be written either, events say it."""
        tools = self._tools
        before = primary.get("status") or {}
        generation = primary["metadata"]["generation"]
        judged = status.Conditions(before.get("conditions") or (), conditions.unreadable(message), generation, tools.clock)
        wanted = {"observedGeneration": generation, "conditions": judged.to_list()}
        remembered = {name: before[name] for name in (replicas.MEMORY_FIELD,) if name in before}  # another manager's
        if before == wanted | remembered:
            return
        try:
            self._write_unreadable(primary, wanted, remembered)
        except errors.InvalidError:
            uid = primary["metadata"]["uid"]
            if self._told.recall(uid) == message:
                return
            self._told.note(uid, message)
        self._tell(primary, judged)

    def _write_unreadable(
        self, primary: interfaces.Manifest, wanted: interfaces.Manifest, remembered: interfaces.Manifest
    ) -> None:
        tools = self._tools
        try:
            status.write_status(tools.client, primary, wanted, tools.applier.field_manager)
        except (errors.ServerError, errors.InvalidError):  # what makes it unreadable may also keep the server from applying
            status.patch_status(tools.client, primary, wanted | remembered)

    def _tell(self, primary: interfaces.Manifest, judged: status.Conditions) -> None:
        """Emit an event for each condition that flipped."""
        for transition in judged.transitions():
            verdict, is_bad = transition.verdict, _is_bad(transition.verdict)
            if transition.before or is_bad:  # that a new resource has nothing to complain about is no news
                note = f"{verdict.type} is {verdict.status}" + (f": {verdict.message}" if verdict.message else "")
                self._tools.recorder.event(primary, "Warning" if is_bad else "Normal", verdict.reason, "Reconcile", note)


def _is_bad(verdict: status.Verdict) -> bool:
    if verdict.type == conditions.DEGRADED:
        return verdict.status == "True"
    return verdict.type in _WARNINGS and verdict.status != "True"
