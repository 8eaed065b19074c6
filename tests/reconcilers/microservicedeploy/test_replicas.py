"""Tests of who writes replicas, by rules and by a model of the API server."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcilers.microservicedeploy import instances, replicas
from tests.support import microservices

OURS = replicas.HANDOVER_MANAGER.removesuffix("-handover")
RESOURCES = {"requests": {"cpu": "1"}}


def instance(wanted: int, **changes: object) -> instances.Instance:
    """Return an instance with *wanted* replicas that can scale."""
    return microservices.plain(replicas=wanted, resourceRequirements=RESOURCES, **changes)


def autoscaled(wanted: int, **changes: object) -> instances.Instance:
    """Return one whose HPA runs between *wanted* and twice as many."""
    return instance(wanted, autoscaling=True, **changes)


@pytest.mark.parametrize(
    ("wanted", "live", "remembered", "decision"),
    [
        (instance(3), None, None, replicas.Decision(write=3)),
        (instance(3), replicas.Scale(7, is_ours=False), None, replicas.Decision(write=3)),
        (instance(3), replicas.Scale(0, is_ours=True), 5, replicas.Decision(write=3, forget=True)),
        (instance(0), replicas.Scale(3, is_ours=True), None, replicas.Decision(write=0)),
        (autoscaled(3), None, None, replicas.Decision(write=3)),
        (autoscaled(3), None, 5, replicas.Decision(write=5)),
        (autoscaled(3), replicas.Scale(3, is_ours=True), None, replicas.Decision(handover=3)),
        (autoscaled(3), replicas.Scale(5, is_ours=False), None, replicas.Decision()),
        (autoscaled(3), replicas.Scale(1, is_ours=False), None, replicas.Decision()),
        (autoscaled(3), replicas.Scale(0, is_ours=True), 5, replicas.Decision(write=5)),
        (autoscaled(3), replicas.Scale(0, is_ours=True), 99, replicas.Decision(write=6)),
        (autoscaled(3), replicas.Scale(0, is_ours=True), 1, replicas.Decision(write=3)),
        (autoscaled(3), replicas.Scale(0, is_ours=False), None, replicas.Decision(write=3)),
        (autoscaled(3), replicas.Scale(5, is_ours=True), 5, replicas.Decision(handover=5, forget=True)),
        (autoscaled(3, idle=True), None, None, replicas.Decision(write=0)),
        (autoscaled(3, idle=True), replicas.Scale(5, is_ours=False), None, replicas.Decision(remember=5, write=0)),
        (autoscaled(3, idle=True), replicas.Scale(5, is_ours=False), 5, replicas.Decision(remember=5, write=0)),
        (autoscaled(3, idle=True), replicas.Scale(2, is_ours=False), 5, replicas.Decision(remember=5, write=0)),
        (autoscaled(3, idle=True), replicas.Scale(0, is_ours=True), 5, replicas.Decision(write=0)),
        (instance(3, idle=True), replicas.Scale(3, is_ours=True), None, replicas.Decision(remember=3, write=0)),
        (instance(0, idle=True), replicas.Scale(0, is_ours=True), None, replicas.Decision(write=0)),
    ],
    ids=[
        "created",
        "autoscaling turned off goes straight there",
        "woken without autoscaling",
        "zero",
        "created with autoscaling",
        "deleted while idle and woken",
        "handed over",
        "the HPA's",
        "too few are the HPA's to mend",
        "woken",
        "woken at most at the maximum",
        "woken at least at the minimum",
        "at zero without ever being idle",
        "handed over after waking",
        "created idle",
        "put to sleep after remembering",
        "put to sleep when remembered",
        "scaled by hand while idle",
        "asleep",
        "put to sleep without autoscaling",
        "asleep at zero",
    ],
)
def test_replicas_are_decided_by_these_rules(
    wanted: instances.Instance, live: replicas.Scale | None, remembered: int | None, decision: replicas.Decision
) -> None:
    """Each rule of the two modes, of sleep and of waking."""
    assert replicas.decide(wanted, live, remembered) == decision


@dataclass
class Cluster:
    """A Deployment's replicas with their owners, as server-side apply and the HPA change them."""

    value: int | None = None
    owners: frozenset[str] = frozenset()
    remembered: int | None = None
    lowest: int = 0
    """The smallest number since it was set."""

    def run(self, wanted: instances.Instance, *, dies_after: int = 9) -> int:
        """Do one pass of the reconciler that dies after some writes; return how many it made."""
        live = None if self.value is None else replicas.Scale(self.value, OURS in self.owners)
        decision = replicas.decide(wanted, live, self.remembered)
        writes: list[Callable[[], None]] = []
        if decision.remember is not None:
            writes.append(lambda: self._remember(decision.remember))
        if decision.handover is not None:
            writes.append(lambda: self._hand_over(decision.handover))
        if decision.write is not None and (decision.write != self.value or OURS not in self.owners):
            writes.append(lambda: self._set(decision.write, self.owners & {replicas.HANDOVER_MANAGER} | {OURS}, force=True))
        if decision.write is None and OURS in self.owners:
            writes.append(self._let_go)
        if decision.forget:
            writes.append(lambda: self._remember(None))
        for write in writes[:dies_after]:
            write()
        return len(writes)

    def autoscale(self, to: int) -> None:
        """Do what the HPA does: it never touches a Deployment at zero."""
        if self.value and to != self.value:
            self._set(to, frozenset({"hpa"}), force=False)

    def settle(self, wanted: instances.Instance) -> None:
        """Run until nothing is written."""
        for _ in range(5):
            if not self.run(wanted):
                return
        raise AssertionError("it never comes to rest")

    def _remember(self, number: int | None) -> None:
        self.remembered = number

    def _hand_over(self, number: int | None) -> None:
        assert number == self.value, "applying another number without force would be a conflict"
        self.owners |= {replicas.HANDOVER_MANAGER}

    def _let_go(self) -> None:
        self.owners -= {OURS}
        if not self.owners:
            self._set(1, frozenset(), force=False)

    def _set(self, number: int | None, owners: frozenset[str], *, force: bool) -> None:
        assert number is not None
        if force and number != self.value:
            owners = frozenset({OURS})
        self.value, self.owners = number, owners
        self.lowest = min(self.lowest, number)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(1, 4), st.booleans(), st.booleans()),
        st.tuples(st.just("hpa"), st.integers(0, 8)),
        st.tuples(st.just("die"), st.integers(0, 2)),
        st.tuples(st.just("run")),
    ),
    max_size=20,
)


