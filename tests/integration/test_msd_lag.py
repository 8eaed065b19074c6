"""Informers that are late: point 11 of what must hold.

Three namespaces of one control plane are told the same story at the same time. The operator of the first sees everything at once;
those of the others speak through proxies that deliver each frame of each watch 4 s and 8 s late, once the first instances are
made. A key waits 5 s for its own writes: a view that is 4 s late must cause no write in vain, one that is 8 s late no wrong end.
"""

import collections

import pytest

from envtest import fault_proxy
from tests.support import cluster, control_planes, manager_process, msd_script, msd_state

pytestmark = pytest.mark.timeout(600)
PATIENCE_SECONDS = 240
EVENTS = "events.events.k8s.io"
FLAGS = ("--base-domain", "apps.example.com", "--max-concurrent-reconciles", "4")


class Actor:
    """A namespace, its operator, and the stories that are told in it."""

    def __init__(self, control_plane, name, folder, proxy=None):
        self.team = cluster.Cluster(control_plane.kubeconfig, control_planes.make_namespace(control_plane, name))
        self.team.secret()
        self.proxy = proxy
        self.story, self.addition = msd_script.Script(self.team), msd_script.Script(self.team, "add")
        kubeconfig = folder / f"{name}.kubeconfig"
        (proxy or control_plane).write_kubeconfig(kubeconfig)
        self.manager = manager_process.ManagerProcess(kubeconfig, folder / f"{name}.log", "--namespace", name, *FLAGS)

    def late_keys(self):
        """How many keys went on at the deadline."""
        series = self.manager.metrics()
        return sum(value for name, value in series.items() if name.startswith("read_your_writes_deadline_exceeded_total"))


@pytest.fixture(scope="module")
def actors(server_kind, tmp_path_factory):
    """The three: under lag, each has come to the same end of a first wave of changes and creations; a second one has begun."""
    folder = tmp_path_factory.mktemp("lag")
    with (
        control_planes.create(kind=server_kind) as running,
        fault_proxy.Proxy(running.endpoint, running.serving) as late,
        fault_proxy.Proxy(running.endpoint, running.serving) as later,
    ):
        made = [
            Actor(running, *each) for each in (("calm", folder), ("behind-four", folder, late), ("behind-eight", folder, later))
        ]
        with made[0].manager, made[1].manager, made[2].manager:
            for actor in made:
                actor.story.create()
            for actor in made[1:]:
                msd_state.wait_equal(actor.team, made[0].team, PATIENCE_SECONDS)
            for actor in made:
                actor.story.grow()
            late.faults.set_lag(4)
            later.faults.set_lag(8)
            for actor in made:
                actor.story.change()
                actor.addition.create()
            for actor in made[1:]:
                msd_state.wait_equal(actor.team, made[0].team, PATIENCE_SECONDS)
            for actor in made:
                actor.story.turn()
                actor.addition.delete("closed", "second", "plain")
            yield made


def assert_end(actor, calm):
    """Wait until an actor has come to the end of the second wave as the undisturbed one has."""
    msd_state.wait_equal(actor.team, calm.team, PATIENCE_SECONDS)
    assert actor.team.get("Deployment", actor.story.name("sleepy"))["spec"]["replicas"] == msd_script.GROWN


def test_11_a_lag_of_4_seconds_causes_no_write(actors):
    """The end of two waves of changes is exact; no write conflicts, none changes nothing, nothing is made or deleted twice."""
    calm, late, _ = actors
    assert_end(late, calm)
    writes = [entry for entry in late.proxy.log.writes() if entry.call.resource != EVENTS]
    assert len(writes) > 100
    assert [entry for entry in writes if entry.status not in (200, 201)] == []
    assert_no_write_is_idle(writes)
    assert_nothing_is_made_or_deleted_twice(writes)
    assert late.late_keys() == 0


def test_11_a_lag_of_8_seconds_is_measured_and_mended(actors):
    """The deadline's metric counts keys that went on with an old view, and both waves' ends are exact all the same."""
    calm, _, later = actors
    assert_end(later, calm)
    assert later.late_keys() > 0


def assert_no_write_is_idle(writes):
    """Fail if a write left an object at the version where our last one had left it."""
    versions = {}
    for entry in writes:
        if entry.resource_version:
            thing = (entry.call.resource, entry.name)
            assert versions.get(thing) != entry.resource_version, entry
            versions[thing] = entry.resource_version


def assert_nothing_is_made_or_deleted_twice(writes):
    """Fail if an object of a name was created again without a deletion between, or a uid deleted twice."""
    made = collections.Counter((entry.call.resource, entry.name) for entry in writes if entry.status == 201)
    deleted = collections.Counter((entry.call.resource, entry.name) for entry in writes if entry.call.verb == "delete")
    uids = collections.Counter(entry.uid for entry in writes if entry.call.verb == "delete")
    assert [thing for thing, number in made.items() if number > 1 + deleted[thing]] == []
    assert [uid for uid, number in uids.items() if number > 1] == []
