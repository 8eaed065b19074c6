"""Each step says that it begins and how it ended."""

import re

import pytest

from envtest import progress


def test_a_step_that_succeeds():
    """The seconds stand at the end of a step."""
    lines = []
    with progress.step(lines.append, "building"):
        assert lines == ["building ..."]
    assert re.fullmatch(r"building: done after \d+\.\d s", lines[1])


def test_a_step_that_fails():
    """A step that raises is not reported as done."""
    lines = []
    with pytest.raises(KeyError), progress.step(lines.append, "building"):
        raise KeyError
    assert lines[1].startswith("building: failed after")
