"""The operator killed at 20 random points: point 9 of what must hold.

Two namespaces of one control plane are told the same story. In one the operator works undisturbed; in the other it speaks through
a proxy that kills it with SIGKILL at chosen requests, right before the server gets one or right after the server has done it, and
then starts it again. After each step both must look the same.
"""

import logging
import random
import threading

import pytest

from envtest import fault_proxy, faults
from tests.support import cluster, control_planes, manager_process, msd_script, msd_state
from tests.support.cluster import eventually

pytestmark = pytest.mark.timeout(600)
_log = logging.getLogger(__name__)
SEED = 9
"""Another one kills at other points; the report of a failure lists them."""
PATIENCE_SECONDS = 180
FLAGS = ("--base-domain", "apps.example.com", "--max-concurrent-reconciles", "4")


def is_write_of(resource, name):
    return lambda call: call.is_write and (call.resource, call.name) == (resource, name)


class Killer:
    """Kills and restarts a manager at its next writes, as many as it is told to."""

    def __init__(self, manager, plan, rng):
        self._manager = manager
        self._plan = plan
        self._rng = rng
        self._wanted = 0
        self._longest_gap = 1
        self._lock = threading.Lock()
        self.kills = []

    def strike(self, number, longest_gap):
        """Kill *number* times more, each time at one of the next *longest_gap* writes."""
        self._wanted, self._longest_gap = number, longest_gap
        self._arm()

    @property
    def is_done(self):
        return self._wanted == 0

    def strike_at(self, matches, cut):
        """Kill once more, at the next request that *matches*; return a list that holds the kill once it has happened."""
        happened = []

        def kill():
            self._restart()
            happened.append(cut)

        self._plan.at(1, faults.Fault(cut, kill), matches)
        return happened

    def _restart(self):
        with self._lock:  # two requests may have their turn at the same time, and there is one manager
            self._manager.kill()
            self._manager.start()

    def _arm(self):
        gap, cut = self._rng.randint(1, self._longest_gap), self._rng.choice(list(faults.Cut))
        self._plan.at(gap, faults.Fault(cut, lambda: self._kill(gap, cut)), is_childs_or_status)

    def _kill(self, gap, cut):
        self._restart()
        self.kills.append((gap, cut.value))
        _log.warning("seed %s, kill %s: %s write %s since the last start", SEED, len(self.kills), cut.value, gap)
        self._wanted -= 1
        if self._wanted:
            self._arm()  # only now: what the killed process had sent must not count


def is_childs_or_status(call):
    """Match the writes that matter; events are told by a thread of their own, and lost with the process."""
    return call.is_write and call.resource != "events.events.k8s.io"


@pytest.fixture
def stage(server_kind, tmp_path):
    """A calm namespace, a stormy one, the killer of the latter's manager, and that manager."""
    with control_planes.create(kind=server_kind) as running, fault_proxy.Proxy(running.endpoint, running.serving) as proxy:
        proxy.write_kubeconfig(tmp_path / "kubeconfig")
        teams = []
        for name in ("calm", "stormy"):
            teams.append(cluster.Cluster(running.kubeconfig, control_planes.make_namespace(running, name)))
            teams[-1].secret()
        undisturbed = manager_process.ManagerProcess(running.kubeconfig, tmp_path / "calm.log", "--namespace", "calm", *FLAGS)
        killed = manager_process.ManagerProcess(tmp_path / "kubeconfig", tmp_path / "stormy.log", "--namespace", "stormy", *FLAGS)
        with undisturbed, killed:
            yield (*teams, Killer(killed, proxy.faults, random.Random(SEED)), killed, proxy.log)


def test_9_killed_at_20_points_the_end_is_exact(stage):
    """Wherever the operator is killed, each step ends as without: no write too many, nothing missing, nothing left over."""
    calm, stormy, killer, manager, log = stage
    stories = [msd_script.Script(team) for team in (calm, stormy)]

    def tell(step, kills, longest_gap):
        killer.strike(kills, longest_gap)
        for story in stories:
            step(story)
        eventually(lambda: killer.is_done, PATIENCE_SECONDS, lambda: killer.kills)
        msd_state.wait_equal(stormy, calm, PATIENCE_SECONDS)

    tell(msd_script.Script.create, 8, 6)
    for story in stories:
        story.grow()
    asleep_and_silent = killer.strike_at(is_write_of("deployments.apps", stories[1].name("sleepy")), faults.Cut.AFTER)
    tell(msd_script.Script.change, 5, 4)
    assert asleep_and_silent == [faults.Cut.AFTER]
    tell(msd_script.Script.turn, 4, 4)
    assert_nothing_is_left_to_do(manager, log)
    assert stormy.get("Deployment", stories[1].name("sleepy"))["spec"]["replicas"] == msd_script.GROWN
    tell(lambda story: story.delete("bare"), 1, 1)  # brings the quota back
    tell(lambda story: story.delete("second"), 1, 1)  # moves the host
    tell(lambda story: story.delete(), 1, 1)
    for team in (calm, stormy):
        eventually(lambda team=team: not msd_state.left_over(team), PATIENCE_SECONDS, lambda team=team: msd_state.left_over(team))
    assert len(killer.kills) == 20


def runs_of(manager):
    series = manager.metrics()
    name = 'controller_runtime_reconcile_total{controller="microservicedeploy"'
    return sum(number for one, number in series.items() if one.startswith(name))


def assert_nothing_is_left_to_do(manager, log):
    """A manager that is started once more looks at everything and writes nothing."""
    manager.kill()
    before = len(log.writes())
    manager.start()
    manager.wait_until_working()
    eventually(lambda: runs_of(manager) >= len(msd_script.SPECS) + 1, 30, lambda: manager.output[-2000:])
    assert log.writes()[before:] == []
