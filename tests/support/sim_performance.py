"""One telling of the story, disturbed in one way, and judged: the end of each step is exact, and then nothing more is written.

What flows in: a control plane, a `Disturbance`, and how each step ends where nothing disturbs it. What flows out: an `Outcome`.
The test's thread.
"""

import json
import logging
import pathlib
import time
from dataclasses import dataclass, field

import structlog

from tests.support import control_planes, msd_state, sim_operator, sim_story, sim_view

PATIENCE_SECONDS = 30.0
REST_SECONDS = 5.0
"""How long an operator may have nothing to do in a state that is not the end; it looks again at what it waits for much sooner."""
CALM_SECONDS = 0.3
"""How long nothing happens after an undisturbed step, to be sure that it has ended."""
WHILE_SECONDS = 1.0
_POLL_SECONDS = 0.01
LAST = "delete"


class BrokenError(Exception):
    """An invariant does not hold."""


class Disturbance:
    """What disturbs a performance; this one does not."""

    name = "calm"
    bursts = ()
    """Steps that are told without a pause between them; by default each is waited for."""
    changes_history = False
    """Whether Deployments may be rolled more or less often than without it."""

    def begin(self, performance):
        """Be told of the beginning, before the operator's first life."""

    def before(self, performance, steps):
        """Be told what is about to happen."""

    def during(self, performance, steps):
        """Be told that the user has done it."""

    def after(self, performance, steps):
        """Be told that it has ended well."""


class Reference(Disturbance):
    """What shows how each step ends."""

    name = "reference"


@dataclass
class Outcome:
    """How it went."""

    name: str
    ends: dict = field(default_factory=dict)
    """How the namespace looked after each step."""
    writes: dict = field(default_factory=dict)
    """How much the operator wrote for each step."""
    lives: int = 0
    failed_runs: int = 0
    """Of the life that told the last step."""
    seconds: float = 0.0
    problem: str = ""
    """Which invariant does not hold; empty: all do."""
    log: str = ""
    """Where the request log is."""


