"""The checks of one-place rules find what is planted."""

import pytest

from tests.architecture import places, source


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "from time import sleep",
        "import datetime\nx = datetime.datetime.now()",
        "from datetime import date\nx = date.today()",
    ],
)
def test_time_outside_the_clock_is_found(text):
    """Importing time, or asking datetime for now, is named on the client side."""
    assert len(places.reads_of_time([source.Module("informers/a.py", text)])) == 1


def test_time_from_a_clock_is_fine():
    """Asking a Clock, parsing a date, the clock module itself, and envtest are no violation."""
    modules = [
        source.Module("controller/a.py", "import datetime\nx = clock.now()\ny = datetime.datetime.fromisoformat(z)\n"),
        source.Module(places.CLOCK, "import time\n"),
        source.Module("envtest/a.py", "import time\n"),
    ]
    assert places.reads_of_time(modules) == []


@pytest.mark.parametrize("text", ["import os\nx = os.environ['A']", "import os\nx = os.getenv('A')", "from os import environ"])
def test_the_environment_elsewhere_is_found(text):
    """Every way to read the environment is named, except in the modules that may."""
    assert len(places.reads_of_environment([source.Module("controller/manager.py", text)])) == 1
    assert places.reads_of_environment([source.Module("controller/cli/run.py", text)]) == []


def test_a_package_used_by_a_stranger_is_found():
    """A third-party package with an owner is imported by nobody else."""
    modules = [
        source.Module("controller/client/transport.py", "import kubernetes.config\n"),
        source.Module("controller/manager.py", "from kubernetes import client\n"),
    ]
    assert places.uses_of_owned_packages(modules) == [
        "controller/manager.py:1: only controller/client/transport.py may import kubernetes"
    ]


@pytest.mark.parametrize("kind", ["", " Exception", " BaseException", " (ValueError, Exception)"])
def test_a_broad_except_is_found(kind):
    """Bare, Exception and BaseException are named, also in a tuple."""
    text = f"try:\n    pass\nexcept{kind}:\n    pass\n"
    assert len(places.broad_excepts([source.Module("informers/a.py", text)])) == 1


def test_a_broad_except_is_allowed_as_often_as_it_is_listed():
    """A place with one allowed may have one and no second."""
    text = "try:\n    pass\nexcept Exception:\n    pass\n"
    assert places.broad_excepts([source.Module("controller/runnables.py", text)]) == []
    assert len(places.broad_excepts([source.Module("controller/runnables.py", text * 2)])) == 2
