"""Going through the story.

What flows in: steps, a world, a narrator. What flows out: an exit code: 0 if every step held, 1 if one did not. The main
thread only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from demo import judges, narrator, observation, processes, story
from informers import errors
from workqueue import clock as clocks

LOG_LINES = 20


class World(Protocol):
    """What the runner needs of the story's cluster."""

    def look(self) -> observation.Observation:
        """Look at the resource and its children."""
        ...

    def pause(self) -> None:
        """Let a moment pass between two looks; raise if the user asked to end."""
        ...

    def manager_log(self, number: int) -> str:
        """Return the last lines of the manager's log."""
        ...


@dataclass(frozen=True)
class Runner:
    """Goes through steps one by one."""

    world: World
    narrator: narrator.Narrator
    clock: clocks.Clock
    after: Callable[[story.Step, observation.Observation], None] = lambda _step, _seen: None
    """Called when a judged step holds, with what was seen."""
    linger_seconds: float = 0.0
    """How long a judged step stays on the screen before the next begins."""

    def run(self, steps: Sequence[story.Step]) -> int:
        """Go through *steps*; stop at the first that does not hold."""
        for number, step in enumerate(steps):
            try:
                self._go_through(number, step)
            except (processes.FailedError, errors.ApiError, errors.TransportError) as error:
                self._explain(step, str(error))
                return 1
        return 0

    def _go_through(self, number: int, step: story.Step) -> None:
        self.narrator.begin(number)
        started = self.clock.monotonic()
        seen = step.act() or ""
        if step.judge is not None:
            seen = self._watch(step, step.judge)
        self.narrator.held(number, seen, self.clock.monotonic() - started)
        if step.judge is not None:
            self._linger(step)

    def _watch(self, step: story.Step, judge: judges.Judge) -> str:
        """Look until *judge* is content; return what was seen."""
        deadline = self.clock.monotonic() + step.timeout_seconds
        while True:
            seen = self.world.look()
            self.narrator.show(seen)
            verdict = judge(seen)
            if verdict.holds:
                return verdict.seen
            if self.clock.monotonic() > deadline:
                raise processes.FailedError(f"{verdict.seen} (after {step.timeout_seconds:g} s)")
            self.world.pause()

    def _linger(self, step: story.Step) -> None:
        until = self.clock.monotonic() + self.linger_seconds
        seen = self.world.look()
        self.after(step, seen)
        self.narrator.show(seen)
        while self.clock.monotonic() < until:
            self.world.pause()
            self.narrator.show(self.world.look())

    def _explain(self, step: story.Step, seen: str) -> None:
        self.narrator.say(f"FAILED: {step.title}")
        self.narrator.say(f"  expected: {step.expected}")
        self.narrator.say(f"  seen:     {seen}")
        if log := self.world.manager_log(LOG_LINES):
            self.narrator.say(f"The manager's last log lines:\n{log}")