class Performance:
    """One telling; it is told once."""

    def __init__(self, control_plane, disturbance, ends, variant=None):
        self.control_plane = control_plane
        self.disturbance = disturbance
        self._ends = ends
        self._namespace = control_planes.own_name()
        self.story = sim_story.Story(control_plane, self._namespace)
        self.operator = sim_operator.Operator(control_plane, self._namespace, variant)
        self.step = ""
        """The step that is being told."""
        self._outcome = Outcome(disturbance.name)
        self._wrong_mark = None
        """As of which it was not yet as it must be: to look again before something has changed is a waste."""

    @property
    def plan(self):
        """What goes wrong."""
        return self.operator.plan

    def tell(self, folder):
        """Tell the story, write the logs into *folder*, and return what came of it."""
        began = time.monotonic()
        folder = pathlib.Path(folder, self.disturbance.name)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "operator.log").open("w") as output:
            structlog.configure(
                wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
                logger_factory=structlog.WriteLoggerFactory(output),
            )
            try:
                self._tell_all()
            except BrokenError as failure:
                self._outcome.problem = f"{self.disturbance.name}, step {self.step!r}: {failure}"
            finally:
                structlog.reset_defaults()
        (folder / "requests.log").write_text("".join(f"{entry}\n" for entry in self.operator.log.entries()))
        self._outcome.seconds = time.monotonic() - began
        self._outcome.log = str(folder / "requests.log")
        self._outcome.lives = self.operator.lives
        return self._outcome

    def _tell_all(self):
        self.story.prepare()
        self.disturbance.begin(self)
        try:
            with self.operator:
                for steps in self._bursts():
                    if steps == (LAST,):
                        self._assert_nothing_is_left_to_do()
                    self._tell(steps)
                self._outcome.failed_runs = self.operator.life.manager.failed_runs()
                self._assert_nothing_is_left_to_do()
                if touched := self.story.touched():
                    raise BrokenError(f"somebody else's are not as they were: {touched}")
        finally:
            control_planes.delete_namespace(self.control_plane, self._namespace)

    def _bursts(self):
        return self.disturbance.bursts or [(step,) for step in self.story.steps]

    def _tell(self, steps):
        self.step = steps[-1]
        before = len(self.operator.writes())
        self.disturbance.before(self, steps)
        for step in steps:
            self.story.steps[step]()
        self.disturbance.during(self, steps)
        self.wait_for_end(self.step)
        self._outcome.writes[self.step] = len(self.operator.writes()) - before
        self.disturbance.after(self, steps)

    def wait_for_end(self, step):
        """Wait until the namespace looks as it must after *step*, and the operator has nothing to do."""
        if self._ends is None:
            self._outcome.ends[step] = self._settle()
            return
        expected = self._shown(self._ends[step])
        self._wrong_mark = None
        self.wait(lambda: self._is_settled(expected), lambda: self._difference(expected))

    def wait(self, condition, describe):
        """Wait for *condition* while the operator is kept alive.

        Raises:
            BrokenError: It does not come.
        """
        began = busy = time.monotonic()
        seen = None
        while not condition():
            self.operator.tend()
            now, mark = time.monotonic(), self._mark()
            if mark != seen or not self.operator.is_idle():
                seen, busy = mark, now
            if now > min(began + PATIENCE_SECONDS, busy + REST_SECONDS):
                raise BrokenError(describe())
            time.sleep(_POLL_SECONDS)

    def wait_a_while(self, condition):
        """Wait for *condition*, but not for long: with a wrong view of things an operator may have no rest."""
        until = time.monotonic() + WHILE_SECONDS
        while not condition() and time.monotonic() < until:
            self.operator.tend()
            time.sleep(_POLL_SECONDS)

    def _is_settled(self, expected):
        if not self.operator.is_idle() or (mark := self._mark()) == self._wrong_mark:
            return False
        sight = self.look()
        if not _is_settled(sight) or self._shown(msd_state.state(sight)) != expected:
            self._wrong_mark = mark
            return False
        return self.operator.shows(sight)

    def _settle(self):
        """Wait until nothing has happened for a while, and return how it looks then."""
        seen, since = None, time.monotonic()

        def is_calm():
            nonlocal seen, since
            sight = self.look()
            state = msd_state.state(sight)
            if not _is_settled(sight) or not self.operator.is_idle() or state != seen:
                seen, since = state, time.monotonic()
            return time.monotonic() > since + CALM_SECONDS

        self.wait(is_calm, lambda: json.dumps(seen, indent=1))
        return seen

    def _mark(self):
        return sim_view.mark(self.control_plane, self._namespace)

    def look(self):
        """Return what there is."""
        return sim_view.look(self.control_plane, self._namespace)

    def _shown(self, state):
        return sim_view.without_history(state) if self.disturbance.changes_history else state

    def _difference(self, expected):
        sight = self.look()
        found = msd_state.differences(*map(sim_view.keyed, (self._shown(msd_state.state(sight)), expected)))
        said = [] if self.operator.is_idle() else ["the operator is not idle: a key is stuck, or it never ends"]
        said += [] if self.operator.shows(sight) else ["the operator's cache does not show it"]
        said += [] if _is_settled(sight) else [f"not settled: {_conditions(sight)}"]
        said += [f"it is, and should be: {json.dumps(found, indent=1)}"] if found else []
        return "; ".join(said)

    def _assert_nothing_is_left_to_do(self):
        """Fail if an operator that starts anew, looks at everything, and finds all as it should be, writes something."""
        instances = len(self.look().list("MicroServiceDeploy"))
        self.operator.crash()
        self.operator.tend()
        before = len(self.operator.writes())
        life = self.operator.life.manager
        self.wait(lambda: life.runs() >= instances and self.operator.is_idle(), lambda: "the operator does not come to rest")
        if too_much := self.operator.writes()[before:]:
            raise BrokenError("written though nothing was left to do: " + "; ".join(map(str, too_much)))


def _is_settled(sight):
    """Ask whether the instances are ready, and Kubernetes has looked at all autoscalers."""
    autoscalers = sight.list("HorizontalPodAutoscaler")
    return msd_state.is_settled(sight) and all(each.get("status", {}).get("conditions") for each in autoscalers)


def _conditions(sight):
    return {
        one["metadata"]["name"]: {each["type"]: each["status"] for each in one.get("status", {}).get("conditions", ())}
        for one in sight.list("MicroServiceDeploy")
    }
