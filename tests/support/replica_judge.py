"""A judge over all numbers of replicas that a Deployment was ever to have: did whoever wrote one have the right to?

What flows in: recorded writes of a MicroServiceDeploy, its Deployment and its autoscaler. What flows out: nothing, or an
assertion that fails with the story. Pure.

The operator may be a few edits late, but what it sees never goes back. So each number that it writes must be what one of the last
specs asks for, and none older than what it has shown to know by an earlier number, or by making an autoscaler.
"""

from collections.abc import Sequence
from typing import Any

from tests.support.replica_recorder import Write

US, AUTOSCALER = "coxswain Apply", "kube-controller-manager Update"
_LATE_SPECS = 3
"""How many specs the operator may still act on."""
_LATE_WRITES = 4
"""How many writes of the resource may have shown what the operator remembers."""


def writer(write: Write) -> str:
    """Return who wrote the wanted number: us, the autoscaler, or somebody by hand; nobody if the server reset it."""
    named = next((name for manager, name in {US: "us", AUTOSCALER: "hpa"}.items() if manager in write.managers), "hand")
    return named if write.managers else "nobody"


def judge(history: Sequence[Write], scalings: Sequence[Write], autoscalers: Sequence[Write]) -> None:
    """Fail unless every number is one that its writer may write then.

    Args:
        history: All writes of the MicroServiceDeploy.
        scalings: The writes that changed the Deployment's wanted number, its creation first.
        autoscalers: All writes of the autoscaler.
    """
    story = [(write.replicas, writer(write)) for write in scalings]
    known = 0
    for write in sorted([*scalings, *_made(autoscalers)], key=lambda each: each.version):
        told = [each for each in history if each.version < write.version]
        specs = _last_specs(told)
        if write.kind != "Deployment":
            known = min((number for number, spec in specs.items() if number >= known and _is_autoscaled(spec)), default=known)
            continue
        assert writer(write) != "nobody", story
        if writer(write) == "hpa":
            assert write.replicas >= min(_least(spec) for spec in specs.values()), (write.replicas, specs, story)
        if writer(write) == "us":
            before = scalings[: scalings.index(write)]
            wanted = {number: _asked_for(spec, told, before) for number, spec in specs.items() if number >= known}
            fitting = [number for number, numbers in wanted.items() if write.replicas in numbers]
            assert fitting, (write.replicas, len(before), wanted, story)
            known = min(fitting)


def _made(autoscalers: Sequence[Write]) -> list[Write]:
    """Return the writes that made the autoscaler: whoever does that has seen a spec that wants one."""
    befores = [None, *autoscalers]
    return [write for before, write in zip(befores, autoscalers, strict=False) if before is None or before.is_deleted]


def _last_specs(told: Sequence[Write]) -> dict[int, dict[str, Any]]:
    specs = {write.content["metadata"]["generation"]: write.content["spec"] for write in told}
    return {number: specs[number] for number in sorted(specs)[-_LATE_SPECS:]}


def _is_autoscaled(spec: dict[str, Any]) -> bool:
    return bool(spec.get("autoscaling")) and not spec.get("idle")


def _least(spec: dict[str, Any]) -> int:
    return 0 if spec.get("idle") else int(spec["replicas"])


def _asked_for(spec: dict[str, Any], told: Sequence[Write], before: Sequence[Write]) -> set[int]:
    """Return the numbers that *spec* lets us write: under autoscaling none, except to make the Deployment and to wake it."""
    if not _is_autoscaled(spec):
        return {_least(spec)}
    if before and not _is_asleep(before):
        return set()
    remembered = {write.remembered for write in told[-_LATE_WRITES:]}
    return {max(spec["replicas"], min(number or spec["replicas"], spec["maxReplicas"])) for number in remembered}


def _is_asleep(before: Sequence[Write]) -> bool:
    """Say whether we could see a Deployment at 0: also one that was changed by hand just now."""
    seen = before[-2:] if writer(before[-1]) == "hand" else before[-1:]
    return any(write.replicas == 0 for write in seen)
