"""Going through the story, with a world of values and a clock that moves when somebody waits."""

import io

import pytest
from rich import console

from demo import judges, narrator, observation, processes, runner, story
from informers import errors
from tests.support import auto_clock, demo_objects


class World:
    """A cluster that shows one observation after another, and stays at the last."""

    def __init__(self, clock, *looks):
        self._clock = clock
        self._looks = list(looks)

    def look(self):
        """Show the next."""
        return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]

    def pause(self):
        """Let half a second pass."""
        self._clock.seconds += 0.5

    def manager_log(self, number):
        """Return a log."""
        return f"last {number} lines"


def tell(steps, *looks, is_terminal=False, **options):
    """Run *steps*; return the exit code and what was printed."""
    clock = auto_clock.AutoClock()
    out = console.Console(file=io.StringIO(), width=118, force_terminal=is_terminal, color_system=None)
    with narrator.Narrator(out, steps, "kubectl get all") as a_narrator:
        code = runner.Runner(World(clock, *looks), a_narrator, clock, **options).run(steps)
    return code, out.file.getvalue()


def step(title="created", act=lambda: None, judge=judges.has_all_children):
    """Return a step with a limit of 2 s."""
    return story.Step(title, "all of it", act, judge, 2.0)


def test_a_step_that_holds_is_one_line():
    """Without a terminal each step is a line with its number, what was seen and how long it took."""
    code, printed = tell([step(), step("started", lambda: "answers", None)], observation.Observation(), demo_objects.whole())
    assert code == 0
    assert printed.splitlines()[0].startswith("[1/2] created: ServiceAccount, ConfigMap")
    assert printed.splitlines()[0].endswith("(0.5 s)")
    assert printed.splitlines()[1] == "[2/2] started: answers (0.0 s)"


def test_a_step_that_does_not_hold_ends_the_story():
    """The exit code is 1, and expectation, observation and the manager's log are printed; no later step runs."""
    code, printed = tell([step(), step("later")], observation.Observation())
    assert code == 1
    assert "FAILED: created" in printed
    assert "expected: all of it" in printed
    assert "seen:     missing: ServiceAccount" in printed
    assert "(after 2 s)" in printed
    assert "last 20 lines" in printed
    assert "later" not in printed


@pytest.mark.parametrize(
    "error",
    [processes.FailedError("the manager ended"), errors.ConflictError(409, "Conflict", "no"), errors.TransportError("gone")],
)
def test_an_error_is_a_step_that_does_not_hold(error):
    """A program that ended and an answer that says no are told like any other failure."""

    def act():
        raise error

    code, printed = tell([step(act=act)], observation.Observation())
    assert code == 1
    assert f"seen:     {error}" in printed


def test_on_a_terminal_the_table_is_shown():
    """The table is there with its last state, and the steps are its rows instead of lines."""
    code, printed = tell([step()], demo_objects.whole(), is_terminal=True, linger_seconds=1.0)
    assert code == 0
    assert "MicroServiceDeploy" in printed
    assert "[1/1]" not in printed


def test_what_was_seen_is_handed_on():
    """After a judged step the given function gets the step and the observation."""
    seen = []
    tell([step()], demo_objects.whole(), after=lambda a_step, an_observation: seen.append((a_step.title, an_observation)))
    assert seen == [("created", demo_objects.whole())]


def test_the_picture_loads_nothing_from_elsewhere(tmp_path):
    """The recorded SVG holds the table and no font from another host."""
    out = console.Console(file=io.StringIO())
    narrator.Narrator(out, [step()], "kubectl get all").record(demo_objects.whole(), tmp_path / "docs/demo.svg")
    svg = (tmp_path / "docs/demo.svg").read_text()
    assert "HorizontalPodAutoscaler" in svg
    assert "@font-face" not in svg
