import pytest

from controller import runnables
from tests.support.controllers import Part
from workqueue import clock as clocks


@pytest.fixture
def failures():
    """What ended parts."""
    return []


@pytest.fixture
def group(failures):
    """A group in real time."""
    return runnables.Group("parts", failures.append, clocks.RealClock())


def test_parts_run_from_start_to_stop(group, failures):
    """Each part has a thread of its own, and all have ended when stop returns."""
    parts = [Part(), Part()]
    for part in parts:
        group.add(part)
    group.start()
    assert all(part.started.wait(10) for part in parts)
    assert group.stop(10)
    assert failures == []


def test_a_part_added_later_starts_at_once(group):
    """A group that runs starts what is added."""
    group.start()
    part = Part()
    group.add(part)
    assert part.started.wait(10)
    assert group.stop(10)


def test_a_second_start_starts_nothing_twice(group):
    """Starting a group again changes nothing."""
    part = Part()
    group.add(part)
    group.start()
    assert part.started.wait(10)
    part.started.clear()
    group.start()
    assert group.stop(10)
    assert not part.started.is_set()


def test_after_the_stop_nothing_starts(group):
    """A stopped group, even one that never ran, takes and starts nothing more."""
    part = Part()
    group.add(part)
    assert group.stop(10)
    assert part.stopped.is_set()
    group.start()
    with pytest.raises(RuntimeError, match="group parts is stopping"):
        group.add(Part())
    assert not part.started.is_set()


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3)])
def test_what_ends_a_part_is_told(group, failures, error):
    """An exception of any sort that ends a part's thread is reported, and the others go on."""
    broken, whole = Part(error), Part()
    group.add(broken)
    group.add(whole)
    group.start()
    assert broken.started.wait(10)
    assert whole.started.wait(10)
    assert group.stop(10)
    assert failures == [error]


def test_a_part_that_does_not_end_is_not_waited_for_longer_than_said(group):
    """A part that is deaf to stop makes it return False; a later stop may find it ended."""
    deaf = Part(is_deaf=True)
    group.add(deaf)
    group.start()
    assert deaf.started.wait(10)
    assert not group.stop(0.0)
    deaf.released.set()
    assert group.stop(None)
