"""The judge of the numbers of replicas, with made-up records: what it must refuse, and what it must not."""

import itertools

import pytest

from tests.support import replica_judge
from tests.support.replica_recorder import Write

OFF = {"autoscaling": False, "replicas": 2, "maxReplicas": 6}
ON = OFF | {"autoscaling": True}
IDLE = ON | {"idle": True}
MANAGERS = {"us": "coxswain Apply", "hpa": "kube-controller-manager Update", "hand": "kubectl-edit Update"}


class Records:
    """Writes in the order in which they are told."""

    def __init__(self):
        self._versions = itertools.count(1)
        self._generation = 0
        self.history, self.scalings, self.autoscalers = [], [], []

    def spec(self, spec, remembered=None):
        """A user's edit, or that something is remembered under the same spec."""
        self._generation += not self.history or self.history[-1].content["spec"] != spec
        content = {"metadata": {"generation": self._generation}, "spec": spec, "status": {"lastActiveReplicas": remembered}}
        self.history.append(self._write("MicroServiceDeploy", content))
        return self

    def scaled(self, *turns):
        """Numbers, each with its writer: "us 2"."""
        for turn in turns:
            name, number = turn.split()
            manager, _, operation = MANAGERS.get(name, "").partition(" ")
            entry = {"manager": manager, "operation": operation, "fieldsV1": {"f:spec": {"f:replicas": {}}}}
            content = {"metadata": {"managedFields": [entry] if manager else []}, "spec": {"replicas": int(number)}}
            self.scalings.append(self._write("Deployment", content))
        return self

    def autoscaler(self, is_deleted=False):
        """The making of the autoscaler, or its end."""
        self.autoscalers.append(self._write("HorizontalPodAutoscaler", {}, is_deleted))
        return self

    def _write(self, kind, content, is_deleted=False):
        return Write(next(self._versions), kind, "ms", is_deleted, content)

    def judge(self):
        """Judge them."""
        replica_judge.judge(self.history, self.scalings, self.autoscalers)


FAIR = {
    "creation, a load, and a hand's edit that the autoscaler mends": Records()
    .spec(ON)
    .scaled("us 2")
    .autoscaler()
    .scaled("hpa 5", "hand 3", "hpa 5"),
    "autoscaling turned off": Records().spec(ON).scaled("us 2").autoscaler().scaled("hpa 5").spec(OFF).scaled("us 2"),
    "a hand's edit undone, by a view in which autoscaling is still off": Records()
    .spec(OFF)
    .scaled("us 2", "hand 7")
    .spec(ON)
    .scaled("us 2")
    .autoscaler()
    .scaled("hpa 5"),
    "asleep and awake": Records().spec(ON).scaled("us 2").autoscaler().scaled("hpa 5").spec(IDLE).spec(IDLE, 5)
    .autoscaler(is_deleted=True)
    .scaled("us 0")
    .spec(ON, 5)
    .scaled("us 5")
    .autoscaler(),
    "awake just after a hand's edit": Records().spec(IDLE, 4).scaled("us 0").spec(ON, 4).scaled("hand 3", "us 4"),
    "a view that is one edit late": Records().spec(OFF).scaled("us 2").spec(OFF | {"replicas": 3}).spec(OFF | {"replicas": 4})
    .scaled("us 3", "us 4"),
}  # fmt: skip
UNFAIR = {
    "a fight": Records().spec(ON).scaled("us 2").autoscaler().scaled("hpa 5", "us 2", "hpa 5"),
    "a fight after autoscaling was turned on": Records().spec(OFF).scaled("us 2").spec(ON).autoscaler()
    .scaled("hpa 5", "us 2", "hpa 5", "us 2"),
    "a single push": Records().spec(OFF).scaled("us 2").spec(ON).autoscaler().scaled("hpa 5", "us 2"),
    "a dip on the way to off": Records().spec(ON).scaled("us 2").autoscaler().scaled("hpa 5").spec(OFF).scaled("us 1", "us 2"),
    "a dip below the least by the autoscaler": Records().spec(ON).scaled("us 2").autoscaler().scaled("hpa 1"),
    "a reset to 1 by the server": Records().spec(OFF).scaled("us 2").spec(ON).scaled("nobody 1"),
    "awake with another number than remembered": Records().spec(IDLE, 4).scaled("us 0").spec(ON, 4).scaled("us 3"),
    "awake with a dip": Records().spec(IDLE, 4).scaled("us 0").spec(ON, 4).scaled("us 1", "us 4"),
    "back to an older spec": Records().spec(OFF).scaled("us 2").spec(OFF | {"replicas": 4}).scaled("us 4", "us 2", "us 4"),
}  # fmt: skip


@pytest.mark.parametrize("records", FAIR.values(), ids=FAIR.keys())
def test_what_is_right_passes(records):
    """Creation, idle, waking and autoscaling turned off are ours to write, and a view may be late."""
    records.judge()


@pytest.mark.parametrize("records", UNFAIR.values(), ids=UNFAIR.keys())
def test_what_is_wrong_is_refused(records):
    """Under autoscaling no number is ours but to make and to wake the Deployment; no number is below the least."""
    with pytest.raises(AssertionError):
        records.judge()