@given(STEPS)
def test_any_story_ends_at_rest_where_the_spec_says(steps: list[tuple[object, ...]]) -> None:
    """After edits, scaling and crashes in any order it comes to rest at the right number, never below the minimum while awake."""
    cluster, wanted = Cluster(), instance(2)
    cluster.settle(wanted)
    for step in steps:
        was_asleep = not cluster.value
        cluster.lowest = cluster.value or 0
        floor = min(cluster.value or 0, wanted.spec.replicas)
        match step:
            case ("edit", int(number), bool(scales), bool(idle)):
                wanted = instance(number, autoscaling=scales, idle=idle)
                continue
            case ("hpa", int(number)) if wanted.is_autoscaled:
                cluster.autoscale(max(wanted.spec.replicas, min(number, wanted.max_replicas)))
            case ("die", int(after)):
                cluster.run(wanted, dies_after=after)
            case ("run",):
                cluster.settle(wanted)
        if not wanted.spec.idle and not was_asleep:
            assert cluster.lowest >= floor
    cluster.settle(wanted)
    if wanted.spec.idle:
        assert cluster.value == 0
    elif wanted.spec.autoscaling:
        assert cluster.value
        assert OURS not in cluster.owners
        assert cluster.remembered is None
    else:
        assert cluster.value == wanted.spec.replicas


def test_sleeping_and_waking_keeps_what_the_autoscaler_had_found() -> None:
    """The number survives a crash between remembering it and writing zero, and an edit of the spec meanwhile."""
    cluster, awake, asleep = Cluster(), autoscaled(3), autoscaled(3, idle=True)
    cluster.settle(awake)
    cluster.autoscale(5)
    cluster.run(asleep, dies_after=1)
    assert (cluster.value, cluster.remembered) == (5, 5)
    cluster.settle(asleep)
    assert (cluster.value, cluster.remembered) == (0, 5)
    cluster.settle(autoscaled(4, idle=True))
    cluster.settle(autoscaled(4))
    assert (cluster.value, cluster.remembered, OURS in cluster.owners) == (5, None, False)
